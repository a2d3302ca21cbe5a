#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "boot/file.h"
#include "cpu_bits.h"
#include "kvm/registers.h"

/* A PC's RAM leaves the last GiB below 4 GiB to devices and firmware and goes on above it. */
#define LOW_RAM_END 0xc0000000ull
#define HIGH_RAM    0x100000000ull

#define STEP_NS  1000  /* of the guest's time, see machine_step_clock */
#define TICK_MIN 50000 /* ns: a guest whose timer ticks faster gets on all the same */

/* Bytes that nobody takes now are kept, and get the vCPU out of the guest: who runs it waits for
 * their reader, and hears the debugger meanwhile. */
static void put_output(void *ctx, const uint8_t *bytes, size_t len)
{
	struct machine *m = ctx;
	spool_put(&m->output, bytes, len);
	if (spool_kept(&m->output))
		vcpu_kick(&m->vcpu);
}

/* --- time --------------------------------------------------------------------------------------
 */

uint64_t machine_host_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* When the next interrupt of the timer is due, as far as one can know now. */
static void set_timer(struct machine *m)
{
	uint64_t next = board_next_interrupt_ns(&m->board), left, due;
	if (next == BOARD_NEVER)
		return;
	left = next - m->board.state.now_ns;
	due = m->synced_ns + (left > TICK_MIN ? left : TICK_MIN);
	if (due == m->timer_ns)
		return;
	m->timer_ns = due;
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(due / 1000000000u),
		                                 .tv_nsec = (long)(due % 1000000000u) } };
	timerfd_settime(m->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* The one place where the host's time comes in. */
static void sync_clock(struct machine *m)
{
	uint64_t now = machine_host_ns();
	board_advance(&m->board, now - m->synced_ns);
	m->synced_ns = now;
}

void machine_start_clock(struct machine *m)
{
	if (m->is_clock_on)
		sync_clock(m);
	else
		m->synced_ns = machine_host_ns();
	m->is_clock_on = true;
	set_timer(m);
}

void machine_stop_clock(struct machine *m)
{
	if (m->is_clock_on)
		sync_clock(m);
	m->is_clock_on = false;
}

void machine_load_board(struct machine *m, const struct board_state *state)
{
	bool is_on = m->is_clock_on;
	m->is_clock_on = false; /* what the host's clock has done since is nothing to it */
	m->board.state = *state;
	m->timer_ns = 0;
	if (is_on)
		machine_start_clock(m);
}

/* --- what the guest does to devices ------------------------------------------------------------
 */

static bool has_interrupt(void *ctx)
{
	struct machine *m = ctx;
	return board_interrupt(&m->board);
}

static uint8_t acknowledge(void *ctx)
{
	struct machine *m = ctx;
	uint8_t vector = board_acknowledge(&m->board);
	if (m->is_clock_on) {
		sync_clock(m);
		set_timer(m);
	}
	return vector;
}

bool machine_can_wake(struct machine *m)
{
	if (!(vcpu_regs(&m->vcpu)->rflags & RFLAGS_IF))
		return false;
	return control_has_interrupt(&m->control) ||
	       board_next_interrupt_ns(&m->board) != BOARD_NEVER ||
	       (m->has_input && board_input_interrupts(&m->board));
}

void machine_step_clock(struct machine *m)
{
	const struct control *c = &m->control;
	uint64_t ns = STEP_NS, next = BOARD_NEVER;
	if (c->step_interrupts && control_is_halted(&m->control) && !control_has_interrupt(c) &&
	        machine_can_wake(m))
		next = board_next_interrupt_ns(&m->board);
	if (next != BOARD_NEVER && next - m->board.state.now_ns > ns)
		ns = next - m->board.state.now_ns;
	board_advance(&m->board, ns);
}

static bool is_stopping(struct machine *m)
{
	/* The guest took a byte that it was too full for before: go and fetch the next ones. */
	if (m->wants_input && board_input_room(&m->board)) {
		m->wants_input = false;
		vcpu_kick(&m->vcpu);
	}
	return m->board.state.is_exiting || m->output.error;
}

static bool do_io(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	bool has_time = m->is_clock_on && board_port_has_time(x->io.port);
	if (has_time)
		sync_clock(m);
	board_io(&m->board, x->io.port, x->io.data, x->io.size, x->io.count, x->io.is_write);
	journal_note(&m->ports, x);
	journal_note(&m->log, x);
	if (has_time)
		set_timer(m);
	return is_stopping(m);
}

static bool do_mmio(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	board_mmio(&m->board, x->mmio.gpa, x->mmio.data, x->mmio.size, x->mmio.is_write);
	journal_note(&m->log, x);
	return is_stopping(m);
}

static void trace(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	char line[512];
	bool is_wanted = m->trace & TRACE_EXITS || (m->trace & TRACE_IO && x->kind == EXIT_IO) ||
	                 (m->trace & TRACE_MMIO && x->kind == EXIT_MMIO);
	if (!is_wanted)
		return;
	exit_describe(x, true, line, sizeof line);
	fprintf(stderr, "%s\n", line);
}

static int add_memory(struct machine *m, const struct options *o, struct error *e)
{
	int err = 0;
	if (o->memory_count == 0)
		return memory_add(&m->vm.memory, 0, OPTIONS_MEMORY_SIZE, e);
	for (unsigned i = 0; i < o->memory_count && !err; i++) {
		uint64_t size = o->memory[i].size, gpa = o->memory[i].gpa;
		if (!o->memory[i].has_gpa && size > LOW_RAM_END) {
			err = memory_add(&m->vm.memory, HIGH_RAM, size - LOW_RAM_END, e);
			size = LOW_RAM_END;
		}
		if (!err)
			err = memory_add(&m->vm.memory, gpa, size, e);
	}
	return err;
}

static int set_ports(struct machine *m, const struct options *o, struct error *e)
{
	board_init(&m->board, put_output, m);
	for (unsigned i = 0; i < o->port_count; i++) {
		int err = board_port(&m->board, o->ports[i].port, o->ports[i].kind, e);
		if (err)
			return err;
	}
	board_default_ports(&m->board);
	return 0;
}

/* The image's entry state, then what --reg says. */
static int set_state(struct machine *m, const struct options *o, struct error *e)
{
	struct kvm_regs regs = *vcpu_regs(&m->vcpu);
	struct kvm_sregs sregs = *vcpu_sregs(&m->vcpu);
	int err = image_load(&o->image, &m->vm.memory, &regs, &sregs, &m->image, e);
	if (err)
		return err;
	err = vcpu_set_sregs(&m->vcpu, &sregs);
	if (!err)
		err = vcpu_set_regs(&m->vcpu, &regs);
	if (err)
		return error_set(e, err, "KVM refuses the guest's first state: %s", strerror(-err));
	for (unsigned i = 0; i < o->register_count && !err; i++) {
		struct error why = { 0 };
		const struct option_register *r = &o->registers[i];
		err = registers_write_named(&m->vcpu, r->name, r->value, &why);
		if (err)
			error_set(e, err, "--reg %s", why.text);
	}
	return err;
}

/* All but run control and the timer. beside: a VM whose /dev/kvm is used; NULL: it is opened. */
static int make(struct machine *m, const struct options *o, const struct vm *beside, int output_fd,
        struct error *e)
{
	*m = (struct machine) { .trace = o->trace };
	spool_init(&m->output, output_fd);
	int err = beside ? vm_open_beside(&m->vm, beside, e) : vm_open(&m->vm, e);
	if (err)
		return err;
	err = add_memory(m, o, e);
	if (err)
		goto close_vm;
	err = vcpu_open(&m->vcpu, &m->vm, e);
	if (err)
		goto close_vm;
	err = set_ports(m, o, e);
	if (!err)
		err = set_state(m, o, e);
	if (!err)
		return 0;
	vcpu_close(&m->vcpu);
close_vm:
	vm_close(&m->vm);
	return err;
}

int machine_open(struct machine *m, const struct options *o, int output_fd, struct error *e)
{
	int err = make(m, o, NULL, output_fd, e);
	if (err)
		return err;
	m->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->timer_fd < 0) {
		err = error_set(e, -errno, "timerfd_create failed: %s", strerror(errno));
		vcpu_close(&m->vcpu);
		vm_close(&m->vm);
		return err;
	}
	m->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const struct control_io io = {
		.io = do_io,
		.mmio = do_mmio,
		.trace = m->trace & (TRACE_EXITS | TRACE_IO | TRACE_MMIO) ? trace : NULL,
		.has_interrupt = has_interrupt,
		.acknowledge = acknowledge,
		.ctx = m,
	};
	control_init(&m->control, &m->vcpu, &io);
	return 0;
}

/* A file can be read again, but for a pipe, which would be waited for. */
static int check_image(const struct options *o, struct error *e)
{
	struct stat status;
	struct file_label label = file_label(o->image.path);
	if (stat(o->image.path, &status) < 0)
		return error_set(e, -errno, "%s: %s", label.text, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_set(e, -ESPIPE,
		        "%s: not a file that can be read again: the guest can't be restarted",
		        label.text);
	return 0;
}

int machine_reset(struct machine *m, const struct options *o, struct error *e)
{
	int err = check_image(o, e);
	struct machine *old = err ? NULL : malloc(sizeof *old);
	if (err)
		return err;
	if (!old)
		return error_set(e, -ENOMEM, "out of memory");
	/* The new one has to stand where the old one did: its parts point to each other. Put back
	 * bit by bit, the old one is whole again. */
	*old = *m;
	err = make(m, o, &old->vm, old->output.fd, e);
	if (err) {
		*m = *old;
		free(old);
		return err;
	}
	m->output = old->output;
	m->has_input = old->has_input;
	m->timer_fd = old->timer_fd;
	m->pagemap_fd = old->pagemap_fd;
	if (old->ports.is_on) { /* a debugger is there: what it sees begins anew, too */
		journal_start(&m->ports);
		journal_start(&m->log);
	}
	m->control = old->control;
	control_restarted(&m->control);
	old->vcpu.vm = &old->vm;
	vcpu_close(&old->vcpu);
	vm_close(&old->vm);
	free(old);
	return 0;
}

void machine_close(struct machine *m)
{
	control_close(&m->control);
	spool_close(&m->output);
	vcpu_close(&m->vcpu);
	vm_close(&m->vm);
	close(m->timer_fd);
	if (m->pagemap_fd >= 0)
		close(m->pagemap_fd);
}

uint8_t machine_exit_status(const struct machine *m)
{
	return (uint8_t)(m->board.state.exit_value << 1 | 1);
}
