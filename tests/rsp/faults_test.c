/* A step of an instruction that faults ends where a run does: at the handler's first instruction.
 */
#include "rsp_check.h"

#define HANDLER_OF(vector) (0x2000 + 0x10 * (vector))
#define BEYOND             0x20000 /* past the code segment's limit, for a CPU that doesn't look at it */

/* Where the guest is after one instruction at 0x1002, all registers but these 0 before it. By
 * steps over two nops and it, or by a run to wherever it may come out. */
struct out {
	const char *hex;
	uint32_t eax, esp, esi;
	bool is_jump;    /* to BEYOND */
	unsigned vector; /* that it may raise besides #UD and #GP; 0: #SS */
};
/* A run that comes out nowhere ends after RUN_MS, or at once: there is nothing to compare with. */
#define RUN_MS  1000
#define NOWHERE UINT64_MAX

static uint64_t run(struct rsp *r)
{
	bool is_text = true; /* which may come before the stop */
	rsp_send(r, "c", 1);
	while (is_text && rsp_receive(r, RUN_MS))
		is_text = r->packet[0] == 'O';
	if (!is_text) /* T06: the CPU refuses to be entered so */
		return strncmp(r->packet, "T06", 3) ? rsp_pc(r->packet) : NOWHERE;
	rsp_send_raw(r, "\x03", 1);
	CHECK(!strncmp(rsp_reply(r), "T02", 3));
	return NOWHERE;
}

/* The ends of a run: after the instruction, or a handler. As many as there are debug registers, so
 * that the CPU itself runs it. */
static uint64_t end_of(struct rsp *r, const struct out *o, bool by_steps)
{
	const uint64_t next = 0x1002 + strlen(o->hex) / 2;
	RSP_IS(r, "OK", "M1000,10:90909090909090909090909090909090");
	RSP_IS(r, "OK", "M1002,%zx:%s", strlen(o->hex) / 2, o->hex);
	const uint32_t values[] = { o->eax, 0, 0, 0, o->esp, 0, o->esi, 0, 0x1000, 2 };
	for (unsigned i = 0; i < sizeof values / sizeof *values; i++)
		if (i != 8)
			RSP_IS(r, "OK", "P%x=%08x", i, __builtin_bswap32(values[i]));
	RSP_IS(r, "OK", "P8=00100000"); /* as linear as it is with CS 0 */
	if (by_steps) {
		RSP_STOPS(r, "s", 0x1001, "T05");
		RSP_STOPS(r, "s", 0x1002, "T05");
		return rsp_pc(rsp_ask(r, "s"));
	}
	const uint64_t ends[] = { HANDLER_OF(6), HANDLER_OF(13),
		HANDLER_OF(o->vector ? o->vector : 12), o->is_jump ? BEYOND : next };
	for (unsigned i = 0; i < 4; i++)
		RSP_IS(r, "OK", "Z1,%" PRIx64 ",1", ends[i]);
	uint64_t pc = run(r);
	for (unsigned i = 0; i < 4; i++)
		RSP_IS(r, "OK", "z1,%" PRIx64 ",1", ends[i]);
	return pc;
}

static bool has_faulted(struct rsp *r, const struct out *o)
{
	uint64_t by_run = end_of(r, o, false);
	if (by_run == NOWHERE) {
		printf("# %s: not here\n", o->hex);
		return false;
	}
	uint64_t by_steps = end_of(r, o, true);
	if (by_steps != by_run)
		CHECK_FAIL("%s: 0x%" PRIx64 " by steps, 0x%" PRIx64 " by a run", o->hex, by_steps,
		        by_run);
	return by_run >= 0x2000 && by_run != BEYOND;
}

static void real_mode_handlers(struct rsp *r)
{
	for (unsigned v = 0; v < 16; v++) {
		RSP_IS(r, "OK", "M%x,4:%02x200000", 4 * v, 0x10 * v);
		RSP_IS(r, "OK", "M%x,4:9090ebfe", HANDLER_OF(v));
	}
}

/* Plain instructions are stepped without their handlers watched, but at the edges of segments and
 * where they are none. Whether the CPU faults is the CPU's: TCG knows no limits in real mode. */
static void a_step_of_a_plain_instruction_faults_where_a_run_does(void)
{
	static const struct out outs[] = {
		{ "a1ffff", 0, 0x8000, 0 },             /* mov 0xffff, %ax */
		{ "8b04", 0, 0x8000, 0xffff },          /* mov (%si), %ax */
		{ "8904", 0, 0x8000, 0xffff },          /* mov %ax, (%si) */
		{ "0104", 0, 0x8000, 0xffff },          /* add %ax, (%si) */
		{ "8b44ff", 0, 0x8000, 0 },             /* mov -1(%si), %ax */
		{ "678b00", 0x10000, 0x8000, 0 },       /* mov (%eax), %ax */
		{ "678b00", 0xfffffffe, 0x8000, 0 },    /* the same */
		{ "368b04", 0, 0x8000, 0xffff },        /* mov %ss:(%si), %ax */
		{ "a5", 0, 0x8000, 0xffff },            /* movsw */
		{ "50", 0, 1, 0 },                      /* push %ax */
		{ "6a00", 0, 1, 0 },                    /* push $0 */
		{ "58", 0, 0xffff, 0 },                 /* pop %ax */
		{ "e80000", 0, 1, 0 },                  /* call */
		{ "c9", 0, 0x8000, 0 },                 /* leave */
		{ "ff34", 0, 0x8000, 0xffff },          /* push (%si) */
		{ "66e9f8ef0100", 0, 0x8000, 0, true }, /* jmpl to 0x20000 */
		{ "66ffe0", BEYOND, 0x8000, 0, true },  /* jmpl *%eax */
		{ "66eb00", 0, 0x8000, 0 },             /* jmpl to the next */
		{ "8dc0", 0, 0x8000, 0 },               /* lea of a register */
		{ "fed0", 0, 0x8000, 0 },               /* fe /2 */
		{ "c6c800", 0, 0x8000, 0 },             /* c6 /1 */
		{ "f08904", 0, 0x8000, 0 },             /* lock mov */
		{ "0f0b", 0, 0x8000, 0 },               /* ud2 */
		/* too long, with its immediate */
		{ "2626262626262626262626262626b800", 0, 0x8000, 0 },
		{ "2e2e2e2e2e2e2e2e2e2e2e2e2e818000", 0, 0x8000, 0 },
		{ "8b04", 0, 0x8000, 0x3000 },
		{ "50", 0, 0x8000, 0 },
		{ "40", 0, 0x8000, 0 },
	};
	struct rsp r;
	unsigned faults = 0;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	real_mode_handlers(&r);
	RSP_IS(&r, "OK", "M%x,4:9090ebfe", BEYOND);
	for (size_t i = 0; i < sizeof outs / sizeof *outs; i++)
		faults += has_faulted(&r, &outs[i]);
	CHECK(faults >= 3);
	rsp_close(&r);
}

/* The hidden part of DS, as protected mode has left it. */
static void a_step_in_real_mode_heeds_the_descriptors_of_before(void)
{
	static const char *const attributes[] = {
		"91000000", /* read-only data */
		"97000000", /* expand-down: the limit is below all that is valid */
		"99000000", /* execute-only code */
	};
	static const struct out outs[] = { { "8904", 0, 0x8000, 0x3000 },
		{ "8b04", 0, 0x8000, 0x3000 } };
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_read_registers(&r, &regs);
	unsigned ds = rsp_number_of(&regs, "ds_desc");
	real_mode_handlers(&r);
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		const char *reply = rsp_ask(&r, "P%x=00000000ffff0000%s", ds, attributes[i]);
		if (strcmp(reply, "OK") == 0)
			for (size_t k = 0; k < sizeof outs / sizeof *outs; k++)
				has_faulted(&r, &outs[k]);
	}
	rsp_close(&r);
}

static void set(struct rsp *r, const struct rsp_registers *regs, const char *name, const char *hex)
{
	RSP_IS(r, "OK", "P%x=%s", rsp_number_of(regs, name), hex);
}

/* 32-bit protected mode, without paging. GDT at 0x4000, IDT at 0x4100. */
static void protected_mode(struct rsp *r, const struct rsp_registers *regs)
{
	RSP_IS(r, "OK", "M4008,10:ffff0000009bcf00ffff00000093cf00");
	for (unsigned v = 0; v < 16; v++) {
		RSP_IS(r, "OK", "M%x,8:%02x200800008e0000", 0x4100 + 8 * v, 0x10 * v);
		RSP_IS(r, "OK", "M%x,4:9090ebfe", HANDLER_OF(v));
	}
	set(r, regs, "gdtr", "0040000017000000");
	set(r, regs, "idtr", "004100007f000000");
	set(r, regs, "cr4", "00000000");
	set(r, regs, "cr0", "11000000");
	set(r, regs, "cs", "08000000");
	set(r, regs, "ss", "10000000");
	set(r, regs, "ds", "10000000");
}

/* SSE before CR4.OSFXSR is set, x87 with CR0.EM, and forms that there are not. */
static void a_step_of_an_invalid_instruction_ends_at_the_handlers_first(void)
{
	static const struct {
		const char *cr0;
		struct out out;
		unsigned vector;
	} rows[] = {
		{ "11000000", { "0f1000", 0, 0x8000, 0 }, 6 },         /* movups (%eax), %xmm0 */
		{ "11000000", { "8ec8", 0, 0x8000, 0 }, 6 },           /* mov %eax, %cs */
		{ "11000000", { "ffe8", 0, 0x8000, 0 }, 6 },           /* far jmp to a register */
		{ "11000000", { "0fb2c0", 0, 0x8000, 0 }, 6 },         /* lss of a register */
		{ "11000000", { "f0f7f0", 1, 0x8000, 0 }, 6 },         /* lock div */
		{ "15000000", { "d9e8", 0, 0x8000, 0, false, 7 }, 7 }, /* fld1 */
	};
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_read_registers(&r, &regs);
	protected_mode(&r, &regs);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		set(&r, &regs, "cr0", rows[i].cr0);
		if (end_of(&r, &rows[i].out, false) == HANDLER_OF(rows[i].vector))
			CHECK_EQ(end_of(&r, &rows[i].out, true), HANDLER_OF(rows[i].vector));
		else
			printf("# %s: not here\n", rows[i].out.hex);
	}
	rsp_close(&r);
}

/* 64-bit mode, the page at 2 MiB not mapped (start.h has its entry at 0x83008), and a handler of #PF at
 * 0x2000 by an IDT at 0x4000. */
static void long_mode(struct rsp *r, const struct rsp_registers *regs)
{
	RSP_IS(r, "OK", "M83008,8:0000000000000000");
	RSP_IS(r, "OK", "M40e0,10:00200800008e00000000000000000000");
	RSP_IS(r, "OK", "M2000,4:9090ebfe");
	set(r, regs, "idtr", "0040000000000000ff00000000000000");
}

/* The count of a rep with 32-bit addresses is ecx, and rcx as a whole is as it was where nothing was
 * done. */
static void a_step_of_a_rep_that_faults_leaves_its_count(void)
{
	static const char *const reps[] = { "f367aa", "f367ac", "f367a4", "f267ae" };
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--mode", "long", NULL);
	rsp_read_registers(&r, &regs);
	long_mode(&r, &regs);
	for (size_t i = 0; i < sizeof reps / sizeof *reps; i++) {
		RSP_IS(&r, "OK", "M1000,3:%s", reps[i]);
		set(&r, &regs, "rcx", "0500000005000000");
		set(&r, &regs, "rsi", "0000200000000000");
		set(&r, &regs, "rdi", "0000200000000000");
		set(&r, &regs, "rip", "0010000000000000");
		RSP_BEGINS(&r, "T05", "s");
		RSP_IS(&r, "0020000000000000", "p%x", rsp_number_of(&regs, "rip"));
		RSP_IS(&r, "0500000005000000", "p%x", rsp_number_of(&regs, "rcx"));
	}
	rsp_close(&r);
}

/* A handler whose first instruction raises the same: each step is a frame deeper. */
static void a_handler_may_be_the_instruction_itself(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	real_mode_handlers(&r);
	RSP_IS(&r, "OK", "M%x,2:0f0b", HANDLER_OF(6));
	RSP_IS(&r, "OK", "P4=00800000");
	RSP_IS(&r, "OK", "P8=%02x200000", 0x10 * 6);
	for (unsigned i = 1; i <= 3; i++) {
		RSP_STOPS(&r, "s", HANDLER_OF(6), "T05");
		CHECK_EQ(rsp_register(&r, 4), 0x8000 - 6 * i);
		CHECK_EQ(rsp_value(rsp_ask(&r, "m%x,6", 0x8000 - 6 * i)) & 0x1000000ffff,
		        HANDLER_OF(6));
	}
	rsp_close(&r);
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", "--mode", "long", NULL);
	rsp_read_registers(&r, &regs);
	long_mode(&r, &regs);
	RSP_IS(&r, "OK", "M2000,2:8a03"); /* mov (%rbx), %al */
	set(&r, &regs, "rbx", "0000200000000000");
	set(&r, &regs, "rsp", "0080000000000000");
	set(&r, &regs, "rip", "0020000000000000");
	for (unsigned i = 1; i <= 3; i++) {
		RSP_STOPS(&r, "s", 0x2000, "T05");
		CHECK_EQ(rsp_register(&r, 7), 0x8000 - 48 * i);
		CHECK(!(rsp_value(rsp_ask(&r, "m%x,8", 0x8000 - 48 * i + 24)) & 0x100)); /* TF */
	}
	rsp_close(&r);
}

/* The stack is where no RAM is. What KVM makes of the frame is KVM's; but the exception is not raised later, in
 * whatever comes next. */
static void an_exception_that_is_not_delivered_does_not_come_later(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	rsp_read_registers(&r, &regs);
	protected_mode(&r, &regs);
	RSP_IS(&r, "OK", "M1000,4:0f0b9090");
	set(&r, &regs, "esp", "0080ff7f");
	set(&r, &regs, "eip", "00100000");
	rsp_send(&r, "s", 1);
	while (rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O')
		;
	printf("# the stop is %.3s\n", r.packet);
	set(&r, &regs, "esp", "00800000");
	set(&r, &regs, "eip", "02100000");
	RSP_STOPS(&r, "s", 0x1003, "T05");
	RSP_STOPS(&r, "s", 0x1004, "T05");
	rsp_close(&r);
}

/* A far return to an offset of 32 bits, of which kvm_pvm does a part before it gives up. */
static void a_step_that_fails_leaves_the_guest_where_it_was(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	RSP_IS(&r, "OK", "M1000,2:66cb"); /* lretl */
	RSP_IS(&r, "OK", "M8000,8:4523010000200000");
	RSP_IS(&r, "OK", "P4=00800000");
	RSP_IS(&r, "OK", "P8=00100000");
	rsp_send(&r, "s", 1);
	while (rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O')
		;
	if (strncmp(r.packet, "T04", 3))
		printf("# it does not fail here: %.3s\n", r.packet);
	else
		CHECK_EQ(rsp_pc(r.packet), 0x1000);
	rsp_close(&r);
}

int main(void)
{
	RUN(a_step_of_a_plain_instruction_faults_where_a_run_does);
	RUN(a_step_in_real_mode_heeds_the_descriptors_of_before);
	RUN(a_step_of_an_invalid_instruction_ends_at_the_handlers_first);
	RUN(a_step_of_a_rep_that_faults_leaves_its_count);
	RUN(a_handler_may_be_the_instruction_itself);
	RUN(an_exception_that_is_not_delivered_does_not_come_later);
	RUN(a_step_that_fails_leaves_the_guest_where_it_was);
	return check_done();
}
