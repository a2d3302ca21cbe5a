/* savevm and loadvm on real guests: the machine is what it was, to the last bit that can be asked
 * for, and goes on from there as it did before. */
#include "rsp_check.h"

static void say_is(struct rsp *r, int line, const char *command, const char *wanted)
{
	const char *said = rsp_monitor(r, command);
	if (!strncmp(said, wanted, strlen(wanted)))
		return;
	check_case_ok = false;
	printf("# line %d: monitor %s: %.200s, wanted %s...\n", line, command, said, wanted);
}
#define MONITOR(r, command, wanted) say_is(r, __LINE__, command, wanted)

/* --- all that can be asked for, as lines ------------------------------------------------------ */

static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3; /* FNV-1a */
	return hash;
}
#define HASH 0xcbf29ce484222325

#define MEMORY 0x30000 /* of the guests used here: code, data, stacks, page tables */

struct state {
	char lines[0x10000];
};

static void put(struct state *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct state *s, const char *format, ...)
{
	size_t len = strlen(s->lines);
	va_list args;
	va_start(args, format);
	vsnprintf(s->lines + len, sizeof s->lines - len, format, args);
	va_end(args);
}

static void read_state(struct rsp *r, struct state *s)
{
	static struct rsp_registers regs;
	s->lines[0] = 0;
	rsp_read_registers(r, &regs);
	for (unsigned i = 0; i < regs.count; i++)
		put(s, "%s %s\n", regs.all[i].name, rsp_ask(r, "p%x", i));
	RSP_IS(r, "OK", "Qqemu.PhyMemMode:1");
	for (unsigned gpa = 0; gpa < MEMORY; gpa += 0x1000)
		put(s, "page 0x%x %" PRIx64 "\n", gpa, add_text(HASH, rsp_ask(r, "m%x,1000", gpa)));
	RSP_IS(r, "OK", "Qqemu.PhyMemMode:0");
	put(s, "%s", rsp_monitor(r, "info pic"));
	put(s, "%s", rsp_monitor(r, "info pit"));
	put(s, "log %" PRIx64 "\n", add_text(HASH, rsp_monitor(r, "log 256")));
}

static void check_state(const struct state *is, const struct state *wanted, int line)
{
	const char *a = is->lines, *b = wanted->lines;
	CHECK(strlen(a) > 2000);
	while (*a && *b) {
		int n = (int)strcspn(a, "\n"), m = (int)strcspn(b, "\n");
		if (n != m || memcmp(a, b, (size_t)n)) {
			check_case_ok = false;
			printf("# line %d: %.*s, wanted %.*s\n", line, n, a, m, b);
		}
		a += n + (a[n] != 0);
		b += m + (b[m] != 0);
	}
}

/* Here, then after so many steps, and everything that is seen on the way. */
struct walk {
	struct state begin, end;
	uint64_t steps;
};

static void walk(struct rsp *r, unsigned steps, struct walk *w)
{
	read_state(r, &w->begin);
	w->steps = HASH;
	for (unsigned i = 0; i < steps; i++) {
		w->steps = add_text(w->steps, rsp_ask(r, "s"));
		w->steps = add_text(w->steps, rsp_ask(r, "g"));
	}
	read_state(r, &w->end);
}

static void walk_again(struct rsp *r, unsigned steps, const struct walk *first, int line)
{
	static struct walk again;
	MONITOR(r, "loadvm here", "Loaded here: ");
	walk(r, steps, &again);
	check_state(&again.begin, &first->begin, line);
	check_state(&again.end, &first->end, line);
	CHECK_EQ(again.steps, first->steps);
}

/* From here on, from the snapshot of here, and once more with another guest in between. */
static void check_walk(struct rsp *r, unsigned steps, int line)
{
	static struct walk first;
	MONITOR(r, "savevm here", "Saved here: ");
	walk(r, steps, &first);
	walk_again(r, steps, &first, line);
	MONITOR(r, "reset", "The guest is at its first");
	RSP_BEGINS(r, "T05", "s");
	walk_again(r, steps, &first, line);
}
#define CHECK_WALK(r, steps) check_walk(r, steps, __LINE__)

static void stop_at(struct rsp *r, const char *guest, const char *name)
{
	RSP_GO_TO(r, rsp_symbol(guest, name));
}

/* --- cases ------------------------------------------------------------------------------------ */

static void the_same_steps_in_real_mode(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	CHECK_WALK(&r, 60);
	stop_at(&r, "ports", "round");
	CHECK_WALK(&r, 200);
	rsp_close(&r);
}

/* Interrupts come into the steps; the first is held up by the sti that the snapshot is taken
 * after. */
static void the_same_steps_with_the_timer(void)
{
	struct rsp r;
	uint64_t work = rsp_symbol("timer", "work"), on_tick = rsp_symbol("timer", "on_tick");
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "timer", "start_count");
	RSP_IS(&r, "OK", "P0=c8000000"); /* a tick in 200 clocks, 168 us */
	stop_at(&r, "timer", "go");
	for (unsigned i = 0; i < 200; i++) {
		RSP_IS(&r, "OK", "P8=%08x",
		        __builtin_bswap32((uint32_t)rsp_symbol("timer", "start")));
		RSP_BEGINS(&r, "T05", "s"); /* time goes on */
	}
	RSP_IS(&r, "OK", "P8=%08x", __builtin_bswap32((uint32_t)rsp_symbol("timer", "go")));
	MONITOR(&r, "step-interrupts on", "");
	RSP_STOPS(&r, "s", work, "T05");
	CHECK(strstr(rsp_monitor(&r, "info pic"), "an interrupt waits"));
	MONITOR(&r, "savevm shadow", "Saved shadow: ");
	uint64_t seen[2][2];
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 2; k++) {
			RSP_BEGINS(&r, "T05", "s");
			seen[i][k] = rsp_register(&r, 8);
		}
		MONITOR(&r, "loadvm shadow", "Loaded shadow: ");
		CHECK_EQ(rsp_register(&r, 8), work);
	}
	CHECK_EQ(seen[1][0], seen[0][0]);
	CHECK_EQ(seen[1][1], seen[0][1]);
	/* After the instruction that sti holds it up for, or, on kvm_intel, whose single-step
	 * forgets about the sti, before it. */
	CHECK(seen[0][0] == on_tick || seen[0][1] == on_tick);
	CHECK_WALK(&r, 600);
	CHECK(strlen(rsp_output(&r)) > 3);
	rsp_close(&r);
}

/* mov $0x3fc,%dx; mov $0x10,%al; out %al,(%dx)	loopback
 * mov $0x3fa,%dx; mov $1,%al; out %al,(%dx)	FIFOs
 * mov $0x500,%di; mov $0x3f8,%dx; mov $'a',%bl
 * 1: mov %bl,%al; out %al,(%dx); out %al,(%dx); inc %bl; in (%dx),%al; stosb; jmp 1b */
static const char uart_code[] = "bafc03b010eebafa03b001eebf0005baf803b36188d8eeeefec3ecaaebf6";

/* Each round leaves a byte more in the receiver's FIFO. */
static void the_same_steps_with_the_uart(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "M0,%zx:%s", strlen(uart_code) / 2, uart_code);
	for (unsigned i = 0; i < 40; i++)
		RSP_BEGINS(&r, "T05", "s");
	CHECK_WALK(&r, 100);
	RSP_BEGINS(&r, "6161626263636464", "m500,8");
	rsp_close(&r);
}

#define THIRD 0x20000 /* where the third of guests/stages.S runs, 32-bit code */

static void the_same_steps_in_protected_and_long_mode(void)
{
	const struct {
		const char *guest;
		uint64_t at;
	} all[] = { { "stages", THIRD }, { "pages", rsp_symbol("pages", "mapped") } };
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, all[i].guest, "--load", "0x7c00", NULL);
		RSP_GO_TO(&r, all[i].at);
		CHECK_WALK(&r, 60);
		rsp_close(&r);
	}
}

/* What no step shows: extended state, debug registers, MSRs. */
static void every_register_comes_back(void)
{
	static const char *const rows[][3] = {
		{ "xmm3", "ff00000000000000000000000000ff00", "01000000000000000000000000000000" },
		{ "st0", "0000000000000080ff3f", "00000000000000c00040" },
		{ "mxcsr", "801e0000", "801f0000" },
		{ "dr0", "34120000", "00000000" },
		{ "dr6", "f10fffff", "f00fffff" },
		{ "cr2", "78560000", "00000000" },
		{ "ds", "34120000", "00000000" },
		{ "idtr", "", "" },
	};
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_read_registers(&r, &regs);
	for (unsigned value = 1; value <= 2; value++) {
		for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
			if (rows[i][value][0])
				RSP_IS(&r, "OK", "P%x=%s", rsp_number_of(&regs, rows[i][0]),
				        rows[i][value]);
		MONITOR(&r, value == 1 ? "msr LSTAR 0x1234" : "msr LSTAR 0", "");
		MONITOR(&r, value == 1 ? "msr PAT 0x0007040600070406" : "msr PAT 0", "");
		if (value == 1) {
			MONITOR(&r, "savevm a", "Saved a: ");
		}
	}
	MONITOR(&r, "loadvm a", "Loaded a: ");
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i][1][0])
			RSP_IS(&r, rows[i][1], "p%x", rsp_number_of(&regs, rows[i][0]));
	MONITOR(&r, "msr LSTAR", "IA32_LSTAR                       0xc0000082 = 0x1234\n");
	MONITOR(&r, "msr PAT", "IA32_PAT                         0x00000277 = 0x7040600070406\n");
	rsp_close(&r);
}

/* Halted it waits, as it did: the breakpoints after the hlt are not come to before the handler. */
static void a_halted_cpu_is_halted_again(void)
{
	struct rsp r;
	uint64_t halted = rsp_symbol("timer", "halted"), on_tick = rsp_symbol("timer", "on_tick");
	RSP_OPEN(&r, RSP_UNIX, "timer", NULL);
	stop_at(&r, "timer", "wait");
	for (unsigned i = 0; i < 5; i++)
		RSP_BEGINS(&r, "T05", "s");
	CHECK_EQ(rsp_pc(r.packet), halted);
	MONITOR(&r, "savevm a", "Saved a: ");
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", halted);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("timer", "wait"));
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", on_tick);
	for (unsigned i = 0; i < 3; i++) {
		RSP_STOPS(&r, "c", on_tick, "T05");
		RSP_BEGINS(&r, "T05", "c");
		MONITOR(&r, i == 1 ? "reset" : "info mode", "");
		MONITOR(&r, "loadvm a", "Loaded a: ");
	}
	rsp_close(&r);
}

/* Planted bytes and guarded pages are the debugger's: they are not in the copy, and stand again in
 * what was loaded. */
static void breakpoints_stay_and_are_no_part_of_it(void)
{
	struct rsp r;
	static char before[2 * 0x80 + 1];
	RSP_OPEN(&r, RSP_UNIX, "stages", "--load", "0x7c00", "--engine", "kvm", NULL);
	RSP_GO_TO(&r, THIRD);
	snprintf(before, sizeof before, "%s", rsp_ask(&r, "m%x,80", THIRD));
	MONITOR(&r, "savevm early", "Saved early: ");
	uint64_t function =
	        THIRD + rsp_symbol("stages", "third_function") - rsp_symbol("stages", "third");
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", function);
	for (unsigned i = 0; i < 8; i++) /* never reached, and more than there are registers */
		RSP_IS(&r, "OK", "Z0,%x,1", THIRD + 0x100 + i);
	uint64_t count = rsp_symbol("stages", "third_count");
	RSP_IS(&r, "OK", "Z2,%" PRIx64 ",4", count);
	RSP_STOPS(&r, "c", function, "T05");
	RSP_BEGINS(&r, "T05", "c"); /* it counts itself */
	CHECK(strstr(r.packet, "watch:"));
	CHECK(strstr(rsp_monitor(&r, "info breakpoints"),
	        rsp_probe("int3_exits") ? "planted byte" : "guarded page"));
	MONITOR(&r, "savevm late", "Saved late: ");
	for (unsigned i = 0; i < 2; i++) {
		MONITOR(&r, "loadvm early", "Loaded early: ");
		RSP_IS(&r, before, "m%x,80", THIRD);
		for (unsigned k = 0; k < 5; k++) {
			RSP_STOPS(&r, "c", function, "T05");
			RSP_BEGINS(&r, "T05", "c");
			CHECK(strstr(r.packet, "watch:"));
		}
		RSP_BEGINS(&r, "T00", "c");
	}
	CHECK_STR(rsp_output(&r), "stages ok\nstages ok\n");
	/* The page that was guarded when the guest came to its end is guarded again. */
	RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", function);
	for (unsigned i = 0; i < 8; i++)
		RSP_IS(&r, "OK", "z0,%x,1", THIRD + 0x100 + i);
	for (unsigned i = 0; i < 2; i++) {
		MONITOR(&r, "loadvm late", "Loaded late: ");
		for (unsigned k = 0; k < 4; k++) {
			RSP_BEGINS(&r, "T05", "c");
			CHECK(strstr(r.packet, "watch:"));
		}
		RSP_BEGINS(&r, "T00", "c");
	}
	/* Without them nothing of theirs is left. */
	RSP_IS(&r, "OK", "z2,%" PRIx64 ",4", count);
	MONITOR(&r, "loadvm late", "Loaded late: ");
	RSP_IS(&r, before, "m%x,80", THIRD);
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "stages ok\nstages ok\nstages ok\nstages ok\nstages ok\n");
	rsp_close(&r);
}

/* A page that was not mapped then is not now: KVM may have made tables of its own since. */
static void page_tables_are_those_of_then(void)
{
	struct rsp r;
	char image[600];
	snprintf(image, sizeof image, "%s/kernel64.elf", rsp_env("GUESTS"));
	if (!rsp_start(&r, RSP_UNIX, image, NULL) || !rsp_connect(&r)) {
		CHECK_FAIL("no start: %s", r.errors);
		rsp_close(&r);
		return;
	}
	MONITOR(&r, "savevm a", "Saved a: ");
	for (unsigned i = 0; i < 3; i++) {
		stop_at(&r, "kernel64", "on_page_fault");
		RSP_BEGINS(&r, "E", "mffff800000001008,8");
		RSP_BEGINS(&r, "T00", "c");                    /* to its end, a hlt */
		RSP_IS(&r, "14000000", "mffff800000001008,4"); /* 20 */
		MONITOR(&r, "loadvm a", "Loaded a: ");
	}
	const char *end = "handled 2, 20! = 2432902008176640000\n", *at = rsp_output(&r);
	for (unsigned i = 0; i < 3; i++) {
		at = strstr(at, end);
		CHECK(at);
		at = at ? at + strlen(end) : "";
	}
	rsp_close(&r);
}

/* A debugger that follows the CPU's modes by exec events has still to be told of a stop: it was one
 * of the guest of before. */
/* 32-bit paging is the engine's alone on some KVMs (kvm_pvm clears CR0.PG): it stays when registers are written, too.
 * At 2000h: mov cr3, eax; mov eax, cr0; or eax, 80000000h; mov cr0, eax; mov eax, [5000h], which is at 6000h. */
static void paging_of_32_bit_code_comes_back(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", "--format", "flat", "--mode", "prot", "--engine",
	        "interp", NULL);
	RSP_IS(&r, "OK", "M2000,13:0f22d80f20c00d000000800f22c0a100500000");
	RSP_IS(&r, "OK", "M3000,4:07400000");
	RSP_IS(&r, "OK", "M4008,8:0720000007300000");
	RSP_IS(&r, "OK", "M4014,4:07600000");
	RSP_IS(&r, "OK", "M6000,4:78563412");
	RSP_IS(&r, "OK", "P0=00300000");
	RSP_IS(&r, "OK", "P8=00200000");
	for (unsigned i = 0; i < 4; i++)
		RSP_BEGINS(&r, "T05", "s");
	RSP_IS(&r, "78563412", "m5000,4");
	MONITOR(&r, "savevm paged", "Saved paged: ");
	RSP_IS(&r, "78563412", "m5000,4");
	MONITOR(&r, "loadvm paged", "Loaded paged: ");
	RSP_IS(&r, "78563412", "m5000,4");
	RSP_IS(&r, "OK", "P1=05000000");
	RSP_IS(&r, "78563412", "m5000,4");
	RSP_BEGINS(&r, "T05", "s");
	CHECK_EQ(rsp_register(&r, 0), 0x12345678);
	CHECK_EQ(rsp_register(&r, 1), 5);
	rsp_close(&r);
}

static void a_stop_of_before_is_not_told(void)
{
	static const char *const ways[] = { "loadvm a", "reset" };
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "modes", NULL);
		RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;exec-events+");
		uint64_t prot32 = rsp_symbol("modes", "prot32");
		rsp_monitor(&r, "savevm a");
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", prot32);
		RSP_BEGINS(&r, "T05thread:1;exec:", "c");
		rsp_monitor(&r, ways[i]);
		RSP_STOPS(&r, "?", 0x7c00, "T05");
		/* Anew, as gdb does: an exec event is a program without breakpoints. */
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", prot32);
		RSP_BEGINS(&r, "T05thread:1;exec:", "c");
		CHECK_EQ(rsp_register(&r, 8), prot32);
		rsp_close(&r);
		RSP_OPEN(&r, RSP_UNIX, "triple", NULL);
		rsp_monitor(&r, "savevm a");
		RSP_BEGINS(&r, "T0b", "c");
		rsp_monitor(&r, ways[i]);
		RSP_BEGINS(&r, "T05", "?");
		rsp_close(&r);
	}
}

static void names_and_bounds(void)
{
	struct rsp r;
	char line[100];
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	MONITOR(&r, "info snapshots", "none");
	MONITOR(&r, "loadvm a", "loadvm a: there is no such snapshot");
	MONITOR(&r, "delvm a", "delvm a: there is no such snapshot");
	MONITOR(&r, "savevm", "savevm: expected a name of 1 to 31");
	MONITOR(&r, "savevm a b", "savevm a b: expected a name of 1 to 31");
	MONITOR(&r, "savevm a\nb", "savevm a\nb: expected a name of 1 to 31");
	MONITOR(&r, "savevm \x1b[2J", "savevm \x1b[2J: expected a name of 1 to 31");
	MONITOR(&r, "savevm 12345678901234567890123456789012", "savevm 123");
	RSP_IS(&r, "OK", "M1000,4:01020304");
	MONITOR(&r, "savevm a", "Saved a: ");
	for (unsigned i = 0; i < 15; i++) {
		snprintf(line, sizeof line, "savevm n%u", i);
		MONITOR(&r, line, "Saved n");
	}
	MONITOR(&r, "savevm b", "savevm b: there are 16 snapshots already");
	/* The same name again takes its place. */
	RSP_IS(&r, "OK", "M1000,4:05060708");
	MONITOR(&r, "savevm a", "Saved a: ");
	RSP_IS(&r, "OK", "M1000,4:00000000");
	MONITOR(&r, "loadvm a", "Loaded a: ");
	RSP_IS(&r, "05060708", "m1000,4");
	MONITOR(&r, "delvm n3", "");
	MONITOR(&r, "savevm b", "Saved b: ");
	CHECK(strstr(rsp_monitor(&r, "info snapshots"), "\nn14 "));
	CHECK(!strstr(rsp_monitor(&r, "info snapshots"), "\nn3 "));
	/* They are there for the next debugger. */
	rsp_disconnect(&r);
	CHECK(rsp_connect(&r));
	MONITOR(&r, "loadvm n0", "Loaded n0: ");
	RSP_IS(&r, "01020304", "m1000,4");
	rsp_close(&r);
}

static void a_running_guest_and_a_dead_one(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "!");
	RSP_BEGINS(&r, "T05", "s");
	RSP_IS(&r, "OK", "M1000,1:01");
	MONITOR(&r, "savevm before", "Saved before: ");
	RSP_IS(&r, "OK", "M1000,1:02");
	RSP_IS(&r, "OK", "D;1");
	MONITOR(&r, "info status", "VM status: running");
	MONITOR(&r, "savevm later", "Saved later: ");
	MONITOR(&r, "loadvm before", "Loaded before: ");
	MONITOR(&r, "info status", "VM status: running");
	RSP_BEGINS(&r, "T02", "vAttach;1");
	RSP_IS(&r, "01", "m1000,1");
	MONITOR(&r, "loadvm later", "Loaded later: ");
	RSP_IS(&r, "02", "m1000,1");
	RSP_BEGINS(&r, "T05", "s");
	RSP_IS(&r, "OK", "vKill;1");
	MONITOR(&r, "savevm dead", "savevm dead: the guest has ended");
	MONITOR(&r, "loadvm later", "loadvm later: the guest has ended");
	RSP_BEGINS(&r, "T05", "vRun;");
	RSP_IS(&r, "00", "m1000,1");
	MONITOR(&r, "loadvm later", "Loaded later: ");
	RSP_IS(&r, "02", "m1000,1");
	RSP_BEGINS(&r, "T05", "s");
	rsp_close(&r);
}

int main(void)
{
	RUN(the_same_steps_in_real_mode);
	RUN(the_same_steps_with_the_timer);
	RUN(the_same_steps_with_the_uart);
	RUN(the_same_steps_in_protected_and_long_mode);
	RUN(every_register_comes_back);
	RUN(a_halted_cpu_is_halted_again);
	RUN(breakpoints_stay_and_are_no_part_of_it);
	RUN(page_tables_are_those_of_then);
	RUN(paging_of_32_bit_code_comes_back);
	RUN(a_stop_of_before_is_not_told);
	RUN(names_and_bounds);
	RUN(a_running_guest_and_a_dead_one);
	return check_done();
}
