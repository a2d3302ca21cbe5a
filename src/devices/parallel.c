/* The parallel port's registers, and its row. Names in quotes are the adapter's registers in the
 * IBM PC AT Technical Reference. */
#include "devices/parallel.h"

#include "devices/board.h"

/* "Printer Status": lines as they are, but for busy, which is inverted */
#define STATUS_NO_ERROR 0x08
#define STATUS_SELECTED 0x10
#define STATUS_NO_PAPER 0x20
#define STATUS_NO_ACK   0x40
#define STATUS_NOT_BUSY 0x80
#define STATUS_UNUSED   0x07
#define STATUS_READY                                                                               \
	(STATUS_NOT_BUSY | STATUS_NO_ACK | STATUS_SELECTED | STATUS_NO_ERROR | STATUS_UNUSED)
/* A cable without an end pulls all lines high. */
#define STATUS_OPEN                                                                                \
	(STATUS_NO_ACK | STATUS_NO_PAPER | STATUS_SELECTED | STATUS_NO_ERROR | STATUS_UNUSED)
/* "Printer Control" */
#define CONTROL_STROBE 0x01
#define CONTROL_INIT   0x04 /* low while the printer is to start anew */
#define CONTROL_SELECT 0x08
#define CONTROL_BITS   0x1f
#define CONTROL_UNUSED 0xe0

enum { DATA, STATUS, CONTROL };

static void reset(struct board *b)
{
	b->state.parallel.control = CONTROL_INIT | CONTROL_SELECT;
}

static uint8_t read(struct board *b, uint16_t port)
{
	const struct parallel *p = &b->state.parallel;

	switch (port - PARALLEL_PORT) {
	case DATA: return p->data;
	case STATUS: return board_is_wired(b, &parallel_device) ? STATUS_READY : STATUS_OPEN;
	default: return p->control | CONTROL_UNUSED;
	}
}

static void write_control(struct board *b, uint8_t value)
{
	struct parallel *p = &b->state.parallel;
	uint8_t rises = value & (uint8_t)~p->control;

	p->control = value & CONTROL_BITS;
	if (rises & CONTROL_STROBE && board_is_wired(b, &parallel_device))
		board_send(b, &parallel_device, &p->data, 1);
}

static void write(struct board *b, uint16_t port, uint8_t value)
{
	if (port - PARALLEL_PORT == DATA)
		b->state.parallel.data = value;
	else if (port - PARALLEL_PORT == CONTROL)
		write_control(b, value);
}

static void show(const struct board *b, struct device_text *t)
{
	const struct parallel *p = &b->state.parallel;

	device_say(t, "printer      %s; data 0x%02x, control 0x%02x\n",
	        board_is_wired(b, &parallel_device) ? "connected" : "none is connected", p->data,
	        p->control);
}

const struct device parallel_device = {
	.name = "parallel",
	.about = "the parallel port and what is connected",
	.is_pc_only = true,
	.ports = { { PARALLEL_PORT, PARALLEL_PORTS } },
	.reset = reset,
	.read = read,
	.write = write,
	.show = show,
};
