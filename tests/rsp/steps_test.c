/* One step is one instruction: over port I/O, repeated strings, hlt, interrupts and faults. */
#include "rsp_check.h"

#define INSNS_MAX 400

/* What objdump makes of a guest's code. */
struct insn {
	unsigned gva, len;
	char text[64];
};
struct listing {
	unsigned count;
	struct insn all[INSNS_MAX];
};

/* "    7c00:\tea 05 7c 00 00       \tljmp   $0x0,$0x7c05" */
static bool take_line(const char *line, struct insn *i)
{
	const char *bytes = strchr(line, '\t'), *text = bytes ? strchr(bytes + 1, '\t') : NULL;
	if (!text || sscanf(line, " %x:", &i->gva) != 1)
		return false;
	i->len = 0;
	for (const char *c = bytes + 1; c < text && *c != ' '; c += 3)
		i->len++;
	snprintf(i->text, sizeof i->text, "%.*s", (int)strcspn(text + 1, "\n"), text + 1);
	return true;
}

static bool list(struct listing *l, const char *guest)
{
	char line[600];
	l->count = 0;
	snprintf(line, sizeof line, "objdump -d -m i8086 --insn-width=16 '%s/%s.elf'",
	        rsp_env("GUESTS"), guest);
	FILE *objdump = popen(line, "r");
	while (objdump && fgets(line, sizeof line, objdump) && l->count < INSNS_MAX)
		l->count += take_line(line, &l->all[l->count]);
	if (objdump)
		pclose(objdump);
	CHECK(l->count > 3);
	return l->count > 3;
}

static const struct insn *insn_at(const struct listing *l, uint64_t gva)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->all[i].gva == gva)
			return &l->all[i];
	return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strncmp(text, *words, strlen(*words)))
			return true;
	return false;
}

/* Where the instruction can lead: behind itself, to its operand, or nowhere else. */
static bool leads_to(const struct insn *i, uint64_t next)
{
	static const char *const jumps[] = { "j", "call", "loop", NULL };
	static const char *const far_ways[] = { "ljmp", "lcall", "div", "ret", "lret", "iret",
		"int", NULL };
	static const char *const always[] = { "jmp", "call", NULL };
	unsigned target = 0;
	const char *operand = strchr(i->text, ' ');
	if (is_one_of(i->text, far_ways))
		return true; /* to some instruction's first byte */
	if (is_one_of(i->text, jumps)) {
		if (!operand || sscanf(operand, " %x", &target) != 1)
			return false;
		return next == target || (!is_one_of(i->text, always) && next == i->gva + i->len);
	}
	return next == i->gva + i->len || (strstr(i->text, "rep") && next == i->gva);
}

/* Steps until the guest halts or so many steps are done. Returns how many. */
static unsigned follow(struct rsp *r, const struct listing *l, unsigned steps)
{
	uint64_t pc = rsp_pc(rsp_ask(r, "?"));
	for (unsigned n = 0; n < steps; n++) {
		const struct insn *i = insn_at(l, pc);
		if (!i) {
			CHECK_FAIL("step %u: 0x%" PRIx64 " is no instruction's start", n, pc);
			return n;
		}
		if (!strncmp(i->text, "hlt", 3))
			return n;
		uint64_t next = rsp_pc(rsp_ask(r, "s"));
		if (strncmp(r->packet, "T05", 3) || !leads_to(i, next)) {
			CHECK_FAIL("step %u: from 0x%" PRIx64 " (%s) to 0x%" PRIx64 ": %.80s", n,
			        pc, i->text, next, r->packet);
			return n;
		}
		pc = next;
	}
	return steps;
}

static void a_thousand_steps_over_port_io_visit_instruction_starts(void)
{
	struct listing l;
	struct rsp r;
	if (!list(&l, "ports"))
		return;
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	CHECK_EQ(follow(&r, &l, 1000), 1000);
	RSP_BEGINS(&r, "T00", "c"); /* and it has not noticed */
	CHECK_STR(rsp_output(&r), "ports ok\n");
	rsp_close(&r);
}

static void guests_run_to_their_end_by_steps(void)
{
	static const struct {
		const char *guest, *says;
	} rows[] = { { "hello", "HELLO\n" }, { "smc", "smc ok\n" }, { "ivt", "ivt ok\n" } };
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct listing l;
		struct rsp r;
		if (!list(&l, rows[k].guest))
			return;
		RSP_OPEN(&r, RSP_TCP, rows[k].guest, NULL);
		if (!strcmp(rows[k].guest, "smc")) /* its listing is not what it runs */
			while (check_case_ok && insn_at(&l, rsp_pc(rsp_ask(&r, "s"))) &&
			        strncmp(insn_at(&l, rsp_pc(r.packet))->text, "hlt", 3))
				;
		else
			CHECK(follow(&r, &l, 1000) < 1000);
		CHECK_STR(rsp_output(&r), rows[k].says);
		rsp_close(&r);
	}
}

/* Registers, ip and the lines that came out agree after each step. */
static void each_step_of_counter_has_its_effect_and_no_other(void)
{
	struct rsp r;
	char wanted[2000] = "";
	RSP_OPEN(&r, RSP_UNIX, "counter", NULL);
	RSP_STOPS(&r, "s", 2, "T05");
	for (unsigned i = 0; i < 40 && check_case_ok; i++) {
		CHECK_STR(rsp_output(&r), wanted);
		CHECK_EQ(rsp_register(&r, 0), i);
		snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted),
		        "IO port: 10, data: %x\n", i);
		RSP_STOPS(&r, "s", 4, "T05"); /* out */
		CHECK_STR(rsp_output(&r), wanted);
		CHECK_EQ(rsp_register(&r, 0), i);
		RSP_STOPS(&r, "s", 5, "T05"); /* inc */
		CHECK_EQ(rsp_register(&r, 0), i + 1);
		RSP_STOPS(&r, "s", 2, "T05"); /* jmp */
	}
	rsp_close(&r);
}

/* Far from code that is at 0: CS is 0x1000, and eip is linear. */
static void a_code_segment_with_a_base_makes_no_difference(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", "--load", "0x10000", "--entry", "1000:0", NULL);
	CHECK_EQ(rsp_pc(rsp_ask(&r, "?")), 0x10000);
	RSP_STOPS(&r, "s", 0x10002, "T05");
	RSP_STOPS(&r, "s", 0x10004, "T05");
	CHECK_STR(rsp_output(&r), "IO port: 10, data: 0\n");
	rsp_close(&r);
}

/* Each step of a rep does some of it, at least one element, and shows the count that is left. */
static void repeated_strings_are_stepped_within(void)
{
	struct rsp r;
	uint64_t copy, pc;
	struct listing l;
	if (!list(&l, "segments"))
		return;
	RSP_OPEN(&r, RSP_UNIX, "segments", NULL);
	pc = rsp_pc(rsp_ask(&r, "?"));
	for (int i = 0; i < 40 && insn_at(&l, pc) && !strstr(insn_at(&l, pc)->text, "rep"); i++)
		pc = rsp_pc(rsp_ask(&r, "s"));
	copy = pc;
	CHECK(insn_at(&l, pc) && strstr(insn_at(&l, pc)->text, "rep movs"));
	uint64_t count = rsp_register(&r, 1), steps = 0;
	CHECK(count > 4);
	uint64_t total = count, si = rsp_register(&r, 6), left = count;
	while (left && check_case_ok) {
		pc = rsp_pc(rsp_ask(&r, "s"));
		left = rsp_register(&r, 1);
		CHECK(left < count);
		CHECK_EQ(rsp_register(&r, 6), si + total - left);
		CHECK_EQ(rsp_register(&r, 7), total - left);
		if (left)
			CHECK_EQ(pc, copy);
		count = left;
		steps++;
	}
	CHECK_EQ(steps, total); /* movs leaves the guest nowhere else: one a step */
	CHECK_EQ(pc, copy + insn_at(&l, copy)->len);
	CHECK(!(rsp_register(&r, 9) & 0x10000)); /* RF, of a rep under way */
	rsp_close(&r);
}

static void ask_monitor(struct rsp *r, const char *command)
{
	char hex[100];
	for (size_t i = 0; command[i] && 2 * i + 2 < sizeof hex; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)command[i]);
	RSP_IS(r, "OK", "qRcmd,%s", hex);
}

/* cld; mov cx, 3000; rep stosb; nop; hlt, at 0x8000: 3000 iterations in a step, or one. */
static void a_step_does_a_whole_rep_when_it_is_to(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
	RSP_IS(&r, "OK", "M8000,8:fcb9b80bf3aa90f4");
	RSP_IS(&r, "OK", "P8=00800000");
	RSP_IS(&r, "OK", "P7=00000000");
	ask_monitor(&r, "step-rep whole");
	RSP_STOPS(&r, "s", 0x8001, "T05");
	RSP_STOPS(&r, "s", 0x8004, "T05");
	RSP_IS(&r, "OK", "P0=41000000");
	RSP_IS(&r, "OK", "Pd=00100000"); /* es = 0x1000: away from the code */
	RSP_IS(&r, "OK", "Z2,10100,1");
	RSP_STOPS(&r, "s", 0x8004, "T05thread:1;watch:10100;");
	CHECK_EQ(rsp_register(&r, 1), 3000 - 0x101);
	RSP_IS(&r, "OK", "z2,10100,1");
	RSP_STOPS(&r, "s", 0x8006, "T05");
	CHECK_EQ(rsp_register(&r, 1), 0);
	RSP_IS(&r, "41", "m%x,1", 0x10000 + 2999);
	RSP_IS(&r, "00", "m%x,1", 0x10000 + 3000);
	ask_monitor(&r, "step-rep one");
	RSP_IS(&r, "OK", "P1=05000000");
	RSP_IS(&r, "OK", "P8=04800000");
	RSP_STOPS(&r, "s", 0x8004, "T05");
	CHECK_EQ(rsp_register(&r, 1), 4);
	rsp_close(&r);
}

static void hlt_halts_and_says_so(void)
{
	struct rsp r;
	uint64_t halt = rsp_symbol("hello", "halt");
	for (int is_step = 0; is_step < 2; is_step++) {
		RSP_OPEN(&r, RSP_UNIX, "hello", NULL);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", halt);
		RSP_STOPS(&r, "c", halt, "T05");
		RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", halt);
		CHECK_STR(rsp_output(&r), "HELLO\n");
		rsp_send(&r, is_step ? "s" : "c", 1);
		CHECK(rsp_receive(&r, RSP_WAIT_MS));
		CHECK(r.packet[0] == 'O' && strlen(r.packet) > 20); /* a sentence, and then */
		CHECK(!strncmp(rsp_reply(&r), is_step ? "T05" : "T00", 3));
		CHECK_EQ(rsp_pc(r.packet), halt + 1);
		RSP_STOPS(&r, "s", 0, "T05"); /* it can go on: jmp start */
		CHECK_STR(rsp_output(&r), "HELLO\n");
		RSP_STOPS(&r, "c", halt + 1, "T00");
		CHECK_STR(rsp_output(&r), "HELLO\nHELLO\n");
		rsp_close(&r);
	}
}

/* Three words on the stack: ip, cs, flags. */
static void check_frame(struct rsp *r, uint64_t ip, uint64_t flags)
{
	char top[20];
	snprintf(top, sizeof top, "%s", rsp_ask(r, "m%" PRIx64 ",6", rsp_register(r, 4)));
	CHECK_EQ(rsp_value(top), ip | (flags & 0xffff) << 32);
	CHECK(!(rsp_value(top) >> 32 & 0x100)); /* TF: the step's own, never the guest's */
}

static void a_step_of_int_ends_at_the_handlers_first_instruction(void)
{
	struct rsp r;
	struct listing l;
	uint64_t on_call = rsp_symbol("ivt", "on_call"), pc;
	unsigned calls = 0;
	if (!list(&l, "ivt"))
		return;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	pc = rsp_pc(rsp_ask(&r, "?"));
	for (int i = 0; i < 40 && calls < 3 && check_case_ok; i++) {
		const struct insn *at = insn_at(&l, pc);
		uint64_t flags = rsp_register(&r, 9);
		pc = rsp_pc(rsp_ask(&r, "s"));
		if (!at || strncmp(at->text, "int", 3))
			continue;
		CHECK_EQ(pc, on_call);
		check_frame(&r, at->gva + at->len, flags);
		RSP_BEGINS(&r, "T05", "s");                   /* incw */
		RSP_STOPS(&r, "s", at->gva + at->len, "T05"); /* iret */
		CHECK(!(rsp_register(&r, 9) & 0x100));
		pc = at->gva + at->len;
		calls++;
	}
	CHECK_EQ(calls, 3);
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "ivt ok\n");
	rsp_close(&r);
}

/* In real mode, from a stack that wraps around, too: int n at 0x8000 with its own handler, far off. */
static void an_int_of_any_number_comes_to_its_handler(void)
{
	static const char *const stacks[] = { "00700000", "01700000", "00000000", "06000000" };
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "Pb=00300000"); /* ss */
	RSP_IS(&r, "OK", "M52340,3:9090cf");
	for (unsigned n = 0; n < 256; n++) {
		const char *stack = stacks[n % 4];
		uint64_t sp = (rsp_value(stack) - 6) & 0xffff;
		RSP_IS(&r, "OK", "M%x,4:40230050", 4 * n);
		RSP_IS(&r, "OK", "M8000,3:cd%02x90", n);
		RSP_IS(&r, "OK", "P4=%s", stack);
		RSP_IS(&r, "OK", "P9=%s", n % 3 ? "020a0000" : "020c0000"); /* IF or DF */
		RSP_IS(&r, "OK", "Pa=00000000");
		RSP_IS(&r, "OK", "P8=00800000");
		RSP_STOPS(&r, "s", 0x52340, "T05");
		RSP_IS(&r, n % 3 ? "02800000020a" : "02800000020c", "m%" PRIx64 ",6", 0x30000 + sp);
		CHECK_EQ(rsp_register(&r, 4), sp);
		CHECK_EQ(rsp_register(&r, 9), n % 3 ? 0x802 : 0xc02);
		RSP_IS(&r, "00500000", "pa");
		RSP_STOPS(&r, "s", 0x52341, "T05");
		RSP_STOPS(&r, "s", 0x52342, "T05");
		RSP_STOPS(&r, "s", 0x8002, "T05"); /* iret */
	}
	rsp_close(&r);
}

/* Nor does kvm_pvm do one of 80h and above in a free run. */
static void an_int_of_any_number_is_done_in_a_run(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	RSP_IS(&r, "OK", "M1fc,10:00900000009000000090000000900000"); /* 7fh to 82h */
	RSP_IS(&r, "OK", "M9000,3:4090cf");                           /* inc ax; nop; iret */
	RSP_IS(&r, "OK", "M8000,9:cd7fcd80cd81cd8290");
	RSP_IS(&r, "OK", "P0=00000000");
	RSP_IS(&r, "OK", "P8=00800000");
	RSP_IS(&r, "OK", "Z1,8008,1");
	RSP_STOPS(&r, "c", 0x8008, "T05");
	CHECK_EQ(rsp_register(&r, 0), 4);
	rsp_close(&r);
}

/* With a prefix it is KVM that does int n, and kvm_pvm begins one of 80h and above again for ever. A 0x03 and a
 * SIGTERM are heard meanwhile, and without them the step ends all the same. */
static void a_step_that_is_never_done_is_heard_and_ends(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", "kvm", NULL);
	RSP_IS(&r, "OK", "M200,4:00900000");
	RSP_IS(&r, "OK", "M8000,5:66cd809090");
	RSP_IS(&r, "OK", "P8=00800000");
	rsp_send(&r, "s", 1);
	rsp_send_raw(&r, "\x03", 1);
	rsp_reply(&r);
	rsp_ask(&r, "?"); /* which forgets a 0x03 that has come too late */
	if (rsp_pc(r.packet) == 0x8000 && !strncmp(r.packet, "T02", 3))
		rsp_ask_for_text(&r, "s"); /* the 0x03 may have come before the step */
	if (rsp_pc(r.packet) == 0x9000) {
		rsp_close(&r);
		CHECK_SKIP("this KVM does int n of all numbers");
		return;
	}
	/* Or it has failed before the 0x03 has come. */
	CHECK(!strncmp(r.packet, "T02", 3) || !strncmp(r.packet, "T06", 3));
	CHECK_EQ(rsp_pc(r.packet), 0x8000);
	CHECK(strstr(rsp_ask_for_text(&r, "s"), "again and again, and never gets it done") != NULL);
	CHECK_EQ(rsp_pc(r.packet), 0x8000);
	RSP_IS(&r, "OK", "P8=03800000");
	RSP_STOPS(&r, "s", 0x8004, "T05");
	RSP_IS(&r, "OK", "P8=00800000");
	rsp_send(&r, "s", 1);
	kill(r.pid, SIGTERM);
	CHECK(rsp_wait_exit(&r) != 0);
	rsp_close(&r);
}

static void a_step_of_a_fault_ends_at_the_handlers_first_instruction(void)
{
	static const char *const names[] = { "divide_by_zero", "divide_overflow" };
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ivt", NULL);
	for (size_t i = 0; i < 2; i++) {
		uint64_t div = rsp_symbol("ivt", names[i]);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", div);
		RSP_STOPS(&r, "c", div, "T05");
		RSP_IS(&r, "OK", "z0,%" PRIx64 ",1", div);
		uint64_t flags = rsp_register(&r, 9);
		RSP_STOPS(&r, "s", rsp_symbol("ivt", "on_divide"), "T05");
		check_frame(&r, div, flags);
	}
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "ivt ok\n");
	rsp_close(&r);
}

static void an_mmio_access_is_one_step(void)
{
	struct rsp r;
	struct listing l;
	if (!list(&l, "mmio"))
		return;
	RSP_OPEN(&r, RSP_UNIX, "mmio", "--memory", "640K", NULL);
	CHECK(follow(&r, &l, 2000) < 2000);
	CHECK_STR(rsp_output(&r), "mmio ok\n");
	rsp_close(&r);
}

/* The text of an O packet. */
static const char *text_of(const char *packet)
{
	static char text[1000];
	size_t n = 0;
	for (const char *at = packet + 1; at[0] && at[1] && n < sizeof text - 1; at += 2)
		text[n++] = (char)(rsp_value((const char[]) { at[0], at[1], 0 }));
	text[n] = 0;
	return text;
}

/* Free, stepped, and with a catchpoint that has all of it stepped. Where this KVM loses the
 * registers in a free run, the sentence says so. */
static void a_triple_fault_stops_with_a_sentence(void)
{
	bool is_lost = !rsp_can("shutdown_keeps_registers", "prot32");
	enum { FREE, STEPPED, CAUGHT };
	for (int way = FREE; way <= CAUGHT; way++) {
		struct rsp r;
		uint64_t fatal = rsp_symbol("triple", "fatal");
		RSP_OPEN(&r, RSP_UNIX, "triple", NULL);
		if (way == STEPPED) {
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", fatal);
			RSP_STOPS(&r, "c", fatal, "T05");
		}
		if (way == CAUGHT) /* catch exception */
			RSP_IS(&r, "OK", "qRcmd,636174636820657863657074696f6e");
		rsp_send(&r, way == STEPPED ? "s" : "c", 1);
		CHECK(rsp_receive(&r, RSP_WAIT_MS));
		const char *said = text_of(r.packet), *wanted = "shut down at 0008:00007c41";
		if (way == FREE && is_lost)
			wanted = "the registers of that moment are lost";
		CHECK(!strncmp(said, "Triple fault: ", 14) && strstr(said, wanted));
		CHECK(!strncmp(rsp_reply(&r), "T0b", 3));
		if (way != FREE || !is_lost)
			CHECK_EQ(rsp_pc(r.packet), fatal);
		RSP_BEGINS(&r, "T0b", "?"); /* and stays there to be looked at */
		CHECK(strlen(rsp_ask(&r, "g")) > 100);
		rsp_send(&r, "k", 1);
		CHECK_EQ(rsp_wait_exit(&r), 0);
		rsp_close(&r);
	}
}

/* The first write to it: 'H', 0x48, is the status 0x91. */
static void the_exit_port_ends_with_its_status(void)
{
	static const char *const requests[] = { "c", "vCont;c:p1.-1", "s" };
	for (size_t i = 0; i < 3; i++) {
		struct rsp r;
		RSP_OPEN(&r, rsp_transports[i], "hello", "--port", "0xf1=exit", NULL);
		if (i == 2)
			RSP_STOPS(&r, "s", 2, "T05");
		RSP_IS(&r, "W91", "%s", requests[i]);
		CHECK_EQ(rsp_wait_exit(&r), 0x91);
		rsp_close(&r);
	}
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "counter", "--port", "0x10=exit", NULL);
	RSP_BEGINS(&r, "PacketSize", "qSupported:multiprocess+");
	RSP_IS(&r, "W01;process:1", "c");
	CHECK_EQ(rsp_wait_exit(&r), 1);
	rsp_close(&r);
}

int main(void)
{
	RUN(a_thousand_steps_over_port_io_visit_instruction_starts);
	RUN(guests_run_to_their_end_by_steps);
	RUN(each_step_of_counter_has_its_effect_and_no_other);
	RUN(a_code_segment_with_a_base_makes_no_difference);
	RUN(repeated_strings_are_stepped_within);
	RUN(a_step_does_a_whole_rep_when_it_is_to);
	RUN(hlt_halts_and_says_so);
	RUN(a_step_of_int_ends_at_the_handlers_first_instruction);
	RUN(an_int_of_any_number_comes_to_its_handler);
	RUN(an_int_of_any_number_is_done_in_a_run);
	RUN(a_step_that_is_never_done_is_heard_and_ends);
	RUN(a_step_of_a_fault_ends_at_the_handlers_first_instruction);
	RUN(an_mmio_access_is_one_step);
	RUN(a_triple_fault_stops_with_a_sentence);
	RUN(the_exit_port_ends_with_its_status);
	return check_done();
}
