/* options.h: what the options store that say what the guest is made of, and what each of their errors says. */
#include "cli/options.h"

#include "check.h"
#include "options_line.h"

static void memory_is_a_list_of_sizes_and_places(void)
{
	struct line l;
	CHECK_TAKEN(l, "run -m 640K --memory=1G@0x100000 -m0x1000@0xfffffffffffff000 a");
	CHECK_EQ(l.o.machine.memory_count, 3);
	CHECK_EQ(l.o.machine.memory[0].size, 640 << 10);
	CHECK(!l.o.machine.memory[0].has_gpa);
	CHECK_EQ(l.o.machine.memory[1].size, 1 << 30);
	CHECK(l.o.machine.memory[1].has_gpa);
	CHECK_EQ(l.o.machine.memory[1].gpa, 0x100000);
	CHECK_EQ(l.o.machine.memory[2].gpa, 0xfffffffffffff000);
	check_refused("run --memory 64Q a",
	        "stepvm run: --memory 64Q: expected a size such as 64M, 640K or 0x100000");
	check_refused(
	        "run -m64Q a", "stepvm run: -m 64Q: expected a size such as 64M, 640K or 0x100000");
	check_refused("run -m 64M@ a",
	        "stepvm run: -m 64M@: expected an address such as 0x100000 after the @");
	check_refused("run -m 64M@0q a",
	        "stepvm run: -m 64M@0q: expected an address such as 0x100000 after the @");
	check_refused("run -m 4096@1 a",
	        "stepvm run: -m 4096@1: expected an address at a page: a multiple of 4096");
	check_refused("run -m 8192@0xfffffffffffff000 a",
	        "stepvm run: -m 8192@0xfffffffffffff000: expected RAM that ends within 64-bit "
	        "addresses");
}

/* A size that is refused: option, value and what follows the sentence. */
static void check_size_refused(const char *option, const char *value, const char *after)
{
	char words[64], text[200];
	bool is_memory = !strcmp(option, "-m");
	snprintf(words, sizeof words, "run %s %s a", option, value);
	snprintf(text, sizeof text, "stepvm run: %s %s: %s%s", option, value,
	        is_memory ? "expected 4K at least, in whole pages of 4096 bytes; a number alone is "
	                    "bytes, and MiB have an M as in 64M"
	                  : "expected a size of at least 16M, such as 512M or 2G",
	        after);
	check_refused(words, text);
}

static void a_size_that_was_meant_in_megabytes_gets_an_m(void)
{
	check_size_refused("-m", "1", ": did you mean 1M?");
	check_size_refused("-m", "16", ": did you mean 16M?");
	check_size_refused("-m", "512", ": did you mean 512M?");
	check_size_refused("-m", "2976", ": did you mean 2976M?");
	check_size_refused("-m", "512@0x1000", ": did you mean 512M@0x1000?");
	check_size_refused("--record-memory", "512", ": did you mean 512M?");
}

static void a_size_that_is_no_likely_number_of_megabytes_gets_none(void)
{
	static const char *const others[] = { "0", "12", "100", "4095", "4097", "0x1001",
		"1000000" };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		check_size_refused("-m", others[i], "");
	check_size_refused("--record-memory", "8", "");
	check_size_refused("--record-memory", "8191", "");
	check_refused("run -m 99999999999999999999 a",
	        "stepvm run: -m 99999999999999999999: expected a size such as 64M, 640K or "
	        "0x100000");
}

static void load_and_entry_place_an_image(void)
{
	struct line l;
	CHECK_TAKEN(l, "debug -l0x10000 --entry 1000:0 a");
	CHECK(l.o.machine.image.has_load);
	CHECK_EQ(l.o.machine.image.load_gpa, 0x10000);
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_SEGOFF);
	CHECK_EQ(l.o.machine.image.entry.selector, 0x1000);
	CHECK_EQ(l.o.machine.image.entry.offset, 0);
	CHECK_TAKEN(l, "run -e 07c0:0005 a");
	CHECK_EQ(l.o.machine.image.entry.selector, 0x7c0);
	CHECK_EQ(l.o.machine.image.entry.offset, 5);
	CHECK_TAKEN(l, "run -e 0x7c0:0x1f a");
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_SEGOFF);
	CHECK_EQ(l.o.machine.image.entry.selector, 0x7c0);
	CHECK_EQ(l.o.machine.image.entry.offset, 0x1f);
	CHECK_TAKEN(l, "run -e 0:0x1000 a");
	CHECK_EQ(l.o.machine.image.entry.offset, 0x1000);
	CHECK_TAKEN(l, "run -e 0x1000 a");
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_LINEAR);
	CHECK_EQ(l.o.machine.image.entry.gva, 0x1000);
	CHECK_TAKEN(l, "run -e reset a");
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_RESET);
	check_refused("run -l 7c00 a",
	        "stepvm run: -l 7c00: expected an address such as 0x7c00 or 65536");
	static const char *const wrong[] = { "resets", "1000:", ":0", "10000:0", "0:10000", "0x:5",
		"0:0x", "7c0:5:1", "ffff:fffg", "7c00hh" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char words[64], text[200];
		snprintf(words, sizeof words, "run --entry %s a", wrong[i]);
		snprintf(text, sizeof text,
		        "stepvm run: --entry %s: expected an address such as 0x1000, SEG:OFF in "
		        "hex such as 07c0:0005, or reset",
		        wrong[i]);
		check_refused(words, text);
	}
}

static void registers_are_names_with_values(void)
{
	struct line l;
	CHECK_TAKEN(l, "run --reg ax=2 --reg=EBX=0xffffffffffffffff a");
	CHECK_EQ(l.o.machine.register_count, 2);
	CHECK_STR(l.o.machine.registers[0].name, "ax");
	CHECK_EQ(l.o.machine.registers[0].value, 2);
	CHECK_STR(l.o.machine.registers[1].name, "ebx");
	CHECK_EQ(l.o.machine.registers[1].value, UINT64_MAX);
	check_refused("run --reg ax a",
	        "stepvm run: --reg ax: expected a register and its value such as ax=2");
	check_refused("run --reg =2 a",
	        "stepvm run: --reg =2: expected a register and its value such as ax=2");
	check_refused("run --reg abcdefghijklmnop=2 a",
	        "stepvm run: --reg abcdefghijklmnop=2: expected "
	        "a register and its value such as ax=2");
	check_refused("run --reg ax=2q a",
	        "stepvm run: --reg ax=2q: expected a number such as 2 or 0x1f after the =");
	check_refused("run --reg ax=1 --reg AX=2 a",
	        "stepvm run: --reg AX=2: that register was given already");
}

static void ports_get_kinds(void)
{
	struct line l;
	CHECK_TAKEN(l, "run -p 0x10=hex -p 233=text --port 0xffff=exit -p0xf4=none a");
	CHECK_EQ(l.o.machine.port_count, 4);
	CHECK_EQ(l.o.machine.ports[0].port, 0x10);
	CHECK_EQ(l.o.machine.ports[0].kind, PORT_HEX);
	CHECK_EQ(l.o.machine.ports[1].port, 0xe9);
	CHECK_EQ(l.o.machine.ports[1].kind, PORT_TEXT);
	CHECK_EQ(l.o.machine.ports[2].port, 0xffff);
	CHECK_EQ(l.o.machine.ports[2].kind, PORT_EXIT);
	CHECK_EQ(l.o.machine.ports[3].kind, PORT_NONE);
	check_refused("run -p 0x10 a",
	        "stepvm run: -p 0x10: expected a port and what stands there such as 0x10=hex");
	check_refused("run -p 0x10000=hex a",
	        "stepvm run: -p 0x10000=hex: expected a port from 0 to 0xffff");
	check_refused("run -p 1=hexx a",
	        "stepvm run: -p 1=hexx: expected hex, text, exit or none after the =");
	check_refused(
	        "run -p 1= a", "stepvm run: -p 1=: expected hex, text, exit or none after the =");
	check_refused("run -p 16=hex -p 0x10=none a",
	        "stepvm run: -p 0x10=none: that port was given already");
}

static void addresses_ports_and_values_may_have_an_h(void)
{
	struct line l;
	CHECK_TAKEN(l, "run -p 3f8h=hex -p 0E9H=text -l 7c00h -e 07C0h:5h -m 64K@0ffff0000h --reg "
	               "ax=0bh a");
	CHECK_EQ(l.o.machine.ports[0].port, 0x3f8);
	CHECK_EQ(l.o.machine.ports[1].port, 0xe9);
	CHECK_EQ(l.o.machine.image.load_gpa, 0x7c00);
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_SEGOFF);
	CHECK_EQ(l.o.machine.image.entry.selector, 0x7c0);
	CHECK_EQ(l.o.machine.image.entry.offset, 5);
	CHECK_EQ(l.o.machine.memory[0].gpa, 0xffff0000);
	CHECK_EQ(l.o.machine.registers[0].value, 0xb);
	CHECK_TAKEN(l, "run -e 1000h a");
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_LINEAR);
	CHECK_EQ(l.o.machine.image.entry.gva, 0x1000);
	check_refused("run -p 3f8=hex a",
	        "stepvm run: -p 3f8=hex: expected a port and what stands there such as 0x10=hex");
	check_refused("run -l 0x7c00h a",
	        "stepvm run: -l 0x7c00h: expected an address such as 0x7c00 or 65536");
}

static void kernels_are_given_a_mode_a_command_line_and_modules(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a");
	CHECK_EQ(l.o.machine.image.mode, START_AUTO);
	CHECK(!l.o.machine.image.append && !l.o.machine.image.initrd_count);
	CHECK_TAKEN(l, "run --mode long --append x=1 --initrd a,b --initrd=-c a");
	CHECK_EQ(l.o.machine.image.mode, START_LONG);
	CHECK_STR(l.o.machine.image.append, "x=1");
	CHECK_EQ(l.o.machine.image.initrd_count, 2);
	CHECK_STR(l.o.machine.image.initrd[0], "a,b");
	CHECK_STR(l.o.machine.image.initrd[1], "-c");
	check_refused(
	        "run --mode 64 a", "stepvm run: --mode 64: expected auto, real, prot or long");
	check_refused("run --append a --append b c", "stepvm run: --append: given twice");
}

static void rtc_is_a_word_or_a_date(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a");
	CHECK_EQ(l.o.machine.rtc, RTC_UTC);
	CHECK_TAKEN(l, "run --rtc localtime a");
	CHECK_EQ(l.o.machine.rtc, RTC_LOCAL);
	CHECK_TAKEN(l, "debug --rtc=2000-02-29T23:59:58 a");
	CHECK_EQ(l.o.machine.rtc, RTC_DATE);
	CHECK_EQ(l.o.machine.rtc_seconds, 951868798);
	CHECK_TAKEN(l, "run --rtc 1970-01-02 a");
	CHECK_EQ(l.o.machine.rtc_seconds, 86400);
	static const char *const wrong[] = { "now", "2001-02-29", "2001-13-01", "2001-01-32",
		"1969-12-31", "2001-01-01T24:00:00", "2001-01-01T23:60:00", "2001-01-01T1:1",
		"2001-01-01Z", "2001-01-01T00:00:00Z", "2001-01", "-1-1-1" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char line[80], text[200];
		snprintf(line, sizeof line, "run --rtc=%s a", wrong[i]);
		snprintf(text, sizeof text,
		        "stepvm run: --rtc %s: expected utc, localtime or a date since 1970 such "
		        "as 2026-11-30 or 2026-11-30T12:34:56",
		        wrong[i]);
		check_refused(line, text);
	}
}

static void a_speed_is_a_word_or_a_factor(void)
{
	static const struct {
		const char *words;
		uint32_t permille;
	} taken[] = { { "run --speed real a", 0 }, { "run --speed 1 a", 1000 },
		{ "run --speed 0.001 a", 1 }, { "debug --speed=2.5 a", 2500 },
		{ "run --speed 1000.000 a", 1000000 }, { "run --speed 0.25 a", 250 } };
	static const char *const wrong[] = { "fast", "0", "0.0001", "0.000", "1000.001", "1001",
		"1.", ".5", "-1", "1e3", "0x10", "99999999999", "1.2.3", "maxi", "+1" };
	struct line l;
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		CHECK_TAKEN(l, taken[i].words);
		CHECK_EQ(l.o.machine.speed.permille, taken[i].permille);
		CHECK(!l.o.machine.speed.skips_waits);
	}
	CHECK_TAKEN(l, "run --speed max a");
	CHECK(l.o.machine.speed.skips_waits && !l.o.machine.speed.permille);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char words[64], text[160];
		snprintf(words, sizeof words, "run --speed=%s a", wrong[i]);
		snprintf(text, sizeof text,
		        "stepvm run: --speed %s: expected real, max, or a factor from 0.001 to "
		        "1000 such as 2 or 0.5",
		        wrong[i]);
		check_refused(words, text);
	}
}
int main(void)
{
	RUN(memory_is_a_list_of_sizes_and_places);
	RUN(a_size_that_was_meant_in_megabytes_gets_an_m);
	RUN(a_size_that_is_no_likely_number_of_megabytes_gets_none);
	RUN(load_and_entry_place_an_image);
	RUN(registers_are_names_with_values);
	RUN(ports_get_kinds);
	RUN(addresses_ports_and_values_may_have_an_h);
	RUN(kernels_are_given_a_mode_a_command_line_and_modules);
	RUN(rtc_is_a_word_or_a_date);
	RUN(a_speed_is_a_word_or_a_factor);
	return check_done();
}
