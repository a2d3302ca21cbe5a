/* 32-bit paging where KVM has none, and the four entries that PAE paging keeps in the CPU. */
#include "kvm/vcpu_state.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cpu_bits.h"
#include "check.h"
#include "fake_kvm.h"

#define RAM     0x10000u
#define CODE    0x1000u
#define ENTRIES 0x2000u /* PAE's four */
#define OTHERS  0x2020u

struct cpu {
	struct vm kvm, vm;
	struct vcpu vcpu;
};

static bool open_cpu(struct cpu *c, uint64_t quirks)
{
	struct error e = { 0 };
	if (!fake_kvm_open(&c->kvm, quirks) || vm_open_beside(&c->vm, &c->kvm, &e) ||
	        memory_add(&c->vm.memory, 0, RAM, &e) || vcpu_open(&c->vcpu, &c->vm, &e)) {
		CHECK_FAIL("%s", e.text);
		return false;
	}
	return true;
}

static void close_cpu(struct cpu *c)
{
	vcpu_close(&c->vcpu);
	vm_close(&c->vm);
	fake_kvm_close(&c->kvm);
}

static void put_entry(struct cpu *c, uint64_t gpa, uint64_t entry)
{
	uint8_t bytes[8];
	put64(bytes, entry);
	memory_write(&c->vm.memory, gpa, bytes, sizeof bytes);
}

/* The first of the CPU's entries; 0 where KVM does not tell them. */
static uint64_t first_entry(struct cpu *c)
{
	uint64_t all[4];
	return vcpu_get_pdptrs(&c->vcpu, all) ? 0 : all[0];
}

static struct kvm_sregs paged(struct cpu *c, uint64_t cr3, uint64_t cr4)
{
	struct kvm_sregs s = *vcpu_sregs(&c->vcpu);
	s.cs.base = s.cs.selector = 0;
	s.cr0 = CR0_PE | CR0_PG | CR0_ET;
	s.cr3 = cr3;
	s.cr4 = cr4;
	return s;
}

static void what_kvm_cannot_hold_is_kept_and_not_run(void)
{
	struct cpu c;
	struct exit x;
	if (!open_cpu(&c, FAKE(NO_PAGING32)))
		return;
	struct kvm_sregs s = paged(&c, 0x3000, 0);
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK(vcpu_sregs(&c.vcpu)->cr0 & CR0_PG);
	CHECK_EQ(vcpu_run(&c.vcpu, &x), 0);
	CHECK_EQ(x.kind, EXIT_NO_PAGING);
	CHECK(vcpu_sregs(&c.vcpu)->cr0 & CR0_PG);
	/* Put by the engine, the same. */
	const struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	s.cr3 = 0x4000;
	vcpu_put(&c.vcpu, &regs, &s, 0);
	CHECK_EQ(vcpu_run(&c.vcpu, &x), 0);
	CHECK_EQ(x.kind, EXIT_NO_PAGING);
	CHECK(vcpu_sregs(&c.vcpu)->cr0 & CR0_PG);
	CHECK_EQ(vcpu_sregs(&c.vcpu)->cr3, 0x4000);
	/* Without paging it goes on: nothing is left in KVM of what it could not hold. */
	const uint8_t hlt = 0xf4;
	memory_write(&c.vm.memory, CODE, &hlt, 1);
	s.cr0 = CR0_ET;
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK(!(vcpu_sregs(&c.vcpu)->cr0 & CR0_PG));
	CHECK_EQ(vcpu_run(&c.vcpu, &x), 0);
	CHECK_EQ(x.kind, EXIT_HLT);
	close_cpu(&c);
}

static void a_kvm_that_can_is_run(void)
{
	struct cpu c;
	struct exit x;
	if (!open_cpu(&c, 0))
		return;
	const struct kvm_sregs s = paged(&c, 0x3000, 0);
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(vcpu_run(&c.vcpu, &x), 0);
	CHECK(x.kind != EXIT_NO_PAGING);
	close_cpu(&c);
}

/* In memory they may be others by then: SDM vol 3, "PDPTE Registers". */
static void check_pdptrs(uint64_t quirks)
{
	struct cpu c;
	struct vcpu_state state;
	struct error e;
	if (!open_cpu(&c, quirks))
		return;
	put_entry(&c, ENTRIES, 0x5001);
	put_entry(&c, OTHERS, 0x7001);
	struct kvm_sregs s = paged(&c, ENTRIES, CR4_PAE);
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(first_entry(&c), 0x5001);
	put_entry(&c, ENTRIES, 0x6001);
	CHECK_EQ(first_entry(&c), 0x5001);
	/* A debugger's write of something else leaves them, one of cr3 loads them. */
	s.cr2 = 0x123;
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(first_entry(&c), 0x5001);
	CHECK_EQ(vcpu_save(&c.vcpu, NULL, &state, &e), 0);
	s.cr3 = OTHERS;
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(first_entry(&c), 0x7001);
	s.cr3 = ENTRIES;
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(first_entry(&c), 0x6001);
	/* A snapshot has its own. */
	CHECK_EQ(vcpu_load(&c.vcpu, &state, &e), 0);
	CHECK_EQ(first_entry(&c), 0x5001);
	vcpu_state_free(&state);
	/* The engine has loaded others; KVM is told of them with its next call. */
	const struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	const uint64_t own[4] = { 0x8001 };
	struct kvm_vcpu_events events;
	vcpu_put(&c.vcpu, &regs, &s, 0);
	vcpu_put_pdptrs(&c.vcpu, own);
	CHECK_EQ(first_entry(&c), 0x8001);
	CHECK_EQ(vcpu_get_events(&c.vcpu, &events), 0);
	c.vcpu.has_pdptrs &= !!(quirks & FAKE(NO_PAGING32)); /* asked anew */
	CHECK_EQ(first_entry(&c), 0x8001);
	/* None without PAE paging. */
	s.cr4 = 0;
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(first_entry(&c), 0);
	close_cpu(&c);
}

static void pae_keeps_four_entries(void)
{
	check_pdptrs(0);
	check_pdptrs(FAKE(NO_SYNC_REGS));
}

static void so_it_does_where_kvm_has_no_paging(void)
{
	check_pdptrs(FAKE(NO_PAGING32));
}

static void an_old_kvm_does_not_tell_them(void)
{
	struct cpu c;
	uint64_t all[4];
	if (!open_cpu(&c, FAKE(NO_SREGS2)))
		return;
	const struct kvm_sregs s = paged(&c, ENTRIES, CR4_PAE);
	CHECK_EQ(vcpu_set_sregs(&c.vcpu, &s), 0);
	CHECK_EQ(vcpu_get_pdptrs(&c.vcpu, all), -ENOTSUP);
	close_cpu(&c);
}

int main(void)
{
	RUN(what_kvm_cannot_hold_is_kept_and_not_run);
	RUN(a_kvm_that_can_is_run);
	RUN(pae_keeps_four_entries);
	RUN(so_it_does_where_kvm_has_no_paging);
	RUN(an_old_kvm_does_not_tell_them);
	return check_done();
}
