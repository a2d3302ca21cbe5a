/* The unit tests' harness: named cases, TAP on stdout, a failed check says what was and what was
 * wanted.
 *
 *	static void adds(void) { CHECK_EQ(1 + 1, 2); }
 *	int main(void) { RUN(adds); return check_done(); }
 */
#ifndef STEPVM_TESTS_CHECK_H
#define STEPVM_TESTS_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int check_cases, check_failed_cases;
static bool check_case_ok;
static const char *check_skipped; /* why, when the case can't be tried here */

#define CHECK_FAIL(...)                                                                            \
	(check_case_ok = false, printf("# %s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__),      \
	        putchar('\n'))
#define CHECK(claim) ((claim) ? (void)0 : (void)CHECK_FAIL("not so: %s", #claim))
#define CHECK_EQ(is, wanted)                                                                       \
	do {                                                                                       \
		uint64_t check_is = (uint64_t)(is), check_wanted = (uint64_t)(wanted);             \
		if (check_is != check_wanted)                                                      \
			CHECK_FAIL("%s is 0x%" PRIx64 ", wanted 0x%" PRIx64, #is, check_is,        \
			        check_wanted);                                                     \
	} while (0)
#define CHECK_STR(is, wanted)                                                                      \
	do {                                                                                       \
		const char *check_is = (is), *check_wanted = (wanted);                             \
		if (strcmp(check_is, check_wanted))                                                \
			CHECK_FAIL("%s is\n#   \"%s\", wanted\n#   \"%s\"", #is, check_is,         \
			        check_wanted);                                                     \
	} while (0)
#define CHECK_SKIP(why)                                                                            \
	do {                                                                                       \
		check_skipped = (why);                                                             \
		return;                                                                            \
	} while (0)
#define RUN(test)                                                                                  \
	do {                                                                                       \
		check_case_ok = true;                                                              \
		check_skipped = NULL;                                                              \
		test();                                                                            \
		check_failed_cases += !check_case_ok;                                              \
		printf("%sok %d - %s%s%s\n", check_case_ok ? "" : "not ", ++check_cases, #test,    \
		        check_skipped ? " # SKIP " : "", check_skipped ? check_skipped : "");      \
	} while (0)

static inline int check_done(void)
{
	printf("1..%d\n", check_cases);
	return check_failed_cases != 0;
}

#endif
