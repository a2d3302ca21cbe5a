#include "kvm/exit.h"

#include <stdlib.h>

#include "check.h"

#define PAGE     4096u
#define RUN_SIZE (2 * PAGE) /* struct kvm_run and the page of port data behind it */

/* Decoded with the mapping exactly as large as it is said to be. */
static struct kvm_run *new_run(uint32_t reason)
{
	struct kvm_run *run = calloc(1, RUN_SIZE);
	run->exit_reason = reason;
	return run;
}

static struct kvm_run *new_io(
        uint8_t direction, uint8_t size, uint16_t port, uint32_t count, uint64_t offset)
{
	struct kvm_run *run = new_run(KVM_EXIT_IO);
	run->io.direction = direction;
	run->io.size = size;
	run->io.port = port;
	run->io.count = count;
	run->io.data_offset = offset;
	return run;
}

static void check_line(struct kvm_run *run, bool data_valid, const char *wanted)
{
	struct exit x;
	char line[400];
	exit_decode(&x, run, RUN_SIZE);
	exit_describe(&x, data_valid, line, sizeof line);
	CHECK_STR(line, wanted);
	free(run);
}

static void decodes_port_io(void)
{
	struct kvm_run *run = new_io(KVM_EXIT_IO_OUT, 2, 0x3f8, 3, PAGE);
	struct exit x;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_IO);
	CHECK_EQ(x.reason, KVM_EXIT_IO);
	CHECK(x.io.is_write);
	CHECK_EQ(x.io.size, 2);
	CHECK_EQ(x.io.port, 0x3f8);
	CHECK_EQ(x.io.count, 3);
	CHECK(x.io.data == (uint8_t *)run + PAGE);
	run->io.direction = KVM_EXIT_IO_IN;
	exit_decode(&x, run, RUN_SIZE);
	CHECK(!x.io.is_write);
	free(run);
}

static void port_data_outside_of_the_mapping_is_refused(void)
{
	static const struct {
		uint8_t size;
		uint32_t count;
		uint64_t offset;
		bool is_inside;
	} rows[] = {
		{ 1, 1, RUN_SIZE - 1, true },
		{ 1, 1, RUN_SIZE, false },
		{ 4, 1, RUN_SIZE - 4, true },
		{ 4, 1, RUN_SIZE - 3, false },
		{ 1, PAGE, PAGE, true },
		{ 1, PAGE + 1, PAGE, false },
		{ 4, UINT32_MAX, PAGE, false },
		{ 255, UINT32_MAX, 0, false },
		{ 1, 1, UINT64_MAX, false },
		{ 4, 1, UINT64_MAX - 3, false },
		{ 1, 0, UINT64_MAX, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kvm_run *run =
		        new_io(KVM_EXIT_IO_IN, rows[i].size, 1, rows[i].count, rows[i].offset);
		struct exit x;
		exit_decode(&x, run, RUN_SIZE);
		if (x.kind != (rows[i].is_inside ? EXIT_IO : EXIT_OTHER))
			CHECK_FAIL("row %zu: kind %d", i, (int)x.kind);
		free(run);
	}
}

static void decodes_mmio(void)
{
	struct kvm_run *run = new_run(KVM_EXIT_MMIO);
	struct exit x;
	run->mmio.phys_addr = 0xfffffffffff;
	run->mmio.is_write = 1;
	for (uint32_t len = 0; len < 12; len++) {
		run->mmio.len = len;
		exit_decode(&x, run, RUN_SIZE);
		CHECK_EQ(x.kind, len <= 8 ? EXIT_MMIO : EXIT_OTHER);
		if (x.kind != EXIT_MMIO)
			continue;
		CHECK(x.mmio.is_write);
		CHECK_EQ(x.mmio.size, len);
		CHECK_EQ(x.mmio.gpa, 0xfffffffffff);
		CHECK(x.mmio.data == run->mmio.data);
	}
	run->mmio.len = 0x101; /* not 1 */
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_OTHER);
	free(run);
}

static void decodes_debug_and_failed_entry(void)
{
	struct kvm_run *run = new_run(KVM_EXIT_DEBUG);
	struct exit x;
	run->debug.arch.exception = 3;
	run->debug.arch.pc = 0x7c00;
	run->debug.arch.dr6 = 0xffff4ff0;
	run->debug.arch.dr7 = 0x401;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_DEBUG);
	CHECK_EQ(x.debug.exception, 3);
	CHECK_EQ(x.debug.pc, 0x7c00);
	CHECK_EQ(x.debug.dr6, 0xffff4ff0);
	CHECK_EQ(x.debug.dr7, 0x401);
	memset(&run->debug, 0, sizeof run->debug);
	run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	run->fail_entry.hardware_entry_failure_reason = 0x80000021;
	run->fail_entry.cpu = 3;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_FAIL_ENTRY);
	CHECK_EQ(x.fail_entry.hardware_reason, 0x80000021);
	CHECK_EQ(x.fail_entry.cpu, 3);
	free(run);
}

static void decodes_writes_of_efer(void)
{
	struct kvm_run *run = new_run(KVM_EXIT_X86_WRMSR);
	struct exit x;
	run->msr.index = 0xc0000080;
	run->msr.data = 0x501;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_MSR);
	CHECK_EQ(x.msr.value, 0x501);
	CHECK(x.msr.is_refused == &run->msr.error);
	run->msr.index = 0xc0000081; /* nobody has asked for it */
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_OTHER);
	run->msr.index = 0xc0000080;
	check_line(run, true, "KVM_EXIT_X86_WRMSR EFER=0x501");
}

static void decodes_internal_errors(void)
{
	struct kvm_run *run = new_run(KVM_EXIT_INTERNAL_ERROR);
	struct exit x;
	run->emulation_failure.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->emulation_failure.ndata = 4;
	run->emulation_failure.flags = KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES;
	run->emulation_failure.insn_size = 255; /* a lie */
	for (uint8_t i = 0; i < 15; i++)
		run->emulation_failure.insn_bytes[i] = i;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.kind, EXIT_INTERNAL_ERROR);
	CHECK_EQ(x.internal.insn_size, 15);
	CHECK_EQ(x.internal.insn[14], 14);
	CHECK_EQ(x.internal.data_count, 4);
	run->emulation_failure.insn_size = 2;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.internal.insn_size, 2);
	run->emulation_failure.flags = 0; /* then there are no bytes */
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.internal.insn_size, 0);
	run->emulation_failure.flags = 1;
	run->emulation_failure.ndata = 2; /* too few words for bytes */
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.internal.insn_size, 0);
	run->internal.suberror = KVM_INTERNAL_ERROR_DELIVERY_EV;
	run->internal.ndata = UINT32_MAX;
	for (unsigned i = 0; i < 16; i++)
		run->internal.data[i] = i + 1;
	exit_decode(&x, run, RUN_SIZE);
	CHECK_EQ(x.internal.insn_size, 0);
	CHECK_EQ(x.internal.data_count, 16);
	CHECK_EQ(x.internal.data[15], 16);
	free(run);
}

static void other_reasons_are_kept(void)
{
	static const struct {
		uint32_t reason;
		enum exit_kind kind;
	} rows[] = {
		{ KVM_EXIT_HLT, EXIT_HLT },
		{ KVM_EXIT_SHUTDOWN, EXIT_SHUTDOWN },
		{ KVM_EXIT_IRQ_WINDOW_OPEN, EXIT_IRQ_WINDOW },
		{ KVM_EXIT_INTR, EXIT_KICKED },
		{ KVM_EXIT_UNKNOWN, EXIT_OTHER },
		{ KVM_EXIT_SYSTEM_EVENT, EXIT_OTHER },
		{ 12345, EXIT_OTHER },
		{ UINT32_MAX, EXIT_OTHER },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kvm_run *run = new_run(rows[i].reason);
		struct exit x;
		exit_decode(&x, run, RUN_SIZE);
		CHECK_EQ(x.kind, rows[i].kind);
		CHECK_EQ(x.reason, rows[i].reason);
		free(run);
	}
}

static void names_are_the_kernels(void)
{
	CHECK_STR(exit_name(KVM_EXIT_UNKNOWN), "KVM_EXIT_UNKNOWN");
	CHECK_STR(exit_name(KVM_EXIT_IO), "KVM_EXIT_IO");
	CHECK_STR(exit_name(KVM_EXIT_HLT), "KVM_EXIT_HLT");
	CHECK_STR(exit_name(KVM_EXIT_MMIO), "KVM_EXIT_MMIO");
	CHECK_STR(exit_name(KVM_EXIT_DEBUG), "KVM_EXIT_DEBUG");
	CHECK_STR(exit_name(KVM_EXIT_SHUTDOWN), "KVM_EXIT_SHUTDOWN");
	CHECK_STR(exit_name(KVM_EXIT_FAIL_ENTRY), "KVM_EXIT_FAIL_ENTRY");
	CHECK_STR(exit_name(KVM_EXIT_INTERNAL_ERROR), "KVM_EXIT_INTERNAL_ERROR");
	CHECK_STR(exit_name(KVM_EXIT_SYSTEM_EVENT), "KVM_EXIT_SYSTEM_EVENT");
	CHECK_STR(exit_name(KVM_EXIT_X86_RDMSR), "KVM_EXIT_X86_RDMSR");
	CHECK(!exit_name(1000));
	CHECK(!exit_name(UINT32_MAX));
	for (uint32_t i = 0; i < 200; i++)
		CHECK(!exit_name(i) || !strncmp(exit_name(i), "KVM_EXIT_", 9));
	CHECK_STR(exit_suberror_name(KVM_INTERNAL_ERROR_EMULATION), "KVM_INTERNAL_ERROR_EMULATION");
	CHECK_STR(exit_suberror_name(KVM_INTERNAL_ERROR_DELIVERY_EV),
	        "KVM_INTERNAL_ERROR_DELIVERY_EV");
	CHECK(!exit_suberror_name(0));
	CHECK(!exit_suberror_name(UINT32_MAX));
}

static void describes_port_io(void)
{
	struct kvm_run *run = new_io(KVM_EXIT_IO_OUT, 1, 0xe9, 1, PAGE);
	((uint8_t *)run)[PAGE] = 0x48;
	check_line(run, false, "KVM_EXIT_IO port=0xe9 size=1 direction=out data=0x48");
	run = new_io(KVM_EXIT_IO_OUT, 2, 0x3f8, 3, PAGE);
	memcpy((uint8_t *)run + PAGE, "\x01\x02\x03\x04\x00\x00", 6);
	check_line(run, false,
	        "KVM_EXIT_IO port=0x3f8 size=2 direction=out count=3 data=0x201,0x403,0x0");
	run = new_io(KVM_EXIT_IO_IN, 4, 0xe4, 1, PAGE);
	memset((uint8_t *)run + PAGE, 0xff, 4);
	check_line(run, true, "KVM_EXIT_IO port=0xe4 size=4 direction=in data=0xffffffff");
	check_line(new_io(KVM_EXIT_IO_IN, 4, 0xe4, 1, PAGE), false,
	        "KVM_EXIT_IO port=0xe4 size=4 direction=in");
	check_line(new_io(KVM_EXIT_IO_IN, 4, 0xe4, 1, RUN_SIZE), true, "KVM_EXIT_IO");
}

static void describes_the_other_exits(void)
{
	struct kvm_run *run = new_run(KVM_EXIT_MMIO);
	run->mmio.phys_addr = 0xa0002;
	run->mmio.len = 2;
	check_line(run, false, "KVM_EXIT_MMIO address=0xa0002 size=2 direction=read");
	run = new_run(KVM_EXIT_MMIO);
	run->mmio.phys_addr = 0xa0002;
	run->mmio.len = 8;
	run->mmio.is_write = 1;
	memcpy(run->mmio.data, "\x08\x07\x06\x05\x04\x03\x02\x81", 8);
	check_line(run, false,
	        "KVM_EXIT_MMIO address=0xa0002 size=8 direction=write data=0x8102030405060708");
	run = new_run(KVM_EXIT_DEBUG);
	run->debug.arch.exception = 1;
	run->debug.arch.pc = 0x7c05;
	run->debug.arch.dr6 = 0xffff4ff0;
	check_line(run, false, "KVM_EXIT_DEBUG exception=1 pc=0x7c05 dr6=0xffff4ff0");
	run = new_run(KVM_EXIT_FAIL_ENTRY);
	run->fail_entry.hardware_entry_failure_reason = 0x80000021;
	check_line(
	        run, false, "KVM_EXIT_FAIL_ENTRY hardware_entry_failure_reason=0x80000021 cpu=0");
	run = new_run(KVM_EXIT_INTERNAL_ERROR);
	run->emulation_failure.suberror = 1;
	run->emulation_failure.ndata = 3;
	run->emulation_failure.flags = 1;
	run->emulation_failure.insn_size = 2;
	memcpy(run->emulation_failure.insn_bytes, "\x0f\xae", 2);
	check_line(run, false,
	        "KVM_EXIT_INTERNAL_ERROR suberror=1 (KVM_INTERNAL_ERROR_EMULATION) "
	        "instruction=0f ae");
	run = new_run(KVM_EXIT_INTERNAL_ERROR);
	run->internal.suberror = 99;
	run->internal.ndata = 2;
	run->internal.data[0] = 0x1f;
	check_line(run, false, "KVM_EXIT_INTERNAL_ERROR suberror=99 data=0x1f,0x0");
	check_line(new_run(KVM_EXIT_HLT), false, "KVM_EXIT_HLT");
	check_line(new_run(KVM_EXIT_SHUTDOWN), false, "KVM_EXIT_SHUTDOWN");
	check_line(new_run(KVM_EXIT_INTR), false, "KVM_EXIT_INTR");
	check_line(new_run(777), false, "KVM_EXIT_777 (a reason this stepvm does not know)");
	const struct exit kicked = { .kind = EXIT_KICKED, .reason = KVM_EXIT_IO };
	char line[64];
	exit_describe(&kicked, false, line, sizeof line);
	CHECK_STR(line, "KVM_EXIT_INTR"); /* the old reason is not news */
}

/* A whole page of elements is cut, at every size, and ends with a 0. */
static void a_long_line_is_cut(void)
{
	struct kvm_run *run = new_io(KVM_EXIT_IO_OUT, 1, 0x10, PAGE, PAGE);
	struct exit x;
	char whole[300];
	exit_decode(&x, run, RUN_SIZE);
	exit_describe(&x, true, whole, sizeof whole);
	CHECK_EQ(strlen(whole), sizeof whole - 1);
	for (size_t size = 1; size < sizeof whole; size++) {
		char *line = malloc(size);
		exit_describe(&x, true, line, size);
		CHECK_EQ(strlen(line), size - 1);
		CHECK(!memcmp(line, whole, size - 1));
		free(line);
	}
	free(run);
}

int main(void)
{
	RUN(decodes_port_io);
	RUN(port_data_outside_of_the_mapping_is_refused);
	RUN(decodes_mmio);
	RUN(decodes_debug_and_failed_entry);
	RUN(decodes_writes_of_efer);
	RUN(decodes_internal_errors);
	RUN(other_reasons_are_kept);
	RUN(names_are_the_kernels);
	RUN(describes_port_io);
	RUN(describes_the_other_exits);
	RUN(a_long_line_is_cut);
	return check_done();
}
