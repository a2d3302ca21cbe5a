/* The header of a Linux kernel's file: read and checked field by field. Which fields there are depends
 * on the protocol's version; what an older one lacks gets the value that the protocol says it has. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "boot/linux.h"

#define MAGIC     "HdrS"
#define MAGIC_LEN 4u
#define BOOT_FLAG 0xaa55u
#define JUMP_LEN  2u /* of the short jump over the header, whose distance is the header's length */
#define JUMP      0xebu
#define JUMP_MAX  0x7fu /* forward */

#define LOADED_HIGH       1u /* loadflags: a bzImage */
#define KERNEL_64         1u /* xloadflags: there is a 64-bit entry */
#define PARAGRAPH         16u
#define SETUP_SECTS_ZERO  4u /* what 0 stands for */
#define OLD_INITRD_LAST   0x37ffffffu
#define OLD_CMDLINE_MAX   255u
#define ONE_MIB           0x100000u
#define ALIGNMENT_LOG_MAX 31u

/* The least end of the header from a version on: all fields that are read here lie before it. */
static const struct {
	uint16_t version, end;
} ends[] = {
	{ 0x020a, LINUX_INIT_SIZE + 4 },
	{ 0x0206, LINUX_CMDLINE_SIZE + 4 },
	{ 0x0205, LINUX_RELOCATABLE + 1 },
	{ 0x0203, LINUX_INITRD_MAX + 4 },
	{ 0x0202, LINUX_CMDLINE + 4 },
};

bool linux_has_magic(const struct file *f)
{
	return f->len >= LINUX_MAGIC + MAGIC_LEN &&
	       !memcmp(f->bytes + LINUX_MAGIC, MAGIC, MAGIC_LEN);
}

/* --- what says how much of a header there is ------------------------------------------------------ */

static int read_version(const struct plan *p, struct linux_header *h, struct error *e)
{
	const struct file *f = p->file;

	if (!linux_has_magic(f))
		return error_set(e, -ENOEXEC,
		        "%s: no Linux boot header: \"%s\" is not at offset 0x%x", p->name, MAGIC,
		        LINUX_MAGIC);
	if (f->len < LINUX_VERSION + 2)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: cut off: the file ends at 0x%zx", p->name, f->len);
	h->bytes = f->bytes;
	h->version = get16(f->bytes + LINUX_VERSION);
	if (h->version < 0x0202 || h->version > 0x02ff)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: version is %u.%02u, expected 2.02 or a later 2.x",
		        p->name, h->version >> 8, h->version & 0xff);
	unsigned flag = get16(f->bytes + LINUX_BOOT_FLAG);
	if (flag != BOOT_FLAG)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: boot_flag is 0x%x, expected 0x%x", p->name, flag,
		        BOOT_FLAG);
	return 0;
}

static int read_end(const struct plan *p, struct linux_header *h, struct error *e)
{
	const uint8_t *jump = h->bytes + LINUX_JUMP;
	size_t least = LINUX_MAGIC;

	if (jump[0] != JUMP || jump[1] > JUMP_MAX)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: jump is %02x %02x, expected %02x and the header's "
		        "length",
		        p->name, jump[0], jump[1], JUMP);
	h->end = LINUX_JUMP + JUMP_LEN + jump[1];
	for (size_t i = 0; i < ARRAY_SIZE(ends) && least == LINUX_MAGIC; i++)
		if (h->version >= ends[i].version)
			least = ends[i].end;
	if (h->end < least)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: jump says that it ends at 0x%zx, and with version "
		        "%u.%02u it goes to 0x%zx",
		        p->name, h->end, h->version >> 8, h->version & 0xff, least);
	if (p->file->len < h->end)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: cut off: it ends at 0x%zx, the file at 0x%zx",
		        p->name, h->end, p->file->len);
	return 0;
}

/* --- the fields ------------------------------------------------------------------------------- */

static int check_code_size(const struct plan *p, const struct linux_header *h, struct error *e)
{
	uint64_t wanted = (uint64_t)get32(h->bytes + LINUX_SYSSIZE) * PARAGRAPH;
	size_t left = p->file->len - h->setup_size;

	if (!wanted)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: syssize is 0, no code after the setup code",
		        p->name);
	/* The last paragraph need not be full. */
	if (wanted - (PARAGRAPH - 1) > left)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: syssize 0x%x: %" PRIu64
		        " bytes after the setup code, and the file has %zu",
		        p->name, get32(h->bytes + LINUX_SYSSIZE), wanted, left);
	return 0;
}

/* The two parts of the file. */
static int read_sizes(const struct plan *p, struct linux_header *h, struct error *e)
{
	const struct file *f = p->file;
	unsigned sectors = h->bytes[LINUX_SETUP_SECTS];
	int err = 0;

	if (!f->is_whole)
		return error_set(e, -EFBIG,
		        "%s: the file does not fit into RAM; give more with --memory", p->name);
	h->setup_size = ((sectors ? sectors : SETUP_SECTS_ZERO) + 1) * PLAN_SECTOR;
	if (f->len <= h->setup_size)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: setup_sects %u: the setup code goes to 0x%zx, and "
		        "the file ends at 0x%zx",
		        p->name, sectors, h->setup_size, f->len);
	h->code_size = f->len - h->setup_size;
	/* Of two bytes before 2.04, which say nothing of a bzImage. What follows the code is a
	 * signature, and is not loaded. */
	if (h->version >= 0x0204) {
		uint64_t wanted = (uint64_t)get32(h->bytes + LINUX_SYSSIZE) * PARAGRAPH;
		err = check_code_size(p, h, e);
		if (!err && wanted < h->code_size)
			h->code_size = (size_t)wanted;
	}
	return err;
}

static int read_alignment(const struct plan *p, struct linux_header *h, struct error *e)
{
	h->is_relocatable = h->version >= 0x0205 && h->bytes[LINUX_RELOCATABLE];
	if (!h->is_relocatable)
		return 0;
	h->alignment = h->least_alignment = get32(h->bytes + LINUX_ALIGNMENT);
	if (!h->alignment || h->alignment & (h->alignment - 1))
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: kernel_alignment is 0x%x, expected a power of 2",
		        p->name, h->alignment);
	unsigned log = h->version >= 0x020a ? h->bytes[LINUX_MIN_ALIGNMENT] : 0;
	if (log > ALIGNMENT_LOG_MAX || 1u << log > h->alignment)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: min_alignment is %u, and 1 << %u is more than "
		        "kernel_alignment, 0x%x",
		        p->name, log, log, h->alignment);
	if (log)
		h->least_alignment = 1u << log;
	return 0;
}

static int read_place(const struct plan *p, struct linux_header *h, struct error *e)
{
	uint64_t pref = h->version >= 0x020a ? get64(h->bytes + LINUX_PREF_ADDRESS) : 0;
	uint32_t init_size = h->version >= 0x020a ? get32(h->bytes + LINUX_INIT_SIZE) : 0;

	h->pref_gpa = pref ? pref : ONE_MIB;
	h->size = init_size > h->code_size ? init_size : h->code_size;
	if (h->pref_gpa < ONE_MIB)
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: pref_address is 0x%" PRIx64
		        ", expected 0x%x or above",
		        p->name, pref, ONE_MIB);
	return read_alignment(p, h, e);
}

int linux_read_header(const struct plan *p, struct linux_header *h, struct error *e)
{
	*h = (struct linux_header) { .initrd_last = OLD_INITRD_LAST,
		.cmdline_max = OLD_CMDLINE_MAX };
	int err = read_version(p, h, e);
	if (!err)
		err = read_end(p, h, e);
	if (err)
		return err;
	unsigned flags = h->bytes[LINUX_LOADFLAGS];
	if (!(flags & LOADED_HIGH))
		return error_set(e, -ENOEXEC,
		        "%s: Linux boot header: loadflags is 0x%x: bit 0 is 0, a zImage for "
		        "0x10000; expected a bzImage",
		        p->name, flags);
	if (h->version >= 0x0203)
		h->initrd_last = get32(h->bytes + LINUX_INITRD_MAX);
	if (h->version >= 0x0206)
		h->cmdline_max = get32(h->bytes + LINUX_CMDLINE_SIZE);
	h->has_64_bit_entry =
	        h->version >= 0x020c && get16(h->bytes + LINUX_XLOADFLAGS) & KERNEL_64;
	err = read_sizes(p, h, e);
	return err ? err : read_place(p, h, e);
}
