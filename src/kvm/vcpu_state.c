/* The parts of a vCPU's state, in the order in which KVM takes them. */
#include "kvm/vcpu_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kvm/msr.h"

/* Clocks that KVM alone moves: they can't be written. TLFS, "Partition Reference Counter" and
 * "Virtual Processor Run Time". */
static bool goes_by_itself(uint32_t number)
{
	return number == 0x40000020 || number == 0x40000010;
}

/* Those of the host's list that this vCPU has. */
static int save_msrs(struct vcpu *v, struct vcpu_state *s, struct error *e)
{
	struct msr_list list;
	int err = msr_list_read(&list, v->vm, e);
	if (err)
		return err;
	s->msr_count = 0;
	s->msrs = calloc(list.count + 1, sizeof *s->msrs);
	for (unsigned i = 0; s->msrs && i < list.count; i++) {
		uint64_t value;
		if (goes_by_itself(list.numbers[i]) || vcpu_get_msr(v, list.numbers[i], &value))
			continue;
		s->msrs[s->msr_count++] =
		        (struct kvm_msr_entry) { .index = list.numbers[i], .data = value };
	}
	msr_list_free(&list);
	return s->msrs ? 0 : error_set(e, -ENOMEM, "out of memory");
}

static int save_msrs_like(
        struct vcpu *v, const struct vcpu_state *like, struct vcpu_state *s, struct error *e)
{
	s->msr_count = like->msr_count;
	s->msrs = calloc(like->msr_count + 1, sizeof *s->msrs);
	if (!s->msrs)
		return error_set(e, -ENOMEM, "out of memory");
	memcpy(s->msrs, like->msrs, like->msr_count * sizeof *s->msrs);
	int err = vcpu_get_msrs(v, s->msrs, s->msr_count);
	if (!err)
		return 0;
	vcpu_state_free(s);
	return error_set(e, err, "KVM does not give the vCPU's MSRs: %s", strerror(-err));
}

int vcpu_save(struct vcpu *v, const struct vcpu_state *like, struct vcpu_state *s, struct error *e)
{
	struct vcpu_state new = { .regs = *vcpu_regs(v), .sregs = *vcpu_sregs(v) };
	memcpy(new.xsave, vcpu_xsave(v), sizeof new.xsave);
	new.has_pdptrs = vcpu_get_pdptrs(v, new.pdptrs) == 0;
	int err = v->error;
	if (!err)
		err = vcpu_get_debugregs(v, &new.debugregs);
	if (!err)
		err = vcpu_get_events(v, &new.events);
	if (!err && v->xsave.has_xcr0)
		err = vcpu_get_xcr0(v, &new.xcr0);
	if (err)
		return error_set(e, err, "KVM does not give the vCPU's state: %s", strerror(-err));
	err = like ? save_msrs_like(v, like, &new, e) : save_msrs(v, &new, e);
	if (!err)
		*s = new;
	return err;
}

/* Those that have changed: some can be read only, and none of these changes. */
static int load_msrs(struct vcpu *v, const struct vcpu_state *s, struct error *e)
{
	struct kvm_msr_entry *now = calloc(s->msr_count + 1, sizeof *now);
	if (!now)
		return error_set(e, -ENOMEM, "out of memory");
	memcpy(now, s->msrs, s->msr_count * sizeof *now);
	int err = vcpu_get_msrs(v, now, s->msr_count);
	if (err)
		error_set(e, err, "KVM does not give the vCPU's MSRs: %s", strerror(-err));
	for (unsigned i = 0; i < s->msr_count && !err; i++) {
		const struct kvm_msr_entry *m = &s->msrs[i];
		if (now[i].data != m->data && (err = vcpu_set_msr(v, m->index, m->data)))
			error_set(e, err, "KVM refuses MSR 0x%" PRIx32 " = 0x%" PRIx64,
			        (uint32_t)m->index, (uint64_t)m->data);
	}
	free(now);
	return err;
}

int vcpu_load(struct vcpu *v, const struct vcpu_state *s, struct error *e)
{
	const char *what = "special registers";
	int err = vcpu_set_sregs(v, &s->sregs);
	if (!err && s->has_pdptrs)
		vcpu_put_pdptrs(v, s->pdptrs);
	if (!err && v->xsave.has_xcr0) {
		what = "XCR0";
		err = vcpu_set_xcr0(v, s->xcr0);
	}
	if (!err) {
		what = "extended state";
		err = vcpu_set_xsave(v, s->xsave, 1u << XSAVE_X87 | 1u << XSAVE_SSE);
	}
	if (!err) {
		what = "debug registers";
		err = vcpu_set_debugregs(v, &s->debugregs);
	}
	if (err)
		return error_set(e, err, "KVM refuses the %s: %s", what, strerror(-err));
	err = load_msrs(v, s, e);
	if (err)
		return err;
	/* The events last: KVM drops exceptions that wait where registers are written. */
	what = "registers";
	err = vcpu_set_regs(v, &s->regs);
	if (!err) {
		what = "events";
		err = vcpu_set_events(v, &s->events);
	}
	return err ? error_set(e, err, "KVM refuses the %s: %s", what, strerror(-err)) : 0;
}

void vcpu_state_free(struct vcpu_state *s)
{
	free(s->msrs);
	*s = (struct vcpu_state) { 0 };
}
