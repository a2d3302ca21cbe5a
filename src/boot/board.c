/* Which board an image runs on: whether it leaves a PC's firmware the room that it needs. */
#include "boot/board.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "boot/formats.h"

#define PC_RAM_END 0x100000u

static const char *const words[] = {
	[IMAGE_BOARD_AUTO] = "auto",
	[IMAGE_BOARD_BARE] = "bare",
	[IMAGE_BOARD_PC] = "pc",
};

/* What a PC keeps in the first MiB: bios/bda.h, bios/rom.h. */
static const struct {
	const char *name;
	uint32_t gpa, size;
} kept[] = {
	{ "the interrupt vectors and the BIOS's data", 0, 0x500 },
	{ "the extended BIOS data area", 0x9fc00, 0x400 },
	{ "the video memory and the ROMs", 0xa0000, 0x60000 },
};

bool image_board_word(const char *word, enum image_board *board)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i])) {
			*board = (enum image_board)i;
			return true;
		}
	}
	return false;
}

static bool covers(const struct layout_piece *p, uint64_t gpa, uint64_t size)
{
	return p->gpa < gpa ? gpa - p->gpa < p->size : p->gpa - gpa < size;
}

/* 0, or -EINVAL with the reason why there can be no PC around this plan. */
static int check_room(const struct plan *p, struct error *e)
{
	if (layout_ram_from(p->memory, 0) < PC_RAM_END)
		return error_set(e, -EINVAL,
		        "--board pc: a PC has RAM from 0 to 1 MiB at least; give it with "
		        "--memory, or say --board bare");
	for (unsigned i = 0; i < p->layout.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kept); k++)
			if (covers(&p->layout.pieces[i], kept[k].gpa, kept[k].size))
				return error_set(e, -EINVAL,
				        "--board pc: %s: %s, at 0x%" PRIx64 " to 0x%" PRIx64
				        ", covers %s (0x%x to 0x%x); load it elsewhere, or say "
				        "--board bare",
				        p->name, p->layout.pieces[i].name, p->layout.pieces[i].gpa,
				        p->layout.pieces[i].gpa + p->layout.pieces[i].size - 1,
				        kept[k].name, kept[k].gpa, kept[k].gpa + kept[k].size - 1);
	return 0;
}

enum image_board board_wanted(const struct plan *p)
{
	enum image_board board = p->options->board;
	return board == IMAGE_BOARD_AUTO ? format_of(p->format)->board : board;
}

int board_choose(struct plan *p, struct error *e)
{
	struct error why = { 0 };
	p->board = IMAGE_BOARD_BARE;
	if (board_wanted(p) != IMAGE_BOARD_PC)
		return p->needs_pc
		               ? error_set(e, -EINVAL,
		                         "--mode real: %s asks the BIOS; leave out --board bare",
		                         p->name)
		               : 0;
	int err = check_room(p, &why);
	if (err && (p->options->board == IMAGE_BOARD_PC || p->needs_pc))
		return error_set(e, err, "%s", why.text);
	if (!err)
		p->board = IMAGE_BOARD_PC;
	return 0;
}
