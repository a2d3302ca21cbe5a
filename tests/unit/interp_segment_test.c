/* Which offsets a segment has, where it expands down: SDM vol 3, "Limit Checking". */
#include "interp/interp.h"

#include "base/array.h"
#include "check.h"
#include "interp_rig.h"

enum { SS_FAULT = 12, GP = 13, DONE = -1, HANDED = -2 };
enum { DS_IS, SS_IS }; /* the segment that expands down */

/* What is done by ebx, or at esp. */
enum code { LOAD, STORE, STACK, PUSH };
static const uint8_t codes[][3] = {
	[LOAD] = { 0x8b, 0x03 },        /* mov eax, [ebx] */
	[STORE] = { 0x89, 0x03 },       /* mov [ebx], eax */
	[STACK] = { 0x36, 0x8b, 0x03 }, /* mov eax, ss:[ebx] */
	[PUSH] = { 0x53 },              /* push ebx */
};

struct row {
	const char *name;
	unsigned which, is_wide, is_read_only;
	uint32_t base, limit, off;
	enum code code;
	int what;
};

/* The code has done its work. */
static bool is_done(const struct rig *r, const struct row *row)
{
	switch (row->code) {
	case LOAD:
	case STACK: return r->regs.rax == 0x11223344;
	case STORE: return rig_get(r, 0x3000, 4) == 0x55667788;
	case PUSH: return rig_get(r, 0x3000, 4) == row->off && r->regs.rsp == row->off;
	}
	return false;
}

static void run_row(const struct row *row)
{
	struct rig r;
	rig_open(&r, 32);
	struct kvm_segment *s = row->which == SS_IS ? &r.sregs.ss : &r.sregs.ds;
	s->type = row->is_read_only ? 5 : 7;
	s->db = row->is_wide;
	s->base = row->base;
	s->limit = row->limit;
	rig_code(&r, codes[row->code], sizeof codes[row->code]);
	rig_put(&r, 0x3000, 0x11223344, 4);
	r.regs.rbx = row->off;
	r.regs.rax = 0x55667788;
	r.regs.rsp = row->which == SS_IS ? row->off + 4 : RIG_STACK;
	enum interp_why why = rig_run(&r, 1);
	bool is_right = why == (row->what == HANDED ? INTERP_HANDOVER : INTERP_COUNT);
	if (row->what != HANDED &&
	        row->which != SS_IS) /* there the exception's frame does not fit, either */
		is_right = is_right && interp_last_vector(r.c) == row->what;
	if (row->what == DONE)
		is_right = is_right && is_done(&r, row);
	if (!is_right)
		CHECK_FAIL("%s: why %d, vector %d, rax %llx", row->name, why,
		        interp_last_vector(r.c), r.regs.rax);
	rig_close(&r);
}

static void offsets_begin_after_the_limit(void)
{
	static const struct row rows[] = {
		{ "the first dword", DS_IS, 1, 0, 0x2000, 0xfff, 0x1000, LOAD, DONE },
		{ "one byte lower", DS_IS, 1, 0, 0x2000, 0xfff, 0xfff, LOAD, GP },
		{ "low", DS_IS, 1, 0, 0x3000, 0xfff, 0, LOAD, GP },
		{ "written", DS_IS, 1, 0, 0x2000, 0xfff, 0x1000, STORE, DONE },
		{ "written, one byte lower", DS_IS, 1, 0, 0x2000, 0xfff, 0xfff, STORE, GP },
		{ "read-only", DS_IS, 1, 1, 0x2000, 0xfff, 0x1000, LOAD, DONE },
		{ "read-only, written", DS_IS, 1, 1, 0x2000, 0xfff, 0x1000, STORE, GP },
		{ "the last dword of 64 KiB", DS_IS, 0, 0, 0xffff3004, 0xfff, 0xfffc, LOAD, DONE },
		{ "over 64 KiB", DS_IS, 0, 0, 0xffff3003, 0xfff, 0xfffd, LOAD, GP },
		{ "past 64 KiB", DS_IS, 0, 0, 0xffff3000, 0xfff, 0x10000, LOAD, GP },
		{ "past 64 KiB, wide", DS_IS, 1, 0, 0xffff3000, 0xfff, 0x10000, LOAD, DONE },
		{ "the last dword of 4 GiB", DS_IS, 1, 0, 0x3004, 0xfff, 0xfffffffc, LOAD, DONE },
		{ "over 4 GiB", DS_IS, 1, 0, 0x3003, 0xfff, 0xfffffffd, LOAD, HANDED },
		{ "a limit of all", DS_IS, 1, 0, 0x3000, 0xffffffff, 0, LOAD, GP },
		{ "the stack", SS_IS, 1, 0, 0x2000, 0xfff, 0x1000, STACK, DONE },
		{ "pushed", SS_IS, 1, 0, 0x2000, 0xfff, 0x1000, PUSH, DONE },
	};
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		run_row(&rows[k]);
}

/* The handler is an inner ring's, whose stack is another, so that the exception's frame has room. */
static void a_stack_that_ends_raises_a_stack_fault(void)
{
	struct rig r;
	rig_open(&r, 32);
	rig_enter_user(&r);
	RIG_CODE_IS(&r, 0x50); /* push eax */
	r.sregs.ss.type = 7;
	r.sregs.ss.base = 0x2000;
	r.sregs.ss.limit = 0xfff;
	r.regs.rsp = 0x1003;
	CHECK_EQ(rig_run(&r, 1), INTERP_COUNT);
	CHECK_EQ(interp_last_vector(r.c), SS_FAULT);
	CHECK_EQ(rig_get(&r, r.regs.rsp, 4), 0);
	CHECK_EQ(rig_get(&r, r.regs.rsp + 16, 4), 0x1003);
	rig_close(&r);
}

int main(void)
{
	RUN(offsets_begin_after_the_limit);
	RUN(a_stack_that_ends_raises_a_stack_fault);
	return check_done();
}
