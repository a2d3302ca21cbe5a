/* A KVM that is not the kernel's: the calls of api.rst that src/kvm makes, answered by a small CPU
 * in this process, so that run control is tested where there is no /dev/kvm, on every kind of KVM
 * that there is.
 *
 * It stands in the place of ioctl(2): an object that is linked before the C library. What src/kvm
 * and src/debug do is the real thing, from vcpu.c's KVM_SET_GUEST_DEBUG to the probe. Calls on other
 * descriptors go through to the kernel.
 *
 *	fake_kvm.c	ioctl, and the descriptors of VMs and vCPUs
 *	fake_calls.c	what they answer: memory slots, registers, debug settings
 *	fake_run.c	KVM_RUN: what exits, what a debugger hears, and the quirks
 *	fake_cpu.c	one instruction; fake_strings.c: those on strings and ports
 *	fake_operands.c	its registers, ModRM, immediates
 *	fake_access.c	its accesses: RAM, read-only and missing slots
 *	fake_kinds.c	which quirks which KVM has
 *
 * What it models: real mode and flat 32-bit protected mode at CPL 0, with 32-bit paging but for
 * page faults and PAE; the instructions that fake_cpu.c lists; debug registers, TF, RF, interrupt shadows; I/O and MMIO
 * exits; events that are injected. What it leaves out: everything else, which is an emulation
 * failure (KVM_EXIT_INTERNAL_ERROR); limits and rights of segments; error codes; time.
 *
 * Sources: api.rst, SDM vol 3 ("Debug", "Interrupt and Exception Handling"), and for the quirks the
 * table "What KVM does under a debugger", each row of which was measured. fake_kvm_test holds the
 * fake to the KVM of the machine that it runs on, by the questions of kvm/probe.h. */
#ifndef STEPVM_TESTS_FAKE_KVM_H
#define STEPVM_TESTS_FAKE_KVM_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/vm.h"

/* What not every KVM does, a row of the table each. Without one the fake does what the SDM and
 * api.rst let one expect. */
enum fake_quirk {
	FAKE_OUT_SWALLOWS_STEP,   /* the exit of out has rip advanced, and no DEBUG follows */
	FAKE_REP_IN_ONE_STEP,     /* up to 1024 iterations */
	FAKE_REP_ENDS_AT_ITSELF,  /* a step of the last iteration stays there, with count 0 */
	FAKE_REP_WATCH_AT_END,    /* a data breakpoint that rep hits is told after the last one */
	FAKE_REP_MMIO_STAYS,      /* the last iteration leaves rip there after an MMIO access */
	FAKE_HLT_SWALLOWED,       /* a step of hlt is DEBUG, and the next run HLT */
	FAKE_ACCESS_LOSES_STEP,   /* MMIO: no DEBUG after a write, and stepping is off */
	FAKE_EMULATED_LOSES_STEP, /* stepping is off after a move to cr0, which exits to KVM alone */
	FAKE_POPF_LOSES_STEP,     /* stepping is off after popf and iret, unless they load TF */
	FAKE_PUSHF_SHOWS_TF,      /* of KVM's step */
	FAKE_MOV_SS_HIDES_STEP,   /* also of pop ss: DEBUG comes after the next instruction */
	FAKE_MOV_SS_HIDES_BREAK,  /* an exec breakpoint right there is passed over */
	FAKE_STI_LOSES_SHADOW,    /* a step of sti leaves none */
	FAKE_INT_UNSEEN,          /* int n: the handler runs without stepping, TF in its frame */
	FAKE_FAULT_UNSEEN,        /* a fault likewise */
	FAKE_FAULT_LATE,          /* a fault's handler is stepped from its second instruction */
	FAKE_NO_INT32,            /* int n, int3 and iret in 32-bit code are emulation failures */
	FAKE_RF_IGNORED,          /* an exec breakpoint of the debugger hits again and again */
	FAKE_NO_DATA_BREAKPOINTS, /* they never fire */
	FAKE_INT3_TO_GUEST,       /* in spite of KVM_GUESTDBG_USE_SW_BP */
	FAKE_ONLY_OURS,           /* the guest's breakpoints are off while the debugger has some */
	FAKE_GD_IGNORED,          /* a debugger's DR7.GD does nothing */
	FAKE_STALE_BS,            /* a step's trap is left over, and comes in the next run */
	FAKE_EMPTY_STEPS,         /* the first step on each page is a DEBUG with nothing done */
	FAKE_WRITE_LOSES_STEP,    /* writing registers turns stepping off where rip changes */
	FAKE_INTERRUPT_NEEDS_IF,  /* KVM_INTERRUPT with IF=0 or a shadow: FAIL_ENTRY */
	FAKE_WINDOW_LATE,         /* the window is looked for every 1024 instructions */
	FAKE_SHUTDOWN_RESETS,     /* a triple fault resets the registers */
	FAKE_IVT_HAS_NO_LIMIT,    /* the IDT's limit is ignored in real mode */
	FAKE_NO_SYNC_REGS,        /* KVM_CAP_SYNC_REGS is not offered */
	FAKE_LOSES_WRITES,        /* of two MMIO writes of an instruction the first is lost */
	FAKE_READS_AGAIN,         /* after an MMIO read, with the stack pointer as it was then */
	FAKE_NO_FLOAT,            /* x87 is an emulation failure */
	FAKE_HANDED_TO_CPU,       /* endbr: done by the CPU, and DEBUG comes after the next one */
	FAKE_INT_80_HANGS,        /* int n of 80h and above begins again for ever in 16-bit code */
	FAKE_NO_PAGING32, /* CR0.PG without long mode is left out, and the next run is a SHUTDOWN */
	FAKE_NO_SREGS2,   /* KVM_CAP_SREGS2 is not offered */
	FAKE_INTERRUPT_PUSHES_RF, /* as a fault does */
	FAKE_OUT_7E_LOST, /* a step of out to port 7eh is DEBUG alone, unless that is turned off */
	FAKE_QUIRKS,
};

#define FAKE(quirk) (1ull << FAKE_##quirk)

struct fake_kind {
	const char *name;
	uint64_t quirks; /* FAKE() */
};

/* plain, pvm, amd and intel, then each quirk in the enum's order, alone or with those that it does
 * not come without. */
#define FAKE_PRESETS 4
extern const struct fake_kind fake_kinds[];
extern const unsigned fake_kind_count;

/* Makes the /dev/kvm of such a KVM: *kvm is what vm_open_beside takes. False: no memory, or no
 * descriptor. fake_kvm_close: the VMs and vCPUs made with it are closed already. */
bool fake_kvm_open(struct vm *kvm, uint64_t quirks);
void fake_kvm_close(struct vm *kvm);
/* A signal comes at the KVM_RUN after so many others, before it has begun: it gives EINTR. */
void fake_kvm_interrupt(unsigned after);
/* From now on a one-byte opcode is done as if rax were one higher, which it is afterwards: a fault that no CPU has. 0: none
 * is. */
void fake_kvm_misdo(uint8_t opcode);

#endif
