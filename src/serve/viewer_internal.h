/* What the screen's files share: viewer.c draws, viewer_keys.c has the terminal's keys and the escape
 * key's line, viewer_calls.c who calls and brings a terminal. */
#ifndef STEPVM_SERVE_VIEWER_INTERNAL_H
#define STEPVM_SERVE_VIEWER_INTERNAL_H

#include "serve/viewer.h"

/* Draws all of it: the terminal is new, or shows something else. */
void viewer_show(struct viewer *v);
/* ... and is a user's who has just come: how to leave is said. */
void viewer_greet(struct viewer *v);
/* The terminal has gone. */
void viewer_lose(struct viewer *v);
/* The caller is sent away, with a line for its user or NULL. */
void viewer_drop_caller(struct viewer *v, const char *why);
/* ... and gets lines before that; NULL: none. */
void viewer_dismiss_caller(struct viewer *v, const char *text, const char *why);

#endif
