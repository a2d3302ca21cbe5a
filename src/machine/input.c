/* Lines with their rooms, and when a key may go to the keyboard. */
#include "machine/input.h"

#include <errno.h>

#include "base/bytes.h"
#include "devices/i8042.h"
#include "kvm/registers.h"

/* --- serial lines ----------------------------------------------------------------------------- */

static struct machine_line *line_of(struct machine *m, const struct device *d)
{
	struct machine_line *free_line = NULL;
	for (unsigned i = 0; i < MACHINE_LINES; i++) {
		if (m->lines[i].device == d)
			return &m->lines[i];
		if (!m->lines[i].device && !free_line)
			free_line = &m->lines[i];
	}
	if (free_line)
		free_line->device = d;
	return free_line;
}

void input_begin(struct machine *m, const struct device *d)
{
	struct machine_line *l = line_of(m, d);
	if (l)
		l->is_open = true;
}

void input_end(struct machine *m, const struct device *d)
{
	struct machine_line *l = line_of(m, d);
	if (l)
		l->is_open = false;
}

bool input_is_open(const struct machine *m, const struct device *d)
{
	for (unsigned i = 0; i < MACHINE_LINES; i++)
		if (m->lines[i].device == d)
			return m->lines[i].is_open;
	return false;
}

size_t input_room(const struct machine *m, const struct device *d)
{
	return m->is_past ? 0 : board_input_room(&m->guest->board, d);
}

void input_bytes(struct machine *m, const struct device *d, const uint8_t *bytes, size_t len)
{
	if (m->recorder)
		m->recorder->input(m->recorder_ctx, d, bytes, len);
	board_input(&m->guest->board, d, bytes, len);
}

void input_connect(struct machine *m, const struct device *d, board_output *output, void *ctx)
{
	struct machine_line *l = line_of(m, d);
	if (!l)
		return;
	l->output = output;
	l->ctx = ctx;
	board_wire(&m->guest->board, d, output, ctx);
}

void input_reset(struct machine *m)
{
	for (unsigned i = 0; i < MACHINE_LINES; i++) {
		struct machine_line *l = &m->lines[i];
		l->is_wanted = false;
		if (l->output)
			board_wire(&m->guest->board, l->device, l->output, l->ctx);
	}
	typist_power_on(&m->typist);
	m->has_asked = false;
}

void input_want(struct machine *m, const struct device *d)
{
	struct machine_line *l = line_of(m, d);
	if (l)
		l->is_wanted = true;
}

#define ROM_SEGMENT   0xf000
#define BIOS_IRQ_BASE 8 /* the vector of IRQ 0, as a BIOS sets it */
#define KEYBOARD_MASK (1u << I8042_IRQ)
#define IER_RECEIVE   1 /* of the UART */

/* Its own handler of IRQ 1 stands in the vectors of real mode; in another mode the vector is one that it
 * has chosen. */
static bool has_keyboard_handler(const struct machine *m)
{
	uint8_t entry[4];
	const struct pic_chip *pic = &m->guest->board.state.pic.master;
	if (pic->imr & KEYBOARD_MASK)
		return false;
	/* Asked at each access while input is held: the mode, which may cost a call of KVM's, comes last. */
	if (pic->base != BIOS_IRQ_BASE && !registers_is_real(registers_mode(machine_vcpu(m))))
		return true;
	return memory_read(&m->guest->vm.memory, 4 * (pic->base + I8042_IRQ), entry, 4) == 4 &&
	       get32(entry) != 0 && get16(entry + 2) != ROM_SEGMENT;
}

enum input_target input_target(const struct machine *m)
{
	if (m->guest->board.state.uart.ier & IER_RECEIVE)
		return INPUT_SERIAL;
	return m->has_asked || has_keyboard_handler(m) ? INPUT_KEYBOARD : INPUT_NOBODY;
}

void input_hold(struct machine *m)
{
	m->holds_input = true;
}

void input_asked(struct machine *m)
{
	m->has_asked = true;
	input_look(m);
}

void input_look(struct machine *m)
{
	if (m->holds_input && input_target(m) != INPUT_NOBODY) {
		m->holds_input = false;
		machine_kick(m);
	}
	for (unsigned i = 0; i < MACHINE_LINES; i++) {
		struct machine_line *l = &m->lines[i];
		if (l->is_wanted && board_input_room(&m->guest->board, l->device)) {
			l->is_wanted = false;
			machine_kick(m);
		}
	}
}

bool input_can_wake(const struct machine *m)
{
	const struct board *b = &m->guest->board;
	bool may_type = m->expects_keys || typist_due_ns(&m->typist) != TYPIST_NEVER;
	for (unsigned i = 0; i < MACHINE_LINES; i++)
		if (m->lines[i].is_open && board_input_interrupts(b, m->lines[i].device))
			return true;
	return may_type && board_input_interrupts(b, &i8042_device);
}

/* --- keys ------------------------------------------------------------------------------------- */

#define BUFFER_HEAD  0x41a /* BIOS data area: offsets in segment 40h, 16 bits each */
#define BUFFER_BEGIN 0x480

/* Whether the BIOS has room for one more key in its buffer, in any mode: a loader that runs in protected
 * mode goes to real mode to look for one. Where the pointers are none, or IRQ 1 leads to a vector of
 * protected mode, it is not the BIOS that takes keys. IBM PC AT Technical Reference, BIOS data area: KB buffer. */
static bool has_bios_room(void *ctx)
{
	struct machine *m = ctx;
	uint8_t pointers[4], limits[4];
	if (m->guest->board.state.pic.master.base != BIOS_IRQ_BASE &&
	        !registers_is_real(registers_mode(machine_vcpu(m))))
		return true;
	if (memory_read(&m->guest->vm.memory, BUFFER_HEAD, pointers, 4) != 4 ||
	        memory_read(&m->guest->vm.memory, BUFFER_BEGIN, limits, 4) != 4)
		return true;
	unsigned head = get16(pointers), tail = get16(pointers + 2);
	unsigned begin = get16(limits), end = get16(limits + 2);
	if (begin >= end || head < begin || head >= end || tail < begin || tail >= end)
		return true;
	unsigned next = tail + 2 >= end ? begin : tail + 2;
	return next != head;
}

int input_keys(struct machine *m, const struct key_event *events, size_t count, struct error *e)
{
	struct board *b = &m->guest->board;
	if (!b->is_pc)
		return error_set(e, -ENODEV, "the guest's board has no keyboard (--board pc has)");
	if (m->is_past)
		return error_set(
		        e, -EPERM, "this is the past of a recording, which has its keys already");
	machine_sync_clock(m);
	if (!typist_put(&m->typist, events, count, b->state.now_ns))
		return error_set(e, -ENOSPC,
		        "there is no room: the guest has not taken what was typed before");
	if (m->recorder)
		m->recorder->keys(m->recorder_ctx, events, count);
	input_feed(m);
	return 0;
}

void input_expect_keys(struct machine *m, bool may_come)
{
	m->expects_keys = may_come;
}

bool input_has_no_keys(const struct machine *m)
{
	return !m->expects_keys && typist_due_ns(&m->typist) == TYPIST_NEVER;
}

void input_feed(struct machine *m)
{
	struct board *b = &m->guest->board;
	if (typist_due_ns(&m->typist) <= b->state.now_ns)
		typist_feed(&m->typist, b, has_bios_room, m);
	clock_also(&m->clock, b, typist_due_ns(&m->typist));
}

uint64_t input_next_ns(const struct machine *m)
{
	uint64_t next = board_next_interrupt_ns(&m->guest->board);
	uint64_t key = typist_due_ns(&m->typist);
	return key < next ? key : next;
}
