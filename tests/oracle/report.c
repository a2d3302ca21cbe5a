#include "report.h"

/* The first line of objdump's that is an instruction; nothing when binutils are not there. */
static void disassemble(const uint8_t bytes[INSN_MAX], bool is_real)
{
	char path[] = "/tmp/oracle-XXXXXX", command[160], line[200], *text;
	int fd = mkstemp(path);
	if (fd < 0)
		return;
	bool is_written = write(fd, bytes, INSN_MAX) == INSN_MAX;
	close(fd);
	snprintf(command, sizeof command, "objdump -D -b binary -m %s %s 2>/dev/null",
	        is_real ? "i8086" : "i386", path);
	FILE *f = is_written ? popen(command, "r") : NULL;
	while (f && fgets(line, sizeof line, f)) {
		/* "   0:\t66 90  \txchg ..." */
		if (strncmp(line, "   0:\t", 6) || !(text = strchr(line + 6, '\t')))
			continue;
		printf("  %s", text + 1);
		pclose(f);
		unlink(path);
		return;
	}
	printf("\n");
	if (f)
		pclose(f);
	unlink(path);
}

static void report_registers(const struct difference *d)
{
	printf("#            before    stepvm      qemu\n");
	for (int i = 0; i < CPU_REGISTERS; i++) {
		uint32_t differs = d->stepvm->r[i] ^ d->qemu->r[i];
		if (i == CPU_EFLAGS)
			differs &= ~d->undefined;
		printf("# %-7s %08x  %08x  %08x%s\n", cpu_names[i], d->before->r[i],
		        d->stepvm->r[i], d->qemu->r[i], differs ? "  <--" : "");
	}
	if (d->undefined)
		printf("# eflags bits that may differ: %x\n", d->undefined);
	if (!d->is_sane)
		printf("# stepvm: a segment's base is not 16 times its selector, or eip, ip and cs "
		       "do not agree\n");
}

static void report_memory(const struct pair *p, size_t window)
{
	unsigned shown = 0;
	for (size_t i = 0; i < window; i++) {
		if (p->stepvm.memory[i] == p->qemu.memory[i])
			continue;
		if (++shown > 16) {
			printf("# more bytes of memory differ\n");
			return;
		}
		printf("# memory %05zx: stepvm %02x, qemu %02x\n", i, p->stepvm.memory[i],
		        p->qemu.memory[i]);
	}
}

void report_step(unsigned step, const struct cpu *before, const uint8_t bytes[INSN_MAX])
{
	uint32_t cs = before->r[CPU_CS], pc = before->r[CPU_PC];
	bool is_real = !(before->r[CPU_CR0] & CR0_PE);
	printf("# step %u, at %04x:%04x (%05x):", step, cs, is_real ? pc - (cs << 4) : pc, pc);
	for (int i = 0; i < INSN_MAX; i++)
		printf(" %02x", bytes[i]);
	disassemble(bytes, is_real);
}

void report(const struct pair *p, const struct program *program, const struct difference *d)
{
	printf("# %s:\n", program->name);
	report_step(d->step, d->before, d->bytes);
	if (!d->has_stepped)
		printf("# stepvm stopped with: %s\n", p->stepvm.stop);
	report_registers(d);
	report_memory(p, program->window);
}
