/* Every loader with a valid file that is cut off at every byte, and with every number in its
 * headers at its extremes: a valid load, or one line that says what is wrong. Under sanitizers,
 * where a read past the file would be seen. */
#include <errno.h>

#include "boot_machine.h"

static struct boot_machine b;

static void make_boot_sector(struct boot_machine *m)
{
	memset(m->image, 0x90, 512);
	m->image[510] = 0x55;
	m->image[511] = 0xaa;
	m->image_len = 512;
}

static void make_elf32(struct boot_machine *m)
{
	make_small_elf(m, false);
}

static void make_elf64(struct boot_machine *m)
{
	make_small_elf(m, true);
}

static void make_multiboot_elf(struct boot_machine *m)
{
	make_small_elf(m, false);
	put_multiboot(m, 0x60, 3);
}

/* A program for Linux in all that is looked at, which only says so where its format is guessed. */
static void make_hosted(struct boot_machine *m)
{
	uint8_t note[32] = { 4, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 'G', 'N', 'U', 0 };
	uint8_t dynamic[32] = { 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8 };
	const struct elf_part parts[] = {
		{ PT_LOAD_TYPE, 0x100000, 0x100000, 32, "0123456789abcdef", 16 },
		{ PT_NOTE_TYPE, 0, 0, 0, note, sizeof note },
		{ 2, 0, 0, 0, dynamic, sizeof dynamic }, /* PT_DYNAMIC */
	};
	make_elf(m, true, 0x100000, parts, 3);
	put32(m->image + 0x310, 9); /* no system that has a number */
}

static const struct seed {
	const char *name;
	enum image_format format;
	void (*make)(struct boot_machine *m);
	unsigned header_len; /* what is tried with other numbers */
} seeds[] = {
	{ "linux", IMAGE_LINUX, make_linux, 0x280 },
	{ "boot", IMAGE_BOOT, make_boot_sector, 8 },
	{ "elf32", IMAGE_ELF, make_elf32, 84 },
	{ "elf64", IMAGE_ELF, make_elf64, 120 },
	{ "multiboot", IMAGE_MULTIBOOT, make_multiboot, 96 },
	{ "multiboot in elf", IMAGE_MULTIBOOT, make_multiboot_elf, 108 },
	{ "multiboot2", IMAGE_MULTIBOOT2, make_multiboot2, 192 },
	{ "pvh", IMAGE_PVH, make_pvh, 0x328 },
	{ "hosted", IMAGE_ELF, make_hosted, 0x420 },
};
#define SEEDS (sizeof seeds / sizeof seeds[0])

static bool is_in_ram(uint64_t gpa, uint64_t size)
{
	return size && gpa < RAM_SIZE && size <= RAM_SIZE - gpa;
}

static void check_loaded(const char *what)
{
	const struct image_loaded *l = &b.loaded;
	if (!is_in_ram(b.sregs.cs.base + b.regs.rip, 1))
		CHECK_FAIL("%s: starts outside of RAM", what);
	for (unsigned i = 0; i < l->piece_count; i++) {
		const struct image_piece *p = &l->pieces[i];
		if (!is_in_ram(p->gpa, p->size))
			CHECK_FAIL("%s: %s is outside of RAM", what, p->name);
		for (unsigned k = 0; k < i; k++) {
			const struct image_piece *q = &l->pieces[k];
			if (p->gpa < q->gpa ? q->gpa - p->gpa < p->size : p->gpa - q->gpa < q->size)
				CHECK_FAIL("%s: %s overlaps %s", what, p->name, q->name);
		}
	}
}

/* One that is wrong says which file or which option, and why. */
static void check_case(size_t len, const char *what)
{
	int err = boot_load_part(&b, len);
	bool names_it = !strncmp(b.error.text, "image: ", 7) ||
	                !strncmp(b.error.text, "entry ", 6) || !strncmp(b.error.text, "--", 2);
	if (!err)
		check_loaded(what);
	else if (!names_it || strlen(b.error.text) + 1 >= sizeof b.error.text)
		CHECK_FAIL("%s: \"%s\"", what, b.error.text);
	if (err && err != -ENOEXEC && err != -EFBIG && err != -EFAULT && err != -EINVAL &&
	        err != -ENOSPC)
		CHECK_FAIL("%s: error %d", what, err);
}

/* As it is guessed, and as it is said. */
static void check_both(const struct seed *s, size_t len, const char *what)
{
	b.options.format = IMAGE_AUTO;
	check_case(len, what);
	b.options.format = s->format;
	check_case(len, what);
	b.options.format = IMAGE_AUTO;
}

static void seeds_are_valid(void)
{
	for (unsigned i = 0; i < SEEDS; i++) {
		seeds[i].make(&b);
		CHECK_EQ(boot_load(&b), 0);
		CHECK_EQ(b.loaded.format, seeds[i].format);
	}
}

static void every_format_with_a_header_has_a_seed(void)
{
	for (int format = IMAGE_AUTO + 1; format < IMAGE_FLAT; format++) {
		unsigned count = 0;
		for (unsigned i = 0; i < SEEDS; i++)
			count += (int)seeds[i].format == format;
		if (!count)
			CHECK_FAIL("%s has none", image_format_name((enum image_format)format));
	}
}

static void cut_off_at_every_byte(void)
{
	for (unsigned i = 0; i < SEEDS; i++) {
		seeds[i].make(&b);
		for (size_t len = 0; len < b.image_len && check_case_ok; len++) {
			char what[64];
			snprintf(what, sizeof what, "%s cut off at %zu", seeds[i].name, len);
			check_both(&seeds[i], len, what);
		}
	}
}

/* The checksums follow, so that what is after them is reached. */
static void fix_checksums(const struct seed *s)
{
	uint8_t *h = b.image + 64;
	if (s->format == IMAGE_MULTIBOOT2)
		put32(h + 12, -(get32(h) + get32(h + 4) + get32(h + 8)));
	if (s->make == make_multiboot)
		put32(h + 8, -(get32(h) + get32(h + 4)));
	if (s->make == make_multiboot_elf)
		put32(b.image + 0x68, -(get32(b.image + 0x60) + get32(b.image + 0x64)));
}

static void try_values(const struct seed *s, unsigned at, unsigned size)
{
	uint64_t ones = size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
	const uint64_t values[] = { 0, 1, 7, ones, ones - 1, ones / 2, ones / 2 + 1, ones - 0xfff,
		b.image_len, b.image_len + 1, 0x100000, RAM_SIZE - 1, RAM_SIZE, 0xffffffff };
	for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
		char what[96];
		if (values[i] > ones)
			continue;
		s->make(&b);
		memcpy(b.image + at, &values[i], size);
		fix_checksums(s);
		snprintf(what, sizeof what, "%s with 0x%" PRIx64 " in %u bytes at %u", s->name,
		        values[i], size, at);
		check_both(s, b.image_len, what);
	}
}

static void every_number_at_its_extremes(void)
{
	for (unsigned i = 0; i < SEEDS; i++)
		for (unsigned size = 1; size <= 8; size *= 2)
			for (unsigned at = 0; at + size <= seeds[i].header_len && check_case_ok;
			        at += size)
				try_values(&seeds[i], at, size);
}

int main(void)
{
	boot_open(&b);
	b.keeps_ram = true;
	RUN(every_format_with_a_header_has_a_seed);
	RUN(seeds_are_valid);
	RUN(cut_off_at_every_byte);
	RUN(every_number_at_its_extremes);
	boot_close(&b);
	return check_done();
}
