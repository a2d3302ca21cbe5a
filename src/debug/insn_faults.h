/* What a step of an instruction has to watch for: a part of insn.c's decoding. Pure. Source: SDM vol 2, the
 * instructions' exceptions, and appendix A "Opcode Map". */
#ifndef STEPVM_DEBUG_INSN_FAULTS_H
#define STEPVM_DEBUG_INSN_FAULTS_H

#include "debug/insn.h"

/* Sets i->faults and i->jump. i has its prefixes and opcode; modrm: the byte after that, 0 where there is none. */
void insn_find_faults(struct insn *i, uint8_t modrm, bool is_64);

#endif
