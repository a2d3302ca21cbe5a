/* The registers of a PC16550D, by offset (data sheet, Registers):
 *
 *	   read   write  with LCR.DLAB             read   write
 *	0  RBR    THR    DLL                    4  MCR    MCR
 *	1  IER    IER    DLM                    5  LSR    -
 *	2  IIR    FCR                           6  MSR    -
 *	3  LCR    LCR                           7  SCR    SCR
 *
 * Names in quotes below are the data sheet's sections and tables. */
#include "devices/uart.h"

#include <assert.h>
#include <string.h>

#include "devices/board.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

/* "Interrupt Enable Register" */
#define IER_RX    0x01
#define IER_THRE  0x02
#define IER_LINE  0x04
#define IER_MODEM 0x08
#define IER_MASK  0x0f
/* "Interrupt Identification Register", table "Interrupt Control Functions" */
#define IIR_MODEM   0x00
#define IIR_NONE    0x01
#define IIR_THRE    0x02
#define IIR_RX      0x04
#define IIR_LINE    0x06
#define IIR_TIMEOUT 0x0c
#define IIR_FIFOS   0xc0
/* "FIFO Control Register" */
#define FCR_ENABLE   0x01
#define FCR_CLEAR_RX 0x02
#define FCR_KEPT     0xc9 /* enable, DMA mode, trigger level; the clear bits clear themselves */
/* "Line Control Register" */
#define LCR_DLAB 0x80
/* "Modem Control Register" */
#define MCR_DTR  0x01
#define MCR_RTS  0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_MASK 0x1f
/* "Line Status Register" */
#define LSR_DATA    0x01
#define LSR_OVERRUN 0x02
#define LSR_THRE    0x20
#define LSR_TEMT    0x40
/* "Modem Status Register": what changed since the last read in bits 3:0, the lines in 7:4 */
#define MSR_CHANGES 0x0f
#define MSR_TERI    0x04
#define MSR_CTS     0x10
#define MSR_DSR     0x20
#define MSR_RI      0x40
#define MSR_DCD     0x80

void uart_reset(struct uart *u)
{
	/* "UART Reset Configuration". It leaves the divisor undefined: 12 is 9600 baud at a PC's
	 * 1.8432 MHz ("Baud Rates, Divisors and Crystals"). */
	*u = (struct uart) {
		.lsr = LSR_THRE | LSR_TEMT,
		.msr = MSR_CTS | MSR_DSR | MSR_DCD,
		.divisor = 12,
	};
}

static bool has_fifos(const struct uart *u)
{
	return u->fcr & FCR_ENABLE;
}

/* How many bytes make the receive interrupt: FCR bits 7:6. */
static unsigned trigger_level(const struct uart *u)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return has_fifos(u) ? levels[u->fcr >> 6] : 1;
}

/* The interrupt of highest priority, without the FIFO bits. */
static uint8_t pending(const struct uart *u)
{
	if (u->ier & IER_LINE && u->lsr & LSR_OVERRUN)
		return IIR_LINE;
	if (u->ier & IER_RX && u->rx_count >= trigger_level(u))
		return IIR_RX;
	if (u->ier & IER_RX && u->is_timed_out)
		return IIR_TIMEOUT;
	if (u->ier & IER_THRE && u->is_thre_pending)
		return IIR_THRE;
	if (u->ier & IER_MODEM && u->msr & MSR_CHANGES)
		return IIR_MODEM;
	return IIR_NONE;
}

bool uart_irq(const struct uart *u)
{
	return u->mcr & MCR_OUT2 && pending(u) != IIR_NONE;
}

static void clear_rx(struct uart *u)
{
	u->rx_head = u->rx_count = 0;
	u->is_timed_out = false;
}

static void push_rx(struct uart *u, uint8_t byte)
{
	unsigned size = has_fifos(u) ? UART_FIFO : 1;

	u->is_timed_out = true;
	if (u->rx_count < size) {
		u->rx[(u->rx_head + u->rx_count++) % UART_FIFO] = byte;
		return;
	}
	/* "Line Status Register", bit 1: a full FIFO keeps its bytes and the new one is lost; the
	 * holding register is overwritten. */
	u->lsr |= LSR_OVERRUN;
	if (size == 1)
		u->rx[u->rx_head] = byte;
}

/* Empty, the holding register still shows its last byte; what an empty FIFO shows is undefined. */
static uint8_t pop_rx(struct uart *u)
{
	uint8_t byte = u->rx[u->rx_head];

	u->is_timed_out = false; /* "FIFO Interrupt Mode Operation": reading resets it */
	if (!u->rx_count)
		return byte;
	u->rx_count--;
	if (has_fifos(u))
		u->rx_head = (u->rx_head + 1) % UART_FIFO;
	return byte;
}

/* The modem's lines, or in loopback our own outputs ("Modem Control Register", bit 4). */
static uint8_t modem_lines(const struct uart *u, uint8_t mcr)
{
	if (!(mcr & MCR_LOOP))
		return u->is_alone ? 0 : MSR_CTS | MSR_DSR | MSR_DCD;
	return (mcr & MCR_DTR ? MSR_DSR : 0) | (mcr & MCR_RTS ? MSR_CTS : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void write_mcr(struct uart *u, uint8_t value)
{
	uint8_t lines = modem_lines(u, value & MCR_MASK);
	uint8_t changed = (lines ^ u->msr) >> 4;

	/* "Modem Status Register", bit 2: of the ring indicator only the trailing edge counts. */
	if (lines & MSR_RI)
		changed &= (uint8_t)~MSR_TERI;
	u->mcr = value & MCR_MASK;
	u->msr = lines | (u->msr & MSR_CHANGES) | changed;
}

void uart_connect(struct uart *u, bool is_connected)
{
	if (u->is_alone != is_connected)
		return;
	u->is_alone = !is_connected;
	u->msr = modem_lines(u, u->mcr);
}

static void write_fcr(struct uart *u, uint8_t value)
{
	/* A change of bit 0 clears the FIFOs; without it no other bit is taken. */
	if ((value ^ u->fcr) & FCR_ENABLE || (value & FCR_ENABLE && value & FCR_CLEAR_RX))
		clear_rx(u);
	u->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

static void write_ier(struct uart *u, uint8_t value)
{
	/* The transmitter is empty, so switching its interrupt on raises it: that is how a driver
	 * starts to send. */
	if (value & IER_THRE && !(u->ier & IER_THRE))
		u->is_thre_pending = true;
	u->ier = value & IER_MASK;
}

static void transmit(struct uart *u, uint8_t byte, uart_output *out, void *ctx)
{
	if (u->mcr & MCR_LOOP)
		push_rx(u, byte);
	else
		out(ctx, byte);
	u->is_thre_pending = true; /* full and empty again within the write */
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t iir = pending(u);

	/* "Interrupt Control Functions": reading IIR resets the THRE interrupt, if that is what it
	 * showed. */
	if (iir == IIR_THRE)
		u->is_thre_pending = false;
	return iir | (has_fifos(u) ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = u->lsr | (u->rx_count ? LSR_DATA : 0);

	u->lsr &= (uint8_t)~LSR_OVERRUN; /* reading resets the error bits */
	return lsr;
}

static uint8_t read_msr(struct uart *u)
{
	uint8_t msr = u->msr;

	u->msr &= (uint8_t)~MSR_CHANGES; /* reading resets bits 3:0 */
	return msr;
}

uint8_t uart_read(struct uart *u, unsigned off)
{
	bool has_dlab = u->lcr & LCR_DLAB;

	assert(off < UART_PORTS);
	if (off == RBR_THR && !has_dlab)
		return pop_rx(u);
	u->is_timed_out = u->rx_count > 0;
	switch (off) {
	case RBR_THR: return u->divisor & 0xff;
	case IER: return has_dlab ? u->divisor >> 8 : u->ier;
	case IIR_FCR: return read_iir(u);
	case LCR: return u->lcr;
	case MCR: return u->mcr;
	case LSR: return read_lsr(u);
	case MSR: return read_msr(u);
	default: return u->scr;
	}
}

void uart_write(struct uart *u, unsigned off, uint8_t value, uart_output *out, void *ctx)
{
	bool has_dlab = u->lcr & LCR_DLAB;

	assert(off < UART_PORTS);
	u->is_timed_out = u->rx_count > 0;
	switch (off) {
	case RBR_THR:
		if (has_dlab)
			u->divisor = (u->divisor & 0xff00) | value;
		else
			transmit(u, value, out, ctx);
		break;
	case IER:
		if (has_dlab)
			u->divisor = (uint16_t)(value << 8) | (u->divisor & 0xff);
		else
			write_ier(u, value);
		break;
	case IIR_FCR: write_fcr(u, value); break;
	case LCR: u->lcr = value; break;
	case MCR: write_mcr(u, value); break;
	case SCR: u->scr = value; break;
	default: break; /* LSR, MSR: for reading only */
	}
}

size_t uart_room(const struct uart *u)
{
	if (u->mcr & MCR_LOOP)
		return 0;
	return (size_t)(has_fifos(u) ? UART_FIFO : 1) - u->rx_count;
}

void uart_receive(struct uart *u, uint8_t byte)
{
	if (!(u->mcr & MCR_LOOP))
		push_rx(u, byte);
}

/* --- on the board ----------------------------------------------------------------------------- */

/* COM1 is at the user's terminal. COM2 has somebody at its other end where it is wired
 * (board_wire): without, its modem lines are low, and its bytes go nowhere. */
struct line {
	struct board *board;
	const struct device *device;
};

static const struct device *device_at(uint16_t port)
{
	return port - (port & (UART_PORTS - 1)) == UART_PORT ? &uart_device : &uart2_device;
}

static bool is_connected(const struct board *b, const struct device *d)
{
	return d == &uart_device || board_is_wired(b, d);
}

static void send(void *ctx, uint8_t byte)
{
	const struct line *l = ctx;

	if (is_connected(l->board, l->device))
		board_send(l->board, l->device, &byte, 1);
}

static struct uart *uart_of(struct board *b, const struct device *d)
{
	return d == &uart_device ? &b->state.uart : &b->state.uart2;
}

static void reset_device(struct board *b)
{
	uart_reset(&b->state.uart);
}

static void reset_device_2(struct board *b)
{
	uart_reset(&b->state.uart2);
	uart_connect(&b->state.uart2, false);
}

static uint8_t read_device(struct board *b, uint16_t port)
{
	const struct device *d = device_at(port);
	struct uart *u = uart_of(b, d);

	uart_connect(u, is_connected(b, d));
	return uart_read(u, port % UART_PORTS);
}

static void write_device(struct board *b, uint16_t port, uint8_t value)
{
	struct line l = { b, device_at(port) };
	struct uart *u = uart_of(b, l.device);

	uart_connect(u, is_connected(b, l.device));
	uart_write(u, port % UART_PORTS, value, send, &l);
}

static unsigned update_device(struct board *b)
{
	return uart_irq(&b->state.uart) ? LINE_HIGH : LINE_LOW;
}

static unsigned update_device_2(struct board *b)
{
	return uart_irq(&b->state.uart2) ? LINE_HIGH : LINE_LOW;
}

static size_t room_device(const struct board *b)
{
	return uart_room(&b->state.uart);
}

static size_t room_device_2(const struct board *b)
{
	return is_connected(b, &uart2_device) ? uart_room(&b->state.uart2) : 0;
}

static void receive(struct uart *u, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		uart_receive(u, bytes[i]);
}

static void input_device(struct board *b, const uint8_t *bytes, size_t len)
{
	receive(&b->state.uart, bytes, len);
}

static void input_device_2(struct board *b, const uint8_t *bytes, size_t len)
{
	receive(&b->state.uart2, bytes, len);
}

const struct device uart_device = {
	.name = "uart",
	.ports = { { UART_PORT, UART_PORTS } },
	.reset = reset_device,
	.read = read_device,
	.write = write_device,
	.update = update_device,
	.irq = UART_IRQ,
	.input_room = room_device,
	.input = input_device,
};

const struct device uart2_device = {
	.name = "uart2",
	.is_pc_only = true,
	.ports = { { UART2_PORT, UART_PORTS } },
	.reset = reset_device_2,
	.read = read_device,
	.write = write_device,
	.update = update_device_2,
	.irq = UART2_IRQ,
	.input_room = room_device_2,
	.input = input_device_2,
};
