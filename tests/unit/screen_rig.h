/* A VGA with its memory, and a screen of it, for the tests of display/. */
#ifndef STEPVM_TESTS_SCREEN_RIG_H
#define STEPVM_TESTS_SCREEN_RIG_H

#include <string.h>

#include "display/screen.h"

#define RIG_TEXT 0x18000 /* b8000, from a0000 */

struct rig {
	struct vga vga;
	uint8_t vram[VGA_MEMORY];
	struct screen screen;
};

static struct rig rig;

/* Of the CRT controller, as a guest writes it. */
static inline void rig_crtc(uint8_t index, uint8_t value)
{
	vga_write(&rig.vga, VGA_COLOR_PORT + 4, index);
	vga_write(&rig.vga, VGA_COLOR_PORT + 5, value);
}

/* Memory of zeros; where it is a text mode, of blanks in light grey. */
static inline void rig_mode(uint8_t mode)
{
	memset(&rig, 0, sizeof rig);
	vga_set_mode(&rig.vga, mode);
	for (unsigned i = 0; i < 0x8000 && mode < 4; i += 2)
		memcpy(rig.vram + RIG_TEXT + i, " \x07", 2);
}

static inline void rig_cell(unsigned at, uint8_t character, uint8_t attribute)
{
	rig.vram[RIG_TEXT + 2 * at] = character;
	rig.vram[RIG_TEXT + 2 * at + 1] = attribute;
}

static inline void rig_print(unsigned at, const char *text, uint8_t attribute)
{
	for (; *text; text++)
		rig_cell(at++, (uint8_t)*text, attribute);
}

static inline const struct screen *rig_read(void)
{
	screen_read(&rig.screen, &rig.vga, rig.vram);
	return &rig.screen;
}

#endif
