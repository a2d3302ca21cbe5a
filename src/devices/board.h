/* The board: which device stands where, how they interrupt the CPU, and the one place where bytes
 * and time from outside enter the guest.
 *
 *	devices' lines -> interrupt controllers -> the CPU
 *
 * A device is a row (devices/device.h) in board.c's list, and a field of struct board_state.
 * Everything that changes while the guest runs is in struct board_state, which can be copied; the
 * buses and the output functions are wiring. No device knows the host's clock: the guest's time
 * goes on by board_advance alone. */
#ifndef STEPVM_DEVICES_BOARD_H
#define STEPVM_DEVICES_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "devices/absent.h"
#include "devices/bus.h"
#include "devices/device.h"
#include "devices/i8042.h"
#include "devices/parallel.h"
#include "devices/pic.h"
#include "devices/pit.h"
#include "devices/rtc.h"
#include "devices/system.h"
#include "devices/uart.h"
#include "devices/vga.h"

#define BOARD_PORTS_MAX     48 /* board_port; the devices and the default ports have room besides */
#define BOARD_DEFAULT_PORTS 4
#define BOARD_RANGES_MAX    24 /* of devices' ports */
#define BOARD_WIRES_MAX     4
#define BOARD_NEVER         DEVICE_NEVER

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

/* What the guest has pulled to start the machine anew. */
enum board_reset {
	BOARD_RESET_NONE,
	BOARD_RESET_KEYBOARD, /* port 0x64, commands 0xd1 and 0xfe */
	BOARD_RESET_PORT_92,
	BOARD_RESET_PORT_CF9,
	BOARD_RESET_BIOS, /* who runs the firmware may ask, too */
};

/* What the board tells its user, once each (board_tell). */
enum board_note {
	BOARD_NOTE_A20,
	BOARD_NOTE_ABSENT, /* and the next ones: places where nothing stands, by absent.c's rows */
	BOARD_NOTES = 64,
};

struct board_state {
	struct uart uart, uart2;
	struct pic pic;
	struct pit pit;
	struct i8042 i8042;
	struct system system;
	struct vga vga;
	struct rtc rtc;
	struct parallel parallel;
	uint8_t system_port;   /* port 0x61, what was written to it: bits 3:0 */
	uint64_t next_rise_ns; /* of the timer's interrupt line, or BOARD_NEVER */
	uint64_t now_ns;       /* the guest's time since power-on */
	bool is_exiting; /* the guest wrote to an exit port; later writes don't change exit_value */
	uint32_t exit_value;
	enum board_reset wants_reset; /* the first one asked for */
};

/* Guest output: UART bytes, text and hex lines, a line in one call. */
typedef void board_output(void *ctx, const uint8_t *bytes, size_t len);

/* Where one device's bytes go, other than to the board's output. */
struct board_wire {
	const struct device *device;
	board_output *output;
	void *ctx;
};

/* A sentence for the user without an end: "port 0x1f0: no ATA controller here". */
typedef void board_say(void *ctx, const char *text);

/* A device's ports on the bus. */
struct board_range {
	struct board *board;
	const struct device *device;
	uint16_t base;
};

struct board_port {
	struct board *board;
	uint16_t port;
	enum port_kind kind;
};

/* Must not move after board_init: the buses point into it. */
struct board {
	struct board_state state;
	struct bus ports, mmio;
	struct board_range ranges[BOARD_RANGES_MAX];
	unsigned range_count;
	struct board_port simple[BUS_RANGES_MAX];
	unsigned simple_count;
	bool is_pc;
	board_output *output;
	void *output_ctx;
	struct board_wire wires[BOARD_WIRES_MAX];
	board_say *say; /* NULL: nobody listens */
	void *say_ctx;
	uint64_t said; /* by enum board_note; not state: a snapshot does not make it unsaid */
	struct absent absent;
};

/* The i-th device of any board, NULL past the last. */
const struct device *board_device(unsigned i);
/* Whether that one stands on this board. */
bool board_has(const struct board *b, const struct device *d);
/* A bare board has the rows that are not is_pc_only: UART, interrupt controllers, timer; a PC's has
 * all. No default ports yet. */
void board_init(struct board *b, bool is_pc, board_output *output, void *ctx);
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

/* How many bytes of input device d, which is plugged to something, can take now: 0 when it does not
 * stand on this board. The caller offers no more than that. */
size_t board_input_room(const struct board *b, const struct device *d);
/* The only entrance for bytes from outside. */
void board_input(struct board *b, const struct device *d, const uint8_t *bytes, size_t len);
/* The next byte of input for d would interrupt. */
bool board_input_interrupts(const struct board *b, const struct device *d);
/* The same of the keyboard: one byte of scan code set 1, of a key that is pressed or (bit 7)
 * released; 0xe0 and 0xe1 are bytes of their own. False when it has no room, or the board no
 * keyboard: nothing has changed. */
bool board_scancode(struct board *b, uint8_t code);
unsigned board_scancode_room(const struct board *b);
/* The real-time clock is set: seconds since 1970-01-01, of UTC or of local time as the user has
 * them; it goes on with the guest's time. Without such a clock nothing happens. */
void board_set_rtc(struct board *b, int64_t seconds);
/* The only entrance for time: ns more have passed in the guest. */
void board_advance(struct board *b, uint64_t ns);

/* Whether what the guest does at that port depends on its time, or changes when interrupts come. */
bool board_port_has_time(const struct board *b, uint16_t port);

/* An interrupt waits for the CPU (INTR). */
bool board_interrupt(const struct board *b);
/* The CPU takes it: its vector. */
uint8_t board_acknowledge(struct board *b);
/* The guest's time at which a device asks for one anew, or BOARD_NEVER: none will, has asked
 * already, or would be masked, while the guest leaves the devices alone. */
uint64_t board_next_interrupt_ns(const struct board *b);
/* The guest's time at which a device whose interrupt is not masked asks for one anew, whatever the
 * CPU and the controllers do now, or BOARD_NEVER. *waits: one has asked, and it was not acknowledged
 * yet: what it asks for anew meanwhile is lost, as on a PC. */
uint64_t board_next_request_ns(const struct board *b, bool *waits);
/* The same as board_next_interrupt_ns of one device. */
uint64_t board_next_irq_ns(const struct board *b, const struct device *d);

/* From now on say gets what the board tells the user: once each, by board_tell. Who resets a
 * machine copies b->said and b->absent to the new board, so that it stays at once. */
void board_on_say(struct board *b, board_say *say, void *ctx);
void board_tell(struct board *b, unsigned note, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The same without a note: who calls it sees to it that it is not said too often. */
void board_say_now(struct board *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* From now on what d sends (a serial or a parallel line) goes there, and not to the board's output. Who resets
 * a machine does so again. */
void board_wire(struct board *b, const struct device *d, board_output *output, void *ctx);
bool board_is_wired(const struct board *b, const struct device *d);

/* For devices. Bytes that leave the machine by d. */
void board_send(struct board *b, const struct device *d, const uint8_t *bytes, size_t len);
/* Asks for a reset: the machine finds it in b->state.wants_reset after the access. */
void board_request_reset(struct board *b, enum board_reset why);
/* A20 is always on: turning it off is told the user and changes nothing. */
void board_set_a20(struct board *b, bool is_on);

#endif
