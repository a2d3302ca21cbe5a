/* What a KVM that emulates its guests does otherwise. */
#include "compare/known_row.h"

#include "base/cpu_bits.h"

#define IOPL (3u << 12)
#define NT   (1u << 14)
/* What sysret loads of r11. */
#define SYSRET_FLAGS UINT64_C(0x3c7fd7)
#define EFER_SCE     1u

static bool is_wide_int(const struct known_case *c, const struct opcode *o)
{
	return !c->is_real &&
	       (known_is_one(o, 0xcd) || known_is_one(o, 0xce) || known_is_one(o, 0xcc));
}

static bool is_iret32(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return !c->is_real && c->bits != 64 && known_is_one(o, 0xcf) &&
	       (r->verdict == COMPARE_KVM_FAILS || r->kvm.regs.rip == c->before->regs.rip ||
	               r->kvm_vector == KNOWN_UD);
}

/* It may leave the code segment's descriptor without Accessed, too. */
static bool is_iretq(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	bool is_accessed =
	        r->parts & COMPARE_MEMORY && (r->own_byte ^ r->kvm_byte) == 1 && r->own_byte & 1;
	return c->bits == 64 && known_is_one(o, 0xcf) &&
	       (is_accessed || !(r->parts & COMPARE_MEMORY));
}

/* But iretq of 64-bit code. */
static bool is_iret_long(const struct known_case *c, const struct opcode *o)
{
	return known_is_one(o, 0xcf) && c->before->sregs.efer & EFER_LMA &&
	       !(c->bits == 64 && o->rex & 8);
}

/* A stack segment that is none, or of another ring. */
static bool is_iretq_stack(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return c->bits == 64 && known_is_one(o, 0xcf) && o->rex & 8 &&
	       (vector == KNOWN_GP || vector == KNOWN_SS);
}

static bool is_narrow_int(const struct known_case *c, const struct opcode *o)
{
	bool is_int = known_is_one(o, 0xcd) || known_is_one(o, 0xcc) || known_is_one(o, 0xce);
	return c->is_real && is_int && o->has_66;
}

static bool is_high_int(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && known_is_one(o, 0xcd) && o->modrm >= 0x80;
}

static bool is_enter(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return known_is_one(o, 0xc8);
}

static bool is_rep_io(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->rep && o->map == MAP_1 &&
	       ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef));
}

static bool is_wide_sreg_store(const struct known_case *c, const struct opcode *o)
{
	bool is_sldt_str = o->map == MAP_0F && o->op == 0x00 && (o->modrm >> 3 & 7) < 2;
	return (known_is_one(o, 0x8c) || is_sldt_str) && o->modrm < 0xc0 &&
	       (o->rex & 8 || (c->bits == 32) != o->has_66);
}

static bool is_alignment(const struct known_case *c, const struct opcode *o)
{
	(void)o;
	return c->cpl == 3 && c->before->regs.rflags & RFLAGS_AC &&
	       !(c->before->sregs.cr0 & 1u << 18) && c->result->kvm_vector == KNOWN_AC;
}

static bool is_user64(const struct known_case *c)
{
	return c->cpl == 3 && c->before->sregs.efer & EFER_LMA;
}

static bool is_far(const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return known_is_one(o, 0xca) || known_is_one(o, 0xcb) || known_is_one(o, 0xcf) ||
	       (known_is_one(o, 0xff) && (reg == 3 || reg == 5));
}

static bool is_descriptor_look(const struct known_case *c, const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return (o->map == MAP_0F && (o->op == 0x02 || o->op == 0x03 ||
	                                    (o->op == 0x00 && (reg == 4 || reg == 5)))) ||
	       (known_is_one(o, 0x63) && c->bits != 64);
}

static bool is_selector(const struct known_case *c, const struct opcode *o)
{
	bool is_fs_gs = o->map == MAP_0F &&
	                ((o->op & 0xf6) == 0xa0 || o->op == 0xb2 || o->op == 0xb4 || o->op == 0xb5);
	bool is_system = o->map == MAP_0F && o->op == 0x00;
	return is_user64(c) && (is_system || is_descriptor_look(c, o) || known_is_one(o, 0x8c) ||
	                               known_is_one(o, 0x8e) || is_fs_gs || is_far(o));
}

/* The instructions of x87, MMX and SSE run on the CPU there, which has its host's CR0 and CR4. */
static bool is_x87_fault(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return is_user64(c) && (vector == KNOWN_NM || vector == KNOWN_UD) && opcode_is_vector(o);
}

/* What finds the x87 and KVM's emulator does not know: fwait, fnclex, fnstsw ax. */
static bool is_x87_start(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return known_is_one(o, 0x9b) || (known_is_one(o, 0xdb) && o->modrm == 0xe2) ||
	       (known_is_one(o, 0xdf) && o->modrm == 0xe0);
}

/* With the code segment's selector for an error code, where it is the stack's. */
static bool is_iretq_gp(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && known_is_one(o, 0xcf) && c->result->own_raised == KNOWN_GP;
}

static bool is_x87_nm(const struct known_case *c, const struct opcode *o)
{
	return opcode_is_vector(o) && known_has_raised(c, o) && c->result->own_raised == KNOWN_NM &&
	       known_has_no_emulation(c);
}

static bool is_not_known(const struct known_case *c, const struct opcode *o)
{
	bool is_bcd = known_is_one(o, 0x27) || known_is_one(o, 0x37) || known_is_one(o, 0x3f);
	bool is_nested = known_is_one(o, 0xc8) && c->bytes[o->prefix_len + 3] & 31;
	return is_bcd || is_nested || known_is_one(o, 0x62);
}

/* 0f 19 to 0f 1e, and 0f b8. */
static bool is_hint(const struct known_case *c, const struct opcode *o)
{
	bool is_one = o->map == MAP_0F && ((o->op >= 0x19 && o->op <= 0x1e) || o->op == 0xb8);
	return is_one && (known_has_no_emulation(c) || c->is_real || c->bits != 64 || c->cpl == 0);
}

/* A REX that has R before mov from and to a segment register. */
static bool is_rex_segment(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	return (known_is_one(o, 0x8c) || known_is_one(o, 0x8e)) && o->rex & 4 &&
	       (r->verdict == COMPARE_KVM_FAILS || r->kvm_vector == KNOWN_UD ||
	               r->kvm_vector == KNOWN_DF);
}

/* xsavec, which runs on the CPU there. */
static bool is_user_xsave(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && o->map == MAP_0F && o->op == 0xc7 && (o->modrm >> 3 & 7) == 4;
}

static bool is_not_emulated(const struct known_case *c, const struct opcode *o)
{
	return is_not_known(c, o) && known_has_no_emulation(c);
}

/* ... and at last one of the handlers is where it stops. */
static bool is_real_unknown(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	bool is_refused = known_has_raised(c, o) && (vector == KNOWN_UD || vector == KNOWN_NM);
	return c->is_real && (is_refused || is_not_known(c, o)) && c->result->kvm_vector >= 0;
}

/* By ax, not by al. */
static bool is_aam(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return known_is_one(o, 0xd4) || known_is_one(o, 0xd5);
}

static bool is_user_cpuid(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && o->map == MAP_0F && o->op == 0xa2;
}

/* Its last bytes are on a page that can't be fetched from. */
static bool is_cut_off(const struct known_case *c, const struct opcode *o)
{
	return known_has_raised(c, o) && c->result->own_raised == KNOWN_PF && opcode_is_vector(o) &&
	       known_has_no_emulation(c);
}

static bool is_real_fault(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && known_has_raised(c, o);
}

/* Where the stack of CPL 3 ends at a page that can't be written; at times the way to the ud2 that ends the trial. */
static bool is_stack_lost(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	(void)o;
	return is_user64(c) && (c->before->regs.rsp & 0xfff) >= 0xfc0 &&
	       (r->verdict == COMPARE_KVM_FAILS || !r->kvm.regs.rflags);
}

static bool is_swapgs64(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && o->map == MAP_0F && o->op == 0x01 && o->modrm == 0xf8;
}

static bool is_swapgs(const struct known_case *c, const struct opcode *o)
{
	return c->bits != 64 && o->map == MAP_0F && o->op == 0x01 && o->modrm == 0xf8;
}

/* The part of a write in the first of two pages, or pusha's first pushes. */
static bool is_half_written(const struct known_case *c, const struct opcode *o)
{
	const struct compare_result *r = c->result;
	bool is_pusha = known_is_one(o, 0x60) && r->own_raised == KNOWN_SS;
	return is_pusha ||
	       (known_has_raised(c, o) && r->own_raised == KNOWN_PF && (r->gpa & 0xfff) >= 0xff0);
}

/* 32-bit code of CPL 3 runs on the CPU there, with flat segments. */
static bool is_flat(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return is_user64(c) && c->bits != 64 && known_has_raised(c, o) &&
	       (vector == KNOWN_GP || vector == KNOWN_SS);
}

static bool is_user_syscall(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && o->map == MAP_0F && o->op == 0x05;
}

static bool is_sysret(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0x07;
}

static bool is_sysret_32(const struct known_case *c, const struct opcode *o)
{
	return is_sysret(c, o) && !(o->rex & 8);
}

static bool is_sysret_off(const struct known_case *c, const struct opcode *o)
{
	return is_sysret(c, o) && !(c->before->sregs.efer & EFER_SCE);
}

static bool is_if_pushed(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && known_is_one(o, 0x9c) &&
	       (c->result->own_byte ^ c->result->kvm_byte) == RFLAGS_IF >> 8;
}

static bool is_real_exception(const struct known_case *c, const struct opcode *o)
{
	struct kvm_regs own = c->result->own.regs;
	own.rsp &= 0xffff;
	return c->is_real && known_has_raised(c, o) && own.rsp == c->result->kvm.regs.rsp;
}

static bool is_wide_exception(const struct known_case *c, const struct opcode *o)
{
	return !c->is_real && known_has_raised(c, o);
}

static bool is_based_frame(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_segment *ss = &c->before->sregs.ss;
	return !c->is_real && c->bits != 64 && known_has_raised(c, o) && (ss->base || !ss->db);
}

static bool is_ud(const struct known_case *c, const struct opcode *o)
{
	return known_has_raised(c, o) && c->result->own_raised == KNOWN_UD &&
	       c->result->suberror == 1;
}

/* Read first, and by a segment that may be read alone. */
static bool is_read_only(const struct known_case *c, const struct opcode *o)
{
	return c->bits != 64 && known_has_raised(c, o) && c->result->own_raised == KNOWN_GP &&
	       c->result->kvm_vector == KNOWN_PF;
}

static bool is_odd_handler(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_segment *cs = &c->result->kvm.sregs.cs;
	(void)o;
	return !c->is_real && c->result->own_raised >= 0 && !(cs->s && cs->present && cs->type & 8);
}

static bool is_double(const struct known_case *c, const struct opcode *o)
{
	(void)o;
	return c->result->own_vector == KNOWN_DF && c->result->kvm_vector == KNOWN_DF;
}

static bool is_jump_gp(const struct known_case *c, const struct opcode *o)
{
	return known_is_jump(o) && c->result->own_raised == KNOWN_GP && c->result->suberror == 1;
}

static bool is_fence(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0xae && o->modrm >= 0xe8;
}

static bool is_overridden(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_raised;
	return c->bits == 64 && o->segment && o->segment < 0x64 &&
	       (vector == KNOWN_SS || vector == KNOWN_GP);
}

const struct known_row known_emulated[] = {
	{ "int n, int3 and into do not get to their handlers in 32-bit and 64-bit code",
	        is_wide_int, KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, INT n/INTO/INT3/INT1", "tcg, bochs" },
	{ "iret is refused in 32-bit code", is_iret32, KNOWN_EMULATED, true, KNOWN_ANYTHING,
	        UINT64_MAX, "vol 2, IRET/IRETD/IRETQ", "tcg, bochs" },
	{ "iretq does not load IOPL and NT, and loads reserved flags", is_iretq, KNOWN_EMULATED,
	        false, COMPARE_FLAGS | COMPARE_SEGMENTS | COMPARE_MEMORY, IOPL | NT | 0x8028,
	        "vol 2, IRET/IRETD/IRETQ; vol 1, \"EFLAGS Register\"", "tcg, bochs" },
	{ "iretq does not look at ss", is_iretq_stack, KNOWN_EMULATED, true, KNOWN_ANYTHING,
	        UINT64_MAX, "vol 2, IRET/IRETD/IRETQ", "tcg, bochs" },
	{ "iret with 16 or 32 bits is refused in long mode", is_iret_long, KNOWN_EMULATED, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, IRET/IRETD/IRETQ", "tcg, bochs" },
	{ "int of real mode pushes 32 bits with the prefix 66", is_narrow_int, KNOWN_EMULATED,
	        false, COMPARE_REGS | COMPARE_MEMORY, 0, "vol 2, INT n/INTO/INT3/INT1",
	        "tcg, bochs" },
	{ "int 80h and above is never done in real mode", is_high_int, KNOWN_EMULATED, true,
	        COMPARE_REGS | COMPARE_RIP | COMPARE_SEGMENTS | COMPARE_FLAGS | COMPARE_MEMORY,
	        UINT64_MAX, "vol 2, INT n/INTO/INT3/INT1", "tcg, bochs" },
	{ "enter goes by the stack's size, not the operand's", is_enter, KNOWN_EMULATED, false,
	        COMPARE_REGS | COMPARE_MEMORY, 0, "vol 2, ENTER", "tcg, bochs" },
	{ "a rep prefix repeats in and out", is_rep_io, KNOWN_EMULATED, false, COMPARE_ACCESS, 0,
	        "vol 2, REP/REPE/REPZ/REPNE/REPNZ: undefined", "" },
	{ "a selector is written to memory with more than 16 bits", is_wide_sreg_store,
	        KNOWN_EMULATED, false, COMPARE_MEMORY, 0, "vol 2, MOV; SLDT; STR",
	        "cpu, tcg, bochs" },
	{ "selectors are the host's at CPL 3 of 64-bit code", is_selector, KNOWN_EMULATED, false,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, MOV; PUSH", "tcg, bochs" },
	{ "CR0.EM, MP and TS, and CR4.OSFXSR, do not count at CPL 3 of 64-bit code", is_x87_fault,
	        KNOWN_EMULATED, false, KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Control Registers\"",
	        "tcg, bochs" },
	{ "fwait, fnclex and fnstsw ax are an emulation failure, or #UD", is_x87_start,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, WAIT/FWAIT; FCLEX/FNCLEX; FSTSW/FNSTSW", "tcg, bochs" },
	{ "lar, lsl, verr, verw and arpl are an emulation failure, or #UD", is_descriptor_look,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, LAR; LSL; VERR/VERW; ARPL", "tcg, bochs" },
	{ "iretq refuses what is no 64-bit code segment", is_iretq_gp, KNOWN_EMULATED, false,
	        COMPARE_MEMORY, 0, "vol 2, IRET/IRETD/IRETQ", "bochs" },
	{ "of real mode, after what KVM's emulator does not know, what follows may be done",
	        is_real_unknown, KNOWN_EMULATED, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, UD; vol 3, \"Interrupt 6\"", "tcg, bochs" },
	{ "the x87's instructions are an emulation failure where CR0 has them raise #NM", is_x87_nm,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Control Registers\"",
	        "tcg, bochs" },
	{ "daa, aaa, aas, bound and enter with a level are an emulation failure", is_not_emulated,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, DAA; AAA; AAS; BOUND; ENTER", "cpu, tcg, bochs" },
	{ "hints but 0f 18 and 0f 1f, and popcnt, are an emulation failure, or #UD", is_hint,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, NOP; POPCNT; appendix A, table A-3", "cpu, tcg, bochs" },
	{ "mov from and to a segment register raises #UD with REX.R", is_rex_segment,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, \"REX Prefixes\": ignored", "tcg" },
	{ "CR4.OSXSAVE does not count at CPL 3 of 64-bit code", is_user_xsave, KNOWN_EMULATED,
	        false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, XSAVEC", "tcg, bochs" },
	{ "aam and aad set SF and ZF by ax", is_aam, KNOWN_EMULATED, false, COMPARE_FLAGS, 0xc0,
	        "vol 2, AAM; AAD", "tcg, bochs" },
	{ "sysret is done without EFER.SCE, or raises #GP", is_sysret_off, KNOWN_EMULATED, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, SYSRET", "tcg, bochs" },
	{ "cpuid is the host's at CPL 3 of 64-bit code", is_user_cpuid, KNOWN_EMULATED, false,
	        COMPARE_REGS, 0, "vol 2, CPUID", "tcg, bochs" },
	{ "the x87 and SSE are an emulation failure before all of the instruction is fetched",
	        is_cut_off, KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 3, \"Priority Among Concurrent Events\"", "tcg, bochs" },
	{ "an exception of real mode may be lost: the guest runs on, or hangs", is_real_fault,
	        KNOWN_EMULATED, true, 0, 0, "vol 3, \"Real-Address Mode Operation\"",
	        "tcg, bochs" },
	{ "an exception at CPL 3 of 64-bit code is lost where its stack ends at a page that can't "
	  "be written",
	        is_stack_lost, KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 3, \"Stack Switching in IA-32e Mode\"", "tcg, bochs" },
	{ "swapgs leaves RF", is_swapgs64, KNOWN_EMULATED, false, COMPARE_FLAGS, RFLAGS_RF,
	        "vol 2, SWAPGS", "tcg, bochs" },
	{ "swapgs is done in 32-bit code", is_swapgs, KNOWN_EMULATED, true, KNOWN_ANYTHING,
	        UINT64_MAX, "vol 2, SWAPGS", "tcg, bochs" },
	{ "a write that faults is half done", is_half_written, KNOWN_EMULATED, false,
	        COMPARE_MEMORY, 0, "vol 3, \"Restarting of Programs or Tasks\"", "tcg, bochs" },
	{ "32-bit code of CPL 3 has flat segments in long mode", is_flat, KNOWN_EMULATED, false,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Limit Checking\"; \"Type Checking\"",
	        "tcg, bochs" },
	{ "after syscall the first instruction is fetched at CPL 3", is_user_syscall,
	        KNOWN_EMULATED, false, KNOWN_ANYTHING, UINT64_MAX, "vol 2, SYSCALL", "tcg, bochs" },
	{ "sysret leaves RF, and IOPL and NT as they were, and loads reserved flags", is_sysret,
	        KNOWN_EMULATED, false, COMPARE_FLAGS, RFLAGS_RF | IOPL | NT | ~SYSRET_FLAGS,
	        "vol 2, SYSRET", "tcg, bochs" },
	{ "sysret to 32-bit code leaves cs as it was", is_sysret_32, KNOWN_EMULATED, true,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 2, SYSRET", "tcg, bochs" },
	{ "pushf shows the host's IF at CPL 3 of 64-bit code", is_if_pushed, KNOWN_EMULATED, false,
	        COMPARE_MEMORY, 0, "vol 2, PUSHF/PUSHFD/PUSHFQ", "tcg, bochs" },
	{ "alignment is checked at CPL 3 without CR0.AM", is_alignment, KNOWN_EMULATED, false,
	        KNOWN_ANYTHING, UINT64_MAX, "vol 3, \"Control Registers\", CR0.AM", "tcg, bochs" },
	{ "exceptions of real mode clear the upper half of esp", is_real_exception, KNOWN_EMULATED,
	        false, COMPARE_REGS, 0, "vol 3, \"Real-Address Mode Operation\": SP",
	        "tcg, bochs" },
	{ "exceptions push at the stack segment's offset without its base", is_based_frame,
	        KNOWN_EMULATED, true, COMPARE_MEMORY | COMPARE_REGS, 0,
	        "vol 3, \"Stack Switching\"; vol 1, \"Stack\"", "tcg, bochs" },
	{ "mov to a segment register that there is not reads its operand before #UD",
	        known_is_no_segment, KNOWN_EMULATED, false, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, MOV; vol 3, \"Priority Among Concurrent Events\"", "tcg, bochs" },
	{ "exceptions of protected mode clear AC", is_wide_exception, KNOWN_EMULATED, false,
	        COMPARE_FLAGS, RFLAGS_AC,
	        "vol 3, \"Flag Usage By Exception- or Interrupt-Handler Procedure\"",
	        "tcg, bochs" },
	{ "what raises #UD is an emulation failure", is_ud, KNOWN_EMULATED, true, 0, 0,
	        "vol 3, \"Interrupt 6\"", "tcg, bochs" },
	{ "a jump past the limit is an emulation failure", is_jump_gp, KNOWN_EMULATED, true, 0, 0,
	        "vol 2, JMP; CALL; RET; IRET/IRETD/IRETQ", "bochs" },
	{ "the code segment of an exception's handler is not looked at", is_odd_handler,
	        KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 3, \"Interrupt 11\"; \"Interrupt 13\"", "tcg, bochs" },
	{ "cr2 is not that of a page fault on the way to a handler", is_double, KNOWN_EMULATED,
	        false, COMPARE_CR2, 0, "vol 3, \"Control Registers\", CR2; \"Interrupt 14\"",
	        "tcg, bochs" },
	{ "what reads and writes is checked for its read first", is_read_only, KNOWN_EMULATED,
	        false, COMPARE_RIP | COMPARE_CR2 | COMPARE_MEMORY, 0, "vol 3, \"Type Checking\"",
	        "bochs" },
	{ "fences are an emulation failure, or a step that does the next instruction, too",
	        is_fence, KNOWN_EMULATED, true, KNOWN_ANYTHING, UINT64_MAX,
	        "vol 2, LFENCE; MFENCE; SFENCE", "tcg, bochs" },
	{ "es, cs, ss and ds before an instruction of 64-bit code choose between #SS and #GP",
	        is_overridden, KNOWN_EMULATED, false, COMPARE_RIP, 0,
	        "vol 1, \"Segmentation in 64-Bit Mode\"", "bochs" },
	{ .what = NULL },
};
