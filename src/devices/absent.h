/* The places of a PC at which nothing stands here: they read as all ones, and the user is told so
 * once each, by what would have been there. */
#ifndef STEPVM_DEVICES_ABSENT_H
#define STEPVM_DEVICES_ABSENT_H

#include <stdint.h>

struct board;

/* The guest has touched a port that nobody answers. On a bare board, or at a port that means
 * nothing, no one is told. */
void absent_tell(struct board *b, uint16_t port);

#endif
