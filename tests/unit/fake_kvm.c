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
	case KVM_CHECK_EXTENSION: return fake_check_extension(o->quirks, (unsigned long)arg);
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID: ((struct kvm_cpuid2 *)arg)->nent = 0; return 0;
	case KVM_GET_MSR_INDEX_LIST: ((struct kvm_msr_list *)arg)->nmsrs = 0; return 0;
	case KVM_CREATE_VM: return create_vm(o);
	default: return -EINVAL;
	}
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

/* --- signals ------------------------------------------------------------------------------------- */

#define INSNS_MAX     100000 /* of one KVM_RUN: then a signal comes, as from a timer */
#define ENTRIES_MAX   500    /* of handlers: likewise, before their frames reach the code */
#define HUNG_RUNS_MAX 300    /* such runs in a row: the caller would wait for ever */

bool fake_goes_on(struct fake_vcpu *v, unsigned insns)
{
	return insns < INSNS_MAX && v->entries < ENTRIES_MAX;
}

int fake_give_up(struct fake_vcpu *v)
{
	return ++v->hung_runs < HUNG_RUNS_MAX ? -EINTR : -EIO;
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
	case VM:
		result = request == KVM_CREATE_VCPU ? create_vcpu(o)
		                                    : fake_call_vm(o->vm, request, arg);
		break;
	case VCPU:
		result = request == KVM_RUN && is_interrupted()
		                 ? -EINTR
		                 : fake_call_vcpu(o->vcpu, request, arg);
		break;
	}
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}
