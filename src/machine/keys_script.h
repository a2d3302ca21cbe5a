/* The file of --keys: what is typed into a guest, and when, in the guest's time. Its lines:
 *
 *	# a comment; blank lines are skipped, too
 *	type "dir\r"		types a text, with C's escapes
 *	key f1 ctrl-alt-delete	strikes keys one after the other, as QEMU's sendkey names them
 *	hold left 2s		holds keys down so long
 *	wait 500ms		lets so much of the guest's time pass after what was typed before
 *	at 10s			waits until so much has passed since the guest's start; refused where
 *				the lines before take longer
 *
 * A time is a number and ms or s. Pure, but for keys_script_read. */
#ifndef STEPVM_MACHINE_KEYS_SCRIPT_H
#define STEPVM_MACHINE_KEYS_SCRIPT_H

#include "base/error.h"
#include "machine/key_events.h"

#define KEYS_SCRIPT_SIZE 65536 /* bytes of such a file at most */

struct keys_script {
	struct key_event *events; /* owned; NULL where count is 0 */
	size_t count;
};

/* -EINVAL with a text that names the line: "line 3: ..."; -ENOMEM. */
int keys_script_parse(struct keys_script *to, const char *text, size_t len, struct error *e);
/* ... of a file, or of a pipe to its end: "PATH: line 3: ...", "PATH: cannot open: ...". */
int keys_script_read(struct keys_script *to, const char *path, struct error *e);
void keys_script_free(struct keys_script *s);

#endif
