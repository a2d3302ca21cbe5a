/* Run control on every kind of KVM: RAM that the firmware reads and writes between two runs hits
 * watchpoints, says who it was, and takes breakpoints' promises with it. */
#include "debug/touch.h"

#include "control_rig.h"

#define WHO "int 13h AH=02h"

/* A service writes other bytes than there are. */
static void write_other(struct rig *r, uint64_t gpa, size_t len)
{
	uint8_t bytes[0x400];
	memory_read(&r->vm.memory, gpa, bytes, len);
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= 0xff;
	touch_write(&r->control, gpa, bytes, len);
	rig_write(r, gpa, bytes, len);
}

EVERYWHERE(a_write_hits_a_watchpoint)
{
	PUT(r, NOP, OUT_AL(0x80), NOP, HLT);
	CHECK_WATCH(r, RIG_DATA + 4, 2, WATCH_WRITE);
	r->stops_at_io = true;
	CHECK_RUN(r, STOP_DEVICE, RIG_CODE + 3);
	touch_begin(&r->control);
	write_other(r, RIG_DATA - 0x200, 0x200);
	write_other(r, RIG_DATA, 4);
	write_other(r, RIG_DATA + 6, 0x200);
	touch_read(&r->control, RIG_DATA, 0x200);
	write_other(r, RIG_DATA + 4, 0);
	CHECK(!touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.kind, STOP_DEVICE);
	write_other(r, RIG_DATA, 5);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.kind, STOP_WATCH);
	CHECK_EQ(r->stop.watch.kind, WATCH_WRITE);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA + 4);
	CHECK_STR(control_caught(&r->control), WHO " wrote it: 0x2000 to 0x2004.\n");
	CHECK(!touch_end(&r->control, WHO, &r->stop));
	CHECK_RUN(r, STOP_HALTED, RIG_CODE + 5);
	CHECK_STR(control_caught(&r->control), "");
}

/* gdb would go on in silence, and the words would be another stop's. */
EVERYWHERE(a_write_that_changes_nothing_watched_is_none)
{
	static const uint8_t zeroes[0x200];
	uint8_t other[0x200] = { [0] = 1, [0x100 + 2] = 1 };
	PUT(r, HLT);
	CHECK_WATCH(r, RIG_DATA + 0x100, 2, WATCH_WRITE);
	touch_begin(&r->control);
	touch_write(&r->control, RIG_DATA, zeroes, sizeof zeroes);
	touch_write(&r->control, RIG_DATA, other, sizeof other); /* beside it */
	CHECK(!touch_end(&r->control, WHO, &r->stop));
	other[0x101] = 1;
	touch_write(&r->control, RIG_DATA, other, sizeof other);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_WATCH(r, RIG_DATA + 0x180, 2, WATCH_ACCESS);
	touch_write(&r->control, RIG_DATA + 0x180, zeroes, 1);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.watch.kind, WATCH_ACCESS);
}

EVERYWHERE(a_read_hits_what_looks_for_reads)
{
	PUT(r, HLT);
	CHECK_WATCH(r, RIG_DATA + 4, 2, WATCH_READ);
	CHECK_WATCH(r, RIG_DATA + 0x100, 2, WATCH_ACCESS);
	touch_begin(&r->control);
	write_other(r, RIG_DATA, 0x100);
	CHECK(!touch_end(&r->control, WHO, &r->stop));
	touch_read(&r->control, RIG_DATA + 5, 0x100);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.watch.kind, WATCH_READ);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA + 5);
	CHECK_STR(control_caught(&r->control),
	        WHO " read it: 0x2005 to 0x2104. It has hit the watchpoint at 0x2100, too, which "
	            "has no stop of its own.\n");
	touch_read(&r->control, RIG_DATA + 0x101, 1);
	touch_read(&r->control, RIG_DATA + 4, 1); /* the first counts */
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.watch.kind, WATCH_ACCESS);
	CHECK_EQ(r->stop.watch.gva, RIG_DATA + 0x101);
}

EVERYWHERE(another_watchpoint_that_is_hit_is_told)
{
	PUT(r, HLT);
	CHECK_WATCH(r, RIG_DATA, 2, WATCH_WRITE);
	CHECK_WATCH(r, RIG_DATA + 0x10, 2, WATCH_WRITE);
	touch_begin(&r->control);
	write_other(r, RIG_DATA, 1);
	write_other(r, RIG_DATA + 1, 1); /* the same one */
	write_other(r, RIG_DATA + 0x10, 2);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	CHECK_EQ(r->stop.watch.gva, RIG_DATA);
	CHECK_STR(control_caught(&r->control),
	        WHO " wrote it: 0x2000 to 0x2000. It has hit the watchpoint at 0x2010, too, which "
	            "has no stop of its own.\n");
}

/* More than debug registers can keep, so that pages are guarded and bytes planted: what is written past them
 * between two runs is the guest's, and hits when it comes there. */
EVERYWHERE(breakpoints_in_what_is_loaded_hit)
{
	static const uint8_t loaded[] = { NOP, NOP, NOP, NOP, NOP, NOP, HLT };
	/* jmp RIG_FREE, whose displacement is a word */
	PUT(r, OUT_AL(0x80), 0xe9, r->is_32 ? 0xf9 : 0xfb, 0x7f, 0, 0);
	for (unsigned i = 0; i < 6; i++)
		CHECK_BREAK(r, RIG_FREE + i);
	CHECK_WATCH(r, RIG_FREE + 6, 1, WATCH_WRITE);
	r->stops_at_io = true;
	CHECK_RUN(r, STOP_DEVICE, RIG_CODE + 2);
	touch_begin(&r->control);
	touch_write(&r->control, RIG_FREE, loaded, sizeof loaded);
	rig_write(r, RIG_FREE, loaded, sizeof loaded);
	CHECK(touch_end(&r->control, WHO, &r->stop));
	for (unsigned i = 0; i < 6; i++)
		CHECK_RUN(r, STOP_BREAKPOINT, RIG_FREE + i);
	CHECK_RUN(r, STOP_HALTED, RIG_FREE + sizeof loaded);
}

EVERYWHERE(who_waits_for_nothing_is_not_stopped)
{
	PUT(r, HLT);
	touch_begin(&r->control);
	touch_read(&r->control, 0, UINT64_MAX);
	CHECK(!touch_end(&r->control, WHO, &r->stop));
	CHECK_WATCH(r, RIG_DATA, 1, WATCH_WRITE);
	write_other(r, RIG_DATA, 1);
	control_forget(&r->control);
	CHECK(!touch_end(&r->control, WHO, &r->stop));
}

EVERYWHERE(a_reset_is_caught_before_it_happens)
{
	struct catchpoint p;
	struct error e = { 0 };
	PUT(r, HLT);
	CHECK(!touch_reset(&r->control, "port 0x92", &r->stop));
	CHECK_EQ(catch_parse(&p, "reset", &e), 0);
	CHECK_EQ(catches_add(&r->control.catches, &p), 0);
	CHECK(touch_reset(&r->control, "port 0x92", &r->stop));
	CHECK_EQ(r->stop.kind, STOP_CATCH);
	CHECK_STR(control_caught(&r->control),
	        "Caught a reset (port 0x92): the machine starts anew when it goes on.\n");
}

int main(void)
{
	RUN(a_write_hits_a_watchpoint);
	RUN(a_write_that_changes_nothing_watched_is_none);
	RUN(a_read_hits_what_looks_for_reads);
	RUN(another_watchpoint_that_is_hit_is_told);
	RUN(breakpoints_in_what_is_loaded_hit);
	RUN(who_waits_for_nothing_is_not_stopped);
	RUN(a_reset_is_caught_before_it_happens);
	return check_done();
}
