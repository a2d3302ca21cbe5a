/* What a terminal sends when keys are struck, as keys of a PC. Pure.
 *
 * A terminal sends characters, not keys: control characters, UTF-8, and sequences that begin with
 * ESC. ESC alone is the Esc key, and is not known to be alone until nothing follows it: the caller
 * says when (terminal_keys_end). The bytes may come split anywhere.
 * Sources: ECMA-48 5.4 (control sequences); XTerm Control Sequences, "PC-Style Function Keys",
 * "VT220-Style Function Keys"; console_codes(4) for the Linux console's F1 to F5; rxvt's `^` and
 * `$`. */
#ifndef STEPVM_DISPLAY_TERMINAL_KEYS_H
#define STEPVM_DISPLAY_TERMINAL_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "display/keys.h"

#define TERMINAL_KEYS_MAX 32 /* bytes of a sequence; a longer one is left out to its end */

/* Zeros: nothing has come. */
struct terminal_keys {
	uint8_t waiting[TERMINAL_KEYS_MAX]; /* the beginning of a sequence or of a character */
	uint8_t count;
	bool is_skipping; /* in a sequence that is too long */
};

/* Takes one byte, and sets *to to the keys that are complete with it, often none. Alt with a key is
 * ESC before what the key sends. What no key sends is left out: mouse reports, the marks around a
 * paste, bytes that are no UTF-8, characters that no PC's keyboard types. */
void terminal_keys_byte(struct terminal_keys *t, uint8_t byte, struct keys *to);
/* Whether something waits for more. When nothing more came for some 50 ms, or never will, it is to
 * be ended. */
bool terminal_keys_wait(const struct terminal_keys *t);
/* What waits is all there is: ESC is the Esc key, `ESC [` is Alt with [, and so on. */
void terminal_keys_end(struct terminal_keys *t, struct keys *to);

#endif
