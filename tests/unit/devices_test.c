/* The rows of devices: whole, and named where people look for what stands at a port. */
#include <ctype.h>

#include "check.h"
#include "cli/options.h"
#include "devices/board.h"
#include "readme.h"

static bool is_answered(bool is_pc, unsigned port)
{
	static struct board b;
	uint8_t data = 0;

	board_init(&b, is_pc, NULL, NULL);
	return board_io(&b, (uint16_t)port, &data, 1, 1, false);
}

static void rows_of_devices_are_whole(void)
{
	const struct device *d;

	for (unsigned i = 0; (d = board_device(i)); i++) {
		CHECK(d->name && d->read && d->write);
		CHECK_EQ(!d->about, !d->show);
		CHECK(!d->next_ns || d->update);
		CHECK(!d->update || (d->irq < 16 && d->irq != PIC_CASCADE));
		CHECK_EQ(!d->input, !d->input_room);
		CHECK(!d->input || d->update);
		for (unsigned k = 0; d->show && k < i; k++)
			CHECK(!board_device(k)->show ||
			        strcmp(board_device(k)->name, d->name) != 0);
		for (unsigned k = 1; k < DEVICE_PORTS_MAX; k++)
			CHECK(d->ports[k - 1].size || !d->ports[k].size);
	}
}

static void a_long_text_of_a_device_is_cut(void)
{
	struct device_text t = { .len = 0 };

	for (unsigned i = 0; i < 300; i++) {
		device_say(&t, "%u\n", i);
		CHECK_EQ(t.len, strlen(t.text));
	}
	CHECK_EQ(t.len, sizeof t.text - 1);
	CHECK(!strncmp(t.text, "0\n1\n2\n", 6));
}

/* How many ports the row that begins at base has there; 0: none does. */
static unsigned ports_at(unsigned base)
{
	for (unsigned i = 0; board_device(i); i++)
		for (unsigned k = 0; k < DEVICE_PORTS_MAX; k++)
			if (board_device(i)->ports[k].base == base)
				return board_device(i)->ports[k].size;
	return 0;
}

/* These, and no more of them than a PC has. */
static void devices_stand_at_a_pcs_ports(void)
{
	static const struct {
		unsigned base, size;
		bool is_pc_only;
	} pc[] = { { 0x20, 2 }, { 0x40, 4 }, { 0x60, 1, true }, { 0x61, 1 }, { 0x64, 1, true },
		{ 0x70, 2, true }, { 0x80, 1, true }, { 0x92, 1, true }, { 0xa0, 2 },
		{ 0x2f8, 8, true }, { 0x378, 3, true }, { 0x3b0, 12, true }, { 0x3c0, 16, true },
		{ 0x3d0, 12, true }, { 0x3f8, 8 }, { 0x4d0, 2 }, { 0xcf8, 8, true } };

	for (size_t i = 0; i < sizeof pc / sizeof pc[0]; i++) {
		CHECK_EQ(ports_at(pc[i].base), pc[i].size);
		for (unsigned k = 0; k < pc[i].size; k++)
			for (unsigned is_pc = 0; is_pc < 2; is_pc++)
				CHECK_EQ(is_answered(is_pc, pc[i].base + k),
				        is_pc || !pc[i].is_pc_only);
	}
}

/* README.md has them in its table, too. */
static void ports_that_guests_of_the_tests_find_empty_are_empty(void)
{
	static const struct {
		unsigned first, last;
		const char *guest;
	} empty[] = { { 0x80, 0x80, "thrice.S" }, { 0xe0, 0xe7, "ports.S" },
		{ 0x300, 0x303, "ports.S" } };

	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
		for (unsigned port = empty[i].first; port <= empty[i].last; port++)
			if (is_answered(false, port) || (port != 0x80 && is_answered(true, port)))
				CHECK_FAIL("0x%x: guests/%s expects nothing there", port,
				        empty[i].guest);
}

/* As "0x40" stands in the text, and not as a part of "0x400". */
static bool is_named(const char *text, unsigned port)
{
	char name[8];
	size_t len = (size_t)snprintf(name, sizeof name, "0x%x", port);

	while (text && (text = strstr(text, name)) && isxdigit((unsigned char)text[len]))
		text++;
	return text != NULL;
}

static void check_text(const char *text, const char *where)
{
	for (unsigned i = 0; board_device(i); i++) {
		const struct device *d = board_device(i);

		for (unsigned k = 0; k < DEVICE_PORTS_MAX && d->ports[k].size; k++)
			if (!is_named(text, d->ports[k].base))
				CHECK_FAIL("%s: port 0x%x is not in %s", d->name, d->ports[k].base,
				        where);
	}
}

static void the_readme_and_the_help_name_each_device(void)
{
	char *readme = readme_read("src/devices/README.md"), *help = NULL;
	size_t len;
	FILE *to = open_memstream(&help, &len);

	options_help(to, false, VERB_RUN);
	fclose(to);
	check_text(readme, "src/devices/README.md");
	check_text(help, "port_facts of src/cli/options_help.c");
	free(readme);
	free(help);
}

int main(void)
{
	RUN(rows_of_devices_are_whole);
	RUN(a_long_text_of_a_device_is_cut);
	RUN(devices_stand_at_a_pcs_ports);
	RUN(ports_that_guests_of_the_tests_find_empty_are_empty);
	RUN(the_readme_and_the_help_name_each_device);
	return check_done();
}
