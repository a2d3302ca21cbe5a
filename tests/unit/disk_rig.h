/* A BIOS with disks on media in memory, and some RAM: for the test of int 13h and its fuzz target.
 */
#ifndef STEPVM_TESTS_DISK_RIG_H
#define STEPVM_TESTS_DISK_RIG_H

#include "base/bytes.h"
#include "bios/bda.h"
#include "bios/bios.h"
#include "bios/rom.h"
#include "disk_medium.h"

#define RIG_RAM (2u << 20)

struct disk_rig {
	uint8_t *ram;            /* owned, of its own size: a byte too far is seen */
	uint32_t hole, hole_end; /* no RAM is there */
	struct bios_memory memory;
	struct board board;
	struct disks disks;
	struct fake_medium media[DISKS_MAX];
	struct bios bios;
	struct bios_regs r;
	char said[200]; /* the last line */
	unsigned said_count, writes;
	size_t largest_write;
};

static inline bool rig_is_ram(const struct disk_rig *rig, uint32_t gpa, size_t len)
{
	bool is_in_hole = gpa < rig->hole_end && gpa + len > rig->hole;
	return gpa <= RIG_RAM && len <= RIG_RAM - gpa && !is_in_hole;
}

static inline bool rig_read(void *ctx, uint32_t gpa, void *to, size_t len)
{
	struct disk_rig *rig = ctx;

	if (!rig_is_ram(rig, gpa, len))
		return false;
	memcpy(to, rig->ram + gpa, len);
	return true;
}

static inline bool rig_write(void *ctx, uint32_t gpa, const void *from, size_t len)
{
	struct disk_rig *rig = ctx;

	rig->writes++;
	if (len > rig->largest_write)
		rig->largest_write = len;
	if (!rig_is_ram(rig, gpa, len))
		return false;
	memcpy(rig->ram + gpa, from, len);
	return true;
}

static inline void rig_say(void *ctx, const char *line)
{
	struct disk_rig *rig = ctx;

	snprintf(rig->said, sizeof rig->said, "%s", line);
	rig->said_count++;
}

static inline void rig_output(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

/* Without disks; it must not move. */
static inline void rig_open(struct disk_rig *rig)
{
	*rig = (struct disk_rig) { .ram = calloc(1, RIG_RAM) };
	rig->memory = (struct bios_memory) { .ctx = rig, .read = rig_read, .write = rig_write };
	board_init(&rig->board, true, rig_output, rig);
	rig->bios = (struct bios) {
		.board = &rig->board,
		.disks = &rig->disks,
		.memory = &rig->memory,
		.say = rig_say,
		.ctx = rig,
	};
}

/* As fake_open fills it. NULL: it was refused. */
static inline struct disk *rig_add(
        struct disk_rig *rig, size_t size, bool is_writable, enum disk_kind kind)
{
	unsigned i = rig->disks.count;

	if (i == DISKS_MAX)
		return NULL;
	fake_open(&rig->media[i], size, size + (64 << 10));
	const struct disk_medium m = fake_of(&rig->media[i], is_writable);
	if (disks_add(&rig->disks, "a.img", &m, kind, NULL)) {
		fake_close(&rig->media[i]);
		return NULL;
	}
	return &rig->disks.all[i];
}

static inline void rig_close(struct disk_rig *rig)
{
	for (unsigned i = 0; i < rig->disks.count; i++)
		fake_close(&rig->media[i]);
	disks_close(&rig->disks);
	free(rig->ram);
}

#endif
