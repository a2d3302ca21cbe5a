/* QEMU's options as its users type them here, and what stepvm has in their place. */
#ifndef STEPVM_CLI_QEMU_WORDS_H
#define STEPVM_CLI_QEMU_WORDS_H

#include <stddef.h>

struct qemu_word {
	const char *name;   /* with one dash */
	const char *advice; /* follows "-NAME is QEMU's: " */
};

/* Ends with a row whose name is NULL. None is an option of stepvm's, by one dash or by two. */
extern const struct qemu_word qemu_words[];

/* What to say instead of word, len letters of it, one dash or two before it; NULL where it is none of QEMU's. */
const char *qemu_word_advice(const char *word, size_t len);

#endif
