/* What the engine does is undone in RAM, done by KVM from the state before it, compared, and made again what the engine
 * had made of it: the guest goes on as it would without. */
#include "debug/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "debug/check_tally.h"
#include "debug/check_twin.h"
#include "debug/cpu.h"
#include "interp/interp.h"
#include "kvm/linear.h"
#include "kvm/registers.h"

/* Of one instruction: what its operands, its stack and the frame of an exception are on, and page tables. */
#define PAGES_MAX 32
#define AGAIN_MAX 3 /* kicks that may meet KVM's side of one instruction */

struct page {
	uint8_t *hva;
	uint64_t gpa;
	bool is_table;
	uint8_t before[MEMORY_PAGE], own[MEMORY_PAGE];
};

struct check {
	struct check_tally tally;
	struct check_twin twin;
	struct memory_slot slots[MEMORY_SLOTS_MAX]; /* of the guest, when the twin was made */
	bool has_failed;                            /* there is no twin */
	bool is_stale; /* page tables or the CPU's translations have changed past the twin */
	enum probe_answer is_tcg, steps_user;
	/* The instruction under way. */
	bool is_noting;
	struct compare_state before;
	uint8_t bytes[COMPARE_BYTES];
	unsigned byte_count;
	struct compare_log log; /* what devices have answered the engine */
	struct page pages[PAGES_MAX];
	unsigned page_count;
	bool has_more_pages;
	unsigned again; /* it was begun so many times before */
};

/* --- opening ------------------------------------------------------------------------------------ */

static int open_twin(struct control *c, struct error *e)
{
	struct check *k = c->check;
	const struct memory *m = &c->cpu.vcpu->vm->memory;
	int err = check_twin_open(&k->twin, c, e);
	k->has_failed = err;
	memcpy(k->slots, m->slots, sizeof k->slots);
	return err;
}

int check_open(struct control *c, check_tell *tell, struct error *e)
{
	c->check = calloc(1, sizeof *c->check);
	if (!c->check)
		return error_set(e, -ENOMEM, "no memory");
	c->check->tally.tell = tell;
	c->check->tally.ctx = c->io.ctx;
	int err = open_twin(c, e);
	if (err)
		check_close(c);
	return err;
}

void check_close(struct control *c)
{
	struct check *k = c->check;
	c->check = NULL;
	if (k)
		check_twin_close(&k->twin);
	free(k);
}

void check_forget_machine(struct control *c)
{
	if (c->check)
		check_twin_close(&c->check->twin);
}

bool check_is_on(const struct control *c)
{
	return c->check;
}

void check_kick(struct control *c)
{
	struct check *k = c->check;
	if (k && __atomic_load_n(&k->twin.is_open, __ATOMIC_SEQ_CST))
		vcpu_kick(&k->twin.vcpu);
}

/* A guest that was restarted, or has other RAM, has another twin. */
static bool has_twin(struct control *c)
{
	struct check *k = c->check;
	const struct vm *guest = c->cpu.vcpu->vm;
	struct error e = { 0 };
	if (k->has_failed)
		return false;
	if (k->twin.is_open && k->twin.beside == guest &&
	        !memcmp(k->slots, guest->memory.slots, sizeof k->slots) &&
	        k->twin.vm.memory.rom_gpa == guest->memory.rom_gpa &&
	        k->twin.vm.memory.rom_size == guest->memory.rom_size)
		return true;
	check_twin_close(&k->twin);
	if (!open_twin(c, &e))
		return true;
	char text[sizeof e.text + 80];
	snprintf(text, sizeof text, "the engine is not compared with KVM any more: %s", e.text);
	k->tally.tell(k->tally.ctx, text);
	return false;
}

/* --- noting ------------------------------------------------------------------------------------- */

static void note_page(struct check *k, uint8_t *hva, uint64_t gpa, bool is_table)
{
	uint8_t *at = (uint8_t *)((uintptr_t)hva & ~(uintptr_t)(MEMORY_PAGE - 1));
	for (unsigned i = 0; i < k->page_count; i++)
		if (k->pages[i].hva == at) {
			k->pages[i].is_table |= is_table;
			return;
		}
	if (k->page_count == PAGES_MAX) {
		k->has_more_pages = true;
		return;
	}
	struct page *p = &k->pages[k->page_count++];
	p->hva = at;
	p->gpa = gpa & ~(uint64_t)(MEMORY_PAGE - 1);
	p->is_table = is_table;
	memcpy(p->before, at, MEMORY_PAGE);
}

void check_touch(void *ctx, uint8_t *hva, unsigned len, bool is_table)
{
	struct control *c = ctx;
	const struct memory *m = &c->cpu.vcpu->vm->memory;
	(void)len; /* within the page */
	for (unsigned i = 0; c->check && c->check->is_noting && i < m->count; i++) {
		const uint64_t at = (uintptr_t)hva - (uintptr_t)m->slots[i].hva;
		if (at < m->slots[i].size)
			note_page(c->check, hva, m->slots[i].gpa + at, is_table);
	}
}

static void note_linear(struct control *c, uint64_t gva, uint64_t len)
{
	struct vcpu *v = c->cpu.vcpu;
	uint64_t gpa, run;
	size_t bytes;
	const uint64_t pages[] = { gva, gva + len - 1 };
	for (size_t i = 0; i < ARRAY_SIZE(pages) && len; i++) {
		if (!linear_exists(v, pages[i]) || !linear_to_gpa(v, pages[i], &gpa, &run))
			continue;
		uint8_t *hva = memory_hva(&v->vm->memory, gpa, &bytes);
		if (hva && !memory_is_rom(&v->vm->memory, gpa))
			note_page(c->check, hva, gpa, false);
	}
}

/* Where KVM would write, whatever the engine makes of it. */
static void note_operands(struct control *c)
{
	struct vcpu *v = c->cpu.vcpu;
	struct operand operands[OPERANDS_MAX];
	unsigned count = cpu_operands(v, operands);
	for (unsigned i = 0; i < count; i++)
		if (operands[i].is_write)
			note_linear(c, operands[i].gva, operands[i].len);
	const unsigned frame = 32;
	note_linear(c, registers_stack_address(v, vcpu_regs(v)->rsp - frame), frame);
}

void check_begin(struct control *c, const struct interp *i)
{
	struct check *k = c->check;
	if (!k || !has_twin(c))
		return;
	k->is_noting = true;
	k->page_count = 0;
	k->has_more_pages = false;
	k->log.count = 0;
	interp_save(i, &k->before.regs, &k->before.sregs);
	k->before.shadow = interp_shadow(i);
	memset(k->bytes, 0, sizeof k->bytes);
	k->byte_count = (unsigned)linear_read(
	        c->cpu.vcpu, registers_pc(c->cpu.vcpu), k->bytes, sizeof k->bytes);
	note_operands(c);
}

static void note_access(struct check *k, struct compare_access a, const uint8_t *data)
{
	memcpy(&a.value, data, a.size);
	if (k->log.count < COMPARE_ACCESSES)
		k->log.all[k->log.count++] = a;
}

void check_access(struct control *c, const struct exit *x)
{
	struct check *k = c->check;
	if (!k || !k->is_noting)
		return;
	if (x->kind == EXIT_IO)
		note_access(k,
		        (struct compare_access) { true, x->io.is_write, x->io.size, x->io.port, 0 },
		        x->io.data);
	else
		note_access(k,
		        (struct compare_access) {
		                false, x->mmio.is_write, x->mmio.size, x->mmio.gpa, 0 },
		        x->mmio.data);
}

/* --- judging ------------------------------------------------------------------------------------ */

static bool is_tcg(struct check *k, const struct vm *beside)
{
	if (k->is_tcg == PROBE_UNKNOWN)
		k->is_tcg = check_twin_is_tcg(beside) ? PROBE_YES : PROBE_NO;
	return k->is_tcg == PROBE_YES;
}

static struct known_case case_of(
        struct control *c, const struct compare_result *r, bool is_interrupt)
{
	struct check *k = c->check;
	const struct kvm_sregs *s = &k->before.sregs;
	struct known_case all = {
		.kvm_emulates =
		        cpu_probe(c)->step_runs_whole_rep, /* no clock: Bochs is slow, too */
		.bits = s->efer & EFER_LMA && s->cs.l ? 64
		        : s->cs.db                    ? 32
		                                      : 16,
		.cpl = s->cr0 & CR0_PE ? s->ss.dpl : 0,
		.is_real = !(s->cr0 & CR0_PE),
		.is_interrupt = is_interrupt,
		.before = &k->before,
		.result = r,
	};
	memcpy(all.bytes, k->bytes, sizeof all.bytes);
	return all;
}

static void count(
        struct control *c, const struct compare_result *r, bool is_interrupt, const char *why)
{
	struct check *k = c->check;
	struct known_case all = case_of(c, r, is_interrupt);
	bool is_odd = r->verdict != COMPARE_SAME && r->verdict != COMPARE_SKIPPED;
	int row = is_odd ? known_find(&all) : -1;
	if (is_odd && row < 0 && !all.kvm_emulates && is_tcg(k, c->cpu.vcpu->vm)) {
		all.is_tcg = true;
		row = known_find(&all);
	}
	check_tally_add(&k->tally, &all, k->byte_count, row, why);
}

/* --- comparing ---------------------------------------------------------------------------------- */

/* A CPU, and KVM's emulator, may set Accessed of a page table's entry before it needs the page (SDM vol 3, "Accessed
 * and Dirty Flags"). That of KVM's side is always fine, the engine's where it has raised an exception. */
static bool is_early_access(const struct page *p, uint8_t own, uint8_t kvm, int own_vector)
{
	const uint8_t accessed = 0x20;
	return p->is_table && (own ^ kvm) == accessed && (kvm & accessed || own_vector >= 0);
}

static bool page_differs(
        const struct page *p, const uint8_t *own, const uint8_t *kvm, struct compare_result *r)
{
	if (!memcmp(own, kvm, MEMORY_PAGE))
		return false;
	for (unsigned i = 0; i < MEMORY_PAGE; i++) {
		if (own[i] == kvm[i] || is_early_access(p, own[i], kvm[i], r->own_vector))
			continue;
		r->gpa = p->gpa + i;
		r->is_table = p->is_table;
		r->own_byte = own[i];
		r->kvm_byte = kvm[i];
		return true;
	}
	return false;
}

/* RAM is as before the instruction, and becomes so again. */
static void do_by_kvm(struct control *c, const struct check_task *task, struct compare_result *r,
        const char **why)
{
	struct check *k = c->check;
	r->parts = 0;
	if (k->is_stale && k->before.sregs.cr0 & CR0_PG) {
		vcpu_put_flush(&k->twin.vcpu);
		k->is_stale = false;
	}
	r->verdict = check_twin_do(&k->twin, task, r, why);
	for (unsigned i = 0; i < k->page_count; i++) {
		struct page *p = &k->pages[i];
		if (!(r->parts & COMPARE_MEMORY) && page_differs(p, p->own, p->hva, r))
			r->parts |= COMPARE_MEMORY;
		memcpy(p->hva, p->before, MEMORY_PAGE);
	}
	if (r->verdict != COMPARE_SAME)
		return;
	r->parts |= compare_states(&r->own, &r->kvm, &r->flags);
	if (!compare_logs(&r->own_log, &r->kvm_log))
		r->parts |= COMPARE_ACCESS;
	if (r->parts)
		r->verdict = COMPARE_DIFFERS;
}

/* KVM's own translations may be older than the guest's page tables, which others have written. So a difference
 * is one when it is there without them, too. */
static void compare_with_kvm(struct control *c, const struct check_task *task,
        struct compare_result *r, const char **why)
{
	struct check *k = c->check;
	do_by_kvm(c, task, r, why);
	if (r->verdict == COMPARE_SAME || r->verdict == COMPARE_SKIPPED)
		return;
	k->is_stale = k->twin.is_used = true;
	do_by_kvm(c, task, r, why);
	k->twin.is_used |= r->verdict != COMPARE_SAME;
}

/* Where code of CPL 3 is run without a stop after an instruction: what ends there, and syscall, whose way to its handler is
 * none by a gate. */
static bool is_hidden(
        struct check *k, const struct vm *vm, const struct opcode *o, const struct kvm_sregs *after)
{
	const unsigned syscall = 0x05;
	bool is_call = o->map == MAP_0F && o->op == syscall && k->before.sregs.cs.selector & 3;
	if (!(after->efer & EFER_LMA) || (!(after->cs.selector & 3) && !is_call))
		return false;
	if (k->steps_user == PROBE_UNKNOWN)
		k->steps_user = probe_ask(PROBE_CPL3_STEPS, SCRATCH_LONG64, vm) == PROBE_NO
		                        ? PROBE_NO
		                        : PROBE_YES;
	return k->steps_user == PROBE_NO;
}

/* Nothing may have changed. */
static void judge_handover(struct check *k, struct compare_result *r)
{
	r->kvm = k->before;
	r->own.shadow = k->before.shadow; /* nothing reads it after a handover */
	r->parts = compare_states(&r->own, &r->kvm, &r->flags);
	for (unsigned i = 0; i < k->page_count && !(r->parts & COMPARE_MEMORY); i++)
		if (page_differs(&k->pages[i], k->pages[i].hva, k->pages[i].before, r))
			r->parts |= COMPARE_MEMORY;
	r->verdict = r->parts ? COMPARE_CHANGED : COMPARE_HANDED_OVER;
}

/* False: a kick has met KVM's side, RAM is as before the instruction, and it is to be done again. */
static bool judge(struct control *c, const struct interp *i, const struct opcode *o, int interrupt,
        bool may_again, struct compare_result *r, const char **why)
{
	struct check *k = c->check;
	const struct check_task task = { .before = &k->before,
		.opcode = o,
		.guest = c->cpu.vcpu,
		.engine = i,
		.answers = &k->log,
		.interrupt = interrupt };
	if (k->has_more_pages || is_hidden(k, c->cpu.vcpu->vm, o, &r->own.sregs)) {
		r->verdict = COMPARE_SKIPPED;
		return true;
	}
	for (unsigned n = 0; n < k->page_count; n++) {
		struct page *p = &k->pages[n];
		memcpy(p->own, p->hva, MEMORY_PAGE);
		memcpy(p->hva, p->before, MEMORY_PAGE);
	}
	compare_with_kvm(c, &task, r, why);
	bool is_kicked = r->verdict == COMPARE_SKIPPED && r->stop == STOP_KICKED;
	/* What a device has answered is not asked for again, and a rep's iterations are one for breakpoints. */
	if (is_kicked && may_again && !k->log.count && !o->rep && k->again++ < AGAIN_MAX)
		return false;
	k->again = 0;
	for (unsigned n = 0; n < k->page_count; n++)
		memcpy(k->pages[n].hva, k->pages[n].own, MEMORY_PAGE);
	return true;
}

static bool end(
        struct control *c, const struct interp *i, bool is_done, int interrupt, bool may_again)
{
	struct check *k = c->check;
	struct compare_result r = {
		.verdict = COMPARE_SAME, .own_vector = -1, .own_raised = -1, .kvm_vector = -1
	};
	const char *why = "";
	if (!k || !k->is_noting)
		return true;
	k->is_noting = false;
	if (interrupt >= 0)
		memset(k->bytes, 0, sizeof k->bytes);
	struct opcode o = opcode_decode(k->bytes, case_of(c, &r, interrupt >= 0).bits);
	interp_save(i, &r.own.regs, &r.own.sregs);
	r.own.shadow = interp_shadow(i);
	r.own_log = k->log;
	if (is_done) {
		r.own_vector = interp_last_vector(i);
		r.own_raised = interp_raised(i);
		if (!judge(c, i, &o, interrupt, may_again, &r, &why))
			return false;
	} else {
		judge_handover(k, &r);
		if (r.verdict == COMPARE_HANDED_OVER)
			return true;
	}
	count(c, &r, interrupt >= 0, why);
	return true;
}

bool check_end(struct control *c, const struct interp *i, bool is_done, bool may_again)
{
	return end(c, i, is_done, -1, may_again);
}

void check_end_interrupt(struct control *c, const struct interp *i, bool is_done, uint8_t vector)
{
	end(c, i, is_done, vector, false);
}

/* --- sums --------------------------------------------------------------------------------------- */

void check_handed(struct control *c, unsigned opcode)
{
	struct check *k = c->check;
	if (!k)
		return;
	check_tally_handed(&k->tally, opcode);
	k->is_stale = true; /* the guest's own vCPU does it */
}

struct check_sums check_sums(const struct control *c)
{
	return c->check ? c->check->tally.sums : (struct check_sums) { 0 };
}

const char *check_known(const struct control *c, unsigned n, uint64_t *count)
{
	return c->check ? check_tally_known(&c->check->tally, n, count) : NULL;
}

void check_describe(const struct control *c, char *to, size_t size)
{
	const struct check_tally none = { .told = 0 };
	check_tally_describe(c->check ? &c->check->tally : &none, to, size);
}
