/* The engine: the common instructions of x86, done in this process on copies of the registers and
 * directly in the guest's RAM, for the CPU's modes without a call of KVM's. Arithmetic and all its
 * flags, undefined ones included, are the host CPU's own instructions. What the engine can't do or
 * isn't sure of is handed over BEFORE anything has changed: the caller has KVM do that instruction.
 *
 * Pure: no descriptor, no clock, no thread, no code that is made at run time. All calls for one
 * struct interp come from one thread. README.md has the rules. Source: SDM vol 2 and 3. */
#ifndef STEPVM_INTERP_INTERP_H
#define STEPVM_INTERP_INTERP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#ifndef INTERP_SLOTS_MAX /* tests/standin has more */
#define INTERP_SLOTS_MAX 16
#endif

/* A piece of guest-physical memory; gpa, size and hva are multiples of a page (4096). A guest's
 * writes to a ROM change nothing. */
struct interp_slot {
	uint64_t gpa, size;
	uint8_t *hva;
	bool is_rom;
};

enum interp_push {
	INTERP_PUSH_UNKNOWN, /* handed over */
	INTERP_PUSH_HALF,    /* the selector: the upper half of the slot stays */
	INTERP_PUSH_WHOLE,   /* with zeros above */
};

struct interp_config {
	const struct interp_slot *slots; /* copied; what hva points to is the caller's */
	unsigned slot_count;             /* to INTERP_SLOTS_MAX */
	/* The callbacks. One that is NULL has what it is for handed over. What they do can't be taken back, so
	 * all checks of the instruction come before. */
	/* A port, and an address where no RAM is, or a ROM that is written (size: 1, 2, 4, 8). A read fills data, which
	 * holds what the register held. True: stop after this instruction (INTERP_DEVICE). Both may call
	 * interp_set_irq. */
	bool (*io)(void *ctx, unsigned port, void *data, unsigned size, bool is_write);
	bool (*mmio)(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write);
	/* A model-specific register, for rdmsr and wrmsr in ring 0. */
	enum interp_msr (*msr)(void *ctx, uint32_t number, uint64_t *value, bool is_write);
	/* A debug register of the guest's own, by its number (0 to 3, 6, 7), for mov in ring 0. What is written arms
	 * none. False: not known, KVM's. */
	bool (*debug)(void *ctx, unsigned number, uint64_t *value, bool is_write);
	/* The guest's own TSC, and where aux is not NULL its TSC_AUX (rdtscp). False: not known, KVM's. */
	bool (*tsc)(void *ctx, uint64_t *tsc, uint32_t *aux);
	/* RAM that an instruction may write, before it does: len bytes within a page. is_table: of a page table's entry,
	 * whose Accessed and Dirty it sets. With this, writes are slower. */
	void (*touch)(void *ctx, uint8_t *hva, unsigned len, bool is_table);
	void *ctx;
	/* What cpuid gives, as KVM_GET_CPUID2 has it; the array stays the caller's. NULL: handed over. */
	const struct kvm_cpuid_entry2 *cpuid;
	unsigned cpuid_count;
	/* What a push of a segment register writes in 32-bit code: CPUs differ, so somebody who has tried says it. */
	enum interp_push push_segment;
	/* daa and its like leave flags undefined: whether they may be what the engine makes of them, for no CPU does
	 * the guest's instructions. Else they are handed over. */
	bool has_bcd;
	/* Not 0: runs end soon (INTERP_KICKED). A signal handler or another thread may set it; NULL:
	 * nobody does. */
	const volatile int *kick;
};

enum interp_msr {
	INTERP_MSR_DONE,
	INTERP_MSR_KVM,  /* nothing was done */
	INTERP_MSR_NONE, /* the same, and KVM knows none of this number */
};

/* Why a run has ended. */
enum interp_why {
	INTERP_COUNT,      /* max instructions were done */
	INTERP_BREAKPOINT, /* before an instruction at a breakpoint, not the run's first one */
	INTERP_WATCH,      /* after one that accessed a watched range: interp_hits */
	INTERP_WINDOW,     /* before one at which the CPU takes the interrupt that waits */
	INTERP_HANDOVER,   /* the next instruction is KVM's: nothing of it was done */
	INTERP_DEVICE, /* after one for which a callback asked for a stop; interp_hits may have some, too */
	INTERP_KICKED,    /* config.kick */
	INTERP_EXCEPTION, /* one of interp_catch's was delivered: before its handler */
	INTERP_LEFT,      /* interp_run_quiet: the pc has left the range */
};

struct interp_watch {
	uint64_t gva, len;
	bool on_read, on_write;
};

/* One access of the last instruction to a watched range. */
struct interp_hit {
	uint64_t gva;   /* the first byte that is accessed and watched */
	unsigned watch; /* its index */
	bool is_write;
};

#define INTERP_HITS_MAX 16 /* of one instruction; more are not kept */

/* What the next instruction was handed over for. */
enum interp_reason {
	INTERP_STATE,   /* nothing is done in this state of the CPU, or the code can't be fetched */
	INTERP_UNKNOWN, /* the instruction is not known */
	INTERP_UNSURE,  /* it is, but not what it does here */
};

/* MSRs that syscall, sysret and swapgs use. SDM vol 4. */
struct interp_msrs {
	uint64_t star, lstar, fmask, kernel_gs_base;
};

/* Of the x87, as struct kvm_fpu has it: what fninit sets. */
struct interp_x87 {
	uint16_t fcw, fsw;
	uint8_t ftwx;
	uint16_t last_opcode;
	uint64_t last_ip, last_dp;
};

struct interp;

/* On the heap, about 1 MiB of which is touched as it is used. NULL: no memory. */
struct interp *interp_new(const struct interp_config *config);
void interp_free(struct interp *c); /* NULL is fine */

/* The memory is another. */
void interp_set_slots(struct interp *c, const struct interp_slot *slots, unsigned count);
/* Whether address line 20 is on; off, bit 20 of each guest-physical address is 0. On at first. */
void interp_set_a20(struct interp *c, bool is_on);

/* Takes over the CPU's state. shadow: KVM_X86_SHADOW_INT_...; has_debug: the guest's own DR7 enables
 * something. False: all instructions are KVM's while the state is like this, and interp_run says so.
 * Drops all translations; who has written page tables meanwhile needs nothing else, and code may
 * change at any time. */
bool interp_load(struct interp *c, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
        uint8_t shadow, bool has_debug);
/* ... and gives it back. True: sregs differ from what was loaded. */
bool interp_save(const struct interp *c, struct kvm_regs *regs, struct kvm_sregs *sregs);
/* After interp_load, which forgets them: what only some guests use. Without them the instructions that need them
 * are handed over. pdptes: the CPU's own, with PAE paging (struct kvm_sregs2). */
void interp_set_pdptes(struct interp *c, const uint64_t pdptes[4]);
void interp_set_msrs(struct interp *c, const struct interp_msrs *msrs);
void interp_set_x87(struct interp *c, const struct interp_x87 *x87);
/* True: they have changed since, and pdptes, *msrs or *x87 is what they are now. */
bool interp_get_pdptes(const struct interp *c, uint64_t pdptes[4]);
bool interp_get_msrs(const struct interp *c, struct interp_msrs *msrs);
bool interp_get_x87(const struct interp *c, struct interp_x87 *x87);
/* Whether the guest has dropped the CPU's translations since this was asked last (a write of CR0 or CR3,
 * invlpg): a CPU that goes on with the guest has its own still. */
bool interp_take_flush(struct interp *c);
/* Somebody has tried it meanwhile: config.push_segment. */
void interp_set_push(struct interp *c, enum interp_push push);
/* The interrupt shadow that the last instruction has left, for KVM. */
uint8_t interp_shadow(const struct interp *c);
/* The linear address of the next instruction. */
uint64_t interp_pc(const struct interp *c);

/* Linear addresses in ascending order; the array stays the caller's and must live until the next
 * call. */
void interp_set_breakpoints(struct interp *c, const uint64_t *sorted, unsigned count);
/* Whether the next instruction is at one: a run does not look at its first. Between the iterations of a rep it
 * is not. */
bool interp_is_at_breakpoint(const struct interp *c);
/* Linear addresses; the array stays the caller's and must live until the next call. */
void interp_set_watches(struct interp *c, const struct interp_watch *watches, unsigned count);
/* What the last instruction has hit, up to INTERP_HITS_MAX; *hits is valid until the next run. */
unsigned interp_hits(const struct interp *c, const struct interp_hit **hits);

/* Where the guest has been goes into t, which is the caller's; NULL: nobody wants to know. Of interp_run only its first
 * instruction is noted; interp_run_quiet has all. What is in t is all there was after interp_leave_trail. After it was cleared
 * it is to be set again, for what can be accessed without more counts as accessed from then on. */
struct trail;
void interp_set_trail(struct interp *c, struct trail *t);
void interp_leave_trail(struct interp *c);

/* Whether an interrupt waits: INTERP_WINDOW. */
void interp_set_irq(struct interp *c, bool is_pending);
/* Does what the CPU does to take an interrupt with this vector now, as INTERP_WINDOW has said: it comes to its handler,
 * or to that of an exception on the way (interp_last_vector). False: nothing was done, it is KVM's. */
bool interp_deliver(struct interp *c, uint8_t vector);

/* Exceptions that end a run: bit n for vector n. None at first. */
void interp_catch(struct interp *c, uint32_t vectors);
/* The exception or int n that the last run, or interp_deliver, has led to last; -1: none. */
int interp_last_vector(const struct interp *c);
/* The same, but -1 where its handler does not begin at pc (gva); of interp_run alone. */
int interp_vector_to(const struct interp *c, uint64_t pc);

/* Does up to max instructions; an iteration of a rep is one, and so is the way to an exception's
 * handler. *done: how many were. */
enum interp_why interp_run(struct interp *c, uint64_t max, uint64_t *done);
/* The same for who looks at what an instruction does, and has nothing to look at in a quiet one: that asks io and mmio for
 * nothing, uses no MSR, no debug register and not the TSC, writes neither CS nor a control register, leads through no
 * vector, and is not xchg %bx, %bx. All others are handed over, whatever the engine knows of them. Ends where the pc is not
 * in [begin, begin + size) after an instruction, too; and at a breakpoint between the iterations of a rep, as steps do. */
struct interp_range {
	uint64_t begin, size; /* linear addresses */
};
enum interp_why interp_run_quiet(
        struct interp *c, const struct interp_range *range, uint64_t max, uint64_t *done);
/* After INTERP_HANDOVER: why, and the opcode's last byte, with 0x100 where it is after 0f. */
enum interp_reason interp_handed(const struct interp *c, unsigned *opcode);
/* After INTERP_HANDOVER of interp_run: whether it is sure that the CPU shuts down, for the instruction raises an
 * exception, and the way to its handler and to that of #DF fault, too. After interp_deliver: the same of the interrupt. */
bool interp_shuts_down(const struct interp *c);
/* Where interp_shuts_down is true: CR2 after that, which the last page fault on that way has set; without one, CR2 as it
 * was. */
uint64_t interp_shutdown_cr2(const struct interp *c);
/* The exception that the last instruction has raised, or raises then, before what comes of it on the way to its handler;
 * -1: none. */
int interp_raised(const struct interp *c);

#endif
