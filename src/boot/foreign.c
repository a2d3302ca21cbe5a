/* One table of magic numbers, and what text looks like. */
#include "boot/foreign.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"

/* As much of a file as decides whether it is text. */
#define TEXT_LOOK 4096u

struct magic {
	struct foreign is;
	size_t at; /* offset of the bytes in the file */
	const char *bytes;
	size_t len;
	bool (*is_it)(const struct file *f); /* NULL: the bytes are enough */
};

#define BYTES(text) text, sizeof(text) - 1

/* --- what needs more than a look at one place ------------------------------------------------- */

/* Microsoft's PE Format, "MS-DOS Stub": the offset of the signature stands at 0x3c. */
static bool is_pe(const struct file *f)
{
	if (f->len < 0x40)
		return false;
	uint32_t at = get32(f->bytes + 0x3c);
	return at <= f->len && f->len - at >= 4 && !memcmp(f->bytes + at, "PE\0\0", 4);
}

/* Where a text of DOS ends. */
#define DOS_END 0x1a

/* ASCII that stands in text: with the controls of terminals (escape, bell, backspace) and of DOS. */
static bool is_text_byte(uint8_t c)
{
	return isprint(c) || (c >= '\a' && c <= '\r') || c == DOS_END || c == 0x1b;
}

/* How many bytes of UTF-8 (RFC 3629, without the checks for forms that are too long) the character
 * at the front of left has; 0: it is none, or cut off. */
static size_t text_character(const uint8_t *at, size_t left)
{
	uint8_t c = at[0];
	size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (len == 1)
		return is_text_byte(c);
	for (size_t i = 1; i < len; i++)
		if (i == left || (at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* No code that does anything is text: hlt, in, out, int and jumps are bytes from 0x80 on that UTF-8
 * does not have there. */
static bool is_text(const struct file *f)
{
	size_t len = f->len < TEXT_LOOK ? f->len : TEXT_LOOK, step;

	for (size_t at = 0; at < len; at += step) {
		step = text_character(f->bytes + at, f->len - at);
		if (!step)
			return false;
	}
	return len > 0;
}

/* With the mark of its byte order, as editors of Windows write it, which is no instruction of x86.
 * Unicode, 2.6 and 23.8. Every other character is of ASCII, at least. */
static bool is_utf16(const struct file *f)
{
	size_t len = f->len < TEXT_LOOK ? f->len : TEXT_LOOK, ascii = 0;

	if (f->len < 4 || f->len % 2)
		return false;
	bool is_little = f->bytes[0] == 0xff;
	for (size_t at = 2; at < len; at += 2) {
		uint8_t low = f->bytes[at + !is_little], high = f->bytes[at + is_little];
		if (!high && low < 0x80 && !is_text_byte(low))
			return false;
		ascii += !high && low < 0x80;
	}
	return ascii * 2 >= len / 2 - 1;
}

/* As little as may be taken for text of ISO 8859: code of so many bytes has others among them. */
#define TEXT_8_BIT_MIN 32u

/* ISO 8859: ASCII, and not more than a quarter of characters from 0xa0 on. It ends with a line's end,
 * as code does not that has strings. */
static bool is_8_bit_text(const struct file *f)
{
	size_t len = f->len < TEXT_LOOK ? f->len : TEXT_LOOK, others = 0;

	if (f->len < TEXT_8_BIT_MIN ||
	        (f->bytes[f->len - 1] != '\n' && f->bytes[f->len - 1] != DOS_END))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_text_byte(f->bytes[i]) && f->bytes[i] < 0xa0)
			return false;
		others += f->bytes[i] >= 0xa0;
	}
	return others * 4 <= len;
}

/* Intel's Hexadecimal Object File Format Specification: ":", then the record in hex. */
static bool is_ihex(const struct file *f)
{
	for (size_t i = 1; i < 9; i++)
		if (f->len <= i || !isxdigit(f->bytes[i]))
			return false;
	return is_text(f);
}

/* Motorola's S-records: "S", a digit, then the record in hex; the first is a header. */
static bool is_srec(const struct file *f)
{
	for (size_t i = 2; i < 8; i++)
		if (f->len <= i || !isxdigit(f->bytes[i]))
			return false;
	return is_text(f);
}

/* --- the table -------------------------------------------------------------------------------- */

/* The first row that fits names the file. */
static const struct magic magics[] = {
	/* RFC 1952, 2.3; bzip2's block header; the .xz file format, 2.1.1; RFC 8878, 3.1.1 */
	{ { "a gzip file", "unpack it with gunzip" }, 0, BYTES("\x1f\x8b\x08"), NULL },
	{ { "a bzip2 file", "unpack it with bunzip2" }, 4, BYTES("1AY&SY"), NULL },
	{ { "an xz file", "unpack it with unxz" }, 0,
	        BYTES("\xfd"
	              "7zXZ\0"),
	        NULL },
	{ { "a zstd file", "unpack it with unzstd" }, 0, BYTES("\x28\xb5\x2f\xfd"), NULL },
	/* 7-Zip's 7zFormat.txt, "Signature Header"; LZ4 Frame Format Description */
	{ { "a 7z archive", "unpack it with 7z" }, 0, BYTES("7z\xbc\xaf\x27\x1c"), NULL },
	{ { "an lz4 file", "unpack it with unlz4" }, 0, BYTES("\x04\x22\x4d\x18"), NULL },
	/* PKWARE's APPNOTE, 4.3.7; POSIX's pax, "ustar Interchange Format"; ar(5) */
	{ { "a zip archive", "unpack it with unzip" }, 0, BYTES("PK\3\4"), NULL },
	{ { "a tar archive", "unpack it with tar" }, 257, BYTES("ustar"), NULL },
	{ { "an archive of object files", "link them, with ld" }, 0, BYTES("!<arch>\n"), NULL },
	/* QEMU's docs/interop/qcow2.rst; VMware's Virtual Disk Format 5.0, "Hosted Sparse
	 * Extent" */
	{ { "a qcow2 disk", "qemu-img convert -O raw makes a disk image of it" }, 0,
	        BYTES("QFI\xfb"), NULL },
	{ { "a VMDK disk", "qemu-img convert -O raw makes a disk image of it" }, 0, BYTES("KDMV"),
	        NULL },
	/* QEMU's block/vdi.c, VDI_SIGNATURE; Microsoft's [MS-VHDX] 2.2.1 */
	{ { "a VDI disk", "qemu-img convert -O raw makes a disk image of it" }, 0x40,
	        BYTES("\x7f\x10\xda\xbe"), NULL },
	{ { "a VHDX disk", "qemu-img convert -O raw makes a disk image of it" }, 0,
	        BYTES("vhdxfile"), NULL },
	/* ECMA-119, 8.1: the first volume descriptor, in sector 16 of 2048 bytes */
	{ { "an ISO 9660 disc without a boot sector", "take the kernel out of it" }, 0x8001,
	        BYTES("CD001"), NULL },
	{ { "a PE file (of Windows or UEFI)", "link it as ELF, or as a flat image" }, 0,
	        BYTES("MZ"), is_pe },
	{ { "an Intel HEX file", "objcopy -I ihex -O binary makes an image of it" }, 0, BYTES(":"),
	        is_ihex },
	{ { "a file of S-records", "objcopy -I srec -O binary makes an image of it" }, 0,
	        BYTES("S0"), is_srec },
	{ { "a script", "an image is what an assembler or a linker writes" }, 0, BYTES("#!"),
	        is_text },
	{ { "text", "an image is what an assembler or a linker writes" }, 0, BYTES(""), is_text },
	{ { "text", "an image is what an assembler or a linker writes" }, 0, BYTES(""),
	        is_8_bit_text },
	{ { "text (UTF-16)", "an image is what an assembler or a linker writes" }, 0,
	        BYTES("\xff\xfe"), is_utf16 },
	{ { "text (UTF-16)", "an image is what an assembler or a linker writes" }, 0,
	        BYTES("\xfe\xff"), is_utf16 },
};

static bool fits(const struct magic *m, const struct file *f)
{
	return f->len >= m->at && f->len - m->at >= m->len &&
	       !memcmp(f->bytes + m->at, m->bytes, m->len) && (!m->is_it || m->is_it(f));
}

const struct foreign *foreign_find(const struct file *f)
{
	const struct foreign *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(magics) && !found; i++)
		if (fits(&magics[i], f))
			found = &magics[i].is;
	return found;
}
