/* Which files are disks, and the way from a disk to its file. */
#include "machine/media.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/disk_file.h"
#include "host/file.h"
#include "host/notice.h"

struct media_file {
	struct disk_file file;
	unsigned owners;  /* struct media that have it */
	const char *said; /* the option's value or the image's path, which says which file it is */
};

/* --- media: a file, and bytes ----------------------------------------------------------------- */

static int read_file(void *ctx, uint64_t offset, void *to, size_t len)
{
	struct media_file *f = ctx;
	return disk_file_read(&f->file, offset, to, len);
}

static int write_file(void *ctx, uint64_t offset, const void *from, size_t len)
{
	struct media_file *f = ctx;
	return disk_file_write(&f->file, offset, from, len);
}

static int flush_file(void *ctx)
{
	struct media_file *f = ctx;
	return disk_file_flush(&f->file);
}

static int read_bytes(void *ctx, uint64_t offset, void *to, size_t len)
{
	const struct media *m = ctx;
	size_t there = offset >= m->size ? 0 : m->size - (size_t)offset;
	if (there > len)
		there = len;
	if (there)
		memcpy(to, m->bytes + offset, there);
	memset((uint8_t *)to + there, 0, len - there);
	return 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* A disk as it is asked for. */
struct wanted {
	const char *said;
	const char *path;
	bool is_writable;
	enum disk_kind kind;
};

static void drop(struct media_file *f)
{
	if (!f || --f->owners)
		return;
	int err = disk_file_close(&f->file);
	if (err)
		notice_print("stepvm: warning: %s: what the guest wrote may be lost: %s\n",
		        file_label(f->said).text, strerror(-err));
	free(f);
}

static struct media_file *find_open(const struct media *before, const struct wanted *w)
{
	for (unsigned i = 0; before && w->is_writable && i < before->disks.count; i++)
		if (before->files[i] && before->files[i]->said == w->said)
			return before->files[i];
	return NULL;
}

static int open_file(
        struct media_file **to, const struct media *before, const struct wanted *w, struct error *e)
{
	struct media_file *f = find_open(before, w);
	if (f) {
		f->owners++;
		*to = f;
		return 0;
	}
	f = calloc(1, sizeof *f);
	if (!f)
		return error_set(e, -ENOMEM, "out of memory");
	*f = (struct media_file) { .owners = 1, .said = w->said };
	int err = disk_file_open(&f->file, w->path, w->is_writable, e);
	if (err)
		free(f);
	else
		*to = f;
	return err;
}

static int add_file(
        struct media *m, const struct media *before, const struct wanted *w, struct error *e)
{
	struct media_file *f = NULL;
	int err = open_file(&f, before, w, e);
	if (err)
		return err;
	const struct disk_medium medium = {
		.ctx = f,
		.size = f->file.size,
		.is_writable = w->is_writable,
		.read = read_file,
		.write = write_file,
		.flush = flush_file,
	};
	err = disks_add(&m->disks, file_label(w->path).text, &medium, w->kind, e);
	if (err)
		drop(f);
	else
		m->files[m->disks.count - 1] = f;
	return err;
}

/* What came by a pipe can't be read again: the image's bytes are the disk. */
static int add_bytes(
        struct media *m, struct image_loaded *image, const struct wanted *w, struct error *e)
{
	const struct disk_medium medium = {
		.ctx = m,
		.size = image->stream_size,
		.read = read_bytes,
	};
	if (w->is_writable)
		return error_set(e, -EINVAL, "--disk %s: a pipe can't be written to", w->said);
	if (!image->stream)
		return error_set(e, -EFBIG,
		        "%s: more came by the pipe than there is RAM: a disk of that size has to "
		        "be a file",
		        image->name);
	m->bytes = image->stream;
	m->size = image->stream_size;
	image->stream = NULL;
	return disks_add(&m->disks, image->name, &medium, w->kind, e);
}

/* The path, in which two commas stand for one. */
static int take_path(const struct config_disk *d, char *to, size_t size, struct error *e)
{
	size_t n = 0;
	for (size_t i = 0; i < d->path_len; i++) {
		if (n == size - 1)
			return error_set(e, -ENAMETOOLONG, "--disk: the file's name is too long");
		to[n++] = d->text[i];
		i += d->text[i] == ',';
	}
	to[n] = 0;
	return 0;
}

/* Two disks of one file that is written to: what one writes, the other would find under its own changes, or not. */
static int check_twice(const struct machine_config *c, struct error *e)
{
	char first[PATH_MAX], second[PATH_MAX];
	int err = 0;
	for (unsigned i = 0; i < c->disk_count && !err; i++)
		for (unsigned j = i + 1; j < c->disk_count && !err; j++) {
			err = take_path(&c->disks[i], first, sizeof first, e);
			if (!err)
				err = take_path(&c->disks[j], second, sizeof second, e);
			if (!err && (c->disks[i].is_writable || c->disks[j].is_writable) &&
			        file_is_same(first, second))
				err = error_set(e, -EINVAL,
				        "--disk %s: that file was given already, and with write it "
				        "can be one disk only",
				        c->disks[j].text);
		}
	return err;
}

static int add_boot(struct media *m, const struct media *before, struct image_loaded *image,
        const struct wanted *w, struct error *e)
{
	int err = image->is_stream ? add_bytes(m, image, w, e) : add_file(m, before, w, e);
	m->disks.has_boot = !err;
	return err;
}

/* The image with what --disk says of it, then the others. */
static int add_all(struct media *m, const struct machine_config *c, struct image_loaded *image,
        const struct media *before, struct error *e)
{
	const char *boot = image->format == IMAGE_BOOT ? c->image.path : NULL;
	struct wanted first = { boot, boot, false, DISK_AUTO };
	char path[PATH_MAX];
	int of_boot = -1, err = check_twice(c, e);
	for (unsigned i = 0; boot && i < c->disk_count && !err; i++) {
		const struct config_disk *d = &c->disks[i];
		err = take_path(d, path, sizeof path, e);
		if (err || !file_is_same(path, boot) || of_boot >= 0)
			continue;
		of_boot = (int)i;
		first.is_writable = d->is_writable;
		first.kind = d->kind;
	}
	if (boot && !err)
		err = add_boot(m, before, image, &first, e);
	for (unsigned i = 0; i < c->disk_count && !err; i++) {
		const struct config_disk *d = &c->disks[i];
		const struct wanted w = { d->text, path, d->is_writable, d->kind };
		if ((int)i == of_boot)
			continue;
		err = take_path(d, path, sizeof path, e);
		if (!err)
			err = add_file(m, before, &w, e);
	}
	return err;
}

int media_open(struct media **to, const struct machine_config *c, struct image_loaded *image,
        const struct media *before, struct error *e)
{
	if (image->board != IMAGE_BOARD_PC) {
		if (!c->disk_count)
			return 0;
		return error_set(e, -EINVAL,
		        "--disk %s: a bare board has no disks; --board pc has some",
		        c->disks[0].text);
	}
	struct media *m = calloc(1, sizeof *m);
	if (!m)
		return error_set(e, -ENOMEM, "out of memory");
	int err = add_all(m, c, image, before, e);
	if (err)
		media_close(m);
	else
		*to = m;
	return err;
}

int media_open_replayed(struct media **to, const struct config_replay *r, struct error *e)
{
	if (!r->is_pc)
		return 0;
	struct media *m = calloc(1, sizeof *m);
	if (!m)
		return error_set(e, -ENOMEM, "out of memory");
	int err = 0;
	for (unsigned i = 0; i < r->disk_count && !err; i++)
		err = disks_add(
		        &m->disks, r->disks[i].name, &r->disks[i].medium, r->disks[i].kind, e);
	m->disks.has_boot = r->has_boot;
	if (err)
		media_close(m);
	else
		*to = m;
	return err;
}

void media_close(struct media *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->disks.count; i++)
		drop(m->files[i]);
	disks_close(&m->disks);
	free(m->bytes);
	free(m);
}

int media_check_restart(const struct media *m, struct error *e)
{
	for (unsigned i = 0; m && i < m->disks.count; i++)
		if (m->disks.all[i].writes)
			return error_set(e, -EBUSY,
			        "the guest has written to %s, and what is in a file is not taken "
			        "back: end stepvm, and start it again",
			        m->disks.all[i].name);
	return 0;
}

bool media_is_writable(const struct media *m)
{
	for (unsigned i = 0; m && i < m->disks.count; i++)
		if (m->disks.all[i].medium.is_writable)
			return true;
	return false;
}
