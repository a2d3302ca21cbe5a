/* Segment registers, and what follows from them. SDM vol 3, "Segmentation". */
#ifndef STEPVM_INTERP_SEGMENT_H
#define STEPVM_INTERP_SEGMENT_H

#include "interp/memory.h"

/* Bits of a descriptor's type: SDM vol 3, "Code- and Data-Segment Descriptor Types". */
enum {
	TYPE_ACCESSED = 1,
	TYPE_WRITE = 2,
	TYPE_READ = 2,
	TYPE_DOWN = 4,
	TYPE_CONFORMING = 4,
	TYPE_CODE = 8
};

/* To be called after sregs or rflags other than the arithmetic ones have changed: computes what is kept of
 * them, and whether the state is one in which the engine does anything. */
void interp_derive(struct interp *c);

struct kvm_segment *interp_segment(struct interp *c, unsigned which);

/* Reads a descriptor of the GDT or LDT; its Accessed bit is marked to be set. DONE, and *to; else what is
 * to be raised for a load of this selector, which is not null. */
enum interp_done interp_descriptor(struct interp *c, uint16_t selector, struct kvm_segment *to);

/* Has the CPU's write of a descriptor's Accessed bit done with the rest of the instruction. */
enum interp_done interp_mark_accessed(struct interp *c, uint16_t selector);

/* Loads any register but CS, as mov and pop do. Nothing is changed unless DONE. */
enum interp_done interp_load_segment(struct interp *c, unsigned which, uint16_t selector);
/* Real mode: the selector and the base; limit and rights stay. */
void interp_real_load(struct interp *c, unsigned which, uint16_t selector);

/* A code segment to go to at off without a change of CPL. Nothing is changed. */
enum interp_done interp_code_segment(
        struct interp *c, uint16_t selector, uint64_t off, struct kvm_segment *to);

#endif
