/* A PC's keyboard controller, an 8042 (IBM PC AT Technical Reference, "Keyboard Controller"; the
 * PS/2's commands for a second port, at which there is no mouse).
 *
 *	keyboard (devices/keyboard.h) -> translation of set 2 to set 1, if it is on -> the output
 *	buffer: port 0x60, IRQ 1
 *
 * What the keyboard answers to a command is there at once. A key's byte comes no sooner than one
 * takes on the wire after the guest has taken the one before; until then port 0x60 goes on to show
 * that one, so that a handler may read it twice.
 *
 * Address line A20 is always on: what would turn it off is ignored and said once (board_set_a20).
 * The output port reads back as on.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_I8042_H
#define STEPVM_DEVICES_I8042_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/keyboard.h"

#define I8042_DATA_PORT    0x60
#define I8042_COMMAND_PORT 0x64
#define I8042_IRQ          1
#define I8042_RAM          32
/* Start bit, eight bits, parity and stop bit at 16.7 kHz, the fastest that a keyboard may be. */
#define I8042_BYTE_NS 660000u

/* Whose byte is in the output buffer. */
enum i8042_source { I8042_CONTROLLER, I8042_KEYBOARD, I8042_MOUSE };

struct i8042 {
	struct keyboard keyboard;
	uint8_t ram[I8042_RAM]; /* [0]: the command byte */
	uint8_t output; /* the output buffer; empty, it shows the byte that was in it last */
	enum i8042_source source;
	bool is_full;
	bool has_risen;     /* IRQ 1 has, since update was asked */
	bool is_command;    /* the last write went to port 0x64: status, bit 3 */
	bool has_timed_out; /* no mouse has answered: status, bit 6 */
	bool is_breaking; /* translation has seen KEYBOARD_BREAK, and sets bit 7 of the next byte */
	uint8_t expects;  /* the command whose byte comes next at port 0x60, or 0 */
	uint64_t ready_ns; /* the guest's time from which a key's next byte may be there */
};

struct device;

/* After reset it is as a PC's BIOS leaves it: keyboard, translation and IRQ 1 on, no mouse. */
extern const struct device i8042_device;

#endif
