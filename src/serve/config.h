/* How a guest is served to a debugger, as its user has said it. Strings are borrowed. */
#ifndef STEPVM_SERVE_CONFIG_H
#define STEPVM_SERVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define SERVE_CONSOLES 2 /* serial lines that --console can be given for */

struct recording;

enum serve_record {
	RECORD_DEFAULT, /* stepvm debug makes it RECORD_UNASKED; else it is as RECORD_OFF */
	RECORD_UNASKED, /* from where a debugger has it go on first, if the engine is what runs it */
	RECORD_BEGIN,   /* from its first instruction on */
	RECORD_OFF,     /* not until the debugger's user asks for it */
};

struct serve_config {
	const char *listen; /* WHERE of transport_open; NULL: no debugger can come */
	bool no_wait;       /* the guest runs before one has come */
	bool has_console;   /* standard input is the guest's, unless the debugger stands there */
	const char
	        *consoles[SERVE_CONSOLES]; /* where each serial line leads; NULL: as by default */
	bool has_screen;                   /* --screen, */
	const char *screen;                /* ... and where; NULL: this terminal */
	enum serve_record record;          /* whether the guest is recorded, */
	const char *record_file;     /* ... into this file, which must not be there yet; or NULL */
	struct recording *recording; /* the guest is that one's; borrowed; NULL: a live one */
	uint64_t
	        record_memory; /* ... in so many bytes; 0: as many as history_begin takes by itself */
	const char *symbols;   /* the ELF file that the image was made from, or NULL */
};

#endif
