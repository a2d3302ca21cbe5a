/* Registers and memory of a real guest: what is written is what is read, to the last byte. */
#include "rsp_check.h"

/* To the stop where the mode is the one wanted. */
static bool go_to(struct rsp *r, const char *guest, const char *symbol)
{
	uint64_t gva = rsp_symbol(guest, symbol);
	rsp_ask(r, "Z0,%" PRIx64 ",1", gva);
	bool ok = rsp_pc(rsp_ask(r, "c")) == gva;
	rsp_ask(r, "z0,%" PRIx64 ",1", gva);
	CHECK(ok);
	return ok;
}

static const struct {
	const char *guest, *symbol;
} modes[] = {
	{ "ports", "round" },   /* real mode, CS 0 */
	{ "segments", "back" }, /* real mode, every base its own */
	{ "triple", "fatal" },  /* 32-bit protected mode */
};
#define MODES (sizeof modes / sizeof *modes)

static void every_register_takes_back_its_own_value(void)
{
	for (size_t k = 0; k < MODES; k++) {
		struct rsp r;
		struct rsp_registers regs;
		static char before[4096], value[4096];
		RSP_OPEN(&r, RSP_UNIX, modes[k].guest, NULL);
		if (go_to(&r, modes[k].guest, modes[k].symbol)) {
			rsp_read_registers(&r, &regs);
			snprintf(before, sizeof before, "%s", rsp_ask(&r, "g"));
			unsigned bits = 0, in_g = 0;
			for (unsigned i = 0; i < regs.count; i++) {
				snprintf(value, sizeof value, "%s", rsp_ask(&r, "p%x", i));
				CHECK_EQ(4 * strlen(value), regs.all[i].bits);
				if (bits < 4 * strlen(before)) /* the rest is for p alone */
					CHECK(!strncmp(before + bits / 4, value, strlen(value)));
				else if (!in_g)
					in_g = bits;
				bits += regs.all[i].bits;
				if (strcmp(rsp_ask(&r, "P%x=%s", i, value), "OK"))
					CHECK_FAIL("%s: %s=%s -> %s", modes[k].guest,
					        regs.all[i].name, value, r.packet);
				if (strcmp(rsp_ask(&r, "g"), before))
					CHECK_FAIL("%s: %s=%s changed something", modes[k].guest,
					        regs.all[i].name, value);
			}
			CHECK_EQ(4 * strlen(before), in_g);
			RSP_IS(&r, "OK", "G%s", before);
			RSP_IS(&r, before, "g");
			RSP_IS(&r, "E22", "p%x", regs.count);
		}
		rsp_close(&r);
	}
}

static void registers_take_other_values_and_leave_the_rest(void)
{
	static const char *const names[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi",
		"st0", "st7", "xmm0", "xmm7" };
	for (size_t k = 0; k < MODES; k++) {
		struct rsp r;
		struct rsp_registers regs;
		static char all[4096], changed[4096];
		RSP_OPEN(&r, RSP_UNIX, modes[k].guest, NULL);
		rsp_read_registers(&r, &regs);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			unsigned n = rsp_number_of(&regs, names[i]), at = 0;
			unsigned digits = regs.all[n].bits / 4;
			char value[40] = "efbeadde0123456789ab0011223344ff";
			for (unsigned m = 0; m < n; m++)
				at += regs.all[m].bits / 4;
			value[digits] = 0;
			snprintf(all, sizeof all, "%s", rsp_ask(&r, "g"));
			RSP_IS(&r, "OK", "P%x=%s", n, value);
			RSP_IS(&r, value, "p%x", n);
			if (at < strlen(all))
				memcpy(all + at, value, digits);
			snprintf(changed, sizeof changed, "%s", rsp_ask(&r, "g"));
			if (strcmp(names[i], "esp") != 0) /* it moves sp */
				CHECK_STR(changed, all);
		}
		rsp_close(&r);
	}
}

static void all_registers_at_once_are_those_one_by_one(void)
{
	struct rsp r;
	static char all[4096];
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	snprintf(all, sizeof all, "%s", rsp_ask(&r, "g"));
	memcpy(all, "78563412", 8);         /* eax */
	memcpy(all + 8 * 7, "ddccbbaa", 8); /* edi */
	memcpy(all + 8 * 8, "0a000000", 8); /* eip */
	RSP_IS(&r, "OK", "G%s", all);
	CHECK_EQ(rsp_register(&r, 0), 0x12345678);
	CHECK_EQ(rsp_register(&r, 7), 0xaabbccdd);
	CHECK_EQ(rsp_register(&r, 8), 0x0a);
	RSP_STOPS(&r, "s", 0x0c, "T05"); /* inc eax, there */
	CHECK_EQ(rsp_register(&r, 0), 0x12345679);
	rsp_close(&r);
}

static void a_selector_in_real_mode_moves_its_base(void)
{
	struct rsp r;
	struct rsp_registers regs;
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	rsp_read_registers(&r, &regs);
	RSP_IS(&r, "OK", "P%x=34120000", rsp_number_of(&regs, "ds"));
	RSP_IS(&r, "40230100", "p%x", rsp_number_of(&regs, "ds_base"));
	/* cs moves eip with it, which is linear; ip stays. */
	RSP_IS(&r, "OK", "P%x=00010000", rsp_number_of(&regs, "cs"));
	RSP_IS(&r, "008c0000", "p%x", rsp_number_of(&regs, "eip"));
	RSP_IS(&r, "007c", "p%x", rsp_number_of(&regs, "ip"));
	rsp_close(&r);
}

static void what_the_cpu_cannot_hold_is_refused_with_the_reason(void)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "eip", "00000100" },                                 /* beyond what CS reaches */
		{ "cs", "00000100" },                                  /* more than 16 bits */
		{ "sp", "00000100" },                                  /* beyond what SS reaches */
		{ "cpumode", "06000000" },                             /* follows the others */
		{ "gdtr", "0000000000000100" }, { "cr0", "00000080" }, /* PG without PE */
	};
	struct rsp r;
	struct rsp_registers regs;
	static char before[4096];
	RSP_OPEN(&r, RSP_UNIX, "ports", NULL);
	rsp_read_registers(&r, &regs);
	snprintf(before, sizeof before, "%s", rsp_ask(&r, "g"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rsp_ask(&r, "P%x=%s", rsp_number_of(&regs, rows[i].name), rows[i].value);
		if (strncmp(r.packet, "E.", 2) || strlen(r.packet) < 10)
			CHECK_FAIL("%s=%s -> %s", rows[i].name, rows[i].value, r.packet);
		if (strcmp(rsp_ask(&r, "g"), before))
			CHECK_FAIL("%s=%s was refused and changed something", rows[i].name,
			        rows[i].value);
	}
	rsp_close(&r);
}

/* With 1 MiB at 0 and 64 KiB at 0x200000: four ends. */
static void memory_ends_where_ram_ends(void)
{
	static const struct {
		uint64_t first, last;
	} ram[] = { { 0, 0xfffff }, { 0x200000, 0x20ffff } };
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "-m", "1M", "-m", "64K@0x200000", NULL);
	for (size_t i = 0; i < 2; i++) {
		uint64_t last = ram[i].last, first = ram[i].first;
		RSP_IS(&r, "OK", "M%" PRIx64 ",4:01020304", last - 3);
		RSP_IS(&r, "01020304", "m%" PRIx64 ",4", last - 3);
		RSP_IS(&r, "0304", "m%" PRIx64 ",8", last - 1); /* what there is */
		RSP_IS(&r, "E14", "m%" PRIx64 ",1", last + 1);
		RSP_IS(&r, "E14", "M%" PRIx64 ",2:5566", last); /* all or nothing */
		RSP_IS(&r, "04", "m%" PRIx64 ",1", last);
		RSP_IS(&r, "E14", "X%" PRIx64 ",2:ab", last);
		RSP_IS(&r, "04", "m%" PRIx64 ",1", last);
		RSP_IS(&r, "OK", "X%" PRIx64 ",1:z", last);
		RSP_IS(&r, "7a", "m%" PRIx64 ",1", last);
		RSP_IS(&r, "OK", "X%" PRIx64 ",1:y", first);
		RSP_IS(&r, "79", "m%" PRIx64 ",1", first);
		if (first)
			RSP_IS(&r, "E14", "m%" PRIx64 ",2", first - 1);
	}
	RSP_IS(&r, "E14", "mffffffff,1");
	RSP_IS(&r, "OK", "X100000,0:"); /* nothing, anywhere: gdb's probe */
	rsp_close(&r);
}

/* Random pieces by X and M, read back by m: every byte value, lengths up to a packet's. */
static void what_is_written_is_read(void)
{
	uint64_t seed = 12;
	static uint8_t data[0x1f000], packet[2 * sizeof data + 40];
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", NULL);
	RSP_IS(&r, "OK", "QStartNoAckMode");
	r.is_no_ack = true;
	for (int round = 0; round < 60 && check_case_ok; round++) {
		size_t len = round < 40 ? (size_t)round : sizeof data >> round % 8;
		uint64_t gva = 0x100000 + seed % 0x3000000;
		bool is_binary = round % 2;
		int n = snprintf(
		        (char *)packet, 40, "%c%" PRIx64 ",%zx:", is_binary ? 'X' : 'M', gva, len);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
			data[i] = (uint8_t)(seed >> 56);
		}
		size_t size = (size_t)n;
		if (is_binary)
			size += rsp_escape(packet + n, data, len);
		for (size_t i = 0; i < len && !is_binary; i++, size += 2)
			snprintf((char *)packet + size, 3, "%02x", data[i]);
		CHECK_STR(rsp_ask_bytes(&r, packet, size), "OK");
		rsp_ask(&r, "m%" PRIx64 ",%zx", gva, len);
		CHECK_EQ(r.packet_len, 2 * len);
		for (size_t i = 0; i < len && check_case_ok; i++) {
			char byte[3];
			snprintf(byte, sizeof byte, "%02x", data[i]);
			CHECK(!memcmp(r.packet + 2 * i, byte, 2));
		}
		rsp_ask(&r, "x%" PRIx64 ",%zx", gva, len);
		CHECK_EQ(r.packet[0], 'b');
		CHECK_EQ(rsp_unescape(packet, r.packet + 1, r.packet_len - 1), len);
		CHECK(!memcmp(packet, data, len));
	}
	rsp_close(&r);
}

/* x, qSearch and qCRC by linear address, by physical address, and where RAM ends. */
static void much_memory_is_looked_at_as_it_is(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "-m", "1M", "-m", "64K@0x200000", NULL);
	RSP_IS(&r, "OK", "X20fffd,3:end");
	RSP_IS(&r, "OK", "X8ffff,6:needle");
	RSP_IS(&r, "OK", "X90005,9:123456789");
	RSP_IS(&r, "bend", "x20fffd,100"); /* what there is */
	RSP_IS(&r, "E14", "x100000,1");
	RSP_IS(&r, "b", "x100000,0");
	RSP_IS(&r, "1,8ffff", "qSearch:memory:100;fff00;needle");
	RSP_IS(&r, "1,8ffff", "qSearch:memory:100;ffffffffffffffff;needle");
	RSP_IS(&r, "0", "qSearch:memory:90000;70000;needle");
	RSP_IS(&r, "E14", "qSearch:memory:90000;ffffffffffffffff;needle");
	RSP_IS(&r, "1,20fffd", "qSearch:memory:200000;10000;end");
	RSP_IS(&r, "C376e6e7", "qCRC:90005,9"); /* CRC-32/MPEG-2's check value */
	RSP_IS(&r, "E14", "qCRC:90005,ffffffff");
	RSP_IS(&r, "E14", "qCRC:0,ffffffffffffffff");
	rsp_close(&r);
}

/* Page tables that show one page of RAM in three places, and end. guests/pages.S. */
static void much_memory_is_linear_or_physical(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "pages", "--load", "0x7c00", NULL);
	uint64_t gva = rsp_symbol("pages", "mapped");
	RSP_IS(&r, "OK", "Z1,%" PRIx64 ",1", gva);
	RSP_BEGINS(&r, "T05", "c");
	RSP_IS(&r, "OK", "X5100,9:123456789");
	RSP_IS(&r, "b123", "x205100,3");
	RSP_IS(&r, "C376e6e7", "qCRC:ffff800000005100,9");
	RSP_IS(&r, "1,ffff800000005104", "qSearch:memory:ffff800000000000;200000;56789");
	RSP_IS(&r, "1,40005104", "qSearch:memory:40000000;ffffffffffffffff;56789");
	RSP_IS(&r, "E14", "qSearch:memory:203000;2000;x"); /* the fifth page */
	RSP_IS(&r, "E14", "qSearch:memory:ffff800000006000;ffffffffffff;56789");
	RSP_IS(&r, "OK", "Qqemu.PhyMemMode:1");
	RSP_IS(&r, "1,5104", "qSearch:memory:1000;200000;56789");
	RSP_IS(&r, "C376e6e7", "qCRC:5100,9");
	RSP_IS(&r, "E14", "x205100000,3");
	rsp_close(&r);
}

int main(void)
{
	RUN(every_register_takes_back_its_own_value);
	RUN(registers_take_other_values_and_leave_the_rest);
	RUN(all_registers_at_once_are_those_one_by_one);
	RUN(a_selector_in_real_mode_moves_its_base);
	RUN(what_the_cpu_cannot_hold_is_refused_with_the_reason);
	RUN(memory_ends_where_ram_ends);
	RUN(what_is_written_is_read);
	RUN(much_memory_is_looked_at_as_it_is);
	RUN(much_memory_is_linear_or_physical);
	return check_done();
}
