/* Where an instruction leads when it is done, where the trap of KVM's single-step may not come after
 * it: a debug register is put there for the step. Private to src/debug. */
#ifndef STEPVM_DEBUG_WAYS_H
#define STEPVM_DEBUG_WAYS_H

#include "debug/insn.h"
#include "kvm/vcpu.h"

/* The linear address in *gva. False: the trap comes, or nobody can tell where it leads. */
bool ways_find(struct vcpu *v, const struct insn *insn, uint64_t *gva);

/* The first instruction of the task whose TSS the selector names. False: it names none. */
bool ways_find_task(struct vcpu *v, uint16_t selector, uint64_t *gva);

/* The guest's own TF after syscall, sysret and their like. */
bool ways_tf_after_system(struct vcpu *v, const struct insn *insn);
/* After one of them: syscall has put the flags into r11, with the TF of KVM's step (kvm_amd,
 * kvm_intel). tf: the guest's own before. 0 or -errno. */
int ways_hide_tf(struct vcpu *v, const struct insn *insn, bool tf);

/* After an instruction before which the special registers were *before: whether it has switched to
 * another task (SDM vol 3, "Task Switching"). */
bool ways_has_switched(struct vcpu *v, const struct insn *insn, const struct kvm_sregs *before);
/* Then: the TF that the old task's TSS holds is made what the guest's own was, and the guest's own
 * is what the new one's TSS says. */
void ways_set_tf_of_tasks(struct vcpu *v, const struct kvm_sregs *before, bool tf);

#endif
