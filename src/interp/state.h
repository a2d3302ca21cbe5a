/* What the engine is made of: the CPU's state, its translations, decoded instructions. The files of
 * this folder work on it; its verbs for everybody else are in interp.h. */
#ifndef STEPVM_INTERP_STATE_H
#define STEPVM_INTERP_STATE_H

#include "interp/interp.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Bits of RFLAGS. SDM vol 1, "EFLAGS Register". */
enum {
	CF = 0x1,
	PF = 0x4,
	AF = 0x10,
	ZF = 0x40,
	SF = 0x80,
	TF = 0x100,
	IF = 0x200,
	DF = 0x400,
	OF = 0x800,
	IOPL = 0x3000,
	NT = 0x4000,
	RF = 0x10000,
	VM = 0x20000,
	AC = 0x40000,
	VIF = 0x80000,
	VIP = 0x100000,
	ID = 0x200000,
	STATUS = CF | PF | AF | ZF | SF | OF,
};

/* Registers by the numbers that ModRM has for them. ZERO always holds 0, NEXT where the next
 * instruction is: an address that lacks a part, or is relative to rip, is computed as all are. */
enum { AX, CX, DX, BX, SP, BP, SI, DI, R11 = 11, ZERO = 16, NEXT = 17, REGISTERS };
enum { ES, CS, SS, DS, FS, GS, SEGMENTS };

enum { PAGE = 4096, INSN_BYTES = 15 };

/* Exceptions. SDM vol 3, "Protected-Mode Exceptions and Interrupts". */
enum {
	V_DE = 0,
	V_BP = 3,
	V_OF = 4,
	V_BR = 5,
	V_UD = 6,
	V_NM = 7,
	V_DF = 8,
	V_TS = 10,
	V_NP = 11,
	V_SS = 12,
	V_GP = 13,
	V_PF = 14,
	V_NONE = -1
};

/* What a handler returns. Only DONE has changed anything. */
enum interp_done {
	DONE,
	HANDOVER, /* KVM's */
	FAULTS,   /* c->fault says whether it is an exception that the engine is sure of */
};

struct insn;
typedef enum interp_done interp_fn(struct interp *c, const struct insn *i);

/* One decoded instruction, a line of the host's cache. */
struct insn {
	uint64_t key; /* where it was decoded (hva), and for which width of code; 0: nowhere */
	interp_fn *fn;
	uint64_t imm;
	uint64_t raw[2]; /* its bytes, and those after it up to 16 */
	int32_t disp;
	uint8_t len;
	uint8_t ad;      /* addresses have: 0: 16 bits, 1: 32, 2: 64 */
	uint8_t osz;     /* the operands: 0: 8 bits, 1: 16, 2: 32, 3: 64 */
	uint8_t op, ext; /* the opcode's last byte; ModRM.reg, or which segment register */
	uint8_t reg, rm; /* offsets into r[] in bytes: 1 is ah */
	uint8_t base, index, scale, seg;
	uint8_t is_mem;
	uint8_t rep;          /* 0, 0xf2 or 0xf3 */
	uint8_t has_66;       /* the prefix, whatever REX.W makes of the size */
	uint8_t is_0f;        /* two-byte opcode */
	uint8_t is_loud;      /* OPCODE_LOUD */
	uint8_t takes_device; /* OPCODE_DEVICE */
};

struct segment {
	uint64_t base, limit;
	uint8_t can;     /* CAN_READ, CAN_WRITE */
	uint8_t is_sure; /* what it can't do raises #GP or #SS; else such an access is KVM's */
	/* Of one that expands down, whose offsets begin after its limit: what it can do, while can is 0, so that the
	 * fast way leaves it to interp_outside_segment. Of others 0. */
	uint8_t can_down;
};

enum { CAN_READ = 1, CAN_WRITE = 2, CAN_FETCH = 4 };

/* A translated page. */
struct tlb_entry {
	uint64_t read_page,
	        write_page; /* the linear page where nothing else is to be looked at; or 1 */
	uint64_t page;      /* the linear page that is translated here, or 1 */
	uintptr_t add;      /* to a linear address: its hva */
	/* Lines of it that were written to, or may have been, and executed from: for c->trail. */
	uint64_t written, executed;
	uint8_t can;
};

/* An exception that an access or a check has found. */
struct fault {
	int vector; /* V_NONE: not sure, KVM's */
	bool has_error;
	uint32_t error;
	uint64_t cr2; /* of V_PF */
	bool is_mmio; /* there is no RAM at gpa, or a ROM that was to be written */
	uint64_t gpa;
};

/* An operand that is a device's. */
struct device_operand {
	uint64_t gpa, value;
	uint8_t len, kind; /* enum access */
};

/* What an access that finds no RAM does. */
enum device_pass {
	DEVICE_FAULTS, /* raises c->fault, is_mmio */
	DEVICE_IS_SEEN, /* is noted in c->devices; nothing is done but registers, which are put back */
	DEVICE_IS_DONE, /* is one of c->devices, in the same order */
};

/* Accessed and Dirty bits that an instruction sets once it is done. */
struct mark {
	uint8_t *at;
	uint8_t bits;
};

enum {
	TLB_SIZE = 256,
	CACHE_SIZE = 8192,     /* decoded instructions, direct-mapped */
	FILTER_BITS = 1 << 15, /* of breakpoints */
	MARKS_MAX = 32,
	DEVICES_MAX = 2,  /* of an instruction */
	KICK_EVERY = 256, /* instructions between two looks */
};

struct interp {
	uint64_t r[REGISTERS];
	uint64_t rip;
	uint64_t rflags; /* without STATUS */
	uint16_t status; /* STATUS as lahf and seto have it: flags.h */
	struct segment seg[SEGMENTS];
	uint64_t lin_mask, sp_mask;
	uint8_t code_bits, code_mode, stack_bytes, cpl;
	bool is_real, is_v86, is_long;
	bool is_mine; /* instructions are done in this state */
	bool sregs_changed, guest_flushed;
	uint8_t shadow, new_shadow; /* KVM_X86_SHADOW_INT_... */
	bool attention;             /* the instruction that was done leaves something to look at */
	bool irq_pending, is_stopped_by_device;
	bool leaves_rf; /* this instruction leaves RF set: iret */
	/* Iterations of a rep that may be done at once, as far as this run is concerned, and what was done so beside the
	 * first one. */
	unsigned at_once, more_done;
	uint64_t rep_rip; /* where an iteration of a rep was done that others follow */
	int vector, last_vector;
	uint64_t handler; /* of last_vector: its first instruction (gva) */
	uint32_t caught;
	struct fault fault;
	struct kvm_sregs sregs;
	bool has_pdptes, pdptes_changed, has_msrs, msrs_changed, has_x87, x87_changed;
	uint64_t pdptes[4];
	struct interp_msrs msrs;
	struct interp_x87 x87;

	enum device_pass device_pass;
	struct device_operand devices[DEVICES_MAX];
	unsigned device_count, device_next;

	bool has_translations;
	uint64_t code_page; /* linear page of the last fetch, or 1 */
	uintptr_t code_add;
	uint64_t code_lines; /* of code_page, that were executed since it is that */
	struct trail *trail; /* borrowed; NULL: nobody wants to know */
	struct tlb_entry tlb[TLB_SIZE];
	struct mark marks[MARKS_MAX];
	unsigned mark_count;
	uint64_t gpa_mask;
	unsigned slot_count;
	struct interp_slot slots[INTERP_SLOTS_MAX];

	const uint64_t *breakpoints;
	unsigned breakpoint_count;
	const struct interp_watch *watches;
	unsigned watch_count, hit_count;
	struct interp_hit hits[INTERP_HITS_MAX];

	bool (*io)(void *ctx, unsigned port, void *data, unsigned size, bool is_write);
	bool (*mmio)(void *ctx, uint64_t gpa, void *data, unsigned size, bool is_write);
	enum interp_msr (*msr)(void *ctx, uint32_t number, uint64_t *value, bool is_write);
	bool (*debug)(void *ctx, unsigned number, uint64_t *value, bool is_write);
	bool (*tsc)(void *ctx, uint64_t *tsc, uint32_t *aux);
	const struct kvm_cpuid_entry2 *cpuid;
	unsigned cpuid_count;
	void (*touch)(void *ctx, uint8_t *hva, unsigned len, bool is_table);
	enum interp_push push_segment;
	bool has_bcd;
	void *ctx;
	const volatile int *kick;

	bool has_debug;
	enum interp_reason reason;
	bool shuts_down; /* interp_shuts_down */
	uint64_t shutdown_cr2;
	int raised; /* by the instruction, before what comes of it */
	unsigned handed_opcode;

	uint64_t filter[FILTER_BITS / 64];
	struct insn scratch;
	struct insn cache[CACHE_SIZE];
};

#define EFER_LMA_BIT (1u << 10)
#define EFER_NXE_BIT (1u << 11)

static inline bool has_lma(const struct interp *c)
{
	return c->sregs.efer & EFER_LMA_BIT;
}

static inline bool is_canonical(uint64_t lin)
{
	return (uint64_t)((int64_t)(lin << 16) >> 16) == lin;
}

/* IOPL allows cli, sti, in and out. */
static inline bool iopl_allows(const struct interp *c)
{
	return c->cpl <= (c->rflags >> 12 & 3);
}

/* Segments are what their selectors say, times 16. */
static inline bool has_real_segments(const struct interp *c)
{
	return c->is_real || c->is_v86;
}

/* Says which exception an instruction raises; FAULTS for the handler to return. */
static inline enum interp_done raise(struct interp *c, int vector)
{
	c->fault = (struct fault) { .vector = vector };
	return FAULTS;
}

static inline enum interp_done raise_error(struct interp *c, int vector, uint32_t error)
{
	c->fault = (struct fault) { .vector = vector, .has_error = !c->is_real, .error = error };
	return FAULTS;
}

#endif
