/* Both means are looked at from outside: what the state is before an instruction, and where the CPU is after it. */
#include "debug/log.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_bits.h"
#include "debug/control.h"
#include "kvm/paging.h"
#include "kvm/registers.h"

bool control_log_insns(struct control *c, bool is_on)
{
	if (!is_on)
		log_close(c);
	else if (!c->log)
		c->log = calloc(1, sizeof *c->log);
	return !is_on || c->log;
}

const struct log_insn *log_last(const struct log *l, unsigned n)
{
	return n < l->used ? &l->insns[(l->next + LOG_INSNS - 1 - n) % LOG_INSNS] : NULL;
}

static void add(struct log *l, const struct log_insn *i)
{
	struct log_insn *last = &l->insns[(l->next + LOG_INSNS - 1) % LOG_INSNS];
	if (l->used && last->pc == i->pc && last->bits == i->bits && last->is_kvms == i->is_kvms &&
	        !memcmp(last->bytes, i->bytes, sizeof i->bytes)) {
		last->times += i->times;
		last->len = i->len ? i->len : last->len;
		return;
	}
	l->insns[l->next] = *i;
	l->next = (l->next + 1) % LOG_INSNS;
	if (l->used < LOG_INSNS)
		l->used++;
}

static bool read_table(void *ctx, uint64_t gpa, void *to, size_t len)
{
	return memory_read(ctx, gpa, to, len) == len;
}

/* By the tables of the state that is given: the engine's is not KVM's yet. */
static void read_code(struct memory *m, const struct kvm_sregs *s, uint64_t pc, uint8_t *to)
{
	const struct paging p = { .cr0 = s->cr0, .cr3 = s->cr3, .cr4 = s->cr4, .efer = s->efer };
	for (size_t done = 0; done < INSN_MAX;) {
		uint64_t gpa = pc + done, len = MEMORY_PAGE - gpa % MEMORY_PAGE;
		if (s->cr0 & CR0_PG && !paging_translate(&p, read_table, m, pc + done, &gpa, &len))
			return;
		size_t n = len < INSN_MAX - done ? (size_t)len : INSN_MAX - done;
		if (memory_read(m, gpa, to + done, n) < n)
			return;
		done += n;
	}
}

void log_begin(const struct control *c, struct log_insn *to, const struct kvm_regs *regs,
        const struct kvm_sregs *sregs, bool is_kvms)
{
	*to = (struct log_insn) { .is_kvms = is_kvms, .times = 1 };
	if (!c->log)
		return;
	const bool is_long = sregs->efer & EFER_LMA && sregs->cs.l;
	to->pc = registers_code_address(sregs, regs->rip);
	to->rip = regs->rip;
	to->cs = sregs->cs.selector;
	to->bits = is_long ? 64 : sregs->cs.db ? 32 : 16;
	if (regs->rflags & RFLAGS_VM && sregs->cr0 & CR0_PE)
		to->bits = 16;
	read_code(&c->cpu.vcpu->vm->memory, sregs, to->pc, to->bytes);
}

void log_end(struct control *c, struct log_insn *insn, uint64_t pc)
{
	if (!c->log)
		return;
	const uint64_t len = pc - insn->pc;
	insn->len = len <= INSN_MAX ? (uint8_t)len : 0;
	add(c->log, insn);
}

void log_free_run(struct control *c)
{
	const struct log_insn gap = { .is_kvms = true, .times = 1 };
	if (c->log)
		add(c->log, &gap);
}

void log_forget(struct control *c)
{
	if (c->log)
		c->log->used = 0;
}

void log_close(struct control *c)
{
	free(c->log);
	c->log = NULL;
}
