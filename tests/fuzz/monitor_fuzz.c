/* Lines behind gdb's `monitor`, to a machine that does not run; then events come to what is caught.
 */
#include "fuzz.h"

#include "monitor/monitor.h"

static size_t said;

static void count(void *to, const char *text)
{
	(void)to;
	said += strlen(text);
}

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static bool no_interrupt(void *ctx)
{
	(void)ctx;
	return false;
}

static void events(const struct catches *c, struct fuzz_in *in)
{
	char text[CATCH_TEXT_MAX];
	const struct kvm_regs regs = { .rax = fuzz_number(in, 8), .rdx = fuzz_number(in, 2) };
	uint64_t at = fuzz_number(in, 8), value = fuzz_number(in, 4);
	catches_vector(
	        c, (unsigned)(at & 0xff), (enum catch_cause)(value % 3), &regs, "somewhere", text);
	catches_port(c, (uint16_t)at, 1u << (value & 1), at & 1, value, text);
	catches_mmio(c, at, 1u << (value & 3), at & 1, value, text);
	catches_mode(c, "real", value & 1 ? "real" : "prot", text);
	catches_cs(c, (uint16_t)at, (uint16_t)value, text);
	catches_cr(c, (unsigned)(at & 7), value & 1, at, value, text);
	catches_hlt(c, text);
	catches_need_steps(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	static struct guest guest; /* has registers of zeros, no memory and no KVM */
	static struct run run;
	static const struct machine_config config = { .image = { .path = "image" } };
	struct fuzz_in in = { data, data + size }, values = in;
	memset(&machine, 0, sizeof machine);
	memset(&guest, 0, sizeof guest);
	machine.guest = &guest;
	board_init(&guest.board, false, swallow, NULL);
	const struct control_io io = { .has_interrupt = no_interrupt };
	control_init(&machine.control, &guest.vcpus[0], &io);
	guest.vm.kvm_fd = guest.vm.fd = guest.vcpus[0].fd = -1;
	guest.vcpus[0].vm = &guest.vm;
	guest.vcpus[0].has_regs = guest.vcpus[0].has_sregs = true;
	run_init(&run, &machine);
	machine.config = &config;
	said = 0;
	while (in.at < in.end) {
		struct fuzz_in part = fuzz_until(&in, '\n');
		char *line = fuzz_copy(&part, 1);
		monitor_command(&run, line, count, NULL);
		FUZZ_CLAIM(machine.control.catches.count <= CATCH_MAX);
		free(line);
		events(&machine.control.catches, &values);
	}
	control_close(&machine.control);
	return 0;
}
