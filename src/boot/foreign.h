/* Files that are handed over by mistake: text, archives, disks of other formats, what Linux and
 * Windows run. Taken as flat images their bytes would run as code, and nothing would say why the
 * guest does what it does. Pure: looks at the bytes that are there, and at no file's name.
 *
 * Sources of the numbers: file(1)'s magic(5) data and the formats' own documents, by each row. */
#ifndef STEPVM_BOOT_FOREIGN_H
#define STEPVM_BOOT_FOREIGN_H

#include "host/file.h"

struct foreign {
	const char *what; /* "a gzip file" */
	const char *cure; /* what the user can do: "unpack it with gunzip" */
};

/* What the file is that has no code to run at its start; NULL: nothing that is known here. */
const struct foreign *foreign_find(const struct file *f);

#endif
