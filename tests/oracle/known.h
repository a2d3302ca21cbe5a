/* What the two sides may differ in, and why: the one table of it is in known.c. Everything else has
 * to be the same. */
#ifndef STEPVM_TESTS_KNOWN_H
#define STEPVM_TESTS_KNOWN_H

#include "side.h"

#define INSN_MAX 15 /* SDM vol 2, 2.3.11 */

/* What this machine's KVM, or whatever stepvm runs on, is found to do otherwise than the SDM. */
enum known_quirk {
	/* KVM's instruction emulator (kvm_pvm has nothing else) sets SF and ZF behind aam and aad
	 * by ax instead of al: Linux 6.1, arch/x86/kvm/emulate.c, em_aam and em_aad. */
	QUIRK_ASCII_FLAGS = 1,
};

/* The eflags bits that one step may leave different: of the instruction at before's pc, whose bytes
 * are given (INSN_MAX of them), with after's pc behind it. quirks: those found. */
uint32_t known_undefined(
        unsigned quirks, const struct cpu *before, const struct cpu *after, const uint8_t *bytes);

#endif
