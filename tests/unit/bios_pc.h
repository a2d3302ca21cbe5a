/* A PC's firmware on memory of ours: some MiB, a board of its own, no KVM. A test opens one, and does
 * what its machine would do with the verdicts.
 *
 *	static struct pc pc;
 *	pc_open(&pc, 4 << 20);
 *	pc.r.eax = 0x0100;
 *	CHECK_EQ(pc_call(&pc, 0x16), BIOS_DONE);
 */
#ifndef STEPVM_TESTS_BIOS_PC_H
#define STEPVM_TESTS_BIOS_PC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "bios/bda.h"
#include "bios/bios.h"
#include "bios/rom.h"
#include "devices/disk.h"

#define PC_RAM_MAX (8u << 20)

struct pc {
	uint8_t ram[PC_RAM_MAX];
	uint32_t size; /* of it */
	struct bios_memory memory;
	struct board board;
	struct disks disks;
	struct bios bios;
	struct bios_regs r;
	char printed[512]; /* teletype output */
	char said[256];    /* the last line for the user, */
	unsigned said_count;
	uint8_t output[512]; /* and what the devices sent */
	size_t output_len;
	unsigned writes; /* to memory */
	/* Where they may be: len bytes from gpa on; NULL: anywhere. Others are counted. */
	bool (*may_write)(const struct pc *pc, uint32_t gpa, size_t len);
	unsigned strays;
};

static inline bool pc_is_ram(const struct pc *pc, uint32_t gpa, size_t len)
{
	return gpa <= pc->size && len <= pc->size - gpa;
}

static inline bool pc_read(void *ctx, uint32_t gpa, void *to, size_t len)
{
	struct pc *pc = ctx;
	if (pc_is_ram(pc, gpa, len))
		memcpy(to, pc->ram + gpa, len);
	return pc_is_ram(pc, gpa, len);
}

static inline bool pc_write(void *ctx, uint32_t gpa, const void *from, size_t len)
{
	struct pc *pc = ctx;
	if (pc_is_ram(pc, gpa, len))
		memcpy(pc->ram + gpa, from, len);
	pc->writes++;
	pc->strays += pc->may_write && !pc->may_write(pc, gpa, len);
	return pc_is_ram(pc, gpa, len);
}

static inline void pc_say(void *ctx, const char *line)
{
	struct pc *pc = ctx;
	snprintf(pc->said, sizeof pc->said, "%s", line);
	pc->said_count++;
}

static inline void pc_teletype(void *ctx, uint8_t character)
{
	struct pc *pc = ctx;
	size_t len = strlen(pc->printed);
	if (len < sizeof pc->printed - 1)
		pc->printed[len] = (char)character;
}

static inline void pc_output(void *ctx, const uint8_t *bytes, size_t len)
{
	struct pc *pc = ctx;
	for (size_t i = 0; i < len && pc->output_len < sizeof pc->output; i++)
		pc->output[pc->output_len++] = bytes[i];
}

static inline void pc_add_range(struct pc *pc, uint64_t gpa, uint64_t end, uint32_t type)
{
	pc->memory.ranges[pc->memory.range_count++] = (struct bios_range) { gpa, end - gpa, type };
}

/* A PC's map of so much RAM; what is above PC_RAM_MAX is on the map only. */
static inline void pc_map(struct pc *pc, uint64_t ram)
{
	pc->memory.range_count = 0;
	pc_add_range(pc, 0, EBDA_GPA, 1);
	pc_add_range(pc, EBDA_GPA, 0xa0000, 2);
	pc_add_range(pc, 0xf0000, 0x100000, 2);
	pc_add_range(pc, 0x100000, ram < 0xc0000000 ? ram : 0xc0000000, 1);
	if (ram > 0xc0000000)
		pc_add_range(
		        pc, UINT64_C(0x100000000), UINT64_C(0x100000000) + ram - 0xc0000000, 1);
}

/* Before power-on; disks and ranges can be changed still. It must not move. */
static inline void pc_make(struct pc *pc, uint64_t ram)
{
	memset(pc, 0, sizeof *pc);
	pc->size = ram < PC_RAM_MAX ? (uint32_t)ram : PC_RAM_MAX;
	pc->memory = (struct bios_memory) { .ctx = pc, .read = pc_read, .write = pc_write };
	pc_map(pc, ram);
	board_init(&pc->board, true, pc_output, pc);
	pc->bios = (struct bios) {
		.board = &pc->board,
		.disks = &pc->disks,
		.memory = &pc->memory,
		.say = pc_say,
		.teletype = pc_teletype,
		.ctx = pc,
	};
}

static inline void pc_open(struct pc *pc, uint64_t ram)
{
	pc_make(pc, ram);
	bios_power_on(&pc->bios);
	pc->r = (struct bios_regs) { .ss = 0x9000, .sp = 0x0ffa, .cs = 0x07c0, .flags = BIOS_IF };
}

static inline enum bios_verdict pc_call(struct pc *pc, unsigned vector)
{
	return bios_call(&pc->bios, vector, &pc->r);
}

/* With these in AX, BX, CX and DX, whose upper halves are as they were. */
static inline enum bios_verdict pc_int(
        struct pc *pc, unsigned vector, uint16_t ax, uint16_t bx, uint16_t cx, uint16_t dx)
{
	bios_set_word(&pc->r.eax, ax);
	bios_set_word(&pc->r.ebx, bx);
	bios_set_word(&pc->r.ecx, cx);
	bios_set_word(&pc->r.edx, dx);
	return pc_call(pc, vector);
}

static inline uint16_t pc_ax(const struct pc *pc)
{
	return bios_word(pc->r.eax);
}

static inline bool pc_carry(const struct pc *pc)
{
	return pc->r.flags & BIOS_CF;
}

static inline uint16_t pc_get16(const struct pc *pc, uint32_t gpa)
{
	return get16(pc->ram + gpa);
}

static inline uint32_t pc_get32(const struct pc *pc, uint32_t gpa)
{
	return get32(pc->ram + gpa);
}

static inline uint8_t pc_in(struct pc *pc, uint16_t port)
{
	uint8_t value = 0xff;
	board_io(&pc->board, port, &value, 1, 1, false);
	return value;
}

static inline void pc_out(struct pc *pc, uint16_t port, uint8_t value)
{
	board_io(&pc->board, port, &value, 1, 1, true);
}

/* The CPU takes the interrupt that waits, and the ROM's stub traps. -1: none waits. */
static inline int pc_interrupt(struct pc *pc)
{
	if (!board_interrupt(&pc->board))
		return -1;
	return board_acknowledge(&pc->board);
}

#endif
