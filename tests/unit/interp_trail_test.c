/* interp_set_trail: all that the guest writes to and executes from is in its trail, by lines. */
#include "interp/interp.h"
#include "interp/trail.h"

#include "check.h"
#include "interp_rig.h"
#include "random.h"

#define PAGE 4096u

static struct trail trail;

static const struct trail_page *page_of(uint64_t gva)
{
	for (unsigned i = 0; i < TRAIL_SLOTS; i++)
		if (trail.pages[i].key == ((gva & ~(uint64_t)(PAGE - 1)) | 1))
			return &trail.pages[i];
	return NULL;
}

static bool is_written(uint64_t gva)
{
	const struct trail_page *p = page_of(gva);
	return trail.has_written_all || (p && p->written & trail_lines(gva, 1));
}

static bool is_executed(uint64_t gva)
{
	const struct trail_page *p = page_of(gva);
	return trail.has_executed_all || (p && p->executed & trail_lines(gva, 1));
}

static void begin(struct rig *r)
{
	interp_leave_trail(r->c);
	trail_clear(&trail);
	interp_set_trail(r->c, &trail);
}

static void random_state(struct rig *r, uint64_t *seed)
{
	uint64_t *all = (uint64_t *)&r->regs;
	uint8_t code[15];
	for (unsigned k = 0; k < 16; k++)
		all[k] = random_below(seed, RIG_RAM);
	for (unsigned k = 0; k < sizeof code; k++)
		code[k] = (uint8_t)random_next(seed);
	r->regs.rip = RIG_CODE;
	r->regs.rflags = 2 | (random_next(seed) & 0xcd5);
	rig_code(r, code, sizeof code);
}

/* Accessed and Dirty bits of page tables, and bits of descriptors, are none of the guest's own writes. */
static bool is_table(uint64_t at)
{
	return at >= RIG_TABLES || (at >= RIG_GDT && at < RIG_GDT + PAGE);
}

/* Random instructions, with all that comes of them: memory is mapped to itself in all modes. */
static void lines_that_have_changed_are_in_it(void)
{
	uint64_t seed = 7;
	unsigned changed = 0;
	uint8_t *before = malloc(RIG_RAM);
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		rig_open(&r, bits);
		const struct kvm_sregs sregs = r.sregs;
		for (unsigned n = 0; n < 20000 && check_case_ok; n++) {
			r.sregs = sregs; /* the random code has segments of its own */
			random_state(&r, &seed);
			memcpy(before, r.ram, RIG_RAM);
			begin(&r);
			rig_run(&r, 1);
			interp_leave_trail(r.c);
			CHECK(is_executed(RIG_CODE));
			for (uint64_t at = 0; at < RIG_RAM; at += TRAIL_LINE) {
				if (!memcmp(r.ram + at, before + at, TRAIL_LINE) || is_table(at))
					continue;
				changed++;
				if (!is_written(at))
					CHECK_FAIL(
					        "%u bits, %02x %02x %02x: the write to 0x%" PRIx64
					        " is not in it",
					        bits, r.ram[RIG_CODE], r.ram[RIG_CODE + 1],
					        r.ram[RIG_CODE + 2], at);
			}
			memcpy(r.ram, before, RIG_RAM);
		}
		rig_close(&r);
	}
	CHECK(changed > 1000);
	free(before);
}

static void the_frame_of_an_int_is_in_it(void)
{
	for (unsigned bits = 16; bits <= 64; bits *= 2)
		for (unsigned is_user = 0; is_user < (bits == 16 ? 1u : 2u); is_user++) {
			struct rig r;
			rig_open(&r, bits);
			if (is_user)
				rig_enter_user(&r);
			RIG_CODE_IS(&r, 0xcd, 0x21);
			begin(&r);
			rig_run(&r, 1);
			CHECK_EQ(r.done, 1);
			interp_leave_trail(r.c);
			CHECK(is_written(r.sregs.ss.base + r.regs.rsp));
			rig_close(&r);
		}
}

/* Many instructions at once. */
static void quiet_runs_leave_all_their_lines(void)
{
	static const uint8_t code[] = { 0xb9, 0x10, 0, 0, 0, /* mov $16, %ecx */
		0xbf, 0xc0, 0x2f, 0, 0,                      /* mov $0x2fc0, %edi */
		0x88, 0x0f,                                  /* 1: mov %cl, (%edi) */
		0x83, 0xc7, 0x40,                            /* add $64, %edi */
		0xe2, 0xf9,                                  /* loop 1b */
		0xeb, 0x7e };                                /* jmp .+0x80 */
	const struct interp_range all = { 0, UINT64_MAX };
	struct rig r;
	uint64_t done;
	rig_open(&r, 32);
	rig_code(&r, code, sizeof code);
	memset(r.ram + RIG_CODE + sizeof code + 0x7e, 0x90, 64);
	rig_run(&r, 0);
	begin(&r);
	interp_run_quiet(r.c, &all, 2 + 3 * 16 + 2, &done);
	CHECK_EQ(done, 2 + 3 * 16 + 2);
	interp_leave_trail(r.c);
	for (uint64_t at = 0x2fc0; at < 0x2fc0 + 16 * 64; at += 64)
		CHECK(is_written(at));
	CHECK(!is_written(0x2f80) && !is_written(0x2fc0 + 16 * 64));
	CHECK(is_executed(RIG_CODE) && is_executed(RIG_CODE + sizeof code + 0x7e));
	CHECK(!is_executed(RIG_CODE + 0x40) && !is_executed(0x2fc0));
	rig_close(&r);
}

static void what_is_too_much_is_all(void)
{
	trail_clear(&trail);
	for (uint64_t page = 0; page < TRAIL_PAGES; page++)
		trail_note(&trail, page * PAGE, 1, 0);
	CHECK(!trail.has_executed_all && !trail.has_written_all);
	CHECK(is_executed(17 * PAGE) && !is_written(17 * PAGE) && !is_executed(17 * PAGE + 64));
	trail_note_bytes(&trail, UINT64_C(0x123456fff), 2, true);
	CHECK(trail.has_executed_all && trail.has_written_all && trail.has_accessed_all);
}

static void bytes_go_on_in_other_pages(void)
{
	trail_clear(&trail);
	trail_note_bytes(&trail, 0x1fff, 0x1002, true);
	CHECK(is_written(0x1fff) && is_written(0x2000) && is_written(0x2fff) && is_written(0x3000));
	CHECK(!is_written(0x1f80) && !is_written(0x3040));
	trail_note_bytes(&trail, 0x5000, 1, false);
	CHECK(page_of(0x5000) && !is_written(0x5000));
}

int main(void)
{
	RUN(lines_that_have_changed_are_in_it);
	RUN(the_frame_of_an_int_is_in_it);
	RUN(quiet_runs_leave_all_their_lines);
	RUN(what_is_too_much_is_all);
	RUN(bytes_go_on_in_other_pages);
	return check_done();
}
