/* Wiring: the PC's devices, their lines and their time. */
#include "devices/board.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "devices/absent.h"
#include "devices/timer.h"

/* A device is a row here. An access looks for its ports in this order. */
static const struct device *const devices[] = {
	&pic_device,
	&timer_device,
	&timer_system_device,
	&uart_device,
	&uart2_device,
	&i8042_device,
	&system_port_device,
	&reset_port_device,
	&post_device,
	&vga_device,
	&rtc_device,
	&parallel_device,
};

_Static_assert(BOARD_PORTS_MAX + BOARD_DEFAULT_PORTS + BOARD_RANGES_MAX <= BUS_RANGES_MAX,
        "user's ports, default ports and the devices fit on the bus");

const struct device *board_device(unsigned i)
{
	return i < ARRAY_SIZE(devices) ? devices[i] : NULL;
}

bool board_has(const struct board *b, const struct device *d)
{
	return b->is_pc || !d->is_pc_only;
}

/* --- interrupts and time ---------------------------------------------------------------------- */

/* After a device was touched, or when its interrupt is due. */
static void update(struct board *b, const struct device *d)
{
	struct pic *pic = &b->state.pic;

	if (!d->update)
		return;
	unsigned line = d->update(b);
	if (line & LINE_ROSE) {
		pic_set_irq(pic, d->irq, false);
		pic_set_irq(pic, d->irq, true);
	}
	pic_set_irq(pic, d->irq, line & LINE_HIGH);
}

void board_advance(struct board *b, uint64_t ns)
{
	b->state.now_ns += ns;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *d = devices[i];
		if (d->next_ns && board_has(b, d) && b->state.now_ns >= d->next_ns(b))
			update(b, d);
	}
}

/* An access to a port before them may reach over. */
static bool has_time(const struct device_ports *p, uint16_t port)
{
	return p->has_time && port + 3u >= p->base && port < p->base + p->size;
}

bool board_port_has_time(const struct board *b, uint16_t port)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		for (unsigned k = 0; k < DEVICE_PORTS_MAX && board_has(b, devices[i]); k++)
			if (has_time(&devices[i]->ports[k], port))
				return true;
	return false;
}

bool board_interrupt(const struct board *b)
{
	return pic_intr(&b->state.pic);
}

uint8_t board_acknowledge(struct board *b)
{
	return pic_acknowledge(&b->state.pic);
}

uint64_t board_next_irq_ns(const struct board *b, const struct device *d)
{
	const struct pic *pic = &b->state.pic;
	uint64_t ns = d->next_ns && board_has(b, d) ? d->next_ns(b) : BOARD_NEVER;

	if (ns == BOARD_NEVER || pic_waits(pic, d->irq) || !pic_would_interrupt(pic, d->irq))
		return BOARD_NEVER;
	return ns;
}

uint64_t board_next_interrupt_ns(const struct board *b)
{
	uint64_t first = BOARD_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		uint64_t ns = board_next_irq_ns(b, devices[i]);
		if (ns < first)
			first = ns;
	}
	return first;
}

uint64_t board_next_request_ns(const struct board *b, bool *waits)
{
	const struct pic *pic = &b->state.pic;
	uint64_t first = BOARD_NEVER;

	*waits = false;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *d = devices[i];
		if (!board_has(b, d) || !d->next_ns || pic_masks(pic, d->irq))
			continue;
		*waits |= pic_waits(pic, d->irq);
		uint64_t ns = d->next_ns(b);
		if (ns < first)
			first = ns;
	}
	return first;
}

/* --- input ------------------------------------------------------------------------------------ */

size_t board_input_room(const struct board *b, const struct device *d)
{
	return board_has(b, d) && d->input_room ? d->input_room(b) : 0;
}

void board_input(struct board *b, const struct device *d, const uint8_t *bytes, size_t len)
{
	d->input(b, bytes, len);
	update(b, d);
}

/* Tried on a copy, whose buses nobody asks. */
bool board_input_interrupts(const struct board *b, const struct device *d)
{
	struct board copy = *b;

	if (!board_input_room(b, d))
		return false;
	board_input(&copy, d, (const uint8_t[]) { 0 }, 1);
	return board_interrupt(&copy);
}

unsigned board_scancode_room(const struct board *b)
{
	return (unsigned)board_input_room(b, &i8042_device);
}

bool board_scancode(struct board *b, uint8_t code)
{
	if (!board_scancode_room(b))
		return false;
	board_input(b, &i8042_device, &code, 1);
	return true;
}

/* --- output ----------------------------------------------------------------------------------- */

void board_wire(struct board *b, const struct device *d, board_output *output, void *ctx)
{
	size_t i = 0;

	while (b->wires[i].device && b->wires[i].device != d) {
		i++;
		assert(i < BOARD_WIRES_MAX);
	}
	b->wires[i] = (struct board_wire) { d, output, ctx };
}

bool board_is_wired(const struct board *b, const struct device *d)
{
	for (size_t i = 0; i < BOARD_WIRES_MAX && b->wires[i].device; i++)
		if (b->wires[i].device == d)
			return true;
	return false;
}

void board_send(struct board *b, const struct device *d, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < BOARD_WIRES_MAX && b->wires[i].device; i++)
		if (b->wires[i].device == d) {
			b->wires[i].output(b->wires[i].ctx, bytes, len);
			return;
		}
	b->output(b->output_ctx, bytes, len);
}

/* --- what the machine hears ------------------------------------------------------------------- */

void board_on_say(struct board *b, board_say *say, void *ctx)
{
	b->say = say;
	b->say_ctx = ctx;
}

__attribute__((format(printf, 2, 0))) static void say(
        struct board *b, const char *format, va_list args)
{
	char text[200];

	if (!b->say)
		return;
	vsnprintf(text, sizeof text, format, args);
	b->say(b->say_ctx, text);
}

void board_say_now(struct board *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(b, format, args);
	va_end(args);
}

void board_tell(struct board *b, unsigned note, const char *format, ...)
{
	va_list args;

	assert(note < BOARD_NOTES);
	if (!b->say || b->said >> note & 1)
		return;
	b->said |= 1ull << note;
	va_start(args, format);
	say(b, format, args);
	va_end(args);
}

void board_request_reset(struct board *b, enum board_reset why)
{
	if (b->state.wants_reset == BOARD_RESET_NONE)
		b->state.wants_reset = why;
}

void board_set_a20(struct board *b, bool is_on)
{
	if (!is_on)
		board_tell(b, BOARD_NOTE_A20,
		        "the guest turns address line A20 off; it stays on: addresses do not wrap "
		        "at 1 MiB");
}

/* --- ports and memory ------------------------------------------------------------------------- */

static void access_device(void *range, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	const struct board_range *r = range;
	uint16_t port = (uint16_t)(r->base + off);

	if (r->device->has_bytes_only && size > 1) {
		absent_tell(r->board, port, is_write);
		if (!is_write)
			memset(data, 0xff, size);
		return;
	}
	for (unsigned i = 0; i < size; i++) {
		if (is_write)
			r->device->write(r->board, (uint16_t)(port + i), data[i]);
		else
			data[i] = r->device->read(r->board, (uint16_t)(port + i));
	}
	update(r->board, r->device);
}

static void add_ports(struct board *b, const struct device *d, const struct device_ports *p)
{
	assert(b->range_count < BOARD_RANGES_MAX);
	struct board_range *r = &b->ranges[b->range_count++];
	*r = (struct board_range) { .board = b, .device = d, .base = p->base };
	const struct bus_range range = {
		.base = p->base,
		.size = p->size,
		.access = access_device,
		.device = r,
		.name = d->name,
	};
	int err = bus_add(&b->ports, &range);
	assert(!err);
}

void board_init(struct board *b, bool is_pc, board_output *output, void *ctx)
{
	*b = (struct board) { .is_pc = is_pc, .output = output, .output_ctx = ctx };
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *d = devices[i];
		if (!board_has(b, d))
			continue;
		if (d->reset)
			d->reset(b);
		for (unsigned k = 0; k < DEVICE_PORTS_MAX && d->ports[k].size; k++)
			add_ports(b, d, &d->ports[k]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (board_has(b, devices[i]))
			update(b, devices[i]);
}

bool board_io(
        struct board *b, uint16_t port, uint8_t *data, unsigned size, uint32_t count, bool is_write)
{
	bool is_answered = false;

	for (uint32_t i = 0; i < count; i++, data += size)
		is_answered |= bus_do(&b->ports, port, data, size, is_write);
	if (!is_answered)
		absent_tell(b, port, is_write);
	return is_answered;
}

bool board_mmio(struct board *b, uint64_t gpa, uint8_t *data, unsigned size, bool is_write)
{
	return bus_do(&b->mmio, gpa, data, size, is_write);
}
