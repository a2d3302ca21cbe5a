#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS               5000
#define STARTS              5   /* their median: the first has to come from the disk */
#define STOPS               500 /* from breakpoint to breakpoint */
#define INTERRUPTS          50
#define HITS                2000 /* of a breakpoint with a condition, until it holds */
#define NEXT_ITERATIONS     100000
#define QEMU_ITERATIONS     2000 /* of them; the time is multiplied */
#define WATCH_INSNS         1000000
#define QEMU_WATCH_INSNS    2000
#define MEMORY_SIZE         (4u << 20) /* read and written at */
#define MEMORY_AT_ONCE      130000     /* in a packet of 256 KiB */
#define QEMU_MEMORY_AT_ONCE 2000       /* in one of 4 KiB: QEMU 7.2 */
#define MEMORY_GPA          0x100000u
#define CODE_GPA            0x1000u
#define GDB_SIZE            0x1000000 /* dumped and restored by gdb */

const struct work_row works[WORKS] = {
	[WORK_START] = { "start to the first `?` reply", "start to first reply", "ms", true },
	[WORK_RESIDENT] = { "resident memory then", "resident memory", "MiB", true },
	[WORK_RESIDENT_RUN] = { "the same after a free run", "after a free run", "MiB", true },
	[WORK_GREET] = { "a boot sector prints by `int 10h` and ends", "boot sector prints, ends",
	        "ms", true },
	[WORK_FREE] = { "free run, instructions", "free run", "million/s", false },
	[WORK_FREE_BOARD] = { "the same with a timer's interrupts and ports",
	        "with timer and ports", "million/s", false },
	[WORK_STEP] = { "`s` over TCP", "s over TCP", "/s", false },
	[WORK_VCONT_STEP] = { "`vCont;s:1`", "vCont;s", "/s", false },
	[WORK_STEP_AND_READ] = { "`s` and `g`", "s and g", "/s", false },
	[WORK_RANGE] = { "steps of a range (`vCont;r`), 1,000 breakpoints", "steps of a range",
	        "million/s", false },
	[WORK_CATCH] = { "steps for `monitor catch #GP`, 1,000 breakpoints", "steps for a catch",
	        "million/s", false },
	[WORK_NEVER] = { "a condition that never holds, hits; 1,000 of them", "a condition: hits",
	        "/s", false },
	[WORK_BREAK] = { "breakpoint to breakpoint, as gdb does it (`z1 s Z1 c`)",
	        "breakpoint to breakpoint", "/s", false },
	[WORK_CONDITION] = { "gdb: `hbreak … if $eax == N`, hits", "break if: hits", "/s", false },
	[WORK_CONDITION_NEAR] = { "the same in a loop of three instructions",
	        "the same, small loop", "/s", false },
	[WORK_NEXT] = { "gdb: `next` over a loop of 100,000", "next over a long loop", "s", true },
	[WORK_WATCH] = { "a watched byte changes after 1,000,000 instructions",
	        "watch until a change", "s", true },
	[WORK_READ] = { "memory read by `m`, 4 MiB of noise", "memory read", "MiB/s", false },
	[WORK_WRITE] = { "memory written by `M`, 4 MiB", "memory write", "MiB/s", false },
	[WORK_STOP] = { "0x03 to the stop, median of 50", "0x03 to stop", "ms", true },
	[WORK_STOP_WORST] = { "0x03 to the stop, worst of 50", "the same, worst", "ms", true },
	[WORK_STOP_REP] = { "0x03 within `rep movsb` of 24 MiB, worst of 50",
	        "0x03 in a rep, worst", "ms", true },
	[WORK_GDB_STEPI] = { "gdb: `stepi 5000`", "gdb stepi 5000", "s", true },
	[WORK_GDB_DUMP] = { "gdb: `dump` of 16 MiB", "gdb dump 16 MiB", "s", true },
	[WORK_GDB_RESTORE] = { "gdb: `restore` of 16 MiB", "gdb restore 16 MiB", "s", true },
};

/* Writes code to CODE_GPA and makes it the next instruction, CS 0. */
static void put_code(struct peer *p, const char *hex)
{
	bool is_qemu = p->kind->is_qemu;
	peer_ask(p, "g"); /* QEMU loses a P that no g came before */
	peer_tell(p, 'O', "M%x,%zx:%s", CODE_GPA, strlen(hex) / 2, hex);
	/* cs and rip in QEMU's x86-64 layout, cs and eip in stepvm's for 16-bit code. */
	peer_tell(p, 'O', is_qemu ? "P12=00000000" : "Pa=00000000");
	peer_tell(p, 'O', is_qemu ? "P10=0010000000000000" : "P8=00100000");
}

static double rate_of_steps(struct peer *p, const char *request, bool reads)
{
	double begin = peer_now();
	for (int i = 0; i < STEPS; i++) {
		peer_tell(p, 'T', "%s", request);
		if (reads)
			peer_ask(p, "g");
	}
	return STEPS / (peer_now() - begin);
}

/* 64 nops in a loop, a breakpoint at every sixteenth, each taken out for the step off it. Z1: what
 * QEMU says OK to with Z0 never stops here. */
static double rate_of_breaks(struct peer *p)
{
	char code[200] = "";
	for (int i = 0; i < 64; i++)
		strcat(code, "90");
	strcat(code, "40ebbd"); /* inc ax; jmp to the first */
	put_code(p, code);
	for (unsigned i = 0; i < 64; i += 16)
		peer_tell(p, 'O', "Z1,%x,1", CODE_GPA + i);
	peer_ask(p, "s");
	double begin = peer_now();
	for (unsigned i = 1; i <= STOPS; i++) {
		unsigned at = CODE_GPA + i * 16 % 64;
		if (peer_ask(p, "c") != 'T')
			return 0; /* it never stops */
		peer_ask(p, "z1,%x,1", at);
		peer_tell(p, 'T', "s");
		peer_ask(p, "Z1,%x,1", at);
	}
	double rate = STOPS / (peer_now() - begin);
	for (unsigned i = 0; i < 64; i += 16)
		peer_ask(p, "z1,%x,1", CODE_GPA + i);
	return rate;
}

/* mov $500000, %ecx; 1: dec %ecx; jnz 1b; movb $1, 0x500; jmp . */
#define COUNTDOWN                                                                                  \
	"66b920a107006649"                                                                         \
	"75fc"                                                                                     \
	"c606000501"                                                                               \
	"ebfe"

/* QEMU says OK to watchpoints that never stop here: with it a gdb steps and looks. */
static double seconds_to_watch(struct peer *p)
{
	put_code(p, COUNTDOWN);
	double begin = peer_now();
	if (p->kind->is_qemu && !strcmp(p->kind->by, "kvm")) {
		for (int i = 0; i < QEMU_WATCH_INSNS; i++) {
			peer_tell(p, 'T', "s");
			peer_ask(p, "m500,1");
		}
		return (peer_now() - begin) * WATCH_INSNS / QEMU_WATCH_INSNS;
	}
	peer_tell(p, 'O', "Z2,500,1");
	char reply = peer_ask(p, "c");
	double seconds = peer_now() - begin;
	peer_ask(p, "z2,500,1");
	return reply == 'T' ? seconds : 0;
}

/* --- millions a second ------------------------------------------------------------------------ */

#define BREAKPOINTS 1000
#define RATE_S      0.3 /* at least so long, for the clock */
#define RATE_MAX    0x20000000u

/* Where both programs end: a page of its own, for QEMU's TCG does code on a page with a breakpoint an instruction at a
 * time. nop; jmp . */
#define END 0x3000u

/* mov $count, %ecx; 1: dec %ecx; jnz 1b; jmp END */
static void put_countdown(struct peer *p, uint32_t count)
{
	char code[100];
	snprintf(code, sizeof code, "66b9%08x664975fce9f31f", __builtin_bswap32(count));
	put_code(p, code);
	peer_tell(p, 'O', "M%x,3:90ebfe", END);
}

#define COUNTDOWN_HIT 0x1006u /* the dec */

/* The PIC and the PIT, 1 kHz, then count times: 500 dec and jnz, an out and an in. */
static void put_board(struct peer *p, uint32_t count)
{
	static const char setup[] = "fa31c08ed08ed8bc0070"     /* cli; ds, ss:sp */
	                            "c70620000011c70622000000" /* the vector of IRQ 0: 0000:1100 */
	                            "b011e620b008e621b004e621b001e621b0fee621" /* the PIC */
	                            "b034e643b0a9e640b004e640fb";              /* the PIT; sti */
	static const char handler[] = "50b020e620ff060006" /* end of interrupt; inc [600h] */
	                              "58cf";
	char code[300];
	/* mov $count, %ecx; 1: mov $500, %bx; 2: dec %bx; jnz 2b; out 80h; in 61h; dec %ecx; jnz 1b; cli; jmp END */
	snprintf(code, sizeof code, "%s66b9%08xbbf4014b75fde680e461664975f2fae9b11f", setup,
	        __builtin_bswap32(count));
	put_code(p, code);
	peer_tell(p, 'O', "M1100,%zx:%s", strlen(handler) / 2, handler);
	peer_tell(p, 'O', "M%x,3:90ebfe", END);
}

#define BOARD_EACH 1005u /* instructions of a count */

/* Such a program goes from its begin to its end by request, with counts that make it last long enough. In a second of
 * the peer's CPU time, so that a host that does something else meanwhile is none of it. 0: it does not come there. */
static double rate_of(struct peer *p, void (*put)(struct peer *p, uint32_t count), double each,
        const char *request)
{
	for (double count = 1000;;) {
		put(p, (uint32_t)count);
		double begin = peer_cpu(p);
		if (peer_ask(p, "%s", request) != 'T')
			return 0;
		double seconds = peer_cpu(p) - begin;
		if (seconds >= RATE_S || count * each >= RATE_MAX)
			return count * each / seconds;
		count *= seconds < RATE_S / 20 ? 16 : 1.3 * RATE_S / seconds;
	}
}

static void set_breakpoints(struct peer *p, const char *condition)
{
	for (unsigned i = 0; i < BREAKPOINTS; i++)
		peer_tell(p, 'O', "Z0,%x,1%s", 0x40000 + 3 * i, condition);
}

/* A peer of its own for each that leaves something behind. */
static bool open_peer(struct peer *p, const struct peer_kind *kind)
{
	if (!peer_start(p, kind))
		return false;
	peer_connect(p);
	peer_shake_hands(p);
	return true;
}

static void do_free_runs(struct peer *p, double f[WORKS])
{
	peer_tell(p, 'O', "Z1,%x,1", END);
	f[WORK_FREE] = rate_of(p, put_countdown, 2, "c") / 1e6;
	peer_ask(p, "z1,%x,1", END);
	f[WORK_RESIDENT_RUN] = peer_resident_mib(p);
	peer_tell(p, 'O', "Z1,%x,1", END);
	f[WORK_FREE_BOARD] = rate_of(p, put_board, BOARD_EACH, "c") / 1e6;
	peer_ask(p, "z1,%x,1", END);
	peer_ask(p, "m600,2");
	if (strstr(p->reply, "$0000#")) /* without ticks it is not what it says */
		f[WORK_FREE_BOARD] = 0;
}

static void do_many(const struct peer_kind *kind, double f[WORKS])
{
	static struct peer p;
	static const char never[] =
	        ";X3,220027"; /* const8 0, end: the agent's bytecode, see gdb's manual */
	if (open_peer(&p, kind)) {
		set_breakpoints(&p, "");
		f[WORK_RANGE] = rate_of(&p, put_countdown, 2, "vCont;r1000,100a:1") / 1e6;
		peer_tell(&p, 'O', "qRcmd,636174636820234750"); /* catch #GP */
		peer_tell(&p, 'O', "Z0,%x,1", END);
		f[WORK_CATCH] = rate_of(&p, put_countdown, 2, "c") / 1e6;
		peer_stop(&p);
	}
	if (open_peer(&p, kind)) {
		set_breakpoints(&p, never);
		peer_tell(&p, 'O', "Z0,%x,1%s", COUNTDOWN_HIT, never);
		peer_tell(&p, 'O', "Z0,%x,1", END);
		f[WORK_NEVER] = rate_of(&p, put_countdown, 1, "c");
		peer_stop(&p);
	}
}

/* --- memory, and the rest --------------------------------------------------------------------- */

/* In packets as long as the peer takes them, in either direction. They are made before the clock
 * runs. */
static void rates_of_memory(struct peer *p, double *read, double *write)
{
	static char hex[2 * MEMORY_AT_ONCE + 1];
	unsigned at_once = p->kind->is_qemu ? QEMU_MEMORY_AT_ONCE : MEMORY_AT_ONCE, seed = 1;
	for (unsigned i = 0, digit = 0; i < 2 * at_once; i++) { /* no runs to be encoded */
		seed = seed * 1103515245 + 12345;
		digit = (digit + 1 + seed % 15) % 16;
		hex[i] = "0123456789abcdef"[digit];
	}
	hex[2 * at_once] = 0;
	unsigned count = MEMORY_SIZE / at_once;
	double seconds = 0;
	for (unsigned i = 0; i < count; i++) {
		peer_make(p, "M%x,%x:%s", MEMORY_GPA + i * at_once, at_once, hex);
		double begin = peer_now();
		if (peer_ask_made(p) != 'O')
			peer_die(p->kind->name);
		seconds += peer_now() - begin;
	}
	*write = count * (double)at_once / seconds / (1 << 20);
	seconds = 0;
	for (unsigned i = 0; i < count; i++) {
		peer_make(p, "m%x,%x", MEMORY_GPA + i * at_once, at_once);
		double begin = peer_now();
		peer_ask_made(p);
		seconds += peer_now() - begin;
	}
	*read = count * (double)at_once / seconds / (1 << 20);
	if (strncmp(p->reply + (p->reply[0] == '+') + 1, hex, 2 * at_once))
		peer_die("memory is not what was written");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* ds and es of 4 GiB, by way of protected mode; 1: mov $0x1800000, %ecx; mov $0x200000, %esi; mov $0x2000000, %edi;
 * addr32 rep movsb; jmp 1b; the GDT, and what lgdt loads. It lasts a tenth of a second where a second is worth 250
 * million bytes, and is gone on with after each stop. */
#define LONG_REP                                                                                   \
	"fa2e660f011644100f20c00c010f22c0bb08008edb8ec324fe0f22c0fc"                               \
	"66b90000800166be0000200066bf0000000267f3a4ebe9"                                           \
	"0000000000000000ffff00000093cf00"                                                         \
	"0f0034100000"

/* A guest that spins is left alone for a moment, so that it has been entered. */
static void times_of_interrupts(struct peer *p, const char *code, double *middle, double *worst)
{
	double ms[INTERRUPTS];
	put_code(p, code);
	for (int i = 0; i < INTERRUPTS; i++) {
		peer_send(p, "c");
		for (double until = peer_now() + 0.003; peer_now() < until;)
			;
		double begin = peer_now();
		peer_send_raw(p, "\x03", 1);
		if (peer_receive(p) != 'T')
			return;
		ms[i] = (peer_now() - begin) * 1e3;
	}
	qsort(ms, INTERRUPTS, sizeof *ms, compare);
	if (middle)
		*middle = ms[INTERRUPTS / 2];
	*worst = ms[INTERRUPTS - 1];
}

static void do_packets(struct peer *p, double f[WORKS])
{
	peer_shake_hands(p);
	put_code(p, "40ebfd"); /* inc ax; jmp to it: QEMU does not survive a step over a hlt of its
	                          BIOS */
	f[WORK_STEP] = rate_of_steps(p, "s", false);
	f[WORK_VCONT_STEP] =
	        rate_of_steps(p, p->kind->is_qemu ? "vCont;s:p1.1" : "vCont;s:1", false);
	f[WORK_STEP_AND_READ] = rate_of_steps(p, "s", true);
	f[WORK_BREAK] = rate_of_breaks(p);
	do_free_runs(p, f);
	f[WORK_WATCH] = seconds_to_watch(p);
	rates_of_memory(p, &f[WORK_READ], &f[WORK_WRITE]);
	times_of_interrupts(p, "ebfe", &f[WORK_STOP], &f[WORK_STOP_WORST]);
	times_of_interrupts(p, LONG_REP, NULL, &f[WORK_STOP_REP]);
}

/* Each gdb has a peer of its own: loop.S loaded, its registers set, then command is timed. */
static double by_gdb(const struct peer_kind *kind, const char *before, const char *command)
{
	static struct peer p;
	char setup[800];
	const char *bits = kind->is_qemu ? "64" : "32";
	snprintf(setup, sizeof setup,
	        "-ex 'symbol-file %s%s.elf' -ex 'load %s%s.elf' -ex 'set $cs = 0' "
	        "-ex 'set $pc = &start' -ex 'stepi' %s",
	        kind->loop, bits, kind->loop, bits, before);
	if (!peer_start(&p, kind))
		return 0;
	peer_connect(&p); /* it is up */
	close(p.fd);
	p.fd = -1;
	double seconds = peer_gdb(&p, setup, command);
	peer_stop(&p);
	return seconds;
}

static double per_second(double count, double seconds)
{
	return seconds > 0 ? count / seconds : 0;
}

#define TEXT(n)  TEXT_(n)
#define TEXT_(n) #n

static double rate_of_hits(const struct peer_kind *kind, const char *loop, const char *hit)
{
	char before[200];
	snprintf(before, sizeof before,
	        "-ex 'set $eax = 0' -ex 'set $pc = &%s' "
	        "-ex 'hbreak *&%s if $eax == " TEXT(HITS) "'",
	        loop, hit);
	return per_second(HITS, by_gdb(kind, before, "continue"));
}

static void do_gdb(const struct peer_kind *kind, double f[WORKS])
{
	int times = kind->is_qemu ? NEXT_ITERATIONS / QEMU_ITERATIONS : 1;
	f[WORK_CONDITION] = rate_of_hits(kind, "spin", "hit");
	f[WORK_CONDITION_NEAR] = rate_of_hits(kind, "small_spin", "small_hit");
	f[WORK_NEXT] = times * by_gdb(kind,
	                               kind->is_qemu ? "-ex 'set $ecx = " TEXT(QEMU_ITERATIONS) "'"
	                                             : "-ex 'set $ecx = " TEXT(NEXT_ITERATIONS) "'",
	                               "next");
	f[WORK_GDB_STEPI] = by_gdb(kind, "", "stepi " TEXT(STEPS));
	char file[] = "/tmp/stepvm-bench.XXXXXX", command[100];
	int fd = mkstemp(file);
	if (fd < 0)
		peer_die("no temporary file");
	close(fd);
	snprintf(command, sizeof command, "dump binary memory %s 0 %#x", file, GDB_SIZE);
	f[WORK_GDB_DUMP] = by_gdb(kind, "", command);
	snprintf(command, sizeof command, "restore %s binary 0x100000", file);
	f[WORK_GDB_RESTORE] = by_gdb(kind, "", command);
	unlink(file);
}

bool work_all(const struct peer_kind *kind, double f[WORKS])
{
	static struct peer p;
	double ms[STARTS];
	for (int i = 0; i < STARTS; i++) {
		if (i)
			peer_stop(&p);
		if (!peer_start(&p, kind))
			return false;
		peer_connect(&p);
		ms[i] = peer_ask(&p, "?") == 'T' ? (peer_now() - p.started_at) * 1e3 : 0;
	}
	qsort(ms, STARTS, sizeof *ms, compare);
	f[WORK_START] = ms[STARTS / 2];
	f[WORK_RESIDENT] = peer_resident_mib(&p);
	f[WORK_GREET] = peer_run(kind, "greet") * 1e3;
	do_packets(&p, f);
	peer_stop(&p);
	do_gdb(kind, f);
	/* QEMU's stub has neither ranges nor conditions: a gdb steps, and looks at each hit. */
	f[WORK_RANGE] = f[WORK_STEP] / 1e6;
	f[WORK_NEVER] = f[WORK_CONDITION_NEAR];
	if (!kind->is_qemu)
		do_many(kind, f);
	return true;
}
