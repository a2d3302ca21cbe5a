#include "boot/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

/* A machine without KVM: RAM 0..0x9fff as two adjoining slots, 0x20000..0x20fff, the page of
 * the reset vector, and the last one there is. */
static const struct {
	uint64_t gpa, size;
} layout[] = {
	{ 0, 0x6000 },
	{ 0x6000, 0x4000 },
	{ 0x20000, 0x1000 },
	{ 0xfffff000, 0x1000 },
	{ 0xfffffffffffff000, 0x1000 },
};
#define SLOTS (sizeof layout / sizeof layout[0])

#define TOO_BIG(size)                                                                              \
	": " size " bytes do not fit: RAM at 0x0 is 40960 bytes; give more with --memory"

struct machine {
	struct memory memory;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct image_loaded loaded;
};

static char folder[] = "/tmp/stepvm-image-test-XXXXXX";
static char path[sizeof folder + 16];
static struct machine machine;
static struct error error;

static void fill(void)
{
	memset(&machine.regs, 0x11, sizeof machine.regs);
	memset(&machine.sregs, 0x22, sizeof machine.sregs);
	memset(&machine.loaded, 0x33, sizeof machine.loaded);
	for (unsigned i = 0; i < machine.memory.count; i++)
		memset(machine.memory.slots[i].hva, 0xcc, machine.memory.slots[i].size);
	memset(&error, 0, sizeof error);
}

static void power_on(void)
{
	machine.memory = (struct memory) { .vm_fd = -1, .count = SLOTS };
	for (size_t i = 0; i < SLOTS; i++)
		machine.memory.slots[i] = (struct memory_slot) { layout[i].gpa, layout[i].size,
			malloc(layout[i].size) };
}

static void power_off(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(machine.memory.slots[i].hva);
}

static bool is_ram(uint64_t gpa)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (gpa >= layout[i].gpa && gpa - layout[i].gpa < layout[i].size)
			return true;
	return false;
}

/* All of RAM is 0xcc but for len bytes at gpa. */
static void check_ram(uint64_t gpa, const uint8_t *bytes, uint64_t len)
{
	for (unsigned i = 0; i < machine.memory.count; i++) {
		const struct memory_slot *s = &machine.memory.slots[i];
		for (uint64_t off = 0; off < s->size; off++) {
			uint64_t at = s->gpa + off;
			uint8_t wanted = at >= gpa && at - gpa < len ? bytes[at - gpa] : 0xcc;
			if (s->hva[off] == wanted)
				continue;
			CHECK_FAIL("byte at 0x%" PRIx64 " is %02x, wanted %02x", at, s->hva[off],
			        wanted);
			return;
		}
	}
}

static void check_untouched(void)
{
	const uint8_t *groups[] = { (const uint8_t *)&machine.regs, (const uint8_t *)&machine.sregs,
		(const uint8_t *)&machine.loaded };
	static const size_t sizes[] = { sizeof machine.regs, sizeof machine.sregs,
		sizeof machine.loaded };

	for (unsigned g = 0; g < 3; g++)
		for (size_t i = 0; i < sizes[g]; i++)
			if (groups[g][i] != 0x11 * (g + 1)) {
				CHECK_FAIL("group %u changed at byte %zu on an error", g, i);
				return;
			}
	check_ram(0, NULL, 0);
}

static void write_file(const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static int load(const struct image_options *o)
{
	fill();
	int err = image_load(
	        o, &machine.memory, &machine.regs, &machine.sregs, &machine.loaded, &error);
	CHECK_EQ(err != 0, error.text[0] != 0);
	CHECK(!strchr(error.text, '\n'));
	if (err)
		check_untouched();
	return err;
}

static int load_as(enum image_format format)
{
	return load(&(struct image_options) { .path = path, .format = format });
}

/* The message after the path, which is another one at every run. */
static const char *message(void)
{
	size_t len = strlen(path);

	return !strncmp(error.text, path, len) ? error.text + len : error.text;
}

static void make_sector(uint8_t *sector, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sector[i] = (uint8_t)(i * 7 + 1);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

static void check_segments(uint16_t selector, uint64_t base)
{
	const struct kvm_segment *data[] = { &machine.sregs.ds, &machine.sregs.es,
		&machine.sregs.fs, &machine.sregs.gs, &machine.sregs.ss };

	for (unsigned i = 0; i < 5; i++) {
		CHECK_EQ(data[i]->selector, 0);
		CHECK_EQ(data[i]->base, 0);
		CHECK_EQ(data[i]->limit, 0xffff);
		CHECK_EQ(data[i]->type, 0x22); /* attributes as they came */
	}
	CHECK_EQ(machine.sregs.cs.selector, selector);
	CHECK_EQ(machine.sregs.cs.base, base);
	CHECK_EQ(machine.sregs.cs.limit, 0xffff);
	CHECK_EQ(machine.sregs.cs.type, 0x22);
	CHECK_EQ(machine.sregs.cr0, 0x2222222222222222);
	CHECK_EQ(machine.sregs.tr.selector, 0x2222);
}

static void check_regs(uint64_t rip, uint64_t rsp, uint64_t rdx)
{
	struct kvm_regs wanted = { .rip = rip, .rsp = rsp, .rdx = rdx, .rflags = 2 };

	CHECK(!memcmp(&machine.regs, &wanted, sizeof wanted));
	CHECK_EQ(machine.regs.rip, rip);
}

static void flat_goes_to_zero(void)
{
	const uint8_t code[] = { 0xb8, 1, 0, 0xe7, 0x10, 0xf4 };

	write_file(code, sizeof code);
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	check_ram(0, code, sizeof code);
	check_segments(0, 0);
	check_regs(0, 0, 0);
	CHECK_EQ(machine.loaded.format, IMAGE_FLAT);
	CHECK_EQ(machine.loaded.piece_count, 1);
	CHECK_EQ(machine.loaded.pieces[0].gpa, 0);
	CHECK_EQ(machine.loaded.pieces[0].size, sizeof code);
}

static void flat_runs_over_adjoining_slots(void)
{
	static uint8_t bytes[0xa001];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i >> 4);
	write_file(bytes, 0xa000);
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	check_ram(0, bytes, 0xa000);
	write_file(bytes, 0xa001);
	CHECK_EQ(load_as(IMAGE_AUTO), -EFBIG);
	CHECK_STR(message(), TOO_BIG("40961"));
}

/* Whether a load works is what the layout says, byte by byte. */
static void load_addresses_to_the_extremes(void)
{
	static const uint64_t gpas[] = { 0, 1, 0x5fff, 0x6000, 0x9fff, 0xa000, 0x1ffff, 0x20000,
		0x20e00, 0x20fff, 0x21000, 0x10ffef, 0xfffff000, 0xffffffff, 0x100000000,
		UINT64_MAX / 2, UINT64_MAX / 2 + 1, UINT64_MAX - 511, UINT64_MAX - 1, UINT64_MAX };
	static const size_t lens[] = { 1, 2, 511, 512, 513, 0x1000, 0x1001 };
	static uint8_t bytes[0x1001];

	make_sector(bytes, sizeof bytes);
	for (size_t l = 0; l < sizeof lens / sizeof lens[0]; l++) {
		write_file(bytes, lens[l]);
		for (size_t g = 0; g < sizeof gpas / sizeof gpas[0]; g++) {
			bool is_possible = true;
			for (uint64_t i = 0; i < lens[l]; i++)
				is_possible &= i <= UINT64_MAX - gpas[g] && is_ram(gpas[g] + i);
			int err = load(&(struct image_options) { .path = path,
			        .has_load = true,
			        .load_gpa = gpas[g],
			        .entry = { .kind = ENTRY_SEGOFF } });
			CHECK_EQ(!err, is_possible);
			CHECK(!err || err == (is_ram(gpas[g]) ? -EFBIG : -EFAULT));
			if (!err)
				check_ram(gpas[g], bytes, lens[l]);
		}
	}
}

static void no_ram_at_the_load_address(void)
{
	struct image_options o = { .path = path, .has_load = true, .load_gpa = 0xa000 };

	write_file("\xf4", 1);
	CHECK_EQ(load(&o), -EFAULT);
	CHECK_STR(message(), ": cannot load to 0xa000: no RAM there; give some with --memory");
	unsigned slots = machine.memory.count;
	machine.memory.count = 0;
	CHECK_EQ(load_as(IMAGE_AUTO), -EFAULT);
	machine.memory.count = slots;
}

static void default_entry_is_the_load_address(void)
{
	struct image_options o = { .path = path, .has_load = true, .load_gpa = 0x20004 };

	write_file("\xf4", 1);
	CHECK_EQ(load(&o), 0);
	check_segments(0x2000, 0x20000);
	check_regs(4, 0, 0);
	o.load_gpa = 0xfffff000; /* RAM, but no real-mode address */
	CHECK_EQ(load(&o), -EINVAL);
	o.entry.kind = ENTRY_RESET;
	CHECK_EQ(load(&o), 0);
	check_segments(0xf000, 0xffff0000);
	check_regs(0xfff0, 0, 0);
}

static void entries_as_given(void)
{
	struct image_options o = { .path = path, .entry = { ENTRY_LINEAR, 0x20010, 0, 0 } };

	write_file("\xf4", 1);
	CHECK_EQ(load(&o), 0);
	check_segments(0x2000, 0x20000);
	check_regs(0x10, 0, 0);
	o.entry = (struct image_entry) { ENTRY_SEGOFF, 0, 0x07c0, 0x12 };
	CHECK_EQ(load(&o), 0);
	check_segments(0x07c0, 0x7c00);
	check_regs(0x12, 0, 0);
	o.entry = (struct image_entry) { ENTRY_SEGOFF, 0, 0xffff, 0xffff };
	CHECK_EQ(load(&o), -EFAULT);
	CHECK_STR(error.text,
	        "entry ffff:ffff: no RAM at its physical address 0x10ffef; give some with "
	        "--memory, or another --entry");
}

static void boot_sector_is_recognised(void)
{
	uint8_t disk[1536];

	make_sector(disk, sizeof disk);
	for (size_t size = 512; size <= sizeof disk; size += 512) {
		write_file(disk, size);
		CHECK_EQ(load_as(IMAGE_AUTO), 0);
		check_ram(0x7c00, disk, 512);
		check_segments(0, 0);
		check_regs(0x7c00, 0x7c00, 0x80);
		CHECK_EQ(machine.loaded.format, IMAGE_BOOT);
		CHECK_EQ(machine.loaded.pieces[0].gpa, 0x7c00);
		CHECK_EQ(machine.loaded.pieces[0].size, 512);
	}
}

static void boot_sector_needs_ram_at_its_own_place_only(void)
{
	uint8_t disk[512];

	make_sector(disk, sizeof disk);
	write_file(disk, sizeof disk);
	machine.memory.slots[0].gpa = 0x40000; /* none at 0 */
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	check_ram(0x7c00, disk, 512);
	CHECK_EQ(load_as(IMAGE_BOOT), 0);
	CHECK_EQ(load_as(IMAGE_FLAT), -EFAULT);
	machine.memory.slots[0].gpa = layout[0].gpa;
}

static void guess_yields_to_what_the_options_say(void)
{
	struct image_options o = { .path = path };
	uint8_t disk[513];

	make_sector(disk, sizeof disk);
	write_file(disk, 512);
	o.has_load = true;
	CHECK_EQ(load(&o), 0);
	CHECK_EQ(machine.loaded.format, IMAGE_FLAT);
	o = (struct image_options) { .path = path, .entry = { .kind = ENTRY_LINEAR } };
	CHECK_EQ(load(&o), 0);
	CHECK_EQ(machine.loaded.format, IMAGE_FLAT);
	o = (struct image_options) { .path = path, .format = IMAGE_FLAT };
	CHECK_EQ(load(&o), 0);
	CHECK_EQ(machine.loaded.format, IMAGE_FLAT);
	check_ram(0, disk, 512);
	write_file(disk, 513); /* not whole sectors */
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	CHECK_EQ(machine.loaded.format, IMAGE_BOOT);
	check_ram(0x7c00, disk, 512);
}

static void boot_with_load_or_entry(void)
{
	struct image_options o = { .path = path, .format = IMAGE_BOOT };
	uint8_t disk[512];

	make_sector(disk, sizeof disk);
	write_file(disk, sizeof disk);
	o.entry = (struct image_entry) { ENTRY_SEGOFF, 0, 0x07c0, 0 };
	CHECK_EQ(load(&o), 0);
	check_segments(0x07c0, 0x7c00);
	check_regs(0, 0x7c00, 0x80);
	o.has_load = true;
	o.load_gpa = 0x1000;
	CHECK_EQ(load(&o), -EINVAL);
	CHECK_STR(error.text,
	        "--load 0x1000: a boot sector goes to a place of its own; leave it out, or say "
	        "--format flat");
}

/* Its header would run as code; said to be flat, it does. */
static void an_elf_is_no_flat_image(void)
{
	struct image_options o = { .path = path };
	write_file((const uint8_t *)"\177ELF\1\1\1", 7);
	CHECK_EQ(load(&o), -ENOEXEC);
	CHECK_STR(message(), ": cut off: 7 bytes, and an ELF header begins with 16");
	o.has_load = true; /* no doubt about it, as there would be about other bytes */
	CHECK_EQ(load(&o), -EINVAL);
	o.format = IMAGE_FLAT;
	CHECK_EQ(load(&o), 0);
}

/* Every truncation, as every format: boot takes the whole one only, flat all but nothing. */
static void every_truncation_of_a_boot_sector(void)
{
	uint8_t disk[512];
	char wanted[200];

	make_sector(disk, sizeof disk);
	for (size_t len = 0; len <= sizeof disk; len++) {
		write_file(disk, len);
		struct image_options o = { .path = path, .format = IMAGE_BOOT };
		CHECK_EQ(load(&o), len == 512 ? 0 : -ENOEXEC);
		snprintf(wanted, sizeof wanted,
		        ": not a boot sector: %zu bytes, expected 512 with 55 aa at offset 510",
		        len);
		CHECK_STR(message(), len == 512 ? "" : len ? wanted : ": is empty: nothing to run");
		o.format = IMAGE_FLAT;
		CHECK_EQ(load(&o), len ? 0 : -ENOEXEC);
		if (len)
			check_ram(0, disk, len);
		o.format = IMAGE_AUTO;
		CHECK_EQ(load(&o), len ? 0 : -ENOEXEC);
		CHECK(!len || machine.loaded.format == (len == 512 ? IMAGE_BOOT : IMAGE_FLAT));
	}
}

static void bad_signature_is_named(void)
{
	uint8_t disk[512];

	for (unsigned bit = 0; bit < 16; bit++) {
		make_sector(disk, sizeof disk);
		disk[510 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		write_file(disk, sizeof disk);
		CHECK_EQ(load_as(IMAGE_BOOT), -ENOEXEC);
		CHECK_EQ(load_as(IMAGE_AUTO), 0);
		CHECK_EQ(machine.loaded.format, IMAGE_FLAT);
	}
	disk[510] = 0x12;
	disk[511] = 0x0f;
	write_file(disk, sizeof disk);
	load_as(IMAGE_BOOT);
	CHECK_STR(message(), ": not a boot sector: offset 510 is 12 0f, expected 55 aa; --format "
	                     "flat takes any bytes");
}

/* A disk far bigger than RAM boots, for its first sector is all that is copied. */
static void big_disk_boots(void)
{
	uint8_t disk[512];

	make_sector(disk, sizeof disk);
	write_file(disk, sizeof disk);
	CHECK_EQ(truncate(path, (off_t)1 << 32), 0);
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	check_ram(0x7c00, disk, 512);
	CHECK_EQ(load_as(IMAGE_FLAT), -EFBIG);
	CHECK_STR(message(), TOO_BIG("4294967296"));
}

static void files_that_cannot_be_read(void)
{
	unlink(path);
	CHECK_EQ(load_as(IMAGE_AUTO), -ENOENT);
	CHECK_STR(message(), ": cannot open: No such file or directory");
	CHECK_EQ(load(&(struct image_options) { .path = folder }), -EISDIR);
	CHECK_STR(error.text + sizeof folder - 1, ": cannot read: Is a directory");
	CHECK_EQ(load(&(struct image_options) { .path = "" }), -ENOENT);
	/* "-" is a file name like any other; there is none in the folder where tests run. */
	CHECK_EQ(load(&(struct image_options) { .path = "-" }), -ENOENT);
}

/* The image comes out of a pipe, whose buffer holds all of it (64 KiB: pipe(7)). */
static int load_from_pipe_as(enum image_format format, const uint8_t *bytes, size_t len)
{
	int fds[2];
	char name[32];

	if (pipe(fds))
		return -errno;
	CHECK_EQ(write(fds[1], bytes, len), len);
	close(fds[1]);
	snprintf(name, sizeof name, "/dev/fd/%d", fds[0]);
	int err = load(&(struct image_options) { .path = name, .format = format });
	close(fds[0]);
	return err;
}

static int load_from_pipe(const uint8_t *bytes, size_t len)
{
	return load_from_pipe_as(IMAGE_AUTO, bytes, len);
}

/* What can't be read again is kept: the guest's disk. */
static void a_boot_sectors_pipe_is_kept(void)
{
	static uint8_t disk[1536];
	static const enum image_format formats[] = { IMAGE_AUTO, IMAGE_BOOT };

	make_sector(disk, 512);
	disk[1535] = 0x77;
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(load_from_pipe_as(formats[i], disk, sizeof disk), 0);
		CHECK_EQ(machine.loaded.format, IMAGE_BOOT);
		CHECK(machine.loaded.is_stream);
		CHECK_EQ(machine.loaded.stream_size, sizeof disk);
		CHECK(machine.loaded.stream && !memcmp(machine.loaded.stream, disk, sizeof disk));
		free(machine.loaded.stream);
	}
	write_file(disk, sizeof disk);
	CHECK_EQ(load_as(IMAGE_AUTO), 0);
	CHECK(!machine.loaded.is_stream && !machine.loaded.stream);
}

static void pipes_are_images_too(void)
{
	static uint8_t bytes[0xb000];

	make_sector(bytes, sizeof bytes);
	CHECK_EQ(load_from_pipe(bytes, 0xa000), 0);
	CHECK_EQ(machine.loaded.format, IMAGE_BOOT);
	free(machine.loaded.stream);
	bytes[510] = 0; /* not signed, it is flat */
	CHECK_EQ(load_from_pipe(bytes, 0x9fff), 0);
	check_ram(0, bytes, 0x9fff);
	CHECK_EQ(load_from_pipe(bytes, 0), -ENOEXEC);
	CHECK_EQ(load_from_pipe(bytes, sizeof bytes - 1), -EFBIG);
	CHECK(strstr(error.text, TOO_BIG("45055")));
}

static void endless_files_end_where_ram_does(void)
{
	CHECK_EQ(load(&(struct image_options) { .path = "/dev/zero" }), -EFBIG);
	CHECK_STR(error.text, "/dev/zero" TOO_BIG("more than 40960"));
}

static void words_of_formats(void)
{
	enum image_format format = IMAGE_AUTO;

	CHECK(image_format_word("flat", &format) && format == IMAGE_FLAT);
	CHECK(image_format_word("boot", &format) && format == IMAGE_BOOT);
	CHECK(image_format_word("elf", &format) && format == IMAGE_ELF);
	CHECK(image_format_word("multiboot", &format) && format == IMAGE_MULTIBOOT);
	CHECK(image_format_word("multiboot2", &format) && format == IMAGE_MULTIBOOT2);
	CHECK(image_format_word("pvh", &format) && format == IMAGE_PVH);
	CHECK(image_format_word("auto", &format) && format == IMAGE_AUTO);
	CHECK(!image_format_word("ELF", &format) && !image_format_word("", &format));
	CHECK_STR(image_format_name(IMAGE_FLAT), "flat");
	CHECK_STR(image_format_name(IMAGE_BOOT), "boot");
}

int main(void)
{
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	snprintf(path, sizeof path, "%s/image.bin", folder);
	power_on();
	RUN(flat_goes_to_zero);
	RUN(flat_runs_over_adjoining_slots);
	RUN(load_addresses_to_the_extremes);
	RUN(no_ram_at_the_load_address);
	RUN(default_entry_is_the_load_address);
	RUN(entries_as_given);
	RUN(boot_sector_is_recognised);
	RUN(boot_sector_needs_ram_at_its_own_place_only);
	RUN(guess_yields_to_what_the_options_say);
	RUN(boot_with_load_or_entry);
	RUN(an_elf_is_no_flat_image);
	RUN(every_truncation_of_a_boot_sector);
	RUN(bad_signature_is_named);
	RUN(big_disk_boots);
	RUN(files_that_cannot_be_read);
	RUN(pipes_are_images_too);
	RUN(a_boot_sectors_pipe_is_kept);
	RUN(endless_files_end_where_ram_does);
	RUN(words_of_formats);
	power_off();
	unlink(path);
	rmdir(folder);
	return check_done();
}
