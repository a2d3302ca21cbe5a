/* Questions about selectors: lar, lsl, verr, verw, arpl; sldt, str, lldt, ltr. SDM vol 2; vol 3, "Pointer Validation". */
#include "base/bytes.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/segment.h"

#define CR4_UMIP (1u << 11)

/* None of them is there in real mode and virtual-8086 mode. */
static enum interp_done check(struct interp *c)
{
	return has_real_segments(c) ? raise(c, V_UD) : DONE;
}

static void put_zf(struct interp *c, bool is_set)
{
	c->status = (uint16_t)((c->status & ~S_ZF) | (is_set ? S_ZF : 0));
}

/* System descriptors that lar and lsl tell of, a bit a type; those of long mode are KVM's. SDM vol 2. */
enum { LAR_TYPES = 0x1a3e, LSL_TYPES = 0x0a0e };

static enum interp_done find_system(
        struct interp *c, uint16_t selector, unsigned types, bool *is_found)
{
	uint64_t table = selector & 4 ? c->sregs.ldt.base : c->sregs.gdt.base;
	uint8_t rights; /* interp_descriptor's type has Accessed set */
	if (has_lma(c) && types)
		return HANDOVER;
	if (!interp_system_read(c, table + (selector & 0xfff8u) + 5, 1, &rights))
		return HANDOVER;
	unsigned dpl = rights >> 5 & 3;
	*is_found = types >> (rights & 15) & 1 && c->cpl <= dpl && (selector & 3u) <= dpl;
	return DONE;
}

/* The descriptor that selector means to this ring; *is_found false: none, or one that it may not know. types: of system
 * descriptors. */
static enum interp_done find(
        struct interp *c, uint16_t selector, unsigned types, struct kvm_segment *s, bool *is_found)
{
	*is_found = false;
	if (!(selector & 0xfffc))
		return DONE;
	enum interp_done how = interp_descriptor(c, selector, s);
	if (how == FAULTS && c->fault.vector == V_GP) /* past the limit */
		return DONE;
	if (how != DONE)
		return HANDOVER;
	if (!s->s)
		return find_system(c, selector, types, is_found);
	bool is_open = (s->type & 12) == 12; /* conforming code */
	*is_found = is_open || (c->cpl <= s->dpl && (selector & 3u) <= s->dpl);
	return DONE;
}

/* lar (02) and lsl (03) */
enum interp_done interp_lar_lsl(struct interp *c, const struct insn *i)
{
	struct kvm_segment s;
	bool is_found;
	uint64_t v;
	enum interp_done how = check(c);
	if (how != DONE)
		return how;
	if (!rm_read(c, i, 2, &v))
		return FAULTS;
	how = find(c, (uint16_t)v, i->op == 0x02 ? LAR_TYPES : LSL_TYPES, &s, &is_found);
	if (how != DONE)
		return how;
	if (is_found) {
		uint8_t d[8];
		uint64_t table = v & 4 ? c->sregs.ldt.base : c->sregs.gdt.base;
		if (!interp_system_read(c, table + (v & 0xfff8), 8, d))
			return HANDOVER;
		/* With the limit's upper bits, which the SDM leaves undefined. APM vol 3, LAR; and so Bochs and
		 * an EPYC have it. */
		uint64_t rights = (uint64_t)d[5] << 8 | (uint64_t)d[6] << 16;
		reg_put(c, i->reg, operand_len(i), i->op == 0x02 ? rights : s.limit);
	}
	put_zf(c, is_found);
	return DONE;
}

/* Types of system descriptors: SDM vol 3, "System-Segment and Gate-Descriptor Types". */
enum { TYPE_LDT = 2, TYPE_TSS = 9, TYPE_BUSY = 2 };

/* lldt and ltr of a good descriptor of the GDT; what is not good is KVM's. In long mode it has 16 bytes. */
static enum interp_done load_system(struct interp *c, uint16_t selector, bool is_task)
{
	struct kvm_segment *to = is_task ? &c->sregs.tr : &c->sregs.ldt, s;
	uint64_t at_lin = c->sregs.gdt.base + (selector & 0xfff8u);
	uint8_t upper[8] = { 0 };
	struct place rights;
	if (!(selector & 0xfffc) && !is_task) {
		*to = (struct kvm_segment) { .selector = selector, .unusable = 1 };
		c->sregs_changed = true;
		return DONE;
	}
	if (!(selector & 0xfffc) || selector & 4 || interp_descriptor(c, selector, &s) != DONE)
		return HANDOVER;
	uint8_t type;
	if (s.s || !s.present || !interp_system_read(c, at_lin + 5, 1, &type))
		return HANDOVER;
	type &= 15; /* interp_descriptor's has Accessed set */
	if (type != (is_task ? TYPE_TSS : TYPE_LDT))
		return HANDOVER;
	if (has_lma(c) && (selector & 0xfff8u) + 15 > c->sregs.gdt.limit)
		return HANDOVER;
	if (has_lma(c) && (!interp_system_read(c, at_lin + 8, 8, upper) || get32(upper + 4)))
		return HANDOVER;
	s.base |= (uint64_t)get32(upper) << 32;
	s.type = is_task ? TYPE_TSS | TYPE_BUSY : TYPE_LDT;
	if (has_lma(c) && !is_canonical(s.base))
		return HANDOVER;
	if (is_task) {
		if (c->mark_count == MARKS_MAX ||
		        !interp_system_access(c, at_lin + 5, 1, ACCESS_WRITE, &rights))
			return HANDOVER;
		c->marks[c->mark_count++] = (struct mark) { rights.p, TYPE_BUSY };
		c->attention = true;
	}
	*to = s;
	c->sregs_changed = true;
	return DONE;
}

/* 0f 00: sldt, str (/0, /1), lldt, ltr (/2, /3), verr, verw (/4, /5) */
enum interp_done interp_selector_group(struct interp *c, const struct insn *i)
{
	struct kvm_segment s;
	bool is_found;
	uint64_t v;
	enum interp_done how = check(c);
	if (how != DONE)
		return how;
	if (i->ext < 2) {
		struct place at;
		uint16_t selector = i->ext ? c->sregs.tr.selector : c->sregs.ldt.selector;
		if (c->cpl && c->sregs.cr4 & CR4_UMIP)
			return HANDOVER;
		if (!i->is_mem) {
			reg_put(c, i->rm, operand_len(i), selector);
			return DONE;
		}
		if (!rm_prepare(c, i, 2, ACCESS_WRITE, &at))
			return FAULTS;
		mem_put(&at, selector, 2);
		return DONE;
	}
	if (i->ext > 5) /* f2 /6, which is lkgs, does not come here: OPCODE_NO_REP */
		return raise(c, V_UD);
	if (i->ext < 4 && c->cpl)
		return raise_error(c, V_GP, 0);
	if (!rm_read(c, i, 2, &v))
		return FAULTS;
	if (i->ext < 4)
		return load_system(c, (uint16_t)v, i->ext == 3);
	how = find(c, (uint16_t)v, 0, &s, &is_found);
	if (how != DONE)
		return how;
	bool is_code = is_found && s.type & 8, has_bit_1 = is_found && s.type & 2;
	put_zf(c, is_found && (i->ext == 4 ? !is_code || has_bit_1 : !is_code && has_bit_1));
	return DONE;
}

/* 63, where it is not movsxd */
enum interp_done interp_arpl(struct interp *c, const struct insn *i)
{
	struct place at;
	enum interp_done how = check(c);
	if (how != DONE)
		return how;
	if (!rm_prepare(c, i, 2, ACCESS_BOTH, &at))
		return FAULTS;
	uint64_t v = rm_old(c, i, 2, &at), rpl = reg_get(c, i->reg, 2) & 3;
	bool raises = (v & 3) < rpl;
	if (raises)
		rm_put(c, i, 2, &at, (v & ~3ull) | rpl);
	put_zf(c, raises);
	return DONE;
}
