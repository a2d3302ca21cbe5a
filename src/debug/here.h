/* Instructions that run control does by itself, without KVM. Private to src/debug. */
#ifndef STEPVM_DEBUG_HERE_H
#define STEPVM_DEBUG_HERE_H

#include "debug/insn.h"
#include "debug/state.h"

/* hlt at CPL 0: *stop is STOP_HALTED. 0 or -errno. */
int here_hlt(struct control *c, const struct insn *insn, struct stop *stop);

/* int n in 16-bit code of real mode, where it is certain to come to its handler: what it takes. */
struct here_int {
	uint16_t ip, cs;
	uint64_t frame; /* gva of what it pushes */
};
bool here_can_int(struct vcpu *v, const struct insn *insn, struct here_int *to);
/* Goes to the handler's first instruction. 0 or -errno. */
int here_int(struct control *c, const struct insn *insn, const struct here_int *to);

/* int n, int3, int1 or ud2 in real mode, where no vector is within the IDT's limit, nor those of #GP and #DF: a
 * triple fault. kvm_pvm's emulator looks at no limit there. */
bool here_is_shutdown(struct vcpu *v, const struct insn *insn);

#endif
