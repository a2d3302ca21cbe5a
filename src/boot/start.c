/* Makes the GDT, the TSS and long mode's page tables as bytes, and sets the CPU to use them. */
#include "boot/start.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "kvm/segment.h"

/* From the code segment's selector on; a TSS descriptor has 16 bytes in long mode. */
#define DATA_AT 0x08
#define TSS_AT  0x10
#define GDT_END 0x20

/* SDM vol 3, "Segment Descriptors": present, DPL 0, accessed, limit 4 GiB. */
#define DESCRIPTOR_CODE32 0x00cf9b000000ffffull
#define DESCRIPTOR_CODE64 0x00af9b000000ffffull
#define DESCRIPTOR_DATA   0x00cf93000000ffffull
/* SDM vol 3, "TSS Descriptor": 32-bit or, in long mode, 64-bit; busy. */
#define DESCRIPTOR_TSS 0x00008b0000000000ull
#define TSS_LIMIT      0x67
#define TSS_IOMAP      0x66 /* offset of the I/O map's base; past the limit: no map */

/* SDM vol 3, "4-Level Paging": entries of 8 bytes, 512 a table. */
#define PAGE_PRESENT_WRITABLE 3u
#define PAGE_SIZE_2M          (1u << 7)
#define ENTRIES               512u
#define SHIFT_2M              21
#define SHIFT_1G              30
#define SHIFT_512G            39
#define CANONICAL_LOW_END     (1ull << 47) /* what an identity map can reach */
#define ALWAYS_GIB            4            /* where a PC's devices are, whatever RAM there is */

static const char *const mode_names[] = {
	[START_AUTO] = "auto",
	[START_REAL] = "real",
	[START_PROT] = "prot",
	[START_LONG] = "long",
};

bool start_mode_word(const char *word, enum start_mode *mode)
{
	for (int i = START_AUTO; i <= START_LONG; i++) {
		if (!strcmp(word, mode_names[i])) {
			*mode = (enum start_mode)i;
			return true;
		}
	}
	return false;
}

const char *start_mode_name(enum start_mode mode)
{
	return mode_names[mode];
}

const char *start_mode_title(enum start_mode mode)
{
	switch (mode) {
	case START_REAL: return "real mode";
	case START_PROT: return "32-bit protected mode";
	case START_LONG: return "long mode";
	case START_AUTO: break;
	}
	return "its own mode";
}

/* --- the GDT and the TSS ---------------------------------------------------------------------- */

/* base: below 16 MiB, so that its upper byte is 0. */
static uint64_t tss_descriptor(uint32_t base)
{
	return DESCRIPTOR_TSS | TSS_LIMIT | (uint64_t)base << 16;
}

static uint64_t code_descriptor(enum start_mode mode)
{
	return mode == START_LONG ? DESCRIPTOR_CODE64 : DESCRIPTOR_CODE32;
}

static void make_gdt(struct start_tables *t, enum start_mode mode, struct start_gdt gdt)
{
	memset(t->gdt, 0, sizeof t->gdt);
	put64(t->gdt + gdt.code, code_descriptor(mode));
	put64(t->gdt + gdt.code + DATA_AT, DESCRIPTOR_DATA);
	put64(t->gdt + gdt.code + TSS_AT, tss_descriptor(gdt.tss_base));
	put16(t->gdt + (START_TSS_GPA - START_GDT_GPA) + TSS_IOMAP, TSS_LIMIT + 1);
}

/* --- the identity map ------------------------------------------------------------------------- */

/* The table that an entry leads to, made when there is none yet; NULL when there is no room. */
static uint8_t *next_table(struct start_tables *t, uint8_t *entry)
{
	if (get64(entry)) {
		uint64_t gpa = get64(entry) & ~(uint64_t)(MEMORY_PAGE - 1);
		return t->pages + (gpa - START_TABLES_GPA);
	}
	if (t->pages_len == START_TABLES_MAX)
		return NULL;
	uint8_t *table = t->pages + t->pages_len;
	put64(entry, (START_TABLES_GPA + t->pages_len) | PAGE_PRESENT_WRITABLE);
	t->pages_len += MEMORY_PAGE;
	return table;
}

/* Maps one GiB, unless it is mapped. False: no room for the tables. */
static bool map_gib(struct start_tables *t, uint64_t gib)
{
	uint64_t gpa = gib << SHIFT_1G;
	uint8_t *pdpt = next_table(t, t->pages + (gpa >> SHIFT_512G) % ENTRIES * 8);
	uint8_t *directory = pdpt ? next_table(t, pdpt + gib % ENTRIES * 8) : NULL;

	if (!directory)
		return false;
	for (unsigned i = 0; i < ENTRIES; i++)
		put64(directory + i * 8,
		        (gpa + ((uint64_t)i << SHIFT_2M)) | PAGE_SIZE_2M | PAGE_PRESENT_WRITABLE);
	return true;
}

static int make_map(
        struct start_tables *t, const struct memory *m, const char *file, struct error *e)
{
	bool has_room = true;

	memset(t->pages, 0, sizeof t->pages);
	t->pages_len = MEMORY_PAGE; /* the PML4 */
	for (uint64_t gib = 0; gib < ALWAYS_GIB; gib++)
		has_room &= map_gib(t, gib);
	for (unsigned i = 0; i < m->count && has_room; i++) {
		const struct memory_slot *s = &m->slots[i];
		uint64_t last = s->gpa + (s->size - 1);
		if (last >= CANONICAL_LOW_END)
			return error_set(e, -EINVAL,
			        "%s: long mode maps RAM at its own address, up to 0x%" PRIx64
			        ", and there is some at 0x%" PRIx64,
			        file, (uint64_t)CANONICAL_LOW_END - 1, last);
		for (uint64_t gib = s->gpa >> SHIFT_1G; gib <= last >> SHIFT_1G && has_room; gib++)
			has_room = map_gib(t, gib);
	}
	if (!has_room)
		return error_set(e, -ENOSPC,
		        "%s: long mode's page tables for all RAM need more than 0x%x to 0x%x; give "
		        "less with --memory",
		        file, START_TABLES_GPA, START_TABLES_END - 1);
	return 0;
}

int start_make_tables(struct start_tables *t, enum start_mode mode, struct start_gdt gdt,
        const struct memory *m, const char *file, struct error *e)
{
	make_gdt(t, mode, gdt);
	t->pages_len = 0;
	return mode == START_LONG ? make_map(t, m, file, e) : 0;
}

/* --- the CPU ---------------------------------------------------------------------------------- */

static struct kvm_segment segment_of(uint64_t descriptor, uint16_t selector)
{
	struct kvm_segment s = segment_decode(descriptor);
	s.selector = selector;
	return s;
}

void start_set_sregs(struct kvm_sregs *sregs, enum start_mode mode, struct start_gdt gdt)
{
	bool is_long = mode == START_LONG;

	sregs->cs = segment_of(code_descriptor(mode), gdt.code);
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss =
	        segment_of(DESCRIPTOR_DATA, gdt.code + DATA_AT);
	sregs->tr = segment_of(tss_descriptor(gdt.tss_base), gdt.code + TSS_AT);
	sregs->ldt = (struct kvm_segment) { .type = 2, .unusable = 1 }; /* 2: LDT */
	sregs->gdt.base = START_GDT_GPA;
	sregs->gdt.limit = gdt.code + GDT_END - 1;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	/* ET is fixed at 1 (SDM vol 3, 2.5). */
	sregs->cr0 = CR0_PE | CR0_ET | (is_long ? CR0_MP | CR0_NE | CR0_PG : 0);
	sregs->cr3 = is_long ? START_TABLES_GPA : 0;
	sregs->cr4 = is_long ? CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT : 0;
	sregs->efer = is_long ? EFER_LME | EFER_LMA : 0;
}
