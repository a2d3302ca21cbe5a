#include "program.h"

/* What tests/rsp gives the guests that want something else than 0000:0000. */
static const struct {
	const char *name;
	uint32_t gva;
	uint16_t ax, bx;
} placed[] = {
	{ "add", 0x1000, 2, 2 },
};

/* Guests that are no images of 16-bit code, go to long mode, for which there is no layout here, ask the
 * UART, which is not the same one, end by the exit port, have 32-bit paging, or switch tasks, which not every KVM can
 * (tests/rsp/ways_test.c has that). */
static const char *const left_out[] = { "alias32", "alias64", "c16", "demand32", "demandpae",
	"kernel32", "kernel64", "longrep", "modes", "multiboot", "raise64", "reset", "ring3", "pc",
	"spaces", "stray", "syscalls", "tasks", "user32", "zero" };

#define BOOT_SECTOR 0x7c00 /* where a BIOS puts it; its last two bytes are 55 aa */

bool program_init(struct program *p, const char *name)
{
	*p = (struct program) { .memory = calloc(1, SIDE_MEMORY) };
	snprintf(p->name, sizeof p->name, "%s", name);
	return p->memory != NULL;
}

void program_close(struct program *p)
{
	free(p->memory);
	p->memory = NULL;
}

bool program_can_be_compared(const char *name)
{
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		if (!strcmp(left_out[i], name))
			return false;
	return true;
}

bool program_load(struct program *p, const char *path)
{
	static uint8_t image[SIDE_MEMORY / 2];
	uint32_t gva = 0;
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	size_t len = fread(image, 1, sizeof image, f);
	fclose(f);
	p->start = (struct cpu) { 0 };
	if (len >= 512 && image[510] == 0x55 && image[511] == 0xaa)
		gva = BOOT_SECTOR;
	for (size_t i = 0; i < sizeof placed / sizeof *placed; i++) {
		if (strcmp(placed[i].name, p->name))
			continue;
		gva = placed[i].gva;
		p->start.r[CPU_EAX] = placed[i].ax;
		p->start.r[CPU_EBX] = placed[i].bx;
	}
	memset(p->memory, 0, SIDE_MEMORY);
	memcpy(p->memory + gva, image, len);
	p->start.r[CPU_EFLAGS] = 2;
	p->start.r[CPU_CR0] = 0x60000010; /* SDM vol 3, table "CPU State After Reset" */
	p->start.r[CPU_PC] = gva;
	p->window = SIDE_MEMORY;
	p->steps_max = 5000;
	return true;
}
