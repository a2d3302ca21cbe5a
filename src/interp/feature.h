/* What cpuid tells of the guest's CPU: which features it has, and whose it is. */
#ifndef STEPVM_INTERP_FEATURE_H
#define STEPVM_INTERP_FEATURE_H

#include "interp/state.h"

enum feature {
	FEATURE_UNKNOWN, /* nobody has said what cpuid gives */
	FEATURE_ABSENT,
	FEATURE_PRESENT,
};

enum feature_register { FEATURE_EAX, FEATURE_EBX, FEATURE_ECX, FEATURE_EDX };

/* Features by leaf, subleaf, register and bit. SDM vol 2, "CPUID". */
#define FEATURE_MMX    1, 0, FEATURE_EDX, 23
#define FEATURE_SSE    1, 0, FEATURE_EDX, 25
#define FEATURE_SSE2   1, 0, FEATURE_EDX, 26
#define FEATURE_POPCNT 1, 0, FEATURE_ECX, 23
#define FEATURE_RDRAND 1, 0, FEATURE_ECX, 30
#define FEATURE_MPX    7, 0, FEATURE_EBX, 14
#define FEATURE_RDSEED 7, 0, FEATURE_EBX, 18
#define FEATURE_RTM    7, 0, FEATURE_EBX, 11
#define FEATURE_APX    7, 1, FEATURE_EDX, 21
#define FEATURE_LM     0x80000001, 0, FEATURE_EDX, 29
#define FEATURE_XOP    0x80000001, 0, FEATURE_ECX, 11

/* NULL: there is none. */
const struct kvm_cpuid_entry2 *interp_cpuid_entry(
        const struct interp *c, uint32_t leaf, uint32_t subleaf);
enum feature interp_feature(const struct interp *c, uint32_t leaf, uint32_t subleaf,
        enum feature_register which, unsigned bit);

enum vendor { VENDOR_UNKNOWN, VENDOR_INTEL, VENDOR_AMD };
enum vendor interp_vendor(const struct interp *c);

#endif
