/* What somebody types at a terminal, or writes into a pipe, as keys of the guest's keyboard.
 *
 * ESC may be the Esc key or begin another key's sequence: it is the former when nothing follows
 * for a while. */
#ifndef STEPVM_SERVE_KEY_READER_H
#define STEPVM_SERVE_KEY_READER_H

#include "display/terminal_keys.h"
#include "machine/machine.h"

/* All zeros but for the machine: nothing has come. */
struct key_reader {
	struct machine *machine; /* borrowed */
	bool is_text; /* from a file or a pipe: a line ends by \n, which is the Enter key */
	struct terminal_keys keys;
	uint64_t end_ns; /* of the host's time: what waits for more is all, or 0 */
};

/* How many bytes can be taken now. */
size_t key_reader_room(const struct key_reader *r);
/* At most as many. */
void key_reader_take(struct key_reader *r, const uint8_t *bytes, size_t len);
/* Strikes these keys. */
void key_reader_strike(struct key_reader *r, const struct keys *keys);
/* How many ns from now something is to be ended, or RUN_FOREVER; ends it when that is over. */
uint64_t key_reader_due_ns(const struct key_reader *r);
void key_reader_tick(struct key_reader *r);
/* Nothing more comes: what waits is all there is. */
void key_reader_end(struct key_reader *r);

#endif
