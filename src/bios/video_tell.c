/* What the registers of int 10h's calls say, in words for traces. */
#include <stdio.h>

#include "bios/video.h"

struct name {
	char text[8];
};

/* 'A', or 0dh. */
static struct name name(uint8_t character)
{
	struct name n;
	snprintf(n.text, sizeof n.text, character > ' ' && character < 0x7f ? "'%c'" : "%02xh",
	        character);
	return n;
}

void video_tell_mode(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " %02xh%s", bios_al(before) & 0x7f,
	        bios_al(before) & 0x80 ? ", memory kept" : "");
}

void video_tell_shape(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	uint8_t first = bios_high(before->ecx);
	(void)after;
	snprintf(to, size, " lines %u to %u%s", first & 0x1f, bios_low(before->ecx) & 0x1f,
	        first & 0x20 ? ", hidden" : "");
}

void video_tell_place(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " to row %u column %u of page %u", bios_high(before->edx),
	        bios_low(before->edx), bios_high(before->ebx));
}

void video_tell_cursor(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	int len = snprintf(to, size, " of page %u", bios_high(before->ebx));
	if (after && (size_t)len < size)
		snprintf(to + len, size - (size_t)len, ": row %u column %u", bios_high(after->edx),
		        bios_low(after->edx));
}

void video_tell_page(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " %u", bios_al(before));
}

void video_tell_scroll(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	if (bios_al(before))
		snprintf(to, size, " by %u, ", bios_al(before));
	else
		snprintf(to, size, ": clear ");
	size_t len = 0;
	while (len < size && to[len])
		len++;
	snprintf(to + len, size - len, "rows %u to %u, columns %u to %u, attribute %02xh",
	        bios_high(before->ecx), bios_high(before->edx), bios_low(before->ecx),
	        bios_low(before->edx), bios_high(before->ebx));
}

void video_tell_read(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	int len = snprintf(to, size, " of page %u", bios_high(before->ebx));
	if (after && (size_t)len < size)
		snprintf(to + len, size - (size_t)len, ": %s, attribute %02xh",
		        name(bios_al(after)).text, bios_ah(after));
}

void video_tell_write(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " %s, %u times, %s %02xh", name(bios_al(before)).text,
	        bios_word(before->ecx), bios_ah(before) == 0x09 ? "attribute" : "colour",
	        bios_low(before->ebx));
}

void video_tell_pixel(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	bool is_read = bios_ah(before) == 0x0d;
	int len = snprintf(to, size, " x %u y %u", bios_word(before->ecx), bios_word(before->edx));
	if ((!is_read || after) && (size_t)len < size)
		snprintf(to + len, size - (size_t)len, ": colour %u",
		        bios_al(is_read ? after : before));
}

void video_tell_teletype(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " %s", name(bios_al(before)).text);
}

void video_tell_read_mode(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)before;
	if (after)
		snprintf(to, size, ": %02xh, %u columns, page %u", bios_al(after), bios_ah(after),
		        bios_high(after->ebx));
}

void video_tell_blink(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, ": %s", bios_low(before->ebx) & 1 ? "blinking" : "bright");
}

void video_tell_select(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " BL=%02xh AL=%02xh", bios_low(before->ebx), bios_al(before));
}

void video_tell_string(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)after;
	snprintf(to, size, " of %u characters at %04x:%04x, row %u column %u",
	        bios_word(before->ecx), before->es, bios_word(before->ebp), bios_high(before->edx),
	        bios_low(before->edx));
}
