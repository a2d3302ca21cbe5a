/* The guest's RAM read and written by others than its CPU, between two runs: by the firmware, or by a
 * device that has a DMA of its own. Nothing is planted then, so such a write is a plain one; but the
 * watchpoints have to hear of it.
 *
 *	touch_begin(c)				a service begins
 *	touch_read(c, gpa, len)			... each of its accesses: before it is done
 *	touch_write(c, gpa, from, len)
 *	touch_end(c, "int 13h AH=02h", &stop)	it is done: whether the guest is to stop now */
#ifndef STEPVM_DEBUG_TOUCH_H
#define STEPVM_DEBUG_TOUCH_H

#include "debug/state.h"

/* Forgets what was hit. */
void touch_begin(struct control *c);
/* An access to len bytes of guest-physical memory, 0 or more. A write hits a watchpoint for writes where it
 * changes what is watched: gdb goes on in silence where nothing has changed, and the next stop would then name
 * the wrong writer. Both cost a test where nothing is watched. */
void touch_read(struct control *c, uint64_t gpa, uint64_t len);
void touch_write(struct control *c, uint64_t gpa, const void *from, uint64_t len);
/* True: a watchpoint was hit since touch_begin, the first one counts. *stop is STOP_WATCH then, and
 * control_caught says who it was, and which other watchpoint it has hit: gdb takes one a stop. What was hit is
 * forgotten. */
bool touch_end(struct control *c, const char *who, struct stop *stop);
/* The guest has asked for the machine to start anew, how is by what, as in "port 0x64". True: a
 * catchpoint wants that, and *stop is STOP_CATCH: the guest is to stand before it happens. */
bool touch_reset(struct control *c, const char *how, struct stop *stop);

#endif
