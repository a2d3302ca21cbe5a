/* Segment descriptors as they stand in memory. Pure.
 * Source: SDM vol 3, "Segment Descriptors". */
#ifndef STEPVM_KVM_SEGMENT_H
#define STEPVM_KVM_SEGMENT_H

#include <stdint.h>

#include <linux/kvm.h>

/* The 8-byte descriptor as KVM's hidden part of the register; the selector is the caller's. */
struct kvm_segment segment_decode(uint64_t descriptor);

#endif
