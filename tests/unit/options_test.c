/* options.h: what each option stores and what each error says. */
#include "cli/options.h"

#include <errno.h>

#include "check.h"
#include "cli/options_table.h"
#include "cli/qemu_words.h"
#include "options_line.h"

static void defaults_are_as_documented(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a.bin");
	CHECK_EQ(l.o.verb, VERB_RUN);
	CHECK(l.o.has_verb && !l.o.wants_help && !l.o.wants_version && !l.o.wants_manual);
	CHECK_STR(l.o.machine.image.path, "a.bin");
	CHECK_EQ(l.o.machine.image.format, IMAGE_AUTO);
	CHECK_EQ(l.o.machine.image.entry.kind, ENTRY_DEFAULT);
	CHECK(!l.o.machine.image.has_load && !l.o.serve.listen && !l.o.serve.no_wait &&
	        !l.o.gdb_args);
	CHECK_EQ(l.o.machine.memory_count + l.o.machine.register_count + l.o.machine.port_count, 0);
	CHECK_EQ(l.o.machine.hlt, HLT_AUTO);
	CHECK_EQ(l.o.machine.trace, 0);
	CHECK_EQ(l.o.machine.speed.permille, 0);
	CHECK(!l.o.machine.speed.skips_waits);
	CHECK_TAKEN(l, "test a.gdb");
	CHECK_EQ(l.o.jobs, 1);
	CHECK_EQ(l.o.timeout_ms, 30000);
	CHECK(!l.o.log_dir && !l.o.gdb_program && !l.o.machine.image.path);
}

static void consoles_are_given_one_by_one(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a");
	CHECK(!l.o.serve.consoles[0] && !l.o.serve.consoles[1]);
	CHECK_TAKEN(l, "debug --console unix:x --console=pty a");
	CHECK_STR(l.o.serve.consoles[0], "unix:x");
	CHECK_STR(l.o.serve.consoles[1], "pty");
	check_refused("run --console a --console b --console c d",
	        "stepvm run: --console c: two of these were given already");
}

static void a_recording_is_asked_for_or_kept_off(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a");
	CHECK_EQ(l.o.serve.record, RECORD_DEFAULT);
	CHECK_TAKEN(l, "run --record=auto a");
	CHECK(l.o.serve.record == RECORD_UNASKED && !l.o.serve.record_file);
	CHECK_TAKEN(l, "run --record a");
	CHECK(l.o.serve.record == RECORD_BEGIN && !l.o.serve.record_file);
	CHECK_TAKEN(l, "run --record=./off a");
	CHECK_EQ(l.o.serve.record, RECORD_BEGIN);
	CHECK_STR(l.o.serve.record_file, "./off");
	CHECK_TAKEN(l, "debug --record=off a");
	CHECK(l.o.serve.record == RECORD_OFF && !l.o.serve.record_file);
}

static void a_screen_may_say_where(void)
{
	struct line l;
	CHECK_TAKEN(l, "run a");
	CHECK(!l.o.serve.has_screen && !l.o.machine.keys);
	CHECK_TAKEN(l, "run --screen a --keys k");
	CHECK(l.o.serve.has_screen && !l.o.serve.screen);
	CHECK_STR(l.o.machine.image.path, "a");
	CHECK_STR(l.o.machine.keys, "k");
	CHECK_TAKEN(l, "debug --screen=/dev/pts/1 a");
	CHECK_STR(l.o.serve.screen, "/dev/pts/1");
	check_refused("run --screen= a", "stepvm run: --screen: expected a value after the =");
}

static void the_console_has_a_socket_or_finds_one(void)
{
	struct line l;
	CHECK_TAKEN(l, "console");
	CHECK(l.o.verb == VERB_CONSOLE && !l.o.socket);
	CHECK_TAKEN(l, "console a/socket");
	CHECK_STR(l.o.socket, "a/socket");
	CHECK(!l.o.machine.image.path);
	check_refused("console a b", "stepvm console: b: expected only one SOCKET, which is a");
}

static void format_hlt_and_trace_are_words(void)
{
	struct line l;
	CHECK_TAKEN(l, "run -f boot --hlt resume -t io,exits --trace mmio,run,bios a");
	CHECK_EQ(l.o.machine.image.format, IMAGE_BOOT);
	CHECK_EQ(l.o.machine.hlt, HLT_RESUME);
	CHECK_EQ(l.o.machine.hlt_resume_ms, 1000);
	CHECK_EQ(l.o.machine.trace, TRACE_IO | TRACE_EXITS | TRACE_MMIO | TRACE_RUN | TRACE_BIOS);
	CHECK_TAKEN(l, "run -f flat --hlt=resume:0 -tpackets a");
	CHECK_EQ(l.o.machine.image.format, IMAGE_FLAT);
	CHECK_EQ(l.o.machine.hlt, HLT_RESUME);
	CHECK_EQ(l.o.machine.hlt_resume_ms, 0);
	CHECK_EQ(l.o.machine.trace, TRACE_PACKETS);
	CHECK_TAKEN(l, "run --hlt exit a");
	CHECK_EQ(l.o.machine.hlt, HLT_EXIT);
	CHECK_TAKEN(l, "run --hlt stop a");
	CHECK_EQ(l.o.machine.hlt, HLT_STOP);
	CHECK_TAKEN(l, "run --engine auto a");
	CHECK_EQ(l.o.machine.engine, ENGINE_AUTO);
	check_refused(
	        "run --engine tcg a", "stepvm run: --engine tcg: expected auto, kvm or interp");
	check_refused("run -f fat a", "stepvm run: -f fat: expected " IMAGE_FORMAT_WORDS);
	check_refused("run --hlt resume5 a",
	        "stepvm run: --hlt resume5: expected auto, exit, stop, resume or resume:MS");
	check_refused("run --hlt resume: a",
	        "stepvm run: --hlt resume:: expected a number of milliseconds such as 50 after "
	        "the :");
	check_refused("run --hlt resume:4294967296 a",
	        "stepvm run: --hlt resume:4294967296: expected a "
	        "number of milliseconds such as 50 after the :");
	static const char *const wrong[] = { "io,", ",io", "io,,mmio", "io;mmio", "iox", "mmiox",
		"all" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char words[64], text[160];
		snprintf(words, sizeof words, "run -t %s a", wrong[i]);
		snprintf(text, sizeof text,
		        "stepvm run: -t %s: expected io, mmio, exits, packets, run, bios, or "
		        "several "
		        "with commas between",
		        wrong[i]);
		check_refused(words, text);
	}
}

static void a_debugger_is_let_in(void)
{
	struct line l;
	static const char *const places[] = { ":1234", "host:1", "unix:/tmp/s", "-" };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char words[64];
		snprintf(words, sizeof words, "run --no-wait -g %s a", places[i]);
		CHECK_TAKEN(l, words);
		CHECK_STR(l.o.serve.listen, places[i]);
		CHECK(l.o.serve.no_wait);
	}
	CHECK_TAKEN(l, "run --gdb=- a");
	CHECK_STR(l.o.serve.listen, "-");
	check_refused("run --no-wait a", "stepvm run: --no-wait: expected --gdb WHERE with it");
}

static void debug_hands_the_rest_to_gdb(void)
{
	struct line l;
	CHECK_TAKEN(l, "debug --symbols a.elf --gdb-program gdb-x a.img -- -ex --help --");
	CHECK_STR(l.o.serve.symbols, "a.elf");
	CHECK_STR(l.o.gdb_program, "gdb-x");
	CHECK_STR(l.o.machine.image.path, "a.img");
	CHECK(l.o.gdb_args && l.o.gdb_args[0] && l.o.gdb_args[1] && l.o.gdb_args[2]);
	CHECK_STR(l.o.gdb_args[0], "-ex");
	CHECK_STR(l.o.gdb_args[1], "--help");
	CHECK_STR(l.o.gdb_args[2], "--");
	CHECK(!l.o.gdb_args[3] && !l.o.wants_help);
	CHECK_TAKEN(l, "debug a.img --");
	CHECK(l.o.gdb_args && !l.o.gdb_args[0]);
	CHECK_TAKEN(l, "debug a.img");
	CHECK(l.o.gdb_args && !l.o.gdb_args[0]);
	check_refused("debug -- a.img", "stepvm debug: expected an IMAGE; see stepvm debug --help");
}

static void test_takes_scripts_in_any_order(void)
{
	struct line l;
	CHECK_TAKEN(l, "test a --jobs 4 b --timeout=5 --no-skip --log-dir d --junit x c "
	               "--gdb-program g -- -j");
	CHECK_STR(l.o.junit, "x");
	CHECK_EQ(l.o.script_count, 4);
	CHECK_STR(l.o.scripts[0], "a");
	CHECK_STR(l.o.scripts[1], "b");
	CHECK_STR(l.o.scripts[2], "c");
	CHECK_STR(l.o.scripts[3], "-j");
	CHECK(!l.o.scripts[4]);
	CHECK_EQ(l.o.jobs, 4);
	CHECK(l.o.no_skip);
	CHECK_EQ(l.o.timeout_ms, 5000);
	CHECK_STR(l.o.log_dir, "d");
	CHECK_STR(l.o.gdb_program, "g");
	CHECK_TAKEN(l, "test a b");
	CHECK_EQ(l.o.script_count, 2);
	CHECK(!l.o.scripts[2]);
	check_refused("test", "stepvm test: expected a SCRIPT.gdb; see stepvm test --help");
	check_refused("test -j 0 a", "stepvm test: -j 0: expected a number from 1 to 1024");
	check_refused("test -j 1025 a", "stepvm test: -j 1025: expected a number from 1 to 1024");
	check_refused("test --timeout 0 a",
	        "stepvm test: --timeout 0: expected a number of seconds from 1 to 4294967");
	check_refused("test --timeout 4294968 a",
	        "stepvm test: --timeout 4294968: expected a number of seconds from 1 to 4294967");
	check_refused("test '' a", "stepvm test: an empty word: expected a SCRIPT.gdb");
}

static void operands_and_verbs_are_named(void)
{
	struct line l;
	CHECK_TAKEN(l, "run -- -odd");
	CHECK_STR(l.o.machine.image.path, "-odd");
	CHECK_TAKEN(l, "run -");
	CHECK_STR(l.o.machine.image.path, "-");
	check_refused("", "stepvm: expected a verb: run, debug, replay, test, probe or console; "
	                  "see stepvm --help");
	check_refused("''", "stepvm: expected a verb: run, debug, replay, test, probe or console; "
	                    "see stepvm --help");
	check_refused("boot",
	        "stepvm: boot: not a verb; expected run, debug, replay, test, probe or console");
	check_refused(
	        "/dev/null", "stepvm: /dev/null: not a verb; did you mean stepvm run /dev/null?");
	check_refused("run", "stepvm run: expected an IMAGE; see stepvm run --help");
	check_refused("run a b", "stepvm run: b: expected only one IMAGE, which is a");
	check_refused("run a -- b", "stepvm run: b: expected only one IMAGE, which is a");
	check_refused("probe a", "stepvm probe: a: expected options only; see stepvm probe --help");
	check_refused("probe ''", "stepvm probe: : expected options only; see stepvm probe --help");
	CHECK_TAKEN(l, "probe");
	CHECK(l.o.verb == VERB_PROBE && !l.o.is_json && !l.o.machine.image.path);
	CHECK_TAKEN(l, "probe --json");
	CHECK(l.o.is_json);
	check_refused("--gdb :1 run a",
	        "stepvm: --gdb: expected a verb before it: run or replay; see stepvm --help");
	check_refused("-m 1M run a",
	        "stepvm: -m: expected a verb before it: run or debug; see stepvm --help");
}

static void options_out_of_place_say_where_they_belong(void)
{
	check_refused("debug --gdb :1 a",
	        "stepvm debug: --gdb: an option of run or replay, not of debug");
	check_refused("run --jobs 2 a", "stepvm run: --jobs: an option of test, not of run");
	check_refused("run --gdb-program=x a",
	        "stepvm run: --gdb-program: an option of debug or test, not of run");
	check_refused("test -m 64M a", "stepvm test: -m: an option of run or debug, not of test");
}

static void unknown_options_get_a_near_word(void)
{
	check_refused("run --memroy=64M a", "stepvm run: --memroy: not an option; did you mean "
	                                    "--memory? See stepvm run --help");
	check_refused("run --mem 64M a",
	        "stepvm run: --mem: not an option; did you mean --memory? See stepvm run --help");
	check_refused("run --htl exit a",
	        "stepvm run: --htl: not an option; did you mean --hlt? See stepvm run --help");
	check_refused("run --hltt exit a",
	        "stepvm run: --hltt: not an option; did you mean --hlt? See stepvm run --help");
	check_refused(
	        "--halp", "stepvm: --halp: not an option; did you mean --help? See stepvm --help");
	/* Near to an option, but not to one of this verb. */
	check_refused("run --job 2 a", "stepvm run: --job: not an option; see stepvm run --help");
	check_refused("run --xyzzy a", "stepvm run: --xyzzy: not an option; see stepvm run --help");
	check_refused("run -x a", "stepvm run: -x: not an option; see stepvm run --help");
	check_refused("run --=1 a", "stepvm run: --: not an option; see stepvm run --help");
	check_refused("--", "stepvm: --: not an option; see stepvm --help");
}

static void unknown_verbs_get_a_near_word(void)
{
	static const struct {
		const char *typed, *meant;
	} slips[] = { { "rnu", "run" }, { "rn", "run" }, { "dbeug", "debug" }, { "deb", "debug" },
		{ "tets", "test" }, { "prob", "probe" }, { "consol", "console" } };
	for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
		char text[160];
		snprintf(text, sizeof text,
		        "stepvm: %s: not a verb; did you mean %s? See stepvm --help",
		        slips[i].typed, slips[i].meant);
		check_refused(slips[i].typed, text);
	}
	check_refused("ru n", "stepvm: ru: not a verb; did you mean run? See stepvm --help");
	check_refused(
	        "r", "stepvm: r: not a verb; expected run, debug, replay, test, probe or console");
}

static void a_name_with_one_dash_gets_the_other(void)
{
	check_refused("run -append x a",
	        "stepvm run: -append: not an option; did you mean --append? See stepvm run --help");
	check_refused("run -memory 64M a",
	        "stepvm run: -memory: not an option; did you mean --memory? See stepvm run --help");
	check_refused("run -no-reboot a", "stepvm run: -no-reboot: not an option; did you mean "
	                                  "--no-reboot? See stepvm run --help");
	check_refused("run -gdb tcp::1234 a",
	        "stepvm run: -gdb: not an option; did you mean --gdb? See stepvm run --help");
	check_refused(
	        "-help", "stepvm: -help: not an option; did you mean --help? See stepvm --help");
}

/* By those who have typed them for years. */
static void qemus_words_say_what_there_is(void)
{
	static const char *const words[] = { "-s -S a", "-S a", "-kernel a", "-hda a", "-fda a",
		"-serial stdio a", "-nographic a", "-d int a", "-monitor stdio a", "-enable-kvm a",
		"-cpu host a", "-smp 2 a", "-drive file=a", "-machine pc a", "--kernel a",
		"--enable-kvm a", "-device isa-debug-exit,iobase=0xf4 a" };
	static const char *const starts[] = { "run ", "debug ", "" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++) {
			char line[80], wanted[80];
			struct line l;
			snprintf(line, sizeof line, "%s%s", starts[k], words[i]);
			snprintf(wanted, sizeof wanted,
			        "stepvm%s%.*s: %.*s is QEMU's: ", k == 2 ? "" : " ",
			        (int)(strlen(starts[k]) - (k < 2)), starts[k],
			        (int)strcspn(words[i], " "), words[i]);
			parse(&l, line);
			if (l.err != -EINVAL || strncmp(l.e.text, wanted, strlen(wanted)) != 0)
				CHECK_FAIL("%s: %s", line, l.e.text);
		}
	check_refused("run -s a",
	        "stepvm run: -s is QEMU's: stepvm run --gdb :1234 IMAGE waits for a "
	        "debugger, and stepvm debug IMAGE starts gdb, too");
	check_refused("test -s a", "stepvm test: -s: not an option; see stepvm test --help");
}

static void no_word_of_qemus_hides_an_option(void)
{
	for (const struct qemu_word *q = qemu_words; q->name; q++) {
		CHECK(q->name[0] == '-' && q->name[1] != '-' && q->advice[0]);
		for (const struct option_row *r = option_rows; r->name; r++) {
			CHECK(strcmp(r->name, q->name + 1) != 0);
			CHECK(q->name[2] || r->letter != q->name[1]);
		}
	}
}

static void an_image_in_an_addresss_place_is_told(void)
{
	check_refused("run --gdb guest.bin",
	        "stepvm run: --gdb guest.bin: --gdb takes an address such "
	        "as :1234; is guest.bin the image?");
	check_refused("run -g guest.bin --no-wait", "stepvm run: --gdb guest.bin: --gdb takes an "
	                                            "address such as :1234; is guest.bin the "
	                                            "image?");
	check_refused("run --gdb :1234", "stepvm run: expected an IMAGE; see stepvm run --help");
	check_refused("run --gdb -", "stepvm run: expected an IMAGE; see stepvm run --help");
}

static void values_are_there_or_missed(void)
{
	check_refused("run a --load", "stepvm run: --load: expected ADDR after it");
	check_refused("run a -m", "stepvm run: -m: expected SIZE[@ADDR] after it");
	check_refused("run --load= a", "stepvm run: --load: expected ADDR after it");
	check_refused("run --load '' a", "stepvm run: --load: expected ADDR after it");
	check_refused("run --gdb --no-wait a",
	        "stepvm run: --gdb: expected WHERE after it, not --no-wait");
	check_refused("run --gdb -- a", "stepvm run: --gdb: expected WHERE after it, not --");
	check_refused("run --no-wait=1 a", "stepvm run: --no-wait=1: --no-wait takes no value");
	check_refused("-hx", "stepvm: -hx: --help takes no value");
	struct line l;
	CHECK_TAKEN(l, "debug --symbols=-x a");
	CHECK_STR(l.o.serve.symbols, "-x");
}

static void help_version_and_manual_end_the_check(void)
{
	struct line l;
	CHECK_TAKEN(l, "--help");
	CHECK(l.o.wants_help && !l.o.has_verb);
	CHECK_TAKEN(l, "help");
	CHECK(l.o.wants_help && !l.o.has_verb);
	CHECK_TAKEN(l, "-h");
	CHECK(l.o.wants_help);
	CHECK_TAKEN(l, "help debug");
	CHECK(l.o.wants_help && l.o.has_verb && l.o.verb == VERB_DEBUG);
	CHECK_TAKEN(l, "--help debug");
	CHECK(l.o.wants_help && l.o.has_verb && l.o.verb == VERB_DEBUG);
	CHECK_TAKEN(l, "--help --version");
	CHECK(l.o.wants_help && !l.o.has_verb);
	CHECK_TAKEN(l, "test --help");
	CHECK(l.o.wants_help && l.o.has_verb && l.o.verb == VERB_TEST);
	CHECK_TAKEN(l, "run a -h --bogus b");
	check_refused("--help rnu", "stepvm: rnu: not a verb; did you mean run? See stepvm --help");
	check_refused("help rnu", "stepvm: rnu: not a verb; did you mean run? See stepvm --help");
	CHECK_TAKEN(l, "--version");
	CHECK(l.o.wants_version && !l.o.wants_help);
	CHECK_TAKEN(l, "run --manual");
	CHECK(l.o.wants_manual);
}

static void lists_end_with_a_word(void)
{
	char words[1024] = "run a";
	struct line l;
	for (unsigned i = 0; i < CONFIG_LIST_MAX; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words), " -p%u=hex", i);
	CHECK_TAKEN(l, words);
	CHECK_EQ(l.o.machine.port_count, CONFIG_LIST_MAX);
	strcat(words, " -p99=hex");
	check_refused(words, "stepvm run: -p 99=hex: more than 32 of these were given");
	strcpy(words, "run a");
	for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words), " -m%uM", i + 1);
	check_refused(words, "stepvm run: -m 33M: more than 32 of these were given");
	strcpy(words, "run a");
	for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
		snprintf(words + strlen(words), sizeof words - strlen(words), " --reg=r%u=0", i);
	check_refused(words, "stepvm run: --reg r32=0: more than 32 of these were given");
}

static void long_and_odd_words_keep_the_message_whole(void)
{
	struct line l;
	char words[512] = "run --memory ";
	memset(words + strlen(words), '9', 300);
	parse(&l, words);
	CHECK(strstr(l.e.text, "9999...: expected a size such as 64M, 640K or 0x100000") != NULL);
	check_refused("run a\nb c", "stepvm run: c: expected only one IMAGE, which is a?b");
	check_refused(
	        "run --\x1b[31m a", "stepvm run: --?[31m: not an option; see stepvm run --help");
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Numerical Recipes' generator */
	return *state >> 8;
}

/* Any words at all: read, or refused in one line. */
static void random_words_are_judged(void)
{
	static const char *const parts[] = { "run", "debug", "test", "-", "--", "=", "memory", "m",
		"gdb", "reg", "ax", "64", "M", "@", "0x", ":", ",", "io", "resume", "hlt", "port",
		"p", "e", "entry", "trace", "t", "f", "flat", "''", "\n", "\xff", "no-wait", "help",
		"99999999999999999999", "jobs", "j", " ", " ", " ", " ", " " };
	uint32_t state = 7;
	unsigned taken = 0;
	for (int round = 0; round < 200000; round++) {
		static const char *const starts[] = { "run a ", "debug ", "test b ", "" };
		char words[512];
		struct line l;
		snprintf(words, sizeof words, "%s", starts[next_random(&state) % 4]);
		for (unsigned n = next_random(&state) % 14; n; n--)
			strcat(words,
			        parts[next_random(&state) % (sizeof parts / sizeof parts[0])]);
		parse(&l, words);
		taken += l.err == 0;
		if (l.err == 0 ? l.e.text[0] != '\0'
		               : l.err != -EINVAL || strncmp(l.e.text, "stepvm", 6) != 0 ||
		                         strpbrk(l.e.text, "\n\x1b") != NULL)
			CHECK_FAIL("[%s] %d %s", words, l.err, l.e.text);
	}
	CHECK(taken > 1000); /* not all of it was noise */
}

int main(void)
{
	RUN(defaults_are_as_documented);
	RUN(consoles_are_given_one_by_one);
	RUN(a_recording_is_asked_for_or_kept_off);
	RUN(a_screen_may_say_where);
	RUN(the_console_has_a_socket_or_finds_one);
	RUN(format_hlt_and_trace_are_words);
	RUN(a_debugger_is_let_in);
	RUN(debug_hands_the_rest_to_gdb);
	RUN(test_takes_scripts_in_any_order);
	RUN(operands_and_verbs_are_named);
	RUN(options_out_of_place_say_where_they_belong);
	RUN(unknown_options_get_a_near_word);
	RUN(unknown_verbs_get_a_near_word);
	RUN(a_name_with_one_dash_gets_the_other);
	RUN(qemus_words_say_what_there_is);
	RUN(no_word_of_qemus_hides_an_option);
	RUN(an_image_in_an_addresss_place_is_told);
	RUN(values_are_there_or_missed);
	RUN(help_version_and_manual_end_the_check);
	RUN(lists_end_with_a_word);
	RUN(long_and_odd_words_keep_the_message_whole);
	RUN(random_words_are_judged);
	return check_done();
}
