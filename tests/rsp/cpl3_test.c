/* Code of CPL 3, which not every KVM steps: then the stop says so. */
#include "rsp_check.h"

#define TO_USER "The guest has run at CPL 3 unseen: "

static uint64_t ring3(const char *name)
{
	return rsp_symbol("ring3", name);
}

/* Stops before the iretq that leads to CPL 3. */
static void go_to_leave(struct rsp *r)
{
	RSP_GO_TO(r, ring3("leave"));
}

/* rip is register 16 of the 64-bit layout. */
static uint64_t rip(struct rsp *r)
{
	return rsp_register(r, 16);
}

/* A step, with the text before its stop. */
static const char *step(struct rsp *r)
{
	static char text[1000];
	size_t n = 0;
	rsp_send(r, "s", 1);
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O')
		for (const char *hex = r->packet + 1; hex[0] && hex[1] && n + 1 < sizeof text;
		        hex += 2)
			text[n++] = (char)rsp_value((char[]) { hex[0], hex[1], 0 });
	text[n] = 0;
	if (strncmp(r->packet, "T05", 3))
		CHECK_FAIL("%s: %s", r->packet, text);
	return text;
}

static void a_step_to_cpl_3_is_one_or_says_that_it_is_none(void)
{
	struct rsp r;
	bool is_stepped = rsp_can("cpl3_steps", "long64");
	RSP_OPEN(&r, RSP_UNIX, "ring3", "--mode", "long", "--load", "0x100000", NULL);
	go_to_leave(&r);
	const char *text = step(&r);
	if (is_stepped) {
		CHECK_STR(text, "");
		CHECK_EQ(rip(&r), ring3("user"));
		CHECK_STR(step(&r), "");
		CHECK_EQ(rip(&r), ring3("second"));
	} else {
		CHECK(!strncmp(text, TO_USER, strlen(TO_USER)));
		CHECK_EQ(rip(&r), ring3("on_gp"));
		CHECK(strstr(rsp_monitor(&r, "info breakpoints"), "stops at none of them") != NULL);
		go_to_leave(&r);
		CHECK_STR(step(&r), ""); /* once is enough */
	}
	rsp_close(&r);
}

/* The iretq itself faults: nothing has run at CPL 3. */
static void an_iret_that_faults_is_none(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "ring3", "--mode", "long", "--load", "0x100000", NULL);
	go_to_leave(&r);
	uint64_t rsp = rsp_register(&r, 7);
	RSP_IS(&r, "OK", "M%" PRIx64 ",8:0b00000000000000", rsp + 8); /* CS 8 with RPL 3 */
	CHECK_STR(step(&r), "");
	CHECK_EQ(rip(&r), ring3("on_gp"));
	rsp_close(&r);
}

/* Where it is not stepped, code of CPL 3 that never ends is interrupted, and the guest goes on from there. */
static void interrupt_step(struct rsp *r)
{
	uint64_t user = ring3("user"), second = ring3("second");
	bool is_stepped = rsp_can("cpl3_steps", "long64");
	go_to_leave(r);
	RSP_IS(r, "OK", "M%" PRIx64 ",2:ebfe", second); /* jmp to itself */
	rsp_send(r, "s", 1);
	rsp_send_raw(r, "\x03", 1);
	CHECK(rsp_receive(r, RSP_WAIT_MS));
	while (r->packet[0] == 'O' && rsp_receive(r, RSP_WAIT_MS))
		;
	CHECK(!strncmp(r->packet, "T0", 2));
	rsp_ask(r, "?");      /* which forgets a 0x03 that has come too late */
	uint64_t at = rip(r); /* the 0x03 may have come before the step */
	CHECK(at == ring3("leave") || at == user || (!is_stepped && at == second));
	RSP_IS(r, "OK", "M%" PRIx64 ",2:48ff", second);
}

/* The first step of a stepvm probes KVM first: the 0x03 comes before the step has begun, more often than in it. */
static void a_step_that_does_not_end_is_interrupted(void)
{
	struct rsp r;
	for (unsigned i = 0; i < 10; i++) {
		RSP_OPEN(&r, RSP_UNIX, "ring3", "--mode", "long", "--load", "0x100000", NULL);
		interrupt_step(&r);
		interrupt_step(&r);
		go_to_leave(&r);
		rsp_close(&r);
	}
}

/* A free run of KVM that is at CPL 3 says what it can't promise. */
static void a_run_at_cpl_3_meets_breakpoints_or_says_that_it_does_not(void)
{
	struct rsp r;
	bool is_met = rsp_fact("cpl3_breakpoints", "long64") == 'y';
	RSP_OPEN(&r, RSP_UNIX, "ring3", "--mode", "long", "--load", "0x100000", "--engine", "kvm",
	        NULL);
	go_to_leave(&r);
	RSP_IS(&r, "OK", "M%" PRIx64 ",2:ebfe", ring3("second")); /* jmp to itself */
	RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", ring3("user"));
	rsp_send(&r, "c", 1);
	if (is_met) {
		CHECK(rsp_receive(&r, RSP_WAIT_MS));
		CHECK(!strncmp(r.packet, "T05", 3));
		CHECK_EQ(rip(&r), ring3("user"));
	} else {
		/* A 0x03 that comes before the guest is there finds nothing to say, so each waits longer. */
		bool is_said = false;
		for (int ms = 0; ms < 300 && !is_said; ms++) {
			if (ms)
				rsp_send(&r, "c", 1);
			CHECK(!rsp_receive(&r, ms)); /* it stops at nothing */
			rsp_send_raw(&r, "\x03", 1);
			while (rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O')
				is_said |= strstr(r.packet, "43504c2033") != NULL; /* CPL 3 */
		}
		CHECK(is_said);
		/* Nor does a step there harm the guest, which has no handler for #DB. */
		CHECK_EQ(rip(&r), ring3("second"));
		rsp_send(&r, "s", 1);
		CHECK(!rsp_receive(&r, 20));
		rsp_send_raw(&r, "\x03", 1);
		while (rsp_receive(&r, RSP_WAIT_MS) && r.packet[0] == 'O')
			;
		CHECK(!strncmp(r.packet, "T02", 3));
		CHECK_EQ(rip(&r), ring3("second"));
		CHECK(strstr(rsp_monitor(&r, "info breakpoints"), "stops at none of them") != NULL);
	}
	rsp_close(&r);
}

/* ... also where the guest ends there, freely or by steps: with more breakpoints than there are debug registers. */
static void an_end_at_cpl_3_says_so_too(void)
{
	struct rsp r;
	bool is_met = rsp_fact("cpl3_breakpoints", "long64") == 'y';
	for (unsigned others = 0; others < 6; others += 5) {
		RSP_OPEN(&r, RSP_UNIX, "ring3", "--mode", "long", "--load", "0x100000", "--engine",
		        "kvm", NULL);
		go_to_leave(&r);
		RSP_IS(&r, "OK", "M%" PRIx64 ",4:b000e6f4",
		        ring3("second")); /* out of 0 to port f4 */
		RSP_IS(&r, "OK", "M%" PRIx64 ",2:0230", rsp_register(&r, 7) + 16); /* IOPL 3 */
		for (unsigned i = 0; i < others; i++)
			RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", ring3("start") + i);
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", ring3("user"));
		const char *text = rsp_ask_for_text(&r, "c");
		CHECK(!strncmp(r.packet, is_met ? "T05" : "W01", 3));
		CHECK(is_met || strstr(text, TO_USER));
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(a_step_to_cpl_3_is_one_or_says_that_it_is_none);
	RUN(an_iret_that_faults_is_none);
	RUN(a_step_that_does_not_end_is_interrupted);
	RUN(a_run_at_cpl_3_meets_breakpoints_or_says_that_it_does_not);
	RUN(an_end_at_cpl_3_says_so_too);
	return check_done();
}
