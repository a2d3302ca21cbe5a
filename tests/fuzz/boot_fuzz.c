/* libFuzzer's target for the loaders: any bytes as an image, with any options. `make fuzz`.
 *
 * The last two bytes choose format, mode, entry and what is handed over, so that a file as it is
 * makes a good seed. The RAM is small and has a hole. Judged by sanitizers, by asserts in the
 * loaders, and by what is checked here: a refusal is one line, and so is a warning, which comes with
 * a guess only; a load starts in RAM. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "boot/plan.h"

#define RAM_SIZE 0x200000u
#define TOP_GPA  0xfffff000u /* the reset vector's page */
#define TOP_SIZE 0x1000u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void choose(struct plan *p, struct image_options *o, uint8_t a, uint8_t b)
{
	static const uint8_t module[] = "module";

	o->format = a % IMAGE_FORMATS;
	o->mode = a / 8 % (START_LONG + 1);
	o->has_load = a & 0x40;
	o->load_gpa = a & 0x80 ? TOP_GPA : 0x1000;
	o->entry.kind = b % (ENTRY_RESET + 1);
	o->entry.gva = 0x1000;
	if (!(b & 4))
		return;
	o->append = "command line";
	p->module_count = b / 8 % 4;
	for (unsigned i = 0; i < p->module_count; i++)
		p->modules[i] = (struct plan_module) { .text = "m", .bytes = module, .size = i };
}

static void check(const struct plan *p, int err, const struct error *e)
{
	if (err ? !e->text[0] || strchr(e->text, '\n') : e->text[0] != 0)
		abort();
	if (strchr(p->warning.text, '\n') || (p->warning.text[0] && p->options->format))
		abort();
	uint64_t base = p->mode == START_REAL ? p->cs.base : 0;
	if (!err && !layout_ram_from(p->memory, base + p->regs.rip))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t ram[RAM_SIZE], top[TOP_SIZE];
	struct memory m = { .vm_fd = -1,
		.count = 2,
		.slots = { { TOP_GPA, TOP_SIZE, top }, { 0, RAM_SIZE, ram } } };
	struct kvm_regs regs;
	struct kvm_sregs sregs = { 0 };
	struct image_loaded loaded;
	struct image_options options = { .path = "image" };
	struct error e = { 0 };

	if (len < 2)
		return 0;
	struct plan *p = calloc(1, sizeof *p);
	uint8_t *exact = malloc(len - 2 ? len - 2 : 1);
	if (!p || !exact)
		abort();
	memcpy(exact, bytes, len - 2);
	const struct file file = {
		.bytes = exact, .len = len - 2, .is_whole = true, .size = len - 2
	};
	p->options = &options;
	p->memory = &m;
	p->file = &file;
	p->name = "image";
	choose(p, &options, bytes[len - 2], bytes[len - 1]);
	int err = plan_make(p, &e);
	check(p, err, &e);
	if (!err) {
		char line[400];
		plan_carry_out(p, &m, &regs, &sregs, &loaded);
		image_describe(&loaded, line, sizeof line);
		if (strchr(line, '\n'))
			abort();
	}
	free(exact);
	free(p);
	return 0;
}
