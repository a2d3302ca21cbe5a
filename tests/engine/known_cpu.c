/* What KVMs that run their guests on a CPU do otherwise, and the simulated CPUs of the lab. */
#include "known_row.h"

#include "base/cpu_bits.h"

static bool is_syscall(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0x05;
}

/* ... and run control's step ends there, with the exception to come. */
static bool is_stepped_ins(const struct known_case *c, const struct opcode *o)
{
	return known_is_ins(c, o) && c->result->kvm.regs.rip == c->before->regs.rip;
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
	int vector = c->result->own_vector;
	return c->bits != 64 && known_has_raised(c, o) &&
	       (vector == KNOWN_GP || vector == KNOWN_SS);
}

/* The error code of a page fault, whose bit 1 says that it was a write. */
static bool is_read_fault(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return known_has_raised(c, o) && r->own_vector == KNOWN_PF &&
	       (r->own_byte ^ r->kvm_byte) == 2 && r->own_byte & 2;
}

static bool is_not_canonical(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_vector;
	return c->bits == 64 && known_has_raised(c, o) &&
	       (vector == KNOWN_GP || vector == KNOWN_SS);
}

static bool is_faulting_popa(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0x61) && known_has_raised(c, o);
}

static bool is_absent_gate(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0xcd) && c->result->own_vector == KNOWN_NP;
}

static bool is_old_insn(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 &&
	       (known_is_one(o, 0xce) || known_is_one(o, 0xd6) || known_is_one(o, 0xd4)) &&
	       c->result->own_vector == KNOWN_UD;
}

/* in, out, ins, outs, invd and wbinvd, which CPL 3 may not do. */
static bool is_for_kernel(const struct known_case *c, const struct opcode *o)
{
	bool is_port = o->map == MAP_1 &&
	               ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef) ||
	                       (o->op >= 0x6c && o->op <= 0x6f));
	bool is_cache = o->map == MAP_0F && (o->op == 0x08 || o->op == 0x09);
	return c->cpl == 3 && (is_port || is_cache) && c->result->own_vector == KNOWN_GP;
}

static bool is_code_not_accessed(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return !c->is_real && known_is_jump(o) && (r->own_byte ^ r->kvm_byte) == 1 &&
	       r->own_byte & 1;
}

static bool is_rep_on_device(const struct known_case *c, const struct opcode *o)
{
	return o->rep && known_is_string(o) && c->result->kvm_log.count > c->result->own_log.count;
}

/* KVM_INTERNAL_ERROR_SIMUL_EX */
static bool is_delivery(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && known_has_raised(c, o) && c->result->suberror == 2;
}

static bool is_short_leave(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && known_is_one(o, 0xc9) && o->has_66 && !(o->rex & 8);
}

const struct known_row known_on_cpu[] = {
	{ "a step of ins ends before the exception of its store", is_stepped_ins, KNOWN_ON_CPU,
	        false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, INS/INSB/INSW/INSD", "pvm" },
	{ "a step of a rep that accesses a device does many iterations", is_rep_on_device,
	        KNOWN_ON_CPU, false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, REP/REPE/REPZ/REPNE/REPNZ",
	        "pvm" },
	{ "the delivery of an exception in real mode fails", is_delivery, KNOWN_ON_CPU, true, 0, 0,
	        "vol 3, \"Real-Address Mode Operation\"", "pvm" },
	/* Run control's step of them goes by a planted byte, whose exception comes after the shadow; and Bochs has
	 * forgotten that of sti when the next instruction's breakpoint hits. */
	{ "the shadow of mov ss, pop ss and sti is not seen", is_ss_load, KNOWN_ON_CPU, false,
	        PAIR_SHADOW, 0,
	        "vol 3, \"Masking Exceptions and Interrupts When Switching Stacks\"", "pvm" },
	{ "in and out leave RF set", is_io_with_rf, KNOWN_ON_CPU, false, PAIR_FLAGS, RFLAGS_RF,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "pvm" },
	{ "TCG: no limit and no right of a segment is checked", is_segment_fault, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Limit Checking\"; \"Type Checking\"",
	        "pvm, bochs" },
	{ "TCG: mov from a segment register that there is not raises no #UD", known_is_no_segment,
	        KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, MOV", "pvm, bochs" },
	{ "TCG: what reads and writes faults by its read", is_read_fault, KNOWN_ON_TCG, false,
	        PAIR_MEMORY, 0, "vol 3, \"Page-Fault Exceptions\"", "pvm, bochs" },
	{ "TCG: what is not canonical sets cr2, and raises #GP and not #SS", is_not_canonical,
	        KNOWN_ON_TCG, false, PAIR_CR2 | PAIR_RIP, 0,
	        "vol 3, \"Control Registers\", CR2; vol 1, \"Canonical Addressing\"",
	        "pvm, bochs" },
	{ "TCG: syscall clears the arithmetic flags", is_syscall, KNOWN_ON_TCG, false, PAIR_FLAGS,
	        0x8d5, "vol 2, SYSCALL", "pvm, bochs" },
	{ "TCG under kvm_amd: ports, invd and wbinvd are not refused at CPL 3", is_for_kernel,
	        KNOWN_ON_TCG, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 1, \"I/O Permission Bit Map\"; vol 2, INVD; WBINVD", "bochs" },
	{ "TCG: into, d6, aam and aad are instructions of 64-bit code", is_old_insn, KNOWN_ON_TCG,
	        true, KNOWN_ANYTHING, UINT64_MAX, "vol 2, INT n/INTO/INT3/INT1; appendix A",
	        "pvm, bochs" },
	{ "TCG: far transfers leave a code segment's Accessed as it is", is_code_not_accessed,
	        KNOWN_ON_TCG, false, PAIR_MEMORY | PAIR_SEGMENTS, 0,
	        "vol 3, \"Code- and Data-Segment Descriptor Types\"", "pvm, bochs" },
	{ "TCG: popa that faults has loaded registers", is_faulting_popa, KNOWN_ON_TCG, false,
	        PAIR_REGS, 0, "vol 3, \"Restarting of Programs or Tasks\"", "pvm, bochs" },
	{ "TCG: #NP of int n's gate pushes the next instruction's address", is_absent_gate,
	        KNOWN_ON_TCG, false, PAIR_MEMORY, 0, "vol 3, \"Interrupt 11\"", "bochs" },
	{ "TCG: the immediate of ret and enter is sign-extended", is_high_imm16, KNOWN_ON_TCG,
	        false, PAIR_REGS | PAIR_MEMORY, 0, "vol 2, RET; ENTER", "pvm, cpu, bochs" },
	{ "Bochs: leave with operand size 16 takes 64 bits in 64-bit code", is_short_leave,
	        KNOWN_ON_CPU, false, PAIR_REGS, 0, "vol 2, LEAVE", "pvm, cpu, tcg" },
	{ .what = NULL },
};
