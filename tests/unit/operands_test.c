#include "debug/operands.h"

#include <stdlib.h>

#include "check.h"
#include "operands_rows.h"
#include "random.h"

static void init(struct kvm_regs *regs, struct kvm_sregs *sregs, unsigned code_bits)
{
	*regs = (struct kvm_regs) {
		.rax = 0x40000011,
		.rcx = 3,
		.rdx = UINT64_MAX,
		.rbx = 0x100002000,
		.rsp = 0x100008000,
		.rbp = 0x100009000,
		.rsi = 0x10000a000,
		.rdi = 0x10000b000,
		.r8 = 0x800000,
		.r9 = 0x900000,
		.r12 = 0xc00000,
		.r13 = 0xd00000,
		.rip = 0x100005000,
	};
	*sregs = (struct kvm_sregs) { .cr0 = code_bits == 16 ? 0 : 1 };
	struct kvm_segment *const all[] = { &sregs->es, &sregs->cs, &sregs->ss, &sregs->ds,
		&sregs->fs, &sregs->gs };
	for (unsigned i = 0; i < 6; i++)
		all[i]->base = (i + 1) * 0x10000;
	sregs->ss.db = code_bits == 32;
}

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		to[n++] = (uint8_t)byte;
	return n;
}

/* From a buffer of exactly len bytes, so that a sanitizer sees what is read behind it. */
static unsigned decode_exactly(const uint8_t *bytes, size_t len, unsigned code_bits,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs, struct operand *to)
{
	uint8_t *copy = malloc(len ? len : 1);
	memcpy(copy, bytes, len);
	unsigned n = operands_decode(len ? copy : copy + 1, len, code_bits, regs, sregs, to);
	free(copy);
	return n;
}

static bool is_same(const struct operand *o, const struct wanted *w)
{
	return o->gva == w->gva && o->len == w->len && o->is_read == !!(w->how & R) &&
	       o->is_write == !!(w->how & W);
}

static void check_operands(const char *text, const struct operand *is, unsigned n,
        const struct wanted *w, unsigned max)
{
	unsigned wanted = 0;
	while (wanted < max && w[wanted].len)
		wanted++;
	bool ok = n == wanted;
	for (unsigned i = 0; ok && i < n; i++)
		ok = is_same(&is[i], &w[i]);
	if (ok)
		return;
	CHECK_FAIL("%s: %u operands, wanted %u", text, n, wanted);
	for (unsigned i = 0; i < n; i++)
		printf("#   0x%" PRIx64 ", %u bytes%s%s\n", is[i].gva, is[i].len,
		        is[i].is_read ? ", read" : "", is[i].is_write ? ", written" : "");
}

static void every_row_has_its_operands(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
		struct operand to[OPERANDS_MAX];
		uint8_t bytes[16];
		size_t len = from_hex(rows[i].hex, bytes);
		init(&regs, &sregs, rows[i].code_bits);
		unsigned n = decode_exactly(bytes, len, rows[i].code_bits, &regs, &sregs, to);
		check_operands(rows[i].text, to, n, rows[i].wanted, 2);
		/* What stands behind it changes nothing. */
		memset(bytes + len, 0xff, sizeof bytes - len);
		n = operands_decode(bytes, 15, rows[i].code_bits, &regs, &sregs, to);
		check_operands(rows[i].text, to, n, rows[i].wanted, 2);
	}
}

static void bytes_that_end_too_early_have_none(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
		struct operand to[OPERANDS_MAX];
		uint8_t bytes[16];
		size_t len = from_hex(rows[i].hex, bytes);
		init(&regs, &sregs, rows[i].code_bits);
		for (size_t cut = 0; cut < len; cut++) {
			unsigned n =
			        decode_exactly(bytes, cut, rows[i].code_bits, &regs, &sregs, to);
			if (n)
				CHECK_FAIL("%s: %u operands of %zu of %zu bytes", rows[i].text, n,
				        cut, len);
		}
	}
}

/* One instruction with registers of its own. */
static void check_one(const char *text, unsigned code_bits, const char *hex,
        const struct kvm_regs *regs, const struct kvm_sregs *sregs, struct wanted a,
        struct wanted b)
{
	struct operand to[OPERANDS_MAX];
	const struct wanted wanted[] = { a, b };
	uint8_t bytes[16];
	size_t len = from_hex(hex, bytes);
	unsigned n = decode_exactly(bytes, len, code_bits, regs, sregs, to);
	check_operands(text, to, n, wanted, 2);
}
#define NOTHING               ((struct wanted) { 0, 0, 0 })
#define WANTED(gva, len, how) ((struct wanted) { gva, len, how })

static void stacks_wrap_at_their_size(void)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	init(&regs, &sregs, 16);
	regs.rsp = 0xffff0000;
	check_one("push, sp 0", 16, "50", &regs, &sregs, WANTED(0x3fffe, 2, W), NOTHING);
	check_one("pusha, sp 0", 16, "60", &regs, &sregs, WANTED(0x3fff0, 16, W), NOTHING);
	regs.rsp = 2;
	check_one("int, sp 2", 16, "cd21", &regs, &sregs, WANTED(0x3fffc, 6, W), NOTHING);
	check_one("pop, sp 2", 16, "58", &regs, &sregs, WANTED(0x30002, 2, R), NOTHING);
	sregs.ss.db = 1; /* 16-bit code with a 32-bit stack */
	regs.rsp = 0x10000;
	check_one("push, big stack", 16, "50", &regs, &sregs, WANTED(0x3fffe, 2, W), NOTHING);
	regs.rsp = 0x20000;
	check_one("push, big stack", 16, "50", &regs, &sregs, WANTED(0x4fffe, 2, W), NOTHING);
	init(&regs, &sregs, 32);
	sregs.ss.db = 0; /* and the other way round */
	regs.rsp = 0x20000;
	check_one("push, small stack", 32, "50", &regs, &sregs, WANTED(0x3fffc, 4, W), NOTHING);
	sregs.ss.db = 1;
	regs.rsp = 0;
	check_one("push, esp 0", 32, "50", &regs, &sregs, WANTED(0x2fffc, 4, W), NOTHING);
}

static void linear_addresses_wrap_at_4_gib_but_in_64_bit_code(void)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	init(&regs, &sregs, 32);
	regs.rbx = 0xffffff00;
	sregs.ds.base = 0x200;
	check_one("mov, 32", 32, "8803", &regs, &sregs, WANTED(0x100, 1, W), NOTHING);
	regs.rbx = 0xffffffffffffff00;
	sregs.fs.base = 0x700000000000;
	check_one("mov, 64", 64, "8803", &regs, &sregs, WANTED(0xffffffffffffff00, 1, W), NOTHING);
	check_one("fs mov, 64", 64, "648803", &regs, &sregs, WANTED(0x6fffffffff00, 1, W), NOTHING);
	init(&regs, &sregs, 16);
	sregs.ds.base = 0xffff0;
	regs.rbx = 0xfff0;
	check_one("mov, 16", 16, "8807", &regs, &sregs, WANTED(0x10ffe0, 1, W), NOTHING);
}

static void a_rep_of_nothing_accesses_nothing(void)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct wanted from = WANTED(0x4a000, 1, R), to = WANTED(0x1b000, 1, W);
	init(&regs, &sregs, 16);
	regs.rcx = 0x10000; /* cx is 0 */
	check_one("rep movsb, cx 0", 16, "f3a4", &regs, &sregs, NOTHING, NOTHING);
	check_one("repe cmpsb, cx 0", 16, "f3a6", &regs, &sregs, NOTHING, NOTHING);
	check_one("repne scasb, cx 0", 16, "f2ae", &regs, &sregs, NOTHING, NOTHING);
	check_one("rep outsb, cx 0", 16, "f36e", &regs, &sregs, NOTHING, NOTHING);
	check_one("movsb, cx 0", 16, "a4", &regs, &sregs, from, to);
	regs.rsi &= 0xffff;
	regs.rdi &= 0xffff;
	check_one("addr32 rep movsb", 16, "67f3a4", &regs, &sregs, from, to);
	regs.rcx = 0x100000000;
	check_one("addr32 rep movsb, ecx 0", 16, "67f3a4", &regs, &sregs, NOTHING, NOTHING);
	check_one("rep movsb, ecx 0", 32, "f3a4", &regs, &sregs, NOTHING, NOTHING);
	check_one("rep movsb, rcx not 0", 64, "f3a4", &regs, &sregs, WANTED(0xa000, 1, R),
	        WANTED(0xb000, 1, W));
	/* Not a string: f3 is part of the opcode. */
	check_one("movss", 32, "f30f1003", &regs, &sregs, WANTED(0x42000, 4, R), NOTHING);
}

/* A stack that is not aligned, as an interrupt finds it in long mode. */
static void a_long_mode_frame_is_aligned(void)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	init(&regs, &sregs, 64);
	regs.rsp = 0x8007;
	check_one("int3", 64, "cc", &regs, &sregs, WANTED(0x7fd8, 40, W), NOTHING);
	regs.rsp = 0x800f;
	check_one("int $3", 64, "cd03", &regs, &sregs, WANTED(0x7fd8, 40, W), NOTHING);
}

static void any_bytes_are_decoded_within_bounds(void)
{
	static const unsigned code_bits[] = { 16, 32, 64 };
	static const uint8_t starts[] = { 0x0f, 0x66, 0x67, 0xf3, 0x48, 0xff, 0xc8 };
	uint64_t seed = 1;
	for (unsigned i = 0; i < 300000 && check_case_ok; i++) {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
		struct operand to[OPERANDS_MAX + 1];
		uint8_t bytes[16];
		unsigned bits = code_bits[random_below(&seed, 3)];
		size_t len = random_below(&seed, 16);
		init(&regs, &sregs, bits);
		for (size_t k = 0; k < sizeof regs / 8; k++)
			((uint64_t *)&regs)[k] = random_next(&seed);
		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)random_next(&seed);
		for (size_t k = 0; k < len && random_below(&seed, 2); k++)
			bytes[k] = starts[random_below(&seed, sizeof starts)];
		memset(to, 0xa5, sizeof to);
		unsigned n = decode_exactly(bytes, len, bits, &regs, &sregs, to);
		CHECK(n <= OPERANDS_MAX);
		CHECK_EQ(to[OPERANDS_MAX].len, 0xa5a5a5a5);
		for (unsigned k = 0; k < n && k < OPERANDS_MAX; k++) {
			CHECK(to[k].len > 0 && to[k].len <= 1024);
			CHECK(to[k].is_read || to[k].is_write);
			CHECK(bits == 64 || to[k].gva <= UINT32_MAX);
		}
	}
}

int main(void)
{
	RUN(every_row_has_its_operands);
	RUN(bytes_that_end_too_early_have_none);
	RUN(stacks_wrap_at_their_size);
	RUN(linear_addresses_wrap_at_4_gib_but_in_64_bit_code);
	RUN(a_rep_of_nothing_accesses_nothing);
	RUN(a_long_mode_frame_is_aligned);
	RUN(any_bytes_are_decoded_within_bounds);
	return check_done();
}
