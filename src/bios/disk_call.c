/* int 13h, and int 40h, by which the hard disks' BIOS calls the diskettes': the functions, the disk
 * that DL names, and what a call leaves behind.
 *
 * Source: Ralf Brown's Interrupt List, INT 13 and INT 40; IBM Personal Computer AT Technical
 * Reference, "BIOS", diskette and fixed disk; Phoenix Enhanced Disk Drive Specification 3.0. */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "bios/disk.h"

#define IS_HARD 0x80u /* in DL */

/* --- the functions ---------------------------------------------------------------------------- */

enum disk_on {
	ON_ALL,
	ON_HARD,
};

struct handler {
	disk_function *run;
	enum disk_on on;
	bool keeps_ah; /* it sets AH itself where its status is DISK_OK */
};

/* By AH. */
static const struct handler handlers[] = {
	[0x00] = { disk_reset },
	[0x01] = { disk_last_status },
	[0x02] = { disk_read_sectors },
	[0x03] = { disk_write_sectors },
	[0x04] = { disk_verify },
	[0x05] = { disk_format },
	[0x08] = { disk_parameters },
	[0x09] = { disk_nothing, ON_HARD },
	[0x0c] = { disk_seek, ON_HARD },
	[0x0d] = { disk_reset, ON_HARD },
	[0x10] = { disk_nothing, ON_HARD },
	[0x11] = { disk_nothing, ON_HARD },
	[0x14] = { disk_nothing, ON_HARD },
	[0x15] = { disk_type, .keeps_ah = true },
	[0x16] = { disk_change },
	[0x18] = { disk_media_type },
	[0x41] = { disk_edd_check, ON_HARD, .keeps_ah = true },
	[0x42] = { disk_edd_read, ON_HARD },
	[0x43] = { disk_edd_write, ON_HARD },
	[0x44] = { disk_edd_verify, ON_HARD },
	[0x45] = { disk_edd_lock, ON_HARD },
	[0x46] = { disk_edd_eject, ON_HARD },
	[0x47] = { disk_edd_seek, ON_HARD },
	[0x48] = { disk_edd_parameters, ON_HARD },
	[0x49] = { disk_edd_change, ON_HARD },
	[0x4b] = { disk_cd_status },
	[0x4e] = { disk_edd_configure, ON_HARD },
};

/* Their names, for traces. */
#define ROW(ah, name, tell)                                                                        \
	{                                                                                          \
		ah, BIOS_ANY_AL, name, disk_service, tell, NULL                                    \
	}
const struct bios_function disk_functions[] = {
	ROW(0x00, "reset", disk_tell),
	ROW(0x01, "last status", disk_tell),
	ROW(0x02, "read", disk_tell_sectors),
	ROW(0x03, "write", disk_tell_sectors),
	ROW(0x04, "verify", disk_tell_sectors),
	ROW(0x05, "format a track", disk_tell),
	ROW(0x08, "drive parameters", disk_tell),
	ROW(0x09, "initialize", disk_tell),
	ROW(0x0c, "seek", disk_tell),
	ROW(0x0d, "reset", disk_tell),
	ROW(0x10, "is it ready", disk_tell),
	ROW(0x11, "recalibrate", disk_tell),
	ROW(0x14, "controller test", disk_tell),
	ROW(0x15, "drive type", disk_tell),
	ROW(0x16, "was the disk changed", disk_tell),
	ROW(0x18, "set the media type", disk_tell),
	ROW(0x41, "are there extensions", disk_tell),
	ROW(0x42, "read", disk_tell_packet),
	ROW(0x43, "write", disk_tell_packet),
	ROW(0x44, "verify", disk_tell_packet),
	ROW(0x45, "lock", disk_tell),
	ROW(0x46, "eject", disk_tell),
	ROW(0x47, "seek", disk_tell_packet),
	ROW(0x48, "extended drive parameters", disk_tell),
	ROW(0x49, "was the disk changed", disk_tell),
	ROW(0x4b, "status of a CD", disk_tell),
	ROW(0x4e, "set the hardware's configuration", disk_tell),
	{ 0 },
};

/* --- a call ----------------------------------------------------------------------------------- */

static const struct handler *handler_of(uint8_t ah)
{
	return ah < ARRAY_SIZE(handlers) && handlers[ah].run ? &handlers[ah] : NULL;
}

/* Guests look for drives by asking for them one after the other; who wants to read from the first one
 * of a kind, which is not there, has been written for an image of that kind. */
static void say_absent(struct bios *b, const struct bios_regs *r)
{
	uint8_t ah = bios_ah(r);

	if ((ah != 0x02 && ah != 0x42) || b->state.disk_said & BIOS_DISK_SAID_ABSENT || !b->disks ||
	        !b->disks->has_boot)
		return;
	const struct disk *boot = &b->disks->all[0];
	if (bios_low(r->edx) != (boot->kind == DISK_FLOPPY ? IS_HARD : 0))
		return;
	b->state.disk_said |= BIOS_DISK_SAID_ABSENT;
	bios_say(b,
	        "the guest reads from drive %02xh, which is not there: %s is drive %02xh (--disk "
	        "FILE,%s makes it drive %02xh)",
	        bios_low(r->edx), boot->name, boot->number,
	        boot->kind == DISK_FLOPPY ? "hd" : "floppy", boot->kind == DISK_FLOPPY ? 0x80 : 0);
}

static enum disk_status status_without(struct bios *b, struct bios_regs *r)
{
	uint8_t ah = bios_ah(r);

	say_absent(b, r);
	/* The type of such a drive is 0. */
	if (ah == 0x15)
		bios_set_ah(r, 0);
	return DISK_BAD_CALL;
}

enum bios_verdict disk_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	const struct handler *h = handler_of(bios_ah(r));
	uint8_t number = bios_low(r->edx);
	bool is_hard = number & IS_HARD, keeps_ah = h && h->keeps_ah;
	struct disk *d = b->disks ? disks_find(b->disks, number) : NULL;
	enum disk_status status = DISK_BAD_CALL;

	(void)vector;
	/* Both are about no disk in particular. */
	if (h && (h->run == disk_last_status || h->run == disk_cd_status))
		status = h->run(b, d, r);
	else if (h && !d) {
		status = status_without(b, r);
		keeps_ah = h->run == disk_type;
	} else if (h && (h->on == ON_ALL || d->kind == DISK_HARD)) {
		status = h->run(b, d, r);
		keeps_ah &= status == DISK_OK;
	} else {
		keeps_ah = false;
	}
	bios_put8(b, is_hard ? BDA_DISK_STATUS : BDA_FLOPPY_STATUS, (uint8_t)status);
	if (!keeps_ah)
		bios_set_ah(r, (uint8_t)status);
	bios_set_carry(r, status != DISK_OK);
	return BIOS_DONE;
}

/* --- moving sectors --------------------------------------------------------------------------- */

/* At once; a watchpoint is compared for each. */
#define PIECE 8u

static const char *reason(const struct disk *d, bool is_write, int err)
{
	if (is_write && !d->medium.is_writable)
		return "the guest has written more than is kept beside the file";
	if (!is_write && err == -EIO)
		return "cannot read: the file has become shorter, or its medium fails";
	return strerror(-err);
}

/* The guest is told by its status, and who runs it by a line, once a kind. */
enum disk_status disk_fail(struct bios *b, const struct disk *d, enum disk_way way, int err)
{
	bool is_write = way == DISK_WRITES;
	uint8_t bit = is_write ? BIOS_DISK_SAID_WRITE : BIOS_DISK_SAID_READ;

	if (err == -ERANGE)
		return d->kind == DISK_HARD ? DISK_NO_TRACK : DISK_NO_SECTOR;
	if (!(b->state.disk_said & bit)) {
		b->state.disk_said |= bit;
		bios_say(b, "%s: %s; the guest got an error", d->name, reason(d, is_write, err));
	}
	if (!is_write)
		return DISK_UNREADABLE;
	return d->kind == DISK_HARD ? DISK_WRITE_FAULT : DISK_CONTROLLER;
}

#define PAGE 4096u /* what is RAM, and what is not, begins and ends at one */

/* A piece of the guest's memory, also where a part of it is no RAM: that part is not changed, and gives all
 * ones. */
static void move_memory(
        const struct bios_memory *m, enum disk_way way, uint32_t gpa, uint8_t *bytes, uint32_t len)
{
	if (way == DISK_READS ? m->write(m->ctx, gpa, bytes, len)
	                      : m->read(m->ctx, gpa, bytes, len))
		return;
	for (uint32_t at = 0, run; at < len; at += run) {
		run = PAGE - (gpa + at) % PAGE;
		if (run > len - at)
			run = len - at;
		if (way == DISK_READS)
			m->write(m->ctx, gpa + at, bytes + at, run);
		else if (!m->read(m->ctx, gpa + at, bytes + at, run))
			memset(bytes + at, 0xff, run);
	}
}

static int move(struct bios *b, struct disk *d, enum disk_way way, uint64_t lba, uint32_t count,
        uint32_t gpa)
{
	uint8_t bytes[PIECE * DISK_SECTOR];

	if (way == DISK_WRITES) {
		move_memory(b->memory, way, gpa, bytes, count * DISK_SECTOR);
		return disk_write(d, lba, count, bytes);
	}
	int err = disk_read(d, lba, count, bytes);
	if (!err && way == DISK_READS)
		move_memory(b->memory, way, gpa, bytes, count * DISK_SECTOR);
	return err;
}

/* A BIOS reaches no memory above 4 GiB. */
static bool is_in_reach(uint64_t gpa, uint32_t len)
{
	return gpa <= UINT32_MAX && len - 1 <= UINT32_MAX - gpa;
}

enum disk_status disk_transfer(struct bios *b, struct disk *d, enum disk_way way, uint64_t lba,
        uint32_t count, uint64_t gpa, uint32_t *done)
{
	uint32_t piece = PIECE;

	for (*done = 0; *done < count;) {
		uint64_t at = lba + *done, left = at < d->sectors ? d->sectors - at : 0;
		uint32_t n = count - *done < piece ? count - *done : piece;
		if (n > left && left)
			n = (uint32_t)left;
		uint64_t to = way == DISK_VERIFIES ? 0 : gpa + (uint64_t)*done * DISK_SECTOR;
		bool is_reached = is_in_reach(to, n * DISK_SECTOR);
		int err = is_reached ? move(b, d, way, at, n, (uint32_t)to) : 0;
		/* Which of them fails? Those before it come over, and are counted. */
		if ((err || !is_reached) && n > 1) {
			piece = 1;
			continue;
		}
		if (!is_reached)
			return DISK_BAD_CALL;
		if (err)
			return disk_fail(b, d, way, err);
		*done += n;
	}
	return DISK_OK;
}
