/* Each packet by letter, with good, malformed and boundary arguments. */
#include "gdbstub/commands.h"
#include "gdbstub/queries.h"
#include "gdbstub/state.h"
#include "random.h"
#include "session_wire.h"

static void run_rows_and_log(const struct wire_row *rows, size_t count, const char *wanted)
{
	struct wire w;
	wire_open(&w);
	for (size_t i = 0; i < count; i++) {
		const char *reply = wire_ask(&w, rows[i].packet);
		if (strcmp(reply, rows[i].reply))
			CHECK_FAIL("%s -> %.200s, wanted %s", rows[i].packet, reply, rows[i].reply);
	}
	CHECK_STR(w.fake.log, wanted);
	wire_close(&w);
}
#define RUN_ROWS_AND_LOG(rows, wanted) run_rows_and_log(rows, sizeof rows / sizeof *rows, wanted)

static void registers_are_read_and_written_one_by_one(void)
{
	static const struct wire_row rows[] = {
		{ "p0", "01112131" }, { "p00", "01112131" }, { "p", "E22" }, { "px", "E22" },
		{ "p0,", "E22" }, { "pff", "E22" }, { "pffffffffffffffff", "E22" },
		{ "p10000000000000000", "E22" }, { "p-1", "E22" }, { "P0=78563412", "OK" },
		{ "P0=7856341", "E22" }, { "P0=785634122", "E22" }, { "P0=7856341200", "E22" },
		{ "P0=xxxxxxxx", "E22" }, { "P0", "E22" }, { "P0=", "E22" },
		{ "P=00000000", "E22" }, { "Pff=00000000", "E22" },
		{ "Pa=08000100", "E.cs has 16 bits" }, /* cs is the eleventh */
	};
	WIRE_CHECK_ROWS(rows);
}

/* In each layout, from the number after the last on, an error. */
static void every_register_reads_back_what_was_written(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct wire w;
		wire_open(&w);
		w.fake.layout = layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		for (unsigned n = 0;; n++) {
			char packet[120], value[80];
			snprintf(packet, sizeof packet, "p%x", n);
			snprintf(value, sizeof value, "%s", wire_ask(&w, packet));
			if (!strcmp(value, "E22")) {
				CHECK(n > 50);
				break;
			}
			for (unsigned i = 0; i < 4; i++) /* two bytes: every register has them */
				value[i] = value[i] == 'f' ? '0' : 'f';
			snprintf(packet, sizeof packet, "P%x=%s", n, value);
			CHECK_STR(wire_ask(&w, packet), "OK");
			snprintf(packet, sizeof packet, "p%x", n);
			CHECK_STR(wire_ask(&w, packet), value);
		}
		wire_close(&w);
	}
}

static void all_registers_are_read_and_written_at_once(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct wire w;
		struct features f;
		unsigned digits = 0;
		wire_open(&w);
		w.fake.layout = layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		features_open(&f, layout, &w.fake.target);
		for (unsigned i = 0; i < f.in_g; i++)
			digits += 2u * f.registers[i].size;
		char *packet = calloc(1, digits + 4);
		packet[0] = 'G';
		strcpy(packet + 1, wire_ask(&w, "g"));
		CHECK_EQ(strlen(packet + 1), digits);
		CHECK_STR(wire_ask(&w, packet), "OK");
		CHECK_STR(w.fake.log, ""); /* nothing changed: nothing is written */
		packet[1] = '7';
		CHECK_STR(wire_ask(&w, packet), "OK");
		CHECK_STR(w.fake.log, "write rax of 0\n");
		CHECK_STR(wire_ask(&w, "g"), packet + 1);
		memset(packet + 1, 'x', digits); /* xx: keep it */
		CHECK_STR(wire_ask(&w, packet), "OK");
		packet[digits] = 'g';
		CHECK_STR(wire_ask(&w, packet), "E22");
		packet[digits] = 0;
		CHECK_STR(wire_ask(&w, packet), "E22");
		strcpy(packet + digits, "000");
		CHECK_STR(wire_ask(&w, packet), "E22");
		CHECK_STR(wire_ask(&w, "G"), "E22");
		free(packet);
		features_close(&f);
		wire_close(&w);
	}
}

static void a_register_that_cannot_be_read_is_xx(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.unreadable = "rax";
	CHECK(!strncmp(wire_ask(&w, "g"), "xxxxxxxx", 8));
	CHECK(strncmp(wire_ask(&w, "g") + 8, "xx", 2) != 0);
	CHECK_STR(wire_ask(&w, "p0"), "E14");
	CHECK_STR(wire_ask(&w, "P0=00000000"), "E14");
	wire_close(&w);
}

static void refusals_carry_their_reason(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.refuses = true;
	CHECK_STR(wire_ask(&w, "P0=00000000"), "E14");
	CHECK_STR(wire_ask(&w, "Z0,0,1"), "E22");
	w.fake.because = "all taken";
	CHECK_STR(wire_ask(&w, "P0=00000000"), "E.eax: all taken");
	CHECK_STR(wire_ask(&w, "Z1,0,1"), "E.all taken");
	CHECK_STR(wire_ask(&w, "z1,0,1"), "E.all taken");
	w.fake.because = NULL; /* an old reason does not stick */
	CHECK_STR(wire_ask(&w, "Z1,0,1"), "E22");
	CHECK_STR(wire_ask(&w, "P0=00000000"), "E14");
	w.fake.because = "a # b $ c } d * e"; /* what the frame would stumble over */
	wire_ask(&w, "Z1,0,1");
	CHECK_EQ(wire_seen(&w).packets, 1);
	CHECK_EQ(wire_seen(&w).broken, 0);
	wire_close(&w);
}

static void memory_is_read(void)
{
	static const struct wire_row rows[] = {
		{ "m0,1", "00" },
		{ "m1,4", "070e151c" },
		{ "m3ffe,2", "3138" }, /* to the hole */
		{ "m3ffe,4", "3138" }, /* what can be had */
		{ "m4000,1", "E14" },
		{ "mffff,2", "f8" },
		{ "mfffffffffffffffe,2", "f7fc" },
		{ "mfffffffffffffffe,4", "f7fc" }, /* not around to 0 */
		{ "mfffffffffffff000,1", "01" },
		{ "mffffffffffffefff,1", "E14" },
		{ "m0,-1", "E22" },
		{ "m-1,1", "E22" },
		{ "m0", "E22" },
		{ "m0,", "E22" },
		{ "m,1", "E22" },
		{ "m", "E22" },
		{ "m0,1,", "E22" },
		{ "m0,1 ", "E22" },
		{ "m0,g", "E22" },
		{ "m0;1", "E22" },
		{ "m10000000000000000,1", "E22" },
		{ "m0,10000000000000000", "E22" },
	};
	WIRE_CHECK_ROWS(rows);
}

/* Longer than a packet or than memory: what fits and is there. */
static void a_huge_length_reads_what_there_is(void)
{
	static const char *const packets[] = { "m5000,ffffffffffffffff", "m5000,b000",
		"m5000,20000", "m5000,8000000000000000" };
	struct wire w;
	wire_open(&w);
	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
		const char *reply = wire_ask(&w, packets[i]);
		CHECK_EQ(strlen(reply), 2 * 0xb000);
		for (uint32_t k = 0; k < 0xb000 && check_case_ok; k++) {
			char byte[3];
			snprintf(byte, sizeof byte, "%02x", w.fake.ram[0x5000 + k]);
			CHECK(!memcmp(reply + 2 * k, byte, 2));
		}
	}
	wire_close(&w);
}

static void memory_is_written_in_hex(void)
{
	static const struct wire_row rows[] = {
		{ "M0,2:abCD", "OK" },
		{ "m0,3", "abcd0e" },
		{ "M3ffe,4:01020304", "E14" },
		{ "m3ffe,2", "3138" }, /* nothing of it was done */
		{ "M4000,1:00", "E14" },
		{ "M0,0:", "OK" },
		{ "M0,2:ab", "E22" },
		{ "M0,2:abc", "E22" },
		{ "M0,2:abcde", "E22" },
		{ "M0,2:abcdef", "E22" },
		{ "M0,1:xx", "E22" },
		{ "M0,1", "E22" },
		{ "M0", "E22" },
		{ "M", "E22" },
		{ "M0,-1:00", "E22" },
		{ "M0,ffffffffffffffff:00", "E22" },
		{ "M0,8000000000000000:", "E22" },
		{ "M0,8000000000000001:00", "E22" },
		{ "Mffffffffffffffff,1:42", "OK" },
		{ "mffffffffffffffff,1", "42" },
		{ "Mffffffffffffffff,2:4242", "E14" },
		{ "m0,3", "abcd0e" },
	};
	RUN_ROWS_AND_LOG(rows, "");
}

static void memory_is_written_in_binary(void)
{
	static const struct wire_row rows[] = {
		{ "X0,3:abc", "OK" },
		{ "m0,4", "61626315" },
		{ "X0,4:}\x03}\x04}]}\n", "OK" }, /* # $ } * */
		{ "m0,5", "23247d2a1c" },
		{ "X0,0:", "OK" }, /* gdb's probe */
		{ "X4000,0:", "OK" },
		{ "X0,1:ab", "E22" },
		{ "X0,2:a", "E22" },
		{ "X0,1:", "E22" },
		{ "X0,1", "E22" },
		{ "X", "E22" },
		{ "X0,ffffffffffffffff:a", "E22" },
		{ "X0,-1:a", "E22" },
		{ "X3fff,2:ab", "E14" },
		{ "m3fff,1", "38" },
	};
	RUN_ROWS_AND_LOG(rows, "");
}

static void every_byte_goes_through_x(void)
{
	struct wire w;
	uint8_t packet[600] = "X5000,100:";
	size_t n = strlen((char *)packet);
	wire_open(&w);
	for (unsigned i = 0; i < 256; i++) {
		bool is_special = i == '#' || i == '$' || i == '}';
		if (is_special)
			packet[n++] = '}';
		packet[n++] = (uint8_t)(is_special ? i ^ 0x20 : i);
	}
	CHECK_STR(wire_ask_bytes(&w, packet, n), "OK");
	for (unsigned i = 0; i < 256; i++)
		CHECK_EQ(w.fake.ram[0x5000 + i], i);
	wire_close(&w);
}

/* QEMU's packets: m, M and X mean physical addresses until they are told otherwise. */
static void memory_by_physical_address(void)
{
	static const struct wire_row rows[] = {
		{ "qqemu.PhyMemMode", "0" },
		{ "m100000,2", "E14" },
		{ "Qqemu.PhyMemMode:1", "OK" },
		{ "qqemu.PhyMemMode", "1" },
		{ "m100000,2", "0007" },
		{ "m0,1", "E14" },
		{ "M100000,1:61", "OK" },
		{ "X100001,2:bc", "OK" },
		{ "M103fff,2:6161", "E14" },
		{ "Qqemu.PhyMemMode:2", "E22" },
		{ "Qqemu.PhyMemMode:", "E22" },
		{ "Qqemu.PhyMemMode:0x", "E22" },
		{ "m100000,3", "616263" },
		{ "Qqemu.PhyMemMode:0", "OK" },
		{ "m0,4", "61626315" },
		{ "m3fff,1", "38" },
	};
	RUN_ROWS_AND_LOG(rows, "");
}

static void resuming_reaches_the_machine_once(void)
{
	static const struct {
		const char *packet, *log;
	} rows[] = {
		{ "c", "continue 0\n" },
		{ "s", "step 0\n" },
		{ "C05", "continue 0\n" },
		{ "S05", "step 0\n" },
		{ "C05;2a", "write pc of 0\ncontinue 0\n" },
		{ "c2a", "write pc of 0\ncontinue 0\n" },
		{ "s2a", "write pc of 0\nstep 0\n" },
		{ "vCont;c", "continue 0\n" },
		{ "vCont;s", "step 0\n" },
		{ "vCont;C05", "continue 0\n" },
		{ "vCont;S05", "step 0\n" },
		{ "vCont;s:1", "step 0\n" },
		{ "vCont;s:p1.1", "step 0\n" },
		{ "vCont;s:p1.1;c", "step 0\n" },
		{ "vCont;s:p1.1;c:p1.-1", "step 0\n" },
		{ "vCont;c:p1.-1", "continue 0\n" },
		{ "vCont;c:-1", "continue 0\n" },
		{ "vCont;c:p1", "continue 0\n" },
		{ "vCont;c:p-1.-1", "continue 0\n" },
		{ "vCont;S05:p1.1", "step 0\n" },
		{ "vCont;c;", "continue 0\n" },
		{ "vCont;r7c00,7c10", "range 0 7c00 7c10\n" },
		{ "vCont;r7c00,7c00:p1.1;c:p1.-1", "range 0 7c00 7c00\n" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire w;
		wire_open(&w);
		w.stops_at_once = false;
		wire_send(&w, rows[i].packet, strlen(rows[i].packet));
		CHECK_STR(w.fake.log, rows[i].log);
		CHECK_EQ(session_state(w.session), SESSION_RUNNING);
		CHECK_EQ(wire_seen(&w).packets, 0); /* the reply comes with the stop */
		session_stopped(w.session, &wire_trap, NULL);
		wire_collect(&w, SIZE_MAX);
		CHECK_EQ(wire_seen(&w).packets, 1);
		CHECK_EQ(session_state(w.session), SESSION_STOPPED);
		if (!check_case_ok)
			CHECK_FAIL("that was %s", rows[i].packet);
		wire_close(&w);
	}
}

/* What the machine does not have is unavailable, one by one and among all. */
static void a_missing_register_is_unavailable(void)
{
	struct wire w;
	wire_open(&w);
	w.fake.missing = "rcx";
	const char *all = wire_ask(&w, "g");
	CHECK(!strncmp(all + 8, "xxxxxxxx", 8) && !memchr(all, 'x', 8) && !strchr(all + 16, 'x'));
	CHECK_STR(wire_ask(&w, "p1"), "xxxxxxxx");
	CHECK_STR(wire_ask(&w, "P1=00000000"), "E.the machine has no ecx");
	char packet[2000];
	snprintf(packet, sizeof packet, "G%s", wire_ask(&w, "g"));
	memcpy(packet + 1,
	        "00000000"
	        "11111111",
	        16); /* a client that knows no x */
	w.fake.log[0] = 0;
	CHECK_STR(wire_ask(&w, packet), "OK");
	CHECK_STR(w.fake.log, "write rax of 0\n");
	wire_close(&w);
}

/* GDB manual, "Packets", vCont: the leftmost action with a thread that matches. */
static void each_cpu_gets_the_leftmost_action_that_names_it(void)
{
	static const struct {
		const char *packet, *log;
	} rows[] = {
		{ "vCont;c", "continue 0\ncontinue 1\ncontinue 2\n" },
		{ "vCont;s:2;c", "continue 0\nstep 1\ncontinue 2\n" },
		{ "vCont;s:p1.3;c:p1.-1", "continue 0\ncontinue 1\nstep 2\n" },
		{ "vCont;c;s:2", "continue 0\ncontinue 1\ncontinue 2\n" },
		{ "vCont;s:2", "step 1\n" },
		{ "vCont;s:2;r10,20:1", "range 0 10 20\nstep 1\n" },
		{ "vCont;r10,20:3;s:3;c:1;s:1", "continue 0\nrange 2 10 20\n" },
		{ "vCont;s:0;c:2", "step 0\ncontinue 1\n" }, /* any: the one of Hg */
		{ "vCont;s:-1", "step 0\nstep 1\nstep 2\n" },
		{ "c", "continue 0\ncontinue 1\ncontinue 2\n" },
		{ "s", "step 0\n" },
		{ "Hc2", "" },
		{ "s", "step 1\n" },
		{ "s4", "write pc of 1\nstep 1\n" },
		{ "Hg3", "" },
		{ "s", "step 1\n" },
		{ "vCont;s:0", "step 2\n" },
	};
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 3;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		w.fake.log[0] = 0;
		wire_ask(&w, rows[i].packet);
		if (strcmp(w.fake.log, rows[i].log))
			CHECK_FAIL("%s: %s, expected %s", rows[i].packet, w.fake.log, rows[i].log);
	}
	wire_close(&w);
}

static void a_bad_resume_leaves_the_machine_alone(void)
{
	static const struct wire_row rows[] = {
		{ "cx", "E22" },
		{ "c1,", "E22" },
		{ "c10000000000000000", "E22" },
		{ "s-1", "E22" },
		{ "C", "E22" },
		{ "Cx", "E22" },
		{ "C05;x", "E22" },
		{ "S", "E22" },
		{ "vCont;", "E22" },
		{ "vCont;x", "" },
		{ "vCont;t", "" },
		{ "vCont;t:p1.1", "" },
		{ "vCont;c:p1.1;t", "" },
		{ "vCont;c:p1.1;;x", "E22" },
		{ "b", "" },
		{ "bx", "" },
		{ "vCont;cc", "E22" },
		{ "vCont;c:", "E22" },
		{ "vCont;c:2", "E22" },
		{ "vCont;c:p2.1", "E22" },
		{ "vCont;c:p1.2", "E22" },
		{ "vCont;c:p1.1;x", "" },
		{ "vCont;s:p1.1;c:p1.9", "E22" },
		{ "vCont;C", "E22" },
		{ "vCont;S:1", "E22" },
		{ "vCont;r", "E22" },
		{ "vCont;r7c00", "E22" },
		{ "vCont;r7c00,", "E22" },
		{ "vCont;r7c00,x", "E22" },
		{ "vCont;r7c01,7c00", "E22" },
		{ "vCont;r7c00,7c10:2", "E22" },
		{ "vCont", "" },
		{ "vContx", "" },
		{ "vCont?", "vCont;c;C;s;S;r" },
		{ "vCont?x", "" },
	};
	RUN_ROWS_AND_LOG(rows, "");
}

static void going_on_elsewhere_writes_the_pc(void)
{
	for (int layout = 0; layout < TARGET_LAYOUTS; layout++) {
		struct wire w;
		uint64_t pc = 0;
		wire_open(&w);
		w.fake.layout = layout;
		wire_ask(&w, "qXfer:features:read:target.xml:0,1");
		memset(w.fake.values[fake_find(&w.fake, "pc")], 0, 8);
		wire_ask(&w, "c7c05");
		memcpy(&pc, w.fake.values[fake_find(&w.fake, "pc")], 8);
		CHECK_EQ(pc, 0x7c05);
		w.fake.log[0] = 0;
		w.fake.refuses = true;
		w.fake.because = "out of reach";
		CHECK_STR(wire_ask(&w, "s1"),
		        layout == TARGET_LONG64 ? "E.rip: out of reach" : "E.eip: out of reach");
		CHECK_STR(w.fake.log, "");
		wire_close(&w);
	}
}

static void breakpoints_reach_the_machine(void)
{
	static const struct wire_row rows[] = {
		{ "Z0,7c00,1", "OK" },
		{ "Z1,ffffffffffffffff,1", "OK" },
		{ "z0,7c00,1", "OK" },
		{ "z1,0,4", "OK" },
		{ "Z00,1,1", "OK" },
		{ "Z2,2000,4", "OK" },
		{ "Z3,2000,1", "OK" },
		{ "Z4,ffffffffffffffff,10", "OK" }, /* the machine judges lengths */
		{ "z2,2000,4", "OK" },
		{ "z3,0,0", "OK" },
		{ "z4,1,2", "OK" },
		{ "Z2,2000", "E22" },
		{ "Z2,2000,4;X1,27", "E22" },
		{ "Z5,0,1", "" }, /* not supported, and says so */
		{ "Z", "E22" },
		{ "Z0", "E22" },
		{ "Z0,", "E22" },
		{ "Z0,7c00", "E22" },
		{ "Z0,7c00,", "E22" },
		{ "Z0,,1", "E22" },
		{ "Z0,10000000000000000,1", "E22" },
		{ "Z0,-1,1", "E22" },
		{ "z0,7c00,1x", "E22" },
		{ "z0,7c00,1;X3,220127", "E22" },
	};
	RUN_ROWS_AND_LOG(rows, "insert 0 7c00\ninsert 1 ffffffffffffffff\nremove 0 7c00\n"
	                       "remove 1 0\ninsert 0 1\n"
	                       "watch 0 2000 4\nwatch 1 2000 1\nwatch 2 ffffffffffffffff 16\n"
	                       "unwatch 0 2000 4\nunwatch 1 0 0\nunwatch 2 1 2\n");
}

static void threads_are_selected(void)
{
	static const struct wire_row rows[] = {
		{ "Hg1", "OK" },
		{ "Hgp1.1", "OK" },
		{ "Hg0", "OK" },
		{ "Hg-1", "OK" },
		{ "Hgp1.-1", "OK" },
		{ "Hgp0.0", "OK" },
		{ "Hc-1", "OK" },
		{ "Hc1", "OK" },
		{ "Hg2", "OK" },
		{ "Hg3", "E22" },
		{ "Hg", "E22" },
		{ "Hc", "E22" },
		{ "H", "E22" },
		{ "Hx1", "E22" },
		{ "Hg1x", "E22" },
		{ "Hgp2.1", "E22" },
		{ "Hgp1.", "E22" },
		{ "Hgp", "E22" },
		{ "Hg-2", "E22" },
		{ "Hg10001", "E22" },
		{ "Hgffffffffffffffff", "E22" },
		{ "T1", "OK" },
		{ "Tp1.2", "OK" },
		{ "T3", "E22" },
		{ "Tp1.3", "E22" },
		{ "T", "E22" },
		{ "Tx", "E22" },
		{ "T1x", "E22" },
	};
	struct wire w;
	wire_open(&w);
	w.fake.cpus = 2;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(wire_ask(&w, rows[i].packet), rows[i].reply))
			CHECK_FAIL("%s -> %s, wanted %s", rows[i].packet, w.reply, rows[i].reply);
	wire_ask(&w, "Hg2");
	CHECK_STR(wire_ask(&w, "qC"), "QC2");
	wire_ask(&w, "P0=00000000");
	CHECK_STR(w.fake.log, "write rax of 1\n");
	wire_close(&w);
}

static void why_it_stopped_is_told_again(void)
{
	struct wire w;
	wire_open(&w);
	CHECK(!strncmp(wire_ask(&w, "?"), "T05thread:1;", 12));
	const struct target_stop interrupted = { .kind = TARGET_STOP_SIGNAL,
		.signal = TARGET_SIGNAL_INT };
	w.stops_at_once = false;
	wire_ask(&w, "c");
	session_stopped(w.session, &interrupted, NULL);
	wire_collect(&w, SIZE_MAX);
	CHECK(!strncmp(wire_ask(&w, "?"), "T02thread:1;", 12));
	CHECK_STR(wire_ask(&w, "?x"), "");
	wire_close(&w);
}

int main(void)
{
	RUN(registers_are_read_and_written_one_by_one);
	RUN(every_register_reads_back_what_was_written);
	RUN(all_registers_are_read_and_written_at_once);
	RUN(a_register_that_cannot_be_read_is_xx);
	RUN(refusals_carry_their_reason);
	RUN(memory_is_read);
	RUN(a_huge_length_reads_what_there_is);
	RUN(memory_is_written_in_hex);
	RUN(memory_is_written_in_binary);
	RUN(every_byte_goes_through_x);
	RUN(memory_by_physical_address);
	RUN(resuming_reaches_the_machine_once);
	RUN(a_missing_register_is_unavailable);
	RUN(each_cpu_gets_the_leftmost_action_that_names_it);
	RUN(a_bad_resume_leaves_the_machine_alone);
	RUN(going_on_elsewhere_writes_the_pc);
	RUN(breakpoints_reach_the_machine);
	RUN(threads_are_selected);
	RUN(why_it_stopped_is_told_again);
	return check_done();
}
