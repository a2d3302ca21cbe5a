/* The instructions that the engine hands over and start-up code uses: hlt, control and debug registers, MSRs, fxsave. SDM vol 2 and 3. */
#include "cpu.h"

#include <string.h>

#include "base/cpu_bits.h"
#include "interp/decode.h"
#include "interp/paging.h"

#define CR4_DE      (1u << 3)
#define CR0_WRITTEN 0xe005003fu /* all bits that there are */

static bool give(struct cpu *cpu, struct fake_insn *i, int vector)
{
	cpu->fault = (struct fault) { .vector = vector,
		.has_error = vector == V_GP && i->to.s.cr0 & CR0_PE };
	i->vector = (uint8_t)vector;
	i->end = FAKE_RAISES;
	return true;
}

static __u64 *reg(struct fake_insn *i, unsigned number)
{
	struct kvm_regs *r = &i->to.r;
	__u64 *const all[] = { &r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi,
		&r->rdi, &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15 };
	return all[number & 15];
}

static bool finish(struct cpu *cpu, struct fake_insn *i, unsigned len)
{
	const struct interp *c = cpu->engine;
	uint64_t mask = c->is_long ? UINT64_MAX : c->code_bits == 32 ? 0xffffffff : 0xffff;
	i->to.r.rip = (i->to.r.rip + len) & mask;
	i->to.shadow = 0;
	i->to.r.rflags &= ~(uint64_t)RFLAGS_RF;
	return true;
}

/* --- control registers -------------------------------------------------------------------------- */

static bool load_pdptrs(struct cpu *cpu, struct fake_state *s)
{
	bool is_rom;
	const uint8_t *at = interp_ram(cpu->engine, s->s.cr3 & 0xffffffe0, &is_rom);
	if (!(s->s.cr0 & CR0_PG) || !(s->s.cr4 & CR4_PAE) || s->s.efer & EFER_LMA)
		return true;
	if (!at)
		return false;
	memcpy(s->pdptrs, at + (s->s.cr3 & 0xfe0), sizeof s->pdptrs);
	return true;
}

static bool write_cr0(struct cpu *cpu, struct fake_insn *i, uint64_t value)
{
	struct fake_state *s = &i->to;
	bool was_paged = s->s.cr0 & CR0_PG, is_paged = value & CR0_PG;
	if (value >> 32 || (is_paged && !(value & CR0_PE)) || (value & CR0_NW && !(value & CR0_CD)))
		return false;
	if (!was_paged && is_paged && s->s.efer & EFER_LME) {
		if (!(s->s.cr4 & CR4_PAE) || s->s.cs.l)
			return false;
		s->s.efer |= EFER_LMA;
	} else if (was_paged && !is_paged && s->s.efer & EFER_LMA) {
		if (s->s.cs.l)
			return false;
		s->s.efer &= ~(uint64_t)EFER_LMA;
	}
	s->s.cr0 = (value & CR0_WRITTEN) | CR0_ET;
	return load_pdptrs(cpu, s);
}

static bool write_cr4(struct cpu *cpu, struct fake_insn *i, uint64_t value)
{
	struct fake_state *s = &i->to;
	if (value & ~(uint64_t)CPU_CR4_BITS || (s->s.efer & EFER_LMA && !(value & CR4_PAE)))
		return false;
	s->s.cr4 = value;
	return load_pdptrs(cpu, s);
}

static bool write_cr(struct cpu *cpu, struct fake_insn *i, unsigned number, uint64_t value)
{
	struct fake_state *s = &i->to;
	switch (number) {
	case 0: return write_cr0(cpu, i, value);
	case 2: s->s.cr2 = value; return true;
	case 3: s->s.cr3 = value; return load_pdptrs(cpu, s);
	case 4: return write_cr4(cpu, i, value);
	case 8:
		if (value > 15)
			return false;
		s->s.cr8 = i->v->run->cr8 = value;
		return true;
	default: return false;
	}
}

/* 0f 20 and 22 */
static bool do_mov_cr(struct cpu *cpu, struct fake_insn *i, unsigned at, uint8_t rex)
{
	const struct kvm_sregs *s = &i->to.s;
	uint8_t modrm = cpu->code[at + 2];
	unsigned number = (modrm >> 3 & 7) | (rex & 4) << 1;
	__u64 *r = reg(i, (modrm & 7) | (rex & 1) << 3);
	struct fake_state before = i->to;
	if (number != 0 && number != 2 && number != 3 && number != 4 && number != 8)
		return give(cpu, i, V_UD);
	if (cpu->code[at + 1] == 0x20) {
		uint64_t value = number == 0   ? s->cr0
		                 : number == 2 ? s->cr2
		                 : number == 3 ? s->cr3
		                 : number == 4 ? s->cr4
		                               : s->cr8;
		*r = cpu->engine->is_long ? value : (uint32_t)value;
		return finish(cpu, i, at + 3);
	}
	if (!write_cr(cpu, i, number, cpu->engine->is_long ? *r : (uint32_t)*r)) {
		i->to = before;
		return give(cpu, i, V_GP);
	}
	i->how = number == 0 ? FAKE_EMULATED : FAKE_PLAIN;
	return finish(cpu, i, at + 3);
}

/* 0f 21 and 23. SDM vol 3, "Debug Registers". */
static bool do_mov_dr(struct cpu *cpu, struct fake_insn *i, unsigned at, uint8_t rex)
{
	struct kvm_debugregs *d = &i->to.d;
	uint8_t modrm = cpu->code[at + 2];
	unsigned number = modrm >> 3 & 7;
	__u64 *r = reg(i, (modrm & 7) | (rex & 1) << 3);
	uint64_t value = cpu->engine->is_long ? *r : (uint32_t)*r;
	if (rex & 4 || ((number == 4 || number == 5) && i->to.s.cr4 & CR4_DE))
		return give(cpu, i, V_UD);
	bool is_guarded_by_us = i->v->debug.control & KVM_GUESTDBG_ENABLE &&
	                        i->v->debug.control & KVM_GUESTDBG_USE_HW_BP &&
	                        i->v->debug.arch.debugreg[7] & DR7_GD;
	if (d->dr7 & DR7_GD || (is_guarded_by_us && !fake_has(i->v, FAKE_GD_IGNORED))) {
		i->end = FAKE_GUARDED;
		return true;
	}
	if (number == 4 || number == 5)
		number += 2;
	if (cpu->code[at + 1] == 0x21) {
		value = number < 4 ? d->db[number] : number == 6 ? d->dr6 : d->dr7;
		*r = cpu->engine->is_long ? value : (uint32_t)value;
		return finish(cpu, i, at + 3);
	}
	if (number >= 6 && value >> 32)
		return give(cpu, i, V_GP);
	if (number < 4)
		d->db[number] = value;
	else if (number == 6)
		d->dr6 = (value & 0xe00f) | 0xffff0ff0;
	else
		d->dr7 = (value & 0xffff2bff) | DR7_ONES;
	return finish(cpu, i, at + 3);
}

/* sgdt and sidt: what is written to memory. CPUs differ in the upper byte of a 16-bit one's base. */
static bool do_store_table(struct cpu *cpu, struct fake_insn *i)
{
	struct interp *c = cpu->engine;
	struct insn insn;
	struct place limit, base;
	if (!interp_decode(&insn, cpu->code, cpu->code_len, c->code_bits) || !insn.is_mem ||
	        insn.ext > 1)
		return false;
	const struct kvm_dtable *from = insn.ext ? &i->to.s.idt : &i->to.s.gdt;
	unsigned len = c->is_long ? 8 : 4;
	c->r[NEXT] = c->rip + insn.len;
	uint64_t off = effective_address(c, &insn);
	cpu->undo_count = 0;
	if (!mem_prepare(c, insn.seg, off, 2, ACCESS_WRITE, &limit) ||
	        !mem_prepare(c, insn.seg, off + 2, len, ACCESS_WRITE, &base))
		return false;
	mem_put(&limit, from->limit, 2);
	mem_put(&base, from->base, len);
	interp_commit_marks(c);
	cpu_take_hits(cpu);
	return finish(cpu, i, insn.len);
}

/* --- extended state ------------------------------------------------------------------------------ */

#define FXSAVE_BYTES   416 /* in 64-bit code; else up to xmm7. SDM vol 1, "FXSAVE Area" */
#define FXSAVE_BYTES32 288
#define XSAVE_BV       512

/* fxsave and fxrstor: the registers are kept, though nothing computes with them. */
static bool do_fxsave(struct cpu *cpu, struct fake_insn *i)
{
	struct interp *c = cpu->engine;
	struct insn insn;
	struct place at[FXSAVE_BYTES / 8];
	uint8_t *x = (uint8_t *)&i->v->xsave;
	unsigned count = (c->is_long ? FXSAVE_BYTES : FXSAVE_BYTES32) / 8;
	if (!interp_decode(&insn, cpu->code, cpu->code_len, c->code_bits) || !insn.is_mem ||
	        insn.ext > 1 || i->to.s.cr0 & (CR0_EM | CR0_TS))
		return false;
	c->r[NEXT] = c->rip + insn.len;
	uint64_t off = effective_address(c, &insn);
	if ((c->seg[insn.seg].base + off) & 15)
		return give(cpu, i, V_GP);
	for (unsigned k = 0; k < count; k++)
		if (!mem_prepare(c, insn.seg, off + 8 * k, 8, insn.ext ? ACCESS_READ : ACCESS_WRITE,
		            &at[k]))
			return false;
	if (insn.ext && mem_get(&at[3], 8) & 0xffff0000) /* MXCSR's reserved bits */
		return give(cpu, i, V_GP);
	for (unsigned k = 0; k < count; k++) {
		uint64_t value;
		memcpy(&value, x + 8 * k, 8);
		if (!insn.ext)
			mem_put(&at[k], value, 8);
		value = mem_get(&at[k], 8);
		memcpy(x + 8 * k, &value, 8);
	}
	x[XSAVE_BV] |= 3; /* x87, SSE */
	interp_commit_marks(c);
	return finish(cpu, i, insn.len);
}

/* --- MSRs --------------------------------------------------------------------------------------- */

static bool do_msr(struct cpu *cpu, struct fake_insn *i, unsigned at)
{
	struct kvm_regs *r = &i->to.r;
	uint64_t value = (uint32_t)r->rax | r->rdx << 32;
	bool is_write = cpu->code[at + 1] == 0x30;
	if (is_write && (uint32_t)r->rcx == MSR_EFER && i->v->vm->exits_at_efer) {
		struct kvm_run *run = i->v->run;
		memset(&run->msr, 0, sizeof run->msr);
		run->msr.reason = KVM_MSR_EXIT_REASON_FILTER;
		run->msr.index = MSR_EFER;
		run->msr.data = value;
		give(cpu, i, V_GP); /* should it be refused */
		i->end = FAKE_MSR;
		return finish(cpu, i, at + 2);
	}
	bool is_there = is_write ? msr_set(i->v, &i->to, (uint32_t)r->rcx, value)
	                         : msr_get(i->v, &i->to, (uint32_t)r->rcx, &value);
	if (!is_there)
		return give(cpu, i, V_GP);
	if (!is_write) {
		r->rax = (uint32_t)value;
		r->rdx = value >> 32;
	}
	return finish(cpu, i, at + 2);
}

bool cpu_do_rest(struct cpu *cpu, struct fake_insn *i, unsigned at)
{
	uint8_t rex = cpu->engine->is_long && at && (cpu->code[at - 1] & 0xf0) == 0x40
	                      ? cpu->code[at - 1]
	                      : 0;
	if (at + 3 > cpu->code_len || cpu->engine->cpl)
		return false;
	if (cpu->code[at] == 0xf4) {
		i->end = FAKE_HALTED;
		return finish(cpu, i, at + 1);
	}
	if (cpu->code[at] != 0x0f)
		return false;
	switch (cpu->code[at + 1]) {
	case 0x01: return do_store_table(cpu, i);
	case 0x20:
	case 0x22: return do_mov_cr(cpu, i, at, rex);
	case 0x21:
	case 0x23: return do_mov_dr(cpu, i, at, rex);
	case 0xae: return do_fxsave(cpu, i);
	case 0x30:
	case 0x32: return do_msr(cpu, i, at);
	default: return false;
	}
}
