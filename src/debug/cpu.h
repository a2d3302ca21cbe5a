/* The CPU as run control looks at it before and after a run: the instruction that it is about to
 * do, its own debug registers, and what this host's KVM makes of it. Private to src/debug. */
#ifndef STEPVM_DEBUG_CPU_H
#define STEPVM_DEBUG_CPU_H

#include "debug/insn.h"
#include "debug/operands.h"
#include "debug/state.h"

/* What the instruction at the pc is about to access. */
unsigned cpu_operands(struct vcpu *v, struct operand operands[OPERANDS_MAX]);
/* The same of one that cpu_look_ahead has just found there, whose bytes are not read again: each step asks. */
unsigned cpu_operands_of(
        struct vcpu *v, const struct insn *insn, struct operand operands[OPERANDS_MAX]);
/* The instruction at the pc. False when its bytes can't be read. */
bool cpu_look_ahead(struct vcpu *v, struct insn *insn);
/* Whether gva is mapped to RAM now, at *gpa. What is above 4 GiB is not, before long mode: it can
 * be kept by stepping alone until then, or by a debug register. */
bool cpu_is_in_ram(struct vcpu *v, uint64_t gva, uint64_t *gpa);
/* A CPU enters a handler with RF clear; an emulating KVM leaves its own there. */
int cpu_clear_rf(struct vcpu *v);
/* A triple fault, or KVM can't go on: the CPU is as it was the moment before. kvm_amd has reset it after a
 * triple fault; kvm_pvm has loaded CS before it gives up a far return; and an exception that could not be
 * delivered stays in KVM (kvm_intel), which would raise it in whatever comes next. */
int cpu_put_back(struct vcpu *v, const struct kvm_regs *regs, const struct kvm_sregs *sregs);
/* Writes the CR2 that a triple fault has left: KVM was not asked, or has reset the CPU. */
int cpu_put_cr2(struct vcpu *v, uint64_t cr2);
/* After an iteration of the rep insn that KVM was given a count of 1 for: the count and rip are put as they are between
 * two iterations, where an interrupt would find them. before: the registers without that 1. */
int cpu_end_iteration(struct vcpu *v, const struct insn *insn, const struct kvm_regs *before);
/* What this KVM does; probed when first asked for. When the probe itself fails, the careful answer
 * to every question. */
const struct probe *cpu_probe(struct control *c);
/* The guest's own DR0 to DR7 as they are now. */
const struct kvm_debugregs *cpu_guest_registers(struct cpu_run *r);
/* R/Wn of DR7 (SDM vol 3, "Debug Control Register"). 2 is I/O; x86 has none for reads alone. */
enum cpu_access { CPU_EXECUTES = 0, CPU_WRITES = 1, CPU_ACCESSES = 3 };

/* Has debug register slot stop the guest at gva. access: an enum cpu_access; len: 1, 2 or 4 bytes,
 * aligned (1 for CPU_EXECUTES). Of one of the guest's own: R/Wn, and LENn and 1 more. */
void cpu_use_register(
        struct vcpu_debug *debug, unsigned slot, uint64_t gva, unsigned access, unsigned len);
/* After so many kicks in a row that found a step with nothing done it has failed. They come every
 * CONTROL_TIMER_NS then. */
#define CPU_STUCK_MAX 200

/* Changes the debug settings of the run after a step so that a trap which the step has left over stops it, where this KVM
 * would give that trap to the guest. kvm_intel under Bochs has one in the CPU after a step of what KVM does itself (cpuid,
 * a move to cr0 that turns paging on), and takes it for the guest's where no debug register is in use.
 * control_guest: a_step_leaves_nothing… */
void cpu_take_leftover(struct control *c, struct vcpu_debug *debug);
/* Runs the guest with *debug until it exits with news, as far as a step or the way to a handler
 * goes: a kick that has come before is kept in was_kicked (with may_last it is obeyed), and one that finds it with nothing done, or
 * past the instruction, is news. Where KVM tells of a stop with nothing done, it runs on. The devices' trace sees
 * the exit, but for an access, which it sees when it is answered. 0 with *x, or -errno. */
int cpu_run_to_exit(struct control *c, const struct vcpu_debug *debug, struct exit *x);
/* The guest is in code of CPL 3, which this KVM runs without stopping it after an instruction. */
bool cpu_runs_on(struct control *c);
/* Whether the guest stands at a breakpoint: then *stop says so. */
bool cpu_is_at_breakpoint(struct control *c, struct stop *stop);
/* Whether nothing was done between the two. RF aside: an iretq has set it, and a DEBUG with nothing done
 * leaves it clear. */
bool cpu_is_same(const struct kvm_regs *a, const struct kvm_regs *b);
/* Notes how the instruction at the pc is stepped, and of how many exceptions the handlers are watched. */
void cpu_note_step(struct control *c, enum step_how how, unsigned handlers);
/* Notes that KVM came back. */
void cpu_note_exit(struct control *c, const struct exit *x);
/* The step has come to the first instruction of a handler. */
void cpu_enter_handler(struct control *c, uint8_t vector, enum catch_cause cause);
/* An exit that is no access and no debug event, as a stop. */
void cpu_stop_by(const struct exit *x, struct stop *stop);

#endif
