/* Reading registers out of what KVM has told, and where CPUID says that the extended state is. No
 * KVM is asked: the vCPU of these tests has all that is read. */
#include "kvm/registers.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

/* CPUID of a CPU with everything. The offsets are a server's of 2021 (SDM vol 1, "Standard Format
 * of the Extended Region", leaves them to CPUID). */
static const struct kvm_cpuid_entry2 all_leaves[] = {
	{ .function = 1, .ecx = 1u << 26 | 1u << 28 },
	{ .function = 7, .ebx = 1u << 16, .ecx = 1u << 3 },
	{ .function = 0xd, .index = 2, .eax = 256, .ebx = 576 },
	{ .function = 0xd, .index = 5, .eax = 64, .ebx = 1088 },
	{ .function = 0xd, .index = 6, .eax = 512, .ebx = 1152 },
	{ .function = 0xd, .index = 7, .eax = 1024, .ebx = 1664 },
	{ .function = 0xd, .index = 9, .eax = 8, .ebx = 2688 },
};
#define LEAVES (sizeof all_leaves / sizeof *all_leaves)

static struct xsave_layout layout_of(const struct kvm_cpuid_entry2 *leaves, unsigned count)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof *c + count * sizeof c->entries[0]);
	c->nent = count;
	for (unsigned i = 0; i < count; i++)
		c->entries[i] = leaves[i];
	struct xsave_layout layout = xsave_layout_of(c);
	free(c);
	return layout;
}

static void cpuid_says_where_the_parts_stand(void)
{
	struct xsave_layout l = layout_of(all_leaves, LEAVES);
	CHECK(l.has_xcr0);
	CHECK_EQ(l.offset[XSAVE_AVX], 576);
	CHECK_EQ(l.offset[XSAVE_OPMASK], 1088);
	CHECK_EQ(l.offset[XSAVE_ZMM_HI256], 1152);
	CHECK_EQ(l.offset[XSAVE_HI16_ZMM], 1664);
	CHECK_EQ(l.offset[XSAVE_PKRU], 2688);
}

/* XSAVE's leaf may list what the CPU may not use: seen on kvm_pvm. */
static void what_the_cpu_may_not_use_is_not_there(void)
{
	struct kvm_cpuid_entry2 leaves[LEAVES];
	memcpy(leaves, all_leaves, sizeof leaves);
	leaves[1].ebx = 0; /* no AVX512F */
	struct xsave_layout l = layout_of(leaves, LEAVES);
	CHECK_EQ(l.offset[XSAVE_AVX], 576);
	CHECK_EQ(l.offset[XSAVE_OPMASK] + l.offset[XSAVE_ZMM_HI256] + l.offset[XSAVE_HI16_ZMM], 0);
	CHECK_EQ(l.offset[XSAVE_PKRU], 2688);
	leaves[1] = all_leaves[1];
	leaves[0].ecx = 1u << 26; /* no AVX: no AVX-512 either */
	l = layout_of(leaves, LEAVES);
	CHECK_EQ(l.offset[XSAVE_AVX] + l.offset[XSAVE_ZMM_HI256], 0);
	leaves[0].ecx = 1u << 28; /* no XSAVE */
	l = layout_of(leaves, LEAVES);
	CHECK(!l.has_xcr0);
	for (unsigned i = 0; i < XSAVE_PARTS; i++)
		CHECK_EQ(l.offset[i], 0);
	CHECK(!layout_of(NULL, 0).has_xcr0);
}

static void parts_outside_the_area_are_left_out(void)
{
	static const uint32_t wrong[][2] = { { 0, 576 }, { 256, 0 }, { 256, 3841 }, { 256, 4096 },
		{ 5000, 0xfffffff0 }, { 0xffffffff, 576 } };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct kvm_cpuid_entry2 leaves[LEAVES];
		memcpy(leaves, all_leaves, sizeof leaves);
		leaves[2].eax = wrong[i][0];
		leaves[2].ebx = wrong[i][1];
		CHECK_EQ(layout_of(leaves, LEAVES).offset[XSAVE_AVX], 0);
	}
}

/* A vCPU that has all and asks nobody. */
static struct vcpu *fake_vcpu(void)
{
	struct vcpu *v = calloc(1, sizeof *v);
	v->has_regs = v->has_sregs = v->has_xsave = true;
	v->xsave = layout_of(all_leaves, LEAVES);
	for (size_t i = 0; i < sizeof v->own_xsave; i++)
		((uint8_t *)v->own_xsave)[i] = (uint8_t)(i ^ i >> 8);
	return v;
}

/* SDM vol 1, "XSAVE-Managed Features": where each register stands in its part. */
static void vectors_are_read_from_their_parts(void)
{
	static const struct {
		const char *name;
		unsigned offset, size;
	} rows[] = { { "xmm0", 160, 16 }, { "xmm15", 400, 16 }, { "mxcsr", 24, 4 },
		{ "ymm0h", 576, 16 }, { "ymm15h", 816, 16 }, { "k0", 1088, 8 }, { "k7", 1144, 8 },
		{ "zmm0h", 1152, 32 }, { "zmm15h", 1632, 32 }, { "xmm16", 1664, 16 },
		{ "ymm16h", 1680, 16 }, { "zmm16h", 1696, 32 }, { "xmm31", 2624, 16 },
		{ "ymm31h", 2640, 16 }, { "zmm31h", 2656, 32 }, { "pkru", 2688, 4 },
		{ "st7", 144, 10 } };
	struct vcpu *v = fake_vcpu();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t value[REGISTERS_SIZE_MAX];
		int reg = registers_find(rows[i].name);
		CHECK(reg >= 0 && registers_has(v, reg));
		CHECK_EQ(registers_size(reg), rows[i].size);
		CHECK_EQ(registers_read(v, reg, value), 0);
		if (memcmp(value, (uint8_t *)v->own_xsave + rows[i].offset, rows[i].size))
			CHECK_FAIL("%s is not what stands at %u", rows[i].name, rows[i].offset);
	}
	v->xsave = layout_of(NULL, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool is_legacy = rows[i].offset < 512;
		CHECK_EQ(registers_has(v, registers_find(rows[i].name)), is_legacy);
	}
	free(v);
}

static void descriptors_and_tables_have_two_forms(void)
{
	static const uint8_t wide[] = { 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0xff, 0xff, 0x0f, 0, 0x9b,
		0xc0, 0, 0 };
	static const uint8_t table[] = { 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0x57, 0, 0, 0, 0, 0, 0, 0 };
	struct vcpu *v = fake_vcpu();
	uint8_t value[REGISTERS_SIZE_MAX];
	v->own_sregs.cs = (struct kvm_segment) { .base = 0x3412000000,
		.limit = 0xfffff,
		.type = 11,
		.s = 1,
		.present = 1,
		.db = 1,
		.g = 1 };
	v->own_sregs.gdt = (struct kvm_dtable) { .base = 0x3412000000, .limit = 0x57 };
	CHECK_EQ(registers_size(registers_find("cs_desc")), 16);
	CHECK_EQ(registers_read(v, registers_find("cs_desc"), value), 0);
	CHECK(!memcmp(value, wide, 16));
	CHECK_EQ(registers_size(registers_find("cs_desc32")), 12);
	CHECK_EQ(registers_read(v, registers_find("cs_desc32"), value), 0);
	CHECK(!memcmp(value, wide, 4) && !memcmp(value + 4, wide + 8, 8));
	CHECK_EQ(registers_read(v, registers_find("gdtr"), value), 0);
	CHECK(!memcmp(value, table, 16));
	CHECK_EQ(registers_read(v, registers_find("gdtr32"), value), 0);
	CHECK(!memcmp(value, table, 4) && !memcmp(value + 4, table + 8, 4));
	free(v);
}

/* SDM vol 1, "Modes of Operation": by PE, LMA, CS.L, CS.D and VM. */
static void the_mode_is_that_of_the_next_instruction(void)
{
	static const struct {
		uint32_t cr0, efer, rflags;
		uint8_t l, db;
		enum cpu_mode mode;
		unsigned code_bits;
		bool is_real;
	} rows[] = {
		{ 0, 0, 0, 0, 0, CPU_REAL16, 16, true },
		{ 0, 0, 0, 0, 1, CPU_REAL32, 32, true }, /* left over of protected mode */
		{ 1, 0, 0, 0, 0, CPU_PROT16, 16, false },
		{ 1, 0, 0, 0, 1, CPU_PROT32, 32, false },
		{ 1, 0, 0x20000, 0, 0, CPU_VM86, 16, false },
		/* LME alone is not long mode, nor is CS.L then */
		{ 1, 0x100, 0, 1, 1, CPU_PROT32, 32, false },
		{ 1, 0x500, 0, 0, 0, CPU_COMPAT16, 16, false },
		{ 1, 0x500, 0, 0, 1, CPU_COMPAT32, 32, false },
		{ 1, 0x500, 0, 1, 0, CPU_LONG64, 64, false },
	};
	struct vcpu *v = fake_vcpu();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		v->own_sregs.cr0 = rows[i].cr0;
		v->own_sregs.efer = rows[i].efer;
		v->own_regs.rflags = rows[i].rflags;
		v->own_sregs.cs.l = rows[i].l;
		v->own_sregs.cs.db = rows[i].db;
		CHECK_EQ(registers_mode(v), rows[i].mode);
		CHECK_EQ(registers_code_bits(registers_mode(v)), rows[i].code_bits);
		CHECK_EQ(registers_is_real(registers_mode(v)), rows[i].is_real);
	}
	free(v);
}

int main(void)
{
	RUN(cpuid_says_where_the_parts_stand);
	RUN(what_the_cpu_may_not_use_is_not_there);
	RUN(parts_outside_the_area_are_left_out);
	RUN(vectors_are_read_from_their_parts);
	RUN(descriptors_and_tables_have_two_forms);
	RUN(the_mode_is_that_of_the_next_instruction);
	return check_done();
}
