/* The kinds of floppy disks, and what a partition table tells. */
#include "devices/geometry.h"

#include <stddef.h>

#include "base/array.h"
#include "base/bytes.h"

/* IBM's formats, and those that others have made of them: 640K, DMF, and 82 or 83 cylinders. */
static const struct floppy_format floppies[] = {
	{ { 40, 1, 8 }, 1, "160K" },
	{ { 40, 1, 9 }, 1, "180K" },
	{ { 40, 2, 8 }, 1, "320K" },
	{ { 40, 2, 9 }, 1, "360K" },
	{ { 80, 2, 8 }, 3, "640K" },
	{ { 80, 2, 9 }, 3, "720K" },
	{ { 80, 2, 15 }, 2, "1.2M" },
	{ { 80, 2, 18 }, 4, "1.44M" },
	{ { 82, 2, 18 }, 4, "1.44M of 82 cylinders" },
	{ { 83, 2, 18 }, 4, "1.44M of 83 cylinders" },
	{ { 80, 2, 21 }, 4, "1.68M" },
	{ { 82, 2, 21 }, 4, "1.72M" },
	{ { 80, 2, 36 }, 5, "2.88M" },
};

static uint64_t floppy_size(const struct floppy_format *f)
{
	return geometry_sectors(&f->geometry) * GEOMETRY_SECTOR;
}

static const struct floppy_format *floppy_of(uint64_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(floppies); i++)
		if (floppy_size(&floppies[i]) == size)
			return &floppies[i];
	return NULL;
}

/* The BIOS parameter block of FAT (Microsoft's "FAT32 File System Specification" 1.03, "Boot Sector
 * and BPB"), where it is of a floppy disk in the table. Other code there is taken for none: three
 * numbers have to fit. */
#define BPB_BYTES    11u /* words: of a sector, */
#define BPB_TOTAL    19u /* sectors of the disk, */
#define BPB_PER_HEAD 24u /* of a track, */
#define BPB_HEADS    26u /* and heads */

static const struct floppy_format *floppy_by_bpb(const uint8_t *first)
{
	const struct floppy_format *f =
	        floppy_of((uint64_t)get16(first + BPB_TOTAL) * GEOMETRY_SECTOR);

	if (!f || get16(first + BPB_BYTES) != GEOMETRY_SECTOR ||
	        get16(first + BPB_PER_HEAD) != f->geometry.sectors ||
	        get16(first + BPB_HEADS) != f->geometry.heads)
		return NULL;
	return f;
}

const struct floppy_format *geometry_floppy(uint64_t size, const uint8_t first[GEOMETRY_SECTOR])
{
	static const uint64_t others[] = { 1440 << 10, GEOMETRY_FLOPPY_MAX };
	const struct floppy_format *found = floppy_of(size);

	if (!found) {
		found = floppy_by_bpb(first);
		if (found && size > floppy_size(found))
			found = NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others) && !found; i++)
		if (size <= others[i])
			found = floppy_of(others[i]);
	return found;
}

/* --- the partition table ---------------------------------------------------------------------- */

/* Source: IBM PC DOS's partition table, Ralf Brown's Interrupt List, INT 19h, tables 00651 and 00652. */
#define TABLE     446u
#define ENTRY     16u
#define ENTRIES   4u
#define SIGNATURE 510u

struct chs {
	uint16_t cylinder, head;
	uint8_t sector;
};

struct partition {
	uint8_t flag, type;
	struct chs first, last;
	uint32_t begin, count; /* sectors */
};

static struct chs get_chs(const uint8_t *at)
{
	return (struct chs) { (uint16_t)((at[1] & 0xc0u) << 2 | at[2]), at[0], at[1] & 0x3f };
}

static struct partition entry_of(const uint8_t *first, unsigned i)
{
	const uint8_t *at = first + TABLE + i * ENTRY;

	return (struct partition) {
		.flag = at[0],
		.first = get_chs(at + 1),
		.type = at[4],
		.last = get_chs(at + 5),
		.begin = get32(at + 8),
		.count = get32(at + 12),
	};
}

static bool is_empty(const uint8_t *first, unsigned i)
{
	for (unsigned k = 0; k < ENTRY; k++)
		if (first[TABLE + i * ENTRY + k])
			return false;
	return true;
}

static bool overlap(const struct partition *a, const struct partition *b)
{
	return a->begin < b->begin ? b->begin - a->begin < a->count
	                           : a->begin - b->begin < b->count;
}

/* A partition may end past the end of the file, which was cut, perhaps; it does not begin there. */
static bool is_sound(const struct partition *p, uint64_t sectors)
{
	return (p->flag == 0 || p->flag == 0x80) && p->type && p->count && p->begin &&
	       p->begin < sectors;
}

static bool has_table(uint64_t sectors, const uint8_t *first)
{
	struct partition p[ENTRIES];
	unsigned count = 0, active = 0;

	if (get16(first + SIGNATURE) != 0xaa55)
		return false;
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (is_empty(first, i))
			continue;
		p[count] = entry_of(first, i);
		if (!is_sound(&p[count], sectors))
			return false;
		active += p[count].flag == 0x80;
		for (unsigned k = 0; k < count; k++)
			if (overlap(&p[k], &p[count]))
				return false;
		count++;
	}
	return count && active <= 1;
}

/* mov dl, 80h (B2 ib) or mov dx, 80h (BA iw), in 16-bit code: SDM vol 2, "MOV". */
static bool names_hard_disk(const uint8_t *first)
{
	for (unsigned i = 0; i + 2 < TABLE; i++)
		if ((first[i] == 0xb2 && first[i + 1] == 0x80) ||
		        (first[i] == 0xba && get16(first + i + 1) == 0x80))
			return true;
	return false;
}

enum disk_kind geometry_kind(uint64_t size, const uint8_t first[GEOMETRY_SECTOR])
{
	if (size > GEOMETRY_FLOPPY_MAX || has_table(size / GEOMETRY_SECTOR, first))
		return DISK_HARD;
	return !floppy_of(size) && names_hard_disk(first) ? DISK_HARD : DISK_FLOPPY;
}

/* --- hard disks ------------------------------------------------------------------------------- */

/* Whether that address is the sector lba. One past cylinder 1023 can't be told, and says nothing. */
static bool agrees(const struct geometry *g, const struct chs *c, uint64_t lba)
{
	if (lba / g->sectors / g->heads >= GEOMETRY_CYLINDERS_MAX - 1)
		return true;
	return c->sector && c->sector <= g->sectors && c->head < g->heads &&
	       ((uint64_t)c->cylinder * g->heads + c->head) * g->sectors + c->sector - 1 == lba;
}

static bool agrees_with_table(const struct geometry *g, const uint8_t *first)
{
	bool is_told = false;

	for (unsigned i = 0; i < ENTRIES; i++) {
		const struct partition p = entry_of(first, i);
		if (is_empty(first, i))
			continue;
		uint64_t end = (uint64_t)p.begin + p.count - 1;
		if (!agrees(g, &p.first, p.begin) || !agrees(g, &p.last, end))
			return false;
		is_told |= end / g->sectors / g->heads < GEOMETRY_CYLINDERS_MAX - 1;
	}
	return is_told;
}

/* The heads and sectors that the table's addresses were made with. A partition often ends with a
 * cylinder, so its end says them; else one of those that programs use. */
static bool by_table(const uint8_t *first, struct geometry *g)
{
	static const struct geometry usual[] = { { 0, 255, 63 }, { 0, 16, 63 }, { 0, 32, 63 },
		{ 0, 64, 63 }, { 0, 128, 63 }, { 0, 240, 63 }, { 0, 64, 32 } };

	for (unsigned i = 0; i < ENTRIES; i++) {
		const struct partition p = entry_of(first, i);
		const struct geometry end = { 0, (uint16_t)(p.last.head + 1), p.last.sector };
		if (end.heads > 255 || !end.sectors || !agrees_with_table(&end, first))
			continue;
		*g = end;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (!agrees_with_table(&usual[i], first))
			continue;
		*g = usual[i];
		return true;
	}
	return false;
}

struct geometry geometry_hard(uint64_t sectors, const uint8_t first[GEOMETRY_SECTOR])
{
	static const uint16_t assisted[] = { 16, 32, 64, 128, 255 };
	struct geometry g = { 0, 16, 63 };

	if (!has_table(sectors, first) || !by_table(first, &g))
		for (size_t i = 0; i < ARRAY_SIZE(assisted); i++) {
			g.heads = assisted[i];
			if (sectors <= (uint64_t)GEOMETRY_CYLINDERS_MAX * g.heads * g.sectors)
				break;
		}
	uint64_t per_cylinder = (uint64_t)g.heads * g.sectors;
	uint64_t cylinders = sectors / per_cylinder + (sectors % per_cylinder != 0);
	g.cylinders =
	        (uint16_t)(cylinders < GEOMETRY_CYLINDERS_MAX ? cylinders : GEOMETRY_CYLINDERS_MAX);
	return g;
}
