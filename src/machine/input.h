/* What comes to the guest from outside: bytes for its serial lines (and what they send), keys for its keyboard. Who has
 * the descriptors (serve/) brings them here; the guest's time and room decide when it gets them. */
#ifndef STEPVM_MACHINE_INPUT_H
#define STEPVM_MACHINE_INPUT_H

#include "machine/machine.h"

/* Bytes for device d may come from now on, or no more of them. Who brings them calls input_bytes. */
void input_begin(struct machine *m, const struct device *d);
void input_end(struct machine *m, const struct device *d);
bool input_is_open(const struct machine *m, const struct device *d);
/* How many bytes d can take now: none in the past of a recording. And gives it so many at most. */
size_t input_room(const struct machine *m, const struct device *d);
void input_bytes(struct machine *m, const struct device *d, const uint8_t *bytes, size_t len);
/* What the guest sends by d goes there from now on; after a reset, too. */
void input_connect(struct machine *m, const struct device *d, board_output *output, void *ctx);
/* The board is another one. */
void input_reset(struct machine *m);
/* Some wait for d, and the guest has no room: it is kicked when it has. */
void input_want(struct machine *m, const struct device *d);
/* After an access of the guest's: kicks it where somebody waits for room, and there is. */
void input_look(struct machine *m);
/* What bytes are for that may be either, standard input's of a boot sector: a serial line's, once the guest
 * has its UART interrupt for them; keys, once it has asked for some, or has a handler of its own for their
 * interrupt; nobody's before. */
enum input_target { INPUT_NOBODY, INPUT_KEYBOARD, INPUT_SERIAL };
enum input_target input_target(const struct machine *m);
/* Some wait for that to be known: the guest is kicked when it is. */
void input_hold(struct machine *m);
/* The guest has asked for keys. */
void input_asked(struct machine *m);
/* Whether a byte for one of the open lines, or a key that may still come, would interrupt. */
bool input_can_wake(const struct machine *m);

/* Keys for the guest, all of them or none: -ENOSPC, or -ENODEV where its board has no keyboard, with a text
 * that ends a sentence. They are given to the keyboard one by one (machine/typist.h). */
int input_keys(struct machine *m, const struct key_event *events, size_t count, struct error *e);
/* Somebody may still type, or nobody will any more. What waits already is typed all the same. */
void input_expect_keys(struct machine *m, bool may_come);
/* No key waits, and none can come. */
bool input_has_no_keys(const struct machine *m);
/* Gives the keyboard what is due by the guest's time, and plans for what is due next. */
void input_feed(struct machine *m);
/* The guest's time at which something outside is due for it: a key, or an interrupt of a device. */
uint64_t input_next_ns(const struct machine *m);

#endif
