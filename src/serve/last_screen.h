/* What a guest has left on its screen. */
#ifndef STEPVM_SERVE_LAST_SCREEN_H
#define STEPVM_SERVE_LAST_SCREEN_H

#include "serve/serve.h"

/* A text screen's rows as lines, from the first to the last that has something in it: UTF-8, "" where there is none.
 * Owned by the caller; NULL: no memory. */
char *last_screen_text(const struct screen *s);

/* The guest ends: its text screen goes to standard output, once, where it shows more than what was
 * printed by teletype output; what it shows else is told. Nothing where a screen is in a terminal, or a
 * debugger may look at it, or on a bare board. */
void last_screen_print(struct serve *s);

/* A guest that draws on its screen, in a terminal that does not show it: --screen is hinted at, once. It is looked
 * at where the guest waits for a key, and now and then: less and less often. */
void screen_hint_begin(struct serve *s);
void screen_hint_look(struct serve *s);
/* When it is to be looked next: ns from now, or RUN_FOREVER. */
uint64_t screen_hint_due_ns(const struct serve *s);
void screen_hint_tick(struct serve *s);

#endif
