/* A small virtual machine monitor that a gdb drives, made of src/gdbstub and its own CPU alone: what a
 * program needs that takes the stub as a library. src/gdbstub/README.md goes through it.
 *
 *	toy WHERE		as `stepvm run --gdb WHERE`
 *
 * The CPU knows inc %eax (40), nop (90), jmp (eb) and hlt (f4), which ends the machine with eax as its
 * status. It has no segments, no x87 and one core: gdb is told so by what is missing below. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "gdbstub/hit.h"
#include "gdbstub/session.h"
#include "gdbstub/transport.h"

enum { RAX, RSP, RBP, PC, RFLAGS, REGISTERS };

static uint8_t ram[0x1000] = {
	[0x100] = 0x40, 0x90, 0x40, 0xeb, 0xfb
}; /* inc, nop, inc, jmp 100 */
static uint64_t values[REGISTERS] = { [PC] = 0x100, [RSP] = sizeof ram, [RFLAGS] = 2 };
static bool has_breakpoint[sizeof ram], is_interrupted, is_over;
static struct target_action action; /* TARGET_STAY: it stands still */
static struct session *session;

/* --- what the stub asks: gdbstub/target.h. There is nothing that ctx has to tell. --------------- */

static int find_register(void *ctx, const char *name)
{
	static const char *const names[REGISTERS] = { "rax", "rsp", "rbp", "pc", "rflags" };
	int reg = REGISTERS;
	(void)ctx;
	while (--reg >= 0 && strcmp(names[reg], name))
		;
	return reg;
}

static unsigned register_size(void *ctx, int reg)
{
	return (void)ctx, sizeof values[reg];
}

static bool read_register(void *ctx, unsigned cpu, int reg, uint8_t *to)
{
	(void)ctx, (void)cpu;
	return memcpy(to, &values[reg], sizeof values[reg]);
}

static bool write_register(
        void *ctx, unsigned cpu, int reg, const uint8_t *from, struct target_error *e)
{
	(void)ctx, (void)cpu, (void)e;
	return memcpy(&values[reg], from, sizeof values[reg]);
}

static enum target_layout layout(void *ctx, unsigned cpu)
{
	return (void)ctx, (void)cpu, TARGET_PROT32;
}

static size_t in_ram(uint64_t gva, size_t len)
{
	size_t left = gva < sizeof ram ? sizeof ram - (size_t)gva : 0;
	return len < left ? len : left;
}

static size_t read_memory(void *ctx, unsigned cpu, uint64_t gva, uint8_t *to, size_t len)
{
	size_t n = in_ram(gva, len);
	(void)ctx, (void)cpu;
	memcpy(to, ram + (n ? gva : 0), n);
	return n;
}

static size_t write_memory(void *ctx, unsigned cpu, uint64_t gva, const uint8_t *from, size_t len)
{
	size_t n = in_ram(gva, len);
	(void)ctx, (void)cpu;
	memcpy(ram + (n ? gva : 0), from, n);
	return n;
}

static void resume(void *ctx, const struct target_action *actions)
{
	(void)ctx;
	is_interrupted = false;
	action = *actions;
}

static void interrupt(void *ctx)
{
	(void)ctx;
	is_interrupted = true;
}

/* Killed or let go: nobody else will come. */
static void end(void *ctx)
{
	(void)ctx;
	is_over = true;
}

static bool set_breakpoint(uint64_t gva, bool is_there, struct target_error *e)
{
	if (in_ram(gva, 1))
		has_breakpoint[gva] = is_there;
	else
		snprintf(e->text, sizeof e->text, "there is no memory");
	return in_ram(gva, 1);
}

static bool insert(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e)
{
	return (void)ctx, (void)is_hardware, set_breakpoint(gva, true, e);
}

static bool take_out(void *ctx, bool is_hardware, uint64_t gva, struct target_error *e)
{
	return (void)ctx, (void)is_hardware, set_breakpoint(gva, false, e);
}

/* What is not named here is not supported: watchpoints, several CPUs, monitor, an ELF file, ... */
static const struct target target = {
	.registers = &(const struct target_registers) { find_register, register_size, read_register,
	        write_register, layout },
	.memory = &(const struct target_memory) { read_memory, write_memory },
	.run = &(const struct target_run) { resume, interrupt, end, end },
	.breakpoints = &(const struct target_breakpoints) { insert, take_out },
};

/* --- the machine ------------------------------------------------------------------------------ */

static void tell(enum target_stop_kind kind, uint8_t signal, uint8_t status)
{
	const struct target_stop stop = { .kind = kind, .signal = signal, .status = status };
	action.how = TARGET_STAY;
	session_stopped(session, &stop, NULL);
}

/* One instruction, and what comes of it. */
static void step(void)
{
	uint64_t *pc = &values[PC];
	const uint8_t *at = ram + *pc % (sizeof ram - 1);
	switch (*at) {
	case 0x40:
		values[RAX]++;
		++*pc;
		break;
	case 0x90: ++*pc; break;
	case 0xeb: *pc += 2 + (uint64_t)(int8_t)at[1]; break;
	case 0xf4: tell(TARGET_STOP_EXITED, 0, (uint8_t)values[RAX]); return;
	default: tell(TARGET_STOP_SIGNAL, TARGET_SIGNAL_ILL, 0); return;
	}
	bool is_in_range = *pc >= action.begin && *pc < action.end;
	if (is_interrupted)
		tell(TARGET_STOP_SIGNAL, TARGET_SIGNAL_INT, 0);
	else if (action.how == TARGET_STEP || (action.how == TARGET_STEP_RANGE && !is_in_range))
		tell(TARGET_STOP_SIGNAL, TARGET_SIGNAL_TRAP, 0);
	else if (in_ram(*pc, 1) && has_breakpoint[*pc] && hit_breakpoint(session, 0, *pc))
		tell(TARGET_STOP_BREAKPOINT, 0, 0);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Sends what there is. False: the debugger is gone. */
static bool flush(struct transport *by)
{
	const uint8_t *bytes;
	size_t len;
	while ((bytes = session_output(session, &len)) != NULL) {
		struct pollfd p = { .fd = by->out_fd, .events = POLLOUT };
		long n = poll(&p, 1, -1) == 1 ? transport_write(by, bytes, len) : 0;
		if (n < 0)
			return false;
		session_sent(session, (size_t)n);
	}
	return true;
}

static void serve(struct transport *by)
{
	static uint8_t in[0x10000];
	size_t len = 0;
	while (flush(by) && session_state(session) != SESSION_GONE && !is_over) {
		struct pollfd p = { .fd = by->in_fd, .events = POLLIN };
		poll(&p, 1, action.how == TARGET_STAY && !len ? -1 : 0);
		long n = len < sizeof in ? transport_read(by, in + len, sizeof in - len) : 0;
		if (n < 0)
			return;
		size_t used = session_feed(session, in, len += (size_t)n);
		memmove(in, in + used, len -= used);
		for (int i = 0; i < 1000 && action.how != TARGET_STAY && flush(by); i++)
			step();
	}
}

int main(int argc, char **argv)
{
	const struct target_stop first = { .kind = TARGET_STOP_SIGNAL,
		.signal = TARGET_SIGNAL_TRAP };
	struct transport by;
	struct transport_error why;
	if (argc != 2 || transport_open(&by, argv[1], &why)) {
		fprintf(stderr, "%s\n", argc != 2 ? "usage: toy WHERE" : why.text);
		return 2;
	}
	fprintf(stderr, "target remote %s\n", by.where);
	struct pollfd p = { .fd = by.listen_fd, .events = POLLIN };
	while (transport_accept(&by) != 1)
		poll(&p, 1, -1);
	session = session_open(&target, &first);
	if (session)
		serve(&by);
	session_close(session);
	transport_close(&by);
	return 0;
}
