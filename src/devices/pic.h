/* Two cascaded 8259A interrupt controllers, as in a PC AT (Intel 8259A data sheet, order number
 * 231468), and the edge/level control registers of the chip sets that followed (82371AB data sheet,
 * "ELCR1", "ELCR2").
 *
 *	IRQ 0 1 3..7 -> master, INT -> the CPU's INTR
 *	IRQ 8..15 -> slave, INT -> the master's IR2
 *
 * After power-on nothing is accepted until the guest has written ICW1 to ICW4: there is no BIOS
 * that would have done it.
 *
 * Left out: MCS-80 mode (a guest that does not ask for 8086 mode gets it all the same) and the
 * buffered mode's pins. An edge stays latched when its line falls before the CPU takes it, where
 * the data sheet would give a spurious IRQ 7: a tick that came late by the host's fault must not be
 * lost.
 *
 * All state is in the struct and can be copied. */
#ifndef STEPVM_DEVICES_PIC_H
#define STEPVM_DEVICES_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define PIC_MASTER_PORT 0x20 /* two ports each */
#define PIC_SLAVE_PORT  0xa0
#define PIC_ELCR_PORT   0x4d0 /* 0x4d0: master, 0x4d1: slave */
#define PIC_CASCADE     2     /* the master's input that the slave is at */

/* Which initialization command word is written next. */
enum pic_expects { PIC_READY, PIC_ICW2, PIC_ICW3, PIC_ICW4 };

/* Bits of the masks are IR inputs. */
struct pic_chip {
	uint8_t lines; /* levels at the inputs */
	uint8_t edges; /* rising edges that were not acknowledged */
	uint8_t imr, isr;
	uint8_t elcr; /* 1: level-triggered, whatever ICW1 says */
	uint8_t base; /* ICW2: the vector of IR0 */
	uint8_t icw3;
	uint8_t lowest;  /* the input of lowest priority; the next one has the highest */
	bool is_level;   /* ICW1 LTIM */
	bool is_single;  /* ICW1 SNGL */
	bool has_icw4;   /* ICW1 IC4 */
	bool is_auto;    /* ICW4 AEOI */
	bool is_nested;  /* ICW4 SFNM: special fully nested */
	bool rotates;    /* rotate in automatic EOI mode */
	bool is_special; /* special mask mode */
	bool reads_isr;
	bool is_polled; /* the next read is a poll */
	bool is_initialized;
	enum pic_expects expects;
};

struct device;

struct pic {
	struct pic_chip master, slave;
};

extern const struct device pic_device;

/* As after power-on: nothing accepted, all masked. */
void pic_reset(struct pic *p);
/* port: one of the four, or of the two of the ELCR. */
uint8_t pic_read(struct pic *p, uint16_t port);
void pic_write(struct pic *p, uint16_t port, uint8_t value);

/* The level of IRQ 0 to 15; IRQ 2 is the slave's. */
void pic_set_irq(struct pic *p, unsigned irq, bool level);
/* INTR: an interrupt waits for the CPU. */
bool pic_intr(const struct pic *p);
/* The CPU's INTA cycles: the vector. Where nothing waits, the spurious IRQ 7's. */
uint8_t pic_acknowledge(struct pic *p);
/* The IRQ's request (IRR) waits, masked or not. */
bool pic_waits(const struct pic *p, unsigned irq);
/* Whether the guest has masked the IRQ, or not made its controller ready. */
bool pic_masks(const struct pic *p, unsigned irq);
/* The IRQ that this vector is of; -1: it is none of the chips', or they are not set up. */
int pic_irq_of(const struct pic *p, uint8_t vector);
/* The IRQ of the highest priority that is in service at its chip, until the guest's EOI; -1: none is. */
int pic_in_service(const struct pic *p);
/* While INTR is low: the IRQ that would raise it if *by were not in service, which it is until the guest's EOI; -1: there
 * is none, and *by says nothing. */
int pic_held_back(const struct pic *p, int *by);
/* Whether a rising edge of the IRQ would set INTR now. */
bool pic_would_interrupt(const struct pic *p, unsigned irq);

#endif
