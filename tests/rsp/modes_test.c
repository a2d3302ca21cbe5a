/* The reset guest, from the reset vector to 64-bit mode: what each mode's registers are and take.
 */
#include "rsp_check.h"

static const char *const options[] = { "--memory", "4M", "--memory", "64K@0xffff0000", "--load",
	"0xffff0000", "--entry", "reset" };

/* In the guest's order. */
static const struct {
	const char *symbol, *mode, *architecture;
} modes[] = {
	{ "start", "00000000", "i8086" },
	{ "real_pe", "02000000", "i8086" },
	{ "prot", "03000000", "i386" },
	{ "prot_pg", "05000000", "i386" },
	{ "long_start", "06000000", "i386:x86-64" },
	{ "compat", "04000000", "i8086" },
	{ "long_again", "06000000", "i386:x86-64" },
};
#define MODES (sizeof modes / sizeof *modes)

static bool start(struct rsp *r)
{
	bool ok = rsp_start(r, RSP_UNIX, rsp_guest("reset"), options[0], options[1], options[2],
	                  options[3], options[4], options[5], options[6], options[7], NULL) &&
	          rsp_connect(r);
	if (!ok)
		CHECK_FAIL("reset did not start: %s", r->errors);
	return ok;
}

/* To the stop before the instruction at symbol; the layout spoken is that of its mode. */
static void go_to(struct rsp *r, struct rsp_registers *regs, size_t mode)
{
	char line[80];
	uint64_t gva = rsp_symbol("reset", modes[mode].symbol);
	if (mode) {
		RSP_IS(r, "OK", "Z0,%" PRIx64 ",1", gva);
		RSP_BEGINS(r, "T05", "c");
		RSP_IS(r, "OK", "z0,%" PRIx64 ",1", gva);
	}
	rsp_read_registers(r, regs);
	snprintf(line, sizeof line, "<architecture>%s</architecture>", modes[mode].architecture);
	CHECK(strstr(regs->xml, line));
	bool is_long = strstr(modes[mode].architecture, "64") != NULL;
	CHECK_EQ(rsp_value(rsp_read(r, regs, is_long ? "rip" : "eip")), gva);
	CHECK_STR(rsp_read(r, regs, "cpumode"), modes[mode].mode);
}

/* What was read can be written in every mode, one by one, and changes nothing. */
static void every_register_takes_back_its_own_value_in_every_mode(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	static char before[8192], value[128];
	if (start(&r))
		for (size_t k = 0; k < MODES; k++) {
			go_to(&r, &regs, k);
			snprintf(before, sizeof before, "%s", rsp_ask(&r, "g"));
			for (unsigned i = 0; i < regs.count; i++) {
				snprintf(value, sizeof value, "%s", rsp_ask(&r, "p%x", i));
				CHECK_EQ(4 * strlen(value), regs.all[i].bits);
				if (strcmp(rsp_ask(&r, "P%x=%s", i, value), "OK"))
					CHECK_FAIL("%s: %s=%s -> %s", modes[k].symbol,
					        regs.all[i].name, value, r.packet);
				RSP_IS(&r, value, "p%x", i);
			}
			RSP_IS(&r, before, "g");
			RSP_IS(&r, "OK", "G%s", before);
		}
	rsp_close(&r);
}

/* Whatever was written, the guest gets to its end as if nothing was. */
static void the_guest_goes_on_afterwards(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	if (start(&r)) {
		for (size_t k = 0; k < MODES; k++)
			go_to(&r, &regs, k);
		RSP_BEGINS(&r, "T00", "c");
		CHECK_STR(rsp_output(&r), "reset ok\n");
	}
	rsp_close(&r);
}

/* gdb speaks the layout that it has read last, whatever the mode is by now: HACKING, "Latch rule".
 */
static void the_layout_is_the_one_that_was_read_last(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	if (start(&r)) {
		go_to(&r, &regs, 0);
		size_t digits = strlen(rsp_ask(&r, "g"));
		uint64_t gva = rsp_symbol("reset", "long_start");
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", gva);
		RSP_STOPS(&r, "c", gva, "T05"); /* eip is number 8 still */
		CHECK_EQ(strlen(rsp_ask(&r, "g")), digits);
		RSP_IS(&r, "06000000", "p%x", rsp_number_of(&regs, "cpumode"));
		/* Not its beginning. */
		rsp_ask(&r, "qXfer:features:read:target.xml:1,1000");
		CHECK_EQ(strlen(rsp_ask(&r, "g")), digits);
		rsp_read_registers(&r, &regs);
		CHECK(strlen(rsp_ask(&r, "g")) > digits);
		CHECK_EQ(rsp_value(rsp_read(&r, &regs, "rip")), gva);
	}
	rsp_close(&r);
}

struct refusal {
	const char *name, *value, *because;
};

static void check_refusals(
        struct rsp *r, const struct rsp_registers *regs, const struct refusal *rows, size_t count)
{
	static char before[128];
	for (size_t i = 0; i < count; i++) {
		unsigned n = rsp_number_of(regs, rows[i].name);
		snprintf(before, sizeof before, "%s", rsp_ask(r, "p%x", n));
		rsp_ask(r, "P%x=%s", n, rows[i].value);
		if (strncmp(r->packet, "E.", 2) || !strstr(r->packet, rows[i].because) ||
		        !strstr(r->packet, rows[i].name))
			CHECK_FAIL("%s=%s -> %s, wanted %s", rows[i].name, rows[i].value, r->packet,
			        rows[i].because);
		RSP_IS(r, before, "p%x", n);
	}
}

/* In long mode: an MSR is held to what the register of its name is. */
static void check_msr_refusals(struct rsp *r)
{
	static const struct {
		const char *msr, *value, *because;
	} rows[] = {
		{ "EFER", "0", "LMA follows" },
		{ "EFER", "0x400", "LME can't change" },
		{ "0xc0000080", "0x901", "LMA follows" },
		{ "EFER", "0x100000000000500", "there are no bits" },
		{ "FS_BASE", "0x800000000000", "not canonical" },
		{ "GS_BASE", "0x800000000000", "not canonical" },
		{ "KERNEL_GS_BASE", "0x800000000000", "not canonical" },
	};
	static char before[128], line[128];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(line, sizeof line, "msr %s", rows[i].msr);
		snprintf(before, sizeof before, "%s", rsp_monitor(r, line));
		snprintf(line, sizeof line, "msr %s %s", rows[i].msr, rows[i].value);
		if (!strstr(rsp_monitor(r, line), rows[i].because))
			CHECK_FAIL("monitor %s: %s, wanted %s", line, rsp_monitor(r, line),
			        rows[i].because);
		snprintf(line, sizeof line, "msr %s", rows[i].msr);
		CHECK_STR(rsp_monitor(r, line), before);
	}
}

static void what_no_cpu_can_hold_is_refused(void)
{
	static const struct refusal real[] = {
		{ "cpumode", "06000000", "the mode follows" },
		{ "cr0", "10000080", "PG needs PE" },
		{ "cr0", "10000020", "NW needs CD" },
		{ "efer", "00040000", "LMA follows" },
		{ "eflags", "02000200", "VM is for" },
		{ "eflags", "02000080", "there are no bits" },
		{ "cs_desc", "0000ffffffff0000000000000", "" },
		{ "cs_desc", "0000ffffffff00009b000100", "one of P and UNUSABLE" },
		{ "cs_desc", "0000ffffffff00001b000000", "one of P and UNUSABLE" },
		{ "cs_desc", "0000ffffffff10009b000000", "needs G" },
		{ "cs_desc", "0000ffff00ff00009b800000", "ends in fff" },
		{ "cs_desc", "0000ffffffff00009b0f0000", "no attributes 0xf00" },
		{ "gdtr", "0000000000000100", "does not fit 16 bits" },
		{ "mxcsr", "ffffffff", "can't hold" },
	};
	static const struct refusal wide[] = {
		{ "rip", "0000000000000080", "not canonical" },
		{ "fs_base", "0000000000800000", "not canonical" },
		{ "gs_base", "00000000000000ff", "not canonical" },
		{ "gdtr", "00000000000000802f00000000000000", "not canonical" },
		{ "cs_desc", "0000000001000000ffffffff9ba00000", "base has 32 bits" },
		{ "tr_desc", "0000000000008000ffff00008b000000", "not canonical" },
		{ "efer", "0005000000000001", "there are no bits" },
		{ "efer", "0004000000000000", "LME can't change" },
		{ "cr8", "1000000000000000", "it has 4 bits" },
		{ "cr0", "1100000001000000", "it has 32 bits" },
		{ "cr4", "0000000000000000", "can't hold" }, /* no PAE in long mode */
		{ "dr7", "0000000001000000", "can't hold" },
		{ "k_gs_base", "00000000000000ff", "not canonical" },
	};
	struct rsp r;
	static struct rsp_registers regs;
	if (start(&r)) {
		go_to(&r, &regs, 0);
		/* A packet of another length is no value at all. */
		RSP_IS(&r, "E22", "P%x=%s", rsp_number_of(&regs, real[6].name), real[6].value);
		check_refusals(&r, &regs, real, 6);
		check_refusals(&r, &regs, real + 7, sizeof real / sizeof *real - 7);
		for (size_t k = 1; k < 5; k++)
			go_to(&r, &regs, k);
		check_refusals(&r, &regs, wide, sizeof wide / sizeof *wide);
		check_msr_refusals(&r);
		RSP_BEGINS(&r, "T00", "c");
		CHECK_STR(rsp_output(&r), "reset ok\n");
	}
	rsp_close(&r);
}

/* AVX is there where the vCPU has it. */
static bool has(const struct rsp_registers *regs, const char *name)
{
	char tag[40];
	snprintf(tag, sizeof tag, "<reg name=\"%s\"", name);
	return strcmp(name, "ymm5h") || strstr(regs->xml, tag);
}

/* A step and a run keep what was written; cr8 was lost by them, for KVM_RUN brings one of its own.
 */
static void what_was_written_stays(void)
{
	static const char *const rows[][2] = { { "cr8", "0500000000000000" },
		{ "k_gs_base", "00000081ffffffff" }, { "fs_base", "0010000000000000" },
		{ "gs_base", "00200000ffffffff" }, { "dr0", "cc00ffff00000000" },
		{ "dr6", "f10fffff00000000" }, { "r15", "0102030405060708" },
		{ "cr2", "eeffc00000000000" }, { "idtr", "0010000000000000ff0f000000000000" },
		{ "fs_desc", "0010000000000000ffffffff93c00000" },
		{ "st3", "0102030405060788ff3f" }, { "xmm15", "000102030405060708090a0b0c0d0e0f" },
		{ "mxcsr", "a01f0000" }, { "ymm5h", "f0e0d0c0b0a090807060504030201000" } };
	struct rsp r;
	static struct rsp_registers regs;
	if (start(&r)) {
		for (size_t k = 0; k < 5; k++)
			go_to(&r, &regs, k);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if (has(&regs, rows[i][0]))
				RSP_IS(&r, "OK", "P%x=%s", rsp_number_of(&regs, rows[i][0]),
				        rows[i][1]);
		for (unsigned round = 0; round < 2; round++) {
			RSP_BEGINS(&r, "T05", "s");
			/* the guest itself writes r15 behind this */
			for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
				if (has(&regs, rows[i][0]))
					RSP_IS(&r, rows[i][1], "p%x",
					        rsp_number_of(&regs, rows[i][0]));
		}
		RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("reset", "long_function"));
		RSP_BEGINS(&r, "T05", "c");
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if (strcmp(rows[i][0], "r15") && has(&regs, rows[i][0]))
				RSP_IS(&r, rows[i][1], "p%x", rsp_number_of(&regs, rows[i][0]));
	}
	rsp_close(&r);
}

/* The guest's debug registers are its own: one that gdb sets traps as if the guest had set it, at
 * the next step already. Vector 1 of the empty IVT at 0x1000 leads to 0, where the image is. */
static void a_debug_register_that_gdb_sets_is_the_guests(void)
{
	static const uint64_t way[] = { 0x1, 0x4, 0x6, 0xa };
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	rsp_read_registers(&r, &regs);
	RSP_IS(&r, "OK", "P%x=00700000", rsp_number_of(&regs, "esp"));
	RSP_IS(&r, "OK", "P%x=00100000ff030000", rsp_number_of(&regs, "idtr"));
	for (size_t i = 0; i < 4; i++) /* the last one writes to memory */
		RSP_STOPS(&r, "s", way[i], "T05");
	RSP_IS(&r, "OK", "P%x=0a000000", rsp_number_of(&regs, "dr0"));
	RSP_IS(&r, "OK", "P%x=01040000", rsp_number_of(&regs, "dr7"));
	RSP_STOPS(&r, "s", 0x0, "T05");
	RSP_IS(&r, "f10fffff", "p%x", rsp_number_of(&regs, "dr6"));
	rsp_close(&r);
}

/* 32-bit code with PE = 0: the way from prot32 through it to 16-bit code, instruction by instruction.
 */
static void real_mode_with_32_bit_code_is_32_bit_code(void)
{
	static const struct {
		const char *symbol, *mode, *architecture;
	} way[] = {
		{ "prot32", "03000000", "i386" },
		{ "real32", "07000000", "i386" },
		{ "real32_0", "07000000", "i386" },
		{ "real32_call", "07000000", "i386" },
		{ "on_call", "07000000", "i386" },
		{ "real32_divide", "07000000", "i386" },
		{ "on_divide", "07000000", "i386" },
		{ "real32_segment", "07000000", "i386" },
		{ "real32_18", "07000000", "i386" },
		{ "back", "02000000", "i8086" },
		{ "real16", "00000000", "i8086" },
	};
	struct rsp r;
	static struct rsp_registers regs;
	char line[80];
	RSP_OPEN(&r, RSP_UNIX, "unreal", "--load", "0x7c00", NULL);
	rsp_read_registers(&r, &regs);
	uint64_t pc = 0;
	for (size_t i = 0; i < sizeof way / sizeof *way && check_case_ok; i++) {
		uint64_t gva = rsp_symbol("unreal", way[i].symbol);
		for (unsigned n = 0; n < 40 && pc != gva; n++) {
			RSP_BEGINS(&r, "T05", "s");
			pc = rsp_value(rsp_read(&r, &regs, "eip"));
		}
		CHECK_EQ(pc, gva);
		rsp_read_registers(&r, &regs);
		snprintf(line, sizeof line, "<architecture>%s</architecture>", way[i].architecture);
		CHECK(strstr(regs.xml, line));
		CHECK_STR(rsp_read(&r, &regs, "cpumode"), way[i].mode);
	}
	CHECK_EQ(rsp_value(rsp_read(&r, &regs, "ebx")), 0x12345678);
	CHECK_EQ(rsp_value(rsp_read(&r, &regs, "edx")), 0x9abcdef0);
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "unreal ok\n");
	rsp_close(&r);
}

/* Neither PE alone nor CS.D alone says what code is: 16-bit protected and virtual-8086 mode have the
 * layout of real mode. A CPU has no virtual-8086 mode with 32-bit code. */
static void sixteen_bit_code_has_one_layout(void)
{
	struct rsp r;
	static struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "unreal", "--load", "0x7c00", NULL);
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("unreal", "prot16"));
	RSP_BEGINS(&r, "T05", "c");
	rsp_read_registers(&r, &regs);
	unsigned eflags = rsp_number_of(&regs, "eflags"), cs = rsp_number_of(&regs, "cs_desc");
	CHECK(strstr(regs.xml, "<architecture>i8086</architecture>"));
	CHECK_STR(rsp_read(&r, &regs, "cpumode"), "02000000");
	if (!strcmp(rsp_ask(&r, "P%x=02000200", eflags), "OK")) {
		rsp_read_registers(&r, &regs);
		CHECK(strstr(regs.xml, "<architecture>i8086</architecture>"));
		CHECK_STR(rsp_read(&r, &regs, "cpumode"), "01000000");
		RSP_BEGINS(&r, "E.cs_desc: virtual-8086 mode", "P%x=00000000ffffffff9bc00000", cs);
		RSP_IS(&r, "OK", "P%x=02000000", eflags);
	} else { /* kvm_pvm */
		CHECK_STR(r.packet, "E.eflags: this KVM has no virtual-8086 mode");
		CHECK_STR(rsp_read(&r, &regs, "cpumode"), "02000000");
	}
	RSP_IS(&r, "OK", "P%x=00000000ffffffff9bc00000", cs);
	rsp_read_registers(&r, &regs);
	CHECK(strstr(regs.xml, "<architecture>i386</architecture>"));
	CHECK_STR(rsp_read(&r, &regs, "cpumode"), "03000000");
	RSP_BEGINS(
	        &r, "E.eflags: virtual-8086 mode", "P%x=02000200", rsp_number_of(&regs, "eflags"));
	rsp_close(&r);
}

int main(void)
{
	RUN(every_register_takes_back_its_own_value_in_every_mode);
	RUN(the_guest_goes_on_afterwards);
	RUN(the_layout_is_the_one_that_was_read_last);
	RUN(real_mode_with_32_bit_code_is_32_bit_code);
	RUN(sixteen_bit_code_has_one_layout);
	RUN(what_no_cpu_can_hold_is_refused);
	RUN(what_was_written_stays);
	RUN(a_debug_register_that_gdb_sets_is_the_guests);
	return check_done();
}
