/* Where the parts of the extended state stand in KVM_GET_XSAVE's area. Pure.
 * Source: SDM vol 1, chapter "Managing State Using the XSAVE Feature Set"; api.rst,
 * KVM_GET_XSAVE: the standard format, each part at the offset that CPUID leaf 0xD gives it. */
#ifndef STEPVM_KVM_XSAVE_H
#define STEPVM_KVM_XSAVE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#define XSAVE_SIZE 4096 /* bytes of KVM_GET_XSAVE's area; what is beyond is KVM_GET_XSAVE2's */
#define XSAVE_BV   512 /* XSTATE_BV, after FXSAVE's part: which parts are not in their first state */

/* State-component numbers, SDM vol 1, "XSAVE-Supported Features and State-Component Bitmaps". */
enum xsave_part {
	XSAVE_X87 = 0,
	XSAVE_SSE = 1,
	XSAVE_AVX = 2,       /* the high halves of ymm0 to 15, 16 bytes each */
	XSAVE_OPMASK = 5,    /* k0 to k7, 8 bytes each */
	XSAVE_ZMM_HI256 = 6, /* the high halves of zmm0 to 15, 32 bytes each */
	XSAVE_HI16_ZMM = 7,  /* zmm16 to 31, 64 bytes each */
	XSAVE_PKRU = 9,
	XSAVE_PARTS = 10,
};

struct xsave_layout {
	bool has_xcr0;                /* CPUID leaf 1, XSAVE */
	uint16_t offset[XSAVE_PARTS]; /* 0: this vCPU does not have it (x87 and SSE need none) */
};

/* From what the vCPU was told of itself. A part counts only if the vCPU may use it: AVX, AVX512F
 * and PKU have CPUID bits of their own. */
struct xsave_layout xsave_layout_of(const struct kvm_cpuid2 *cpuid);

#endif
