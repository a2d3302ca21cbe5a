/* interp_config.touch: who undoes what an instruction has written is told of it before. */
#include "interp/interp.h"

#include "check.h"
#include "interp_rig.h"
#include "random.h"

#define PAGE 4096u

static struct {
	const uint8_t *ram;
	bool is_touched[RIG_RAM / PAGE], is_table[RIG_RAM / PAGE];
	uint8_t was[RIG_RAM / PAGE][PAGE];
} seen;

static void touch(void *ctx, uint8_t *hva, unsigned len, bool is_table)
{
	const size_t at = (size_t)(hva - seen.ram), page = at / PAGE;
	(void)ctx;
	CHECK(len && at < RIG_RAM && (at + len - 1) / PAGE == page);
	seen.is_table[page] |= is_table;
	if (!seen.is_touched[page])
		memcpy(seen.was[page], seen.ram + page * PAGE, PAGE);
	seen.is_touched[page] = true;
}

static void open_rig(struct rig *r, unsigned bits)
{
	rig_open(r, bits);
	interp_free(r->c);
	const struct interp_slot slot = { 0, RIG_RAM, r->ram, false };
	r->config.touch = touch;
	r->c = interp_new(&r->config);
	interp_set_slots(r->c, &slot, 1);
	seen.ram = r->ram;
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

/* Random instructions: a page that has changed was told of while it was as before, and taking back what was told of takes
 * all back. */
static void all_that_is_written_is_told_of_before(void)
{
	uint64_t seed = 5;
	unsigned changed = 0, tables = 0;
	uint8_t *before = malloc(RIG_RAM);
	for (unsigned bits = 16; bits <= 64; bits *= 2) {
		struct rig r;
		open_rig(&r, bits);
		for (unsigned k = RIG_DATA; k < RIG_STACK; k += 8)
			rig_put(&r, k, random_next(&seed), 8);
		if (bits == 64) /* Accessed and Dirty are to be set */
			rig_map(&r, 0x3);
		const struct kvm_sregs sregs = r.sregs;
		for (unsigned round = 0; round < 20000; round++) {
			r.sregs = sregs; /* the random code has segments of its own */
			random_state(&r, &seed);
			memcpy(before, r.ram, RIG_RAM);
			memset(seen.is_touched, 0, sizeof seen.is_touched);
			rig_run(&r, 1);
			changed += memcmp(before, r.ram, RIG_RAM) != 0;
			for (unsigned page = 0; page < RIG_RAM / PAGE; page++)
				if (seen.is_touched[page])
					memcpy(r.ram + page * PAGE, seen.was[page], PAGE);
			if (memcmp(before, r.ram, RIG_RAM))
				CHECK_FAIL("%u bits, round %u", bits, round);
			memcpy(r.ram, before, RIG_RAM);
		}
		for (unsigned page = 0; page < RIG_RAM / PAGE; page++)
			tables += seen.is_table[page];
		rig_close(&r);
	}
	CHECK(changed > 5000);
	CHECK(tables > 0);
	free(before);
}

static void a_push_is_told_of_and_a_read_is_not(void)
{
	struct rig r;
	open_rig(&r, 32);
	RIG_CODE_IS(&r, 0x8b, 0x07, 0x50, 0x50); /* mov eax, [edi]; push eax, twice */
	r.regs.rdi = RIG_DATA;
	memset(seen.is_touched, 0, sizeof seen.is_touched);
	rig_run(&r, 1);
	CHECK(!seen.is_touched[RIG_DATA / PAGE]);
	rig_run(&r, 1);
	CHECK(seen.is_touched[(RIG_STACK - 4) / PAGE]);
	memset(seen.is_touched, 0, sizeof seen.is_touched);
	uint64_t done;
	interp_run(r.c, 1, &done); /* with the page's translation kept */
	CHECK(seen.is_touched[(RIG_STACK - 4) / PAGE]);
	rig_close(&r);
}

static void the_frame_of_an_int_is_told_of(void)
{
	struct rig r;
	open_rig(&r, 16);
	RIG_CODE_IS(&r, 0xcd, 0x21);
	memset(seen.is_touched, 0, sizeof seen.is_touched);
	rig_run(&r, 1);
	CHECK_EQ(r.done, 1);
	CHECK(seen.is_touched[(RIG_STACK - 6) / PAGE]);
	rig_close(&r);
}

int main(void)
{
	RUN(all_that_is_written_is_told_of_before);
	RUN(a_push_is_told_of_and_a_read_is_not);
	RUN(the_frame_of_an_int_is_told_of);
	return check_done();
}
