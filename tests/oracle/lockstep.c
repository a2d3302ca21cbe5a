/* Registers are compared after every step. Memory is compared at the end, for reading it takes far
 * longer than a step; when anything differs, the program is run again, and this time the memory
 * that differed is looked at after every step: so the first difference is found. */
#include "lockstep.h"

#include "report.h"

#define EFLAGS_TF  (1u << 8) /* SDM vol 1, "EFLAGS Register" */
#define CHUNK      256
#define CHUNKS_MAX 8

struct run {
	struct pair *pair;
	const struct program *program;
	unsigned steps_max, steps;
	size_t chunks[CHUNKS_MAX]; /* of memory, looked at after every step */
	unsigned chunk_count;
	struct difference difference;
	struct cpu before, stepvm, qemu;
};

static bool was_protected(const struct run *r)
{
	return r->before.r[CPU_CR0] & CR0_PE;
}

static bool fetch_both(struct pair *p, size_t gva, size_t len)
{
	return side_fetch_memory(&p->stepvm, gva, len) && side_fetch_memory(&p->qemu, gva, len);
}

static bool load_both(struct pair *p, const struct program *program)
{
	return side_load_memory(&p->stepvm, program->memory, program->window) &&
	       side_load_memory(&p->qemu, program->memory, program->window) &&
	       side_load(&p->stepvm, &program->start) && side_load(&p->qemu, &program->start);
}

static bool is_broken(const struct pair *p)
{
	return p->stepvm.is_broken || p->qemu.is_broken;
}

/* The instruction at the pc. */
static bool look(struct run *r, const struct cpu *cpu, uint8_t bytes[INSN_MAX])
{
	uint32_t pc = cpu->r[CPU_PC];
	if (r->program->has_fixed_code && pc <= r->program->window - INSN_MAX) {
		memcpy(bytes, r->program->memory + pc, INSN_MAX);
		return true;
	}
	return side_read_memory(&r->pair->stepvm, pc, bytes, INSN_MAX);
}

/* Where programs end. QEMU's step over hlt waits for an interrupt that never comes; the fault of
 * ud2 in protected mode is a guest's way to its triple fault, which would reset QEMU's CPU. */
static bool is_end(const struct cpu *cpu, const uint8_t *bytes)
{
	return bytes[0] == 0xf4 ||
	       (cpu->r[CPU_CR0] & CR0_PE && bytes[0] == 0x0f && bytes[1] == 0x0b);
}

/* --- one step --------------------------------------------------------------------------------- */

/* QEMU stands at the first instruction of #DB's handler one step early: known.c tells when. */
static bool catch_up(struct run *r)
{
	const uint8_t *vector = r->pair->qemu.memory + 4 * 1;
	struct side *s = &r->pair->stepvm;
	if (was_protected(r) || r->before.r[CPU_EFLAGS] & EFLAGS_TF || !r->difference.has_stepped)
		return true;
	if (!side_read_memory(&r->pair->qemu, 4, r->pair->qemu.memory + 4, 4))
		return false;
	uint32_t handler = (vector[0] | vector[1] << 8) + ((vector[2] | vector[3] << 8) << 4);
	if (r->qemu.r[CPU_PC] != handler || r->stepvm.r[CPU_PC] == handler)
		return true;
	side_begin_step(s);
	r->difference.has_stepped = side_end_step(s);
	side_begin_read(s);
	return side_end_read(s, &r->stepvm, &r->difference.is_sane);
}

/* Sets the accessed bit in QEMU's descriptor of a new code segment if it is set in stepvm's. */
static bool mark_accessed(struct run *r)
{
	struct pair *p = r->pair;
	uint32_t cs = r->stepvm.r[CPU_CS], type = p->stepvm.gdt + (cs & ~7u) + 5; /* its byte */
	uint8_t stepvm, qemu;
	if (!(r->stepvm.r[CPU_CR0] & CR0_PE) || cs == r->before.r[CPU_CS])
		return true;
	if (!side_read_memory(&p->stepvm, type, &stepvm, 1) ||
	        !side_read_memory(&p->qemu, type, &qemu, 1))
		return false;
	return stepvm != (qemu | 1) || side_write_memory(&p->qemu, type, &stepvm, 1);
}

static bool step_both(struct run *r)
{
	struct pair *p = r->pair;
	bool is_sane;
	side_begin_step(&p->stepvm);
	side_begin_step(&p->qemu);
	r->difference.has_stepped = side_end_step(&p->stepvm);
	bool has_stepped = side_end_step(&p->qemu);
	if (is_broken(p))
		return false;
	side_begin_read(&p->stepvm);
	side_begin_read(&p->qemu);
	if (!side_end_read(&p->stepvm, &r->stepvm, &r->difference.is_sane) ||
	        !side_end_read(&p->qemu, &r->qemu, &is_sane))
		return false;
	if (!has_stepped)
		printf("# qemu stopped with: %s\n", p->qemu.stop);
	if (r->qemu.r[CPU_PC] != r->stepvm.r[CPU_PC] && !catch_up(r))
		return false;
	return has_stepped && mark_accessed(r);
}

/* Flags that are undefined after the step are made the same; the others and everything else have
 * to be. QEMU is the one that is written to: stepvm's side runs undisturbed. */
static bool are_registers_same(struct run *r)
{
	struct difference *d = &r->difference;
	d->undefined = 0;
	if (!d->has_stepped || !d->is_sane)
		return false;
	if (!memcmp(&r->stepvm, &r->qemu, sizeof r->stepvm))
		return true;
	d->undefined = known_undefined(r->pair->quirks, &r->before, &r->stepvm, d->bytes);
	uint32_t flags = r->stepvm.r[CPU_EFLAGS];
	if ((flags ^ r->qemu.r[CPU_EFLAGS]) & ~d->undefined)
		return false;
	struct cpu same = r->qemu;
	same.r[CPU_EFLAGS] = flags;
	return !memcmp(&r->stepvm, &same, sizeof same) &&
	       side_write_register(&r->pair->qemu, CPU_EFLAGS, flags);
}

static bool is_memory_same(struct run *r)
{
	const struct pair *p = r->pair;
	for (unsigned i = 0; i < r->chunk_count; i++) {
		size_t at = r->chunks[i];
		if (!fetch_both(r->pair, at, CHUNK))
			return false;
		if (memcmp(p->stepvm.memory + at, p->qemu.memory + at, CHUNK))
			return false;
	}
	return true;
}

static enum lockstep_end run(struct run *r)
{
	struct difference *d = &r->difference;
	if (r->pair->is_spent && !r->pair->restart(r->pair))
		return LOCKSTEP_BROKEN;
	r->pair->is_spent = false;
	if (!load_both(r->pair, r->program))
		return LOCKSTEP_BROKEN;
	r->before = r->program->start;
	for (r->steps = 0; r->steps < r->steps_max; r->steps++) {
		if (!look(r, &r->before, d->bytes))
			return LOCKSTEP_BROKEN;
		if (r->pair->is_traced)
			report_step(r->steps + 1, &r->before, d->bytes);
		if (is_end(&r->before, d->bytes))
			return LOCKSTEP_HALTED;
		if (!step_both(r))
			return LOCKSTEP_BROKEN;
		if (!are_registers_same(r) || !is_memory_same(r))
			return is_broken(r->pair) ? LOCKSTEP_BROKEN : LOCKSTEP_DIFFERENT;
		r->before = r->stepvm;
	}
	return LOCKSTEP_STEPS;
}

/* --- hlt, by stepvm alone --------------------------------------------------------------------- */

/* It does nothing but lead to the instruction after it: SDM vol 2, HLT. */
static bool is_halt_right(struct run *r)
{
	struct side *s = &r->pair->stepvm;
	struct cpu wanted = r->before;
	if (was_protected(r))
		return true;
	side_begin_step(s);
	r->difference.has_stepped = side_end_step(s);
	side_begin_read(s);
	if (!side_end_read(s, &r->stepvm, &r->difference.is_sane))
		return false;
	wanted.r[CPU_PC]++;
	r->qemu = wanted;
	return r->difference.has_stepped && r->difference.is_sane &&
	       !memcmp(&wanted, &r->stepvm, sizeof wanted);
}

/* --- a program -------------------------------------------------------------------------------- */

/* Which chunks differ now. */
static bool find_chunks(struct run *r)
{
	const struct pair *p = r->pair;
	if (!fetch_both(r->pair, 0, r->program->window))
		return false;
	for (size_t at = 0; at < r->program->window && r->chunk_count < CHUNKS_MAX; at += CHUNK)
		if (memcmp(p->stepvm.memory + at, p->qemu.memory + at, CHUNK))
			r->chunks[r->chunk_count++] = at;
	return true;
}

/* Runs the program again if memory differs, and reports the first difference. */
static bool find_first(struct run *r)
{
	struct pair *p = r->pair;
	if (r->chunk_count) {
		const struct run first = *r;
		p->is_spent |= was_protected(r);
		if (run(r) != LOCKSTEP_DIFFERENT) {
			printf("# it did not differ when it was run again: this is the first time, "
			       "with memory as it is now\n");
			*r = first;
		}
	}
	r->difference.step = r->steps + 1;
	if (!fetch_both(p, 0, r->program->window))
		return false;
	report(p, r->program, &r->difference);
	return true;
}

enum lockstep_end lockstep_run(
        struct pair *p, const struct program *program, unsigned steps_max, unsigned *steps)
{
	struct run r = { .pair = p, .program = program };
	r.steps_max = steps_max && steps_max < program->steps_max ? steps_max : program->steps_max;
	r.difference.before = &r.before;
	r.difference.stepvm = &r.stepvm;
	r.difference.qemu = &r.qemu;
	enum lockstep_end end = run(&r);
	*steps = r.steps;
	if (end == LOCKSTEP_BROKEN || !find_chunks(&r))
		return LOCKSTEP_BROKEN;
	if (end != LOCKSTEP_DIFFERENT && r.chunk_count)
		end = LOCKSTEP_DIFFERENT;
	else if (end == LOCKSTEP_HALTED && !is_halt_right(&r))
		end = LOCKSTEP_DIFFERENT;
	if (end == LOCKSTEP_DIFFERENT && !find_first(&r))
		return LOCKSTEP_BROKEN;
	p->is_spent |= was_protected(&r);
	return is_broken(p) ? LOCKSTEP_BROKEN : end;
}

bool lockstep_one(struct pair *p, const struct program *program, struct cpu *after)
{
	bool is_sane;
	if (!side_load_memory(&p->stepvm, program->memory, program->window) ||
	        !side_load(&p->stepvm, &program->start))
		return false;
	side_begin_step(&p->stepvm);
	bool can = side_end_step(&p->stepvm);
	side_begin_read(&p->stepvm);
	return side_end_read(&p->stepvm, after, &is_sane) &&
	       side_fetch_memory(&p->stepvm, 0, program->window) && can;
}
