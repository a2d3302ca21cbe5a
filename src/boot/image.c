/* The files: reads them, has a plan made of their bytes, carries it out. */
#include "boot/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot/formats.h"
#include "boot/modules.h"
#include "host/file.h"

#define HEADERS_ROOM 0x100000u /* of a file: what is beside the bytes that go into RAM */

/* No format takes more of a file than RAM could hold. */
static size_t limit_of(const struct image_options *o, const struct memory *m)
{
	uint64_t total = memory_total(m);

	if (format_of(o->format)->reads && !file_is_stream(o->path))
		return format_of(o->format)->reads;
	return total < SIZE_MAX / 2 ? (size_t)total + HEADERS_ROOM : SIZE_MAX / 2;
}

/* What shows signs of a boot sector, or of a format that goes before it. */
#define START_OF_FILE 0x10000u

/* The start of a large file that is a boot sector's: the rest is the guest's to read, as a disk's.
 * False: *file is nothing, and all of it has to be read. */
static bool read_start(struct file *file, const struct image_options *o, size_t limit)
{
	struct plan *p = calloc(1, sizeof *p);
	bool is_enough = false;

	if (p && o->format == IMAGE_AUTO && limit > START_OF_FILE && !file_is_stream(o->path) &&
	        file_read(file, o->path, START_OF_FILE, NULL) == 0) {
		p->options = o;
		p->file = file;
		is_enough = file->is_whole || format_of(format_guess(p))->reads;
		if (!is_enough)
			file_free(file);
	}
	free(p);
	return is_enough;
}

static int read_image(
        struct file *file, const struct image_options *o, const struct memory *m, struct error *e)
{
	size_t limit = limit_of(o, m);

	return read_start(file, o, limit) ? 0 : file_read(file, o->path, limit, e);
}

/* The file's bytes, where they are a disk that nobody can read again. */
static void keep_stream(const struct image_options *o, struct file *file, struct image_loaded *l)
{
	l->is_stream = l->format == IMAGE_BOOT && file_is_stream(o->path);
	if (!l->is_stream || !file->is_whole)
		return;
	l->stream = file->bytes;
	l->stream_size = file->len;
	file->bytes = NULL;
}

static int load(const struct image_options *o, const struct file *file,
        const struct modules *modules, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e)
{
	struct file_label label = file_label(o->path);
	struct plan *p = calloc(1, sizeof *p);

	if (!p)
		return error_set(e, -ENOMEM, "out of memory");
	p->options = o;
	p->memory = m;
	p->file = file;
	p->name = label.text;
	p->module_count = modules->count;
	for (unsigned i = 0; i < modules->count; i++)
		p->modules[i] = (struct plan_module) {
			.text = modules->all[i].text,
			.bytes = modules->all[i].file.bytes,
			.size = modules->all[i].file.len,
		};
	int err = plan_make(p, e);
	if (!err)
		plan_carry_out(p, m, regs, sregs, loaded);
	free(p);
	return err;
}

int image_load(const struct image_options *o, struct memory *m, struct kvm_regs *regs,
        struct kvm_sregs *sregs, struct image_loaded *loaded, struct error *e)
{
	struct file file = { 0 };
	struct modules modules;
	int err = read_image(&file, o, m, e);

	if (err)
		return err;
	err = modules_open(&modules, o->initrd, o->initrd_count, (size_t)memory_total(m), e);
	if (err)
		goto free_file;
	err = load(o, &file, &modules, m, regs, sregs, loaded, e);
	if (!err)
		keep_stream(o, &file, loaded);
	modules_close(&modules);
free_file:
	file_free(&file);
	return err;
}

void image_describe(const struct image_loaded *loaded, char *to, size_t size)
{
	char bytes[40] = "";

	if (loaded->size)
		snprintf(bytes, sizeof bytes, " %" PRIu64 " bytes,", loaded->size);
	snprintf(to, size, "%s:%s taken as %s at %#" PRIx64 ", %s (%s)", loaded->name, bytes,
	        image_format_name(loaded->format), loaded->pieces[0].gpa,
	        start_mode_title(loaded->mode), loaded->why);
}
