/* Devices of one port each, which small guests and test kernels write to (option --port). */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "devices/board.h"

/* By enum port_kind; the words of --port and of messages. */
static const char *const kind_words[] = {
	[PORT_NONE] = "none",
	[PORT_HEX] = "hex",
	[PORT_TEXT] = "text",
	[PORT_EXIT] = "exit",
};
#define KINDS (ARRAY_SIZE(kind_words))

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
#define DEFAULT_PORTS (ARRAY_SIZE(default_ports))
_Static_assert(DEFAULT_PORTS == BOARD_DEFAULT_PORTS, "board.h counts them");

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
