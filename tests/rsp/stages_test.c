/* Breakpoints in code that is not there yet: `stages` copies its second stage to 0x10000 in real
 * mode, where pages are guarded, and its third to 0x20000, where bytes are planted. */
#include "rsp_check.h"

#define ROUNDS 5 /* calls of each stage's function */

static const char *const options[] = { "--load", "0x7c00" };

static uint64_t symbol(const char *name)
{
	return rsp_symbol("stages", name);
}

/* A symbol of a stage where it runs. */
static uint64_t moved(const char *name, const char *stage, uint64_t to)
{
	return symbol(name) - symbol(stage) + to;
}

static uint64_t second(const char *name)
{
	return moved(name, "second", 0x10000);
}

static uint64_t third(const char *name)
{
	return moved(name, "third", 0x20000);
}

static void set_at(struct rsp *r, uint64_t gva)
{
	RSP_IS(r, "OK", "Z0,%" PRIx64 ",1", gva);
}

/* What the guest is to hold at to is what the image has at from. */
static void check_bytes(struct rsp *r, uint64_t from, uint64_t to, unsigned len)
{
	char wanted[2048];
	snprintf(wanted, sizeof wanted, "%s", rsp_ask(r, "m%" PRIx64 ",%x", from, len));
	CHECK_EQ(strlen(wanted), 2 * len);
	RSP_IS(r, wanted, "m%" PRIx64 ",%x", to, len);
}

/* Other breakpoints that are never reached, on pages of their own or on these. */
static void set_others(struct rsp *r, unsigned count)
{
	static const uint64_t gvas[] = { 0x100f0, 0x200f0, 0x30000, 0x10ff0, 0x20ff0, 0x40000 };
	for (unsigned i = 0; i < count; i++)
		set_at(r, gvas[i % 6] + i / 6);
}

static void end(struct rsp *r)
{
	RSP_BEGINS(r, "T00", "c");
	CHECK_STR(rsp_output(r), "stages ok\n");
	rsp_close(r);
}

static void check_second(unsigned others)
{
	struct rsp r;
	uint64_t loop = second("second_loop"), function = second("second_function");
	uint64_t from = symbol("second");
	unsigned len = (unsigned)(symbol("second_end") - from);
	RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
	set_at(&r, 0x10000);
	set_at(&r, loop);
	set_at(&r, loop + 3); /* the loop insn, after the call */
	set_at(&r, function);
	set_at(&r, second("second_sum"));
	set_at(&r, second("second_enter"));
	set_others(&r, others);
	RSP_STOPS(&r, "c", 0x10000, "T05");
	check_bytes(&r, from, 0x10000, len);
	for (unsigned i = 0; i < ROUNDS; i++) {
		RSP_STOPS(&r, "c", loop, "T05");
		RSP_STOPS(&r, "c", function, "T05");
		CHECK_EQ(rsp_register(&r, 10), 0x1000);
		RSP_STOPS(&r, "c", loop + 3, "T05");
		check_bytes(&r, from, 0x10000, len);
	}
	for (unsigned i = 0; i < 2; i++)
		RSP_STOPS(&r, "c", second("second_sum"), "T05");
	RSP_STOPS(&r, "c", second("second_enter"), "T05");
	end(&r);
}

static void the_second_stage_is_hit_and_sums_its_own_bytes(void)
{
	for (unsigned others = 0; others <= 12; others += 6)
		check_second(others);
}

static void check_third(unsigned others)
{
	struct rsp r;
	uint64_t loop = third("third_loop"), function = third("third_function");
	uint64_t from = symbol("third");
	unsigned len = (unsigned)(symbol("third_end") - from);
	RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
	set_at(&r, 0x20000);
	set_at(&r, loop);
	set_at(&r, loop + 5); /* the loop insn, after the call */
	set_at(&r, function);
	set_at(&r, third("third_say"));
	set_at(&r, third("third_halt"));
	set_others(&r, others);
	RSP_STOPS(&r, "c", 0x20000, "T05");
	check_bytes(&r, from, 0x20000, len);
	for (unsigned i = 0; i < ROUNDS; i++) {
		RSP_STOPS(&r, "c", loop, "T05");
		RSP_STOPS(&r, "c", function, "T05");
		CHECK_EQ(rsp_register(&r, 10), 8);
		RSP_STOPS(&r, "c", loop + 5, "T05");
		check_bytes(&r, from, 0x20000, len);
	}
	for (unsigned i = 0; i < sizeof "stages ok\n"; i++)
		RSP_STOPS(&r, "c", third("third_say"), "T05");
	RSP_STOPS(&r, "c", third("third_halt"), "T05");
	end(&r);
}

static void the_third_stage_is_hit_and_shows_its_own_bytes(void)
{
	for (unsigned others = 0; others <= 12; others += 6)
		check_third(others);
}

static void both_stages_at_once_by_all_ways(void)
{
	struct rsp r;
	uint64_t a = second("second_function"), b = third("third_function");
	RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
	set_others(&r, 6);
	set_at(&r, a);
	set_at(&r, b);
	for (unsigned i = 0; i < ROUNDS; i++)
		RSP_STOPS(&r, "c", a, "T05");
	for (unsigned i = 0; i < ROUNDS; i++)
		RSP_STOPS(&r, "c", b, "T05");
	end(&r);
}

/* Of the several writes of a pusha to a guarded page only the last would exit: the stack of the
 * second stage is below 0x7c00, on the first stage's page. */
static void breakpoints_on_the_stacks_page_keep_the_stack(void)
{
	struct rsp r;
	uint64_t function = second("second_function");
	RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
	set_at(&r, function); /* the first are in debug registers */
	for (unsigned i = 0; i < 6; i++)
		set_at(&r, 0x7df8 + i);
	for (unsigned i = 0; i < ROUNDS; i++)
		RSP_STOPS(&r, "c", function, "T05");
	end(&r);
}

static void a_count_is_watched_in_both_modes(void)
{
	static const char digits[] = { '2', '4' };
	for (size_t k = 0; k < sizeof digits; k++) {
		struct rsp r;
		uint64_t counts[] = { symbol("second_count"), symbol("third_count") };
		uint64_t after[] = { second("second_sum") - 2, third("third_end") - 1 };
		RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
		for (unsigned i = 0; i < 2; i++)
			RSP_IS(&r, "OK", "Z%c,%" PRIx64 ",4", digits[k], counts[i]);
		for (unsigned n = 0; n < 2; n++) {
			for (unsigned i = 1; i <= ROUNDS; i++) {
				char value[9];
				RSP_STOPS(&r, "c", after[n], "T05");
				CHECK(strstr(r.packet, "watch:") != NULL);
				snprintf(value, sizeof value, "%02x000000", i);
				RSP_IS(&r, value, "m%" PRIx64 ",4", counts[n]);
			}
			if (digits[k] == '4') { /* and the check of it */
				RSP_BEGINS(&r, "T05", "c");
				CHECK(strstr(r.packet, ";awatch:") != NULL);
			}
		}
		end(&r);
	}
}

/* Six breakpoints on the page with the GDT and its pointer, stack elsewhere, no code there. */
static void a_table_on_a_page_of_breakpoints_is_loaded(void)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "stages", options[0], options[1], NULL);
	set_at(&r, 0x10000);
	RSP_STOPS(&r, "c", 0x10000, "T05");
	RSP_IS(&r, "OK", "P4=00900000"); /* the stack is elsewhere */
	for (unsigned i = 0; i < 6; i++)
		set_at(&r, 0x7df8 + i);
	end(&r);
}

int main(void)
{
	RUN(the_second_stage_is_hit_and_sums_its_own_bytes);
	RUN(the_third_stage_is_hit_and_shows_its_own_bytes);
	RUN(both_stages_at_once_by_all_ways);
	RUN(breakpoints_on_the_stacks_page_keep_the_stack);
	RUN(a_table_on_a_page_of_breakpoints_is_loaded);
	RUN(a_count_is_watched_in_both_modes);
	return check_done();
}
