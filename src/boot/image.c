/* The files: reads them, has a plan made of their bytes, carries it out. */
#include "boot/image.h"

#include <errno.h>
#include <stdlib.h>

#include "boot/file.h"
#include "boot/modules.h"
#include "boot/plan.h"

#define BOOT_SECTOR  512u
#define HEADERS_ROOM 0x100000u /* of a file: what is beside the bytes that go into RAM */

/* No format takes more of a file than RAM could hold; of a disk the boot sector is enough. */
static size_t limit_of(const struct image_options *o, const struct memory *m)
{
	uint64_t total = memory_total(m);

	if (o->format == IMAGE_BOOT)
		return BOOT_SECTOR;
	return total < SIZE_MAX / 2 ? (size_t)total + HEADERS_ROOM : SIZE_MAX / 2;
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
	int err = file_read(&file, o->path, limit_of(o, m), e);

	if (err)
		return err;
	err = modules_open(&modules, o->initrd, o->initrd_count, (size_t)memory_total(m), e);
	if (err)
		goto free_file;
	err = load(o, &file, &modules, m, regs, sregs, loaded, e);
	modules_close(&modules);
free_file:
	file_free(&file);
	return err;
}
