/* What a VM and a vCPU of the fake KVM answer, but for KVM_RUN: memory slots, registers, debug settings. Source: api.rst. */
#include "fake_cpu.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/cpu_bits.h"

/* --- a VM --------------------------------------------------------------------------------------- */

int fake_check_extension(uint64_t quirks, unsigned long number)
{
	switch (number) {
	case KVM_CAP_SYNC_REGS: return quirks & FAKE(NO_SYNC_REGS) ? 0 : KVM_SYNC_X86_VALID_FIELDS;
	case KVM_CAP_SREGS2: return !(quirks & FAKE(NO_SREGS2));
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_SET_TSS_ADDR:
	case KVM_CAP_SET_IDENTITY_MAP_ADDR:
	case KVM_CAP_EXT_CPUID:
	case KVM_CAP_VCPU_EVENTS:
	case KVM_CAP_DEBUGREGS:
	case KVM_CAP_XSAVE:
	case KVM_CAP_SET_GUEST_DEBUG:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_READONLY_MEM: return 1;
	default: return 0;
	}
}

static bool overlaps(const struct fake_slot *s, const struct kvm_userspace_memory_region *r)
{
	return s->gpa < r->guest_phys_addr ? r->guest_phys_addr - s->gpa < s->size
	                                   : s->gpa - r->guest_phys_addr < r->memory_size;
}

/* api.rst, KVM_SET_USER_MEMORY_REGION: slots don't overlap, size 0 deletes one. One that is there
 * can't become read-only, or change its size. */
static int set_slot(struct fake_vm *vm, const struct kvm_userspace_memory_region *r)
{
	bool is_read_only = r->flags & KVM_MEM_READONLY;
	if (r->slot >= FAKE_SLOTS)
		return -EINVAL;
	struct fake_slot *s = &vm->slots[r->slot];
	vm->page_count = 0;
	vm->changes++;
	if (!r->memory_size) {
		*s = (struct fake_slot) { 0 };
		return 0;
	}
	if (s->size)
		return -EINVAL;
	for (unsigned i = 0; i < FAKE_SLOTS; i++)
		if (vm->slots[i].size && overlaps(&vm->slots[i], r))
			return -EEXIST;
	*s = (struct fake_slot) { .gpa = r->guest_phys_addr,
		.size = r->memory_size,
		.hva = (uint8_t *)(uintptr_t)r->userspace_addr,
		.is_read_only = is_read_only };
	return 0;
}

/* api.rst, KVM_CAP_DISABLE_QUIRKS */
static int enable(struct fake_vm *vm, const struct kvm_enable_cap *cap)
{
	if (cap->cap != KVM_CAP_DISABLE_QUIRKS)
		return -EINVAL;
	if (cap->args[0] & KVM_X86_QUIRK_OUT_7E_INC_RIP)
		vm->quirks &= ~FAKE(OUT_7E_LOST);
	return 0;
}

int fake_call_vm(struct fake_vm *vm, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_CHECK_EXTENSION: return fake_check_extension(vm->quirks, (unsigned long)arg);
	case KVM_SET_IDENTITY_MAP_ADDR:
	case KVM_SET_TSS_ADDR: return 0;
	case KVM_ENABLE_CAP: return enable(vm, arg);
	case KVM_SET_USER_MEMORY_REGION: return set_slot(vm, arg);
	default: return -EINVAL;
	}
}

/* --- registers and debug settings --------------------------------------------------------------
 *
 * As kvm_get_rflags and kvm_set_rflags do it in arch/x86/kvm/x86.c: a step's TF is not shown, and
 * so the guest's own is not either. */

static bool is_single_stepped(const struct fake_vcpu *v)
{
	return v->debug.control & KVM_GUESTDBG_ENABLE && v->debug.control & KVM_GUESTDBG_SINGLESTEP;
}

void fake_get_regs(const struct fake_vcpu *v, struct kvm_regs *regs)
{
	*regs = v->now.r;
	if (is_single_stepped(v))
		regs->rflags &= ~(uint64_t)RFLAGS_TF;
}

static void set_regs(struct fake_vcpu *v, const struct kvm_regs *regs)
{
	v->now.r = *regs;
	v->now.r.rflags |= 2;
	v->has_queued_ud = v->is_in_rep = false;
	if (fake_has(v, FAKE_WRITE_LOSES_STEP) && fake_pc(&v->now) != v->step_from)
		v->is_step_lost = true;
}

static void set_debug(struct fake_vcpu *v, const struct kvm_guest_debug *debug)
{
	struct kvm_regs regs;
	fake_get_regs(v, &regs);
	v->now.r.rflags = regs.rflags;
	v->debug = *debug;
	v->step_from = fake_pc(&v->now);
	v->is_step_lost = false;
}

void fake_reset(struct fake_state *s)
{
	const struct kvm_segment data = { .limit = 0xffff, .type = 3, .present = 1, .s = 1 };
	*s = (struct fake_state) { .r = { .rip = 0xfff0, .rflags = 2 } };
	s->s.ds = s->s.es = s->s.fs = s->s.gs = s->s.ss = s->s.cs = data;
	s->s.cs.type = 11;
	s->s.cs.selector = 0xf000;
	s->s.cs.base = 0xffff0000;
	s->s.ldt = (struct kvm_segment) { .limit = 0xffff, .type = 2, .present = 1 };
	s->s.tr = (struct kvm_segment) { .limit = 0xffff, .type = 11, .present = 1 };
	s->s.gdt.limit = s->s.idt.limit = 0xffff;
	s->s.cr0 = CR0_CD | CR0_NW | CR0_ET;
	s->d.dr6 = 0xffff0ff0;
	s->d.dr7 = 0x400;
}

void fake_get_events(const struct fake_vcpu *v, struct kvm_vcpu_events *e)
{
	*e = (struct kvm_vcpu_events) { .flags = KVM_VCPUEVENT_VALID_SHADOW };
	e->exception.injected = v->has_exception;
	e->exception.nr = v->exception;
	e->exception.has_error_code = v->has_error;
	e->exception.error_code = v->error;
	e->exception.pending = v->has_queued_ud;
	e->interrupt.injected = v->has_interrupt;
	e->interrupt.nr = v->interrupt;
	e->interrupt.shadow = v->now.shadow;
}

static void set_events(struct fake_vcpu *v, const struct kvm_vcpu_events *e)
{
	v->has_exception = e->exception.injected;
	v->exception = e->exception.nr;
	v->has_error = e->exception.injected && e->exception.has_error_code;
	v->error = e->exception.error_code;
	v->has_queued_ud = false;
	v->has_interrupt = e->interrupt.injected;
	v->interrupt = e->interrupt.nr;
	if (e->flags & KVM_VCPUEVENT_VALID_SHADOW)
		v->now.shadow = e->interrupt.shadow;
}

/* A bit of the bitmap is an interrupt that is queued: __set_sregs in Linux' arch/x86/kvm/x86.c. */
static bool has_pae_paging(const struct kvm_sregs *s)
{
	return s->cr0 & CR0_PG && s->cr4 & CR4_PAE && !(s->efer & EFER_LMA);
}

static void read_pdptrs(struct fake_vcpu *v)
{
	uint64_t gpa = v->now.s.cr3 & 0xffffffe0;
	for (unsigned i = 0; i < FAKE_SLOTS; i++) {
		const struct fake_slot *s = &v->vm->slots[i];
		if (gpa - s->gpa < s->size)
			memcpy(v->now.pdptrs, s->hva + (gpa - s->gpa), sizeof v->now.pdptrs);
	}
}

static void set_sregs(struct fake_vcpu *v, const struct kvm_sregs *s)
{
	v->now.s = *s;
	if (fake_has(v, FAKE_NO_PAGING32) && s->cr0 & CR0_PG && !(s->efer & EFER_LMA)) {
		v->now.s.cr0 &= ~(uint64_t)CR0_PG;
		v->has_queued_shutdown = true;
	}
	if (has_pae_paging(&v->now.s))
		read_pdptrs(v);
	for (unsigned i = 0; i < 256; i++)
		if (s->interrupt_bitmap[i / 64] >> i % 64 & 1) {
			v->has_interrupt = true;
			v->interrupt = (uint8_t)i;
			break;
		}
	memset(v->now.s.interrupt_bitmap, 0, sizeof v->now.s.interrupt_bitmap);
}

/* Without the interrupts' bitmap the structs are the same up to flags: api.rst, KVM_GET_SREGS2. */
static void get_sregs2(const struct fake_vcpu *v, struct kvm_sregs2 *to)
{
	*to = (struct kvm_sregs2) { .flags = 0 };
	memcpy(to, &v->now.s, offsetof(struct kvm_sregs2, flags));
	if (!has_pae_paging(&v->now.s))
		return;
	to->flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
	memcpy(to->pdptrs, v->now.pdptrs, sizeof to->pdptrs);
}

static int set_sregs2(struct fake_vcpu *v, const struct kvm_sregs2 *from)
{
	struct kvm_sregs s = { .cr0 = 0 };
	bool has_pdptrs = from->flags & KVM_SREGS2_FLAGS_PDPTRS_VALID;
	memcpy(&s, from, offsetof(struct kvm_sregs2, flags));
	if (has_pdptrs && !has_pae_paging(&s))
		return -EINVAL;
	set_sregs(v, &s);
	if (has_pdptrs)
		memcpy(v->now.pdptrs, from->pdptrs, sizeof v->now.pdptrs);
	return 0;
}

int fake_call_vcpu(struct fake_vcpu *v, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_RUN: return fake_run(v);
	case KVM_SET_CPUID2: return 0;
	case KVM_GET_REGS: fake_get_regs(v, arg); return 0;
	case KVM_SET_REGS: set_regs(v, arg); return 0;
	case KVM_GET_SREGS: *(struct kvm_sregs *)arg = v->now.s; return 0;
	case KVM_SET_SREGS: set_sregs(v, arg); return 0;
	case KVM_GET_SREGS2: get_sregs2(v, arg); return 0;
	case KVM_SET_SREGS2: return set_sregs2(v, arg);
	case KVM_GET_DEBUGREGS: *(struct kvm_debugregs *)arg = v->now.d; return 0;
	case KVM_SET_DEBUGREGS: v->now.d = *(const struct kvm_debugregs *)arg; return 0;
	case KVM_GET_XSAVE: *(struct kvm_xsave *)arg = v->xsave; return 0;
	case KVM_SET_XSAVE: v->xsave = *(const struct kvm_xsave *)arg; return 0;
	case KVM_GET_VCPU_EVENTS: fake_get_events(v, arg); return 0;
	case KVM_SET_VCPU_EVENTS: set_events(v, arg); return 0;
	case KVM_SET_GUEST_DEBUG: set_debug(v, arg); return 0;
	case KVM_INTERRUPT:
		v->has_interrupt = true;
		v->interrupt = (uint8_t)((const struct kvm_interrupt *)arg)->irq;
		return 0;
	default: return -EINVAL;
	}
}
