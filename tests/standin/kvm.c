/* The stand-in: open, close, fcntl, mmap and ioctl in the place of the C library's. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu.h"

#define EXPORT   __attribute__((visibility("default")))
#define RUN_SIZE 8192u
#define FDS_MAX  1024

/* The descriptors of a /dev/kvm, its VMs and vCPUs are duplicates of one file in memory, which has nothing in it: the
 * program's sandbox lets nobody make another file later on. */
static struct object {
	enum { OBJECT_KVM, OBJECT_VM, OBJECT_VCPU } kind;
	unsigned users;        /* descriptors, and what is made of it */
	struct object *parent; /* NULL: a KVM's */
	struct fake_vm *vm;
	struct fake_vcpu *vcpu;
} * by_fd[FDS_MAX];

static uint64_t quirks; /* of all VMs: STANDIN_KIND in the environment */

/* --- objects ------------------------------------------------------------------------------------ */

/* False: it names none of fake_kinds. */
static bool take_kind(void)
{
	const char *name = getenv("STANDIN_KIND");
	unsigned k = 0;
	while (name && k < fake_kind_count && strcmp(fake_kinds[k].name, name))
		k++;
	quirks = k < fake_kind_count ? fake_kinds[k].quirks : 0;
	return k < fake_kind_count;
}

static struct object *find(int fd)
{
	return fd >= 0 && fd < FDS_MAX ? by_fd[fd] : NULL;
}

static void release(struct object *o)
{
	if (!o || --o->users)
		return;
	if (o->vcpu) {
		munmap(o->vcpu->run, RUN_SIZE);
		cpu_close(o->vcpu);
	}
	release(o->parent);
	free(o->vcpu);
	free(o->vm);
	free(o);
}

/* One more of o; fd: of the same file. */
static int give_fd(struct object *o, int file)
{
	int fd = (int)syscall(SYS_fcntl, file, F_DUPFD_CLOEXEC, 0);
	if (fd >= FDS_MAX)
		syscall(SYS_close, fd);
	if (fd < 0 || fd >= FDS_MAX)
		return -EMFILE;
	by_fd[fd] = o;
	o->users++;
	return fd;
}

static struct object *make(struct object like)
{
	struct object *o = malloc(sizeof *o);
	if (!o)
		return NULL;
	*o = like;
	o->users = 1;
	if (o->parent)
		o->parent->users++;
	return o;
}

static int open_kvm(void)
{
	if (!take_kind())
		return -EINVAL;
	int fd = memfd_create("stand-in for KVM", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct object *o = make((struct object) { .kind = OBJECT_KVM });
	if (o && fd < FDS_MAX) {
		by_fd[fd] = o;
		return fd;
	}
	syscall(SYS_close, fd);
	free(o);
	return -ENOMEM;
}

static int create_vm(struct object *kvm, int kvm_fd)
{
	struct object *o = make((struct object) { .kind = OBJECT_VM, .parent = kvm });
	if (!o)
		return -ENOMEM;
	o->vm = calloc(1, sizeof *o->vm);
	int fd = o->vm ? give_fd(o, kvm_fd) : -ENOMEM;
	if (o->vm)
		o->vm->quirks = quirks;
	release(o); /* its descriptor is its user */
	return fd;
}

static struct fake_vcpu *new_vcpu(struct fake_vm *vm)
{
	struct fake_vcpu *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	fake_reset(&v->now);
	v->vm = vm;
	v->run = (void *)syscall(SYS_mmap, NULL, RUN_SIZE, PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (v->run == MAP_FAILED || !cpu_open(v)) {
		if (v->run != MAP_FAILED)
			munmap(v->run, RUN_SIZE);
		free(v);
		return NULL;
	}
	v->xsave.region[0] = 0x37f;  /* FCW after finit: SDM vol 1, "FINIT" */
	v->xsave.region[6] = 0x1f80; /* MXCSR */
	return v;
}

static int create_vcpu(struct object *vm, int vm_fd)
{
	struct object *o = make((struct object) { .kind = OBJECT_VCPU, .parent = vm });
	if (!o)
		return -ENOMEM;
	o->vcpu = new_vcpu(vm->vm);
	int fd = o->vcpu ? give_fd(o, vm_fd) : -ENOMEM;
	release(o);
	return fd;
}

/* --- calls -------------------------------------------------------------------------------------- */

static int call_kvm(struct object *o, int fd, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION: return 12;
	case KVM_CHECK_EXTENSION: return calls_extension(quirks, (unsigned long)arg);
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID: return cpuid_supported(arg);
	case KVM_GET_MSR_INDEX_LIST: return msr_list(arg);
	case KVM_CREATE_VM: return create_vm(o, fd);
	default: return -EINVAL;
	}
}

/* --- in the C library's place ------------------------------------------------------------------- */

EXPORT int ioctl(int fd, unsigned long asked, ...)
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

	case OBJECT_KVM: result = call_kvm(o, fd, request, arg); break;
	case OBJECT_VM:
		result = request == KVM_CREATE_VCPU ? create_vcpu(o, fd)
		                                    : calls_vm(o->vm, request, arg);
		break;
	case OBJECT_VCPU: result = calls_vcpu(o->vcpu, request, arg); break;
	}
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
	if (strcmp(path, "/dev/kvm"))
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	int fd = open_kvm();
	if (fd >= 0)
		return fd;
	errno = -fd;
	return -1;
}

#define MODE_OF(flags, mode)                                                                       \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, flags);                                                             \
		mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t)  \
		                                                           : 0;                    \
		va_end(args);                                                                      \
	} while (0)

EXPORT int open(const char *path, int flags, ...)
{
	mode_t mode;
	MODE_OF(flags, mode);
	return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	mode_t mode;
	MODE_OF(flags, mode);
	return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int close(int fd)
{
	if (find(fd)) {
		release(by_fd[fd]);
		by_fd[fd] = NULL;
	}
	return (int)syscall(SYS_close, fd);
}

/* A vCPU's run structure once more: mremap(2) of length 0. */
static void *map(void *at, size_t len, int rights, int flags, int fd, off_t off)
{
	const struct object *o = flags & MAP_ANONYMOUS ? NULL : find(fd);
	if (o && o->vcpu)
		return mremap(o->vcpu->run, 0, len, MREMAP_MAYMOVE);
	return (void *)syscall(SYS_mmap, at, len, rights, flags, fd, off);
}

EXPORT void *mmap(void *at, size_t len, int rights, int flags, int fd, off_t off)
{
	return map(at, len, rights, flags, fd, off);
}

EXPORT void *mmap64(void *at, size_t len, int rights, int flags, int fd, off_t off)
{
	return map(at, len, rights, flags, fd, off);
}

static int control(int fd, int command, void *arg)
{
	int result = (int)syscall(SYS_fcntl, fd, command, arg);
	struct object *o = find(fd);
	if (!o || result < 0 || result >= FDS_MAX ||
	        (command != F_DUPFD && command != F_DUPFD_CLOEXEC))
		return result;
	by_fd[result] = o;
	o->users++;
	return result;
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	void *arg = va_arg(args, void *);
	va_end(args);
	return control(fd, command, arg);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	void *arg = va_arg(args, void *);
	va_end(args);
	return control(fd, command, arg);
}
