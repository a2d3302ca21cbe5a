/* What the devices answer to run control (struct control_io), and what outlives a reset. */
#include "machine/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu_bits.h"
#include "base/status.h"
#include "host/file.h"
#include "machine/firmware.h"
#include "machine/media.h"
#include "debug/check.h"
#include "host/notice.h"
#include "machine/input.h"

#define STEP_NS 1000 /* of the guest's time: machine.step_ns without a recorder */

void machine_kick(void *ctx)
{
	struct machine *m = ctx;
	vcpu_kick(machine_vcpu(m));
	check_kick(&m->control);
}

static bool is_silent(const struct machine *m)
{
	return m->is_past && !m->shows_past;
}

/* Bytes that nobody takes now are kept, and get the vCPU out of the guest: who runs it waits for
 * their reader, and hears the debugger meanwhile. */
static void put_output(void *ctx, const uint8_t *bytes, size_t len)
{
	struct machine *m = ctx;
	if (m->recorder)
		m->recorder->prints(m->recorder_ctx, bytes, len);
	if (is_silent(m))
		return;
	if (m->prints_to_debugger && m->tell && m->tell(m->tell_ctx, bytes, len))
		return;
	if (!m->has_printed)
		spool_put(&m->output, bytes, len);
	else if (spool_gather(&m->output, bytes, len))
		m->has_printed(m->tell_ctx);
	if (spool_kept(&m->output))
		machine_kick(m);
}

/* What the board has to say of what its guest does. */
static void say(void *ctx, const char *text)
{
	const struct machine *m = ctx;
	if (!is_silent(m))
		notice_print("stepvm: %s\n", text);
}

static void print(void *ctx, const uint8_t *bytes, size_t len)
{
	struct machine *m = ctx;
	if (!m->is_past)
		printer_put(&m->printer, bytes, len);
}

/* What a new board is connected to. */
static void wire(struct machine *m)
{
	struct board *b = &m->guest->board;
	board_on_say(b, say, m);
	if (m->printer.path)
		board_wire(b, &parallel_device, print, m);
}

/* --- time ------------------------------------------------------------------------------------- */

void machine_start_clock(struct machine *m)
{
	if (!m->recorder)
		clock_set(&m->clock, &m->guest->board, CLOCK_HOST);
	input_feed(m);
}

void machine_stop_clock(struct machine *m)
{
	clock_set(&m->clock, &m->guest->board, CLOCK_STEPS);
}

void machine_sync_clock(struct machine *m)
{
	clock_sync(&m->clock, &m->guest->board);
}

void machine_load_board(struct machine *m, const struct board_state *state)
{
	m->guest->board.state = *state;
	clock_replaced(&m->clock, &m->guest->board);
}

/* --- what the guest does to devices ----------------------------------------------------------- */

static bool has_interrupt(void *ctx)
{
	struct machine *m = ctx;
	return board_interrupt(&m->guest->board);
}

static uint8_t acknowledge(void *ctx)
{
	struct machine *m = ctx;
	uint8_t vector = board_acknowledge(&m->guest->board);
	clock_sync(&m->clock, &m->guest->board);
	clock_plan(&m->clock, &m->guest->board);
	return vector;
}

bool machine_can_wake(struct machine *m)
{
	if (!(vcpu_regs(machine_vcpu(m))->rflags & RFLAGS_IF))
		return false;
	return control_has_interrupt(&m->control) ||
	       board_next_interrupt_ns(&m->guest->board) != BOARD_NEVER || input_can_wake(m);
}

void machine_step_clock(struct machine *m, bool takes_interrupts)
{
	const struct control *c = &m->control;
	uint64_t next = BOARD_NEVER;
	if (m->recorder && !m->is_past)
		m->recorder->before_step(m->recorder_ctx, takes_interrupts);
	const uint64_t ns = m->step_ns;
	if (takes_interrupts && !m->is_past && control_is_halted(&m->control) &&
	        !control_has_interrupt(c) && machine_can_wake(m))
		next = input_next_ns(m);
	if (next != BOARD_NEVER && next - m->guest->board.state.now_ns > ns)
		machine_wait(m, next - m->guest->board.state.now_ns - ns);
	clock_step(&m->clock, &m->guest->board, ns);
	m->position++;
	input_feed(m);
}

void machine_wait(struct machine *m, uint64_t ns)
{
	if (m->recorder && !m->is_past)
		m->recorder->waited(m->recorder_ctx, ns);
	clock_step(&m->clock, &m->guest->board, ns);
	input_feed(m);
}

/* At once: a second of the engine's and more, in which somebody kicks. */
#define STEPS_MAX UINT64_C(1000000000)

uint64_t machine_steps_left(const struct machine *m)
{
	uint64_t next = input_next_ns(m), now = m->guest->board.state.now_ns;
	if (next <= now)
		return 0;
	uint64_t steps = (next - now - 1) / m->step_ns;
	if (m->recorder && !m->is_past && m->recorder->steps_left(m->recorder_ctx) < steps)
		steps = m->recorder->steps_left(m->recorder_ctx);
	return steps < STEPS_MAX ? steps : STEPS_MAX;
}

void machine_stepped(struct machine *m, uint64_t steps)
{
	if (!steps)
		return;
	clock_step(&m->clock, &m->guest->board, steps * m->step_ns);
	m->position += steps;
	input_feed(m);
}

bool machine_is_stopping(const struct machine *m)
{
	const struct board_state *b = &m->guest->board.state;
	return b->is_exiting || b->wants_reset || m->guest->is_off || m->output.error;
}

static bool is_stopping(struct machine *m)
{
	input_look(m);
	return machine_is_stopping(m);
}

/* With a recorder the time stamp counter goes with the guest's time, at 1 GHz. */
static bool access_tsc(void *ctx, uint64_t *tsc, bool is_write)
{
	struct machine *m = ctx;
	if (!m->recorder)
		return false;
	if (is_write)
		m->tsc_zero = *tsc - m->guest->board.state.now_ns;
	else
		*tsc = m->tsc_zero + m->guest->board.state.now_ns;
	return true;
}

static void undetermined(void *ctx)
{
	struct machine *m = ctx;
	if (m->recorder && !m->is_past)
		m->recorder->undetermined(m->recorder_ctx);
}

static bool do_io(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	if (firmware_trap(m, x)) /* nothing that the guest does to a port */
		return true;
	if (!x->io.is_write || (x->io.port != PIC_MASTER_PORT && x->io.port != PIC_SLAVE_PORT))
		polling_disturbed(&m->polling); /* an end of interrupt is a tick's */
	bool has_time = board_port_has_time(&m->guest->board, x->io.port);
	if (has_time)
		clock_sync(&m->clock, &m->guest->board);
	board_io(&m->guest->board, x->io.port, x->io.data, x->io.size, x->io.count, x->io.is_write);
	if (!x->io.is_write && (x->io.port == I8042_DATA_PORT || x->io.port == I8042_COMMAND_PORT))
		input_asked(m);
	journal_note(&m->ports, x);
	journal_note(&m->log, x);
	if (has_time) {
		clock_plan(&m->clock, &m->guest->board);
		input_feed(m);
	}
	return is_stopping(m);
}

static bool do_mmio(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	polling_disturbed(&m->polling);
	board_mmio(&m->guest->board, x->mmio.gpa, x->mmio.data, x->mmio.size, x->mmio.is_write);
	journal_note(&m->log, x);
	return is_stopping(m);
}

static void trace(void *ctx, const struct exit *x)
{
	struct machine *m = ctx;
	char line[512];
	bool is_wanted = m->config->trace & TRACE_EXITS ||
	                 (m->config->trace & TRACE_IO && x->kind == EXIT_IO) ||
	                 (m->config->trace & TRACE_MMIO && x->kind == EXIT_MMIO);
	if (!is_wanted || is_silent(m))
		return;
	exit_describe(x, true, line, sizeof line);
	notice_print("%s\n", line);
}

static void decided(void *ctx, const struct decision *d)
{
	struct machine *m = ctx;
	char line[200];
	journal_run_note(&m->decisions, d);
	if (!(m->config->trace & TRACE_RUN) || is_silent(m))
		return;
	decision_describe(d, line, sizeof line);
	notice_print("run: %s\n", line);
}

void machine_start_journals(struct machine *m)
{
	journal_start(&m->ports);
	journal_start(&m->log);
	journal_run_start(&m->decisions);
	journal_bios_start(&m->calls);
	control_note(&m->control, decided);
}

void machine_end_journals(struct machine *m)
{
	journal_end(&m->ports);
	journal_end(&m->log);
	journal_run_end(&m->decisions);
	if (m->config->trace & TRACE_BIOS) /* which tells them once, too */
		journal_bios_start(&m->calls);
	else
		journal_bios_end(&m->calls);
	control_note(&m->control, m->config->trace & TRACE_RUN ? decided : NULL);
}

/* Where the image itself lies over the vectors, jumps to 0 may be to its code. */
static bool has_vectors(const struct image_loaded *image)
{
	for (unsigned i = 0; i < image->piece_count; i++)
		if (image->pieces[i].gpa < IVT_SIZE)
			return false;
	return true;
}

int machine_open(struct machine *m, const struct machine_config *c, int output_fd, struct error *e)
{
	return machine_open_beside(m, c, NULL, output_fd, e);
}

static void tell_difference(void *ctx, const char *text)
{
	(void)ctx;
	notice_print("stepvm: engine: %s\n", text);
}

static int read_keys(struct machine *m, struct error *e)
{
	struct error why = { 0 };
	int err = 0;
	if (m->config->keys && !m->guest->board.is_pc)
		err = error_set(
		        &why, -EINVAL, "the guest's board has no keyboard (--board pc has)");
	else if (m->config->keys)
		err = keys_script_read(&m->keys, m->config->keys, &why);
	typist_init(&m->typist, m->config->replay ? m->config->replay->script : &m->keys);
	return err ? error_set(e, err, "--keys: %s", why.text) : 0;
}

int machine_open_beside(struct machine *m, const struct machine_config *c, const struct vm *beside,
        int output_fd, struct error *e)
{
	*m = (struct machine) { .config = c, .step_ns = STEP_NS };
	spool_init(&m->output, output_fd);
	typist_init(&m->typist, NULL);
	int err = printer_open(&m->printer, c->parallel, e);
	if (err)
		return err;
	err = guest_open(&m->guest, c, beside, NULL, put_output, m, e);
	if (err)
		goto close_printer;
	if (c->parallel && !m->guest->board.is_pc)
		err = error_set(e, -EINVAL, "--parallel: a bare board has no parallel port");
	if (!err)
		err = read_keys(m, e);
	if (!err)
		err = clock_open(&m->clock, e);
	if (err)
		goto close_guest;
	if (c->speed.permille)
		clock_set_speed(&m->clock, c->speed.permille);
	wire(m);
	m->kvm_name = vm_module_name();
	m->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	const struct control_io io = {
		.io = do_io,
		.mmio = do_mmio,
		.trace = m->config->trace & (TRACE_EXITS | TRACE_IO | TRACE_MMIO) ? trace : NULL,
		.has_interrupt = has_interrupt,
		.acknowledge = acknowledge,
		.tsc = access_tsc,
		.undetermined = undetermined,
		.ctx = m,
	};
	control_init(&m->control, machine_vcpu(m), &io);
	control_set_engine(&m->control, c->engine);
	control_set_tells_exits(&m->control, c->trace & TRACE_EXITS);
	control_set_watch_zero(
	        &m->control, c->replay ? c->replay->watches_zero : has_vectors(&m->guest->image));
	machine_end_journals(m);
	err = c->checks_engine ? check_open(&m->control, tell_difference, e) : 0;
	if (!err)
		return 0;
	machine_close(m);
	return err;
close_guest:
	keys_script_free(&m->keys);
	guest_close(m->guest);
close_printer:
	printer_close(&m->printer);
	return err;
}

/* A file can be read again, but for a pipe, which would be waited for. */
static int check_image(const struct machine_config *c, struct error *e)
{
	struct stat status;
	struct file_label label = file_label(c->image.path);
	if (stat(c->image.path, &status) < 0)
		return error_set(e, -errno, "%s: %s", label.text, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		return error_set(e, -ESPIPE,
		        "%s: not a file that can be read again: the guest can't be restarted",
		        label.text);
	return 0;
}

int machine_reset(struct machine *m, struct error *e)
{
	struct guest *new, *old = m->guest;
	if (m->config->replay)
		return error_set(
		        e, -EPERM, "this is a recording from a file: there is no image to start");
	int err = check_image(m->config, e);
	if (!err)
		err = media_check_restart(old->media, e);
	if (!err)
		err = guest_open(&new, m->config, &old->vm, old->media, put_output, m, e);
	if (err)
		return err;
	machine_stop_clock(m);
	m->guest = new;
	input_reset(m);
	clock_replaced(&m->clock, &new->board);
	new->board.said = old->board.said;
	new->board.absent = old->board.absent;
	wire(m);
	if (m->ports.is_on) { /* a debugger is there: what it sees begins anew, too */
		journal_start(&m->ports);
		journal_start(&m->log);
		journal_bios_start(&m->calls);
	}
	control_restarted(&m->control, machine_vcpu(m));
	guest_close(old);
	return 0;
}

void machine_close(struct machine *m)
{
	control_close(&m->control);
	spool_close(&m->output);
	keys_script_free(&m->keys);
	guest_close(m->guest);
	clock_close(&m->clock);
	printer_close(&m->printer);
	if (m->pagemap_fd >= 0)
		close(m->pagemap_fd);
}

uint8_t machine_exit_status(const struct machine *m)
{
	const struct board_state *b = &m->guest->board.state;
	if (m->guest->is_off)
		return STATUS_OK;
	if (b->wants_reset && !b->is_exiting)
		return STATUS_RESET;
	return (uint8_t)(b->exit_value << 1 | 1);
}
