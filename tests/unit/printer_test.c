/* The file that a parallel port prints to. */
#include "machine/printer.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static void bytes_go_to_the_file(void)
{
	char path[] = "/tmp/stepvm-printer.XXXXXX", text[10] = "";
	struct printer p;
	struct error e = { 0 };
	int fd = mkstemp(path);

	CHECK(fd >= 0 && write(fd, "old text", 8) == 8);
	CHECK_EQ(printer_open(&p, path, &e), 0);
	printer_put(&p, (const uint8_t *)"hello", 5);
	printer_put(&p, (const uint8_t *)"\f", 1);
	printer_close(&p);
	CHECK_EQ(pread(fd, text, sizeof text - 1, 0), 6);
	CHECK_STR(text, "hello\f");
	close(fd);
	unlink(path);
}

static void none_is_no_error(void)
{
	struct printer p;
	struct error e = { 0 };

	CHECK_EQ(printer_open(&p, NULL, &e), 0);
	printer_put(&p, (const uint8_t *)"x", 1);
	printer_close(&p);
}

static void what_can_not_be_opened_is_refused(void)
{
	struct printer p;
	struct error e = { 0 };

	CHECK(printer_open(&p, "/", &e) < 0);
	CHECK_STR(e.text, "--parallel /: Is a directory");
	e = (struct error) { 0 };
	CHECK(printer_open(&p, "/nowhere/at/all", &e) < 0);
	CHECK_STR(e.text, "--parallel /nowhere/at/all: No such file or directory");
}

/* Said once on stderr; the guest goes on. */
static void a_full_disk_ends_the_printing(void)
{
	struct printer p;
	struct error e = { 0 };

	if (printer_open(&p, "/dev/full", &e) < 0)
		CHECK_SKIP("no /dev/full");
	printer_put(&p, (const uint8_t *)"x", 1);
	CHECK_EQ(p.fd, -1);
	printer_put(&p, (const uint8_t *)"x", 1);
	printer_close(&p);
}

int main(void)
{
	RUN(bytes_go_to_the_file);
	RUN(none_is_no_error);
	RUN(what_can_not_be_opened_is_refused);
	RUN(a_full_disk_ends_the_printing);
	return check_done();
}
