/* The lists of a recording that is read from a file: checkpoints, events and checks. They grow, are cut back to a
 * position, and are thinned where memory ends. Private to file_read.c and file_lists.c. */
#ifndef STEPVM_HISTORY_FILE_LISTS_H
#define STEPVM_HISTORY_FILE_LISTS_H

#include "history/file.h"

/* The next event, to be filled; it counts from file_keep_event on. NULL without memory. */
struct event *file_new_event(struct recording *r);
void file_keep_event(struct recording *r);
/* The next check, of the events that there are so far. NULL without memory. */
struct file_check *file_new_check(struct recording *r);
/* The recording owns c then. False without memory: nothing was done. */
bool file_add_checkpoint(struct recording *r, struct checkpoint *c);
/* c may be NULL. It is not in the list: not yet, or no longer. */
void file_free_checkpoint(struct recording *r, struct checkpoint *c);
/* Drops whatever is later than position, or comes after so many events. */
void file_forget(struct recording *r, uint64_t position, size_t events);
void file_forget_all(struct recording *r);
/* Gives checkpoints up until all takes no more than bytes_max. -ENOMEM with a text: what has to stay takes more. */
int file_keep_within(struct recording *r, uint64_t bytes_max, struct error *e);

#endif
