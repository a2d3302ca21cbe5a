/* The interrupt controllers and the timer, as a PC's power-on self-test leaves them.
 *
 * Source: IBM Personal Computer AT Technical Reference, the listing of TEST1 ("initialize the 8259",
 * "start the timer"); Intel 8259A and 8254 data sheets. Open are IRQ 0, 1, 6 and those of the slave
 * that a handler of the BIOS's is there for: 8, 13 and 14; a program opens the others. */
#include "bios/internal.h"

#define ICW1       0x11 /* edges, cascaded, ICW4 comes */
#define ICW4       0x01 /* 8086 */
#define MASTER     0x08 /* vectors of IRQ 0 and */
#define SLAVE      0x70 /* of IRQ 8 */
#define OPEN_FIRST (1u << 0 | 1u << 1 | 1u << PIC_CASCADE | 1u << 6)
#define OPEN_LAST  (1u << (8 - 8) | 1u << (13 - 8) | 1u << (14 - 8))

/* Control words of the timer: the counter, both bytes of its count, the mode. */
#define TICK          0x36 /* counter 0, mode 3: 18.2 Hz with a count of 65536, which is 0 */
#define REFRESH       0x54 /* counter 1, one byte, mode 2 */
#define REFRESH_COUNT 18
#define SPEAKER       0xb6   /* counter 2, mode 3 */
#define SPEAKER_COUNT 0x0533 /* 896 Hz: the beep's */

static void start_controller(
        const struct bios *b, uint16_t port, uint8_t base, uint8_t icw3, uint8_t open)
{
	bios_out(b, port, ICW1);
	bios_out(b, port + 1, base);
	bios_out(b, port + 1, icw3);
	bios_out(b, port + 1, ICW4);
	bios_out(b, port + 1, (uint8_t)~open);
}

static void start_counter(const struct bios *b, unsigned counter, uint8_t control, uint16_t count)
{
	bios_out(b, PIT_PORT + 3, control);
	bios_out(b, (uint16_t)(PIT_PORT + counter), (uint8_t)count);
	if ((control & 0x30) == 0x30)
		bios_out(b, (uint16_t)(PIT_PORT + counter), (uint8_t)(count >> 8));
}

void chips_power_on(struct bios *b)
{
	start_controller(b, PIC_MASTER_PORT, MASTER, 1u << PIC_CASCADE, OPEN_FIRST);
	start_controller(b, PIC_SLAVE_PORT, SLAVE, PIC_CASCADE, OPEN_LAST);
	start_counter(b, 0, TICK, 0);
	start_counter(b, 1, REFRESH, REFRESH_COUNT);
	start_counter(b, 2, SPEAKER, SPEAKER_COUNT);
}
