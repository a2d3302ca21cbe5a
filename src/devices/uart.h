/* An 8250/16550A UART (National Semiconductor PC16550D data sheet): registers, receive FIFO with
 * trigger levels, line and modem status, loopback, interrupt identification.
 *
 * Bytes go out at once, so the transmitter is always empty. Baud rate, word length and parity are
 * remembered and have no effect: a guest that never programs them is understood all the same. Left
 * out: break, parity and framing errors (the wire has none), DMA mode.
 *
 * No host clock. The receive time-out interrupt (bytes wait in the FIFO below the trigger level)
 * comes with the last byte of a burst. Reading RBR takes it back, as the data sheet says; the four
 * character times after which it returns have passed when the guest touches any other register or
 * the next byte comes.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_UART_H
#define STEPVM_DEVICES_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_PORT  0x3f8 /* COM1 of a PC, */
#define UART_IRQ   4     /* and its line */
#define UART2_PORT 0x2f8 /* COM2, */
#define UART2_IRQ  3
#define UART_PORTS 8
#define UART_FIFO  16

struct uart {
	uint8_t ier, fcr, lcr, mcr, lsr, msr, scr; /* lsr without data ready: rx_count says that */
	uint16_t divisor;
	bool is_alone;        /* nothing is at the other end */
	bool is_thre_pending; /* the transmitter became empty, and no IIR read took notice */
	bool is_timed_out; /* bytes wait and no one came for them; counts below the trigger level */
	uint8_t rx[UART_FIFO];
	uint8_t rx_head, rx_count; /* without FIFOs rx[0] is the holding register */
};

/* Where transmitted bytes go. Not part of the state. */
typedef void uart_output(void *ctx, uint8_t byte);

extern const struct device uart_device, uart2_device;

/* Master reset; the modem at the other end is on: CTS, DSR and DCD are asserted. */
void uart_reset(struct uart *u);
/* Whether something is at the other end; it was before the guest looked: no line changes. */
void uart_connect(struct uart *u, bool is_connected);
/* off: 0..7, one byte each. */
uint8_t uart_read(struct uart *u, unsigned off);
void uart_write(struct uart *u, unsigned off, uint8_t value, uart_output *out, void *ctx);
/* How many bytes uart_receive would take now without an overrun: 0 or 1 without FIFOs, 0..16 with,
 * 0 in loopback. */
size_t uart_room(const struct uart *u);
/* A byte from outside arrives; past uart_room it sets the overrun error and is lost (16550: the
 * FIFO keeps, 8250: the holding register is overwritten). In loopback the wire is cut: it is lost,
 * and nothing shows. */
void uart_receive(struct uart *u, uint8_t byte);
/* The level of the interrupt line. OUT2 gates it, as on a PC; in loopback too (super I/O chips gate
 * with the MCR bit, not the pin). */
bool uart_irq(const struct uart *u);

#endif
