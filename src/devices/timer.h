/* A PC's timer: an 8254 (devices/pit.h) whose counter 0 is IRQ 0, and system control port B, which
 * has the gate and the output of counter 2 (IBM PC/AT Technical Reference, "System Control Port
 * B").
 *
 *	counter 0 -> IRQ 0
 *	counter 2 -> port 0x61, bit 5; its gate is bit 0 there */
#ifndef STEPVM_DEVICES_TIMER_H
#define STEPVM_DEVICES_TIMER_H

#define TIMER_SYSTEM_PORT 0x61
#define TIMER_IRQ         0

extern const struct device timer_device, timer_system_device;

#endif
