/* The stand-in: open, close, fcntl and ioctl in the place of the C library's. */
#include <dlfcn.h>
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

/* Descriptors are duplicates of one file in memory each, made before the sandbox closes: VMs and /dev/kvm are of the same,
 * each vCPU has one of its own, which is used again when it is closed. */
#define FILES 32

static struct object {
	enum { OBJECT_KVM, OBJECT_VM, OBJECT_VCPU } kind;
	unsigned users; /* descriptors, and a VM's vCPUs */
	int file;       /* of vCPUs */
	struct object *parent;
	struct fake_vm *vm;
	struct fake_vcpu *vcpu;
} * by_fd[FDS_MAX];

static int shared_file = -1;
static struct {
	int fd;
	bool is_used;
} files[FILES];

static long sys(long number, long a, long b, long c)
{
	return syscall(number, a, b, c);
}

/* --- objects ------------------------------------------------------------------------------------ */

static bool make_files(void)
{
	if (shared_file >= 0)
		return true;
	int fd = memfd_create("stand-in for KVM", MFD_CLOEXEC);
	shared_file = fd < 0 ? -1 : (int)sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
	if (fd >= 0)
		sys(SYS_close, fd, 0, 0);
	for (unsigned k = 0; k < FILES; k++) {
		fd = memfd_create("stand-in for a vCPU", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, RUN_SIZE) < 0)
			return false;
		/* Where no test counts descriptors. */
		files[k].fd = (int)sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
		sys(SYS_close, fd, 0, 0);
		if (files[k].fd < 0)
			return false;
	}
	return shared_file >= 0;
}

static struct object *find(int fd)
{
	return fd >= 0 && fd < FDS_MAX ? by_fd[fd] : NULL;
}

static void release(struct object *o)
{
	if (!o || --o->users)
		return;
	release(o->parent);
	if (o->kind == OBJECT_VCPU) {
		munmap(o->vcpu->run, RUN_SIZE);
		files[o->file].is_used = false;
		cpu_close(o->vcpu);
		free(o->vcpu);
	}
	if (o->kind == OBJECT_VM)
		free(o->vm);
	free(o);
}

/* A descriptor of o, whose one user it is. */
static int give_fd(struct object *o, int file)
{
	int fd = (int)sys(SYS_fcntl, file, F_DUPFD_CLOEXEC, 0);
	if (fd >= FDS_MAX) {
		sys(SYS_close, fd, 0, 0);
		fd = -1;
	}
	if (fd < 0)
		return -EMFILE;
	by_fd[fd] = o;
	o->users++;
	return fd;
}

static int open_kvm(void)
{
	struct object *o = make_files() ? calloc(1, sizeof *o) : NULL;
	if (!o)
		return -ENOMEM;
	o->kind = OBJECT_KVM;
	int fd = give_fd(o, shared_file);
	if (fd < 0)
		free(o);
	return fd;
}

static int create_vm(void)
{
	struct object *o = calloc(1, sizeof *o);
	if (o)
		o->vm = calloc(1, sizeof *o->vm);
	if (!o || !o->vm) {
		free(o);
		return -ENOMEM;
	}
	o->kind = OBJECT_VM;
	int fd = give_fd(o, shared_file);
	if (fd < 0) {
		free(o->vm);
		free(o);
	}
	return fd;
}

static int create_vcpu(struct object *vm)
{
	int file = 0, fd = -ENOMEM;
	while (file < FILES && files[file].is_used)
		file++;
	struct object *o = file < FILES ? calloc(1, sizeof *o) : NULL;
	struct fake_vcpu *v = o ? calloc(1, sizeof *v) : NULL;
	if (!v)
		goto fail;
	fake_reset(&v->now);
	v->vm = vm->vm;
	v->run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, files[file].fd, 0);
	if (v->run == MAP_FAILED)
		goto fail;
	memset(v->run, 0, RUN_SIZE);
	v->xsave.region[0] = 0x37f;  /* FCW after finit: SDM vol 1, "FINIT" */
	v->xsave.region[6] = 0x1f80; /* MXCSR */
	*o = (struct object) { .kind = OBJECT_VCPU, .vcpu = v, .file = file, .parent = vm };
	if (!cpu_open(v))
		goto unmap;
	fd = give_fd(o, files[file].fd);
	if (fd >= 0) {
		vm->users++;
		files[file].is_used = true;
		return fd;
	}
	cpu_close(v);
unmap:
	munmap(v->run, RUN_SIZE);
fail:
	free(v);
	free(o);
	return fd;
}

/* --- calls -------------------------------------------------------------------------------------- */

static int call_kvm(unsigned long request, void *arg)
{
	switch (request) {
	case KVM_GET_API_VERSION: return 12;
	case KVM_CHECK_EXTENSION: return calls_extension((unsigned long)arg);
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID: return cpuid_supported(arg);
	case KVM_GET_MSR_INDEX_LIST: return msr_list(arg);
	case KVM_CREATE_VM: return create_vm();
	default: return -EINVAL;
	}
}

static int call_vm(struct object *o, unsigned long request, void *arg)
{
	switch (request) {
	case KVM_CHECK_EXTENSION: return calls_extension((unsigned long)arg);
	case KVM_CREATE_VCPU: return create_vcpu(o);
	default: return fake_call_vm(o->vm, request, arg);
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

	case OBJECT_KVM: result = call_kvm(request, arg); break;
	case OBJECT_VM: result = call_vm(o, request, arg); break;
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
	if (fd >= 900 && fd < FDS_MAX && shared_file >= 0) {
		if (fd == shared_file)
			return 0;
		for (unsigned k = 0; k < FILES; k++)
			if (files[k].fd == fd)
				return 0;
	}
	if (find(fd)) {
		release(by_fd[fd]);
		by_fd[fd] = NULL;
	}
	return (int)syscall(SYS_close, fd);
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
