/* Jumps through a vector of real mode that is 0: the CPU goes to 0000:0000 and takes the vectors
 * themselves for code, which ends far from the mistake, or never. Private to src/debug, but for the
 * struct.
 *
 * Where the guest is stepped, the step itself shows it. A free run has a debug register on linear
 * address 0, which costs nothing until the guest exits, and an exit a few microseconds (kvm_pvm): so it
 * is there for the first ZERO_EXITS_MAX exits of a run alone, and only while the guest is in real mode,
 * leaves the debug registers alone and needs none of ours for more than three breakpoints; and only where KVM
 * emulates its guests, for else the guest's own registers would fail. An
 * interrupt of a device is looked at when it is about to come, however late that is. */
#ifndef STEPVM_DEBUG_ZERO_VECTOR_H
#define STEPVM_DEBUG_ZERO_VECTOR_H

#include <stddef.h>

#include "debug/catch.h"
#include "kvm/vcpu.h"

struct control;
struct stop;

#define IVT_SIZE 0x400 /* 256 vectors of 4 bytes; at linear 0 */

/* Of 5.4 us more each (kvm_pvm): 1.4 ms in all. Boot code calls the BIOS within fewer. */
#define ZERO_EXITS_MAX 256

struct zero_jump {
	enum catch_cause cause;
	uint8_t vector;
	uint16_t cs, ip; /* of the int, or of the instruction that the interrupt or exception met */
};

/* What led the CPU to linear address 0, by the frame that it has pushed: int n, or an exception that
 * the instruction there can raise, whose vector is 0 now. False: nothing of the kind is seen. */
bool zero_vector_find(struct vcpu *v, struct zero_jump *jump);
/* The same, where it is known that this vector, of an int or an exception, has led there just now. */
bool zero_vector_led(struct vcpu *v, uint8_t vector, struct zero_jump *jump);
/* Whether the CPU is in real mode and this vector is 0. */
bool zero_vector_is(struct vcpu *v, uint8_t vector);

/* A run begins, or the guest is another one. */
void zero_vector_begin(struct control *c);
/* Whether the free run that is about to begin is to have the debug register. */
bool zero_vector_is_wanted(struct control *c);
/* After an exit of a free run: takes the register away where it has had its time. */
void zero_vector_count(struct control *c);
/* Whether the guest has come to the register, after KVM has stopped it by one. */
bool zero_vector_is_met(struct control *c);
/* It has. True: through a vector that is 0, and *stop says so. False: on another way, and the register
 * is taken away. */
bool zero_vector_stops(struct control *c, struct stop *stop);

/* "int 0x21 at 0000:7c10: its vector is 0", without an end. */
void zero_jump_describe(const struct zero_jump *jump, char *to, size_t size);

#endif
