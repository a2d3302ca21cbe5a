/* Guests that were never meant to run: bytes at random, and code that does to ports, memory and the
 * CPU's own registers what no guest would. With a debugger that runs, interrupts and steps them,
 * and without. Whatever a guest does, stepvm answers its debugger, ends by Ctrl-C and never by a
 * signal of its own making. */
#include <fcntl.h>

#include "torture.h"

#define IMAGE_MAX     8192
#define STEP_LASTS_MS 2000 /* far more than a step that ends takes */

struct image {
	uint8_t bytes[IMAGE_MAX];
	size_t len;
};

static void put(struct image *i, const void *bytes, size_t len)
{
	if (len > IMAGE_MAX - i->len)
		len = IMAGE_MAX - i->len;
	memcpy(i->bytes + i->len, bytes, len);
	i->len += len;
}

static void put_bytes(struct image *i, unsigned count, const uint8_t *bytes)
{
	put(i, bytes, count);
}
#define PUT(i, ...)                                                                                \
	put_bytes(i, sizeof((const uint8_t[]) { __VA_ARGS__ }), (const uint8_t[]) { __VA_ARGS__ })

static void put_random(struct image *i, uint64_t *seed, size_t len)
{
	for (; len; len--)
		PUT(i, (uint8_t)random_next(seed));
}

/* --- kinds of guests, in 16-bit code ---------------------------------------------------------- */

static void random_bytes(struct image *i, uint64_t *seed)
{
	put_random(i, seed, 64 + random_below(seed, IMAGE_MAX - 64));
}

/* The bytes of instructions that matter, in between: prefixes, I/O, far jumps, system ones. */
static void likely_bytes(struct image *i, uint64_t *seed)
{
	static const uint8_t likely[] = { 0x0f, 0x01, 0x20, 0x22, 0x23, 0x66, 0x67, 0xf3, 0xf2,
		0xcc, 0xcd, 0xcf, 0xf4, 0xfa, 0xfb, 0x6c, 0x6e, 0xe4, 0xe6, 0xec, 0xee, 0xef, 0x9c,
		0x9d, 0x8e, 0xea, 0x9a, 0xff, 0xf0, 0x00, 0x07, 0xc0, 0xe8, 0x30, 0x32 };
	while (i->len < IMAGE_MAX / 2)
		if (random_below(seed, 2))
			PUT(i, likely[random_below(seed, sizeof likely)]);
		else
			put_random(i, seed, 1);
}

/* in, out, ins and outs, of every size, at any port but the one that ends the run; or at a device.
 */
static void ports(struct image *i, uint64_t *seed)
{
	static const uint16_t devices[] = { 0x3f8, 0x20, 0x21, 0xa0, 0xa1, 0x40, 0x43, 0x60, 0x64,
		0x70, 0x71, 0x80, 0x92, 0xcf8, 0xcf9, 0x10, 0x378, 0x2f8, 0x3c0, 0x3c9, 0x3d4,
		0x3d5, 0x3da, 0xb8, 0xffff };
	static const uint8_t codes[] = { 0xec, 0xed, 0xee, 0xef, 0x6c, 0x6d, 0x6e, 0x6f };
	while (i->len < IMAGE_MAX - 32) {
		uint16_t port = (uint16_t)random_next(seed);
		uint32_t value = (uint32_t)random_next(seed);
		if (random_below(seed, 2))
			port = devices[random_below(seed, sizeof devices / sizeof *devices)];
		if (port == 0x3f8)
			port = (uint16_t)(port + random_below(seed, 8));
		if (port >= 0xe0 && port < 0xf8)
			continue;
		PUT(i, 0xba, (uint8_t)port, (uint8_t)(port >> 8)); /* mov dx */
		PUT(i, 0x66, 0xb8);                                /* mov eax */
		put(i, &value, 4);
		PUT(i, 0xb9, (uint8_t)(1 + random_below(seed, 60)), 0); /* mov cx */
		if (random_below(seed, 2))
			PUT(i, 0xf3);
		if (random_below(seed, 2))
			PUT(i, 0x66);
		PUT(i, codes[random_below(seed, sizeof codes)]);
	}
	PUT(i, 0xe9, (uint8_t)(0x10000 - i->len - 3), (uint8_t)((0x10000 - i->len - 3) >> 8));
}

/* Reads and writes where no RAM is and over its end, by mov, movs, add, xchg, push. */
static void mmio(struct image *i, uint64_t *seed)
{
	static const uint8_t codes[][3] = { { 0x26, 0x88, 0x07 }, { 0x26, 0x8b, 0x07 },
		{ 0x26, 0x01, 0x07 }, { 0x26, 0x87, 0x07 }, { 0xf3, 0x90, 0xa5 },
		{ 0xf3, 0x90, 0xab }, { 0x26, 0xff, 0x37 }, { 0x26, 0x8f, 0x07 } };
	while (i->len < IMAGE_MAX - 32) {
		uint16_t segment = (uint16_t)(0x9ff0 + random_below(seed, 0x6010));
		const uint8_t *code = codes[random_below(seed, sizeof codes / sizeof *codes)];
		PUT(i, 0xb8, (uint8_t)segment, (uint8_t)(segment >> 8), 0x8e, 0xc0); /* mov es */
		PUT(i, 0xbb);                                                        /* mov bx */
		put_random(i, seed, 2);
		PUT(i, 0xbf); /* mov di */
		put_random(i, seed, 2);
		PUT(i, 0xb9, (uint8_t)random_below(seed, 200), 0); /* mov cx */
		if (random_below(seed, 2))
			PUT(i, 0x66);
		if (code[0] == 0xf3)
			PUT(i, 0xf3, code[2]);
		else
			put(i, code, 3);
	}
	PUT(i, 0xe9, (uint8_t)(0x10000 - i->len - 3), (uint8_t)((0x10000 - i->len - 3) >> 8));
}

/* Control and debug registers, MSRs, descriptor tables, flags, segments; then whatever follows. */
static void reprograms(struct image *i, uint64_t *seed)
{
	static const uint8_t crs[] = { 0xc0, 0xd0, 0xd8, 0xe0 }; /* cr0, cr2, cr3, cr4 from eax */
	while (i->len < IMAGE_MAX / 2) {
		uint32_t value = 1u << random_below(seed, 32);
		if (random_below(seed, 2))
			value |= (uint32_t)random_next(seed);
		PUT(i, 0x66, 0xb8); /* mov eax */
		put(i, &value, 4);
		switch (random_below(seed, 9)) {
		case 0: PUT(i, 0x0f, 0x22, crs[random_below(seed, sizeof crs)]); break;
		case 1: PUT(i, 0x0f, 0x23, (uint8_t)(0xc0 | random_below(seed, 64))); break;
		case 2: /* ecx; wrmsr or rdmsr */
			PUT(i, 0x66, 0xb9, (uint8_t)random_below(seed, 256), 0, 0,
			        random_below(seed, 2) ? 0xc0 : 0);
			PUT(i, 0x0f, random_below(seed, 2) ? 0x30 : 0x32);
			break;
		case 3: /* lgdt, lidt */
			PUT(i, 0x0f, 0x01, random_below(seed, 2) ? 0x16 : 0x1e);
			put_random(i, seed, 2);
			break;
		case 4: PUT(i, 0x66, 0x50, 0x66, 0x9d); break; /* push eax; popfd */
		case 5: PUT(i, 0x8e, (uint8_t)(0xc0 | random_below(seed, 6) << 3)); break;
		case 6: PUT(i, 0x0f, 0x01, 0xf0); break; /* lmsw */
		case 7: PUT(i, 0xcd, (uint8_t)random_below(seed, 256)); break;
		case 8:
			PUT(i, random_below(seed, 2) ? 0xfa : 0xfb, 0xf4);
			break; /* cli, sti; hlt */
		}
	}
}

/* An IDT that has no vector, and then a fault: again whenever the debugger has it go on. */
static void triple_faults(struct image *i, uint64_t *seed)
{
	static const uint8_t faults[][2] = { { 0x0f, 0x0b }, { 0xcc, 0x90 }, { 0xf6, 0xf4 },
		{ 0xcd, 0x80 }, { 0x0f, 0xff }, { 0xf1, 0x90 } };
	PUT(i, 0x31, 0xc0, 0x8e, 0xd8, 0x0f, 0x01, 0x1e, 0x00, 0x05); /* ds = 0; lidt 0x500 */
	if (random_below(seed, 2)) /* in 32-bit mode without a GDT's help: mov cr0 */
		PUT(i, 0x66, 0xb8, 1, 0, 0, 0, 0x0f, 0x22, 0xc0);
	while (i->len < 512)
		put(i, faults[random_below(seed, sizeof faults / sizeof *faults)], 2);
}

static const struct {
	const char *name;
	void (*make)(struct image *i, uint64_t *seed);
} kinds[] = { { "random_bytes", random_bytes }, { "likely_bytes", likely_bytes },
	{ "ports", ports }, { "mmio", mmio }, { "reprograms", reprograms },
	{ "triple_faults", triple_faults } };
#define KINDS (sizeof kinds / sizeof *kinds)

/* --- one of them ------------------------------------------------------------------------------ */

static void drain(struct rsp *r)
{
	struct pollfd p = { .fd = r->stderr_fd, .events = POLLIN };
	while (poll(&p, 1, 0) == 1 && p.revents & POLLIN && rsp_drain(r))
		if (r->errors_len > sizeof r->errors / 2)
			r->errors_len = 0;
}

/* Whether the guest stops within some ms milliseconds; the stop is still to be read. */
static bool stops_within(struct rsp *r, int ms)
{
	int c;
	do
		c = rsp_byte(r, ms);
	while (c == '+');
	if (c < 0)
		return false;
	r->in_at--;
	return true;
}

/* Why it failed, or NULL. An ended guest (W) is fine. A step over a PC's BIOS may last for ever: a handler in the ROM
 * that is entered by a fault of the guest's and cannot return, for the stack is at its end, raises that fault again. */
static const char *follow(struct rsp *r, bool is_pc, uint64_t *seed)
{
	if (!rsp_connect(r) || rsp_ask(r, "?")[0] != 'T')
		return "no debugger is let in";
	rsp_ask(r, "Z0,%x,1", random_below(seed, 0x1000));
	if (random_below(seed, 4) == 0)
		rsp_ask(r, "Z%u,%x,4", 2 + random_below(seed, 3), random_below(seed, 0x1000));
	for (unsigned n = 2 + random_below(seed, 6); n; n--) {
		bool is_step = random_below(seed, 2);
		for (unsigned k = is_step ? 20 : 1; k; k--) {
			rsp_send(r, is_step ? "s" : "c", 1);
			int ms = is_step ? STEP_LASTS_MS : (int)random_below(seed, 10);
			bool stops = stops_within(r, ms);
			/* A run is sent one in any case: after a stop it is one too many. */
			if (!is_step || (is_pc && !stops))
				rsp_send_raw(r, "\x03", 1);
			const char *reply = rsp_reply(r);
			if (reply[0] == 'W')
				return NULL;
			if (reply[0] != 'T')
				return is_step ? "a step does not come back"
				               : "0x03 does not stop it";
			drain(r);
		}
		if (strlen(rsp_ask(r, "g")) < 64)
			return "no registers";
		rsp_ask(r, "m0,100");
		rsp_ask(r, "qRcmd,696e666f"); /* info */
	}
	return NULL;
}

static bool report(const char *kind, uint64_t seed, const char *why, const struct rsp *r)
{
	printf("# guest %s of seed 0x%" PRIx64 ": %s: %.100s; %.300s\n", kind, seed, why, r->packet,
	        r->errors);
	return false;
}

static bool torture_guest(uint64_t seed, unsigned number)
{
	static struct rsp r; /* large */
	static struct image image;
	const uint64_t given = seed;
	bool has_debugger = number / KINDS % 4, is_pc = number / KINDS % 2;
	char path[32];
	image.len = 0;
	kinds[number % KINDS].make(&image, &seed);
	int fd = memfd_create("guest", 0);
	if (fd < 0 || write(fd, image.bytes, image.len) != (ssize_t)image.len)
		return report("(none)", given, "no image", &r);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	bool ok = rsp_start(&r, RSP_UNIX, path, "--board", is_pc ? "pc" : "bare", "--memory",
	        is_pc ? "2M" : "640K", "--load", is_pc ? "0x7c00" : "0", "--hlt",
	        random_below(&seed, 2) ? "auto" : "exit", has_debugger ? NULL : "--no-wait", NULL);
	close(fd);
	const char *why = ok ? NULL : "it does not start";
	if (!why && has_debugger)
		why = follow(&r, is_pc, &seed);
	/* Ctrl-C ends it, whatever it does; it may have ended. */
	if (!why)
		kill(r.pid, SIGINT);
	int status = why ? 0 : rsp_wait_exit(&r);
	if (!why && status < 0)
		why = "Ctrl-C does not end it";
	if (!why && status >= 256 && status != 256 + SIGINT)
		why = "it crashed";
	ok = !why || report(kinds[number % KINDS].name, given, why, &r);
	rsp_close(&r);
	return ok;
}

bool torture_hostile(const struct torture *t)
{
	bool ok = true;
	for (unsigned i = 0; i < t->guests; i++) {
		uint64_t seed = t->seed + i;
		if (t->is_verbose)
			fprintf(stderr, "guest %u %s\n", i, kinds[i % KINDS].name);
		ok &= torture_guest(seed, i);
	}
	return ok;
}
