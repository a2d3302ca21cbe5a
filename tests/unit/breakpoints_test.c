#include "debug/breakpoints.h"

#include <errno.h>

#include "check.h"
#include "random.h"

#define PLACES 24

/* Which addresses can be planted: a bit each. */
struct ground {
	uint32_t plantable, guardable;
	unsigned asked;
};

static enum breakpoint_method choose(void *ctx, uint64_t gva)
{
	const struct ground *g = ctx;
	if (g->plantable >> gva & 1)
		return BREAKPOINT_PLANTED;
	return g->guardable >> gva & 1 ? BREAKPOINT_GUARDED : BREAKPOINT_STEPPED;
}

static void finds_what_was_added_and_not_removed(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	CHECK(!breakpoints_find(&b, 0));
	CHECK_EQ(breakpoints_add(&b, UINT64_MAX, false), 0);
	CHECK_EQ(breakpoints_add(&b, 0, true), 0);
	CHECK(breakpoints_find(&b, UINT64_MAX)->is_software);
	CHECK(!breakpoints_find(&b, UINT64_MAX)->is_hardware);
	CHECK(breakpoints_find(&b, 0)->is_hardware);
	CHECK(!breakpoints_find(&b, 1));
	breakpoints_clear(&b);
	CHECK(!breakpoints_find(&b, 0));
	CHECK(!breakpoints_find(&b, UINT64_MAX));
	breakpoints_close(&b);
}

static void one_address_can_be_both_kinds(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	breakpoints_add(&b, 5, false);
	breakpoints_add(&b, 5, true);
	CHECK_EQ(b.count, 1);
	breakpoints_remove(&b, 5, false);
	CHECK(breakpoints_find(&b, 5)->is_hardware);
	breakpoints_remove(&b, 5, false); /* not there: no error */
	CHECK(breakpoints_find(&b, 5));
	breakpoints_remove(&b, 5, true);
	CHECK(!breakpoints_find(&b, 5));
	breakpoints_close(&b);
}

static void the_fifth_hardware_breakpoint_is_refused(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	for (uint64_t gva = 0; gva < BREAKPOINT_REGISTERS; gva++)
		CHECK_EQ(breakpoints_add(&b, gva, true), 0);
	CHECK_EQ(breakpoints_add(&b, 9, true), -ENOSPC);
	CHECK(!breakpoints_find(&b, 9));
	CHECK_EQ(breakpoints_add(&b, 3, true), 0); /* twice is no error */
	CHECK_EQ(breakpoints_add(&b, 9, false), 0);
	CHECK_EQ(breakpoints_add(&b, 9, true), -ENOSPC);
	breakpoints_remove(&b, 0, true);
	CHECK_EQ(breakpoints_add(&b, 9, true), 0);
	breakpoints_close(&b);
}

static void purge_keeps_the_others_in_their_order(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	for (uint64_t gva = 0; gva < 20; gva++)
		breakpoints_add(&b, gva, false);
	for (uint64_t gva = 0; gva < 20; gva += 3)
		breakpoints_remove(&b, gva, false);
	CHECK_EQ(b.count, 20); /* a removed one can still be asked about */
	breakpoints_purge(&b);
	CHECK_EQ(b.count, 13);
	for (size_t i = 0; i < b.count; i++) {
		CHECK(breakpoint_is_set(&b.all[i]));
		CHECK(b.all[i].gva % 3 != 0);
		CHECK(i == 0 || b.all[i].gva > b.all[i - 1].gva);
	}
	breakpoints_close(&b);
}

static void registers_go_to_hardware_then_to_the_hard_to_plant(void)
{
	struct ground all = { .plantable = UINT32_MAX }, odd = { .plantable = 0xaaaaaaaa };
	struct breakpoints b;
	breakpoints_init(&b);
	for (uint64_t gva = 0; gva < 6; gva++)
		breakpoints_add(&b, gva, false);
	breakpoints_plan(&b, BREAKPOINT_REGISTERS, choose, &all);
	for (size_t i = 0; i < 6; i++)
		CHECK_EQ(b.all[i].method, i < 4 ? BREAKPOINT_REGISTER : BREAKPOINT_PLANTED);
	breakpoints_plan(&b, BREAKPOINT_REGISTERS, choose,
	        &odd); /* 0, 2 and 4 can't be planted; 1 is the next */
	CHECK_EQ(b.all[0].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[1].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[2].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[3].method, BREAKPOINT_PLANTED);
	CHECK_EQ(b.all[4].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[5].method, BREAKPOINT_PLANTED);
	for (uint64_t gva = 10; gva < 14; gva++)
		breakpoints_add(&b, gva, true);
	breakpoints_plan(&b, BREAKPOINT_REGISTERS, choose, &odd);
	CHECK_EQ(b.all[0].method, BREAKPOINT_STEPPED);
	CHECK_EQ(b.all[1].method, BREAKPOINT_PLANTED);
	CHECK_EQ(b.all[9].method, BREAKPOINT_REGISTER);
	breakpoints_close(&b);
}

/* The slowest that did not get a register is still the fastest of its kind to be had. */
static void registers_go_to_the_slowest(void)
{
	struct ground g = { .plantable = 0x7, .guardable = 0x18 }; /* 5 and 6 can only be stepped */
	struct breakpoints b;
	breakpoints_init(&b);
	for (uint64_t gva = 0; gva < 7; gva++)
		breakpoints_add(&b, gva, false);
	breakpoints_plan(&b, 3, choose, &g);
	CHECK_EQ(b.all[0].method, BREAKPOINT_PLANTED);
	CHECK_EQ(b.all[3].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[4].method, BREAKPOINT_GUARDED);
	CHECK_EQ(b.all[5].method, BREAKPOINT_REGISTER);
	CHECK_EQ(b.all[6].method, BREAKPOINT_REGISTER);
	breakpoints_plan(&b, 0, choose, &g);
	CHECK_EQ(b.all[3].method, BREAKPOINT_GUARDED);
	CHECK_EQ(b.all[6].method, BREAKPOINT_STEPPED);
	breakpoints_close(&b);
}

/* What holds of a plan whatever the breakpoints and the ground are. */
static void check_plan(const struct breakpoints *b, const struct ground *g, unsigned registers)
{
	unsigned used = 0, hardware = 0, slowest_outside = 0, fastest_inside = BREAKPOINT_STEPPED;
	for (size_t i = 0; i < b->count; i++) {
		const struct breakpoint *p = &b->all[i];
		unsigned best = choose((void *)g, p->gva);
		used += p->method == BREAKPOINT_REGISTER;
		hardware += p->is_hardware;
		if (p->is_hardware)
			CHECK_EQ(p->method, BREAKPOINT_REGISTER);
		else if (p->method != BREAKPOINT_REGISTER)
			CHECK_EQ(p->method, best);
		if (p->method != BREAKPOINT_REGISTER && best > slowest_outside)
			slowest_outside = best;
		if (p->method == BREAKPOINT_REGISTER && !p->is_hardware && best < fastest_inside)
			fastest_inside = best;
	}
	/* No register is idle, or spent on one that is faster without than another. */
	unsigned wanted = registers > hardware ? registers : hardware;
	CHECK_EQ(used, b->count < wanted ? b->count : wanted);
	if (used > hardware)
		CHECK(slowest_outside <= fastest_inside);
}

struct twin {
	bool hardware[PLACES], software[PLACES];
};

static void check_same(const struct breakpoints *b, const struct twin *t)
{
	unsigned set = 0;
	for (uint64_t gva = 0; gva < PLACES; gva++) {
		const struct breakpoint *p = breakpoints_find(b, gva);
		CHECK_EQ(p && p->is_hardware, t->hardware[gva]);
		CHECK_EQ(p && p->is_software, t->software[gva]);
	}
	for (size_t i = 0; i < b->count; i++) {
		set += breakpoint_is_set(&b->all[i]);
		for (size_t k = 0; k < i; k++)
			CHECK(b->all[i].gva != b->all[k].gva);
	}
	for (unsigned i = 0; i < PLACES; i++)
		set -= t->hardware[i] || t->software[i];
	CHECK_EQ(set, 0);
}

static void random_act(struct breakpoints *b, struct twin *t, uint64_t *seed)
{
	uint32_t gva = random_below(seed, PLACES), act = random_below(seed, 100);
	bool is_hardware = random_below(seed, 3) == 0;
	bool *cell = is_hardware ? &t->hardware[gva] : &t->software[gva];
	unsigned hardware = 0;
	for (unsigned i = 0; i < PLACES; i++)
		hardware += t->hardware[i];
	if (act < 50) {
		bool is_full = is_hardware && !*cell && hardware == BREAKPOINT_REGISTERS;
		CHECK_EQ(breakpoints_add(b, gva, is_hardware), is_full ? -ENOSPC : 0);
		*cell |= !is_full;
	} else if (act < 90) {
		breakpoints_remove(b, gva, is_hardware);
		*cell = false;
	} else if (act < 99) {
		struct ground g = { (uint32_t)random_next(seed), (uint32_t)random_next(seed) };
		unsigned registers = random_below(seed, BREAKPOINT_REGISTERS + 1);
		breakpoints_purge(b);
		breakpoints_plan(b, registers, choose, &g);
		check_plan(b, &g, registers);
	} else {
		breakpoints_clear(b);
		memset(t, 0, sizeof *t);
	}
}

static void agrees_with_a_naive_twin(void)
{
	uint64_t seed = 6;
	struct breakpoints b;
	struct twin t = { 0 };
	breakpoints_init(&b);
	for (int i = 0; i < 30000 && check_case_ok; i++) {
		random_act(&b, &t, &seed);
		check_same(&b, &t);
		if (!check_case_ok)
			CHECK_FAIL("act %d of seed 6", i);
	}
	breakpoints_close(&b);
}

static void there_is_an_end_and_removed_ones_make_room(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	for (unsigned i = 0; i < BREAKPOINTS_MAX; i++)
		CHECK_EQ(breakpoints_add(&b, i, false), 0);
	CHECK_EQ(breakpoints_add(&b, BREAKPOINTS_MAX, false), -E2BIG);
	CHECK_EQ(breakpoints_add(&b, 5, true), 0); /* it is there */
	breakpoints_remove(&b, 7, false);
	CHECK_EQ(breakpoints_add(&b, BREAKPOINTS_MAX, false), 0);
	CHECK_EQ(breakpoints_add(&b, 7, false), -E2BIG);
	CHECK_EQ(b.count, BREAKPOINTS_MAX);
	breakpoints_close(&b);
}

static void a_removed_one_is_called_what_it_was(void)
{
	struct breakpoints b;
	breakpoints_init(&b);
	for (unsigned i = 0; i < 3; i++) {
		if (i != 1)
			breakpoints_add(&b, 0x1000 + i, false);
		if (i != 0)
			breakpoints_add(&b, 0x1000 + i, true);
	}
	CHECK_STR(breakpoint_kind_name(&b.all[0]), "software");
	CHECK_STR(breakpoint_kind_name(&b.all[1]), "hardware");
	CHECK_STR(breakpoint_kind_name(&b.all[2]), "hardware and software");
	breakpoints_remove(&b, 0x1000, false);
	breakpoints_remove(&b, 0x1001, true);
	breakpoints_remove(&b, 0x1002, true);
	CHECK_STR(breakpoint_kind_name(&b.all[0]), "software");
	CHECK_STR(breakpoint_kind_name(&b.all[1]), "hardware");
	CHECK_STR(breakpoint_kind_name(&b.all[2]), "software");
	breakpoints_close(&b);
}

static void methods_have_names(void)
{
	CHECK_STR(breakpoint_method_name(BREAKPOINT_REGISTER), "debug register");
	CHECK_STR(breakpoint_method_name(BREAKPOINT_PLANTED), "planted byte");
	CHECK_STR(breakpoint_method_name(BREAKPOINT_GUARDED), "guarded page");
	CHECK_STR(breakpoint_method_name(BREAKPOINT_STEPPED), "stepping");
}

int main(void)
{
	RUN(finds_what_was_added_and_not_removed);
	RUN(one_address_can_be_both_kinds);
	RUN(the_fifth_hardware_breakpoint_is_refused);
	RUN(purge_keeps_the_others_in_their_order);
	RUN(registers_go_to_hardware_then_to_the_hard_to_plant);
	RUN(registers_go_to_the_slowest);
	RUN(agrees_with_a_naive_twin);
	RUN(there_is_an_end_and_removed_ones_make_room);
	RUN(a_removed_one_is_called_what_it_was);
	RUN(methods_have_names);
	return check_done();
}
