/* in, out, ins and outs. All checks come before the callback, which can't be taken back. */
#include "base/bytes.h"
#include "interp/handlers.h"
#include "interp/memory.h"

enum { TYPE_TSS32_BUSY = 11, TSS_MAP_BASE = 0x66 };

/* The TSS' bitmap: a bit for each port, 1 where it is forbidden. SDM vol 1, "I/O Permission Bit Map". */
static enum interp_done check_map(struct interp *c, unsigned port, unsigned len)
{
	const struct kvm_segment *tr = &c->sregs.tr;
	uint8_t base[2], bits[2];
	if (tr->unusable || !tr->present || tr->type != TYPE_TSS32_BUSY ||
	        tr->limit < TSS_MAP_BASE + 1)
		return HANDOVER;
	if (!interp_system_read(c, tr->base + TSS_MAP_BASE, 2, base))
		return FAULTS;
	unsigned at = get16(base) + port / 8;
	if (at + 1 > tr->limit)
		return raise_error(c, V_GP, 0);
	if (!interp_system_read(c, tr->base + at, 2, bits))
		return FAULTS;
	return get16(bits) >> (port & 7) & ((1u << len) - 1) ? raise_error(c, V_GP, 0) : DONE;
}

static enum interp_done check(struct interp *c, unsigned port, unsigned len)
{
	if (!c->io)
		return HANDOVER;
	return c->is_real || (!c->is_v86 && iopl_allows(c)) ? DONE : check_map(c, port, len);
}

static void access_port(
        struct interp *c, unsigned port, uint64_t *value, unsigned len, bool is_write)
{
	if (c->io(c->ctx, port, value, len, is_write))
		c->is_stopped_by_device = c->attention = true;
}

/* al, ax or eax. */
enum interp_done interp_in_out(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i), port = i->op < 0xe8 ? (unsigned)i->imm : (uint16_t)c->r[DX];
	bool is_write = i->op & 2;
	uint64_t value = c->r[AX];
	enum interp_done how = check(c, port, len);
	if (how != DONE)
		return how;
	access_port(c, port, &value, len, is_write);
	if (!is_write)
		reg_put(c, AX * 8, len, value);
	return DONE;
}

/* 6c to 6f: one element. With a rep, rip stays where it is until the last one. */
enum interp_done interp_string_port(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i), index = i->op & 2 ? SI : DI;
	bool is_write = i->op & 2;
	uint64_t value = 0, off = c->r[index] & address_mask(i);
	struct place at = { 0 };
	enum interp_done how =
	        c->is_long && i->ad == 1 ? HANDOVER : check(c, (uint16_t)c->r[DX], len);
	if (how != DONE)
		return how;
	if (i->rep && count_get(c, i) == 0)
		return DONE;
	if (is_write ? !mem_read(c, i->seg, off, len, &value)
	             : !mem_prepare(c, ES, off, len, ACCESS_WRITE, &at))
		return FAULTS;
	if (c->device_pass == DEVICE_IS_SEEN)
		return DONE;
	access_port(c, (uint16_t)c->r[DX], &value, len, is_write);
	if (!is_write)
		mem_put(&at, value, len);
	index_move(c, i, index, len);
	if (i->rep)
		count_iteration(c, i, true);
	return DONE;
}
