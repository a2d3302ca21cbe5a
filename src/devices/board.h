/* The board: which device stands where, how they interrupt the CPU, and the one place where bytes
 *and time from outside enter the guest.
 *
 *	timer, counter 0 -> IRQ 0 -> interrupt controllers -> the CPU
 *	UART             -> IRQ 4
 *	timer, counter 2 -> port 0x61, bit 5
 *
 * Everything that changes while the guest runs is in struct board_state, which can be copied; the
 * buses and the output functions are wiring. No device knows the host's clock: the guest's time
 *goes on by board_advance alone. */
#ifndef STEPVM_DEVICES_BOARD_H
#define STEPVM_DEVICES_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/bus.h"
#include "devices/pic.h"
#include "devices/pit.h"
#include "devices/uart.h"
#include "error.h"

#define BOARD_UART_PORT   0x3f8 /* COM1 of a PC */
#define BOARD_SYSTEM_PORT 0x61  /* a PC's system control port B: the gate and OUT of counter 2 */
#define BOARD_TIMER_IRQ   0
#define BOARD_UART_IRQ    4
#define BOARD_PORTS_MAX   48 /* board_port; the devices and the default ports have room besides */
#define BOARD_NEVER       UINT64_MAX

/* What can stand at a port (option --port). Each takes one port.
 *
 * TEXT is one byte wide like any 8-bit ISA device: a wider access sends its low byte here and the
 * others to the next ports. HEX and EXIT are registers that take 1, 2 and 4 bytes whole, as
 * isa-debug-exit does. */
enum port_kind {
	PORT_NONE, /* nothing: reads all ones */
	PORT_HEX, /* a write prints a line "IO port: 10, data: 1", hex without 0x; reads all ones */
	PORT_TEXT, /* a written byte is a character; a read gives the port's low byte, as Bochs'
	              0xe9 does */
	PORT_EXIT, /* a write ends the run with status (value << 1) | 1, as QEMU's isa-debug-exit;
	              reads 0 */
};

struct board_state {
	struct uart uart;
	struct pic pic;
	struct pit pit;
	uint8_t system_port;   /* what was written to it: bits 3:0 */
	uint64_t now_ns;       /* the guest's time since power-on */
	uint64_t next_rise_ns; /* of the timer's interrupt line, or BOARD_NEVER */
	bool is_exiting; /* the guest wrote to an exit port; later writes don't change exit_value */
	uint32_t exit_value;
};

/* Guest output: UART bytes, text and hex lines, a line in one call. */
typedef void board_output(void *ctx, const uint8_t *bytes, size_t len);

struct board_port {
	struct board *board;
	uint16_t port;
	enum port_kind kind;
};

/* Must not move after board_init: the buses point into it. */
struct board {
	struct board_state state;
	struct bus ports, mmio;
	struct board_port simple[BUS_RANGES_MAX];
	unsigned simple_count;
	board_output *output;
	void *output_ctx;
};

/* The devices of a PC that are there: UART, interrupt controllers, timer; no default ports. */
void board_init(struct board *b, board_output *output, void *ctx);
/* The PC's habits: text at 0xe9 and 0xf1, hex at 0x10, exit at 0xf4; a port that the user gave a
 * kind of its own (board_port, called before) keeps it. */
void board_default_ports(struct board *b);
/* Puts kind at one port. -EEXIST with a text when a device is there or the port was reserved,
 * -ENOSPC after BOARD_PORTS_MAX. PORT_NONE reserves the port: the default does not come. */
int board_port(struct board *b, uint16_t port, enum port_kind kind, struct error *e);
/* "hex", "text", "exit", "none" -> *kind; false for another word. */
bool board_port_kind(const char *word, enum port_kind *kind);

/* One exit's port I/O: count elements of size bytes, one after the other at data. True when a
 * device answered. */
bool board_io(struct board *b, uint16_t port, uint8_t *data, unsigned size, uint32_t count,
        bool is_write);
bool board_mmio(struct board *b, uint64_t gpa, uint8_t *data, unsigned size, bool is_write);

/* How many bytes of input the guest can take now; the caller offers no more than that. */
size_t board_input_room(const struct board *b);
/* The only entrance for bytes from outside. */
void board_input(struct board *b, const uint8_t *bytes, size_t len);
/* The only entrance for time: the guest lives on for ns. */
void board_advance(struct board *b, uint64_t ns);

/* Whether what the guest does at that port depends on its time, or changes when interrupts come. */
bool board_port_has_time(uint16_t port);

/* An interrupt waits for the CPU (INTR). */
bool board_interrupt(const struct board *b);
/* The CPU takes it: its vector. */
uint8_t board_acknowledge(struct board *b);
/* The guest's time at which the timer asks for one anew, or BOARD_NEVER: it has asked already, it
 * will not, or it would be masked, while the guest leaves the devices alone. */
uint64_t board_next_interrupt_ns(const struct board *b);
/* Whether the next byte of input would interrupt. */
bool board_input_interrupts(const struct board *b);

#endif
