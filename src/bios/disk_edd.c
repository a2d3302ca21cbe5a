/* int 13h's extensions: by sector number.
 *
 * Source: Phoenix Enhanced Disk Drive Specification 3.0, chapters 2 and 3; Ralf Brown's Interrupt
 * List, INT 13 AH=41h to AH=4Eh; El Torito Bootable CD-ROM Format Specification 1.0, 4.3. */
#include <string.h>

#include "base/bytes.h"
#include "bios/disk.h"

#define VERSION         0x30   /* EDD 3.0 */
#define SUBSETS         0x0007 /* disk access; removable drives; EDD */
#define IS_THERE        0xaa55
#define PACKET_SIZE     0x10
#define PACKET_LONG     0x18 /* with an address of 64 bits */
#define AT_COUNT        2
#define AT_BUFFER       4
#define AT_LBA          8
#define AT_ADDRESS      16
#define ADDRESS_IS_LONG 0xffffffffu

/* The disk address packet at DS:SI. */
struct packet {
	uint16_t count;
	uint64_t gpa, lba;
};

static uint32_t packet_gpa(const struct bios_regs *r)
{
	return bios_linear(r->ds, bios_word(r->esi));
}

static bool get_packet(const struct bios *b, struct bios_regs *r, struct packet *p)
{
	uint8_t bytes[PACKET_LONG] = { 0 };
	const struct bios_memory *m = b->memory;

	if (!m->read(m->ctx, packet_gpa(r), bytes, PACKET_SIZE) || bytes[0] < PACKET_SIZE)
		return false;
	*p = (struct packet) {
		.count = get16(bytes + AT_COUNT),
		.gpa = bios_linear(get16(bytes + AT_BUFFER + 2), get16(bytes + AT_BUFFER)),
		.lba = get64(bytes + AT_LBA),
	};
	r->packet.lba = p->lba;
	r->packet.buffer = get32(bytes + AT_BUFFER);
	r->packet.count = p->count;
	if (bytes[0] >= PACKET_LONG && get32(bytes + AT_BUFFER) == ADDRESS_IS_LONG) {
		if (!m->read(m->ctx, packet_gpa(r), bytes, PACKET_LONG))
			return false;
		p->gpa = get64(bytes + AT_ADDRESS);
	}
	return true;
}

/* The packet's count is how many sectors came over. */
static enum disk_status transfer(
        struct bios *b, struct disk *d, enum disk_way way, struct bios_regs *r)
{
	struct packet p;
	uint32_t done;

	if (!get_packet(b, r, &p) || p.lba >= d->sectors)
		return DISK_BAD_CALL;
	enum disk_status status = disk_transfer(b, d, way, p.lba, p.count, p.gpa, &done);
	if (done != p.count)
		bios_put16(b, packet_gpa(r) + AT_COUNT, (uint16_t)done);
	return status;
}

enum disk_status disk_edd_check(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d;
	bios_set_word(&r->ebx, IS_THERE);
	bios_set_word(&r->ecx, SUBSETS);
	bios_set_ah(r, VERSION);
	return DISK_OK;
}

enum disk_status disk_edd_read(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_READS, r);
}

enum disk_status disk_edd_write(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_WRITES, r);
}

enum disk_status disk_edd_verify(struct bios *b, struct disk *d, struct bios_regs *r)
{
	return transfer(b, d, DISK_VERIFIES, r);
}

enum disk_status disk_edd_seek(struct bios *b, struct disk *d, struct bios_regs *r)
{
	struct packet p;

	return get_packet(b, r, &p) && p.lba < d->sectors ? DISK_OK : DISK_BAD_CALL;
}

/* A hard disk can't be taken out: it is as good as locked, and nothing else is asked for. */
enum disk_status disk_edd_lock(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d;
	if (bios_al(r) > 2)
		return DISK_BAD_CALL;
	bios_set_al(r, 0);
	return DISK_OK;
}

enum disk_status disk_edd_eject(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d, (void)r;
	return DISK_NOT_REMOVABLE;
}

enum disk_status disk_edd_change(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d, (void)r;
	return DISK_OK;
}

/* Prefetching and transfer modes: whatever is set, it is as fast. */
enum disk_status disk_edd_configure(struct bios *b, struct disk *d, struct bios_regs *r)
{
	(void)b, (void)d;
	return bios_al(r) <= 6 ? DISK_OK : DISK_BAD_CALL;
}

/* --- parameters ------------------------------------------------------------------------------- */

#define RESULT_1      26     /* bytes of EDD 1.x, */
#define RESULT_2      30     /* and of 2.x: with the address of a drive's registers */
#define IS_VALID      0x0002 /* the cylinders, heads and sectors are */
#define NO_REGISTERS  0xffffffffu
#define CYLINDERS_MAX 16383u /* that ATA's registers can name */

enum disk_status disk_edd_parameters(struct bios *b, struct disk *d, struct bios_regs *r)
{
	uint8_t bytes[RESULT_2] = { 0 };
	uint32_t gpa = packet_gpa(r);
	uint16_t room = bios_get16(b, gpa);
	const struct geometry *g = &d->geometry;
	uint64_t cylinders = d->sectors / ((uint64_t)g->heads * g->sectors);

	if (room < RESULT_1)
		return DISK_BAD_CALL;
	put16(bytes, room < RESULT_2 ? RESULT_1 : RESULT_2);
	put16(bytes + 2, cylinders <= CYLINDERS_MAX ? IS_VALID : 0);
	put32(bytes + 4, cylinders <= CYLINDERS_MAX ? (uint32_t)cylinders : CYLINDERS_MAX);
	put32(bytes + 8, g->heads);
	put32(bytes + 12, g->sectors);
	put64(bytes + 16, d->sectors);
	put16(bytes + 24, DISK_SECTOR);
	put32(bytes + 26, NO_REGISTERS);
	b->memory->write(b->memory->ctx, gpa, bytes, get16(bytes));
	return DISK_OK;
}

/* --- CDs -------------------------------------------------------------------------------------- */

#define CD_PACKET_SIZE 0x13

/* A packet at DS:SI that tells of no emulation and no CD. To end an emulation (AL=00h) is to do
 * nothing, too. */
enum disk_status disk_cd_status(struct bios *b, struct disk *d, struct bios_regs *r)
{
	const uint8_t bytes[CD_PACKET_SIZE] = { CD_PACKET_SIZE };

	(void)d;
	if (bios_al(r) > 1)
		return DISK_BAD_CALL;
	b->memory->write(b->memory->ctx, packet_gpa(r), bytes, sizeof bytes);
	return DISK_OK;
}
