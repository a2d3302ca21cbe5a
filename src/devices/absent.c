/* The table of what is not there. Ports are those of the IBM PC AT Technical Reference ("I/O
 * Address Map") and of what later PCs have had at fixed places. */
#include "devices/absent.h"

#include <string.h>

#include "base/array.h"
#include "devices/board.h"

static const struct {
	uint16_t base, size;
	const char *what; /* rows with the same words, one after the other, are told as one */
} rows[] = {
	{ 0x1f0, 8, "ATA controller" },
	{ 0x3f6, 1, "ATA controller" },
	{ 0x170, 8, "second ATA controller" },
	{ 0x376, 1, "second ATA controller" },
	{ 0x3f0, 6, "floppy controller" },
	{ 0x3f7, 1, "floppy controller" },
	{ 0x00, 0x10, "DMA controller" },
	{ 0x81, 0x0f, "DMA controller" },
	{ 0xc0, 0x20, "DMA controller" },
	{ 0xcf8, 8, "PCI" },
	{ 0x510, 12, "fw_cfg" },
	{ 0x600, 0x40, "ACPI power management" },
	{ 0xb000, 0x40, "ACPI power management" },
	{ 0x4000, 0x40, "ACPI power management" },
	{ 0xb2, 2, "SMI port" },
	{ 0x220, 0x10, "sound card" },
	{ 0x330, 2, "sound card" },
	{ 0x388, 4, "sound card" },
	{ 0x201, 1, "game port" },
	{ 0x278, 8, "second parallel port" },
	{ 0x3bc, 3, "third parallel port" },
	{ 0x3e8, 8, "third serial port" },
	{ 0x2e8, 8, "fourth serial port" },
};
_Static_assert(BOARD_NOTE_ABSENT + ARRAY_SIZE(rows) <= BOARD_NOTES, "each has a note");

/* The first row with these words: their note is its. */
static size_t first_of(size_t i)
{
	while (i && !strcmp(rows[i - 1].what, rows[i].what))
		i--;
	return i;
}

/* A write to these takes a microsecond on a PC, and is done for that alone. */
static bool passes_time(uint16_t port)
{
	return port == 0x80 || port == 0xed;
}

/* The user has said that nothing is to be there. */
static bool is_emptied(const struct board *b, uint16_t port)
{
	for (unsigned i = 0; i < b->simple_count; i++)
		if (b->simple[i].port == port)
			return true;
	return false;
}

static bool is_told(struct absent *a, uint16_t port)
{
	for (unsigned i = 0; i < a->count; i++)
		if (a->told[i] == port)
			return true;
	return false;
}

/* The device that a PC's board has there and this one lacks, or NULL. */
static const struct device *pc_device(const struct board *b, uint16_t port)
{
	const struct device *d;
	for (unsigned i = 0; (d = board_device(i)); i++)
		for (unsigned k = 0; k < DEVICE_PORTS_MAX && !board_has(b, d); k++)
			if (port >= d->ports[k].base && port - d->ports[k].base < d->ports[k].size)
				return d;
	return NULL;
}

static void tell_port(struct board *b, uint16_t port, bool is_write)
{
	struct absent *a = &b->absent;
	const struct device *d = pc_device(b, port);
	if (a->count == ABSENT_TOLD_MAX || is_told(a, port))
		return;
	a->told[a->count++] = port;
	board_say_now(b, "port 0x%x: nothing is there%s%s%s%s%s", (unsigned)port,
	        is_write ? "; what is written is lost" : ", reads ff",
	        d ? "; --board pc has a device there (" : "", d ? d->name : "", d ? ")" : "",
	        a->count == ABSENT_TOLD_MAX ? "; --trace io shows further ones" : "");
}

void absent_tell(struct board *b, uint16_t port, bool is_write)
{
	if (is_emptied(b, port) || (is_write && passes_time(port)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (b->is_pc && port >= rows[i].base && port - rows[i].base < rows[i].size) {
			board_tell(b, BOARD_NOTE_ABSENT + (unsigned)first_of(i),
			        "port 0x%x: no %s here", (unsigned)port, rows[i].what);
			return;
		}
	tell_port(b, port, is_write);
}
