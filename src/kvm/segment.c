#include "kvm/segment.h"

struct kvm_segment segment_decode(uint64_t d)
{
	struct kvm_segment s = {
		.base = (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24,
		.limit = (uint32_t)((d & 0xffff) | (d >> 48 & 0xf) << 16),
		.type = d >> 40 & 0xf,
		.s = d >> 44 & 1,
		.dpl = d >> 45 & 3,
		.present = d >> 47 & 1,
		.avl = d >> 52 & 1,
		.l = d >> 53 & 1,
		.db = d >> 54 & 1,
		.g = d >> 55 & 1,
	};
	if (s.g) /* the limit counts pages of 4096 bytes */
		s.limit = s.limit << 12 | 0xfff;
	return s;
}
