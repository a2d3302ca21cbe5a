/* Opening /dev/kvm and making a VM, and what a user can do where that fails. */
#include "kvm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "base/array.h"

/* What stepvm can't do without; all are older than KVM_CAP_IMMEDIATE_EXIT (Linux 4.11). */
static const struct {
	int number;
	const char *name;
} needed[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
	{ KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS" },
	{ KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS" },
	{ KVM_CAP_XSAVE, "KVM_CAP_XSAVE" },
	{ KVM_CAP_SET_GUEST_DEBUG, "KVM_CAP_SET_GUEST_DEBUG" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
};

static int open_device(struct error *e)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
		return error_set(e, -ENOENT,
		        "/dev/kvm is not there: load the module (modprobe kvm_intel or kvm_amd), "
		        "or turn on virtualization in the firmware or for this virtual machine");
	case EACCES:
	case EPERM:
		return error_set(e, -errno,
		        "/dev/kvm may not be opened: join its group (usermod -aG kvm $USER, then "
		        "log in again) or run as root");
	default: return error_set(e, -errno, "/dev/kvm cannot be opened: %s", strerror(errno));
	}
}

static int check_kvm(int kvm_fd, struct error *e)
{
	int version = ioctl(kvm_fd, KVM_GET_API_VERSION, 0);
	if (version < 0)
		return error_set(e, -errno, "/dev/kvm does not answer as KVM: %s", strerror(errno));
	/* api.rst 4.1: the stable version is 12, and nothing else may be used. */
	if (version != 12)
		return error_set(e, -ENOTSUP, "/dev/kvm has API version %d, 12 is needed", version);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, needed[i].number) <= 0)
			return error_set(e, -ENOTSUP,
			        "/dev/kvm lacks %s, which stepvm needs: use a newer kernel (4.11 "
			        "or later)",
			        needed[i].name);
	return 0;
}

/* Where KVM has `out` to port 7eh advance rip before its exit, for the sake of an old VMM, the DEBUG of a step takes the exit's
 * place, and what was written is lost: kvm_amd and kvm_intel, kvm_fast_pio_out() in arch/x86/kvm/x86.c. An older KVM
 * does not know the word, and has nothing to turn off or can't. control_step_test: out_is_answered_at_any_port. */
static void give_port_7e(struct vm *vm)
{
	struct kvm_enable_cap off = { .cap = KVM_CAP_DISABLE_QUIRKS,
		.args = { KVM_X86_QUIRK_OUT_7E_INC_RIP } };
	(void)ioctl(vm->fd, KVM_ENABLE_CAP, &off);
}

static int create(struct vm *vm, struct error *e)
{
	do
		vm->fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		return error_set(e, -errno, "KVM_CREATE_VM failed: %s", strerror(errno));
	uint64_t identity = VM_RESERVED_GPA;
	if (ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0 &&
	        ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0) {
		error_set(e, -errno, "KVM_SET_IDENTITY_MAP_ADDR failed: %s", strerror(errno));
		goto close_vm;
	}
	if (ioctl(vm->fd, KVM_SET_TSS_ADDR, (unsigned long)VM_RESERVED_GPA + 0x1000) < 0) {
		error_set(e, -errno, "KVM_SET_TSS_ADDR failed: %s", strerror(errno));
		goto close_vm;
	}
	give_port_7e(vm);
	return 0;
close_vm:;
	int err = -errno;
	close(vm->fd);
	return err;
}

/* kvm_fd is the VM's from now on. */
static int open_on(struct vm *vm, int kvm_fd, struct error *e)
{
	*vm = (struct vm) { .kvm_fd = kvm_fd, .fd = -1 };
	int err = check_kvm(vm->kvm_fd, e);
	if (err)
		goto close_kvm;
	int size = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run)) {
		err = error_set(e, -ENOTSUP, "KVM_GET_VCPU_MMAP_SIZE gave %d bytes, %zu are needed",
		        size, sizeof(struct kvm_run));
		goto close_kvm;
	}
	vm->run_size = (size_t)size;
	const int wanted = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	int sync = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);
	vm->has_sync_regs = sync > 0 && (sync & wanted) == wanted;
	vm->has_sync_events = vm->has_sync_regs && sync & KVM_SYNC_X86_EVENTS;
	vm->has_sregs2 = ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SREGS2) > 0;
	err = create(vm, e);
	if (err)
		goto close_kvm;
	memory_init(&vm->memory, vm->fd);
	return 0;
close_kvm:
	close(vm->kvm_fd);
	return err;
}

int vm_open(struct vm *vm, struct error *e)
{
	int kvm_fd = open_device(e);
	return kvm_fd < 0 ? kvm_fd : open_on(vm, kvm_fd, e);
}

int vm_open_beside(struct vm *vm, const struct vm *other, struct error *e)
{
	int kvm_fd = fcntl(other->kvm_fd, F_DUPFD_CLOEXEC, 0);
	if (kvm_fd < 0)
		return error_set(e, -errno, "no second /dev/kvm: %s", strerror(errno));
	return open_on(vm, kvm_fd, e);
}

void vm_close(struct vm *vm)
{
	memory_close(&vm->memory);
	close(vm->fd);
	close(vm->kvm_fd);
}

const char *vm_module_name(void)
{
	static const char *const paths[] = { "/sys/module/kvm_intel", "/sys/module/kvm_amd",
		"/sys/module/kvm_pvm" };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], F_OK) == 0)
			return strrchr(paths[i], '/') + 1;
	return "this KVM";
}
