/* An instruction: the first byte says how wide the code is, the next 8 what all registers hold, the
 * rest are its bytes. More bytes behind a whole instruction change nothing. */
#include "fuzz.h"

#include "debug/insn.h"
#include "debug/operands.h"

static struct kvm_segment segment(uint64_t value, unsigned bits)
{
	return (struct kvm_segment) {
		.base = value & 0xfffff0, .limit = 0xffffffff, .l = bits == 64, .db = bits == 32
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned widths[] = { 16, 32, 64 };
	struct fuzz_in in = { data, data + size };
	unsigned bits = widths[fuzz_number(&in, 1) % 3];
	uint64_t value = fuzz_number(&in, 8);
	struct kvm_regs regs = { value, ~value, value >> 8, value << 8, value + 1, value - 1, value,
		value, 1, 2, 3, 4, 5, 6, 7, value, value & 0xffff, 2 };
	struct kvm_sregs sregs = { .cr0 = 1, .efer = bits == 64 ? 0x500 : 0 };
	sregs.cs = sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = segment(value, bits);
	size_t len = fuzz_left(&in) < INSN_MAX ? fuzz_left(&in) : INSN_MAX;
	struct insn whole, part;
	struct operand to[OPERANDS_MAX];
	in.end = in.at + len;
	char *bytes = fuzz_copy(&in, 0);
	if (insn_decode(&whole, (uint8_t *)bytes, len, bits)) {
		FUZZ_CLAIM(whole.len <= INSN_MAX && whole.prefix_len < INSN_MAX);
		FUZZ_CLAIM(whole.address_bits == 16 || whole.address_bits == 32 ||
		           whole.address_bits == 64);
	}
	for (size_t n = 0; n < len; n++) {
		struct fuzz_in shorter = { in.at, in.at + n };
		char *copy = fuzz_copy(&shorter, 0);
		if (insn_decode(&part, (uint8_t *)copy, n, bits)) {
			FUZZ_CLAIM(insn_decode(&whole, (uint8_t *)bytes, len, bits));
			FUZZ_CLAIM(part.kind == whole.kind && part.len == whole.len &&
			           part.rep == whole.rep && part.opcode == whole.opcode &&
			           part.faults == whole.faults &&
			           part.written_cr == whole.written_cr &&
			           part.vector == whole.vector);
		}
		operands_decode((uint8_t *)copy, n, bits, &regs, &sregs, to);
		free(copy);
	}
	unsigned count = operands_decode((uint8_t *)bytes, len, bits, &regs, &sregs, to);
	FUZZ_CLAIM(count <= OPERANDS_MAX);
	for (unsigned i = 0; i < count; i++)
		FUZZ_CLAIM(to[i].is_read || to[i].is_write);
	free(bytes);
	return 0;
}
