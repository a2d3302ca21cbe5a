/* A guest that calls the BIOS with anything in its registers, writes anything into its memory, and a
 * keyboard that types anything: a byte says what, the next ones how. */
#include "fuzz.h"

#include "base/bytes.h"
#include "bios/bda.h"
#include "bios/bios.h"
#include "bios/rom.h"
#include "devices/disk.h"

#define RAM       0x200000u
#define DISK_SIZE 737280u
#define VECTORS   (256 + ROM_STUBS - ROM_RESET)

static uint8_t ram[RAM], bytes[DISK_SIZE];
static const struct bios_regs *screen_call; /* of int 10h that is made now; NULL: of another */
static struct disks disks;

static bool is_ram(uint32_t gpa, size_t len)
{
	return gpa <= RAM && len <= RAM - gpa;
}

static bool read_ram(void *ctx, uint32_t gpa, void *to, size_t len)
{
	(void)ctx;
	if (is_ram(gpa, len))
		memcpy(to, ram + gpa, len);
	return is_ram(gpa, len);
}

/* Int 10h writes to the display memory, the BDA, two vectors, and where ES points to. */
static bool is_the_screens(uint32_t gpa, size_t len)
{
	uint32_t es = screen_call->es * 16u;
	if (gpa >= 0xa0000 && gpa + len <= 0xc0000)
		return true;
	return (gpa >= BDA_GPA && gpa + len <= BDA_GPA + BDA_SIZE) || gpa == 0x1f * 4 ||
	       gpa == 0x43 * 4 || (gpa >= es && gpa + len <= es + 0x10000u);
}

static bool write_ram(void *ctx, uint32_t gpa, const void *from, size_t len)
{
	(void)ctx;
	FUZZ_CLAIM(!screen_call || is_the_screens(gpa, len));
	if (is_ram(gpa, len))
		memcpy(ram + gpa, from, len);
	return is_ram(gpa, len);
}

static int read_disk(void *ctx, uint64_t offset, void *to, size_t len)
{
	(void)ctx;
	FUZZ_CLAIM(offset <= DISK_SIZE && len <= DISK_SIZE - offset);
	memcpy(to, bytes + offset, len);
	return 0;
}

static void hear(void *ctx, const char *line)
{
	(void)ctx;
	FUZZ_CLAIM(strlen(line) < 200);
}

static void print(void *ctx, uint8_t character)
{
	(void)ctx, (void)character;
}

static void swallow(void *ctx, const uint8_t *sent, size_t len)
{
	(void)ctx, (void)sent, (void)len;
}

/* What a call may do to the registers, and what is said of it. */
static void check_call(struct bios *b, unsigned vector, struct bios_regs *r)
{
	char text[64];
	struct bios_regs before = *r;
	screen_call = vector == 0x10 ? r : NULL;
	enum bios_verdict verdict = bios_call(b, vector, r);
	screen_call = NULL;
	FUZZ_CLAIM(verdict <= BIOS_OFF);
	FUZZ_CLAIM(r->ss == before.ss && r->sp == before.sp);
	FUZZ_CLAIM(r->cs == before.cs && r->ip == before.ip);
	if (verdict == BIOS_WAITS)
		FUZZ_CLAIM(!memcmp(&before, r, sizeof before));
	if (verdict == BIOS_JUMPS)
		FUZZ_CLAIM(rom_call(b->state.jump) < ROM_FREE);
	bios_describe(vector, &before, r, text, sizeof text);
	FUZZ_CLAIM(strlen(text) < sizeof text);
	bios_describe(vector, &before, NULL, text, sizeof text);
	bios_waits_for(vector, r);
}

static void call(struct bios *b, struct fuzz_in *in, struct bios_regs *r)
{
	unsigned vector = (unsigned)fuzz_number(in, 2) % VECTORS;
	uint8_t which = (uint8_t)fuzz_number(in, 1);
	uint32_t *const wide[] = { &r->eax, &r->ebx, &r->ecx, &r->edx, &r->esi, &r->edi };
	for (unsigned i = 0; i < 6; i++)
		if (which & 1u << i)
			*wide[i] = (uint32_t)fuzz_number(in, 4);
	if (which & 0x40)
		r->es = (uint16_t)fuzz_number(in, 2);
	if (which & 0x80)
		r->ds = r->sp = (uint16_t)fuzz_number(in, 2);
	check_call(b, vector, r);
}

static void poke(struct fuzz_in *in)
{
	uint8_t some[16];
	uint32_t gpa = (uint32_t)fuzz_number(in, 3);
	size_t len = fuzz_number(in, 1) % sizeof some;
	if (gpa & 0x800000) /* mostly the BIOS's own data */
		gpa = BDA_GPA + gpa % (BDA_SIZE + 1);
	fuzz_take(in, some, len);
	write_ram(NULL, gpa, some, len);
}

static void press(struct bios *b, struct fuzz_in *in, struct bios_regs *r)
{
	board_scancode(b->board, (uint8_t)fuzz_number(in, 1));
	board_advance(b->board, 2000000);
	if (board_interrupt(b->board))
		check_call(b, board_acknowledge(b->board), r);
}

static void make_disk(void)
{
	struct error e;
	const struct disk_medium m = { NULL, DISK_SIZE, false, read_disk, NULL, NULL };
	disks_close(&disks);
	disks = (struct disks) { 0 };
	FUZZ_CLAIM(!disks_add(&disks, "a disk", &m, DISK_AUTO, &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	static struct board board;
	struct bios_memory memory = { .read = read_ram,
		.write = write_ram,
		.range_count = 2,
		.ranges = { { 0, EBDA_GPA, 1 }, { 0x100000, RAM - 0x100000, 1 } } };
	struct bios b = {
		.board = &board, .disks = &disks, .memory = &memory, .say = hear, .teletype = print
	};
	struct bios_regs r = { .ss = 0x9000, .sp = 0x1000 };
	memset(ram, 0, sizeof ram);
	board_init(&board, true, swallow, NULL);
	make_disk();
	bios_power_on(&b);
	while (in.at < in.end) {
		switch (fuzz_number(&in, 1) & 3) {
		case 0: call(&b, &in, &r); break;
		case 1: poke(&in); break;
		case 2: board_advance(&board, fuzz_number(&in, 4)); break;
		case 3: press(&b, &in, &r); break;
		}
	}
	return 0;
}
