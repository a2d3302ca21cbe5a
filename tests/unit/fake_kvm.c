/* ioctl(2) of the fake KVM. Its descriptors are files in memory, so that they can be duplicated,
 * mapped and closed as KVM's can; which is which is told by the file's number. */
#include "fake_kvm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "fake_cpu.h"

#define OBJECTS_MAX 16
#define RUN_SIZE    8192u /* struct kvm_run, and a page for the data of ports */

_Static_assert(sizeof(struct kvm_run) <= 4096, "the data of ports follows at 4096");

/* --- what there is ---------------------------------------------------------------------------- */

static struct object {
	enum { NONE, KVM, VM, VCPU } kind;
	dev_t device;
	ino_t file;
	uint64_t quirks;
	struct fake_vm *vm;     /* owned by VM */
	struct fake_vcpu *vcpu; /* owned by VCPU */
} objects[OBJECTS_MAX];

static struct object *find(int fd)
{
	struct stat s;
	if (fstat(fd, &s) < 0)
		return NULL;
	for (size_t i = 0; i < OBJECTS_MAX; i++)
		if (objects[i].kind != NONE && objects[i].device == s.st_dev &&
		        objects[i].file == s.st_ino)
			return &objects[i];
	return NULL;
}

/* Returns a descriptor, or -errno. */
static int make(struct object o, size_t size)
{
	struct stat s;
	struct object *to = NULL;
	for (size_t i = 0; i < OBJECTS_MAX && !to; i++)
		if (objects[i].kind == NONE)
			to = &objects[i];
	int fd = to ? memfd_create("fake kvm", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return -ENOMEM;
	if (ftruncate(fd, (off_t)size) < 0 || fstat(fd, &s) < 0) {
		close(fd);
		return -ENOMEM;
	}
	o.device = s.st_dev;
	o.file = s.st_ino;
	*to = o;
	return fd;
}

bool fake_kvm_open(struct vm *kvm, uint64_t quirks)
{
	*kvm = (struct vm) { .kvm_fd = make((struct object) { .kind = KVM, .quirks = quirks }, 0) };
	return kvm->kvm_fd >= 0;
}

void fake_kvm_close(struct vm *kvm)
{
	for (size_t i = 0; i < OBJECTS_MAX; i++) {
		if (objects[i].vcpu)
			munmap(objects[i].vcpu->run, RUN_SIZE);
		free(objects[i].vcpu);
		if (objects[i].kind == VM)
			free(objects[i].vm);
		objects[i] = (struct object) { .kind = NONE };
	}
	close(kvm->kvm_fd);
}

/* --- /dev/kvm ----------------------------------------------------------------------------------- */

static int check_extension(const struct object *o, unsigned long number)
{
	switch (number) {
	case KVM_CAP_SYNC_REGS:
		return o->quirks & FAKE(NO_SYNC_REGS) ? 0 : KVM_SYNC_X86_VALID_FIELDS;
	case KVM_CAP_SREGS2: return !(o->quirks & FAKE(NO_SREGS2));
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

static int create_vm(const struct object *kvm)
{
	struct object o = { .kind = VM, .quirks = kvm->quirks };
	o.vm = calloc(1, sizeof *o.vm);
	if (!o.vm)
		return -ENOMEM;
	o.vm->quirks = kvm->quirks;
	int fd = make(o, 0);
	if (fd < 0)
		free(o.vm);
	return fd;
}

static int call_kvm(struct object *o, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION: return 12;
	case KVM_CHECK_EXTENSION: return check_extension(o, (unsigned long)arg);
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID: ((struct kvm_cpuid2 *)arg)->nent = 0; return 0;
	case KVM_GET_MSR_INDEX_LIST: ((struct kvm_msr_list *)arg)->nmsrs = 0; return 0;
	case KVM_CREATE_VM: return create_vm(o);
	default: return -EINVAL;
	}
}

/* --- a VM --------------------------------------------------------------------------------------- */

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

static int create_vcpu(const struct object *vm)
{
	struct object o = { .kind = VCPU, .quirks = vm->quirks };
	o.vcpu = calloc(1, sizeof *o.vcpu);
	if (!o.vcpu)
		return -ENOMEM;
	o.vcpu->vm = vm->vm;
	fake_reset(&o.vcpu->now);
	int fd = make(o, RUN_SIZE);
	if (fd < 0) {
		free(o.vcpu);
		return fd;
	}
	o.vcpu->run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (o.vcpu->run != MAP_FAILED)
		return fd;
	*find(fd) = (struct object) { .kind = NONE };
	free(o.vcpu);
	close(fd);
	return -ENOMEM;
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

static int call_vm(struct object *o, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_CHECK_EXTENSION: return check_extension(o, (unsigned long)arg);
	case KVM_SET_IDENTITY_MAP_ADDR:
	case KVM_SET_TSS_ADDR: return 0;
	case KVM_ENABLE_CAP: return enable(o->vm, arg);
	case KVM_SET_USER_MEMORY_REGION: return set_slot(o->vm, arg);
	case KVM_CREATE_VCPU: return create_vcpu(o);
	default: return -EINVAL;
	}
}

/* --- a vCPU ------------------------------------------------------------------------------------- */

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
	e->exception.pending = v->has_queued_ud;
	e->interrupt.injected = v->has_interrupt;
	e->interrupt.nr = v->interrupt;
	e->interrupt.shadow = v->now.shadow;
}

static void set_events(struct fake_vcpu *v, const struct kvm_vcpu_events *e)
{
	v->has_exception = e->exception.injected;
	v->exception = e->exception.nr;
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

static unsigned runs_until_signal; /* 0: none comes */

void fake_kvm_interrupt(unsigned after)
{
	runs_until_signal = after + 1;
}

static bool is_interrupted(void)
{
	return runs_until_signal && --runs_until_signal == 0;
}

static int call_vcpu(struct object *o, unsigned long request, void *arg)
{
	struct fake_vcpu *v = o->vcpu;
	switch (request) {
	case KVM_RUN: return is_interrupted() ? -EINTR : fake_run(v);
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

#ifdef __GLIBC__
typedef unsigned long request_type;
#else
typedef int request_type; /* musl's, and POSIX's */
#endif

/* In the place of the C library's. */
int ioctl(int fd, request_type asked, ...)
{
	unsigned long request = (unsigned)asked;
	va_list args;
	va_start(args, asked);
	void *arg = va_arg(args, void *);
	va_end(args);
	struct object *o = find(fd);
	int result = -EINVAL;
	if (!o)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	switch (o->kind) {
	case NONE: break;
	case KVM: result = call_kvm(o, request, arg); break;
	case VM: result = call_vm(o, request, arg); break;
	case VCPU: result = call_vcpu(o, request, arg); break;
	}
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}
