/* Many at once: 64 breakpoints and 16 watchpoints, thousands of stops in a known order, none lost.
 *
 * STEPVM_MANY=1000 in the environment asks for about so many stops in all, for slow machines. */
#include "rsp_check.h"

#define STOPS        80 /* of a round: 64 breakpoints and 16 watchpoints */
#define STOPS_WANTED 10000

struct place {
	unsigned kind; /* 0 or the Z packet's digit */
	unsigned pc, gva;
};

static bool read_list(struct rsp *r, const char *name, struct place *list)
{
	uint64_t at = rsp_symbol("many", name);
	const char *hex = rsp_ask(r, "m%" PRIx64 ",%x", at, 12 * STOPS);
	if (strlen(hex) != 24 * STOPS)
		return false;
	for (unsigned i = 0; i < STOPS; i++, hex += 24)
		list[i] = (struct place) { .kind = rsp_value(hex) & 0xffffffff,
			.pc = rsp_value(hex + 8) & 0xffffffff,
			.gva = rsp_value(hex + 16) & 0xffffffff };
	return true;
}

static unsigned wanted_stops(void)
{
	const char *text = getenv("STEPVM_MANY");
	return text && text[0] ? (unsigned)strtoul(text, NULL, 10) : STOPS_WANTED;
}

static void set_all(struct rsp *r, const struct place *list)
{
	for (unsigned i = 0; i < STOPS; i++)
		if (list[i].kind)
			RSP_IS(r, "OK", "Z%u,%x,4", list[i].kind, list[i].gva);
		else
			RSP_IS(r, "OK", "Z0,%x,1", list[i].pc);
}

/* Continues and compares the stop with p. */
static bool next(struct rsp *r, const struct place *p, unsigned n)
{
	static const char *const names[] = { "swbreak:", NULL, ";watch:", ";rwatch:", ";awatch:" };
	unsigned long long gva = 0;
	const char *stop = rsp_ask(r, "c"), *at = strstr(stop, names[p->kind]);
	bool ok = !strncmp(stop, "T05", 3) && rsp_pc(stop) == p->pc && at;
	if (ok && p->kind)
		ok = sscanf(strchr(at, ':') + 1, "%llx", &gva) == 1 && gva - p->gva < 4;
	if (!ok)
		CHECK_FAIL("stop %u: wanted %s at %x (%x): %.100s", n, names[p->kind], p->pc,
		        p->gva, stop);
	return ok;
}

static void check_rounds(const char *name, unsigned rounds_16, unsigned rounds_32)
{
	struct rsp r;
	struct place list[STOPS];
	unsigned rounds = rounds_16 + rounds_32, n = 0;
	uint64_t at_16 = rsp_symbol("many", "rounds_16"), at_32 = rsp_symbol("many", "rounds_32");
	RSP_OPEN(&r, RSP_UNIX, "many", "--load", "0x7c00", NULL);
	RSP_BEGINS(&r, "PacketSize", "qSupported:swbreak+;hwbreak+");
	RSP_IS(&r, "OK", "QStartNoAckMode");
	r.is_no_ack = true;
	RSP_IS(&r, "OK", "M%" PRIx64 ",2:%02x%02x", at_16, rounds_16 & 0xff, rounds_16 >> 8);
	RSP_IS(&r, "OK", "M%" PRIx64 ",2:%02x%02x", at_32, rounds_32 & 0xff, rounds_32 >> 8);
	CHECK(read_list(&r, name, list));
	set_all(&r, list);
	while (check_case_ok && n < rounds * STOPS && next(&r, &list[n % STOPS], n))
		n++;
	CHECK_EQ(n, rounds * STOPS);
	/* And the guest has not noticed. */
	RSP_BEGINS(&r, "T00", "c");
	CHECK_STR(rsp_output(&r), "many ok\n");
	rsp_close(&r);
}

static void none_of_thousands_is_lost_in_real_mode(void)
{
	check_rounds("list_16", wanted_stops() / 2 / STOPS + 1, 0);
}

static void none_of_thousands_is_lost_in_protected_mode(void)
{
	check_rounds("list_32", 0, wanted_stops() / 2 / STOPS + 1);
}

/* As many as there may be: one more is refused with the reason, and the guest can still be run and
 * stopped. */
static void fill(const char *engine)
{
	struct rsp r;
	RSP_OPEN(&r, RSP_UNIX, "spin", "--engine", engine, NULL);
	RSP_IS(&r, "OK", "QStartNoAckMode");
	r.is_no_ack = true;
	RSP_IS(&r, "OK", "Z0,%" PRIx64 ",1", rsp_symbol("spin", "loop"));
	for (unsigned i = 1; i < 16384 && check_case_ok; i++)
		RSP_IS(&r, "OK", "Z0,%x,1", 0x20000 + i);
	RSP_IS(&r, "E.there are 16384 breakpoints already", "Z0,1234,1");
	for (unsigned i = 0; i < 256 && check_case_ok; i++)
		RSP_IS(&r, "OK", "Z2,%x,1", 0x30000 + i);
	RSP_IS(&r, "E.there are 256 watchpoints already", "Z3,1234,1");
	RSP_STOPS(&r, "c", rsp_symbol("spin", "loop"), "T05");
	/* At once, for the guest comes to the same breakpoint again soon. */
	rsp_send_raw(&r, "$c#63\x03", 6);
	CHECK(!strncmp(rsp_reply(&r), "T02", 3));
	rsp_close(&r);
}

static void there_is_an_end_that_is_told(void)
{
	fill("kvm");
	fill("interp");
}

int main(void)
{
	RUN(none_of_thousands_is_lost_in_real_mode);
	RUN(none_of_thousands_is_lost_in_protected_mode);
	RUN(there_is_an_end_that_is_told);
	return check_done();
}
