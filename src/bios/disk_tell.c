/* Calls of int 13h in words: "read 17 sectors C0 H0 S2 -> 0000:7e00: ok". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "bios/disk.h"

static const struct {
	enum disk_status status;
	const char *name;
} names[] = {
	{ DISK_OK, "ok" },
	{ DISK_BAD_CALL, "no such drive, function or sector" },
	{ DISK_NO_SECTOR, "past the end of the disk" },
	{ DISK_NO_TRACK, "past the end of the disk" },
	{ DISK_UNREADABLE, "the file can't be read" },
	{ DISK_CONTROLLER, "the disk can't be written to" },
	{ DISK_NO_SEEK, "no such cylinder" },
	{ DISK_NOT_REMOVABLE, "it can't be taken out" },
	{ DISK_WRITE_FAULT, "the disk can't be written to" },
};

static const char *name_of(uint8_t status)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return "an error";
}

/* AH is no status of a call that went well and gives something there. */
static void tell_result(const struct bios_regs *after, char *to, size_t size)
{
	if (!after)
		return;
	if (!(after->flags & BIOS_CF))
		snprintf(to, size, ": ok");
	else
		snprintf(to, size, ": error %02xh, %s", bios_ah(after), name_of(bios_ah(after)));
}

void disk_tell(const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	snprintf(to, size, ", drive %02xh", bios_low(before->edx));
	size_t len = strlen(to);
	tell_result(after, to + len, size - len);
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* How a call ended. Where it went well the drive is the one that the guest works with. */
static void tell_end(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	if (after && after->flags & BIOS_CF)
		disk_tell(before, after, to, size);
	else
		tell_result(after, to, size);
}

/* " \u2192 0000:7e00", by the function's last digit: 2 reads, 3 writes, others don't move bytes. */
static const char *tell_buffer(const struct bios_regs *r, uint32_t buffer, char *to, size_t size)
{
	unsigned function = bios_ah(r) & 0x0f;

	to[0] = 0;
	if (function == 2 || function == 3)
		snprintf(to, size, " %s %04x:%04x", function == 2 ? "\u2192" : "\u2190",
		        buffer >> 16, buffer & 0xffff);
	return to;
}

void disk_tell_sectors(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	char buffer[24];
	unsigned count = bios_al(before);

	tell_buffer(
	        before, (uint32_t)before->es << 16 | bios_word(before->ebx), buffer, sizeof buffer);
	snprintf(to, size, " %u sector%s C%u H%u S%u%s", count, plural(count),
	        bios_high(before->ecx) | (bios_low(before->ecx) & 0xc0u) << 2,
	        bios_high(before->edx), bios_low(before->ecx) & 0x3fu, buffer);
	size_t len = strlen(to);
	tell_end(before, after, to + len, size - len);
}

/* What the packet says is known when the call is done. */
void disk_tell_packet(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	char buffer[24];

	if (after && after->packet.count) {
		tell_buffer(before, after->packet.buffer, buffer, sizeof buffer);
		snprintf(to, size, " %u sector%s from LBA %" PRIu64 "%s", after->packet.count,
		        plural(after->packet.count), after->packet.lba, buffer);
	} else {
		snprintf(to, size, " as the packet at %04x:%04x says", before->ds,
		        bios_word(before->esi));
	}
	size_t len = strlen(to);
	tell_end(before, after, to + len, size - len);
}
