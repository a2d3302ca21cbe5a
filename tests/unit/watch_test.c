#include "debug/watch.h"

#include <errno.h>

#include "check.h"
#include "random.h"

#define TWINS_MAX 4096

/* The same, done plainly: a list in the order of adding, and a byte-by-byte look. */
struct twin {
	uint64_t gva, len;
	enum watch_kind kind;
	bool is_set;
};
struct twins {
	unsigned count;
	struct twin all[TWINS_MAX];
};

static void twins_add(struct twins *t, struct twin wanted)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->all[i].gva == wanted.gva && t->all[i].len == wanted.len &&
		        t->all[i].kind == wanted.kind) {
			t->all[i].is_set = true;
			return;
		}
	wanted.is_set = true;
	t->all[t->count++] = wanted;
}

static void twins_remove(struct twins *t, struct twin wanted)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->all[i].gva == wanted.gva && t->all[i].len == wanted.len &&
		        t->all[i].kind == wanted.kind)
			t->all[i].is_set = false;
}

static void twins_purge(struct twins *t)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < t->count; i++)
		if (t->all[i].is_set)
			t->all[kept++] = t->all[i];
	t->count = kept;
}

static bool twin_takes(const struct twin *p, bool is_write)
{
	switch (p->kind) {
	case WATCH_WRITE: return is_write;
	case WATCH_READ: return !is_write;
	case WATCH_ACCESS: return true;
	}
	return false;
}

static const struct twin *twins_hit(
        const struct twins *t, uint64_t gva, uint64_t len, bool is_write)
{
	for (unsigned i = 0; i < t->count; i++) {
		const struct twin *p = &t->all[i];
		if (!p->is_set || !twin_takes(p, is_write))
			continue;
		for (uint64_t a = 0; a < len; a++)
			for (uint64_t b = 0; b < p->len; b++)
				if (gva + a == p->gva + b)
					return p;
	}
	return NULL;
}

static void check_same(const struct watches *w, const struct twins *t)
{
	CHECK_EQ(w->count, t->count);
	for (size_t i = 0; i < w->count && i < t->count; i++) {
		CHECK_EQ(w->all[i].gva, t->all[i].gva);
		CHECK_EQ(w->all[i].len, t->all[i].len);
		CHECK_EQ(w->all[i].kind, t->all[i].kind);
		CHECK_EQ(w->all[i].is_set, t->all[i].is_set);
	}
}

static void check_hit(
        struct watches *w, const struct twins *t, uint64_t gva, uint64_t len, bool is_write)
{
	const struct watch *is = watches_hit(w, gva, len, is_write);
	const struct twin *wanted = twins_hit(t, gva, len, is_write);
	CHECK(!is == !wanted);
	if (is && wanted)
		CHECK_EQ(is - w->all, wanted - t->all);
}

static void any_sequence_does_what_its_plain_twin_does(void)
{
	static struct twins t;
	uint64_t seed = 1;
	for (unsigned round = 0; round < 50; round++) {
		struct watches w;
		/* The whole range of addresses matters at its ends. */
		uint64_t base = round % 3 == 0 ? 0 : round % 3 == 1 ? 0x7000 : UINT64_MAX - 63;
		t.count = 0;
		watches_init(&w);
		for (unsigned i = 0; i < 400 && check_case_ok; i++) {
			struct twin p = { .gva = base + random_below(&seed, 40),
				.len = 1 + random_below(&seed, 20),
				.kind = (enum watch_kind)random_below(&seed, 3) };
			switch (random_below(&seed, 8)) {
			case 0:
			case 1:
			case 2:
				CHECK_EQ(watches_add(&w, p.gva, p.len, p.kind), 0);
				twins_add(&t, p);
				break;
			case 3:
			case 4:
			case 5:
				watches_remove(&w, p.gva, p.len, p.kind);
				twins_remove(&t, p);
				if (t.count) { /* and one that is there */
					p = t.all[random_below(&seed, t.count)];
					watches_remove(&w, p.gva, p.len, p.kind);
					twins_remove(&t, p);
				}
				break;
			case 6:
				watches_purge(&w);
				twins_purge(&t);
				break;
			case 7:
				if (!random_below(&seed, 8)) {
					watches_clear(&w);
					t.count = 0;
				}
				break;
			}
			check_same(&w, &t);
			check_hit(&w, &t, base + random_below(&seed, 48),
			        1 + random_below(&seed, 16), random_below(&seed, 2));
		}
		watches_close(&w);
	}
}

static void a_hit_is_an_overlap_of_the_right_kind(void)
{
	static const struct {
		uint64_t gva, len;
		bool is_hit;
	} rows[] = { { 0x1000, 4, true }, { 0x1003, 1, true }, { 0x1000, 1, true },
		{ 0xfff, 2, true }, { 0x1003, 8, true }, { 0xf00, 0x200, true },
		{ 0xfff, 1, false }, { 0x1004, 1, false }, { 0xffc, 4, false },
		{ 0, 0x1000, false }, { 0, UINT64_MAX, true }, { UINT64_MAX, 1, false } };
	for (unsigned kind = WATCH_WRITE; kind <= WATCH_ACCESS; kind++) {
		struct watches w;
		watches_init(&w);
		CHECK_EQ(watches_add(&w, 0x1000, 4, (enum watch_kind)kind), 0);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			for (int is_write = 0; is_write < 2; is_write++) {
				bool takes = kind == WATCH_ACCESS ||
				             (kind == WATCH_WRITE) == (is_write == 1);
				CHECK_EQ(
				        watches_hit(&w, rows[i].gva, rows[i].len, is_write) != NULL,
				        rows[i].is_hit && takes);
			}
		watches_close(&w);
	}
}

static void the_first_that_was_added_is_told(void)
{
	struct watches w;
	watches_init(&w);
	watches_add(&w, 0x102, 2, WATCH_READ);
	watches_add(&w, 0x100, 8, WATCH_WRITE);
	watches_add(&w, 0x102, 2, WATCH_ACCESS);
	CHECK_EQ(watches_hit(&w, 0x102, 1, true)->kind, WATCH_WRITE);
	CHECK_EQ(watches_hit(&w, 0x102, 1, false)->kind, WATCH_READ);
	watches_remove(&w, 0x100, 8, WATCH_WRITE);
	CHECK_EQ(watches_hit(&w, 0x102, 1, true)->kind, WATCH_ACCESS);
	CHECK(!watches_hit(&w, 0x100, 2, true));
	watches_close(&w);
}

static void what_cannot_be_watched_is_refused(void)
{
	struct watches w;
	watches_init(&w);
	CHECK_EQ(watches_add(&w, 0x1000, 0, WATCH_WRITE), -EINVAL);
	CHECK_EQ(watches_add(&w, UINT64_MAX, 2, WATCH_WRITE), -EINVAL);
	CHECK_EQ(watches_add(&w, 1, UINT64_MAX, WATCH_WRITE), -E2BIG);
	CHECK_EQ(watches_add(&w, 2, UINT64_MAX, WATCH_WRITE), -EINVAL);
	CHECK_EQ(watches_add(&w, 0x1000, WATCH_LEN_MAX + 1, WATCH_WRITE), -E2BIG);
	CHECK_EQ(w.count, 0);
	CHECK_EQ(watches_add(&w, 0x1000, WATCH_LEN_MAX, WATCH_WRITE), 0);
	CHECK_EQ(watches_add(&w, UINT64_MAX, 1, WATCH_WRITE), 0);
	CHECK(watches_hit(&w, UINT64_MAX, 1, true));
	CHECK(watches_hit(&w, 0x1000 + WATCH_LEN_MAX - 1, 1, true));
	watches_close(&w);
}

/* A removed one stays in the list for monitor info until the guest goes on. */
static void there_is_an_end_and_removed_ones_make_room(void)
{
	struct watches w;
	watches_init(&w);
	for (unsigned i = 0; i < WATCHES_MAX; i++)
		CHECK_EQ(watches_add(&w, i, 1, WATCH_WRITE), 0);
	CHECK_EQ(watches_add(&w, WATCHES_MAX, 1, WATCH_WRITE), -ENOSPC);
	CHECK_EQ(watches_add(&w, 5, 1, WATCH_WRITE), 0); /* it is there */
	watches_remove(&w, 7, 1, WATCH_WRITE);
	CHECK_EQ(watches_add(&w, WATCHES_MAX, 1, WATCH_WRITE), 0);
	CHECK_EQ(watches_add(&w, 7, 1, WATCH_WRITE), -ENOSPC);
	CHECK_EQ(w.count, WATCHES_MAX);
	watches_close(&w);
}

static void a_removed_one_hits_no_more_and_goes_with_the_purge(void)
{
	struct watches w;
	watches_init(&w);
	watches_add(&w, 1, 1, WATCH_WRITE);
	watches_add(&w, 1, 1, WATCH_WRITE); /* twice is no error, and one */
	CHECK_EQ(w.count, 1);
	watches_remove(&w, 1, 2, WATCH_WRITE); /* what is not there */
	watches_remove(&w, 1, 1, WATCH_READ);
	CHECK(watches_hit(&w, 1, 1, true));
	watches_remove(&w, 1, 1, WATCH_WRITE);
	CHECK(!watches_hit(&w, 1, 1, true));
	CHECK_EQ(w.count, 1);
	watches_add(&w, 1, 1, WATCH_WRITE);
	watches_purge(&w);
	CHECK_EQ(w.count, 1);
	watches_remove(&w, 1, 1, WATCH_WRITE);
	watches_purge(&w);
	CHECK_EQ(w.count, 0);
	watches_close(&w);
}

static void kinds_and_methods_have_names(void)
{
	CHECK_STR(watch_kind_name(WATCH_WRITE), "write");
	CHECK_STR(watch_kind_name(WATCH_READ), "read");
	CHECK_STR(watch_kind_name(WATCH_ACCESS), "access");
	CHECK_STR(watch_method_name(WATCH_BY_REGISTER), "debug register");
	CHECK_STR(watch_method_name(WATCH_BY_GUARD), "guarded page");
	CHECK_STR(watch_method_name(WATCH_BY_STEPS), "stepping");
}

int main(void)
{
	RUN(any_sequence_does_what_its_plain_twin_does);
	RUN(a_hit_is_an_overlap_of_the_right_kind);
	RUN(the_first_that_was_added_is_told);
	RUN(what_cannot_be_watched_is_refused);
	RUN(there_is_an_end_and_removed_ones_make_room);
	RUN(a_removed_one_hits_no_more_and_goes_with_the_purge);
	RUN(kinds_and_methods_have_names);
	return check_done();
}
