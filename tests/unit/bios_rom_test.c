/* The ROM at F000: its stubs, its entries, and what must not be found in it. */
#include "bios/rom.h"

#include <string.h>

#include "check.h"
#include "base/bytes.h"
#include "bios/bios.h"

static uint8_t rom[ROM_SIZE];

static void put(void *ctx, uint16_t offset, const void *bytes, size_t len)
{
	(void)ctx;
	CHECK(len <= ROM_SIZE - (size_t)offset);
	memcpy(rom + offset, bytes, len);
}

/* What a CPU does at an entry: the jump, if one stands there, to the stub. */
static uint16_t follow(uint16_t offset)
{
	if (rom[offset] != 0xe9)
		return offset;
	return (uint16_t)(offset + 3 + get16(rom + offset + 1));
}

static void every_vector_leads_to_its_stub(void)
{
	for (unsigned vector = 0; vector < 256; vector++) {
		uint16_t entry = rom_entry(vector);
		if (!entry || entry == ROM_IRET)
			continue;
		uint16_t at = follow(entry);
		CHECK_EQ(rom_trap_at(at), (int)vector);
		CHECK_EQ(rom_trap_at((uint16_t)(at + 1)), -1); /* in the middle of the out */
		CHECK_EQ(rom_trap_at((uint16_t)(at + 2)), (int)vector);
		CHECK_EQ(rom_trap_at((uint16_t)(at + 3)), -1);
		CHECK_EQ(rom[at], 0xe6);
		CHECK_EQ(rom[at + 1], ROM_TRAP_PORT);
		CHECK_EQ(rom_return(vector), at + 2);
	}
}

static void a_wait_leads_back_to_the_call(void)
{
	for (unsigned vector = 0; vector < 256; vector++) {
		uint16_t at = rom_wait(vector);
		if (vector == 0x08) /* the tick does not wait */
			continue;
		CHECK_EQ(rom[at], 0xfb);
		CHECK_EQ(rom[at + 1], 0xf4);
		CHECK_EQ(rom[at + 2], 0xeb);
		CHECK_EQ(rom_wait_at(at), (int)vector);
		CHECK_EQ(rom_wait_at((uint16_t)(at + 2)), (int)vector); /* after the hlt */
		CHECK_EQ(rom_wait_at((uint16_t)(at + 4)), -1);
		CHECK_EQ(rom_trap_at((uint16_t)(at + 4 + (int8_t)rom[at + 3])), (int)vector);
	}
}

static void the_reset_vector_leads_to_the_reset(void)
{
	CHECK_EQ(rom[0xfff0], 0xea);
	CHECK_EQ(get16(rom + 0xfff3), ROM_SEGMENT);
	CHECK_EQ(rom_trap_at(follow(get16(rom + 0xfff1))), ROM_RESET);
}

static void old_entries_stand_where_programs_call_them(void)
{
	CHECK_EQ(rom_entry(0x13), 0xec59);
	CHECK_EQ(rom_entry(0x19), 0xe6f2);
	CHECK_EQ(rom_entry(0x10), 0xf065);
	CHECK_EQ(rom[ROM_MODEL], 0xfc);
	CHECK_EQ(rom[ROM_IRET], 0xcf);
	CHECK_EQ(rom_entry(0x60), 0);
	CHECK_EQ(rom_entry(0x1c), ROM_IRET);
}

/* At 16-byte steps, as kernels look for them. */
static void no_table_is_found_in_it(void)
{
	static const char *const signs[] = { "RSD PTR ", "_MP_", "$PIR", "_SM_", "_SM3_", "_DMI_",
		"_32_", "$PnP" };
	for (unsigned at = 0; at < ROM_SIZE; at += 16)
		for (unsigned i = 0; i < sizeof signs / sizeof signs[0]; i++)
			CHECK(memcmp(rom + at, signs[i], strlen(signs[i])) != 0);
}

/* int 9's way through int 15h AH=4Fh, instruction by instruction. */
static void the_intercept_leads_to_the_key(void)
{
	static const uint8_t asks[] = { 0x50, 0xe4, 0x60, 0xb4, 0x4f, 0xf9, 0xcd, 0x15, 0x72 };
	static const uint8_t drops[] = { 0xb0, 0x20, 0xe6, 0x20, 0x58, 0xcf };
	uint16_t at = rom_call(ROM_INTERCEPT);
	CHECK(!memcmp(rom + at, asks, sizeof asks));
	at = (uint16_t)(at + sizeof asks);
	CHECK(!memcmp(rom + at + 1, drops, sizeof drops)); /* without CF */
	CHECK_EQ(rom[at], sizeof drops);
	at = follow((uint16_t)(at + 1 + rom[at]));
	CHECK_EQ(rom_trap_at(at), ROM_KEY_SEEN);
	CHECK_EQ(rom_wait_at(rom_wait(ROM_KEY_SEEN)), -1);
	at = rom_return(ROM_KEY_SEEN);
	CHECK_EQ(rom[at], 0x58);
	at = follow((uint16_t)(at + 1));
	CHECK_EQ(rom_trap_at(at), ROM_KEY);
	CHECK_EQ(rom[rom_return(ROM_KEY)], 0xcf);
}

static void what_is_jumped_to_returns_from_the_interrupt(void)
{
	static const uint8_t pressed[] = { 0x50, 0xb8, 0x00, 0x85, 0xcd, 0x15, 0x58, 0xcf };
	static const uint8_t released[] = { 0x50, 0xb8, 0x01, 0x85, 0xcd, 0x15, 0x58, 0xcf };
	for (unsigned vector = 0; vector < 256; vector++) {
		const uint8_t call[] = { 0xcd, (uint8_t)vector, 0xcf };
		CHECK(!memcmp(rom + rom_call(vector), call, sizeof call));
	}
	CHECK(!memcmp(rom + rom_call(ROM_SYSREQ_PRESSED), pressed, sizeof pressed));
	CHECK(!memcmp(rom + rom_call(ROM_SYSREQ_RELEASED), released, sizeof released));
	CHECK_EQ(rom_trap_at(rom_call(ROM_PAUSE)), ROM_PAUSE);
	CHECK_EQ(rom_wait_at(rom_wait(ROM_PAUSE)), ROM_PAUSE);
}

int main(void)
{
	rom_build(put, NULL);
	RUN(every_vector_leads_to_its_stub);
	RUN(a_wait_leads_back_to_the_call);
	RUN(the_reset_vector_leads_to_the_reset);
	RUN(old_entries_stand_where_programs_call_them);
	RUN(no_table_is_found_in_it);
	RUN(the_intercept_leads_to_the_key);
	RUN(what_is_jumped_to_returns_from_the_interrupt);
	return check_done();
}
