/* The PC board's firmware in the machine: from the trap in its ROM to the service in bios/, with the
 * vCPU's registers and the guest's RAM.
 *
 *	int 13h -> stub in the ROM -> out -> firmware_trap (devices' side of the exit)
 *	the `out` is completed, the guest stands		-> firmware_answer -> bios_call
 *
 * A call is done between two runs: nothing is planted in the guest's memory then, and what a service
 * writes there is seen by watchpoints. */
#ifndef STEPVM_MACHINE_FIRMWARE_H
#define STEPVM_MACHINE_FIRMWARE_H

#include "machine/machine.h"

/* Lays the firmware down in a guest whose image is loaded. 0 or -errno with a text. */
int firmware_power_on(struct guest *g, struct error *e);
/* The guest has done this access: whether it is the ROM's trap, and a call is due. The vCPU's
 * instruction is not completed yet. */
bool firmware_trap(struct machine *m, const struct exit *x);

/* Answers the call that is due, where one is: after a stop that a device asked for, at an instruction
 * boundary. True: it was, and the guest can go on. False: none was due, the machine is to be started
 * anew or switched off, or *err is KVM's own. */
bool firmware_answer(struct machine *m, int *err);

/* The CPU is in the ROM and runs its code as a BIOS is run: in real mode, or V86. */
bool firmware_runs(struct machine *m);
/* The registers as a call of vector has them at this moment; ip, cs and flags are those of its frame where the CPU is at
 * a stub. */
void firmware_regs(struct machine *m, unsigned vector, struct bios_regs *r);
/* A call that was answered has hit a watchpoint, and the guest is to stop when it is out of the ROM. */
bool firmware_has_touched(const struct machine *m);
/* It is there. True: *stop is STOP_WATCH, and says which call it was. */
bool firmware_end_touches(struct machine *m, struct stop *stop);

/* The CPU is in a call that waits: its vector; -1: it is not. */
int firmware_waiting(struct machine *m);
/* ... and for what, in a sentence's words: "in int 16h, AH=00h: it waits for a key"; false:
 * it is not. An interrupt that has come in the midst of it is no end of it, as far as a debugger was there when it
 * began: that ends "; an interrupt has come". */
bool firmware_describe_wait(struct machine *m, char *to, size_t size);

#endif
