/* Who types on the guest's keyboard: a bounded queue of keys that others put in, and the script of
 * --keys, given to the keyboard a byte at a time as the guest's time goes on.
 *
 * The guest has read a byte before the next one comes. One that presses a key waits besides until
 * the BIOS has room for it, where the caller knows: what is typed is not lost because a program is
 * slow to read it. Pure; all that changes is in struct typist_state, which can be copied. */
#ifndef STEPVM_MACHINE_TYPIST_H
#define STEPVM_MACHINE_TYPIST_H

#include "devices/board.h"
#include "machine/keys_script.h"

#define TYPIST_MAX   4096 /* bytes of set 1 that wait: a thousand keys with Shift */
#define TYPIST_NEVER DEVICE_NEVER

struct typist_state {
	struct key_event queue[TYPIST_MAX];
	unsigned head, count;
	unsigned tries;  /* of the queue's first, in vain */
	uint64_t due_ns; /* the guest's time at which it may go */
	size_t script_at;
	uint64_t script_due_ns; /* the same of the script's next */
};

struct typist {
	struct typist_state state;
	const struct keys_script *script; /* borrowed */
};

/* Whether a key that is pressed now is kept for who reads keys. */
typedef bool typist_room(void *ctx);

/* The script is at its beginning. */
void typist_init(struct typist *t, const struct keys_script *script);
/* Another machine: nothing waits, its time is 0, and the script is at its beginning. */
void typist_power_on(struct typist *t);
/* The guest has reset its machine, whose time is now_ns: what waits goes on, and so does the script. */
void typist_restart(struct typist *t, uint64_t now_ns);
/* How many bytes typist_put would take now. */
size_t typist_free(const struct typist *t);
/* All of them, or none and false. Urgent ones take the
 * place of keys that wait to be pressed. */
bool typist_put(struct typist *t, const struct key_event *events, size_t count, uint64_t now_ns);
/* The guest's time at which something is to be given to the keyboard, TYPIST_NEVER where nothing is. */
uint64_t typist_due_ns(const struct typist *t);
/* Gives the board what is due at its time and can be taken; what can't is due a little later. */
void typist_feed(struct typist *t, struct board *b, typist_room *has_room, void *ctx);

#endif
