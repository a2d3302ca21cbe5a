/* What stepvm does to pages for the sake of watchpoints must not show in the guest: each case runs
 * once without a watchpoint, and then with each of some that never hit, which have to change
 * nothing: not its registers, not its memory, not what it prints. Once more by the engine, which compares instead. */
#include "rsp_check.h"

#define NUMBERS_MAX 6

struct scene {
	const char *image;
	const char *options[3];
	void (*begin)(
	        struct rsp *r); /* from the first instruction to where the run starts, or NULL */
	const char *watches[NUMBERS_MAX]; /* what is between Z and z */
	const char *memory[NUMBERS_MAX];  /* requests */
};

struct end {
	char replies[2 + NUMBERS_MAX][9000]; /* the stop and the registers, the memory */
	char output[1000];
};

static const char *engine;

static bool start(struct rsp *r, const struct scene *s)
{
	char path[600];
	snprintf(path, sizeof path, "%s/%s", rsp_env("GUESTS"), s->image);
	if (rsp_start(r, RSP_UNIX, path, "--engine", engine, s->options[0], s->options[1], NULL) &&
	        rsp_connect(r))
		return true;
	CHECK_FAIL("%s did not start: %s", s->image, r->errors);
	return false;
}

static void run(const struct scene *s, const char *watch, struct end *end)
{
	struct rsp r;
	memset(end, 0, sizeof *end);
	if (!start(&r, s)) {
		rsp_close(&r);
		return;
	}
	if (s->begin)
		s->begin(&r);
	if (watch)
		RSP_IS(&r, "OK", "Z%s", watch);
	snprintf(end->replies[0], sizeof end->replies[0], "%s", rsp_ask(&r, "c"));
	snprintf(end->replies[1], sizeof end->replies[1], "%s", rsp_ask(&r, "g"));
	if (watch)
		RSP_IS(&r, "OK", "z%s", watch);
	for (unsigned i = 0; i < NUMBERS_MAX && s->memory[i]; i++)
		snprintf(end->replies[2 + i], sizeof end->replies[0], "%s",
		        rsp_ask(&r, "%s", s->memory[i]));
	snprintf(end->output, sizeof end->output, "%.999s", rsp_output(&r));
	rsp_close(&r);
}

static void check_engine(const struct scene *s)
{
	static struct end alone, watched;
	run(s, NULL, &alone);
	CHECK(!strncmp(alone.replies[0], "T00", 3)); /* a hlt */
	for (unsigned i = 0; i < NUMBERS_MAX && s->watches[i]; i++) {
		run(s, s->watches[i], &watched);
		for (unsigned k = 0; k < 2 + NUMBERS_MAX; k++)
			if (strcmp(alone.replies[k], watched.replies[k]))
				CHECK_FAIL("Z%s: reply %u is %.400s, without %.400s", s->watches[i],
				        k, watched.replies[k], alone.replies[k]);
		CHECK_STR(watched.output, alone.output);
	}
}

static void check(const struct scene *s)
{
	engine = "kvm";
	check_engine(s);
	engine = "interp";
	check_engine(s);
}

/* Its own PML4 from the start on, the page with the IDT long before lidt. */
static void tables_of_a_kernel(void)
{
	check(&(struct scene) {
	        .image = "kernel64.elf",
	        .watches = { "4,81ff8,8", "2,81ff8,8", "3,10af03,1" },
	});
}

static void to_long_mode(struct rsp *r)
{
	char at[20];
	snprintf(at, sizeof at, "Z1,%" PRIx64 ",1", rsp_symbol("pages", "mapped"));
	RSP_IS(r, "OK", "%s", at);
	RSP_BEGINS(r, "T05", "c");
	at[0] = 'z';
	RSP_IS(r, "OK", "%s", at);
}

/* Accessed and Dirty at every level; the GDT, the LDT and the TSS lie in the image. */
static void what_the_cpu_writes_to_tables(void)
{
	check(&(struct scene) {
	        .image = "pages.bin",
	        .options = { "--load", "0x7c00" },
	        .begin = to_long_mode,
	        .watches = { "2,10ff8,1", "2,11ff8,1", "2,13ff8,1", "2,14ff8,1", "4,14ff8,1" },
	        .memory = { "m10000,1000", "m11000,1000", "m12000,1000", "m13000,1000",
	                "m14000,1000" },
	});
}

/* mov 0x400000, %eax, which is not mapped: a frame on the stack of IST1, below 0x6000. */
static void to_a_page_fault(struct rsp *r)
{
	to_long_mode(r);
	RSP_IS(r, "OK", "M%" PRIx64 ",7:8b042500004000", rsp_symbol("pages", "mapped"));
}

static void a_stack_of_an_ist(void)
{
	check(&(struct scene) {
	        .image = "pages.bin",
	        .options = { "--load", "0x7c00" },
	        .begin = to_a_page_fault,
	        .watches = { "2,5800,1", "3,5800,1" },
	        .memory = { "m5f80,80" },
	});
}

/* popa; iret to 0x8010: hlt. */
static void pops_at(struct rsp *r, unsigned sp)
{
	RSP_IS(r, "OK", "M8000,2:61cf");
	RSP_IS(r, "OK", "M8010,1:f4");
	RSP_IS(r, "OK", "M%x,16:01000200030004000500060007000800108000000200", sp);
	RSP_IS(r, "OK", "P4=%02x%02x0000", sp & 0xff, sp >> 8);
	RSP_IS(r, "OK", "P8=00800000");
}

static void pops_of_a_page(struct rsp *r)
{
	pops_at(r, 0x5000);
}

static void pops_into_a_page(struct rsp *r)
{
	pops_at(r, 0x4ffa);
}

static void iret_into_a_page(struct rsp *r)
{
	pops_at(r, 0x4fee);
}

static void pops(void)
{
	void (*const begins[])(
	        struct rsp *) = { pops_of_a_page, pops_into_a_page, iret_into_a_page };
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		check(&(struct scene) {
		        .image = "selfcheck.bin",
		        .begin = begins[i],
		        .watches = { "4,5800,1", "3,5800,1", "2,5800,1" },
		        .memory = { "m4fc0,80" },
		});
}

/* mov %rax, %cr3 leads 0x205100 to another page, of which the byte is another: nobody has written it. Then
 * incb 0x205100; nop; hlt. */
static void another_page_is_no_write(void)
{
	static const char *const engines[] = { "kvm", "interp" };
	for (unsigned i = 0; i < 2; i++) {
		struct rsp r;
		RSP_OPEN(&r, RSP_UNIX, "pages", "--load", "0x7c00", "--engine", engines[i], NULL);
		to_long_mode(&r);
		const uint64_t at = rsp_symbol("pages", "mapped");
		/* movq $0x6003, 0x14028; mov %cr3, %r8; mov %r8, %cr3 */
		RSP_IS(&r, "OK",
		        "M%" PRIx64
		        ",1d:48c704252840010003600000410f20d8410f22d8fe04250051200090f4",
		        at);
		RSP_IS(&r, "OK", "M5100,1:11");
		RSP_IS(&r, "OK", "M6100,1:22");
		RSP_IS(&r, "OK", "Z2,205100,1");
		for (unsigned k = 0; k < 3; k++)
			CHECK(!strstr(rsp_ask(&r, "s"), "watch"));
		const char *stop = rsp_ask(&r, "s");
		CHECK(strstr(stop, ";watch:205100;"));
		CHECK_EQ(rsp_pc(stop), at + 27);
		RSP_IS(&r, "23", "m205100,1");
		rsp_close(&r);
	}
}

int main(void)
{
	RUN(tables_of_a_kernel);
	RUN(what_the_cpu_writes_to_tables);
	RUN(a_stack_of_an_ist);
	RUN(pops);
	RUN(another_page_is_no_write);
	return check_done();
}
