/* --initrd: the files that a boot protocol hands to a kernel as modules.
 *
 * A list is "FILE ARGS,FILE2 ARGS2": commas part the modules, two commas are one that is meant,
 * and what follows the first space is the kernel's. A module's text is all of it, name and ARGS.
 * (QEMU's -initrd.) */
#ifndef STEPVM_BOOT_MODULES_H
#define STEPVM_BOOT_MODULES_H

#include "boot/image.h"
#include "host/file.h"

struct module {
	char *text;
	struct file file;
};

struct modules {
	unsigned count;
	struct module all[IMAGE_MODULES_MAX];
};

/* Reads the modules of all lists, limit bytes in each at most. Returns 0, or -EINVAL (no name, or
 * more than IMAGE_MODULES_MAX), -EFBIG (a file is longer), -ENOMEM or what file_read says. */
int modules_open(struct modules *m, const char *const *lists, unsigned list_count, size_t limit,
        struct error *e);
void modules_close(struct modules *m);

#endif
