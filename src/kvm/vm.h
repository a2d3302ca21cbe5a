/* A KVM virtual machine: /dev/kvm, the VM's descriptor, its memory.
 *
 * The interrupt controller is not KVM's: HLT exits, and the VMM decides when an interrupt comes.
 * Source: api.rst, sections 4.1 (KVM_GET_API_VERSION) to 4.5, KVM_SET_TSS_ADDR,
 * KVM_SET_IDENTITY_MAP_ADDR. */
#ifndef STEPVM_KVM_VM_H
#define STEPVM_KVM_VM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kvm/memory.h"

/* kvm_intel without unrestricted guest wants one page for an identity map and three for a TSS,
 * below 4 GiB, where no RAM is. Under the last 16 MiB, so that firmware can stand there. */
#define VM_RESERVED_GPA  0xfeffc000u
#define VM_RESERVED_SIZE 0x4000u

struct vm {
	int kvm_fd, fd;
	size_t run_size;      /* bytes of struct kvm_run's mapping */
	bool has_sync_regs;   /* KVM_CAP_SYNC_REGS offers general and special registers, */
	bool has_sync_events; /* and what KVM_GET_VCPU_EVENTS tells */
	bool has_sregs2;      /* KVM_CAP_SREGS2: PAE paging's entries are told */
	/* Whether KVM can hold CR0.PG outside of long mode: tried when it is first needed. */
	enum { VM_PAGING32_UNTRIED, VM_PAGING32_HELD, VM_PAGING32_LACKING } paging32;
	enum { VM_EFER_UNSEEN, VM_EFER_EXITS, VM_EFER_CANNOT } efer; /* efer_watch */
	uint64_t efer_bits;                                          /* of it that can be set */
	struct memory memory;
};

/* Opens /dev/kvm and makes a VM without RAM. The text says what is missing and what to do about it.
 * A failed open leaves nothing to close. */
int vm_open(struct vm *vm, struct error *e);
/* Another VM through the /dev/kvm that other has open: no file is opened, which the sandbox
 * forbids. Each is closed for itself. */
int vm_open_beside(struct vm *vm, const struct vm *other, struct error *e);
void vm_close(struct vm *vm);

/* The module that this host's KVM is, for people to read, such as "kvm_intel"; "this KVM" when
 * /sys/module has none that is known. Static; asks the file system. */
const char *vm_module_name(void);

#endif
