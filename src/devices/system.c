/* The rows of ports 0x92, 0xcf9 and 0x80. */
#include "devices/system.h"

#include "devices/absent.h"
#include "devices/board.h"

/* Port 0x92 */
#define A_RESET 0x01
#define A_A20   0x02
/* Port 0xcf9 */
#define RESET_HARD 0x02
#define RESET_CPU  0x04
#define RESET_KEPT (RESET_HARD | RESET_CPU)

static uint8_t read_port_a(struct board *b, uint16_t port)
{
	(void)port;
	return b->state.system.port_a | A_A20;
}

static void write_port_a(struct board *b, uint16_t port, uint8_t value)
{
	struct system *s = &b->state.system;

	(void)port;
	if (value & (uint8_t)~s->port_a & A_RESET)
		board_request_reset(b, BOARD_RESET_PORT_92);
	board_set_a20(b, value & A_A20);
	s->port_a = value;
}

static void show_port_a(const struct board *b, struct device_text *t)
{
	device_say(t, "port 0x92    0x%02x; A20 is on\n", b->state.system.port_a | A_A20);
	device_say(
	        t, "port 0x80    0x%02x, the last code that was written\n", b->state.system.post);
}

const struct device system_port_device = {
	.name = "system",
	.about = "ports 0x92 and 0x80: A20, what a self-test has written",
	.is_pc_only = true,
	.ports = { { SYSTEM_PORT_A, 1 } },
	.read = read_port_a,
	.write = write_port_a,
	.show = show_port_a,
};

/* PCI's configuration ports take four bytes at once, and nobody answers them. The byte between
 * them is a register of its own. */
static uint8_t read_reset(struct board *b, uint16_t port)
{
	if (port == SYSTEM_RESET_PORT)
		return b->state.system.reset;
	absent_tell(b, port, false);
	return 0xff;
}

static void write_reset(struct board *b, uint16_t port, uint8_t value)
{
	struct system *s = &b->state.system;

	if (port != SYSTEM_RESET_PORT) {
		absent_tell(b, port, true);
		return;
	}
	if (value & (uint8_t)~s->reset & RESET_CPU)
		board_request_reset(b, BOARD_RESET_PORT_CF9);
	s->reset = value & RESET_KEPT;
}

const struct device reset_port_device = {
	.name = "reset",
	.is_pc_only = true,
	.ports = { { SYSTEM_PCI_PORT, SYSTEM_PCI_PORTS } },
	.has_bytes_only = true,
	.read = read_reset,
	.write = write_reset,
};

static uint8_t read_post(struct board *b, uint16_t port)
{
	(void)port;
	return b->state.system.post;
}

static void write_post(struct board *b, uint16_t port, uint8_t value)
{
	(void)port;
	b->state.system.post = value;
}

const struct device post_device = {
	.name = "post",
	.is_pc_only = true,
	.ports = { { SYSTEM_POST_PORT, 1 } },
	.read = read_post,
	.write = write_post,
};
