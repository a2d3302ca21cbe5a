/* What KVMs that run their guests on a CPU do otherwise, and the simulated CPUs of the lab. */
#include "compare/known_row.h"

#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"

static bool is_syscall(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0x05;
}

static bool is_ss_load(const struct known_case *c, const struct opcode *o)
{
	bool is_ss = known_is_one(o, 0x17) || (known_is_one(o, 0x8e) && (o->modrm >> 3 & 7) == 2);
	return (is_ss || known_is_one(o, 0xfb)) && c->result->kvm.shadow == 0;
}

static bool is_io_with_rf(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_1 &&
	       ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef)) &&
	       c->before->regs.rflags & RFLAGS_RF;
}

static bool is_high_imm16(const struct known_case *c, const struct opcode *o)
{
	const uint8_t *imm = c->bytes + o->prefix_len + 1;
	return (known_is_one(o, 0xc2) || known_is_one(o, 0xca) || known_is_one(o, 0xc8)) &&
	       imm[1] >= 0x80;
}

static bool is_segment_fault(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	bool is_on_its_way = r->shuts_down || r->own_vector == KNOWN_DF; /* to a handler */
	return c->bits != 64 && known_has_raised(c, o) &&
	       (r->own_raised == KNOWN_GP || r->own_raised == KNOWN_SS || is_on_its_way);
}

/* The error code of a page fault, whose bit 1 says that it was a write. */
static bool is_read_fault(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return known_has_raised(c, o) && r->own_raised == KNOWN_PF &&
	       (r->own_byte ^ r->kvm_byte) == 2 && r->own_byte & 2;
}

static bool is_not_canonical(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return c->bits == 64 && known_has_raised(c, o) &&
	       (vector == KNOWN_GP || vector == KNOWN_SS);
}

static bool is_faulting_popa(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0x61) && known_has_raised(c, o);
}

/* Bytes of an instruction that the engine has done. */
static unsigned length_of(const struct known_case *c)
{
	return (unsigned)(c->result->own.regs.rip - c->before->regs.rip);
}

/* An int n that KVM has given to the CPU again, for it has mapped a page for it meanwhile. #DF is among these, too: an int
 * whose frame cannot be pushed leads there, and the address in the frame of #DF is undefined. */
static bool is_bad_gate(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	unsigned length = o->prefix_len + (known_is_one(o, 0xcd) ? 2u : 1u);
	return (known_is_one(o, 0xcd) || known_is_one(o, 0xcc)) &&
	       (r->own_raised == KNOWN_NP || r->own_raised == KNOWN_GP ||
	               r->own_vector == KNOWN_DF) &&
	       (uint8_t)(r->own_byte + length) == r->kvm_byte;
}

/* By an immediate count after which all bits, CF among them, are where they were. */
static bool is_whole_rotation(const struct known_case *c, const struct opcode *o)
{
	bool is_byte = known_is_one(o, 0xc0), is_word = known_is_one(o, 0xc1);
	unsigned length = length_of(c);
	bool is_rotation = (o->modrm >> 3 & 7) == 2 || (o->modrm >> 3 & 7) == 3; /* rcl, rcr */
	if ((!is_byte && !is_word) || !is_rotation || length > COMPARE_BYTES)
		return false;
	unsigned count = c->bytes[length - 1] & 31;
	return count && count % (is_byte ? 9 : 17) == 0;
}

static bool is_iret_with_rf(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0xcf) && c->before->regs.rflags & RFLAGS_RF &&
	       c->result->own.regs.rflags & RFLAGS_RF;
}

/* A REX that other prefixes follow, or another REX. */
static bool is_rex_before_prefix(const struct known_case *c, const struct opcode *o)
{
	for (unsigned i = 0; c->bits == 64 && i + 1 < o->prefix_len; i++)
		if ((c->bytes[i] & 0xf0) == 0x40)
			return true;
	return false;
}

/* es, cs, ss or ds, with a base that 64-bit code has no use for. */
static bool is_based_override(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_sregs *s = &c->before->sregs;
	const struct kvm_segment *segment = o->segment == 0x26   ? &s->es
	                                    : o->segment == 0x2e ? &s->cs
	                                    : o->segment == 0x36 ? &s->ss
	                                    : o->segment == 0x3e ? &s->ds
	                                                         : NULL;
	return c->bits == 64 && segment && segment->base;
}

static bool is_sysret_to_v86(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_0F && o->op == 0x07 && c->before->regs.r11 & RFLAGS_VM;
}

/* The breakpoint where it leads, by which run control steps it, is passed over then. */
static bool is_sysret_with_rf(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_0F && o->op == 0x07 && c->before->regs.r11 & RFLAGS_RF;
}

static bool is_iret_to_null_ss(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_segment *own = &c->result->own.sregs.ss, *kvm = &c->result->kvm.sregs.ss;
	return c->bits == 64 && known_is_one(o, 0xcf) && own->unusable && !kvm->unusable &&
	       own->selector == kvm->selector;
}

/* A data segment register with selector 1 to 3 before it. */
static bool is_iret_with_null(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_sregs *s = &c->before->sregs;
	const struct kvm_segment *all[] = { &s->ds, &s->es, &s->fs, &s->gs };
	bool has_null = false;
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		has_null |= all[i]->selector - 1u < 3;
	return c->bits == 64 && c->cpl == 3 && known_is_one(o, 0xcf) && has_null;
}

static bool is_far_ret_of_high_stack(const struct known_case *c, const struct opcode *o)
{
	bool is_it = known_is_one(o, 0xca) || known_is_one(o, 0xcb) || known_is_one(o, 0xcf);
	return c->bits == 64 && is_it && !(o->rex & 8) && c->before->regs.rsp >> 32;
}

/* A move to cr4 has the four entries loaded again. */
static bool is_load_of_pdptes(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_sregs *s = &c->before->sregs;
	bool has_pae = s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA);
	return has_pae && o->map == MAP_0F && o->op == 0x22 && (o->modrm >> 3 & 7) == 4 &&
	       c->result->kvm_vector == KNOWN_GP;
}

static bool is_pusha_fault(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0x60) && c->result->own_raised == KNOWN_PF;
}

/* ... of the limit alone. */
static bool is_lar(const struct known_case *c, const struct opcode *o)
{
	const uint64_t *own = (const uint64_t *)&c->result->own.regs;
	const uint64_t *kvm = (const uint64_t *)&c->result->kvm.regs;
	uint64_t differ = 0;
	for (unsigned i = 0; i < 16; i++)
		differ |= own[i] ^ kvm[i];
	return o->map == MAP_0F && o->op == 0x02 && !(differ & ~UINT64_C(0xf0000));
}

static bool is_old_insn(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 &&
	       (known_is_one(o, 0xce) || known_is_one(o, 0xd6) || known_is_one(o, 0xd4) ||
	               known_is_one(o, 0xd5)) &&
	       c->result->own_raised == KNOWN_UD;
}

/* Of memory, and not cmpxchg8b: vmptrld and its like, rdrand's and reserved ones. */
static bool is_no_cmpxchg8b(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_0F && o->op == 0xc7 && o->modrm < 0xc0 && (o->modrm >> 3 & 7) != 1 &&
	       c->result->own_raised == KNOWN_UD;
}

static bool is_port(const struct opcode *o)
{
	return o->map == MAP_1 &&
	       ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef) ||
	               (o->op >= 0x6c && o->op <= 0x6f));
}

/* in, out, ins, outs, invd and wbinvd, which CPL 3 may not do. */
static bool is_for_kernel(const struct known_case *c, const struct opcode *o)
{
	bool is_cache = o->map == MAP_0F && (o->op == 0x08 || o->op == 0x09);
	return c->cpl == 3 && (is_port(o) || is_cache) && c->result->own_raised == KNOWN_GP;
}

/* TCG wants a TSS that is not busy for it, and KVM's VMCB has a busy one, as every CPU has. */
static bool is_port_of_bitmap(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return c->cpl > (c->before->regs.rflags >> 12 & 3) && is_port(o) &&
	       r->own_raised != KNOWN_GP && r->kvm_vector == KNOWN_GP;
}

static bool is_code_not_accessed(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	const struct kvm_segment *own = &r->own.sregs.cs, *kvm = &r->kvm.sregs.cs;
	bool is_far = known_is_jump(o) || c->is_interrupt || r->own_vector >= 0;
	return !c->is_real && is_far &&
	       ((own->type == (kvm->type | 1) && own->type != kvm->type) ||
	               ((r->own_byte ^ r->kvm_byte) == 1 && r->own_byte & 1));
}

/* It goes to virtual-8086 mode, which long mode does not have. */
static bool is_iret_to_v86(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	const struct kvm_segment *ds = &r->kvm.sregs.ds;
	bool is_v86 = r->kvm.regs.rflags & RFLAGS_VM ||
	              (ds->base == ds->selector * 16u && ds->limit == 0xffff && ds->dpl == 3);
	return known_is_one(o, 0xcf) && c->before->sregs.efer & EFER_LMA && is_v86;
}

/* cvtpi2ps, cvtps2pi, cvttps2pi, and with 66 cvtpi2pd, cvtpd2pi, cvttpd2pi; with f3 movq2dq, with f2 movdq2q. */
static bool is_conversion_of_mmx(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	bool is_cvt = (o->op == 0x2a || o->op == 0x2c || o->op == 0x2d) && !o->rep;
	bool is_mov = o->op == 0xd6 && o->rep;
	return o->map == MAP_0F && (is_cvt || is_mov) && (vector == KNOWN_UD || vector == KNOWN_NM);
}

static bool is_emms(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return o->map == MAP_0F && o->op == 0x77 && (vector == KNOWN_UD || vector == KNOWN_NM);
}

/* Bit 16 of the flags that int n pushes, which was set before it. */
static bool is_rf_of_int(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	bool is_int = known_is_one(o, 0xcd) || known_is_one(o, 0xcc) || known_is_one(o, 0xce);
	return is_int && c->before->regs.rflags & RFLAGS_RF &&
	       (r->own_byte ^ r->kvm_byte) == RFLAGS_RF >> 16 && r->kvm_byte & RFLAGS_RF >> 16;
}

static bool is_rep_on_device(const struct known_case *c, const struct opcode *o)
{
	return o->rep && known_is_string(o) && c->result->kvm_log.count > c->result->own_log.count;
}

/* An instruction that accesses a device is done by KVM's emulator, which does not know this one. */
static bool is_popcnt_of_device(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_0F && o->op == 0xb8 && c->result->own_log.count > 0 &&
	       known_has_no_emulation(c);
}

/* KVM_INTERNAL_ERROR_SIMUL_EX */
static bool is_delivery(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && known_has_raised(c, o) && c->result->suberror == 2;
}

/* The IST's gate of #DF has switched stacks within the ring: ss stays what it was. */
static bool is_ist_of_ring(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_segment *own = &c->result->own.sregs.ss, *kvm = &c->result->kvm.sregs.ss;
	(void)o;
	return c->bits == 64 && c->cpl == 0 && c->result->own_vector == KNOWN_DF &&
	       !own->unusable && kvm->unusable && kvm->selector == 0;
}

/* Bit 16 of the flags that #DF pushes. The fault before it, which could not be delivered, has set RF. */
static bool is_double_without_rf(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	(void)o;
	return r->own_vector == KNOWN_DF && (r->own_byte ^ r->kvm_byte) == RFLAGS_RF >> 16 &&
	       r->own_byte & RFLAGS_RF >> 16;
}

/* What is not canonical on the way to a handler. */
static bool is_double_not_canonical(const struct known_case *c, const struct opcode *o)
{
	uint64_t cr2 = c->result->kvm.sregs.cr2;
	(void)o;
	return c->bits == 64 && c->result->own_vector == KNOWN_DF &&
	       (uint64_t)((int64_t)(cr2 << 16) >> 16) != cr2;
}

static bool is_sysret_of_user(const struct known_case *c, const struct opcode *o)
{
	return o->map == MAP_0F && o->op == 0x07 && c->cpl == 3 &&
	       c->result->own_raised == KNOWN_UD && c->result->kvm_vector == KNOWN_GP;
}

/* It pops ip, cs and flags alone. */
static bool is_short_iret(const struct known_case *c, const struct opcode *o)
{
	unsigned popped = o->has_66 ? 6 : 12;
	return c->bits == 64 && known_is_one(o, 0xcf) && !(o->rex & 8) &&
	       c->result->kvm.regs.rsp == c->before->regs.rsp + popped;
}

/* It does not pop ss and rsp, so it does not find what is wrong with them, either. */
static bool is_short_iret_to_fault(const struct known_case *c, const struct opcode *o)
{
	int raised = c->result->own_raised;
	return c->bits == 64 && known_is_one(o, 0xcf) && !(o->rex & 8) &&
	       (raised == KNOWN_GP || raised == KNOWN_SS || raised == KNOWN_PF);
}

/* mov of dr8 to dr15, which there are not. */
static bool is_high_debug_register(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && o->map == MAP_0F && (o->op == 0x21 || o->op == 0x23) &&
	       o->rex & 4 && c->result->own_raised == KNOWN_UD;
}

/* Without "unrestricted guest" kvm_intel has real mode done as virtual-8086 mode, at CPL 3. */
static bool is_aligned_real(const struct known_case *c, const struct opcode *o)
{
	const struct compare_state *s = c->before;
	(void)o;
	return c->is_real && s->regs.rflags & RFLAGS_AC && s->sregs.cr0 & 1u << 18 &&
	       c->result->suberror == 2;
}

/* As it is in virtual-8086 mode. */
static bool is_cs_of_real(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_sregs *own = &c->result->own.sregs, *kvm = &c->result->kvm.sregs;
	struct kvm_segment cs = kvm->cs;
	cs.type = own->cs.type;
	(void)o;
	return !(own->cr0 & CR0_PE) && kvm->cs.type == 3 && !memcmp(&cs, &own->cs, sizeof cs) &&
	       compare_segment(&own->ss, &kvm->ss) && compare_segment(&own->ds, &kvm->ds) &&
	       compare_segment(&own->es, &kvm->es) && compare_segment(&own->fs, &kvm->fs) &&
	       compare_segment(&own->gs, &kvm->gs);
}

static bool is_wide_segment(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && (known_is_one(o, 0x8c) || known_is_one(o, 0x8e)) && o->rex & 4;
}

static bool is_string_of_ss(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && known_is_string(o) && o->segment == 0x36 &&
	       c->result->own_raised == KNOWN_GP;
}

static bool is_short_leave(const struct known_case *c, const struct opcode *o)
{
	bool is_it = known_is_one(o, 0xc9) || known_is_one(o, 0xc8);
	return c->bits == 64 && is_it && o->has_66 && !(o->rex & 8);
}

/* Bit 16 of the flags that are pushed. */
static bool is_rf_pushed(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	(void)o;
	return c->is_interrupt && (r->own_byte ^ r->kvm_byte) == RFLAGS_RF >> 16 &&
	       r->kvm_byte & RFLAGS_RF >> 16;
}

const struct known_row known_on_cpu[] = {
	{ "an interrupt pushes RF as set", is_rf_pushed, KNOWN_ON_CPU, false, COMPARE_MEMORY, 0,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "pvm, bochs" },
	{ "a step of a rep that accesses a device does many iterations", is_rep_on_device,
	        KNOWN_ON_CPU, false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, REP/REPE/REPZ/REPNE/REPNZ",
	        "pvm" },
	{ "popcnt of a device is an emulation failure, or #UD", is_popcnt_of_device, KNOWN_ON_CPU,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, POPCNT", "tcg, bochs" },
	{ "the delivery of an exception in real mode fails", is_delivery, KNOWN_ON_CPU, true, 0, 0,
	        "vol 3, \"Real-Address Mode Operation\"", "pvm" },
	{ "kvm_intel: alignment is checked in real mode, and that exception can't be delivered",
	        is_aligned_real, KNOWN_ON_CPU, true, 0, 0,
	        "vol 3, \"Interrupt 17\": at CPL 3 alone", "pvm" },
	{ "kvm_intel: cs of real mode is reported as data", is_cs_of_real, KNOWN_ON_CPU, false,
	        COMPARE_SEGMENTS, 0, "vol 3, \"Switching Back to Real-Address Mode\"", "pvm, tcg" },
	/* Run control's step of them goes by a planted byte, whose exception comes after the shadow; and Bochs has
	 * forgotten that of sti when the next instruction's breakpoint hits. */
	{ "the shadow of mov ss, pop ss and sti is not seen", is_ss_load, KNOWN_ON_CPU, false,
	        COMPARE_SHADOW, 0,
	        "vol 3, \"Masking Exceptions and Interrupts When Switching Stacks\"", "pvm" },
	{ "in and out leave RF set", is_io_with_rf, KNOWN_ON_CPU, false, COMPARE_FLAGS, RFLAGS_RF,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "pvm" },
	{ "TCG: no limit and no right of a segment is checked", is_segment_fault, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Limit Checking\"; \"Type Checking\"",
	        "pvm, bochs" },
	{ "TCG: mov from a segment register that there is not raises no #UD", known_is_no_segment,
	        KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, MOV", "pvm, bochs" },
	{ "TCG: what reads and writes faults by its read", is_read_fault, KNOWN_ON_TCG, false,
	        COMPARE_MEMORY, 0, "vol 3, \"Page-Fault Exceptions\"", "pvm, bochs" },
	{ "TCG: what is not canonical sets cr2, and raises #GP and not #SS", is_not_canonical,
	        KNOWN_ON_TCG, false, COMPARE_CR2 | COMPARE_RIP, 0,
	        "vol 3, \"Control Registers\", CR2; vol 1, \"Canonical Addressing\"",
	        "pvm, bochs" },
	{ "TCG: syscall clears the arithmetic flags", is_syscall, KNOWN_ON_TCG, false,
	        COMPARE_FLAGS, 0x8d5, "vol 2, SYSCALL", "pvm, bochs" },
	{ "TCG under kvm_amd: ports, invd and wbinvd are not refused at CPL 3", is_for_kernel,
	        KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 1, \"I/O Permission Bit Map\"; vol 2, INVD; WBINVD", "bochs" },
	{ "TCG: 0f c7 of memory is cmpxchg8b, or nothing, whatever ModRM.reg says", is_no_cmpxchg8b,
	        KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, appendix A, group 9",
	        "bochs" },
	{ "TCG: into, d6, aam and aad are instructions of 64-bit code", is_old_insn, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, INT n/INTO/INT3/INT1; appendix A",
	        "pvm, bochs" },
	{ "TCG: far transfers and gates leave a code segment's Accessed as it is",
	        is_code_not_accessed, KNOWN_ON_TCG, false, COMPARE_MEMORY | COMPARE_SEGMENTS, 0,
	        "vol 3, \"Code- and Data-Segment Descriptor Types\"", "pvm, bochs" },
	{ "TCG: popa that faults has loaded registers", is_faulting_popa, KNOWN_ON_TCG, false,
	        COMPARE_REGS, 0, "vol 3, \"Restarting of Programs or Tasks\"", "pvm, bochs" },
	{ "TCG under kvm_amd: #NP, #GP and #DF of int n's gate may push the next instruction's "
	  "address",
	        is_bad_gate, KNOWN_ON_TCG, false, COMPARE_MEMORY, 0,
	        "vol 3, \"Interrupt 8\"; \"Interrupt 11\"; \"Interrupt 13\"", "bochs" },
	{ "TCG: rcl and rcr by 9, 18, 27, and of 16 bits by 17, which change nothing, do",
	        is_whole_rotation, KNOWN_ON_TCG, false,
	        COMPARE_REGS | COMPARE_MEMORY | COMPARE_FLAGS, 0x801, "vol 2, RCL/RCR/ROL/ROR",
	        "pvm, cpu, bochs" },
	{ "TCG: where RF was set, iret does not load it", is_iret_with_rf, KNOWN_ON_TCG, false,
	        COMPARE_FLAGS, RFLAGS_RF, "vol 2, IRET/IRETD/IRETQ", "bochs" },
	{ "TCG: es, cs, ss and ds before an instruction of 64-bit code add their base",
	        is_based_override, KNOWN_ON_TCG, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 1, \"Segmentation in 64-Bit Mode\"", "pvm, bochs" },
	{ "TCG: a REX counts where other prefixes follow it", is_rex_before_prefix, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, \"REX Prefixes\": ignored",
	        "cpu, bochs" },
	{ "TCG: sysret loads RF, so that a step of it goes on", is_sysret_with_rf, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, SYSRET", "bochs" },
	{ "TCG: sysret loads VM", is_sysret_to_v86, KNOWN_ON_TCG, false, COMPARE_FLAGS, RFLAGS_VM,
	        "vol 2, SYSRET", "bochs" },
	{ "TCG: an ss that iretq has loaded with null is usable", is_iret_to_null_ss, KNOWN_ON_TCG,
	        false, COMPARE_SEGMENTS, 0,
	        "vol 3, \"Segment Loading Instructions in IA-32e Mode\"", "bochs" },
	{ "TCG: iretq makes selectors 1 to 3 of data segments 0", is_iret_with_null, KNOWN_ON_TCG,
	        false, COMPARE_SEGMENTS, 0, "vol 2, IRET/IRETD/IRETQ", "pvm, bochs" },
	{ "TCG: a far return or iret of 64-bit code by 16 or 32 bits has a stack pointer of 32 "
	  "bits",
	        is_far_ret_of_high_stack, KNOWN_ON_TCG, false,
	        COMPARE_RIP | COMPARE_CR2 | COMPARE_MEMORY, 0,
	        "vol 1, \"Stack Behavior in 64-Bit Mode\"", "pvm, bochs" },
	{ "TCG under kvm_amd: ports that the TSS's bitmap allows are refused", is_port_of_bitmap,
	        KNOWN_ON_TCG, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 1, \"I/O Permission Bit Map\"", "pvm, bochs" },
	{ "TCG: Accessed is set in PAE paging's four entries, where it is reserved: moves to cr4 "
	  "raise #GP",
	        is_load_of_pdptes, KNOWN_ON_TCG, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 3, \"PAE Paging\"", "bochs" },
	{ "TCG: #DF by the IST loads ss with null, where the ring stays the same", is_ist_of_ring,
	        KNOWN_ON_TCG, false, COMPARE_SEGMENTS, 0,
	        "vol 3, \"Stack Switching in IA-32e Mode\"", "bochs" },
	{ "TCG: #DF pushes RF as it was before the fault that leads to it", is_double_without_rf,
	        KNOWN_ON_TCG, false, COMPARE_MEMORY, 0,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "bochs" },
	{ "TCG: a stack that is not canonical on the way to a handler sets cr2",
	        is_double_not_canonical, KNOWN_ON_TCG, false, COMPARE_CR2, 0,
	        "vol 3, \"Control Registers\", CR2", "bochs" },
	{ "TCG: sysret at CPL 3 raises #GP where it is #UD", is_sysret_of_user, KNOWN_ON_TCG, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, SYSRET", "bochs" },
	{ "TCG: int n pushes RF as it was before", is_rf_of_int, KNOWN_ON_TCG, false,
	        COMPARE_MEMORY, 0, "vol 3, \"Instruction-Breakpoint Exception Condition\"",
	        "bochs" },
	{ "TCG: cvtpi2ps, cvtps2pi, movq2dq and their like raise neither #UD nor #NM by CR0",
	        is_conversion_of_mmx, KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, CVTPI2PS; CVTPI2PD; CVTPS2PI; CVTTPS2PI; CVTPD2PI; CVTTPD2PI; MOVQ2DQ; "
	        "MOVDQ2Q",
	        "bochs" },
	{ "TCG: emms raises neither #UD nor #NM by CR0", is_emms, KNOWN_ON_TCG, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, EMMS", "bochs" },
	{ "TCG: iret of long mode goes to virtual-8086 mode", is_iret_to_v86, KNOWN_ON_TCG, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, IRET/IRETD/IRETQ", "bochs" },
	{ "TCG: pusha pushes the last register first, so that cr2 is its address", is_pusha_fault,
	        KNOWN_ON_TCG, false, COMPARE_CR2, 0, "vol 2, PUSHA/PUSHAD", "cpu, bochs" },
	{ "TCG: lar gives no bits of the limit", is_lar, KNOWN_ON_TCG, false, COMPARE_REGS, 0,
	        "vol 2, LAR: undefined; APM vol 3, LAR", "bochs" },
	{ "TCG: the immediate of ret and enter is sign-extended", is_high_imm16, KNOWN_ON_TCG,
	        false, COMPARE_REGS | COMPARE_MEMORY, 0, "vol 2, RET; ENTER", "pvm, cpu, bochs" },
	{ "Bochs: enter and leave with operand size 16 take 64 bits in 64-bit code", is_short_leave,
	        KNOWN_ON_CPU, false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, ENTER; LEAVE",
	        "pvm, cpu, tcg" },
	{ "Bochs: iret with 16 or 32 bits does not pop ss and rsp in 64-bit code", is_short_iret,
	        KNOWN_ON_CPU, false, COMPARE_REGS | COMPARE_SEGMENTS, 0,
	        "vol 2, IRET/IRETD/IRETQ; vol 3, \"IRET in IA-32e Mode\"", "tcg" },
	{ "Bochs: nor does it raise what ss and rsp do there", is_short_iret_to_fault, KNOWN_ON_CPU,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, IRET/IRETD/IRETQ", "tcg" },
	{ "Bochs: dr8 to dr15 are dr0 to dr7", is_high_debug_register, KNOWN_ON_CPU, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, MOV to/from Debug Registers", "cpu, tcg" },
	{ "Bochs: REX.R before a segment register in ModRM is #UD", is_wide_segment, KNOWN_ON_CPU,
	        false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, \"REX Prefixes\"", "cpu, tcg" },
	{ "Bochs: ss before a string instruction of 64-bit code has it raise #SS", is_string_of_ss,
	        KNOWN_ON_CPU, false, COMPARE_RIP, 0, "vol 1, \"Segmentation in 64-Bit Mode\"",
	        "tcg" },
	{ .what = NULL },
};
