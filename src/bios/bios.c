/* Power-on, and the way from a trap to the service. */
#include "bios/bios.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "bios/internal.h"
#include "bios/rom.h"

#define PIC_EOI 0x20 /* OCW2: non-specific end of interrupt */

/* --- memory and ports ------------------------------------------------------------------------- */

static uint32_t get(const struct bios *b, uint32_t gpa, unsigned size)
{
	uint8_t bytes[4] = { 0 };
	if (!b->memory->read(b->memory->ctx, gpa, bytes, size))
		return 0;
	return get32(bytes);
}

static void put(const struct bios *b, uint32_t gpa, uint32_t value, unsigned size)
{
	uint8_t bytes[4];
	put32(bytes, value);
	b->memory->write(b->memory->ctx, gpa, bytes, size);
}

uint8_t bios_get8(const struct bios *b, uint32_t gpa)
{
	return (uint8_t)get(b, gpa, 1);
}

uint16_t bios_get16(const struct bios *b, uint32_t gpa)
{
	return (uint16_t)get(b, gpa, 2);
}

uint32_t bios_get32(const struct bios *b, uint32_t gpa)
{
	return get(b, gpa, 4);
}

void bios_put8(const struct bios *b, uint32_t gpa, uint8_t value)
{
	put(b, gpa, value, 1);
}

void bios_put16(const struct bios *b, uint32_t gpa, uint16_t value)
{
	put(b, gpa, value, 2);
}

void bios_put32(const struct bios *b, uint32_t gpa, uint32_t value)
{
	put(b, gpa, value, 4);
}

uint8_t bios_in(const struct bios *b, uint16_t port)
{
	uint8_t value = 0xff;
	board_io(b->board, port, &value, 1, 1, false);
	return value;
}

void bios_out(const struct bios *b, uint16_t port, uint8_t value)
{
	board_io(b->board, port, &value, 1, 1, true);
}

void bios_end_of_interrupt(const struct bios *b, unsigned irq)
{
	if (irq >= 8)
		bios_out(b, PIC_SLAVE_PORT, PIC_EOI);
	bios_out(b, PIC_MASTER_PORT, PIC_EOI);
}

void bios_say(const struct bios *b, const char *format, ...)
{
	char line[200];
	va_list args;
	if (!b->say)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	b->say(b->ctx, line);
}

/* --- power-on --------------------------------------------------------------------------------- */

static void lay_down_vectors(struct bios *b)
{
	for (unsigned vector = 0; vector < 256; vector++) {
		uint16_t offset = rom_entry(vector);
		bios_put32(b, vector * 4, offset ? ROM_SEGMENT << 16 | offset : 0);
	}
}

static void put_rom(void *ctx, uint16_t offset, const void *bytes, size_t len)
{
	struct bios *b = ctx;
	b->memory->write(b->memory->ctx, ROM_GPA + offset, bytes, len);
}

static void lay_down_rom(struct bios *b)
{
	rom_build(put_rom, b);
}

static bios_lay_down *const all[] = {
	lay_down_rom,
	lay_down_vectors,
	video_power_on,
	chips_power_on,
	keyboard_power_on,
	serial_power_on,
	printer_power_on,
	equipment_power_on,
	system_power_on,
	cmos_power_on,
	clock_power_on,
	disk_power_on,
};

void bios_power_on(struct bios *b)
{
	b->state = (struct bios_state) { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i](b);
}

/* --- calls ------------------------------------------------------------------------------------ */

enum bios_verdict bios_call(struct bios *b, unsigned vector, struct bios_regs *r)
{
	if (vector == ROM_RESET)
		return BIOS_RESETS;
	const struct bios_vector *v = bios_vector(vector);
	const struct bios_function *f = bios_function(v, r);
	bios_service *run = f ? f->run : v->run ? v->run : unknown_service;
	return run(b, vector, r);
}

/* The name of what is called, in front of what its registers say. */
static const struct bios_function *name_call(
        unsigned vector, const struct bios_regs *r, char *to, size_t size)
{
	const struct bios_vector *v = bios_vector(vector);
	const struct bios_function *f = bios_function(v, r);
	if (vector == ROM_RESET)
		snprintf(to, size, "reset");
	else if (vector >= ROM_RESET)
		snprintf(to, size, "%s", v->name ? v->name : "");
	else if (f && f->al != BIOS_ANY_AL)
		snprintf(to, size, "int %02xh AX=%04xh %s", vector, bios_word(r->eax), f->name);
	else if (f)
		snprintf(to, size, "int %02xh AH=%02xh %s", vector, bios_ah(r), f->name);
	else if (v->functions || !v->name)
		snprintf(to, size, "int %02xh AH=%02xh, which %s", vector, bios_ah(r),
		        v->name ? "this BIOS does not have" : "no BIOS answers");
	else
		snprintf(to, size, "int %02xh %s", vector, v->name);
	return f;
}

void bios_describe(unsigned vector, const struct bios_regs *before, const struct bios_regs *after,
        char *to, size_t size)
{
	const struct bios_function *f = name_call(vector, before, to, size);
	size_t len = strlen(to);
	if (f && f->tell)
		f->tell(before, after, to + len, size - len);
}

const char *bios_waits_for(unsigned vector, const struct bios_regs *r)
{
	const struct bios_function *f = bios_function(bios_vector(vector), r);
	return f ? f->waits_for : bios_vector(vector)->waits_for;
}
