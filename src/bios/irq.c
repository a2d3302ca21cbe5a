/* Interrupts of devices for which no program has a handler: the end of the interrupt, and what is
 * noted in the BIOS data area of those that come with a disk.
 *
 * Source: IBM Personal Computer AT Technical Reference, the listings of D11, DISK_INT, HD_INT,
 * RE_DIRECT and INT_287; Ralf Brown's Interrupt List, INT 0E, 71, 75 and 76. */
#include "bios/internal.h"

#define FLOPPY_HAS_ENDED 0x80 /* in BDA_FLOPPY_SEEK */
#define DISK_HAS_ENDED   0xff /* BDA_DISK_IRQ */
#define PIC_EOI          0x20
#define PORT_FPU_CLEAR   0xf0

static enum bios_verdict end(struct bios *b, unsigned irq)
{
	bios_end_of_interrupt(b, irq);
	return BIOS_DONE;
}

static enum bios_verdict jump(struct bios *b, uint16_t vector)
{
	b->state.jump = vector;
	return BIOS_JUMPS;
}

/* Any of them. */
enum bios_verdict irq_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)r;
	return end(b, vector >= 0x70 ? vector - 0x70 + 8 : vector - 8);
}

/* IRQ 6: the floppy disk controller. */
enum bios_verdict irq_floppy_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	bios_put8(b, BDA_FLOPPY_SEEK, bios_get8(b, BDA_FLOPPY_SEEK) | FLOPPY_HAS_ENDED);
	return end(b, 6);
}

/* IRQ 14: the hard disk controller. */
enum bios_verdict irq_disk_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	bios_put8(b, BDA_DISK_IRQ, DISK_HAS_ENDED);
	return end(b, 14);
}

/* IRQ 9 stands where a PC's IRQ 2 did, whose programs hook int 0Ah: that ends it at the master. */
enum bios_verdict irq_redirect_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	bios_out(b, PIC_SLAVE_PORT, PIC_EOI);
	return jump(b, 0x0a);
}

/* IRQ 13: an error of the FPU, which was an NMI in the PC. */
enum bios_verdict irq_fpu_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector, (void)r;
	bios_out(b, PORT_FPU_CLEAR, 0);
	bios_end_of_interrupt(b, 13);
	return jump(b, 0x02);
}
