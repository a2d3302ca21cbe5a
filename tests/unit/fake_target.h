/* A machine that is none: registers and memory in arrays, calls written down. What the protocol's
 * tests talk to instead of a guest.
 *
 *	0x0000 .. 0x3fff    RAM
 *	0x4000 .. 0x4fff    a hole
 *	0x5000 .. 0xffff    RAM
 *	the last 4096 bytes below 2^64: RAM
 *
 * Physical memory is the same bytes at addresses that are FAKE_PHYSICAL higher. */
#ifndef STEPVM_TESTS_FAKE_TARGET_H
#define STEPVM_TESTS_FAKE_TARGET_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gdbstub/target.h"

#define FAKE_RAM  0x10000u
#define FAKE_HOLE 0x4000u
#define FAKE_PAGE 0x1000u
#define FAKE_TOP  (0 - (uint64_t)FAKE_PAGE)

#define FAKE_PHYSICAL 0x100000u

/* The names that src/kvm/registers.h promises. */
static const struct fake_register {
	const char *name;
	unsigned size;
} fake_registers[] = {
	{ "rax", 8 },
	{ "rbx", 8 },
	{ "rcx", 8 },
	{ "rdx", 8 },
	{ "rsi", 8 },
	{ "rdi", 8 },
	{ "rbp", 8 },
	{ "rsp", 8 },
	{ "r8", 8 },
	{ "r9", 8 },
	{ "r10", 8 },
	{ "r11", 8 },
	{ "r12", 8 },
	{ "r13", 8 },
	{ "r14", 8 },
	{ "r15", 8 },
	{ "rip", 8 },
	{ "rflags", 8 },
	{ "cs", 2 },
	{ "ss", 2 },
	{ "ds", 2 },
	{ "es", 2 },
	{ "fs", 2 },
	{ "gs", 2 },
	{ "tr", 2 },
	{ "ldt", 2 },
	{ "cs_desc", 16 },
	{ "cs_desc32", 12 },
	{ "ss_desc", 16 },
	{ "ss_desc32", 12 },
	{ "ds_desc", 16 },
	{ "ds_desc32", 12 },
	{ "es_desc", 16 },
	{ "es_desc32", 12 },
	{ "fs_desc", 16 },
	{ "fs_desc32", 12 },
	{ "gs_desc", 16 },
	{ "gs_desc32", 12 },
	{ "tr_desc", 16 },
	{ "tr_desc32", 12 },
	{ "ldt_desc", 16 },
	{ "ldt_desc32", 12 },
	{ "cs_base", 8 },
	{ "ss_base", 8 },
	{ "ds_base", 8 },
	{ "es_base", 8 },
	{ "fs_base", 8 },
	{ "gs_base", 8 },
	{ "cr0", 8 },
	{ "cr2", 8 },
	{ "cr3", 8 },
	{ "cr4", 8 },
	{ "cr8", 8 },
	{ "efer", 8 },
	{ "gdtr", 16 },
	{ "idtr", 16 },
	{ "gdtr32", 8 },
	{ "idtr32", 8 },
	{ "pc", 8 },
	{ "sp_linear", 8 },
	{ "mode", 4 },
	{ "st0", 10 },
	{ "st1", 10 },
	{ "st2", 10 },
	{ "st3", 10 },
	{ "st4", 10 },
	{ "st5", 10 },
	{ "st6", 10 },
	{ "st7", 10 },
	{ "fctrl", 2 },
	{ "fstat", 2 },
	{ "ftag", 2 },
	{ "fop", 2 },
	{ "fip", 8 },
	{ "fdp", 8 },
	{ "mxcsr", 4 },
	{ "xmm0", 16 },
	{ "xmm1", 16 },
	{ "xmm2", 16 },
	{ "xmm3", 16 },
	{ "xmm4", 16 },
	{ "xmm5", 16 },
	{ "xmm6", 16 },
	{ "xmm7", 16 },
	{ "xmm8", 16 },
	{ "xmm9", 16 },
	{ "xmm10", 16 },
	{ "xmm11", 16 },
	{ "xmm12", 16 },
	{ "xmm13", 16 },
	{ "xmm14", 16 },
	{ "xmm15", 16 },
	{ "xmm16", 16 },
	{ "xmm17", 16 },
	{ "xmm18", 16 },
	{ "xmm19", 16 },
	{ "xmm20", 16 },
	{ "xmm21", 16 },
	{ "xmm22", 16 },
	{ "xmm23", 16 },
	{ "xmm24", 16 },
	{ "xmm25", 16 },
	{ "xmm26", 16 },
	{ "xmm27", 16 },
	{ "xmm28", 16 },
	{ "xmm29", 16 },
	{ "xmm30", 16 },
	{ "xmm31", 16 },
	{ "ymm0h", 16 },
	{ "ymm1h", 16 },
	{ "ymm2h", 16 },
	{ "ymm3h", 16 },
	{ "ymm4h", 16 },
	{ "ymm5h", 16 },
	{ "ymm6h", 16 },
	{ "ymm7h", 16 },
	{ "ymm8h", 16 },
	{ "ymm9h", 16 },
	{ "ymm10h", 16 },
	{ "ymm11h", 16 },
	{ "ymm12h", 16 },
	{ "ymm13h", 16 },
	{ "ymm14h", 16 },
	{ "ymm15h", 16 },
	{ "ymm16h", 16 },
	{ "ymm17h", 16 },
	{ "ymm18h", 16 },
	{ "ymm19h", 16 },
	{ "ymm20h", 16 },
	{ "ymm21h", 16 },
	{ "ymm22h", 16 },
	{ "ymm23h", 16 },
	{ "ymm24h", 16 },
	{ "ymm25h", 16 },
	{ "ymm26h", 16 },
	{ "ymm27h", 16 },
	{ "ymm28h", 16 },
	{ "ymm29h", 16 },
	{ "ymm30h", 16 },
	{ "ymm31h", 16 },
	{ "zmm0h", 32 },
	{ "zmm1h", 32 },
	{ "zmm2h", 32 },
	{ "zmm3h", 32 },
	{ "zmm4h", 32 },
	{ "zmm5h", 32 },
	{ "zmm6h", 32 },
	{ "zmm7h", 32 },
	{ "zmm8h", 32 },
	{ "zmm9h", 32 },
	{ "zmm10h", 32 },
	{ "zmm11h", 32 },
	{ "zmm12h", 32 },
	{ "zmm13h", 32 },
	{ "zmm14h", 32 },
	{ "zmm15h", 32 },
	{ "zmm16h", 32 },
	{ "zmm17h", 32 },
	{ "zmm18h", 32 },
	{ "zmm19h", 32 },
	{ "zmm20h", 32 },
	{ "zmm21h", 32 },
	{ "zmm22h", 32 },
	{ "zmm23h", 32 },
	{ "zmm24h", 32 },
	{ "zmm25h", 32 },
	{ "zmm26h", 32 },
	{ "zmm27h", 32 },
	{ "zmm28h", 32 },
	{ "zmm29h", 32 },
	{ "zmm30h", 32 },
	{ "zmm31h", 32 },
	{ "k0", 8 },
	{ "k1", 8 },
	{ "k2", 8 },
	{ "k3", 8 },
	{ "k4", 8 },
	{ "k5", 8 },
	{ "k6", 8 },
	{ "k7", 8 },
	{ "pkru", 4 },
	{ "dr0", 8 },
	{ "dr1", 8 },
	{ "dr2", 8 },
	{ "dr3", 8 },
	{ "dr6", 8 },
	{ "dr7", 8 },
	{ "xcr0", 8 },
	{ "kernel_gs_base", 8 },
};
#define FAKE_REGISTERS ((int)(sizeof fake_registers / sizeof *fake_registers))

struct fake_target {
	struct target target;
	enum target_layout layout;
	uint8_t values[FAKE_REGISTERS][TARGET_REGISTER_MAX];
	const char *missing;    /* registers whose names begin so are not there; NULL: all are */
	const char *unreadable; /* this register can't be read */
	uint8_t ram[FAKE_RAM], top[FAKE_PAGE];
	unsigned cpus;
	bool is_attached;
	bool watches_long;     /* as it was said before the last resume */
	bool is_stopped;       /* when attached to */
	bool takes_interrupts; /* when it steps */
	bool refuses;          /* breakpoints and register writes are refused, */
	const char *because;   /* with this text, or NULL for none */
	const char *file_path; /* NULL: no file */
	int file_errno;
	uint8_t made[5000], made_count;
	bool made_is_large;      /* its other file can be opened */
	char said[500];          /* what `monitor` prints, */
	bool is_another;         /* and whether it puts another machine there, */
	struct target_stop stop; /* which has stopped so */
	char log[2000];          /* calls, a line each; the first ones are kept */
};

static void fake_note(struct fake_target *f, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static void fake_note(struct fake_target *f, const char *format, ...)
{
	size_t used = strlen(f->log);
	va_list args;
	va_start(args, format);
	vsnprintf(f->log + used, sizeof f->log - used, format, args);
	va_end(args);
}

/* True when the fake lets it happen. */
static bool fake_allows(const struct fake_target *f, struct target_error *e)
{
	if (f->refuses && f->because)
		snprintf(e->text, sizeof e->text, "%s", f->because);
	return !f->refuses;
}

static int fake_find(void *ctx, const char *name)
{
	struct fake_target *f = ctx;
	if (f->missing && !strncmp(name, f->missing, strlen(f->missing)))
		return -1;
	for (int i = 0; i < FAKE_REGISTERS; i++)
		if (*fake_registers[i].name == *name && !strcmp(fake_registers[i].name, name))
			return i;
	return -1;
}

static unsigned fake_size(void *ctx, int reg)
{
	(void)ctx;
	return fake_registers[reg].size;
}

static bool fake_read_register(void *ctx, unsigned cpu, int reg, uint8_t *to)
{
	struct fake_target *f = ctx;
	(void)cpu;
	if (f->unreadable && !strcmp(f->unreadable, fake_registers[reg].name))
		return false;
	memcpy(to, f->values[reg], fake_registers[reg].size);
	return true;
}

static bool fake_write_register(
        void *ctx, unsigned cpu, int reg, const uint8_t *from, struct target_error *e)
{
	struct fake_target *f = ctx;
	if (!fake_allows(f, e))
		return false;
	fake_note(f, "write %s of %u\n", fake_registers[reg].name, cpu);
	memcpy(f->values[reg], from, fake_registers[reg].size);
	return true;
}

static enum target_layout fake_layout(void *ctx, unsigned cpu)
{
	struct fake_target *f = ctx;
	(void)cpu;
	return f->layout;
}

/* What is at gva, up to *len bytes; NULL where nothing is. Not around 2^64. */
static uint8_t *fake_run(struct fake_target *f, uint64_t gva, size_t *len)
{
	uint64_t end = gva < FAKE_HOLE ? FAKE_HOLE : gva < FAKE_HOLE + FAKE_PAGE ? gva : FAKE_RAM;
	bool is_top = gva >= FAKE_TOP;
	size_t left = is_top ? (size_t)(0 - gva) : gva < end ? (size_t)(end - gva) : 0;
	*len = *len < left ? *len : left;
	return !left ? NULL : is_top ? f->top + (gva - FAKE_TOP) : f->ram + gva;
}

/* As far as an address goes. */
static size_t fake_copy(
        struct fake_target *f, uint64_t gva, uint8_t *to, const uint8_t *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t run = len - done;
		uint8_t *at = fake_run(f, gva + done, &run);
		if (!at || gva + done < gva)
			break;
		if (to)
			memcpy(to + done, at, run);
		else
			memcpy(at, from + done, run);
		done += run;
	}
	return done;
}

static size_t fake_read(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	(void)cpu;
	return fake_copy(ctx, gva, to, NULL, len);
}

static size_t fake_write(void *ctx, unsigned cpu, uint64_t gva, const uint8_t *from, size_t len)
{
	(void)cpu;
	return fake_copy(ctx, gva, NULL, from, len);
}

static size_t fake_read_physical(void *ctx, uint64_t gpa, uint8_t *to, size_t len)
{
	return gpa < FAKE_PHYSICAL ? 0 : fake_copy(ctx, gpa - FAKE_PHYSICAL, to, NULL, len);
}

static size_t fake_write_physical(void *ctx, uint64_t gpa, const uint8_t *from, size_t len)
{
	return gpa < FAKE_PHYSICAL ? 0 : fake_copy(ctx, gpa - FAKE_PHYSICAL, NULL, from, len);
}

static void fake_resume(void *ctx, const struct target_action *actions)
{
	struct fake_target *f = ctx;
	for (unsigned cpu = 0; cpu < f->cpus; cpu++)
		switch (actions[cpu].how) {
		case TARGET_STAY: break;
		case TARGET_CONTINUE: fake_note(f, "continue %u\n", cpu); break;
		case TARGET_STEP: fake_note(f, "step %u\n", cpu); break;
		case TARGET_STEP_RANGE:
			fake_note(f, "range %u %llx %llx\n", cpu,
			        (unsigned long long)actions[cpu].begin,
			        (unsigned long long)actions[cpu].end);
			break;
		}
}

static void fake_step_back(void *ctx)
{
	fake_note(ctx, "step back\n");
}

static void fake_run_back(void *ctx)
{
	fake_note(ctx, "run back\n");
}

static void fake_interrupt(void *ctx)
{
	fake_note(ctx, "interrupt\n");
}

static void fake_detach(void *ctx)
{
	fake_note(ctx, "detach\n");
}

static void fake_kill(void *ctx)
{
	fake_note(ctx, "kill\n");
}

static void fake_end(void *ctx)
{
	fake_note(ctx, "end\n");
}

static bool fake_restart(void *ctx, struct target_error *e)
{
	if (!fake_allows(ctx, e))
		return false;
	fake_note(ctx, "restart\n");
	return true;
}

static bool fake_attach(void *ctx)
{
	struct fake_target *f = ctx;
	fake_note(f, "attach\n");
	return f->is_stopped;
}

static bool fake_steps_take(void *ctx)
{
	struct fake_target *f = ctx;
	return f->takes_interrupts;
}

static void fake_let_steps_take(void *ctx, bool is_on)
{
	struct fake_target *f = ctx;
	fake_note(f, "interrupts %d\n", is_on);
	f->takes_interrupts = is_on;
}

static bool fake_is_attached(void *ctx)
{
	struct fake_target *f = ctx;
	return f->is_attached;
}

static void fake_watch_long(void *ctx, bool is_on)
{
	struct fake_target *f = ctx;
	f->watches_long = is_on;
}

static bool fake_insert(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e)
{
	if (!fake_allows(ctx, e))
		return false;
	fake_note(ctx, "insert %d %llx\n", is_hardware, (unsigned long long)gva);
	return true;
}

static bool fake_remove(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e)
{
	if (!fake_allows(ctx, e))
		return false;
	fake_note(ctx, "remove %d %llx\n", is_hardware, (unsigned long long)gva);
	return true;
}

static bool fake_insert_watch(
        void *ctx, enum target_watch kind, uint64_t gva, uint64_t len, struct target_error *e)
{
	if (!fake_allows(ctx, e))
		return false;
	fake_note(ctx, "watch %d %llx %llu\n", (int)kind, (unsigned long long)gva,
	        (unsigned long long)len);
	return true;
}

static bool fake_remove_watch(
        void *ctx, enum target_watch kind, uint64_t gva, uint64_t len, struct target_error *e)
{
	if (!fake_allows(ctx, e))
		return false;
	fake_note(ctx, "unwatch %d %llx %llu\n", (int)kind, (unsigned long long)gva,
	        (unsigned long long)len);
	return true;
}

static unsigned fake_count(void *ctx)
{
	struct fake_target *f = ctx;
	return f->cpus;
}

static void fake_name(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX])
{
	(void)ctx;
	snprintf(to, TARGET_NAME_MAX, "cpu %u", cpu);
}

static void fake_where(void *ctx, unsigned cpu, char to[TARGET_NAME_MAX])
{
	(void)ctx;
	snprintf(to, TARGET_NAME_MAX, "at %u", cpu);
}

static bool fake_monitor(
        void *ctx, const char *line, target_print *print, void *to, struct target_stop *stop)
{
	struct fake_target *f = ctx;
	fake_note(f, "monitor %s\n", line);
	if (f->said[0])
		print(to, f->said);
	if (f->is_another)
		*stop = f->stop;
	return f->is_another;
}

static const char *fake_path(void *ctx, unsigned cpu)
{
	struct fake_target *f = ctx;
	(void)cpu;
	return f->file_path;
}

static int fake_status(void *ctx, struct target_file_status *to)
{
	struct fake_target *f = ctx;
	*to = (struct target_file_status) { .size = 0x10000, .mtime_s = 0x12345678 };
	return f->file_errno;
}

/* The file is the RAM, hole and all. */
static int fake_read_file(void *ctx, uint64_t off, uint8_t *to, size_t len, size_t *done)
{
	struct fake_target *f = ctx;
	*done = off >= FAKE_RAM ? 0 : len < FAKE_RAM - off ? len : (size_t)(FAKE_RAM - off);
	memcpy(to, f->ram + (*done ? off : 0), *done);
	return f->file_errno;
}

/* A file of 5000 bytes, in which each says how often it was made. */
static int fake_make(void *ctx, uint64_t *size)
{
	struct fake_target *f = ctx;
	if (f->file_errno)
		return f->file_errno;
	memset(f->made, ++f->made_count, sizeof f->made);
	*size = sizeof f->made;
	return 0;
}

static size_t fake_read_made(void *ctx, uint64_t off, uint8_t *to, size_t len)
{
	struct fake_target *f = ctx;
	size_t left = off < sizeof f->made ? sizeof f->made - (size_t)off : 0;
	len = len < left ? len : left;
	memcpy(to, f->made + (left ? off : 0), len);
	return len;
}

/* As large as a file can be; it is not there until made_is_large says so. */
static int fake_open_large(void *ctx, uint64_t *size)
{
	struct fake_target *f = ctx;
	*size = UINT64_MAX;
	return f->made_is_large ? 0 : 27; /* EFBIG */
}

static size_t fake_read_large(void *ctx, uint64_t off, uint8_t *to, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(off + i);
	return len;
}

/* What RAM holds at first, computed once: the fuzzer opens thousands of machines a second. */
static const uint8_t *fake_bytes(void)
{
	static uint8_t bytes[FAKE_RAM];
	static bool is_there;
	for (uint32_t i = 0; i < FAKE_RAM && !is_there; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	is_there = true;
	return bytes;
}

/* Every register byte and RAM byte differs from its neighbours; real mode, one CPU. */
static void fake_init(struct fake_target *f)
{
	static const struct target_registers registers = { fake_find, fake_size, fake_read_register,
		fake_write_register, fake_layout };
	static const struct target_memory memory = { fake_read, fake_write, fake_read_physical,
		fake_write_physical };
	static const struct target_run run = { fake_resume, fake_interrupt, fake_detach, fake_kill,
		fake_end, fake_restart, fake_attach, fake_steps_take, fake_let_steps_take,
		fake_is_attached, fake_watch_long };
	static const struct target_breakpoints breakpoints = { fake_insert, fake_remove,
		fake_insert_watch, fake_remove_watch };
	static const struct target_cpus cpus = { fake_count, fake_name, fake_where };
	static const struct target_monitor monitor = { fake_monitor };
	memset(f, 0, sizeof *f);
	static const struct target_file file = { fake_path, fake_status, fake_read_file };
	static const struct target_made made[] = { { "screen.png", fake_make, fake_read_made },
		{ "core", fake_open_large, fake_read_large } };
	static const struct target_history history = { fake_step_back, fake_run_back };
	f->target = (struct target) { f, &registers, &memory, &run, &breakpoints, &cpus, &monitor,
		&file, made, 2, &history };
	f->cpus = 1;
	for (int reg = 0; reg < FAKE_REGISTERS; reg++)
		for (unsigned i = 0; i < fake_registers[reg].size; i++)
			f->values[reg][i] = (uint8_t)(reg * 3 + i * 16 + 1);
	memcpy(f->ram, fake_bytes(), sizeof f->ram);
	for (uint32_t i = 0; i < FAKE_PAGE; i++)
		f->top[i] = (uint8_t)(i * 5 + 1);
}

#endif
