/* The VGA's registers are the board's, its memory is the guest's RAM. */
#include "machine/screen.h"

#include <stdlib.h>

#include "display/png.h"

#define VGA_GPA 0xa0000

struct screen *machine_screen(const struct machine *m)
{
	const struct guest *g = m->guest;
	if (!board_has(&g->board, &vga_device))
		return NULL;
	uint8_t *vram = calloc(1, VGA_MEMORY);
	struct screen *screen = malloc(sizeof *screen);
	if (vram && screen) {
		memory_read(&g->vm.memory, VGA_GPA, vram, VGA_MEMORY);
		screen_read(screen, &g->board.state.vga, vram);
	} else {
		free(screen);
		screen = NULL;
	}
	free(vram);
	return screen;
}

uint8_t *machine_screenshot(const struct machine *m, size_t *size)
{
	struct screen *screen = machine_screen(m);
	uint8_t *png = screen ? malloc(png_room(screen)) : NULL;
	if (png)
		*size = png_make(screen, png);
	free(screen);
	return png;
}
