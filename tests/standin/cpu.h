/* The stand-in's CPU: the engine, with what it hands over done in simple words. Private to tests/standin. */
#ifndef STEPVM_TESTS_STANDIN_CPU_H
#define STEPVM_TESTS_STANDIN_CPU_H

#include "fake_cpu.h"
#include "interp/memory.h"
#include "interp/state.h"

#define CPUID_MAX  128 /* entries */
#define UNDO_MAX   256 /* bytes that one instruction writes to RAM */
#define WATCHES    8   /* four debug registers of the debugger's, and the guest's own */
#define CODE_BYTES 15

struct cpu {
	struct interp *engine;
	unsigned slot_changes; /* fake_vm's, that the engine knows */
	struct interp_watch watches[WATCHES];
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[CPUID_MAX];
	} cpuid;
	uint64_t tsc_offset;
	uint64_t xcr0;
	uint64_t msrs[64]; /* by the rows of msr.c */

	/* The instruction under way. */
	struct fake_insn *i;
	unsigned reads_seen;
	bool has_failed;    /* more accesses than are kept */
	struct fault fault; /* V_NONE, or what fake_enter is to deliver */
	int software;       /* int n's vector, where fake_enter is for that; V_NONE */
	uint8_t code[CODE_BYTES];
	unsigned code_len;
	struct {
		uint8_t *hva, was;
	} undo[UNDO_MAX];
	unsigned undo_count;
	bool is_rewinding;
};

#define CPU_EFER_BITS 0xd01u   /* SCE, LME, LMA, NXE */
#define CPU_CR4_BITS  0x507ffu /* up to OSXMMEXCPT, FSGSBASE, OSXSAVE */

/* v->cpu, made. False: no memory. */
bool cpu_open(struct fake_vcpu *v);
void cpu_close(struct fake_vcpu *v);
/* KVM_SET_CPUID2. 0 or -E2BIG. */
int cpu_set_cpuid(struct cpu *cpu, const struct kvm_cpuid2 *from);

/* The engine gets s; and gives it back. */
void cpu_load(struct cpu *cpu, struct fake_vcpu *v, const struct fake_state *s);
void cpu_save(struct cpu *cpu, struct fake_vcpu *v, struct fake_state *s);
/* What debug registers watch, of the engine's last instruction: into v->accesses. */
void cpu_take_hits(struct cpu *cpu);
/* The engine's touch, which keeps what RAM holds; and RAM has that again. */
void cpu_keep_old(void *ctx, uint8_t *hva, unsigned len, bool is_table);
void cpu_rewind_ram(struct cpu *cpu);

/* An instruction that the engine has handed over, whose first opcode byte is at cpu->code[at]. True: i says what came of it. */
bool cpu_do_rest(struct cpu *cpu, struct fake_insn *i, unsigned at);

/* Model-specific registers, in s where they stand there too. False: there is none of this number, or it takes no such value. */
bool msr_get(struct fake_vcpu *v, const struct fake_state *s, uint32_t number, uint64_t *value);
bool msr_set(struct fake_vcpu *v, struct fake_state *s, uint32_t number, uint64_t value);
void msr_reset(struct fake_vcpu *v);
/* KVM_GET_MSR_INDEX_LIST. 0 or -E2BIG. */
int msr_list(struct kvm_msr_list *to);
uint64_t msr_tsc(const struct cpu *cpu);
/* What the engine takes of them. */
struct interp_msrs msr_for_engine(const struct cpu *cpu);
void msr_from_engine(struct cpu *cpu, const struct interp_msrs *m);

/* KVM_GET_SUPPORTED_CPUID. 0 or -E2BIG. */
int cpuid_supported(struct kvm_cpuid2 *to);

/* KVM_CHECK_EXTENSION, and the calls of a VM and a vCPU. */
int calls_extension(uint64_t quirks, unsigned long number);
int calls_vm(struct fake_vm *vm, unsigned long request, void *arg);
int calls_vcpu(struct fake_vcpu *v, unsigned long request, void *arg);

#endif
