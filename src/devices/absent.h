/* Ports at which nothing stands: they read as all ones, and the user is told so once each; of the places that
 * a PC has, by what would have been there. */
#ifndef STEPVM_DEVICES_ABSENT_H
#define STEPVM_DEVICES_ABSENT_H

#include <stdbool.h>
#include <stdint.h>

struct board;

#define ABSENT_TOLD_MAX                                                                            \
	8 /* ports that mean nothing, which a run tells of: who looks for hardware tries many */

/* The ports that were reported. Not state: a snapshot does not make it unsaid. */
struct absent {
	uint16_t told[ABSENT_TOLD_MAX];
	unsigned count;
};

/* The guest has touched a port that nobody answers. Not reported is one that the user has emptied
 * (--port N=none), nor a write that only passes the time. */
void absent_tell(struct board *b, uint16_t port, bool is_write);

#endif
