/* The world of a random instruction: a small machine in one of the CPU's modes, with tables, gates and pages of
 * many kinds, so that what is drawn at random meets them.
 *
 *	0x00000  the vectors of real mode
 *	0x09000  code: the instruction is in this page, or goes into the next one
 *	0x10000  data, which most addresses that are drawn point to; stacks
 *	0x20000  the GDT, IDT, TSS, page tables and handlers
 *	0x29000  no RAM from here on: devices
 *
 * Where there is paging, linear addresses are physical ones up to there, and from 0x40000 on pages of many
 * rights lead to the data. */
#ifndef STEPVM_TESTS_ENGINE_WORLD_H
#define STEPVM_TESTS_ENGINE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define WORLD_CODE      0x09000u
#define WORLD_DATA      0x10000u
#define WORLD_LOW_SIZE  0x20000u /* the first slot; the second one follows */
#define WORLD_RAM       0x29000u
#define WORLD_GDT       0x20000u /* here begin the GDT, the IDT and the TSS, a page each */
#define WORLD_IDT       0x21000u
#define WORLD_HANDLERS  0x24000u /* + n: of vector n, a hlt */
#define WORLD_STACK0    0x23ff0u /* the stack of CPL 0 that the TSS names */
#define WORLD_STACK1    0x23bf0u /* that of #DF in long mode */
#define WORLD_TABLES    0x25000u /* page tables, to the end */
#define WORLD_ODD       0x40000u /* linear: pages of many rights */
#define WORLD_ODD_PAGES 32u
#define WORLD_PORTS     0x800u    /* ports of the TSS's bitmap */
#define WORLD_MMIO      0x100000u /* gpa of a device that an odd page leads to */

/* The selectors of the GDT, without RPL. */
enum world_selector {
	WORLD_NULL = 0,
	WORLD_CODE32 = 0x08,
	WORLD_DATA32 = 0x10,
	WORLD_CODE64 = 0x18,
	WORLD_DATA16 = 0x20, /* based, 64 KiB */
	WORLD_CODE16 = 0x28,
	WORLD_READ_ONLY = 0x30,
	WORLD_DOWN = 0x38,  /* expands down */
	WORLD_SHORT = 0x40, /* based, 32 KiB */
	WORLD_CONFORMING = 0x48,
	WORLD_NOT_ACCESSED = 0x50,
	WORLD_NOT_PRESENT = 0x58,
	WORLD_TSS = 0x60, /* 16 bytes */
	WORLD_USER_CODE32 = 0x70,
	WORLD_USER_DATA32 = 0x78,
	WORLD_USER_CODE64 = 0x80,
	WORLD_GATE32 = 0x88, /* a call gate */
	WORLD_GATE64 = 0x90, /* a call gate, 16 bytes */
	WORLD_EXECUTE_ONLY = 0xa0,
	WORLD_LDT = 0xa8, /* 16 bytes */
	WORLD_CODE64_NOT_ACCESSED = 0xb8,
	WORLD_GDT_END = 0xc0,
};

enum world_kind { WORLD_REAL16, WORLD_PROT32, WORLD_PAGED32, WORLD_PAE32, WORLD_LONG64 };

struct world_mode {
	const char *name;
	enum world_kind kind;
	unsigned cpl;
};

/* The bytes of an entry of its page tables, of which the lowest is at WORLD_TABLES + 0x3000. */
unsigned world_entry_size(const struct world_mode *m);
/* By its name, or NULL. The list ends with a name that is NULL. */
extern const struct world_mode world_modes[];
const struct world_mode *world_find(const char *name);

/* Fills ram, WORLD_RAM bytes, as it is before each instruction, and *sregs, which comes in as KVM's reset
 * state, as most instructions find it. */
void world_make(const struct world_mode *m, uint8_t *ram, struct kvm_sregs *sregs);

/* The register's content after a load of selector from the GDT in ram. */
struct kvm_segment world_segment(const uint8_t *ram, uint16_t selector);

#endif
