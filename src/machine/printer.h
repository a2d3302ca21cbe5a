/* What a guest prints at its parallel port, in a file of the host's (option --parallel). */
#ifndef STEPVM_MACHINE_PRINTER_H
#define STEPVM_MACHINE_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct printer {
	const char *path; /* borrowed; NULL: there is none */
	int fd;
};

/* The file is made, or emptied. A FIFO waits for its reader. 0 or -errno with a text; path NULL:
 * there is no printer. */
int printer_open(struct printer *p, const char *path, struct error *e);
void printer_close(struct printer *p);
/* A board_output. What can't be written is told once on stderr, and nothing more is written. */
void printer_put(void *printer, const uint8_t *bytes, size_t len);

#endif
