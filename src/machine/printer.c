/* A file that a parallel port's bytes go to. */
#include "machine/printer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"
#include "host/notice.h"

int printer_open(struct printer *p, const char *path, struct error *e)
{
	*p = (struct printer) { .path = path, .fd = -1 };
	if (!path)
		return 0;
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (p->fd < 0)
		return error_set(
		        e, -errno, "--parallel %s: %s", file_label(path).text, strerror(errno));
	return 0;
}

void printer_close(struct printer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void printer_put(void *printer, const uint8_t *bytes, size_t len)
{
	struct printer *p = printer;
	while (len && p->fd >= 0) {
		ssize_t n = write(p->fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			notice_print("stepvm: --parallel %s: %s; nothing more is printed\n",
			        file_label(p->path).text, strerror(errno));
			printer_close(p);
			return;
		}
		bytes += n;
		len -= (size_t)n;
	}
}
