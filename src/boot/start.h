/* The first CPU state of guests that do not start in real mode: flat segments, and for long mode an
 * identity map, laid down in guest RAM at fixed addresses.
 *
 *	0x70000  what a boot protocol hands over (boot/handover.h); the stack grows down from here
 *	0x80000  the GDT: 0x08 code, 0x10 data, 0x18 TSS (Linux: 0x10, 0x18, 0x20); then the TSS
 *	0x81000  long mode: PML4, then a page directory pointer table for each 512 GiB and a page
 *	         directory of 2 MiB pages for each GiB that there is RAM in, and for the first four
 *	0x9f000  the end of the room for those
 *
 * Pure but for the structs of KVM, which are data. Source: SDM vol 3, "Protected-Mode Memory
 * Management", "Paging", "Task Management". */
#ifndef STEPVM_BOOT_START_H
#define STEPVM_BOOT_START_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "base/error.h"
#include "kvm/memory.h"

#define START_STACK_GPA  0x70000u
#define START_INFO_GPA   0x70000u
#define START_INFO_END   0x80000u
#define START_GDT_GPA    0x80000u
#define START_TSS_GPA    0x80080u
#define START_CODE       0x08 /* the code segment's selector, where a protocol names no other */
#define START_TABLES_GPA 0x81000u
#define START_TABLES_END 0x9f000u

#define START_TABLES_MAX (START_TABLES_END - START_TABLES_GPA)

enum start_mode {
	START_AUTO, /* as the format says */
	START_REAL, /* boot/entry.h */
	START_PROT, /* 32-bit protected mode, no paging */
	START_LONG, /* 64-bit mode */
};

/* "auto", "real", "prot", "long" -> *mode; false for another word. */
bool start_mode_word(const char *word, enum start_mode *mode);
const char *start_mode_name(enum start_mode mode);
/* "real mode", "32-bit protected mode", "long mode". */
const char *start_mode_title(enum start_mode mode);

struct start_tables {
	uint8_t gdt[0x100]; /* and the TSS; for START_GDT_GPA */
	uint8_t pages[START_TABLES_MAX];
	size_t pages_len; /* for START_TABLES_GPA; 0 without paging */
};

/* What a boot protocol says of the GDT. */
struct start_gdt {
	uint16_t code; /* the selector of the code segment; data, then the TSS, are the next two */
	uint32_t tss_base; /* what TR's descriptor says; below 16 MiB */
};

/* Fills *t for START_PROT or START_LONG.
 * -ENOSPC with a text when the map of all RAM needs more tables than there is room for, -EINVAL
 * when 4-level paging does not reach some of the RAM; file begins the texts. */
int start_make_tables(struct start_tables *t, enum start_mode mode, struct start_gdt gdt,
        const struct memory *m, const char *file, struct error *e);

/* Sets *sregs, which come in as KVM's reset state, for START_PROT or START_LONG, with the tables
 * at their addresses. Protected mode: CR0 = PE, CR4 = 0. Long mode: CR0 = PE, MP, NE, PG; CR4 =
 * PAE, OSFXSR, OSXMMEXCPT, so that compiled code may use SSE; EFER = LME, LMA. Both: no IDT, no
 * LDT. */
void start_set_sregs(struct kvm_sregs *sregs, enum start_mode mode, struct start_gdt gdt);

#endif
