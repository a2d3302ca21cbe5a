/* Segment descriptors, in memory and in the registers' hidden part. Pure.
 * Source: SDM vol 3, "Segment Descriptors". */
#ifndef STEPVM_KVM_SEGMENT_H
#define STEPVM_KVM_SEGMENT_H

#include <stdint.h>

#include <linux/kvm.h>

/* The 8-byte descriptor as KVM's hidden part of the register; the selector is the caller's. */
struct kvm_segment segment_decode(uint64_t descriptor);

/* The attributes as one number, in VMX's form (SDM vol 3, "Format of Access Rights"):
 *
 *	0-3 type   4 S   5-6 DPL   7 P   12 AVL   13 L   14 D/B   15 G   16 unusable
 */
#define SEGMENT_ATTRIBUTES 0x1f0ffu
uint32_t segment_attributes(const struct kvm_segment *s);
void segment_set_attributes(struct kvm_segment *s, uint32_t attributes);

#endif
