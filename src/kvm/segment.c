/* Descriptors and attributes, bit by bit. */
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

uint32_t segment_attributes(const struct kvm_segment *s)
{
	return (uint32_t)(s->type & 0xf) | (s->s & 1u) << 4 | (s->dpl & 3u) << 5 |
	       (s->present & 1u) << 7 | (s->avl & 1u) << 12 | (s->l & 1u) << 13 |
	       (s->db & 1u) << 14 | (s->g & 1u) << 15 | (s->unusable & 1u) << 16;
}

void segment_set_attributes(struct kvm_segment *s, uint32_t a)
{
	s->type = a & 0xf;
	s->s = a >> 4 & 1;
	s->dpl = a >> 5 & 3;
	s->present = a >> 7 & 1;
	s->avl = a >> 12 & 1;
	s->l = a >> 13 & 1;
	s->db = a >> 14 & 1;
	s->g = a >> 15 & 1;
	s->unusable = a >> 16 & 1;
}
