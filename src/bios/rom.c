/* The stubs, and where they stand. */
#include "bios/rom.h"

#include <string.h>

#include "base/array.h"
#include "base/bytes.h"

/* Our own places: a stub of 16 bytes for each vector and for ROM_RESET, then `int n; iret` for each
 * vector, 4 bytes. */
#define STUBS        0x1000u
#define STUB_SIZE    16u
#define CALLS        0x2100u
#define CALL_SIZE    4u
#define TRAP_SIZE    2u
#define WAIT         8u /* in a stub */
#define WAIT_SIZE    4u
#define ROUTINES     0x2500u
#define ROUTINE_SIZE 32u
_Static_assert(STUBS + ROM_STUBS * STUB_SIZE <= CALLS, "stubs end before the calls");
_Static_assert(CALLS + 256 * CALL_SIZE <= ROUTINES, "these before the routines,");
_Static_assert(ROUTINES + 3 * ROUTINE_SIZE <= ROM_FREE, "and these before the services' tables");

#define RESET_VECTOR 0xfff0u
#define RESET_ENTRY  0xe05bu /* where a PC's own jump at FFF0 leads: the power-on self-test */

/* A PC's own entries. */
static const struct {
	uint8_t vector;
	uint16_t offset;
} known[] = {
	{ 0x02, 0xe2c3 },
	{ 0x05, 0xff54 },
	{ 0x08, 0xfea5 },
	{ 0x09, 0xe987 },
	{ 0x0e, 0xef57 },
	{ 0x10, 0xf065 },
	{ 0x11, 0xf84d },
	{ 0x12, 0xf841 },
	{ 0x13, 0xec59 },
	{ 0x14, 0xe739 },
	{ 0x15, 0xf859 },
	{ 0x16, 0xe82e },
	{ 0x17, 0xefd2 },
	{ 0x19, 0xe6f2 },
	{ 0x1a, 0xfe6e },
};

/* Vectors that a PC's BIOS leaves at zero: the user's (60h to 66h), and one that programs which look
 * for copy protection expect so (Ralf Brown's Interrupt List, INT 60 and INT 79). */
static bool is_zero(unsigned vector)
{
	return (vector >= 0x60 && vector <= 0x66) || vector == 0x79;
}

/* Vectors that are called so that a guest may hook them, and tables: nothing to answer. */
static bool is_hook(unsigned vector)
{
	return vector == 0x1b || vector == 0x1c || vector == 0x4a;
}

static uint16_t stub(unsigned vector)
{
	return (uint16_t)(STUBS + vector * STUB_SIZE);
}

uint16_t rom_entry(unsigned vector)
{
	if (is_zero(vector))
		return 0;
	if (is_hook(vector))
		return ROM_IRET;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].vector == vector)
			return known[i].offset;
	return stub(vector);
}

/* Whose bytes go where. */
struct target {
	rom_put *put;
	void *ctx;
};

static void put(const struct target *rom, uint16_t offset, const void *bytes, size_t len)
{
	rom->put(rom->ctx, offset, bytes, len);
}

static void put_jump(const struct target *rom, uint16_t at, uint16_t to)
{
	uint8_t code[3] = { 0xe9 }; /* jmp rel16 */
	put16(code + 1, (uint16_t)(to - (at + sizeof code)));
	put(rom, at, code, sizeof code);
}

/* What int 9 does where a program has hooked int 15h. The jump at its end is put after it. */
static void put_intercept(const struct target *rom)
{
	static const uint8_t code[] = {
		0x50,       /* push ax */
		0xe4, 0x60, /* in al, 60h */
		0xb4, 0x4f, /* mov ah, 4fh */
		0xf9,       /* stc */
		0xcd, 0x15, /* int 15h */
		0x72, 0x06, /* jc the jump: it is to be taken */
		0xb0, 0x20, /* mov al, 20h */
		0xe6, 0x20, /* out 20h, al: the end of the interrupt */
		0x58,       /* pop ax */
		0xcf,       /* iret */
	};
	uint16_t at = rom_call(ROM_INTERCEPT);
	put(rom, at, code, sizeof code);
	put_jump(rom, (uint16_t)(at + sizeof code), stub(ROM_KEY_SEEN));
}

static void put_sysreq(const struct target *rom, unsigned routine)
{
	/* push ax; mov ax, 85..h; int 15h; pop ax; iret */
	const uint8_t code[] = { 0x50, 0xb8, routine == ROM_SYSREQ_RELEASED, 0x85, 0xcd, 0x15, 0x58,
		0xcf };
	put(rom, rom_call(routine), code, sizeof code);
}

static void put_key_seen(const struct target *rom)
{
	static const uint8_t code[] = { 0xe6, ROM_TRAP_PORT, 0x58 }; /* out; pop ax */
	uint16_t at = stub(ROM_KEY_SEEN);
	put(rom, at, code, sizeof code);
	put_jump(rom, (uint16_t)(at + sizeof code), stub(ROM_KEY));
}

static void put_stub(const struct target *rom, unsigned vector)
{
	/* A call of ROM_APM returns by retf, the others by iret. */
	const uint8_t trap[] = { 0xe6, ROM_TRAP_PORT, vector == ROM_APM ? 0xcb : 0xcf };
	/* The tick: int 1Ch; then push ax; mov al, 20h; out 20h, al; pop ax; iret: the end of the
	 * interrupt comes after what a program hooks, as in IBM's. The wait has no place there. */
	static const uint8_t tick[] = { 0xe6, ROM_TRAP_PORT, 0xcd, 0x1c, 0x50, 0xb0, 0x20, 0xe6,
		0x20, 0x58, 0xcf };
	static const uint8_t wait[WAIT_SIZE] = { 0xfb, 0xf4, 0xeb, (uint8_t) - (WAIT + WAIT_SIZE) };
	_Static_assert(sizeof tick <= STUB_SIZE && WAIT + WAIT_SIZE <= STUB_SIZE, "room");
	if (vector == 0x08) {
		put(rom, stub(vector), tick, sizeof tick);
		return;
	}
	if (vector == ROM_KEY_SEEN) {
		put_key_seen(rom);
		return;
	}
	put(rom, stub(vector), trap, sizeof trap);
	put(rom, (uint16_t)(stub(vector) + WAIT), wait, sizeof wait);
}

void rom_build(rom_put *to, void *ctx)
{
	const struct target target = { to, ctx }, *rom = &target;
	static const uint8_t iret = 0xcf, model = 0xfc; /* a PC AT */
	static const uint8_t reset[] = { 0xea, RESET_ENTRY & 0xff, RESET_ENTRY >> 8, 0x00, 0xf0 };
	static const char date[] = "01/01/99";
	for (unsigned vector = 0; vector < ROM_STUBS; vector++)
		put_stub(rom, vector);
	for (unsigned vector = 0; vector < 256; vector++) {
		const uint8_t call[CALL_SIZE] = { 0xcd, (uint8_t)vector, 0xcf };
		put(rom, (uint16_t)(CALLS + vector * CALL_SIZE), call, sizeof call);
	}
	put_intercept(rom);
	put_sysreq(rom, ROM_SYSREQ_PRESSED);
	put_sysreq(rom, ROM_SYSREQ_RELEASED);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		put_jump(rom, known[i].offset, stub(known[i].vector));
	put(rom, ROM_IRET, &iret, 1);
	put_jump(rom, RESET_ENTRY, stub(ROM_RESET));
	put(rom, RESET_VECTOR, reset, sizeof reset); /* jmp F000:E05B */
	put(rom, ROM_DATE, date, sizeof date - 1);
	put(rom, ROM_MODEL, &model, 1);
}

bool rom_is_code(uint16_t offset)
{
	if (offset >= STUBS && offset < ROUTINES + 3 * ROUTINE_SIZE)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].offset == offset)
			return true;
	return offset == ROM_IRET || offset == RESET_ENTRY || offset == RESET_VECTOR;
}

static int stub_at(uint16_t offset, unsigned first, unsigned last)
{
	unsigned off = offset - STUBS;
	if (offset < STUBS || off / STUB_SIZE >= ROM_STUBS)
		return -1;
	unsigned in = off % STUB_SIZE;
	return in >= first && in <= last ? (int)(off / STUB_SIZE) : -1;
}

int rom_trap_at(uint16_t offset)
{
	int vector = stub_at(offset, 0, TRAP_SIZE);
	return (offset - STUBS) % STUB_SIZE == 1 ? -1 : vector;
}

/* Others' stubs have other code there. */
static bool has_wait(int vector)
{
	return vector != 0x08 && vector != ROM_KEY_SEEN;
}

int rom_wait_at(uint16_t offset)
{
	int vector = stub_at(offset, WAIT, WAIT + WAIT_SIZE - 1);
	return has_wait(vector) ? vector : -1;
}

uint16_t rom_wait(unsigned vector)
{
	return (uint16_t)(stub(vector) + WAIT);
}

uint16_t rom_call(unsigned vector)
{
	if (vector >= ROM_INTERCEPT)
		return (uint16_t)(ROUTINES + (vector - ROM_INTERCEPT) * ROUTINE_SIZE);
	return vector < 0x100 ? (uint16_t)(CALLS + vector * CALL_SIZE) : stub(vector);
}

uint16_t rom_return(unsigned vector)
{
	return (uint16_t)(stub(vector) + TRAP_SIZE);
}
