/* The guest's life on every kind of KVM: who lets it go on from a hlt, and how it ends and begins. */
#include "machine/run.h"
#include "machine/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "check.h"
#include "fake_kvm.h"

/* 'A' to port 0xe9, hlt, 'B', hlt, and so on: after the last hlt an exit by status 7. */
static const uint8_t code[] = { 0xb0, 'A', 0xe6, 0xe9, 0xf4, 0xb0, 'B', 0xe6, 0xe9, 0xf4, 0xb0, 3,
	0xe6, 0xf4 };
#define FIRST_HLT  4 /* where the hlt stands */
#define SECOND_HLT 9

struct rig {
	struct vm kvm;
	struct machine_config config;
	struct machine machine;
	struct run run;
	int image_fd, output_fd;
	char path[40];
};

static const struct fake_kind *kind; /* of KVM, for the next rig */

static bool open_rig(struct rig *r, enum hlt_policy hlt)
{
	struct error e = { 0 };
	memset(r, 0, sizeof *r);
	r->image_fd = memfd_create("image", MFD_CLOEXEC);
	r->output_fd = memfd_create("output", MFD_CLOEXEC);
	snprintf(r->path, sizeof r->path, "/proc/self/fd/%d", r->image_fd);
	r->config = (struct machine_config) { .image = { .path = r->path, .format = IMAGE_FLAT },
		.memory = { { .size = 0x10000 } },
		.memory_count = 1,
		.hlt = hlt,
		.hlt_resume_ms = 1 };
	bool is_open = write(r->image_fd, code, sizeof code) == sizeof code &&
	               fake_kvm_open(&r->kvm, kind->quirks) &&
	               machine_open_beside(&r->machine, &r->config, &r->kvm, r->output_fd, &e) == 0;
	if (!is_open)
		CHECK_FAIL("%s: %s", kind->name, e.text);
	else
		run_init(&r->run, &r->machine);
	return is_open;
}

static void close_rig(struct rig *r)
{
	run_close(&r->run);
	machine_close(&r->machine);
	fake_kvm_close(&r->kvm);
	close(r->image_fd);
	close(r->output_fd);
}

static void check_output(struct rig *r, const char *wanted)
{
	char text[100];
	ssize_t n = pread(r->output_fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	CHECK_STR(text, wanted);
}

static uint64_t rip(struct rig *r)
{
	return vcpu_regs(machine_vcpu(&r->machine))->rip;
}

/* On to the next stop, as who serves the guest does it, but for what becomes of that. */
static enum stop_kind go(struct rig *r)
{
	struct stop stop = { .kind = STOP_FAILED };
	CHECK_EQ(r->run.state, RUN_FREE);
	CHECK_EQ(run_freely(&r->run, &stop), 0);
	CHECK_EQ(r->run.last.kind, stop.kind);
	return stop.kind;
}

static void to_first_hlt(struct rig *r)
{
	run_resume(&r->run);
	CHECK_EQ(go(r), STOP_HALTED);
	CHECK_EQ(rip(r), FIRST_HLT + 1);
	check_output(r, "A");
}

static void set_if(struct rig *r)
{
	struct kvm_regs regs = *vcpu_regs(machine_vcpu(&r->machine));
	regs.rflags |= 1u << 9; /* IF: SDM vol 1, "EFLAGS Register" */
	CHECK_EQ(vcpu_set_regs(machine_vcpu(&r->machine), &regs), 0);
}

/* The serial port interrupts by IRQ 4, vector 0x0c, whose handler is the second half of the code. */
static void let_input_interrupt(struct rig *r)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} writes[] = { { 0x20, 0x11 }, { 0x21, 8 }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xef },
		{ 0x3f9, 1 }, { 0x3fc, 8 } };
	uint8_t vector[4] = { SECOND_HLT + 1, 0, 0, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		uint8_t value = writes[i].value;
		board_io(&r->machine.guest->board, writes[i].port, &value, 1, 1, true);
	}
	memory_write(&r->machine.guest->vm.memory, 4 * 0xc, vector, sizeof vector);
	input_begin(&r->machine, &uart_device);
	set_if(r);
}

/* A test that runs on each kind of KVM. */
static void everywhere(void (*test)(void))
{
	for (unsigned i = 0; i < FAKE_PRESETS && check_case_ok; i++) {
		kind = &fake_kinds[i];
		test();
		if (!check_case_ok)
			printf("# on the KVM %s\n", kind->name);
	}
}
#define EVERYWHERE(name)                                                                           \
	static void name##_there(void);                                                            \
	static void name(void)                                                                     \
	{                                                                                          \
		everywhere(name##_there);                                                          \
	}                                                                                          \
	static void name##_there(void)

/* --- a halt that nothing can wake ------------------------------------------------------------- */

EVERYWHERE(it_stays_halted_however_often_it_is_to_go_on)
{
	struct rig r;
	if (!open_rig(&r, HLT_AUTO))
		return;
	machine_start_journals(&r.machine);
	to_first_hlt(&r);
	CHECK_EQ(run_halt(&r.run, true, true), RUN_HALT_STOPS);
	uint64_t now = r.machine.guest->board.state.now_ns;
	for (unsigned i = 0; i < 3; i++) {
		run_stop(&r.run);
		machine_stop_clock(&r.machine);
		now = r.machine.guest->board.state.now_ns;
		if (i == 2)
			run_go_on(&r.run); /* a detach */
		else
			run_resume(&r.run);
		CHECK(run_is_asleep(&r.run));
		CHECK_EQ(run_halt(&r.run, false, true), RUN_HALT_STOPS);
		CHECK_EQ(run_halt(&r.run, false, false), RUN_HALT_ENDS);
		CHECK_EQ(r.run.last.kind, STOP_HALTED);
	}
	CHECK_EQ(r.machine.guest->board.state.now_ns, now);
	CHECK_EQ(rip(&r), FIRST_HLT + 1);
	check_output(&r, "A");
	const struct journal_event *last = journal_last(&r.machine.log, 0);
	CHECK(last && last->kind == EXIT_HLT && last->times == 1);
	close_rig(&r);
}

EVERYWHERE(a_step_and_a_wake_go_past_it)
{
	for (int by_step = 0; by_step < 2; by_step++) {
		struct rig r;
		struct stop stop;
		if (!open_rig(&r, HLT_AUTO))
			return;
		to_first_hlt(&r);
		run_stop(&r.run);
		if (by_step) {
			run_step(&r.run);
			CHECK_EQ(run_steps(&r.run, &stop), 0);
			CHECK_EQ(stop.kind, STOP_STEPPED);
			CHECK_EQ(rip(&r), FIRST_HLT + 3);
			run_stop(&r.run);
		} else { /* a written pc */
			control_wake(&r.machine.control);
		}
		run_resume(&r.run);
		CHECK(!run_is_asleep(&r.run));
		CHECK_EQ(go(&r), STOP_HALTED);
		CHECK_EQ(rip(&r), SECOND_HLT + 1);
		check_output(&r, "AB");
		close_rig(&r);
	}
}

/* Of what --hlt says: the same for the hlt itself and for going on after it, but where noted. */
EVERYWHERE(what_becomes_of_a_halt_is_what_hlt_says)
{
	static const struct {
		enum hlt_policy hlt;
		bool can_wake, is_news, has_debugger;
		enum run_halt wanted;
		bool is_timed;
	} rows[] = {
		{ HLT_AUTO, false, true, false, RUN_HALT_ENDS },
		{ HLT_AUTO, false, false, false, RUN_HALT_ENDS },
		{ HLT_AUTO, false, true, true, RUN_HALT_STOPS },
		{ HLT_AUTO, true, true, true, RUN_HALT_WAITS },
		{ HLT_AUTO, true, false, false, RUN_HALT_WAITS },
		{ HLT_EXIT, false, true, true, RUN_HALT_EXITS },
		{ HLT_EXIT, true, false, false, RUN_HALT_EXITS },
		{ HLT_STOP, false, true, true, RUN_HALT_STOPS },
		{ HLT_STOP, false, false, false, RUN_HALT_STOPS },
		{ HLT_STOP, true, true, true, RUN_HALT_STOPS },
		{ HLT_STOP, true, false, true, RUN_HALT_WAITS }, /* it has been seen */
		{ HLT_RESUME, false, true, true, RUN_HALT_WAITS, true },
		{ HLT_RESUME, true, false, false, RUN_HALT_WAITS, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;
		if (!open_rig(&r, rows[i].hlt))
			return;
		to_first_hlt(&r);
		if (rows[i].can_wake)
			let_input_interrupt(&r);
		CHECK_EQ(machine_can_wake(&r.machine), rows[i].can_wake);
		enum run_halt is = run_halt(&r.run, rows[i].is_news, rows[i].has_debugger);
		if (is != rows[i].wanted)
			CHECK_FAIL("row %zu: %d, wanted %d", i, is, rows[i].wanted);
		CHECK_EQ(r.run.state == RUN_WAITING, is == RUN_HALT_WAITS);
		if (is == RUN_HALT_WAITS)
			CHECK_EQ(r.run.resume_at_ns != RUN_FOREVER, rows[i].is_timed);
		close_rig(&r);
	}
}

EVERYWHERE(stop_lets_a_continue_leave_it_and_nothing_else)
{
	struct rig r;
	if (!open_rig(&r, HLT_STOP))
		return;
	to_first_hlt(&r);
	run_stop(&r.run);
	run_go_on(&r.run); /* a detach */
	CHECK(run_is_asleep(&r.run));
	run_stop(&r.run);
	run_resume(&r.run);
	CHECK(!run_is_asleep(&r.run));
	CHECK_EQ(go(&r), STOP_HALTED);
	check_output(&r, "AB");
	close_rig(&r);
}

EVERYWHERE(resume_goes_on_when_its_time_has_come)
{
	struct rig r;
	uint64_t timeout_ns = 0;
	if (!open_rig(&r, HLT_RESUME))
		return;
	to_first_hlt(&r);
	CHECK_EQ(run_halt(&r.run, true, false), RUN_HALT_WAITS);
	CHECK(run_is_asleep(&r.run));
	while (run_wait(&r.run, &timeout_ns) && r.run.state == RUN_WAITING)
		CHECK(timeout_ns <= 1000000);
	CHECK_EQ(r.run.state, RUN_FREE);
	CHECK(!run_is_asleep(&r.run));
	CHECK_EQ(go(&r), STOP_HALTED);
	check_output(&r, "AB");
	close_rig(&r);
}

/* --- a halt that an interrupt ends ------------------------------------------------------------ */

EVERYWHERE(it_waits_for_an_interrupt)
{
	struct rig r;
	uint64_t timeout_ns = 0;
	if (!open_rig(&r, HLT_AUTO))
		return;
	to_first_hlt(&r);
	let_input_interrupt(&r);
	CHECK_EQ(run_halt(&r.run, true, true), RUN_HALT_WAITS);
	CHECK(run_wait(&r.run, &timeout_ns));
	CHECK_EQ(timeout_ns, RUN_FOREVER);
	/* Stopped meanwhile it waits on when it is to go on. */
	run_interrupt(&r.run);
	run_stop_interrupted(&r.run);
	CHECK(!r.run.is_interrupted && r.run.last.kind == STOP_KICKED);
	run_resume(&r.run);
	CHECK(run_is_asleep(&r.run));
	CHECK_EQ(run_halt(&r.run, false, true), RUN_HALT_WAITS);
	board_input(&r.machine.guest->board, &uart_device, (const uint8_t *)"x", 1);
	CHECK(run_wait(&r.run, &timeout_ns));
	CHECK_EQ(r.run.state, RUN_FREE);
	CHECK(!run_is_asleep(&r.run));
	CHECK_EQ(go(&r), STOP_DEVICE); /* the handler ends the guest */
	CHECK_EQ(machine_exit_status(&r.machine), 7);
	check_output(&r, "A");
	close_rig(&r);
}

EVERYWHERE(the_end_of_the_input_ends_the_wait)
{
	struct rig r;
	uint64_t timeout_ns = 0;
	if (!open_rig(&r, HLT_AUTO))
		return;
	to_first_hlt(&r);
	let_input_interrupt(&r);
	CHECK_EQ(run_halt(&r.run, true, true), RUN_HALT_WAITS);
	CHECK(run_wait(&r.run, &timeout_ns));
	input_end(&r.machine, &uart_device);
	CHECK(!run_wait(&r.run, &timeout_ns));
	CHECK_EQ(run_halt(&r.run, false, false), RUN_HALT_ENDS);
	close_rig(&r);
}

/* --- ends and beginnings ---------------------------------------------------------------------- */

EVERYWHERE(a_restart_is_another_machine)
{
	struct rig r;
	struct error e = { 0 };
	if (!open_rig(&r, HLT_AUTO))
		return;
	const struct guest *first = r.machine.guest;
	to_first_hlt(&r);
	run_stop(&r.run);
	CHECK_EQ(run_restart(&r.run, &e), 0);
	CHECK(r.machine.guest != first);
	CHECK_EQ(r.run.changes, 1);
	CHECK_EQ(r.run.state, RUN_STOPPED); /* as it was */
	CHECK_EQ(r.run.last.kind, STOP_STEPPED);
	CHECK_EQ(rip(&r), 0);
	run_resume(&r.run);
	CHECK_EQ(run_restart(&r.run, &e), 0); /* one that runs goes on */
	CHECK_EQ(r.run.changes, 2);
	CHECK_EQ(go(&r), STOP_HALTED);
	check_output(&r, "AA");
	/* One that can't be made leaves the old one. */
	r.path[0] = 0;
	CHECK(run_restart(&r.run, &e) < 0 && e.text[0]);
	CHECK_EQ(r.run.changes, 2);
	CHECK_EQ(rip(&r), FIRST_HLT + 1);
	close_rig(&r);
}

EVERYWHERE(the_dead_are_started_again_and_what_has_ended_is_not)
{
	struct rig r;
	struct error e = { 0 };
	const struct named_snapshot none = { .snapshot = NULL };
	if (!open_rig(&r, HLT_AUTO))
		return;
	run_kill(&r.run, RUN_DEAD);
	CHECK(run_is_over(&r.run) && r.run.is_killed && !r.run.status);
	run_stop(&r.run);
	CHECK_EQ(r.run.state, RUN_DEAD);
	CHECK_EQ(run_load(&r.run, &none, &e), -ESRCH);
	CHECK_EQ(run_restart(&r.run, &e), 0);
	CHECK(r.run.state == RUN_STOPPED && !r.run.is_killed);
	run_die(&r.run, 5);
	CHECK(r.run.state == RUN_DEAD && r.run.status == 5);
	run_end(&r.run, 6);
	run_stop(&r.run);
	CHECK(r.run.state == RUN_ENDED && r.run.status == 6);
	close_rig(&r);
}

/* --- the time of steps ------------------------------------------------------------------------ */

#define LOOP_CODE 0x100
#define TICKS     3

static void put(struct rig *r, uint64_t gpa, const void *bytes, size_t len)
{
	CHECK_EQ(memory_write(&r->machine.guest->vm.memory, gpa, bytes, len), len);
}

/* sti; inc ax; inc byte [800h]; jmp to the inc: until the timer, of 1 kHz, interrupts; its vector leads to the hlt after. */
static void let_timer_interrupt(struct rig *r)
{
	static const uint8_t loop[] = { 0xfb, 0x40, 0xfe, 0x06, 0x00, 0x08, 0xeb, 0xf9, 0xf4 };
	static const uint8_t vector[] = { sizeof loop - 1, LOOP_CODE >> 8, 0, 0 };
	static const struct {
		uint16_t port;
		uint8_t value;
	} writes[] = { { 0x20, 0x11 }, { 0x21, 8 }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xfe },
		{ 0x43, 0x34 }, { 0x40, 0xa9 }, { 0x40, 0x04 } };
	struct kvm_regs regs = *vcpu_regs(machine_vcpu(&r->machine));
	put(r, LOOP_CODE, loop, sizeof loop);
	put(r, 4 * 8, vector, sizeof vector);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		uint8_t value = writes[i].value;
		board_io(&r->machine.guest->board, writes[i].port, &value, 1, 1, true);
	}
	regs.rip = LOOP_CODE;
	regs.rsp = 0x1000;
	CHECK_EQ(vcpu_set_regs(machine_vcpu(&r->machine), &regs), 0);
}

/* A range of steps, which KVM does one by one and the engine many at once: each tick comes at the same instruction, at
 * the same time of the guest's. */
EVERYWHERE(steps_of_a_range_take_the_same_time_whoever_does_them)
{
	static const enum engine_choice engines[] = { ENGINE_KVM, ENGINE_INTERP };
	uint64_t ns[2][TICKS], ax[2][TICKS];
	for (unsigned k = 0; k < 2; k++) {
		struct rig r;
		struct stop stop;
		if (!open_rig(&r, HLT_AUTO))
			return;
		control_set_engine(&r.machine.control, engines[k]);
		control_set_step_interrupts(&r.machine.control, true);
		let_timer_interrupt(&r);
		for (unsigned i = 0; i < TICKS; i++) {
			struct kvm_regs regs = *vcpu_regs(machine_vcpu(&r.machine));
			uint8_t end_of_interrupt = 0x20;
			run_range(&r.run, LOOP_CODE, LOOP_CODE + 8);
			CHECK_EQ(run_steps(&r.run, &stop), 0);
			CHECK_EQ(stop.kind, STOP_STEPPED);
			CHECK_EQ(rip(&r), LOOP_CODE + 8);
			ns[k][i] = r.machine.guest->board.state.now_ns;
			ax[k][i] = vcpu_regs(machine_vcpu(&r.machine))->rax;
			board_io(&r.machine.guest->board, 0x20, &end_of_interrupt, 1, 1, true);
			regs = *vcpu_regs(machine_vcpu(&r.machine));
			regs.rip = LOOP_CODE;
			CHECK_EQ(vcpu_set_regs(machine_vcpu(&r.machine), &regs), 0);
		}
		CHECK_EQ(r.machine.control.engine_done > 100, k);
		close_rig(&r);
	}
	for (unsigned i = 0; i < TICKS; i++) {
		CHECK_EQ(ns[1][i], ns[0][i]);
		CHECK_EQ(ax[1][i], ax[0][i]);
	}
	CHECK(ax[0][TICKS - 1] > 3 * 300);
}

int main(void)
{
	RUN(it_stays_halted_however_often_it_is_to_go_on);
	RUN(a_step_and_a_wake_go_past_it);
	RUN(what_becomes_of_a_halt_is_what_hlt_says);
	RUN(stop_lets_a_continue_leave_it_and_nothing_else);
	RUN(resume_goes_on_when_its_time_has_come);
	RUN(it_waits_for_an_interrupt);
	RUN(the_end_of_the_input_ends_the_wait);
	RUN(a_restart_is_another_machine);
	RUN(the_dead_are_started_again_and_what_has_ended_is_not);
	RUN(steps_of_a_range_take_the_same_time_whoever_does_them);
	return check_done();
}
