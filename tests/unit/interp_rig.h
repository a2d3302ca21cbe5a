/* The engine with some RAM of its own, in each of its modes: segments from 0, code at 1000h, a stack at
 * 8000h, a GDT and an IDT, and in 64-bit code page tables that map the RAM to itself. */
#ifndef STEPVM_TESTS_INTERP_RIG_H
#define STEPVM_TESTS_INTERP_RIG_H

#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"

enum {
	RIG_RAM = 0x40000,
	RIG_CODE = 0x1000,
	RIG_DATA = 0x2000,
	RIG_STACK = 0x8000,
	RIG_IVT = 0, /* real mode's */
	RIG_IDT = 0x9000,
	RIG_GDT = 0xa000,
	RIG_HANDLER = 0xb000, /* of vector n: n * 16 from here */
	RIG_TABLES = 0x10000,
	RIG_CS = 8,
	RIG_DS = 0x10,
	RIG_OTHER_CS = 0x18, /* 16 bits where the first one has 32, and the other way round */
	RIG_READ_ONLY = 0x20,
	RIG_ABSENT = 0x28,
	RIG_USER_CS = 0x33,
	RIG_USER_DS = 0x3b,
	RIG_TSS = 0xc000,
	RIG_STACK0 = 0xd000, /* of ring 0 and IST 1, in the TSS */
	RIG_STACK1 = 0xe000,
};

struct rig {
	uint8_t *ram;
	struct interp *c;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct interp_config config;
	unsigned bits;
	uint64_t done;
	unsigned port; /* the last access to a port */
	uint64_t port_value;
	unsigned port_size, ports;
	bool port_is_write, port_stops, port_raises;
	uint64_t mmio_gpa[4], mmio_value[4];
	unsigned mmio_size[4], mmios;
	bool mmio_is_write[4];
	volatile int kick;
	uint64_t msr;
};

static inline bool rig_io(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	struct rig *r = ctx;
	r->ports++;
	r->port = port;
	r->port_size = size;
	r->port_is_write = is_write;
	r->port_value = 0;
	if (is_write)
		memcpy(&r->port_value, data, size);
	else
		memset(data, 0xa5, size);
	if (r->port_raises)
		interp_set_irq(r->c, true);
	return r->port_stops;
}

static inline bool rig_mmio(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write)
{
	struct rig *r = ctx;
	unsigned n = r->mmios++ % 4;
	r->mmio_gpa[n] = gpa;
	r->mmio_size[n] = size;
	r->mmio_is_write[n] = is_write;
	r->mmio_value[n] = 0;
	if (is_write)
		memcpy(&r->mmio_value[n], data, size);
	else
		memset(data, 0x9c, size);
	return r->port_stops;
}

static inline bool rig_tsc(void *ctx, uint64_t *tsc, uint32_t *aux)
{
	(void)ctx;
	*tsc = 0x1122334455667788;
	if (aux)
		*aux = 7;
	return true;
}

/* One is there: sysenter's stack pointer. */
static inline enum interp_msr rig_msr(void *ctx, uint32_t number, uint64_t *value, bool is_write)
{
	struct rig *r = ctx;
	if (number != 0x175)
		return number == 0x12345678 ? INTERP_MSR_KVM : INTERP_MSR_NONE;
	if (is_write)
		r->msr = *value;
	else
		*value = r->msr;
	return INTERP_MSR_DONE;
}

static const struct kvm_cpuid_entry2 rig_cpuid[] = {
	{ .function = 0, .eax = 7, .ebx = 1, .ecx = 2, .edx = 3 },
	{ .function = 1, .eax = 0x600, .ecx = 1u << 26, .edx = 1u << 3 }, /* PSE */
	{ .function = 0x80000001, .ecx = 1 },
	{ .function = 4, .index = 0, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .eax = 40 },
	{ .function = 4, .index = 1, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX, .eax = 41 },
};

static inline void rig_put(struct rig *r, uint64_t at, uint64_t value, unsigned len)
{
	memcpy(r->ram + at, &value, len);
}

static inline uint64_t rig_get(const struct rig *r, uint64_t at, unsigned len)
{
	uint64_t value = 0;
	memcpy(&value, r->ram + at, len);
	return value;
}

static inline struct kvm_segment rig_segment(unsigned bits, bool is_code)
{
	return (struct kvm_segment) {
		.limit = bits == 16 ? 0xffff : 0xffffffff,
		.selector = bits == 16 ? 0
		            : is_code  ? RIG_CS
		                       : RIG_DS,
		.type = is_code ? 11 : 3,
		.present = 1,
		.s = 1,
		.db = bits == 32 || (bits == 64 && !is_code),
		.l = bits == 64 && is_code,
		.g = bits != 16,
	};
}

/* SDM vol 3, "Segment Descriptors": flat segments. */
static inline void rig_tables(struct rig *r)
{
	bool is_long = r->bits == 64;
	rig_put(r, RIG_GDT + RIG_CS, is_long ? 0x00af9b000000ffff : 0x00cf9b000000ffff, 8);
	rig_put(r, RIG_GDT + RIG_DS, 0x00cf93000000ffff, 8);
	rig_put(r, RIG_GDT + RIG_OTHER_CS, 0x000f9b000000ffff, 8);
	rig_put(r, RIG_GDT + RIG_READ_ONLY, 0x00cf91000000ffff, 8);
	rig_put(r, RIG_GDT + RIG_ABSENT, 0x00cf13000000ffff, 8);
	r->sregs.gdt.base = RIG_GDT;
	rig_put(r, RIG_GDT + 0x30, is_long ? 0x00affb000000ffff : 0x00cffb000000ffff, 8);
	rig_put(r, RIG_GDT + 0x38, 0x00cff3000000ffff, 8);
	r->sregs.gdt.limit = 0x3f;
	r->sregs.tr = (struct kvm_segment) {
		.base = RIG_TSS, .limit = 0x67, .selector = 0x40, .type = 11, .present = 1
	};
	if (is_long) {
		rig_put(r, RIG_TSS + 4, RIG_STACK0, 8);
		rig_put(r, RIG_TSS + 36, RIG_STACK1, 8);
	} else {
		rig_put(r, RIG_TSS + 4, RIG_STACK0, 4);
		rig_put(r, RIG_TSS + 8, RIG_DS, 2);
	}
	for (unsigned n = 0; n < 256 && r->bits == 16; n++)
		rig_put(r, RIG_IVT + n * 4, RIG_HANDLER + n * 16, 4);
	r->sregs.idt.limit = 0x3ff;
	if (r->bits == 16)
		return;
	r->sregs.idt.base = RIG_IDT;
	r->sregs.idt.limit = (uint16_t)(32 * (is_long ? 16 : 8) - 1);
	for (unsigned n = 0; n < 32; n++) {
		uint64_t to = RIG_HANDLER + n * 16;
		uint64_t gate = (to & 0xffff) | RIG_CS << 16 | 0x8eull << 40 | to >> 16 << 48;
		rig_put(r, RIG_IDT + n * (is_long ? 16 : 8), gate, 8);
	}
}

/* 4-level page tables of 4 KiB pages for the RAM and nothing else; rights: of the pages. */
static inline void rig_map(struct rig *r, uint64_t rights)
{
	rig_put(r, RIG_TABLES, (RIG_TABLES + 0x1000) | 0x27, 8);
	rig_put(r, RIG_TABLES + 0x1000, (RIG_TABLES + 0x2000) | 0x27, 8);
	rig_put(r, RIG_TABLES + 0x2000, (RIG_TABLES + 0x3000) | 0x27, 8);
	for (uint64_t page = 0; page < RIG_RAM; page += 4096)
		rig_put(r, RIG_TABLES + 0x3000 + page / 4096 * 8, page | rights, 8);
	r->sregs.cr3 = RIG_TABLES;
}

static inline uint64_t rig_pte(uint64_t gva)
{
	return RIG_TABLES + 0x3000 + gva / 4096 * 8;
}

/* The RAM of a rig that was closed becomes the next one's: a sanitizer's allocator takes long for so much memory, and a
 * test may open a hundred thousand rigs. */
static uint8_t *rig_spare;

static inline void rig_open(struct rig *r, unsigned bits)
{
	*r = (struct rig) { .bits = bits,
		.ram = rig_spare ? rig_spare : aligned_alloc(4096, RIG_RAM) };
	rig_spare = NULL;
	memset(r->ram, 0, RIG_RAM);
	r->regs = (struct kvm_regs) { .rip = RIG_CODE, .rsp = RIG_STACK, .rflags = 2 };
	r->sregs.cs = rig_segment(bits, true);
	r->sregs.ds = r->sregs.es = r->sregs.ss = r->sregs.fs = r->sregs.gs =
	        rig_segment(bits, false);
	r->sregs.cr0 = bits == 16 ? 0x10 : 0x11;
	rig_tables(r);
	if (bits == 64) {
		rig_map(r, 0x63);
		r->sregs.cr0 = 0x80000011;
		r->sregs.cr4 = 0x20;
		r->sregs.efer = 0xd00; /* LME, LMA, NXE */
	}
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	const struct interp_config config = {
		.has_bcd = true,
		.slots = &slot,
		.slot_count = 1,
		.io = rig_io,
		.mmio = rig_mmio,
		.msr = rig_msr,
		.tsc = rig_tsc,
		.ctx = r,
		.cpuid = rig_cpuid,
		.cpuid_count = sizeof rig_cpuid / sizeof *rig_cpuid,
		.kick = &r->kick,
	};
	r->c = interp_new(&config);
	r->config = config;
	r->config.slots = NULL;
	r->config.slot_count = 0;
}

/* The same engine, but that pushes of segment registers write this. */
static inline void rig_set_push(struct rig *r, enum interp_push push)
{
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	interp_free(r->c);
	r->config.push_segment = push;
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
}

/* Goes on in ring 3. */
static inline void rig_enter_user(struct rig *r)
{
	r->sregs.cs.selector = RIG_USER_CS;
	r->sregs.ds.selector = r->sregs.es.selector = r->sregs.ss.selector = RIG_USER_DS;
	r->sregs.fs.selector = r->sregs.gs.selector = RIG_USER_DS;
	r->sregs.cs.dpl = r->sregs.ds.dpl = r->sregs.es.dpl = r->sregs.ss.dpl = 3;
	r->sregs.fs.dpl = r->sregs.gs.dpl = 3;
	if (r->bits == 64)
		rig_map(r, 0x67);
}

static inline unsigned rig_gate_at(const struct rig *r, unsigned vector)
{
	return RIG_IDT + vector * (r->bits == 64 ? 16 : 8);
}

/* Sets a gate's byte of type and DPL, and its IST. */
static inline void rig_set_gate(struct rig *r, unsigned vector, uint8_t type, uint8_t ist)
{
	const unsigned at = rig_gate_at(r, vector);
	r->ram[at + 5] = type;
	r->ram[at + 4] = ist;
}

static inline void rig_close(struct rig *r)
{
	interp_free(r->c);
	free(rig_spare);
	rig_spare = r->ram;
}

static inline void rig_code(struct rig *r, const void *bytes, size_t len)
{
	memcpy(r->ram + r->regs.rip + r->sregs.cs.base, bytes, len);
}

#define RIG_CODE_IS(r, ...)                                                                        \
	rig_code(r, (const uint8_t[]) { __VA_ARGS__ }, sizeof(const uint8_t[]) { __VA_ARGS__ })

/* Runs up to max instructions from r->regs and r->sregs, which hold the result then. */
static inline enum interp_why rig_run(struct rig *r, uint64_t max)
{
	interp_load(r->c, &r->regs, &r->sregs, 0, false);
	enum interp_why why = interp_run(r->c, max, &r->done);
	interp_save(r->c, &r->regs, &r->sregs);
	return why;
}

#endif
