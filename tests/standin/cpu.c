/* The stand-in's CPU: the engine, what it is given before an instruction, what it asks for, and what is taken of it. */
#include "cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"

#define PORT_DATA 4096u /* in the run structure: fake_kvm.c */

/* --- what the engine asks for ------------------------------------------------------------------- */

static uint8_t *port_data(const struct cpu *cpu)
{
	return (uint8_t *)cpu->i->v->run + PORT_DATA;
}

static bool do_port(void *ctx, unsigned port, void *data, unsigned size, bool is_write)
{
	struct cpu *cpu = ctx;
	struct fake_insn *i = cpu->i;
	struct kvm_run *run = i->v->run;
	if (!is_write && i->v->has_port_data) {
		memcpy(data, port_data(cpu), size);
		return true;
	}
	if (is_write)
		memcpy(port_data(cpu), data, size);
	run->io.direction = is_write ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.size = (uint8_t)size;
	run->io.port = (uint16_t)port;
	run->io.count = 1;
	run->io.data_offset = PORT_DATA;
	i->end = FAKE_PORT;
	cpu->is_rewinding |= !is_write;
	return true;
}

static void note(struct cpu *cpu, const struct fake_access *a)
{
	struct fake_vcpu *v = cpu->i->v;
	if (v->access_count < FAKE_ACCESSES)
		v->accesses[v->access_count++] = *a;
	else
		cpu->has_failed = true;
}

/* No debug register has it: interp_hits tells of those. */
#define NO_GVA (1ull << 62)

static bool do_mmio(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write)
{
	struct cpu *cpu = ctx;
	struct fake_vcpu *v = cpu->i->v;
	struct fake_access a = {
		.gva = NO_GVA, .gpa = gpa, .len = size, .is_write = is_write, .is_mmio = true
	};
	if (cpu->is_rewinding)
		return true;
	if (is_write) {
		memcpy(&a.value, data, size);
		note(cpu, &a);
	} else if (cpu->reads_seen < v->reads_known) {
		memcpy(data, &v->reads[cpu->reads_seen++], size);
	} else {
		cpu->i->wanted = a;
		cpu->i->end = FAKE_READS;
		cpu->is_rewinding = true;
	}
	return true;
}

static bool get_tsc(void *ctx, uint64_t *tsc, uint32_t *aux)
{
	struct cpu *cpu = ctx;
	uint64_t value = 0;
	*tsc = msr_tsc(cpu);
	if (aux && !msr_get(cpu->i->v, &cpu->i->to, MSR_AUX, &value))
		return false;
	if (aux)
		*aux = (uint32_t)value;
	return true;
}

void cpu_keep_old(void *ctx, uint8_t *hva, unsigned len, bool is_table)
{
	struct cpu *cpu = ctx;
	(void)is_table;
	for (unsigned k = 0; k < len && cpu->undo_count < UNDO_MAX; k++) {
		cpu->undo[cpu->undo_count].hva = hva + k;
		cpu->undo[cpu->undo_count++].was = hva[k];
	}
}

void cpu_rewind_ram(struct cpu *cpu)
{
	while (cpu->undo_count) {
		cpu->undo_count--;
		*cpu->undo[cpu->undo_count].hva = cpu->undo[cpu->undo_count].was;
	}
}

/* --- the engine, and its state ------------------------------------------------------------------ */

static struct interp *make_engine(struct cpu *cpu)
{
	const struct interp_config config = { .io = do_port,
		.mmio = do_mmio,
		.tsc = get_tsc,
		.touch = cpu_keep_old,
		.ctx = cpu,
		.cpuid = cpu->cpuid.entries,
		.cpuid_count = cpu->cpuid.head.nent,
		.push_segment = INTERP_PUSH_HALF,
		.has_bcd = true };
	return interp_new(&config);
}

bool cpu_open(struct fake_vcpu *v)
{
	struct cpu *cpu = calloc(1, sizeof *cpu);
	if (!cpu)
		return false;
	cpu->engine = make_engine(cpu);
	cpu->slot_changes = UINT32_MAX;
	cpu->xcr0 = 1;
	cpu->fault.vector = cpu->software = V_NONE;
	v->cpu = cpu;
	msr_reset(v);
	if (cpu->engine)
		return true;
	free(cpu);
	return false;
}

void cpu_close(struct fake_vcpu *v)
{
	struct cpu *cpu = v->cpu;
	if (cpu)
		interp_free(cpu->engine);
	free(cpu);
	v->cpu = NULL;
}

int cpu_set_cpuid(struct cpu *cpu, const struct kvm_cpuid2 *from)
{
	if (from->nent > CPUID_MAX)
		return -E2BIG;
	cpu->cpuid.head.nent = from->nent;
	memcpy(cpu->cpuid.entries, from->entries, from->nent * sizeof from->entries[0]);
	cpu->engine->cpuid_count = from->nent;
	return 0;
}

/* Those that lie side by side become one, for the engine has room for few. */
static void take_slots(struct cpu *cpu, const struct fake_vm *vm)
{
	static struct interp_slot slots[INTERP_SLOTS_MAX];
	unsigned count = 0;
	if (cpu->slot_changes == vm->changes)
		return;
	for (unsigned k = 0; k < FAKE_SLOTS && count < INTERP_SLOTS_MAX; k++)
		if (vm->slots[k].size)
			slots[count++] = (struct interp_slot) { vm->slots[k].gpa, vm->slots[k].size,
				vm->slots[k].hva, vm->slots[k].is_read_only };
	interp_set_slots(cpu->engine, slots, count);
	cpu->slot_changes = vm->changes;
}

static unsigned add_watches(struct interp_watch *to, const __u64 db[4], uint64_t dr7)
{
	unsigned count = 0;
	for (unsigned n = 0; n < 4; n++) {
		unsigned rw = dr7 >> (16 + 4 * n) & 3, code = dr7 >> (18 + 4 * n) & 3;
		if (dr7 >> 2 * n & 3 && rw & 1)
			to[count++] = (struct interp_watch) { db[n], code == 2 ? 8 : code + 1,
				rw == 3, true };
	}
	return count;
}

static void take_watches(struct cpu *cpu, const struct fake_vcpu *v)
{
	const struct kvm_guest_debug *d = &v->debug;
	unsigned count = add_watches(cpu->watches, v->now.d.db, v->now.d.dr7);
	if (d->control & KVM_GUESTDBG_ENABLE && d->control & KVM_GUESTDBG_USE_HW_BP)
		count += add_watches(cpu->watches + count, d->arch.debugreg, d->arch.debugreg[7]);
	if (count || cpu->engine->watch_count)
		interp_set_watches(cpu->engine, cpu->watches, count);
}

static struct interp_x87 get_x87(const struct fake_vcpu *v)
{
	const uint8_t *x = (const uint8_t *)&v->xsave;
	struct interp_x87 to = { .ftwx = x[FXSAVE_FTW] };
	memcpy(&to.fcw, x + FXSAVE_FCW, 2);
	memcpy(&to.fsw, x + FXSAVE_FSW, 2);
	memcpy(&to.last_opcode, x + FXSAVE_FOP, 2);
	memcpy(&to.last_ip, x + FXSAVE_FIP, 8);
	memcpy(&to.last_dp, x + FXSAVE_FDP, 8);
	return to;
}

static void put_x87(struct fake_vcpu *v, const struct interp_x87 *from)
{
	uint8_t *x = (uint8_t *)&v->xsave;
	memcpy(x + FXSAVE_FCW, &from->fcw, 2);
	memcpy(x + FXSAVE_FSW, &from->fsw, 2);
	x[FXSAVE_FTW] = from->ftwx;
	memcpy(x + FXSAVE_FOP, &from->last_opcode, 2);
	memcpy(x + FXSAVE_FIP, &from->last_ip, 8);
	memcpy(x + FXSAVE_FDP, &from->last_dp, 8);
}

/* TF is left out: it is fake_run.c that traps. */
void cpu_load(struct cpu *cpu, struct fake_vcpu *v, const struct fake_state *s)
{
	struct interp *c = cpu->engine;
	struct kvm_regs r = s->r;
	const struct interp_msrs msrs = msr_for_engine(cpu);
	const struct interp_x87 x87 = get_x87(v);
	r.rflags &= ~(uint64_t)RFLAGS_TF;
	take_slots(cpu, v->vm);
	take_watches(cpu, v);
	interp_load(c, &r, &s->s, s->shadow, false);
	c->is_mine = true; /* rare states: no CPU is there that could do it better */
	interp_set_msrs(c, &msrs);
	interp_set_x87(c, &x87);
	if (s->s.cr0 & CR0_PG && s->s.cr4 & CR4_PAE && !(s->s.efer & EFER_LMA))
		interp_set_pdptes(c, s->pdptrs);
}

void cpu_save(struct cpu *cpu, struct fake_vcpu *v, struct fake_state *s)
{
	struct interp *c = cpu->engine;
	struct interp_msrs msrs;
	struct interp_x87 x87;
	interp_save(c, &s->r, &s->s);
	s->shadow = interp_shadow(c);
	interp_get_pdptes(c, s->pdptrs);
	if (interp_get_msrs(c, &msrs))
		msr_from_engine(cpu, &msrs);
	if (interp_get_x87(c, &x87))
		put_x87(v, &x87);
}

/* What debug registers watch. */
void cpu_take_hits(struct cpu *cpu)
{
	const struct interp_hit *hits;
	unsigned count = interp_hits(cpu->engine, &hits);
	for (unsigned k = 0; k < count; k++)
		note(cpu, &(struct fake_access) {
		                  .gva = hits[k].gva, .len = 1, .is_write = hits[k].is_write });
}
