/* torture [ACTIONS GUESTS [SEED [-v]]]: TAP. Without a seed one of its own is taken, and told. */
#include "torture.h"

#include "check.h"

static struct torture torture = { .actions = 1500, .guests = 24 };

static void a_debugger_that_misbehaves_harms_nothing(void)
{
	CHECK(torture_live(&torture));
}

static void nor_a_guest_that_calls_the_bios(void)
{
	torture.is_pc = true;
	CHECK(torture_live(&torture));
}

static void a_recorded_guest_is_the_same_at_a_position(void)
{
	torture.is_pc = false;
	CHECK(torture_past(&torture));
}

static void so_is_one_that_calls_the_bios(void)
{
	torture.is_pc = true;
	CHECK(torture_past(&torture));
}

static void so_is_one_whose_recording_outgrows_its_memory(void)
{
	torture.is_pc = false;
	CHECK(torture_long_past(&torture));
}

static void a_guest_that_misbehaves_ends_nothing_but_itself(void)
{
	CHECK(torture_hostile(&torture));
}

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

int main(int argc, char **argv)
{
	/* A shell's background job ignores it, and so would every stepvm. */
	signal(SIGINT, SIG_DFL);
	torture.seed = (uint64_t)rsp_now_ms() * 1000 + (uint64_t)getpid();
	if (argc > 2) {
		torture.actions = (unsigned)number(argv[1]);
		torture.guests = (unsigned)number(argv[2]);
	}
	if (argc > 3)
		torture.seed = number(argv[3]);
	torture.is_verbose = argc > 4;
	printf("# torture %u %u 0x%" PRIx64 "\n", torture.actions, torture.guests, torture.seed);
	RUN(a_debugger_that_misbehaves_harms_nothing);
	RUN(nor_a_guest_that_calls_the_bios);
	RUN(a_recorded_guest_is_the_same_at_a_position);
	RUN(so_is_one_that_calls_the_bios);
	RUN(so_is_one_whose_recording_outgrows_its_memory);
	RUN(a_guest_that_misbehaves_ends_nothing_but_itself);
	return check_done();
}
