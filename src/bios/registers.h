/* The registers at a BIOS call, and their halves by the names that the documentation of the calls
 * uses. */
#ifndef STEPVM_BIOS_REGISTERS_H
#define STEPVM_BIOS_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define BIOS_CF 0x0001u
#define BIOS_ZF 0x0040u
#define BIOS_IF 0x0200u

struct bios_regs {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
	uint16_t ds, es, ss,
	        sp; /* at the stub's first instruction: the frame of int n is at ss:sp */
	/* The caller's, from that frame; flags go back into it. */
	uint16_t ip, cs, flags;
	/* What a call has found in memory, for its description: int 13h's packet of sectors. */
	struct {
		uint64_t lba;
		uint32_t buffer; /* offset and segment */
		uint16_t count;
	} packet;
};

/* AX and AL of eax, and so on: bios_low(r->eax), bios_set_low(&r->eax, 1). */
static inline uint8_t bios_low(uint32_t reg)
{
	return (uint8_t)reg;
}
static inline uint8_t bios_high(uint32_t reg)
{
	return (uint8_t)(reg >> 8);
}
static inline uint16_t bios_word(uint32_t reg)
{
	return (uint16_t)reg;
}
static inline void bios_set_low(uint32_t *reg, uint8_t value)
{
	*reg = (*reg & 0xffffff00u) | value;
}
static inline void bios_set_high(uint32_t *reg, uint8_t value)
{
	*reg = (*reg & 0xffff00ffu) | (uint32_t)value << 8;
}
static inline void bios_set_word(uint32_t *reg, uint16_t value)
{
	*reg = (*reg & 0xffff0000u) | value;
}

static inline uint8_t bios_ah(const struct bios_regs *r)
{
	return bios_high(r->eax);
}
static inline uint8_t bios_al(const struct bios_regs *r)
{
	return bios_low(r->eax);
}
static inline void bios_set_ah(struct bios_regs *r, uint8_t value)
{
	bios_set_high(&r->eax, value);
}
static inline void bios_set_al(struct bios_regs *r, uint8_t value)
{
	bios_set_low(&r->eax, value);
}
static inline void bios_set_ax(struct bios_regs *r, uint16_t value)
{
	bios_set_word(&r->eax, value);
}

static inline void bios_set_flag(struct bios_regs *r, uint16_t flag, bool is_set)
{
	r->flags = (uint16_t)(is_set ? r->flags | flag : r->flags & ~flag);
}
/* CF, by which most calls tell of an error. */
static inline void bios_set_carry(struct bios_regs *r, bool is_set)
{
	bios_set_flag(r, BIOS_CF, is_set);
}

/* Real mode's address of segment:offset. Above 1 MiB it does not wrap: A20 is on. */
static inline uint32_t bios_linear(uint16_t segment, uint16_t offset)
{
	return (uint32_t)segment * 16 + offset;
}

#endif
