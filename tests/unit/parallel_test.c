/* The parallel port by its ports, with a printer and without. */
#include "devices/parallel.h"

#include "check.h"
#include "board_pc.h"

static char printed[100];

static void print(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx;
	strncat(printed, (const char *)bytes, len);
}

static void strobe(unsigned byte)
{
	pc_out(0x378, byte);
	pc_out(0x37a, 0x0d);
	pc_out(0x37a, 0x0c);
}

static void bytes_are_printed_by_the_strobe(void)
{
	struct board *b = pc_open();

	printed[0] = 0;
	board_wire(b, &parallel_device, print, NULL);
	CHECK_EQ(pc_in(0x379), 0xdf);
	CHECK_EQ(pc_in(0x37a), 0xec);
	pc_out(0x378, 'x');
	CHECK_EQ(pc_in(0x378), 'x');
	CHECK_STR(printed, "");
	strobe('h');
	pc_out(0x37a, 0x0d);
	pc_out(0x37a, 0x0d); /* high already */
	pc_out(0x37a, 0x0c);
	strobe('i');
	CHECK_STR(printed, "hhi");
	pc_out(0x379, 0xff);
	CHECK_EQ(pc_in(0x379), 0xdf);
	CHECK_STR(pc.output, "");
}

static void without_a_printer_it_is_out_of_paper(void)
{
	struct board *b = pc_open();
	struct device_text t = { .len = 0 };

	CHECK_EQ(pc_in(0x379), 0x7f);
	strobe('h');
	CHECK_STR(pc.output, "");
	parallel_device.show(b, &t);
	CHECK_STR(t.text, "printer      none is connected; data 0x68, control 0x0c\n");
}

int main(void)
{
	RUN(bytes_are_printed_by_the_strobe);
	RUN(without_a_printer_it_is_out_of_paper);
	return check_done();
}
