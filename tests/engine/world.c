/* Tables and first state of each mode. Sources: SDM vol 3, "Segment Descriptors", "IDT Descriptors",
 * "Task-State Segment (TSS)", "TSS in 64-bit Mode", "Call Gates", "Paging". */
#include "world.h"

#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "kvm/segment.h"
#include "random.h"

#define GDT_GPA  WORLD_GDT
#define IDT_GPA  WORLD_IDT
#define TSS_GPA  0x22000u
#define TOP_GPA  WORLD_TABLES /* of the page tables; with 32-bit paging the directory */
#define PDPT_GPA (WORLD_TABLES + 0x1000)
#define PD_GPA   (WORLD_TABLES + 0x2000)
#define PT_GPA   (WORLD_TABLES + 0x3000)

#define TSS_IST1   0x24u
#define TSS_BITMAP 0x68u
#define TSS_LIMIT  (TSS_BITMAP + WORLD_PORTS / 8)

#define DF 8 /* vector */

#define EFER_SCE 1u
#define EFER_NXE (1u << 11)
#define CR0_WP   (1u << 16)
#define CR4_PGE  (1u << 7)

const struct world_mode world_modes[] = {
	{ "r16", WORLD_REAL16, 0 },
	{ "p32", WORLD_PROT32, 0 },
	{ "p32-paged", WORLD_PAGED32, 0 },
	{ "p32-pae", WORLD_PAE32, 0 },
	{ "l64", WORLD_LONG64, 0 },
	{ "p32-user", WORLD_PROT32, 3 },
	{ "p32-paged-user", WORLD_PAGED32, 3 },
	{ "l64-user", WORLD_LONG64, 3 },
	{ NULL, WORLD_REAL16, 0 },
};

unsigned world_entry_size(const struct world_mode *m)
{
	return m->kind == WORLD_LONG64 || m->kind == WORLD_PAE32 ? 8 : 4;
}

const struct world_mode *world_find(const char *name)
{
	for (const struct world_mode *m = world_modes; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

struct kvm_segment world_segment(const uint8_t *ram, uint16_t selector)
{
	unsigned index = selector & ~7u;
	struct kvm_segment s = { .selector = selector, .unusable = 1 };
	if (index == WORLD_NULL || index >= WORLD_GDT_END)
		return s;
	s = segment_decode(get64(ram + GDT_GPA + index));
	s.selector = selector;
	return s;
}

static void put_gdt(uint8_t *ram)
{
	static const struct {
		uint16_t selector;
		uint64_t low, high;
	} rows[] = {
		{ WORLD_CODE32, 0x00cf9b000000ffff, 0 },
		{ WORLD_DATA32, 0x00cf93000000ffff, 0 },
		{ WORLD_CODE64, 0x00af9b000000ffff, 0 },
		{ WORLD_DATA16, 0x000093010000ffff, 0 },
		{ WORLD_CODE16, 0x00009b000000ffff, 0 },
		{ WORLD_READ_ONLY, 0x00cf91000000ffff, 0 },
		{ WORLD_DOWN, 0x004f97000000bfff, 0 },
		{ WORLD_SHORT, 0x00409301000087ff, 0 },
		{ WORLD_CONFORMING, 0x00cf9f000000ffff, 0 },
		{ WORLD_NOT_ACCESSED, 0x00cf92000000ffff, 0 },
		{ WORLD_NOT_PRESENT, 0x00cf13000000ffff, 0 },
		{ WORLD_TSS, 0x00008b0000000000 | (uint64_t)TSS_GPA << 16 | TSS_LIMIT, 0 },
		{ WORLD_USER_CODE32, 0x00cffb000000ffff, 0 },
		{ WORLD_USER_DATA32, 0x00cff3000000ffff, 0 },
		{ WORLD_USER_CODE64, 0x00affb000000ffff, 0 },
		{ WORLD_GATE32, 0x0002ec0000080000 | 0x4000, 0 },
		{ WORLD_GATE64, 0x0002ec0000180000 | 0x4000, 0 },
		{ WORLD_EXECUTE_ONLY, 0x00cf99000000ffff, 0 },
		{ WORLD_LDT, 0x0000820200000fff, 0 },
		{ WORLD_CODE64_NOT_ACCESSED, 0x00af9a000000ffff, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put64(ram + GDT_GPA + rows[i].selector, rows[i].low);
		if (rows[i].high)
			put64(ram + GDT_GPA + rows[i].selector + 8, rows[i].high);
	}
}

/* Most are interrupt gates of DPL 0; software may use every fourth one at CPL 3; every 16th is a trap gate,
 * and some are not present. */
static uint32_t gate_type(unsigned vector)
{
	if (vector >= 32 && vector % 16 == 5)
		return 0x0e00;
	return (vector % 16 == 3 ? 0x8f00 : 0x8e00) |
	       (vector % 4 == 0 && vector >= 32 ? 0x6000 : 0);
}

static void put_vectors(const struct world_mode *m, uint8_t *ram)
{
	bool is_long = m->kind == WORLD_LONG64;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t to = WORLD_HANDLERS + i;
		if (m->kind == WORLD_REAL16) {
			put32(ram + 4 * i, (WORLD_HANDLERS >> 4) << 16 | i);
			continue;
		}
		uint8_t *gate = ram + IDT_GPA + i * (is_long ? 16 : 8);
		put32(gate, (is_long ? WORLD_CODE64 : WORLD_CODE32) << 16 | (to & 0xffff));
		/* A double fault has a stack of its own. */
		put32(gate + 4, (to & 0xffff0000) | gate_type(i) | (is_long && i == DF));
	}
}

/* Every third byte of the ports' bitmap allows all of its ports. */
static void put_tss(const struct world_mode *m, uint8_t *ram)
{
	if (m->kind == WORLD_LONG64) {
		put64(ram + TSS_GPA + 4, WORLD_STACK0);
		put64(ram + TSS_GPA + TSS_IST1, WORLD_STACK1);
	} else {
		put32(ram + TSS_GPA + 4, WORLD_STACK0);
		put32(ram + TSS_GPA + 8, WORLD_DATA32);
	}
	put16(ram + TSS_GPA + 0x66, TSS_BITMAP);
	for (unsigned i = 0; i <= WORLD_PORTS / 8; i++)
		ram[TSS_GPA + TSS_BITMAP + i] = i % 3 ? 0xff : 0;
}

enum { P = 1, W = 2, U = 4, PWT = 8, PCD = 16, A = 32, D = 64, PS = 128, G = 256 };
#define NX (UINT64_C(1) << 63)

/* What the odd pages allow, in turn. Those that may leave A or D to be set come twice. */
static uint64_t odd_entry(bool is_wide, unsigned i)
{
	static const uint16_t rights[16] = { P | W | U | A | D, P | U | A, P | W | U | A, P | W | U,
		P | U, W | U, P | W | A | D, P | A | D, P | W | U | A | D | G,
		P | W | U | A | D | PCD, P | W | U | A | D | PWT, P | W | U | A, P | W | U | A | D,
		P | W | U | A | D, P | U | A | D, P | W };
	uint64_t gpa = WORLD_DATA + (i % 16) * 0x1000;
	uint64_t entry = rights[i % 16];
	if (i % 16 == 12)
		gpa = WORLD_MMIO;
	if (i % 16 == 13 && is_wide)
		entry |= NX;
	if (i == 29 && is_wide) /* reserved: beyond what any of these CPUs can address */
		entry |= UINT64_C(1) << 51;
	return entry | gpa;
}

/* With 64-bit entries the last page of the tables holds 512 of them, with 32-bit ones 1024. */
static void put_tables(const struct world_mode *m, uint8_t *ram)
{
	unsigned size = world_entry_size(m);
	bool is_wide = size == 8;
	const uint64_t all = P | W | U | A | D;
	uint8_t *pt = ram + PT_GPA;
	if (m->kind == WORLD_PAE32) { /* the CPU's own four, which have few bits */
		put64(ram + TOP_GPA, PD_GPA | P);
		put64(ram + TOP_GPA + 3 * 8, PD_GPA | P);
	} else if (is_wide) {
		put64(ram + TOP_GPA, PDPT_GPA | all);
		put64(ram + TOP_GPA + 511 * 8, PDPT_GPA | all);
		put64(ram + PDPT_GPA, PD_GPA | all);
		put64(ram + PDPT_GPA + 511 * 8, PD_GPA | all);
	} else {
		put32(ram + TOP_GPA, PT_GPA | all);
		put32(ram + TOP_GPA + 1023 * 4, PT_GPA | all);
		put32(ram + TOP_GPA + 4, all | PS); /* 4 MiB at 0 */
	}
	if (is_wide) {
		put64(ram + PD_GPA, PT_GPA | all);
		put64(ram + PD_GPA + 511 * 8, PT_GPA | all);
		put64(ram + PD_GPA + 8, all | PS); /* 2 MiB at 0 */
	}
	for (uint32_t gpa = 0; gpa < WORLD_RAM; gpa += 0x1000) {
		uint64_t entry = gpa | P | W | A | D | (gpa < WORLD_LOW_SIZE ? U : 0);
		memcpy(pt + gpa / 0x1000 * size, &entry, size);
	}
	for (unsigned i = 0; i < WORLD_ODD_PAGES; i++) {
		uint64_t entry = odd_entry(is_wide, i);
		memcpy(pt + (WORLD_ODD / 0x1000 + i) * size, &entry, size);
	}
	/* The last page that the last tables map: addresses below 0. */
	uint64_t last = (WORLD_DATA + 0xf000) | all;
	memcpy(pt + (is_wide ? 511 : 1023) * size, &last, size);
}

static void set_tables(const struct world_mode *m, const uint8_t *ram, struct kvm_sregs *s)
{
	bool is_long = m->kind == WORLD_LONG64;
	unsigned rpl = m->cpl;
	uint16_t data = (uint16_t)((rpl ? WORLD_USER_DATA32 : WORLD_DATA32) | rpl);
	uint16_t code = (uint16_t)(is_long ? (rpl ? WORLD_USER_CODE64 : WORLD_CODE64)
	                                   : (rpl ? WORLD_USER_CODE32 : WORLD_CODE32));
	s->ds = s->es = s->fs = s->gs = s->ss = world_segment(ram, data);
	s->cs = world_segment(ram, (uint16_t)(code | rpl));
	s->tr = (struct kvm_segment) {
		.base = TSS_GPA, .limit = TSS_LIMIT, .selector = WORLD_TSS, .type = 11, .present = 1
	};
	s->ldt = (struct kvm_segment) { .type = 2, .unusable = 1 };
	s->gdt.base = GDT_GPA;
	s->gdt.limit = WORLD_GDT_END - 1;
	s->idt.base = IDT_GPA;
	s->idt.limit = is_long ? 0xfff : 0x7ff;
	s->cr0 = CR0_PE | CR0_ET | CR0_NE;
	s->cr3 = TOP_GPA;
	s->cr4 = CR4_OSFXSR;
	if (m->kind == WORLD_PAGED32) {
		s->cr0 |= CR0_PG | CR0_WP;
		s->cr4 |= CR4_PSE | CR4_PGE;
	}
	if (m->kind == WORLD_PAE32) {
		s->cr0 |= CR0_PG | CR0_WP;
		s->cr4 |= CR4_PAE | CR4_PGE;
		s->efer = EFER_NXE;
	}
	if (is_long) {
		s->cr0 |= CR0_PG | CR0_WP;
		s->cr4 |= CR4_PAE | CR4_PGE;
		s->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
	}
}

void world_make(const struct world_mode *m, uint8_t *ram, struct kvm_sregs *sregs)
{
	uint64_t seed = 1; /* the same bytes in every run */
	for (unsigned i = 0; i < WORLD_RAM; i += 8)
		put64(ram + i, i < WORLD_LOW_SIZE ? random_next(&seed) : 0);
	memset(ram + WORLD_HANDLERS, 0xf4, 0x1000);
	put_vectors(m, ram);
	if (m->kind == WORLD_REAL16) {
		sregs->cs.base = sregs->cs.selector = 0;
		return;
	}
	put_gdt(ram);
	put_tss(m, ram);
	if (m->kind != WORLD_PROT32)
		put_tables(m, ram);
	set_tables(m, ram, sregs);
}
