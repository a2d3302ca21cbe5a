/* One vCPU's page tables, between linear addresses and the RAM of memory.c. */
#include "kvm/linear.h"

#include "base/cpu_bits.h"

static bool read_table(void *ctx, uint64_t gpa, void *to, size_t len)
{
	return memory_read(ctx, gpa, to, len) == len;
}

/* Valid until the next run or write, as what vcpu_sregs gives. */
static struct paging paging_of(struct vcpu *v)
{
	uint64_t ignored[4];
	bool has_pdptrs = vcpu_get_pdptrs(v, ignored) == 0;
	const struct kvm_sregs *s = vcpu_sregs(v);
	return (struct paging) { .cr0 = s->cr0,
		.cr3 = s->cr3,
		.cr4 = s->cr4,
		.efer = s->efer,
		.pdptrs = has_pdptrs ? v->pdptrs : NULL };
}

bool linear_find_miss(struct vcpu *v, uint64_t gva, struct paging_miss *miss)
{
	const struct paging p = paging_of(v);
	return paging_find_miss(&p, read_table, &v->vm->memory, gva, miss);
}

bool linear_exists(struct vcpu *v, uint64_t gva)
{
	return gva >> 32 == 0 || vcpu_sregs(v)->efer & EFER_LMA;
}

bool linear_to_gpa(struct vcpu *v, uint64_t gva, uint64_t *gpa, uint64_t *len)
{
	const struct paging p = paging_of(v);
	return paging_translate(&p, read_table, &v->vm->memory, gva, gpa, len);
}

bool linear_each(struct vcpu *v, uint64_t gva, paging_visit *visit, void *ctx, uint64_t *next)
{
	const struct paging p = paging_of(v);
	return paging_each(&p, read_table, &v->vm->memory, gva, visit, ctx, next);
}

size_t linear_read(struct vcpu *v, uint64_t gva, void *to, size_t len)
{
	size_t done = 0;
	while (done < len) {
		uint64_t gpa, run;
		if (!linear_to_gpa(v, gva + done, &gpa, &run))
			break;
		if (run > len - done)
			run = len - done;
		size_t n = memory_read(&v->vm->memory, gpa, (uint8_t *)to + done, run);
		done += n;
		if (n < run)
			break;
	}
	return done;
}

size_t linear_write(struct vcpu *v, uint64_t gva, const void *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		uint64_t gpa, run;
		if (!linear_to_gpa(v, gva + done, &gpa, &run))
			break;
		if (run > len - done)
			run = len - done;
		size_t n = memory_write(&v->vm->memory, gpa, (const uint8_t *)from + done, run);
		done += n;
		if (n < run)
			break;
	}
	return done;
}
