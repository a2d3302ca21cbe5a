/* One instruction of the stand-in's CPU: by the engine, each time on a copy of the registers, so that one which needs what
 * a device has not said yet is thrown away and done again. What fake_cpu.h asks of a CPU stands here. */
#include "cpu.h"

#include <errno.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "interp/flags.h"
#include "interp/paging.h"
#include "interp/transfer.h"

/* A free run is done one instruction after the other before it is done fast: a KVM that emulates its guests is told
 * from others by how long a loop of 100 takes (kvm/probe_emulates.c). Not so on kinds that let the CPU run them. */
#define SLOW_INSNS 200u
#define FAST_INSNS 4096u /* between two looks at immediate_exit */

/* --- what fake_run.c asks for ------------------------------------------------------------------- */

uint64_t fake_pc(const struct fake_state *s)
{
	if (s->s.efer & EFER_LMA && s->s.cs.l)
		return s->r.rip;
	return (s->s.cs.base + s->r.rip) & 0xffffffff;
}

void fake_begin(struct fake_insn *i, struct fake_vcpu *v)
{
	struct cpu *cpu = v->cpu;
	*i = (struct fake_insn) { .v = v, .to = v->now };
	i->begin = v->now.r.rip;
	v->access_count = 0;
	cpu->i = i;
	cpu->reads_seen = cpu->undo_count = 0;
	cpu->has_failed = cpu->is_rewinding = false;
}

struct prefixes {
	unsigned at; /* of the opcode */
	bool has_66, has_rep, has_lock;
	uint8_t rex;
};

static struct prefixes read_prefixes(const struct cpu *cpu)
{
	struct prefixes p = { 0 };
	for (; p.at < cpu->code_len; p.at++)
		switch (cpu->code[p.at]) {
		case 0x66: p.has_66 = true; break;
		case 0xf2:
		case 0xf3: p.has_rep = true; break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
		case 0x67: break;
		case 0xf0: p.has_lock = true; break;
		default:
			if (cpu->engine->is_long && (cpu->code[p.at] & 0xf0) == 0x40) {
				p.rex = cpu->code[p.at++];
				return p;
			}
			return p;
		}
	return p;
}

static void read_code(struct cpu *cpu)
{
	struct interp *c = cpu->engine;
	uint64_t pc = interp_pc(c);
	for (cpu->code_len = 0; cpu->code_len < CODE_BYTES;) {
		uint64_t at = (pc + cpu->code_len) & c->lin_mask;
		unsigned left = PAGE - (at & (PAGE - 1)), len = CODE_BYTES - cpu->code_len;
		const struct tlb_entry *e = interp_fetch_entry(c, at);
		if (!e)
			break;
		len = len < left ? len : left;
		memcpy(cpu->code + cpu->code_len, (const uint8_t *)(e->add + at), len);
		cpu->code_len += len;
	}
	interp_drop_marks(c);
}

static uint8_t opcode_at(const struct cpu *cpu, unsigned at)
{
	return at < cpu->code_len ? cpu->code[at] : 0x90;
}

/* TF in what popf and iret take from the stack is kept from the engine: the byte that has it, or NULL. */
static uint8_t *hide_tf(struct cpu *cpu, const struct prefixes *p, uint8_t op)
{
	struct interp *c = cpu->engine;
	unsigned len = (c->code_bits == 16) != p->has_66 ? 2 : 4;
	struct place at;
	if (c->is_long && !p->has_66 && (op == 0x9d || p->rex & 8))
		len = 8;
	uint64_t off = (c->r[SP] + (op == 0xcf ? 2 * len : 0) + 1) & c->sp_mask;
	if (!interp_access(c, SS, (c->seg[SS].base + off) & c->lin_mask, 1, ACCESS_READ, &at) ||
	        !(*at.p & RFLAGS_TF >> 8))
		return NULL;
	*at.p &= (uint8_t) ~(RFLAGS_TF >> 8);
	return at.p;
}

/* A string instruction, and a port's. */
static bool is_string(uint8_t op)
{
	return (op >= 0x6c && op <= 0x6f) || (op >= 0xa4 && op <= 0xa7) ||
	       (op >= 0xaa && op <= 0xaf);
}

static enum fake_how find_how(const struct cpu *cpu, const struct prefixes *p)
{
	uint8_t op = opcode_at(cpu, p->at), next = opcode_at(cpu, p->at + 1);
	if (op == 0x0f)
		return next == 0xb2 ? FAKE_LOADS_SS
		       : next == 0x22 && (next = opcode_at(cpu, p->at + 2)) && !(next & 0x38)
		               ? FAKE_EMULATED
		               : FAKE_PLAIN;
	if (op == 0x17 || (op == 0x8e && (next >> 3 & 7) == 2))
		return FAKE_LOADS_SS;
	if (op == 0x9d || op == 0xcf)
		return FAKE_LOADS_FLAGS;
	return p->has_rep && is_string(op) ? FAKE_IS_REP : FAKE_PLAIN;
}

static void raise_in(struct cpu *cpu, struct fake_insn *i)
{
	const struct interp *c = cpu->engine;
	int vector = interp_raised(c);
	cpu->fault = (struct fault) { .vector = vector };
	if (c->fault.vector == vector)
		cpu->fault = c->fault;
	cpu_rewind_ram(cpu);
	i->v->access_count = 0;
	i->vector = (uint8_t)vector;
	i->end = FAKE_RAISES;
}

static void run_engine(
        struct cpu *cpu, struct fake_insn *i, const struct prefixes *p, bool shows_tf)
{
	struct interp *c = cpu->engine;
	struct fake_vcpu *v = i->v;
	uint8_t op = opcode_at(cpu, p->at), *hidden = NULL;
	bool loads_flags = op == 0x9d || op == 0xcf, tf = i->to.r.rflags & RFLAGS_TF;
	uint64_t done;
	if (loads_flags)
		hidden = hide_tf(cpu, p, op);
	else if (tf || (shows_tf && fake_has(v, FAKE_PUSHF_SHOWS_TF)))
		c->rflags |= TF;
	cpu->undo_count = 0;
	interp_run(c, 1, &done);
	if (hidden)
		*hidden |= RFLAGS_TF >> 8;
	if (cpu->is_rewinding) {
		cpu_rewind_ram(cpu);
		v->access_count = 0;
		return;
	}
	if (!done) {
		if (interp_raised(c) != V_NONE)
			raise_in(cpu, i);
		else if (!cpu_do_rest(cpu, i, p->at))
			i->end = FAKE_UNKNOWN;
		return;
	}
	i->how = find_how(cpu, p);
	if (op == 0x0f && opcode_at(cpu, p->at + 1) == 0x1e && fake_has(v, FAKE_HANDED_TO_CPU))
		i->how = FAKE_HANDED;
	if (interp_raised(c) != V_NONE) {
		if (interp_last_vector(c) == interp_raised(c)) {
			raise_in(cpu, i);
			return;
		}
		i->how = FAKE_ENTERED;
	} else if (interp_last_vector(c) != V_NONE) {
		i->how = FAKE_ENTERED;
	}
	cpu_save(cpu, v, &i->to);
	if (i->how == FAKE_ENTERED)
		i->to.r.rflags &= ~(uint64_t)RFLAGS_TF;
	else if (loads_flags ? hidden != NULL : tf)
		i->to.r.rflags |= RFLAGS_TF;
	else
		i->to.r.rflags &= ~(uint64_t)RFLAGS_TF;
	i->is_last = i->how == FAKE_IS_REP && i->to.r.rip != i->begin;
	cpu_take_hits(cpu);
	if (cpu->has_failed)
		i->end = FAKE_UNKNOWN;
}

/* What a kind of KVM does otherwise: true, and i says what. The others of fake_kvm.h are fake_run.c's. */
static bool has_quirk(const struct cpu *cpu, struct fake_insn *i, unsigned at)
{
	const struct fake_vcpu *v = i->v;
	const struct kvm_sregs *s = &i->to.s;
	uint8_t op = i->opcode, next = opcode_at(cpu, at + 1);
	bool is_32 = s->cr0 & CR0_PE && cpu->engine->code_bits == 32;
	bool is_int = op == 0xcc || op == 0xcd || op == 0xcf;
	i->end = FAKE_UNKNOWN;
	if (is_32 && is_int && fake_has(v, FAKE_NO_INT32))
		return true;
	i->end = FAKE_HANGS;
	if (cpu->engine->is_real && op == 0xcd && next >= 0x80 && fake_has(v, FAKE_INT_80_HANGS))
		return true;
	i->end = FAKE_DONE;
	return false;
}

void fake_execute(struct fake_insn *i, struct fake_vcpu *v, bool shows_tf)
{
	struct cpu *cpu = v->cpu;
	fake_begin(i, v);
	if (v->pending == FAKE_AGAIN && fake_has(v, FAKE_READS_AGAIN))
		i->to.r.rsp = v->again_rsp;
	cpu->fault.vector = V_NONE;
	cpu->software = V_NONE;
	cpu_load(cpu, v, &i->to);
	read_code(cpu);
	const struct prefixes p = read_prefixes(cpu);
	i->opcode = opcode_at(cpu, p.at);
	if (v->vm->quirks && has_quirk(cpu, i, p.at))
		return;
	bool is_int3 = i->opcode == 0xcc, is_int_n = i->opcode == 0xcd && p.at + 1 < cpu->code_len;
	if (!p.has_lock && (is_int3 || (is_int_n && !cpu->engine->is_v86))) {
		i->vector = is_int3 ? 3 : cpu->code[p.at + 1];
		i->end = is_int3 ? FAKE_BREAKS : FAKE_CALLS;
		i->to.r.rip += p.at + (is_int3 ? 1 : 2);
		i->to.shadow = 0;
		cpu->software = i->vector;
		return;
	}
	run_engine(cpu, i, &p, shows_tf);
}

static bool is_contributory(int vector)
{
	return vector == V_DE || (vector >= V_TS && vector <= V_GP);
}

/* What comes of an exception on the way to another's handler: SDM vol 3, "Interrupt 8". */
static struct fault combine(const struct interp *c, const struct fault *first)
{
	const struct fault *second = &c->fault;
	bool doubles = is_contributory(first->vector)
	                       ? is_contributory(second->vector)
	                       : first->vector == V_PF && (is_contributory(second->vector) ||
	                                                          second->vector == V_PF);
	if (doubles)
		return (struct fault) { .vector = V_DF, .has_error = !c->is_real };
	return *second;
}

/* EVENT_INTERRUPT for exceptions, too: fake_run.c has put RF into the flags where it is pushed. */
bool fake_enter(struct fake_insn *i, uint8_t vector, uint64_t flags)
{
	struct fake_vcpu *v = i->v;
	struct cpu *cpu = v->cpu;
	struct interp *c = cpu->engine;
	struct fault f = { .vector = vector };
	enum event event =
	        cpu->software == vector || vector == V_BP ? EVENT_SOFTWARE : EVENT_INTERRUPT;
	if (cpu->fault.vector == vector) {
		f = cpu->fault;
	} else if (v->has_error && v->exception == vector) {
		f.has_error = true;
		f.error = v->error;
		f.cr2 = v->now.s.cr2;
	}
	v->has_error = false;
	cpu->fault.vector = cpu->software = V_NONE;
	cpu_load(cpu, v, &i->to);
	if (c->is_real && fake_has(v, FAKE_IVT_HAS_NO_LIMIT))
		c->sregs.idt.limit = 0xffff;
	c->hit_count = 0;
	c->r[NEXT] = c->rip;
	flags_put(c, flags);
	for (;;) {
		if (f.vector == V_PF)
			c->sregs.cr2 = f.cr2;
		cpu->undo_count = 0;
		c->fault.vector = V_NONE;
		enum interp_done how =
		        interp_enter(c, (unsigned)f.vector, event, f.has_error ? &f.error : NULL);
		if (how == DONE)
			break;
		if (how == HANDOVER || c->fault.vector == V_NONE || f.vector == V_DF)
			return false;
		f = combine(c, &f);
		event = EVENT_INTERRUPT;
		c->hit_count = 0;
		interp_drop_marks(c);
	}
	interp_commit_marks(c);
	c->sregs.idt.limit = v->now.s.idt.limit;
	c->rip = c->r[NEXT];
	c->shadow = 0;
	cpu_save(cpu, v, &i->to);
	cpu_take_hits(cpu);
	return true;
}

/* --- runs --------------------------------------------------------------------------------------- */

/* Whether an instruction has nothing that a debugger, the guest's own one or the VMM looks at. */
static bool is_free(const struct fake_vcpu *v)
{
	return v->pending == FAKE_NOTHING && !v->has_exception && !v->has_interrupt &&
	       !v->now.shadow && !(v->now.r.rflags & (RFLAGS_TF | RFLAGS_RF)) &&
	       !(v->now.d.dr7 & 0xff) && !v->is_in_rep &&
	       (!(v->debug.control & KVM_GUESTDBG_ENABLE) ||
	               !(v->debug.control & (KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_HW_BP)));
}

/* Those that ask nobody for anything and lead nowhere else. */
static void run_fast(struct fake_vcpu *v)
{
	static const struct interp_range all = { 0, UINT64_MAX };
	struct cpu *cpu = v->cpu;
	struct interp *c = cpu->engine;
	uint64_t done;
	struct fake_insn i = { .v = v };
	cpu->i = &i;
	cpu->undo_count = UNDO_MAX; /* nothing is thrown away */
	cpu_load(cpu, v, &v->now);
	c->touch = NULL;
	interp_set_irq(c, v->run->request_interrupt_window);
	if (interp_run_quiet(c, &all, FAST_INSNS, &done) != INTERP_HANDOVER || done)
		cpu_save(cpu, v, &v->now);
	interp_set_irq(c, false);
	c->touch = cpu_keep_old;
}

bool fake_goes_on(struct fake_vcpu *v, unsigned insns)
{
	if (__atomic_load_n(&v->run->immediate_exit, __ATOMIC_SEQ_CST))
		return false;
	if ((insns >= SLOW_INSNS || fake_has(v, FAKE_ONLY_OURS)) && is_free(v))
		run_fast(v);
	return true;
}

int fake_give_up(struct fake_vcpu *v)
{
	/* One that hangs ends by a signal alone. */
	while (!__atomic_load_n(&v->run->immediate_exit, __ATOMIC_SEQ_CST))
		__builtin_ia32_pause();
	return -EINTR;
}
