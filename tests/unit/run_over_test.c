/* A debugger's step over the PC's firmware, on every kind of KVM: by int, by a jump and a call from a handler
 * of the guest's, with what the guest has hooked on the way, and while the firmware waits. */
#include "machine/over.h"

#include <poll.h>

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bios/bda.h"
#include "bios/rom.h"
#include "check.h"
#include "fake_kvm.h"
#include "kvm/registers.h"
#include "machine/firmware.h"
#include "machine/run.h"

#define CODE    0x7c00
#define HANDLER 0x7c80 /* of the guest's own */
#define NOP     0x90
#define IRET    0xcf
#define HLT     0xf4

struct rig {
	struct vm kvm;
	struct machine_config config;
	struct machine machine;
	struct run run;
	int image_fd, output_fd;
	char path[40];
};

static const struct fake_kind *kind; /* of KVM, for the next rig */

/* A boot sector of this code, whose stack is below it. */
static bool open_rig(struct rig *r, const uint8_t *code, size_t len)
{
	struct error e = { 0 };
	uint8_t sector[512] = { [510] = 0x55, [511] = 0xaa };
	memset(r, 0, sizeof *r);
	memcpy(sector, code, len);
	r->image_fd = memfd_create("image", MFD_CLOEXEC);
	r->output_fd = memfd_create("output", MFD_CLOEXEC);
	snprintf(r->path, sizeof r->path, "/proc/self/fd/%d", r->image_fd);
	r->config = (struct machine_config) { .image = { .path = r->path, .format = IMAGE_BOOT },
		.memory = { { .size = 0x200000 } },
		.memory_count = 1 };
	bool is_open = write(r->image_fd, sector, sizeof sector) == sizeof sector &&
	               fake_kvm_open(&r->kvm, kind->quirks) &&
	               machine_open_beside(&r->machine, &r->config, &r->kvm, r->output_fd, &e) == 0;
	if (!is_open) {
		CHECK_FAIL("%s: %s", kind->name, e.text);
		return false;
	}
	run_init(&r->run, &r->machine);
	machine_start_journals(&r->machine);
	struct kvm_regs regs = *vcpu_regs(machine_vcpu(&r->machine));
	regs.rsp = CODE;
	regs.rflags &= ~0x200ull; /* IF: no tick comes between */
	CHECK_EQ(vcpu_set_regs(machine_vcpu(&r->machine), &regs), 0);
	return true;
}

#define OPEN(r, ...)                                                                               \
	open_rig(r, (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))

static void close_rig(struct rig *r)
{
	run_close(&r->run);
	machine_close(&r->machine);
	fake_kvm_close(&r->kvm);
	close(r->image_fd);
	close(r->output_fd);
}

static uint64_t pc(struct rig *r)
{
	return registers_pc(machine_vcpu(&r->machine));
}

static uint64_t sp(struct rig *r)
{
	return vcpu_regs(machine_vcpu(&r->machine))->rsp;
}

static void put(struct rig *r, uint64_t gpa, const void *bytes, size_t len)
{
	memory_write(&r->machine.guest->vm.memory, gpa, bytes, len);
}

#define PUT(r, gpa, ...)                                                                           \
	put(r, gpa, (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))

/* The guest's own handler takes a vector. */
static void hook(struct rig *r, uint8_t vector)
{
	PUT(r, 4u * vector, HANDLER & 0xff, HANDLER >> 8, 0, 0);
}

/* As who serves the guest does it: until the step is done, or the firmware waits. */
static enum stop_kind finish_step(struct rig *r)
{
	struct stop stop = { .kind = STOP_KICKED };
	for (unsigned n = 0; n < 100 && r->run.state == RUN_STEPPING && stop.kind == STOP_KICKED;
	        n++)
		CHECK_EQ(run_steps(&r->run, &stop), 0);
	if (r->run.state == RUN_STEPPING)
		run_stop(&r->run);
	return stop.kind;
}

static enum stop_kind step(struct rig *r)
{
	run_step(&r->run);
	return finish_step(r);
}

#define CHECK_STEP(r, to)                                                                          \
	do {                                                                                       \
		CHECK_EQ(step(r), STOP_STEPPED);                                                   \
		CHECK_EQ(pc(r), to);                                                               \
	} while (0)

/* A test that runs on each kind of KVM. */
static void everywhere(void (*test)(void))
{
	for (unsigned k = 0; k < fake_kind_count; k++) {
		bool was_ok = check_case_ok;
		check_case_ok = true;
		kind = &fake_kinds[k];
		test();
		if (!check_case_ok)
			printf("# ... on %s\n", kind->name);
		check_case_ok &= was_ok;
	}
}

#define EVERYWHERE(name)                                                                           \
	static void name##_there(void);                                                            \
	static void name(void)                                                                     \
	{                                                                                          \
		everywhere(name##_there);                                                          \
	}                                                                                          \
	static void name##_there(void)

EVERYWHERE(an_int_is_one_step)
{
	struct rig r;
	if (!OPEN(&r, NOP, 0xcd, 0x6f, NOP))
		return;
	CHECK_STEP(&r, CODE + 1);
	CHECK_STEP(&r, CODE + 3);
	CHECK_EQ(sp(&r), CODE);
	CHECK_EQ(journal_bios_last(&r.machine.calls, 0)->vector, 0x6f);
	CHECK(!journal_bios_last(&r.machine.calls, 1));
	CHECK(!r.run.over.is_on);
	CHECK_STEP(&r, CODE + 4);
	close_rig(&r);
}

EVERYWHERE(a_range_goes_on_after_it)
{
	struct rig r;
	if (!OPEN(&r, NOP, 0xcd, 0x6f, NOP, 0xcd, 0x6f, NOP))
		return;
	run_range(&r.run, CODE, CODE + 6);
	CHECK(run_may_last(&r.run));
	CHECK_EQ(finish_step(&r), STOP_STEPPED);
	CHECK_EQ(pc(&r), CODE + 6);
	CHECK_EQ(journal_bios_last(&r.machine.calls, 0)->times, 2);
	close_rig(&r);
}

EVERYWHERE(a_hooked_vector_leads_into_the_guest)
{
	struct rig r;
	if (!OPEN(&r, 0xcd, 0x6f, NOP))
		return;
	hook(&r, 0x6f);
	/* jmp far to what the vector held: a stub of the ROM's own */
	uint16_t stub = rom_entry(0x6f);
	PUT(&r, HANDLER, NOP, 0xea, (uint8_t)stub, (uint8_t)(stub >> 8), 0, 0xf0);
	CHECK_STEP(&r, HANDLER);
	CHECK_EQ(sp(&r), CODE - 6);
	CHECK_STEP(&r, HANDLER + 1);
	CHECK_STEP(&r, CODE + 2); /* the jump, and the BIOS's way back to who has called */
	CHECK_EQ(sp(&r), CODE);
	close_rig(&r);
}

EVERYWHERE(what_a_call_hooks_is_within_the_step)
{
	struct rig r;
	struct control *c = &r.machine.control;
	if (!OPEN(&r, 0xcd, 0x08, NOP, 0xcd, 0x08, NOP))
		return;
	hook(&r, 0x1c); /* which the tick calls */
	PUT(&r, HANDLER, NOP, NOP, IRET);
	CHECK_STEP(&r, CODE + 2);
	CHECK_STEP(&r, CODE + 3);
	CHECK_EQ(breakpoints_add(&c->breakpoints, HANDLER + 1, false), 0);
	CHECK_EQ(step(&r), STOP_BREAKPOINT);
	CHECK_EQ(pc(&r), HANDLER + 1);
	CHECK_STEP(&r, HANDLER + 2);
	CHECK_STEP(&r, CODE + 5); /* its iret leads into the ROM, and that is stepped over */
	CHECK_EQ(sp(&r), CODE);
	close_rig(&r);
}

EVERYWHERE(a_breakpoint_after_it_is_its_end)
{
	struct rig r;
	if (!OPEN(&r, 0xcd, 0x6f, NOP))
		return;
	CHECK_EQ(breakpoints_add(&r.machine.control.breakpoints, CODE + 2, false), 0);
	CHECK_STEP(&r, CODE + 2);
	CHECK_EQ(sp(&r), CODE);
	close_rig(&r);
}

EVERYWHERE(step_bios_goes_into_the_rom)
{
	struct rig r;
	if (!OPEN(&r, 0xcd, 0x6f, NOP))
		return;
	control_set_step_bios(&r.machine.control, true);
	CHECK_STEP(&r, ROM_GPA + rom_entry(0x6f));
	CHECK_STEP(&r, ROM_GPA + rom_return(0x6f));
	CHECK_STEP(&r, CODE + 2);
	control_set_step_bios(&r.machine.control, false);
	close_rig(&r);
}

EVERYWHERE(from_within_the_rom_it_ends_outside)
{
	struct rig r;
	if (!OPEN(&r, 0xcd, 0x6f, NOP))
		return;
	control_set_step_bios(&r.machine.control, true);
	CHECK_STEP(&r, ROM_GPA + rom_entry(0x6f));
	control_set_step_bios(&r.machine.control, false);
	CHECK_STEP(&r, CODE + 2);
	close_rig(&r);
}

/* A debugger that has stopped in a call steps to its end. */
EVERYWHERE(after_a_stop_in_a_call_too)
{
	struct rig r;
	struct breakpoints *b = &r.machine.control.breakpoints;
	struct stop stop;
	const uint64_t end = ROM_GPA + rom_return(0x6f);
	if (!OPEN(&r, 0xcd, 0x6f, NOP))
		return;
	CHECK_EQ(breakpoints_add(b, end, false), 0);
	run_resume(&r.run);
	CHECK_EQ(run_freely(&r.run, &stop), 0);
	CHECK_EQ(stop.kind, STOP_BREAKPOINT);
	CHECK_EQ(pc(&r), end);
	run_stop(&r.run);
	breakpoints_remove(b, end, false);
	CHECK_STEP(&r, CODE + 2);
	close_rig(&r);
}

/* A tick that waits has the CPU step out of the call after its answer: not over a breakpoint that is right there. */
EVERYWHERE(a_breakpoint_after_the_answer_is_met_while_a_tick_waits)
{
	struct rig r;
	struct breakpoints *b = &r.machine.control.breakpoints;
	struct stop stop;
	const uint64_t end = ROM_GPA + rom_return(0x6f);
	if (!OPEN(&r, 0xcd, 0x6f, NOP, HLT))
		return;
	machine_start_clock(&r.machine);
	clock_skip(&r.machine.clock, &r.machine.guest->board, 60000000);
	CHECK(control_has_interrupt(&r.machine.control));
	CHECK_EQ(breakpoints_add(b, end, false), 0);
	CHECK_EQ(breakpoints_add(b, CODE + 2, false), 0);
	run_resume(&r.run);
	CHECK_EQ(run_freely(&r.run, &stop), 0);
	CHECK_EQ(stop.kind, STOP_BREAKPOINT);
	CHECK_EQ(pc(&r), end);
	run_resume(&r.run);
	CHECK_EQ(run_freely(&r.run, &stop), 0);
	CHECK_EQ(stop.kind, STOP_BREAKPOINT);
	CHECK_EQ(pc(&r), CODE + 2);
	close_rig(&r);
}

/* A stop may come before the hlt of a call that waits; the tick ends it. */
EVERYWHERE(from_before_the_hlt_of_a_call_that_waits)
{
	struct rig r;
	struct stop stop;
	/* int 15h AH=86h, CX:DX 1 us */
	if (!OPEN(&r, 0xb8, 0, 0x86, 0xb9, 0, 0, 0xba, 1, 0, 0xcd, 0x15, NOP))
		return;
	const uint64_t hlt = ROM_GPA + rom_wait(0x15) + 1;
	CHECK_EQ(breakpoints_add(&r.machine.control.breakpoints, hlt, false), 0);
	run_resume(&r.run);
	CHECK_EQ(run_freely(&r.run, &stop), 0);
	CHECK_EQ(stop.kind, STOP_BREAKPOINT);
	CHECK_EQ(pc(&r), hlt);
	run_stop(&r.run);
	breakpoints_remove(&r.machine.control.breakpoints, hlt, false);
	run_step(&r.run);
	for (unsigned n = 0; n < 1000 && r.run.state != RUN_STOPPED; n++) {
		uint64_t timeout_ns;
		if (r.run.state == RUN_STEPPING)
			finish_step(&r);
		else if (!run_wait(&r.run, &timeout_ns))
			CHECK_FAIL("nothing wakes it");
		else if (r.run.state == RUN_WAITING)
			poll(NULL, 0, (int)(timeout_ns / 1000000) + 1); /* as long as it says */
	}
	CHECK_EQ(pc(&r), CODE + 11);
	close_rig(&r);
}

/* As a service does, in the midst of a call. */
EVERYWHERE(what_a_call_writes_hits_watchpoints_and_leaves_the_rom)
{
	struct rig r;
	struct stop stop = { .kind = STOP_STEPPED };
	if (!OPEN(&r, NOP))
		return;
	struct guest *g = r.machine.guest;
	const struct bios_memory *m = &g->bios_memory;
	static const uint8_t bytes[4] = { 1, 2, 3, 4 };
	uint8_t is[4], rom[2];
	CHECK(m->read(m->ctx, ROM_GPA, rom, 2));
	CHECK_EQ(watches_add(&r.machine.control.watches, 0x500, 1, WATCH_WRITE), 0);
	CHECK(m->write(m->ctx, 0x500, bytes, 4)); /* at power-on */
	CHECK(!firmware_has_touched(&r.machine));
	g->toucher = &r.machine.control;
	CHECK(m->write(m->ctx, ROM_GPA - 2, bytes, 4));
	CHECK(m->read(m->ctx, ROM_GPA - 2, is, 4));
	CHECK(is[0] == 1 && is[1] == 2 && is[2] == rom[0] && is[3] == rom[1]);
	CHECK(m->write(m->ctx, ROM_GPA + ROM_SIZE - 1, bytes, 2));
	CHECK(m->read(m->ctx, ROM_GPA + ROM_SIZE, is, 1));
	CHECK_EQ(is[0], 2);
	CHECK(m->write(m->ctx, 0x4fe, bytes, 2));
	CHECK(!m->write(m->ctx, 0x200000 - 1, bytes, 2)); /* not all of it is RAM */
	CHECK(!firmware_has_touched(&r.machine));
	CHECK(m->write(m->ctx, 0x4fe, bytes, 4));
	CHECK(firmware_has_touched(&r.machine));
	CHECK(firmware_end_touches(&r.machine, &stop));
	CHECK_EQ(stop.kind, STOP_WATCH);
	CHECK_EQ(stop.watch.gva, 0x500);
	close_rig(&r);
}

/* The sector's last bytes come to the call's own frame: where it returns to, and with which flags. */
EVERYWHERE(a_call_that_loads_over_its_own_frame)
{
	struct rig r;
	uint8_t code[510] = { 0xb8, 0x01, 0x02, /* mov ax, 0201h */
		0xb9, 0x01, 0x00,               /* mov cx, 1 */
		0xb6, 0x00,                     /* mov dh, 0 */
		0xbb, 0x00, 0x7a,               /* mov bx, 7a00h: up to 7bffh */
		0xcd, 0x13 };
	code[506] = HANDLER & 0xff;
	code[507] = HANDLER >> 8;
	if (!open_rig(&r, code, sizeof code))
		return;
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(step(&r), STOP_STEPPED);
	CHECK_STEP(&r, HANDLER);
	CHECK_EQ(sp(&r), CODE);
	CHECK(!r.run.over.is_on);
	/* aa55h, but for the carry: the call has gone well. */
	const uint64_t flags = vcpu_regs(machine_vcpu(&r.machine))->rflags;
	CHECK_EQ(flags & 0xfd5, 0xa54);
	CHECK_EQ(vcpu_regs(machine_vcpu(&r.machine))->rax & 0xffff, 1);
	close_rig(&r);
}

#define TABLES 0x100000u

/* A monitor of V86: paging of 32 bits, the first 2 MiB where they are, but for one page. */
static void set_v86(struct rig *r, uint32_t gva, uint32_t gpa)
{
	uint32_t entries[1024] = { (TABLES + 0x1000) | 7 };
	struct kvm_sregs s = *vcpu_sregs(machine_vcpu(&r->machine));
	struct kvm_regs regs = *vcpu_regs(machine_vcpu(&r->machine));
	put(r, TABLES, entries, sizeof entries);
	for (unsigned i = 0; i < 1024; i++)
		entries[i] = i < 512 ? i << 12 | 7 : 0;
	entries[gva >> 12] = gpa | 7;
	put(r, TABLES + 0x1000, entries, sizeof entries);
	s.cr3 = TABLES;
	s.cr0 |= 0x80000001;
	s.cs.selector = ROM_SEGMENT;
	s.cs.base = ROM_GPA;
	regs.rflags |= 1 << 17;
	regs.rip = rom_return(0x13) - 2u;
	CHECK_EQ(vcpu_set_sregs(machine_vcpu(&r->machine), &s), 0);
	CHECK_EQ(vcpu_set_regs(machine_vcpu(&r->machine), &regs), 0);
}

/* Only where the pages lead to the ROM is it the BIOS that is called, */
EVERYWHERE(other_code_at_the_roms_address_is_no_bios)
{
	struct rig r;
	const struct exit trap = { .kind = EXIT_IO,
		.io = { .is_write = true, .port = ROM_TRAP_PORT, .size = 1 } };
	if (!OPEN(&r, NOP))
		return;
	set_v86(&r, 0x50000, 0x60000);
	CHECK(firmware_runs(&r.machine));
	CHECK(firmware_trap(&r.machine, &trap));
	set_v86(&r, ROM_GPA + 0x1000, 0x60000);
	CHECK(!firmware_runs(&r.machine));
	CHECK(!firmware_trap(&r.machine, &trap));
	close_rig(&r);
}

/* and what it reads and writes is what its code would. */
EVERYWHERE(a_call_from_v86_goes_through_its_pages)
{
	struct rig r;
	struct guest *g;
	uint8_t is[4] = { 0 };
	if (!OPEN(&r, NOP))
		return;
	g = r.machine.guest;
	const struct bios_memory *m = &g->bios_memory;
	set_v86(&r, 0x50000, 0x60000);
	PUT(&r, 0x60000, 1, 2, 3, 4);
	g->toucher = &r.machine.control;
	CHECK(m->read(m->ctx, 0x50002, is, 2));
	CHECK(is[0] == 3 && is[1] == 4);
	CHECK(m->write(m->ctx, 0x4fffe, "abcd", 4));
	memory_read(&g->vm.memory, 0x60000, is, 4);
	CHECK(!memcmp(is, "cd\3\4", 4));
	memory_read(&g->vm.memory, 0x4fffe, is, 4);
	CHECK(!memcmp(is, "ab\0\0", 4));
	set_v86(&r, 0x50000, 0x800000); /* no RAM */
	CHECK(!m->read(m->ctx, 0x4fffe, is, 4));
	close_rig(&r);
}

/* A guest that is lost in the ROM's tables is stepped as anywhere. */
EVERYWHERE(beside_the_roms_code_a_step_is_one_instruction)
{
	struct rig r;
	if (!OPEN(&r, 0xea, 0x00, 0x80, 0x00, 0xf0)) /* ljmp f000:8000 */
		return;
	PUT(&r, 0xf8000, NOP, NOP, 0xeb, 0xfc); /* jmp back */
	for (unsigned i = 0; i < 7; i++)
		CHECK_STEP(&r, 0xf8000 + i % 3);
	close_rig(&r);
}

int main(void)
{
	RUN(an_int_is_one_step);
	RUN(a_range_goes_on_after_it);
	RUN(a_hooked_vector_leads_into_the_guest);
	RUN(what_a_call_hooks_is_within_the_step);
	RUN(a_breakpoint_after_it_is_its_end);
	RUN(step_bios_goes_into_the_rom);
	RUN(from_within_the_rom_it_ends_outside);
	RUN(after_a_stop_in_a_call_too);
	RUN(a_breakpoint_after_the_answer_is_met_while_a_tick_waits);
	RUN(from_before_the_hlt_of_a_call_that_waits);
	RUN(what_a_call_writes_hits_watchpoints_and_leaves_the_rom);
	RUN(a_call_that_loads_over_its_own_frame);
	RUN(beside_the_roms_code_a_step_is_one_instruction);
	RUN(other_code_at_the_roms_address_is_no_bios);
	RUN(a_call_from_v86_goes_through_its_pages);
	return check_done();
}
