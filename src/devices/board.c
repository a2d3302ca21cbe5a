/* Wiring: the PC's devices, and the one-port devices that small guests and test kernels write to.
 */
#include "devices/board.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* By enum port_kind; the words of --port and of messages. */
static const char *const kind_words[] = {
	[PORT_NONE] = "none",
	[PORT_HEX] = "hex",
	[PORT_TEXT] = "text",
	[PORT_EXIT] = "exit",
};
#define KINDS (sizeof kind_words / sizeof kind_words[0])

/* 0xe9: Bochs' port_e9_hack. 0xf4: where test kernels put QEMU's isa-debug-exit. 0x10 and 0xf1:
 * habits of the guests that come with small KVM programs. */
static const struct {
	uint16_t port;
	enum port_kind kind;
} default_ports[] = {
	{ 0x10, PORT_HEX },
	{ 0xe9, PORT_TEXT },
	{ 0xf1, PORT_TEXT },
	{ 0xf4, PORT_EXIT },
};
#define DEFAULT_PORTS (sizeof default_ports / sizeof default_ports[0])

#define DEVICE_RANGES 6
_Static_assert(BOARD_PORTS_MAX + DEFAULT_PORTS + DEVICE_RANGES <= BUS_RANGES_MAX,
        "user's ports, default ports and the devices fit on the bus");

/* IBM PC/AT Technical Reference, "System Control Port B" (0x61) */
#define SYSTEM_GATE    0x01 /* of counter 2 */
#define SYSTEM_KEPT    0x0f
#define SYSTEM_REFRESH 0x10  /* changes with each refresh of the DRAM, */
#define REFRESH_NS     15085 /* 18 clocks of the timer */
#define SYSTEM_OUT     0x20  /* of counter 2 */

static void uart_byte(void *ctx, uint8_t byte)
{
	struct board *b = ctx;

	b->output(b->output_ctx, &byte, 1);
}

/* --- interrupts and time -----------------------------------------------------------------------
 */

static void update_uart_irq(struct board_state *s)
{
	pic_set_irq(&s->pic, BOARD_UART_IRQ, uart_irq(&s->uart));
}

/* After the timer was touched, or when its interrupt is due. */
static void update_timer_irq(struct board_state *s)
{
	if (pit_take_rise(&s->pit, 0, s->now_ns)) { /* it may have fallen again since */
		pic_set_irq(&s->pic, BOARD_TIMER_IRQ, false);
		pic_set_irq(&s->pic, BOARD_TIMER_IRQ, true);
	}
	pic_set_irq(&s->pic, BOARD_TIMER_IRQ, pit_out(&s->pit, 0, s->now_ns));
	s->next_rise_ns = pit_next_rise_ns(&s->pit, 0);
}

void board_advance(struct board *b, uint64_t ns)
{
	struct board_state *s = &b->state;

	s->now_ns += ns;
	if (s->now_ns >= s->next_rise_ns)
		update_timer_irq(s);
}

bool board_port_has_time(uint16_t port)
{
	static const struct {
		uint16_t port, size;
	} all[] = { { PIT_PORT, PIT_PORTS }, { BOARD_SYSTEM_PORT, 1 }, { PIC_MASTER_PORT, 2 } };

	/* An access to a port below them may reach over. */
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (port + 3u >= all[i].port && port < all[i].port + all[i].size)
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

uint64_t board_next_interrupt_ns(const struct board *b)
{
	const struct board_state *s = &b->state;

	if (s->next_rise_ns == BOARD_NEVER || pic_waits(&s->pic, BOARD_TIMER_IRQ) ||
	        !pic_would_interrupt(&s->pic, BOARD_TIMER_IRQ))
		return BOARD_NEVER;
	return s->next_rise_ns;
}

bool board_input_interrupts(const struct board *b)
{
	struct board_state copy = b->state;

	if (!uart_room(&copy.uart))
		return false;
	uart_receive(&copy.uart, 0);
	return uart_irq(&copy.uart) && pic_would_interrupt(&copy.pic, BOARD_UART_IRQ);
}

/* --- ports -------------------------------------------------------------------------------------
 */

/* The registers are bytes: a wider access is several, lowest port first, as an ISA bus splits it.
 */
static void uart_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	struct board *b = device;

	for (unsigned i = 0; i < size; i++) {
		if (is_write)
			uart_write(&b->state.uart, off + i, data[i], uart_byte, b);
		else
			data[i] = uart_read(&b->state.uart, off + i);
	}
	update_uart_irq(&b->state);
}

static void pic_access(struct board *b, uint16_t port, uint8_t *data, unsigned size, bool is_write)
{
	for (unsigned i = 0; i < size; i++) {
		if (is_write)
			pic_write(&b->state.pic, (uint16_t)(port + i), data[i]);
		else
			data[i] = pic_read(&b->state.pic, (uint16_t)(port + i));
	}
}

static void master_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	pic_access(device, (uint16_t)(PIC_MASTER_PORT + off), data, size, is_write);
}

static void slave_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	pic_access(device, (uint16_t)(PIC_SLAVE_PORT + off), data, size, is_write);
}

static void elcr_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	pic_access(device, (uint16_t)(PIC_ELCR_PORT + off), data, size, is_write);
}

static void pit_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	struct board_state *s = &((struct board *)device)->state;

	for (unsigned i = 0; i < size; i++) {
		if (is_write)
			pit_write(&s->pit, (unsigned)off + i, data[i], s->now_ns);
		else
			data[i] = pit_read(&s->pit, (unsigned)off + i, s->now_ns);
	}
	update_timer_irq(s);
}

static void system_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	struct board_state *s = &((struct board *)device)->state;

	(void)off;
	assert(size == 1); /* the range is one port and not wide */
	if (is_write) {
		s->system_port = data[0] & SYSTEM_KEPT;
		pit_set_gate(&s->pit, 2, data[0] & SYSTEM_GATE, s->now_ns);
		return;
	}
	data[0] = s->system_port | (pit_out(&s->pit, 2, s->now_ns) ? SYSTEM_OUT : 0) |
	          (s->now_ns / REFRESH_NS % 2 ? SYSTEM_REFRESH : 0);
}

static uint32_t little_endian(const uint8_t *data, unsigned size)
{
	uint32_t value = 0;

	assert(size <= sizeof value);
	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)data[i] << (8 * i);
	return value;
}

static void hex_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	const struct board_port *p = device;
	char line[sizeof "IO port: ffff, data: ffffffff\n"];

	(void)off;
	if (!is_write) {
		memset(data, 0xff, size);
		return;
	}
	int len = snprintf(line, sizeof line, "IO port: %x, data: %x\n", (unsigned)p->port,
	        (unsigned)little_endian(data, size));
	p->board->output(p->board->output_ctx, (const uint8_t *)line, (size_t)len);
}

static void text_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	const struct board_port *p = device;

	(void)off;
	assert(size == 1); /* the range is one port and not wide */
	if (is_write)
		p->board->output(p->board->output_ctx, data, 1);
	else
		data[0] = p->port & 0xff;
}

static void exit_access(void *device, uint64_t off, uint8_t *data, unsigned size, bool is_write)
{
	const struct board_port *p = device;
	struct board_state *s = &p->board->state;

	(void)off;
	if (!is_write) {
		memset(data, 0, size);
		return;
	}
	/* The first write ends the run; a rep outsb goes on to the end of its exit. */
	if (s->is_exiting)
		return;
	s->is_exiting = true;
	s->exit_value = little_endian(data, size);
}

void board_init(struct board *b, board_output *output, void *ctx)
{
	static const struct {
		uint16_t port, size;
		bus_access *access;
		const char *name;
	} devices[] = {
		{ PIC_MASTER_PORT, 2, master_access, "pic" },
		{ PIT_PORT, PIT_PORTS, pit_access, "pit" },
		{ BOARD_SYSTEM_PORT, 1, system_access, "pit" },
		{ PIC_SLAVE_PORT, 2, slave_access, "pic" },
		{ BOARD_UART_PORT, UART_PORTS, uart_access, "uart" },
		{ PIC_ELCR_PORT, 2, elcr_access, "pic" },
	};
	_Static_assert(sizeof devices / sizeof devices[0] == DEVICE_RANGES, "counted above");

	*b = (struct board) { .output = output, .output_ctx = ctx };
	uart_reset(&b->state.uart);
	pic_reset(&b->state.pic);
	pit_reset(&b->state.pit);
	update_timer_irq(&b->state);
	for (size_t i = 0; i < DEVICE_RANGES; i++) {
		struct bus_range range = {
			.base = devices[i].port,
			.size = devices[i].size,
			.access = devices[i].access,
			.device = b,
			.name = devices[i].name,
		};
		int err = bus_add(&b->ports, &range);
		assert(!err);
	}
}

/* What stands at the port or reserves it, for messages; NULL when it is free. */
static const char *occupant(const struct board *b, uint16_t port)
{
	const struct bus_range *r = bus_find(&b->ports, port);

	if (r)
		return r->name;
	for (unsigned i = 0; i < b->simple_count; i++)
		if (b->simple[i].port == port)
			return kind_words[b->simple[i].kind];
	return NULL;
}

/* The port must be free, and the tables have room. */
static void put(struct board *b, uint16_t port, enum port_kind kind)
{
	static bus_access *const accesses[] = {
		[PORT_HEX] = hex_access,
		[PORT_TEXT] = text_access,
		[PORT_EXIT] = exit_access,
	};

	assert(b->simple_count < BUS_RANGES_MAX);
	struct board_port *p = &b->simple[b->simple_count++];
	*p = (struct board_port) { .board = b, .port = port, .kind = kind };
	if (kind == PORT_NONE)
		return;
	struct bus_range range = {
		.base = port,
		.size = 1,
		.is_wide = kind == PORT_HEX || kind == PORT_EXIT,
		.access = accesses[kind],
		.device = p,
		.name = kind_words[kind],
	};
	int err = bus_add(&b->ports, &range);
	assert(!err);
}

void board_default_ports(struct board *b)
{
	for (size_t i = 0; i < DEFAULT_PORTS; i++)
		if (!occupant(b, default_ports[i].port))
			put(b, default_ports[i].port, default_ports[i].kind);
}

int board_port(struct board *b, uint16_t port, enum port_kind kind, struct error *e)
{
	const char *there = occupant(b, port);

	if (there)
		return error_set(e, -EEXIST,
		        "--port 0x%x=%s: the port is taken (%s); choose another", (unsigned)port,
		        kind_words[kind], there);
	if (b->simple_count >= BOARD_PORTS_MAX)
		return error_set(e, -ENOSPC, "--port 0x%x=%s: no more than %d ports",
		        (unsigned)port, kind_words[kind], BOARD_PORTS_MAX);
	put(b, port, kind);
	return 0;
}

bool board_port_kind(const char *word, enum port_kind *kind)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (!strcmp(word, kind_words[i])) {
			*kind = (enum port_kind)i;
			return true;
		}
	}
	return false;
}

bool board_io(
        struct board *b, uint16_t port, uint8_t *data, unsigned size, uint32_t count, bool is_write)
{
	bool is_answered = false;

	for (uint32_t i = 0; i < count; i++, data += size)
		is_answered |= bus_do(&b->ports, port, data, size, is_write);
	return is_answered;
}

bool board_mmio(struct board *b, uint64_t gpa, uint8_t *data, unsigned size, bool is_write)
{
	return bus_do(&b->mmio, gpa, data, size, is_write);
}

size_t board_input_room(const struct board *b)
{
	return uart_room(&b->state.uart);
}

void board_input(struct board *b, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		uart_receive(&b->state.uart, bytes[i]);
	update_uart_irq(&b->state);
}
