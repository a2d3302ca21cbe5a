#include "bios_disk.h"

static void by_lba(void)
{
	open_disk(2000, false);
	call(0x4155, 0, HARD);
	CHECK_EQ(rig.r.eax, 0x3055);
	CHECK_EQ(rig.r.ebx, 0xaa55);
	CHECK_EQ(rig.r.ecx, 7);
	CHECK(!has_carry());

	set_packet(16, 3, 0x20000010, 1000);
	call(0x4200, 0, HARD);
	check_ax(OK);
	check_sectors(0x20010, 1000, 3);
	CHECK_EQ(get16(rig.ram + PACKET + 2), 3);
	set_packet(16, 1000, 0x10000000, 1000); /* to the end */
	call(0x4200, 0, HARD);
	check_ax(OK);
	check_sectors(0x10000, 1000, 1000);
	set_packet(16, 5, 0x20000000, 1997); /* past it */
	call(0x4200, 0, HARD);
	check_ax(0x0c00);
	CHECK_EQ(get16(rig.ram + PACKET + 2), 3);
	set_packet(16, 1, 0x20000000, 2000);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	set_packet(16, 1, 0x20000000, UINT64_MAX);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	set_packet(15, 1, 0x20000000, 0);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	set_packet(16, 0, 0x20000000, 5);
	call(0x4200, 0, HARD);
	check_ax(OK);
	close_disk();
}

static void by_lba_to_a_long_address(void)
{
	open_disk(2000, false);
	set_packet(24, 2, 0xffffffff, 7);
	put64(rig.ram + PACKET + 16, 0x123456);
	call(0x4200, 0, HARD);
	check_ax(OK);
	check_sectors(0x123456, 7, 2);
	put64(rig.ram + PACKET + 16, UINT64_MAX - 100);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	/* ROM and what is not there take nothing; the call goes well. */
	put64(rig.ram + PACKET + 16, RIG_RAM);
	put16(rig.ram + PACKET + 2, 2);
	call(0x4200, 0, HARD);
	check_ax(OK);
	close_disk();
}

/* Sectors that are partly in a hole of RAM: what is RAM gets its bytes, whatever is beside it. */
static void a_hole_in_a_buffer_is_left_out(void)
{
	struct disk *d = open_disk(100, false);
	uint8_t sector[512];

	rig.hole = 0x9000;
	rig.hole_end = 0xa000;
	set_packet(16, 16, 0x08e00100, 0); /* 8f00 to af00 */
	call(0x4200, 0, HARD);
	check_ax(OK);
	CHECK_EQ(rig.ram[0x8fff], 0);
	CHECK_EQ(rig.ram[0x9000], 0);
	CHECK_EQ(rig.ram[0x9fff], 0);
	CHECK_EQ(rig.ram[0xa000], 8);
	check_sectors(0xa100, 9, 7);
	memset(rig.ram + 0x8f00, 0x5a, 0x100);
	set_packet(16, 16, 0x08e00100, 50);
	call(0x4300, 0, HARD);
	check_ax(OK);
	CHECK_EQ(disk_read(d, 50, 1, sector), 0);
	CHECK(sector[0] == 0x5a && sector[0xff] == 0x5a && sector[0x100] == 0xff);
	CHECK_EQ(disk_read(d, 58, 1, sector), 0);
	CHECK(sector[0] == 0xff && sector[0xff] == 0xff && sector[0x100] == 8);
	close_disk();
}

static void no_buffer_goes_round(void)
{
	open_disk(100, false);
	set_packet(24, 16, 0xffffffff, 1);
	put64(rig.ram + PACKET + 16, 0xfffffa00);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	CHECK_EQ(get16(rig.ram + PACKET + 2), 3);
	set_packet(24, 16, 0xffffffff, 1);
	put64(rig.ram + PACKET + 16, UINT64_MAX - 511);
	call(0x4200, 0, HARD);
	check_ax(BAD);
	CHECK_EQ(get16(rig.ram + PACKET + 2), 0);
	close_disk();
}

static void by_lba_written_and_the_rest(void)
{
	open_disk(2000, false);
	memset(rig.ram + 0x20000, 0xee, 1024);
	set_packet(16, 2, 0x20000000, 100);
	call(0x4300, 0, HARD);
	check_ax(OK);
	set_packet(16, 4, 0x30000000, 99);
	call(0x4200, 0, HARD);
	check_sectors(0x30000, 99, 1);
	check_sectors(0x30600, 102, 1);
	CHECK(rig.ram[0x30200] == 0xee && rig.ram[0x305ff] == 0xee);
	set_packet(16, 4, 0x40000000, 99);
	call(0x4400, 0, HARD);
	check_ax(OK);
	CHECK_EQ(rig.ram[0x40000], 0);
	call(0x4700, 0, HARD);
	check_ax(OK);
	set_packet(16, 4, 0x40000000, 2000);
	call(0x4700, 0, HARD);
	check_ax(BAD);
	call(0x4501, 0, HARD);
	check_ax(OK);
	call(0x4600, 0, HARD);
	check_ax(0xb200);
	call(0x4900, 0, HARD);
	check_ax(OK);
	call(0x4e03, 0, HARD);
	check_ax(3);
	close_disk();
}

static void parameters_by_size(void)
{
	static const uint16_t rooms[] = { 26, 29, 30, 66, 74 };
	const uint8_t *at;

	open_disk(20480, false);
	at = rig.ram + PACKET;
	for (unsigned i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
		set_packet(0, 0, 0, 0);
		memset(rig.ram + PACKET, 0xee, 80);
		put16(rig.ram + PACKET, rooms[i]);
		call(0x4800, 0, HARD);
		check_ax(OK);
		uint16_t size = rooms[i] < 30 ? 26 : 30;
		CHECK_EQ(get16(at), size);
		CHECK_EQ(get16(at + 2), 2);
		CHECK(get32(at + 4) == 20 && get32(at + 8) == 16 && get32(at + 12) == 63);
		CHECK_EQ(get64(at + 16), 20480);
		CHECK_EQ(get16(at + 24), 512);
		CHECK_EQ(get32(at + 26), size == 30 ? 0xffffffff : 0xeeeeeeee);
		CHECK_EQ(at[size], 0xee);
	}
	put16(rig.ram + PACKET, 25);
	call(0x4800, 0, HARD);
	check_ax(BAD);
	close_disk();
}

static void a_cd_is_not_there(void)
{
	open_disk(0, false);
	set_packet(0xee, 0xeeee, 0xeeeeeeee, 0);
	call(0x4b01, 0, 0x82);
	check_ax(1);
	CHECK_EQ(rig.ram[PACKET], 0x13);
	CHECK_EQ(rig.ram[PACKET + 1], 0);
	close_disk();
}

int main(void)
{
	RUN(by_lba);
	RUN(by_lba_to_a_long_address);
	RUN(a_hole_in_a_buffer_is_left_out);
	RUN(no_buffer_goes_round);
	RUN(by_lba_written_and_the_rest);
	RUN(parameters_by_size);
	RUN(a_cd_is_not_there);
	return check_done();
}
