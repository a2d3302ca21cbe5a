/* How to read the table: a row explains what an instruction of its kind does on some KVMs. `on`: a KVM that emulates
 * its guests (kvm_pvm), one that runs them on a CPU (kvm_amd and kvm_intel, whose CPU in the lab is QEMU's TCG or
 * Bochs), TCG alone, or any. KVM's side may differ in `parts`, of the flags in `flags` alone, and where `fails` is set KVM may
 * be unable to do it at all. `sdm` is the place of the SDM that has the engine right, `witness` who else agrees with it,
 * in the same trials of `engine random`: "tcg", kvm_amd in the lab; "bochs", kvm_intel there; "pvm", kvm_pvm's emulator;
 * "cpu", this CPU itself, which runs the 64-bit code of CPL 3 under kvm_pvm. */
#include "known.h"

#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"

#define IF         (1u << 9)
#define IOPL       (3u << 12)
#define NT         (1u << 14)
#define TABLE_BITS 0x60 /* Accessed and Dirty of a page table's entry */

#define ANYTHING  0xffffu
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_AC 17

typedef bool matches(const struct known_case *c, const struct opcode *o);

enum where { EMULATED, ON_CPU, ON_TCG, ANYWHERE };

struct row {
	const char *what;
	matches *is;
	enum where on;
	bool fails;
	unsigned parts;
	uint64_t flags;
	const char *sdm, *witness;
};

static bool is_one(const struct opcode *o, unsigned op)
{
	return o->map == MAP_1 && o->op == op;
}

static bool is_string(const struct opcode *o)
{
	return o->map == MAP_1 &&
	       ((o->op >= 0x6c && o->op <= 0x6f) || (o->op >= 0xa4 && o->op <= 0xa7) ||
	               (o->op >= 0xaa && o->op <= 0xaf));
}

/* An exception was delivered by the engine, which is no int n. */
static bool has_raised(const struct known_case *c, const struct opcode *o)
{
	bool is_int = is_one(o, 0xcd) || is_one(o, 0xcc) || is_one(o, 0xce);
	return c->result->own_vector >= 0 && (o->has_lock || !is_int);
}

static bool is_wide_int(const struct known_case *c, const struct opcode *o)
{
	return !c->is_real && (is_one(o, 0xcd) || is_one(o, 0xce) || is_one(o, 0xcc));
}

static bool is_iret32(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return !c->is_real && c->bits != 64 && is_one(o, 0xcf) &&
	       (r->verdict == PAIR_KVM_FAILS || r->kvm.regs.rip == c->before->regs.rip ||
	               r->kvm.regs.rip == WORLD_HANDLERS + VECTOR_UD);
}

/* It may leave the code segment's descriptor without Accessed, too. */
static bool is_iretq(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	bool is_accessed =
	        r->parts & PAIR_MEMORY && (r->own_byte ^ r->kvm_byte) == 1 && r->own_byte & 1;
	return c->bits == 64 && is_one(o, 0xcf) && (is_accessed || !(r->parts & PAIR_MEMORY));
}

static bool is_high_int(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && is_one(o, 0xcd) && o->modrm >= 0x80;
}

static bool is_enter(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return is_one(o, 0xc8);
}

static bool is_sti_again(const struct known_case *c, const struct opcode *o)
{
	return is_one(o, 0xfb) && c->before->regs.rflags & IF;
}

static bool is_rep_io(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->rep && o->map == MAP_1 &&
	       ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef));
}

static bool is_rep_again(const struct known_case *c, const struct opcode *o)
{
	return o->rep && is_string(o) && c->result->kvm.regs.rip == c->before->regs.rip;
}

static bool is_wide_sreg_store(const struct known_case *c, const struct opcode *o)
{
	bool is_sldt_str = o->map == MAP_0F && o->op == 0x00 && (o->modrm >> 3 & 7) < 2;
	return (is_one(o, 0x8c) || is_sldt_str) && o->modrm < 0xc0 &&
	       (o->rex & 8 || (c->bits == 32) != o->has_66);
}

/* A page's entry that has A, or D as well, on one side. */
static bool is_enter_probe(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return is_one(o, 0xc8) && r->gpa >= WORLD_TABLES &&
	       !((r->own_byte ^ r->kvm_byte) & ~TABLE_BITS);
}

static bool is_alignment(const struct known_case *c, const struct opcode *o)
{
	(void)o;
	return c->cpl == 3 && c->before->regs.rflags & RFLAGS_AC &&
	       !(c->before->sregs.cr0 & 1u << 18) &&
	       c->result->kvm.regs.rip == WORLD_HANDLERS + VECTOR_AC;
}

static bool is_user64(const struct known_case *c)
{
	return c->cpl == 3 && c->before->sregs.efer & EFER_LMA;
}

static bool is_far(const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return is_one(o, 0xca) || is_one(o, 0xcb) || is_one(o, 0xcf) ||
	       (is_one(o, 0xff) && (reg == 3 || reg == 5));
}

static bool is_descriptor_look(const struct known_case *c, const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return (o->map == MAP_0F && (o->op == 0x02 || o->op == 0x03 ||
	                                    (o->op == 0x00 && (reg == 4 || reg == 5)))) ||
	       (is_one(o, 0x63) && c->bits != 64);
}

static bool is_selector(const struct known_case *c, const struct opcode *o)
{
	bool is_fs_gs = o->map == MAP_0F &&
	                ((o->op & 0xf6) == 0xa0 || o->op == 0xb2 || o->op == 0xb4 || o->op == 0xb5);
	bool is_system = o->map == MAP_0F && o->op == 0x00;
	return is_user64(c) && (is_system || is_descriptor_look(c, o) || is_one(o, 0x8c) ||
	                               is_one(o, 0x8e) || is_fs_gs || is_far(o));
}

/* The x87's instructions run on the CPU there, which has its host's CR0. */
static bool is_x87_fault(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && c->result->own_vector == VECTOR_NM && opcode_is_vector(o);
}

/* What finds the x87 and KVM's emulator does not know: fwait, fnclex, fnstsw ax. */
static bool is_x87_start(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return is_one(o, 0x9b) || (is_one(o, 0xdb) && o->modrm == 0xe2) ||
	       (is_one(o, 0xdf) && o->modrm == 0xe0);
}

/* With the code segment's selector for an error code, where it is the stack's. */
static bool is_iretq_gp(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && is_one(o, 0xcf) && c->result->own_vector == VECTOR_GP;
}

static bool is_real_ud2(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && o->map == MAP_0F && o->op == 0x0b;
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
	const struct pair_result *r = c->result;
	bool is_pusha = is_one(o, 0x60) && r->own_vector == VECTOR_SS;
	return is_pusha ||
	       (has_raised(c, o) && r->own_vector == VECTOR_PF && (r->gpa & 0xfff) >= 0xff0);
}

/* 32-bit code of CPL 3 runs on the CPU there, with flat segments. */
static bool is_flat(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_vector;
	return is_user64(c) && c->bits != 64 && has_raised(c, o) &&
	       (vector == VECTOR_GP || vector == VECTOR_SS);
}

static bool is_syscall(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0x05;
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

/* The port is read, and nothing else. */
static bool is_ins(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return has_raised(c, o) && (is_one(o, 0x6c) || is_one(o, 0x6d)) && r->own_log.count == 0 &&
	       !r->kvm_log.all[0].is_write;
}

/* ... and run control's step ends there, with the exception to come. */
static bool is_stepped_ins(const struct known_case *c, const struct opcode *o)
{
	return is_ins(c, o) && c->result->kvm.regs.rip == c->before->regs.rip;
}

static bool is_if_pushed(const struct known_case *c, const struct opcode *o)
{
	return is_user64(c) && is_one(o, 0x9c) &&
	       (c->result->own_byte ^ c->result->kvm_byte) == IF >> 8;
}

static bool is_ss_load(const struct known_case *c, const struct opcode *o)
{
	bool is_ss = is_one(o, 0x17) || (is_one(o, 0x8e) && (o->modrm >> 3 & 7) == 2);
	return (is_ss || is_one(o, 0xfb)) && c->result->kvm.shadow == 0;
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
	return (is_one(o, 0xc2) || is_one(o, 0xca) || is_one(o, 0xc8)) && imm[1] >= 0x80;
}

static bool is_real_exception(const struct known_case *c, const struct opcode *o)
{
	struct kvm_regs own = c->result->own.regs;
	own.rsp &= 0xffff;
	return c->is_real && has_raised(c, o) && own.rsp == c->result->kvm.regs.rsp;
}

static bool is_wide_exception(const struct known_case *c, const struct opcode *o)
{
	return !c->is_real && has_raised(c, o);
}

static bool is_based_frame(const struct known_case *c, const struct opcode *o)
{
	const struct kvm_segment *ss = &c->before->sregs.ss;
	return !c->is_real && c->bits != 64 && has_raised(c, o) && (ss->base || !ss->db);
}

static bool is_no_segment(const struct known_case *c, const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	return ((is_one(o, 0x8e) && reg == 1) ||
	               ((is_one(o, 0x8e) || is_one(o, 0x8c)) && reg > 5)) &&
	       c->result->own_vector == VECTOR_UD;
}

static bool is_segment_fault(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_vector;
	return c->bits != 64 && has_raised(c, o) && (vector == VECTOR_GP || vector == VECTOR_SS);
}

static bool is_read_first(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	for (unsigned i = 0; i < r->kvm_log.count; i++)
		if (r->kvm_log.all[i].is_port || r->kvm_log.all[i].is_write)
			return false;
	return has_raised(c, o) && r->own_log.count == 0 && r->kvm.regs.rip == r->own.regs.rip;
}

static bool is_ud(const struct known_case *c, const struct opcode *o)
{
	return has_raised(c, o) && c->result->own_vector == VECTOR_UD && c->result->suberror == 1;
}

static bool is_jump(const struct opcode *o)
{
	unsigned reg = o->modrm >> 3 & 7;
	if (o->map == MAP_0F)
		return (o->op & 0xf0) == 0x80;
	return o->map == MAP_1 &&
	       ((o->op & 0xf0) == 0x70 || (o->op >= 0xe0 && o->op <= 0xe3) ||
	               (o->op >= 0xe8 && o->op <= 0xeb) || o->op == 0x9a || o->op == 0xc2 ||
	               o->op == 0xc3 || o->op == 0xca || o->op == 0xcb || o->op == 0xcf ||
	               (o->op == 0xff && reg >= 2 && reg <= 5));
}

static bool is_jump_gp(const struct known_case *c, const struct opcode *o)
{
	return is_jump(o) && c->result->own_vector == VECTOR_GP && c->result->suberror == 1;
}

static bool is_fence(const struct known_case *c, const struct opcode *o)
{
	(void)c;
	return o->map == MAP_0F && o->op == 0xae && o->modrm >= 0xe8;
}

/* The error code of a page fault, whose bit 1 says that it was a write. */
static bool is_read_fault(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return has_raised(c, o) && r->own_vector == VECTOR_PF && (r->own_byte ^ r->kvm_byte) == 2 &&
	       r->own_byte & 2;
}

static bool is_not_canonical(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_vector;
	return c->bits == 64 && has_raised(c, o) && (vector == VECTOR_GP || vector == VECTOR_SS);
}

static bool is_old_insn(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && (is_one(o, 0xce) || is_one(o, 0xd6)) &&
	       c->result->own_vector == VECTOR_UD;
}

/* in, out, ins, outs, invd and wbinvd, which CPL 3 may not do. */
static bool is_for_kernel(const struct known_case *c, const struct opcode *o)
{
	bool is_port = o->map == MAP_1 &&
	               ((o->op >= 0xe4 && o->op <= 0xe7) || (o->op >= 0xec && o->op <= 0xef) ||
	                       (o->op >= 0x6c && o->op <= 0x6f));
	bool is_cache = o->map == MAP_0F && (o->op == 0x08 || o->op == 0x09);
	return c->cpl == 3 && (is_port || is_cache) && c->result->own_vector == VECTOR_GP;
}

static bool is_code_not_accessed(const struct known_case *c, const struct opcode *o)
{
	const struct pair_result *r = c->result;
	return !c->is_real && is_jump(o) && (r->own_byte ^ r->kvm_byte) == 1 && r->own_byte & 1;
}

static bool is_rep_on_device(const struct known_case *c, const struct opcode *o)
{
	return o->rep && is_string(o) && c->result->kvm_log.count > c->result->own_log.count;
}

/* KVM_INTERNAL_ERROR_SIMUL_EX */
static bool is_delivery(const struct known_case *c, const struct opcode *o)
{
	return c->is_real && has_raised(c, o) && c->result->suberror == 2;
}

static bool is_short_leave(const struct known_case *c, const struct opcode *o)
{
	return c->bits == 64 && is_one(o, 0xc9) && o->has_66 && !(o->rex & 8);
}

static bool is_overridden(const struct known_case *c, const struct opcode *o)
{
	int vector = c->result->own_vector;
	return c->bits == 64 && o->segment && o->segment < 0x64 &&
	       (vector == VECTOR_SS || vector == VECTOR_GP);
}

static const struct row rows[] = {
	{ "int n, int3 and into do not get to their handlers in 32-bit and 64-bit code",
	        is_wide_int, EMULATED, true, ANYTHING, UINT64_MAX, "vol 2, INT n/INTO/INT3/INT1",
	        "tcg, bochs" },
	{ "iret is refused in 32-bit code", is_iret32, EMULATED, true, ANYTHING, UINT64_MAX,
	        "vol 2, IRET/IRETD/IRETQ", "tcg, bochs" },
	{ "iretq does not load IOPL and NT, and loads reserved flags", is_iretq, EMULATED, false,
	        PAIR_FLAGS | PAIR_SEGMENTS | PAIR_MEMORY, IOPL | NT | 0x8028,
	        "vol 2, IRET/IRETD/IRETQ; vol 1, \"EFLAGS Register\"", "tcg, bochs" },
	{ "int 80h and above is never done in real mode", is_high_int, EMULATED, true,
	        PAIR_REGS | PAIR_RIP | PAIR_SEGMENTS | PAIR_FLAGS | PAIR_MEMORY, UINT64_MAX,
	        "vol 2, INT n/INTO/INT3/INT1", "tcg, bochs" },
	{ "enter goes by the stack's size, not the operand's", is_enter, EMULATED, false,
	        PAIR_REGS | PAIR_MEMORY, 0, "vol 2, ENTER", "tcg, bochs" },
	{ "enter does not look whether the new top of the stack can be written", is_enter_probe,
	        EMULATED, false, PAIR_MEMORY, 0, "vol 2, ENTER", "" },
	{ "sti leaves a shadow where IF was set", is_sti_again, ANYWHERE, false, PAIR_SHADOW, 0,
	        "vol 2, STI", "bochs" },
	{ "a rep prefix repeats in and out", is_rep_io, EMULATED, false, PAIR_ACCESS, 0,
	        "vol 2, REP/REPE/REPZ/REPNE/REPNZ: undefined", "" },
	{ "RF between two iterations", is_rep_again, ANYWHERE, false, PAIR_FLAGS, RFLAGS_RF,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "" },
	{ "a selector is written to memory with more than 16 bits", is_wide_sreg_store, EMULATED,
	        false, PAIR_MEMORY, 0, "vol 2, MOV; SLDT; STR", "cpu, tcg, bochs" },
	{ "selectors are the host's at CPL 3 of 64-bit code", is_selector, EMULATED, false,
	        ANYTHING, UINT64_MAX, "vol 2, MOV; PUSH", "tcg, bochs" },
	{ "CR0.EM, MP and TS do not count at CPL 3 of 64-bit code", is_x87_fault, EMULATED, false,
	        ANYTHING, UINT64_MAX, "vol 3, \"Control Registers\"", "tcg, bochs" },
	{ "fwait, fnclex and fnstsw ax are an emulation failure, or #UD", is_x87_start, EMULATED,
	        true, ANYTHING, UINT64_MAX, "vol 2, WAIT/FWAIT; FCLEX/FNCLEX; FSTSW/FNSTSW",
	        "tcg, bochs" },
	{ "lar, lsl, verr, verw and arpl are an emulation failure, or #UD", is_descriptor_look,
	        EMULATED, true, ANYTHING, UINT64_MAX, "vol 2, LAR; LSL; VERR/VERW; ARPL",
	        "tcg, bochs" },
	{ "iretq refuses what is no 64-bit code segment", is_iretq_gp, EMULATED, false, PAIR_MEMORY,
	        0, "vol 2, IRET/IRETD/IRETQ", "bochs" },
	{ "ud2 of real mode may do what follows it", is_real_ud2, EMULATED, true, ANYTHING,
	        UINT64_MAX, "vol 2, UD", "bochs" },
	{ "swapgs leaves RF", is_swapgs64, EMULATED, false, PAIR_FLAGS, RFLAGS_RF, "vol 2, SWAPGS",
	        "tcg, bochs" },
	{ "swapgs is done in 32-bit code", is_swapgs, EMULATED, true, ANYTHING, UINT64_MAX,
	        "vol 2, SWAPGS", "tcg, bochs" },
	{ "a write that faults is half done", is_half_written, EMULATED, false, PAIR_MEMORY, 0,
	        "vol 3, \"Restarting of Programs or Tasks\"", "tcg, bochs" },
	{ "32-bit code of CPL 3 has flat segments in long mode", is_flat, EMULATED, false, ANYTHING,
	        UINT64_MAX, "vol 3, \"Limit Checking\"; \"Type Checking\"", "tcg, bochs" },
	{ "after syscall the first instruction is fetched at CPL 3", is_user_syscall, EMULATED,
	        false, ANYTHING, UINT64_MAX, "vol 2, SYSCALL", "tcg, bochs" },
	{ "sysret leaves RF, and IOPL and NT as they were", is_sysret, EMULATED, false, PAIR_FLAGS,
	        RFLAGS_RF | IOPL | NT, "vol 2, SYSRET", "tcg, bochs" },
	{ "a step of ins ends before the exception of its store", is_stepped_ins, ON_CPU, false,
	        ANYTHING, UINT64_MAX, "vol 2, INS/INSB/INSW/INSD", "pvm" },
	{ "ins reads its port before it looks where to write", is_ins, ANYWHERE, false, PAIR_ACCESS,
	        0, "vol 2, INS/INSB/INSW/INSD", "tcg, bochs" },
	{ "pushf shows the host's IF at CPL 3 of 64-bit code", is_if_pushed, EMULATED, false,
	        PAIR_MEMORY, 0, "vol 2, PUSHF/PUSHFD/PUSHFQ", "tcg, bochs" },
	{ "alignment is checked at CPL 3 without CR0.AM", is_alignment, EMULATED, false, ANYTHING,
	        UINT64_MAX, "vol 3, \"Control Registers\", CR0.AM", "tcg, bochs" },
	{ "exceptions of real mode clear the upper half of esp", is_real_exception, EMULATED, false,
	        PAIR_REGS, 0, "vol 3, \"Real-Address Mode Operation\": SP", "tcg, bochs" },
	{ "exceptions push at the stack segment's offset without its base", is_based_frame,
	        EMULATED, true, PAIR_MEMORY | PAIR_REGS, 0,
	        "vol 3, \"Stack Switching\"; vol 1, \"Stack\"", "tcg, bochs" },
	{ "a device is read by an instruction that raises an exception", is_read_first, ANYWHERE,
	        false, PAIR_ACCESS, 0, "vol 3, \"Priority Among Concurrent Events\"",
	        "tcg, bochs" },
	{ "mov to a segment register that there is not reads its operand before #UD", is_no_segment,
	        EMULATED, false, ANYTHING, UINT64_MAX,
	        "vol 2, MOV; vol 3, \"Priority Among Concurrent Events\"", "tcg, bochs" },
	{ "exceptions of protected mode clear AC", is_wide_exception, EMULATED, false, PAIR_FLAGS,
	        RFLAGS_AC, "vol 3, \"Flag Usage By Exception- or Interrupt-Handler Procedure\"",
	        "tcg, bochs" },
	{ "what raises #UD is an emulation failure", is_ud, EMULATED, true, 0, 0,
	        "vol 3, \"Interrupt 6\"", "tcg, bochs" },
	{ "a jump past the limit is an emulation failure", is_jump_gp, EMULATED, true, 0, 0,
	        "vol 2, JMP; CALL; RET; IRET/IRETD/IRETQ", "bochs" },
	{ "fences are an emulation failure, or a step that does the next instruction, too",
	        is_fence, EMULATED, true, ANYTHING, UINT64_MAX, "vol 2, LFENCE; MFENCE; SFENCE",
	        "tcg, bochs" },
	{ "es, cs, ss and ds before an instruction of 64-bit code choose between #SS and #GP",
	        is_overridden, EMULATED, false, PAIR_RIP, 0,
	        "vol 1, \"Segmentation in 64-Bit Mode\"", "bochs" },
	{ "a step of a rep that accesses a device does many iterations", is_rep_on_device, ON_CPU,
	        false, ANYTHING, UINT64_MAX, "vol 2, REP/REPE/REPZ/REPNE/REPNZ", "pvm" },
	{ "the delivery of an exception in real mode fails", is_delivery, ON_CPU, true, 0, 0,
	        "vol 3, \"Real-Address Mode Operation\"", "pvm" },
	/* Run control's step of them goes by a planted byte, whose exception comes after the shadow; and Bochs has
	 * forgotten that of sti when the next instruction's breakpoint hits. */
	{ "the shadow of mov ss, pop ss and sti is not seen", is_ss_load, ON_CPU, false,
	        PAIR_SHADOW, 0,
	        "vol 3, \"Masking Exceptions and Interrupts When Switching Stacks\"", "pvm" },
	{ "in and out leave RF set", is_io_with_rf, ON_CPU, false, PAIR_FLAGS, RFLAGS_RF,
	        "vol 3, \"Instruction-Breakpoint Exception Condition\"", "pvm" },
	{ "TCG: no limit and no right of a segment is checked", is_segment_fault, ON_TCG, true,
	        ANYTHING, UINT64_MAX, "vol 3, \"Limit Checking\"; \"Type Checking\"",
	        "pvm, bochs" },
	{ "TCG: mov from a segment register that there is not raises no #UD", is_no_segment, ON_TCG,
	        true, ANYTHING, UINT64_MAX, "vol 2, MOV", "pvm, bochs" },
	{ "TCG: what reads and writes faults by its read", is_read_fault, ON_TCG, false,
	        PAIR_MEMORY, 0, "vol 3, \"Page-Fault Exceptions\"", "pvm, bochs" },
	{ "TCG: what is not canonical sets cr2, and raises #GP and not #SS", is_not_canonical,
	        ON_TCG, false, PAIR_CR2 | PAIR_RIP, 0,
	        "vol 3, \"Control Registers\", CR2; vol 1, \"Canonical Addressing\"",
	        "pvm, bochs" },
	{ "TCG: syscall clears the arithmetic flags", is_syscall, ON_TCG, false, PAIR_FLAGS, 0x8d5,
	        "vol 2, SYSCALL", "pvm, bochs" },
	{ "TCG under kvm_amd: ports, invd and wbinvd are not refused at CPL 3", is_for_kernel,
	        ON_TCG, true, ANYTHING, UINT64_MAX,
	        "vol 1, \"I/O Permission Bit Map\"; vol 2, INVD; WBINVD", "bochs" },
	{ "TCG: into, d6, aam and aad are instructions of 64-bit code", is_old_insn, ON_TCG, true,
	        ANYTHING, UINT64_MAX, "vol 2, INT n/INTO/INT3/INT1; appendix A", "pvm, bochs" },
	{ "TCG: far transfers leave a code segment's Accessed as it is", is_code_not_accessed,
	        ON_TCG, false, PAIR_MEMORY | PAIR_SEGMENTS, 0,
	        "vol 3, \"Code- and Data-Segment Descriptor Types\"", "pvm, bochs" },
	{ "TCG: the immediate of ret and enter is sign-extended", is_high_imm16, ON_TCG, false,
	        PAIR_REGS, 0, "vol 2, RET; ENTER", "pvm, cpu, bochs" },
	{ "Bochs: leave with operand size 16 takes 64 bits in 64-bit code", is_short_leave, ON_CPU,
	        false, PAIR_REGS, 0, "vol 2, LEAVE", "pvm, cpu, tcg" },
};

static bool is_about(const struct row *row, const struct known_case *c, const struct opcode *o)
{
	bool is_here = row->on == ANYWHERE || (row->on == EMULATED && c->kvm_emulates) ||
	               (row->on == ON_CPU && !c->kvm_emulates) || (row->on == ON_TCG && c->is_tcg);
	return is_here && row->is(c, o);
}

/* Rows add up: what one leaves open another may explain. */
int known_find(const struct known_case *c)
{
	const struct pair_result *r = c->result;
	struct opcode o = opcode_decode(c->bytes, c->bits);
	unsigned parts = r->parts & ~(unsigned)PAIR_FLAGS;
	uint64_t flags = r->flags;
	int first = -1;
	if (r->verdict == PAIR_CHANGED)
		return -1;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		bool helps = r->verdict == PAIR_KVM_FAILS
		                     ? rows[i].fails
		                     : parts & rows[i].parts || (rows[i].parts & PAIR_FLAGS &&
		                                                        flags & rows[i].flags);
		if (!helps || !is_about(&rows[i], c, &o))
			continue;
		first = first < 0 ? (int)i : first;
		if (r->verdict == PAIR_KVM_FAILS)
			return first;
		parts &= ~rows[i].parts;
		flags &= rows[i].parts & PAIR_FLAGS ? ~rows[i].flags : UINT64_MAX;
	}
	return parts || flags || r->verdict == PAIR_KVM_FAILS ? -1 : first;
}

unsigned known_count(void)
{
	return ARRAY_SIZE(rows);
}

const char *known_name(unsigned row)
{
	return rows[row].what;
}
