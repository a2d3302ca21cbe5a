/* The tick (int 8) and int 1Ah's count of it; the ends of interrupts that nobody handles. */
#include <stdio.h>

#include "bios_pc.h"
#include "base/array.h"
#include "check.h"

#define TICKS_PER_DAY 0x1800b0u
#define DAYS          BDA_DAYS

static struct pc pc;

static void start(void)
{
	pc_open(&pc, 1u << 20);
}

static uint32_t ticks(void)
{
	return get32(pc.ram + BDA_TICKS);
}

static void a_tick_is_counted(void)
{
	start();
	put32(pc.ram + BDA_TICKS, 0xffff);
	CHECK_EQ(pc_call(&pc, 0x08), BIOS_DONE);
	CHECK_EQ(ticks(), 0x10000);
	pc.r.eax = 0x12340055;
	pc_int(&pc, 0x1a, 0x0055, 0, 0, 0);
	CHECK_EQ(pc.r.eax, 0x12340000);
	CHECK_EQ(bios_word(pc.r.ecx), 1);
	CHECK_EQ(bios_word(pc.r.edx), 0);
	CHECK(!pc_carry(&pc));
}

static void ticks_come_eighteen_times_a_second(void)
{
	start();
	put32(pc.ram + BDA_TICKS, 0);
	for (unsigned ms = 0; ms < 10000; ms++) {
		board_advance(&pc.board, 1000000);
		if (pc_interrupt(&pc) == 0x08) {
			pc_call(&pc, 0x08);
			pc_out(&pc, 0x20, 0x20); /* the ROM's code does */
		}
	}
	CHECK(ticks() >= 181 && ticks() <= 183);
}

static void midnight_comes_and_is_reported_once(void)
{
	start();
	put32(pc.ram + BDA_TICKS, TICKS_PER_DAY - 2);
	put16(pc.ram + DAYS, 1000);
	pc_call(&pc, 0x08);
	CHECK_EQ(ticks(), TICKS_PER_DAY - 1);
	CHECK_EQ(pc.ram[BDA_MIDNIGHT], 0);
	pc_call(&pc, 0x08);
	CHECK_EQ(ticks(), 0);
	CHECK_EQ(pc.ram[BDA_MIDNIGHT], 1);
	CHECK_EQ(get16(pc.ram + DAYS), 1001);
	put32(pc.ram + BDA_TICKS, TICKS_PER_DAY - 1);
	pc_call(&pc, 0x08);
	pc_int(&pc, 0x1a, 0, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 2);
	pc_int(&pc, 0x1a, 0, 0, 0, 0);
	CHECK_EQ(pc_ax(&pc), 0);
	put32(pc.ram + BDA_TICKS, 0xffffffff); /* nonsense becomes a day's beginning */
	pc_call(&pc, 0x08);
	CHECK_EQ(ticks(), 0);
	pc.ram[BDA_MIDNIGHT] = 255;
	put32(pc.ram + BDA_TICKS, TICKS_PER_DAY);
	pc_call(&pc, 0x08);
	CHECK_EQ(pc.ram[BDA_MIDNIGHT], 255);
}

static void ticks_can_be_set(void)
{
	start();
	pc.ram[BDA_MIDNIGHT] = 1;
	pc_int(&pc, 0x1a, 0x0100, 0, 0x0012, 0x3456);
	CHECK_EQ(ticks(), 0x123456);
	CHECK_EQ(pc.ram[BDA_MIDNIGHT], 0);
	CHECK(!pc_carry(&pc));
}

static void motors_stop_when_their_count_is_over(void)
{
	start();
	pc.ram[BDA_MOTOR_COUNT] = 2;
	pc.ram[BDA_FLOPPY_MOTOR] = 0x81;
	pc_call(&pc, 0x08);
	CHECK_EQ(pc.ram[BDA_FLOPPY_MOTOR], 0x81);
	pc_call(&pc, 0x08);
	CHECK_EQ(pc.ram[BDA_FLOPPY_MOTOR], 0x80);
	CHECK_EQ(pc.ram[BDA_MOTOR_COUNT], 0);
	pc_call(&pc, 0x08);
	CHECK_EQ(pc.ram[BDA_MOTOR_COUNT], 0);
}

static void the_day_count_is_kept(void)
{
	start();
	pc_int(&pc, 0x1a, 0x0b00, 0, 12345, 0);
	CHECK(!pc_carry(&pc));
	pc_int(&pc, 0x1a, 0x0a00, 0, 0, 0);
	CHECK_EQ(bios_word(pc.r.ecx), 12345);
}

static void pci_bios_is_not_there(void)
{
	start();
	pc.r.edx = 0x55555555;
	pc_int(&pc, 0x1a, 0xb101, 0, 0, 0x5555);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc_ax(&pc), 0xb101);
	CHECK_EQ(pc.r.edx, 0x55555555);
	pc_int(&pc, 0x1a, 0xbb00, 0, 0, 0);
	CHECK(pc_carry(&pc));
	CHECK_EQ(pc.said_count, 1);
}

/* An IRQ is taken by the CPU, and its default handler ends it. */
static void interrupts_without_a_handler_are_ended(void)
{
	for (unsigned irq = 0; irq < 16; irq++) {
		if (irq == PIC_CASCADE || irq == 8) /* the real-time clock's has its own test */
			continue;
		start();
		pc_out(&pc, 0x21, 0x00); /* all open */
		pc_out(&pc, 0xa1, 0x00);
		struct pic *pic = &pc.board.state.pic;
		pic_set_irq(pic, irq, false);
		pic_set_irq(pic, irq, true);
		unsigned vector = irq < 8 ? 0x08 + irq : 0x70 + irq - 8;
		CHECK_EQ(pc_interrupt(&pc), vector);
		CHECK(pic->master.isr != 0);
		enum bios_verdict verdict = pc_call(&pc, vector);
		if (irq == 0)
			pc_out(&pc, 0x20, 0x20); /* the ROM's code does */
		if (irq == 9) {
			CHECK_EQ(verdict, BIOS_JUMPS);
			CHECK_EQ(pc.bios.state.jump, 0x0a);
			CHECK_EQ(pic->slave.isr, 0);
			verdict = pc_call(&pc, 0x0a);
		}
		if (irq == 13) {
			CHECK_EQ(pc.bios.state.jump, 0x02);
			CHECK_EQ(verdict, BIOS_JUMPS);
		} else {
			CHECK_EQ(verdict, BIOS_DONE);
		}
		CHECK_EQ(pic->master.isr, 0);
		CHECK_EQ(pic->slave.isr, 0);
	}
}

static void disks_interrupts_are_noted(void)
{
	start();
	pc_call(&pc, 0x0e);
	CHECK_EQ(pc.ram[BDA_FLOPPY_SEEK], 0x80);
	pc_call(&pc, 0x76);
	CHECK_EQ(pc.ram[BDA_DISK_IRQ], 0xff);
}

static void calls_are_told_in_words(void)
{
	char text[100];
	struct bios_regs before = { 0 }, after = { .ecx = 0x12, .edx = 0x3456 };
	bios_describe(0x1a, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 1ah AH=00h get ticks: 1193046");
	bios_describe(0x1a, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 1ah AH=00h get ticks");
	before = (struct bios_regs) { .eax = 0x0300, .ecx = 0x2359, .edx = 0x5800 };
	bios_describe(0x1a, &before, NULL, text, sizeof text);
	CHECK_STR(text, "int 1ah AH=03h set time: 23:59:58");
	before.eax = 0x0400;
	after = (struct bios_regs) { .ecx = 0x2026, .edx = 0x1130 };
	bios_describe(0x1a, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 1ah AH=04h get date: 2026-11-30");
	bios_describe(0x08, &before, &after, text, sizeof text);
	CHECK_STR(text, "int 08h IRQ 0, the tick");
}

int main(void)
{
	RUN(a_tick_is_counted);
	RUN(ticks_come_eighteen_times_a_second);
	RUN(midnight_comes_and_is_reported_once);
	RUN(ticks_can_be_set);
	RUN(motors_stop_when_their_count_is_over);
	RUN(the_day_count_is_kept);
	RUN(pci_bios_is_not_there);
	RUN(interrupts_without_a_handler_are_ended);
	RUN(disks_interrupts_are_noted);
	RUN(calls_are_told_in_words);
	return check_done();
}
