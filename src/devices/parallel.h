/* A PC's first parallel port with a printer that takes everything (IBM PC AT Technical Reference,
 * "Parallel Printer Adapter").
 *
 *	0x378 data   0x379 status, read only   0x37a control
 *
 * A rise of the strobe prints the byte in the data register: it leaves by board_send. Without a
 * wire (board_wire) no printer is connected: the status says busy and out of paper, and bytes go
 * nowhere. A printer is always ready, and IRQ 7 is left out.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_PARALLEL_H
#define STEPVM_DEVICES_PARALLEL_H

#include <stdint.h>

#define PARALLEL_PORT  0x378
#define PARALLEL_PORTS 3

struct parallel {
	uint8_t data, control;
};

struct device;

extern const struct device parallel_device;

#endif
