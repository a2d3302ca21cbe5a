/* Positions of a recording, beside a fresh process that records nothing and steps there: it has the same registers and the
 * same RAM. On a bare board, where a step is a position, with guests that nothing comes to from outside. */
#include "random.h"
#include "rsp_check.h"

#define PLACES    12
#define STEPS_MAX 1000
#define RAM       "4M"
#define RAM_SIZE  0x400000u

struct place {
	uint64_t position;
	char registers[1200]; /* as `g` has them, without RF, which a step by KVM may leave */
	char ram[20];         /* its checksum */
};

static bool look_when(struct rsp *r, uint64_t *position, uint64_t *end)
{
	const char *text = rsp_monitor(r, "when");
	if (sscanf(text, "position %" SCNu64 " of %" SCNu64, position, end) == 2)
		return true;
	CHECK_FAIL("when -> %.200s", text);
	return false;
}

static void look(struct rsp *r, struct place *p)
{
	/* After eight registers of 32 bits or sixteen of 64, and eip or rip: GDB manual, "Standard Target Features". */
	const bool is_long = strstr(rsp_ask(r, "?"), ";10:") != NULL;
	const size_t byte = (is_long ? 17 * 8 : 9 * 4) + 2; /* of the flags, bits 16 to 23 */
	snprintf(p->registers, sizeof p->registers, "%s", rsp_ask(r, "g"));
	if (strlen(p->registers) > 2 * byte + 1) {
		const unsigned flags = (unsigned)rsp_value(
		        (char[]) { p->registers[2 * byte], p->registers[2 * byte + 1], 0 });
		char hex[3];
		snprintf(hex, sizeof hex, "%02x", flags & 0xfe);
		memcpy(p->registers + 2 * byte, hex, 2);
	}
	snprintf(p->ram, sizeof p->ram, "%s", rsp_ask(r, "qCRC:0,%x", RAM_SIZE));
}

/* Places of a recording from its beginning to its end, or as far as it is stepped here. How many. */
static unsigned note_places(struct rsp *recorded, struct place *all)
{
	uint64_t at, end = 0, seed = 0x51de, position = 0;
	unsigned count = 0;
	RSP_BEGINS(recorded, "T", "c");
	if (!look_when(recorded, &at, &end))
		return 0;
	CHECK(end > PLACES);
	const uint64_t last = end < STEPS_MAX ? end : STEPS_MAX;
	while (count < PLACES) {
		position += 1 + random_below(&seed, (uint32_t)(2 * last / PLACES));
		if (position >= last)
			break;
		char line[40];
		snprintf(line, sizeof line, "goto %" PRIu64, position);
		rsp_monitor(recorded, line);
		if (!look_when(recorded, &at, &end))
			break;
		CHECK_EQ(at, position);
		all[count].position = position;
		look(recorded, &all[count++]);
	}
	return count;
}

static void step_to_places(struct rsp *fresh, const struct place *all, unsigned count)
{
	uint64_t at = 0;
	struct place is;
	for (unsigned i = 0; i < count; i++) {
		for (; at < all[i].position; at++)
			RSP_BEGINS(fresh, "T05", "s");
		look(fresh, &is);
		if (strcmp(is.registers, all[i].registers) || strcmp(is.ram, all[i].ram))
			CHECK_FAIL("position %" PRIu64
			           " has %.330s, RAM %s, and stepped %.330s, RAM %s",
			        at, all[i].registers, all[i].ram, is.registers, is.ram);
	}
}

static void check_guest(const char *guest, const char *mode, const char *load)
{
	struct rsp recorded, fresh;
	struct place all[PLACES];
	RSP_OPEN(&recorded, RSP_UNIX, guest, "--board", "bare", "--memory", RAM, "--mode", mode,
	        "--load", load, "--record", NULL);
	const unsigned count = note_places(&recorded, all);
	CHECK(count > 2);
	rsp_close(&recorded);
	RSP_OPEN(&fresh, RSP_UNIX, guest, "--board", "bare", "--memory", RAM, "--mode", mode,
	        "--load", load, "--record=off", NULL);
	CHECK(!strncmp(rsp_monitor(&fresh, "record"), "off", 3));
	step_to_places(&fresh, all, count);
	rsp_close(&fresh);
}

static void code_that_goes_from_real_mode_to_protected_mode(void)
{
	check_guest("stages", "real", "0x7c00");
}

static void a_kernel_of_32_bits(void)
{
	check_guest("kernel32", "prot", "0x100000");
}

static void a_kernel_of_64_bits(void)
{
	check_guest("kernel64", "long", "0x100000");
}

int main(void)
{
	RUN(code_that_goes_from_real_mode_to_protected_mode);
	RUN(a_kernel_of_32_bits);
	RUN(a_kernel_of_64_bits);
	return check_done();
}
