/* The ports by which a PC's software deals with the machine as a whole.
 *
 * Port 0x92, system control port A of a PS/2 (IBM PS/2 Hardware Interface Technical Reference):
 * bit 0, raised, resets the machine; bit 1 is A20, which is always on (board_set_a20).
 *
 * Port 0xcf9, the reset control register of Intel's chip sets (82371AB data sheet, "RC - Reset
 * Control Register"): bit 2, raised, resets the machine; bit 1 says how hard.
 *
 * Port 0x80, where a BIOS writes how far its power-on self-test has come: it keeps a byte. */
#ifndef STEPVM_DEVICES_SYSTEM_H
#define STEPVM_DEVICES_SYSTEM_H

#include <stdint.h>

#define SYSTEM_PORT_A     0x92
#define SYSTEM_RESET_PORT 0xcf9
#define SYSTEM_PCI_PORT   0xcf8 /* the register of PCI's that it lies in: not here */
#define SYSTEM_PCI_PORTS  8
#define SYSTEM_POST_PORT  0x80

struct system {
	uint8_t port_a; /* what was written, A20 left out */
	uint8_t reset;  /* port 0xcf9 */
	uint8_t post;
};

struct device;

extern const struct device system_port_device, reset_port_device, post_device;

#endif
