/* What the guest's screen shows now: its VGA, and its memory at a0000. */
#ifndef STEPVM_MACHINE_SCREEN_H
#define STEPVM_MACHINE_SCREEN_H

#include "display/screen.h"
#include "machine/machine.h"

/* What it shows now: the caller frees it, for it is too large for a stack. NULL: the board has no
 * screen (it is a bare one), or there is no memory. Nothing of the guest is changed; 130 KiB are
 * copied. */
struct screen *machine_screen(const struct machine *m);
/* A PNG file of it, whose size is *size: the caller frees it. NULL: there is no screen, or no memory
 * for it. */
uint8_t *machine_screenshot(const struct machine *m, size_t *size);

#endif
