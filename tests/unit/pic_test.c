/* Command words are written as numbers, as a guest writes them. */
#include "devices/pic.h"

#include "check.h"

#define EOI 0x20

/* Both initialized as a PC's kernel does: vectors 0x20 and 0x28, nothing masked. */
static struct pic ready(void)
{
	struct pic p;

	pic_reset(&p);
	for (uint16_t port = 0x20; port <= 0xa0; port += 0x80) {
		pic_write(&p, port, 0x11);
		pic_write(&p, port + 1, port == 0x20 ? 0x20 : 0x28);
		pic_write(&p, port + 1, port == 0x20 ? 0x04 : 0x02);
		pic_write(&p, port + 1, 0x01);
	}
	return p;
}

static void pulse(struct pic *p, unsigned irq)
{
	pic_set_irq(p, irq, true);
	pic_set_irq(p, irq, false);
}

static unsigned isr(struct pic *p, uint16_t port)
{
	pic_write(p, port, 0x0b);
	return pic_read(p, port);
}

static unsigned irr(struct pic *p, uint16_t port)
{
	pic_write(p, port, 0x0a);
	return pic_read(p, port);
}

static void nothing_comes_before_it_is_initialized(void)
{
	struct pic p;

	pic_reset(&p);
	pic_write(&p, 0x21, 0); /* unmasking is not enough */
	pulse(&p, 0);
	CHECK(!pic_intr(&p));
	pic_write(&p, 0x20, 0x11);
	pic_write(&p, 0x21, 0x20);
	pic_write(&p, 0x21, 0x04);
	pulse(&p, 0);
	CHECK(!pic_intr(&p)); /* ICW4 is still to come */
	CHECK(!pic_would_interrupt(&p, 0));
	pic_write(&p, 0x21, 0x01);
	CHECK(pic_intr(&p));
	CHECK_EQ(pic_acknowledge(&p), 0x20);
}

/* "ICW1": the edges seen so far are forgotten, the mask is cleared, IR7 has the lowest priority. */
static void icw1_forgets(void)
{
	struct pic p = ready();

	pic_write(&p, 0x21, 0xaa);
	pic_write(&p, 0x20, 0xc2); /* IR2 lowest */
	pic_set_irq(&p, 3, true);
	pic_write(&p, 0x20, 0x13); /* single, ICW4 */
	pic_write(&p, 0x21, 0x40);
	pic_write(&p, 0x21, 0x01);
	CHECK_EQ(pic_read(&p, 0x21), 0);
	CHECK(!pic_intr(&p)); /* the line is still high: no new edge */
	pulse(&p, 7);
	pulse(&p, 0);
	CHECK_EQ(pic_acknowledge(&p), 0x40);
	CHECK_EQ(irr(&p, 0x20), 0x80);
}

static void each_irq_has_its_vector(void)
{
	for (unsigned irq = 0; irq < 16; irq++) {
		struct pic p = ready();
		if (irq == PIC_CASCADE)
			continue;
		CHECK(pic_would_interrupt(&p, irq));
		CHECK(!pic_intr(&p));
		CHECK(!pic_waits(&p, irq));
		pulse(&p, irq);
		CHECK(pic_intr(&p));
		CHECK(pic_waits(&p, irq));
		CHECK_EQ(irr(&p, irq < 8 ? 0x20 : 0xa0), 1u << irq % 8);
		CHECK_EQ(pic_acknowledge(&p), 0x20 + irq);
		CHECK(!pic_intr(&p));
		CHECK_EQ(isr(&p, 0x20), irq < 8 ? 1u << irq : 4);
		CHECK_EQ(isr(&p, 0xa0), irq < 8 ? 0 : 1u << (irq - 8));
	}
}

static void lower_priorities_wait_for_the_eoi_and_higher_ones_do_not(void)
{
	struct pic p = ready();

	pulse(&p, 4);
	CHECK_EQ(pic_acknowledge(&p), 0x24);
	pulse(&p, 4);
	pulse(&p, 6);
	CHECK(!pic_intr(&p));
	pulse(&p, 1);
	CHECK_EQ(pic_acknowledge(&p), 0x21);
	CHECK_EQ(isr(&p, 0x20), 0x12);
	pic_write(&p, 0x20, EOI); /* the highest in service: 1 */
	CHECK_EQ(isr(&p, 0x20), 0x10);
	CHECK(!pic_intr(&p));
	pic_write(&p, 0x20, 0x60 | 4); /* specific */
	CHECK_EQ(pic_acknowledge(&p), 0x24);
	pic_write(&p, 0x20, EOI);
	CHECK_EQ(pic_acknowledge(&p), 0x26);
}

static void a_mask_keeps_the_request(void)
{
	struct pic p = ready();

	pic_write(&p, 0x21, 0x08);
	CHECK(!pic_would_interrupt(&p, 3));
	pulse(&p, 3);
	CHECK(!pic_intr(&p));
	CHECK_EQ(irr(&p, 0x20), 0x08);
	pic_write(&p, 0x21, 0);
	CHECK_EQ(pic_acknowledge(&p), 0x23);
}

static void the_slave_interrupts_again_after_its_eoi(void)
{
	struct pic p = ready();

	pulse(&p, 12);
	pulse(&p, 9);
	CHECK_EQ(pic_acknowledge(&p), 0x29);
	CHECK(!pic_intr(&p));
	pic_write(&p, 0xa0, EOI);
	CHECK(!pic_intr(&p)); /* the master's IR2 is in service */
	pic_write(&p, 0x20, EOI);
	CHECK_EQ(pic_acknowledge(&p), 0x2c);
}

/* "Special Fully Nest Mode": the master takes a higher one of a slave that is in service. */
static void special_fully_nested_mode(void)
{
	for (unsigned sfnm = 0; sfnm < 2; sfnm++) {
		struct pic p = ready();

		pic_write(&p, 0x20, 0x11);
		pic_write(&p, 0x21, 0x20);
		pic_write(&p, 0x21, 0x04);
		pic_write(&p, 0x21, sfnm ? 0x11 : 0x01);
		pulse(&p, 12);
		CHECK_EQ(pic_acknowledge(&p), 0x2c);
		pulse(&p, 9);
		CHECK_EQ(pic_intr(&p), sfnm);
	}
}

static void edges_need_a_rise_and_levels_do_not(void)
{
	struct pic p = ready();

	pic_set_irq(&p, 5, true);
	CHECK_EQ(pic_acknowledge(&p), 0x25);
	pic_write(&p, 0x20, EOI);
	CHECK(!pic_intr(&p)); /* still high, no new edge */

	pic_write(&p, 0x4d0, 0x20);
	CHECK(pic_intr(&p));
	CHECK_EQ(pic_acknowledge(&p), 0x25);
	pic_write(&p, 0x20, EOI);
	CHECK(pic_intr(&p));
	pic_set_irq(&p, 5, false);
	CHECK(!pic_intr(&p));
	CHECK_EQ(pic_acknowledge(&p), 0x27); /* too late: spurious, and nothing in service */
	CHECK_EQ(isr(&p, 0x20), 0);

	pic_write(&p, 0x4d0, 0xff); /* what is not always an edge */
	pic_write(&p, 0x4d1, 0xff);
	CHECK_EQ(pic_read(&p, 0x4d0), 0xf8);
	CHECK_EQ(pic_read(&p, 0x4d1), 0xde);
	pic_write(&p, 0x20, 0x1b); /* ICW1 with LTIM: all are levels */
	pic_write(&p, 0x21, 0x20);
	pic_write(&p, 0x21, 0x01);
	pic_set_irq(&p, 0, true);
	CHECK_EQ(pic_acknowledge(&p), 0x20);
	pic_write(&p, 0x20, EOI);
	CHECK(pic_intr(&p));
}

/* The slave's request goes away between the master's and its own INTA. */
static void spurious_irq_15_is_in_service_at_the_master(void)
{
	struct pic p = ready();

	pulse(&p, 10);
	pic_write(&p, 0xa1, 0xff);
	CHECK(pic_intr(&p)); /* the master has latched the edge of INT */
	CHECK_EQ(pic_acknowledge(&p), 0x2f);
	CHECK_EQ(isr(&p, 0x20), 0x04);
	CHECK_EQ(isr(&p, 0xa0), 0);
}

static void rotation(void)
{
	struct pic p = ready();

	pulse(&p, 3);
	pic_acknowledge(&p);
	pic_write(&p, 0x20, 0xa0); /* rotate on non-specific EOI: 3 is the lowest now */
	CHECK_EQ(isr(&p, 0x20), 0);
	pulse(&p, 3);
	pulse(&p, 4);
	pulse(&p, 0);
	CHECK_EQ(pic_acknowledge(&p), 0x24);
	pic_write(&p, 0x20, 0xe0 | 4); /* rotate on specific EOI */
	CHECK_EQ(pic_acknowledge(&p), 0x20);
	pic_write(&p, 0x20, EOI);
	pic_write(&p, 0x20, 0xc0 | 2); /* set priority: 2 lowest, 3 highest */
	pulse(&p, 0);
	CHECK_EQ(pic_acknowledge(&p), 0x23);
}

static void automatic_eoi_leaves_nothing_in_service(void)
{
	struct pic p;

	pic_reset(&p);
	pic_write(&p, 0x20, 0x13);
	pic_write(&p, 0x21, 0x20);
	pic_write(&p, 0x21, 0x03);
	pulse(&p, 1);
	pulse(&p, 6);
	CHECK_EQ(pic_acknowledge(&p), 0x21);
	CHECK_EQ(isr(&p, 0x20), 0);
	CHECK_EQ(pic_acknowledge(&p), 0x26);
	pic_write(&p, 0x20, 0x80); /* and rotate */
	pulse(&p, 1);
	CHECK_EQ(pic_acknowledge(&p), 0x21);
	pulse(&p, 1);
	pulse(&p, 2 + 1);
	CHECK_EQ(pic_acknowledge(&p), 0x23);
	pic_write(&p, 0x20, 0x00); /* rotate no more: 3 stays the lowest */
	CHECK_EQ(pic_acknowledge(&p), 0x21);
	pulse(&p, 4);
	pulse(&p, 1);
	CHECK_EQ(pic_acknowledge(&p), 0x24);
}

/* INT falls between two interrupts of a slave that needs no EOI: the master sees an edge for each.
 */
static void a_slave_with_automatic_eoi_interrupts_twice(void)
{
	struct pic p = ready();

	pic_write(&p, 0xa0, 0x11);
	pic_write(&p, 0xa1, 0x28);
	pic_write(&p, 0xa1, 0x02);
	pic_write(&p, 0xa1, 0x03);
	pulse(&p, 9);
	pulse(&p, 12);
	CHECK_EQ(pic_acknowledge(&p), 0x29);
	pic_write(&p, 0x20, EOI);
	CHECK(pic_intr(&p));
	CHECK_EQ(pic_acknowledge(&p), 0x2c);
}

/* "Special Mask Mode": a handler masks itself and lets lower ones through. */
static void special_mask_mode(void)
{
	struct pic p = ready();

	pulse(&p, 2 + 1);
	pic_acknowledge(&p);
	pic_write(&p, 0x21, 0x08);
	pulse(&p, 6);
	CHECK(!pic_intr(&p));
	pic_write(&p, 0x20, 0x68);
	CHECK_EQ(pic_acknowledge(&p), 0x26);
	pic_write(&p, 0x20, EOI); /* not for 3, which is masked */
	CHECK_EQ(isr(&p, 0x20), 0x08);
	pic_write(&p, 0x20, 0x48);
	pulse(&p, 6);
	CHECK(!pic_intr(&p));
}

/* "Poll Command": the read acknowledges. */
static void poll(void)
{
	struct pic p = ready();

	pulse(&p, 5);
	pic_write(&p, 0x20, 0x0c);
	CHECK_EQ(pic_read(&p, 0x20), 0x85);
	CHECK_EQ(isr(&p, 0x20), 0x20);
	CHECK(!pic_intr(&p));
	pic_write(&p, 0x20, 0x0c);
	CHECK_EQ(pic_read(&p, 0x20) & 0x80, 0);
	CHECK_EQ(pic_read(&p, 0x21), 0); /* the mask again */
}

static void would_interrupt_knows_what_is_in_service(void)
{
	struct pic p = ready();

	pulse(&p, 0);
	pic_acknowledge(&p);
	CHECK(!pic_would_interrupt(&p, 0));
	pic_write(&p, 0x20, EOI);
	CHECK(pic_would_interrupt(&p, 0));
	CHECK(!pic_intr(&p));
}

static void an_irq_is_named_by_its_vector_and_while_it_is_in_service(void)
{
	struct pic p;

	pic_reset(&p);
	CHECK_EQ(pic_irq_of(&p, 0x20), -1);
	CHECK_EQ(pic_in_service(&p), -1);
	p = ready();
	CHECK_EQ(pic_irq_of(&p, 0x1f), -1);
	CHECK_EQ(pic_irq_of(&p, 0x20), 0);
	CHECK_EQ(pic_irq_of(&p, 0x2f), 15);
	CHECK_EQ(pic_irq_of(&p, 0x30), -1);
	pulse(&p, 12);
	pic_acknowledge(&p);
	CHECK_EQ(pic_in_service(&p), 12);
	pulse(&p, 1);
	pic_acknowledge(&p);
	CHECK_EQ(pic_in_service(&p), 1);
	pic_write(&p, 0x20, EOI);
	pic_write(&p, 0xa0, EOI);
	pic_write(&p, 0x20, EOI);
	CHECK_EQ(pic_in_service(&p), -1);
}

static void what_is_in_service_holds_others_back(void)
{
	struct pic p = ready();
	int by;

	pulse(&p, 0);
	CHECK_EQ(pic_held_back(&p, &by), -1); /* INTR is high */
	pic_acknowledge(&p);
	CHECK_EQ(pic_held_back(&p, &by), -1); /* nothing waits */
	pulse(&p, 0);
	CHECK_EQ(pic_held_back(&p, &by), 0);
	CHECK_EQ(by, 0);
	pic_write(&p, 0x21, 0x01);
	CHECK_EQ(pic_held_back(&p, &by), -1); /* it is masked */
	pic_write(&p, 0x21, 0);
	pic_write(&p, 0x20, EOI);
	CHECK_EQ(pic_held_back(&p, &by), -1);
	pic_acknowledge(&p);
	pulse(&p, 12);
	CHECK_EQ(pic_held_back(&p, &by), 12); /* by the master's, which the slave is at */
	CHECK_EQ(by, 0);
	pic_write(&p, 0x20, EOI);
	pic_acknowledge(&p);
	pic_write(&p, 0x20, EOI); /* and none to the slave */
	pulse(&p, 14);
	CHECK_EQ(pic_held_back(&p, &by), 14);
	CHECK_EQ(by, 12);
}

static void what_has_gone_is_held_back_by_nothing(void)
{
	struct pic p = ready();
	int by;

	pulse(&p, 0);
	pic_acknowledge(&p);
	pulse(&p, 12);
	pic_write(&p, 0xa1, 0x10); /* the slave asks no longer, and the master keeps its edge */
	CHECK_EQ(pic_held_back(&p, &by), -1);
	pic_write(&p, 0xa1, 0);
	CHECK_EQ(pic_held_back(&p, &by), 12);
}

int main(void)
{
	RUN(nothing_comes_before_it_is_initialized);
	RUN(icw1_forgets);
	RUN(each_irq_has_its_vector);
	RUN(lower_priorities_wait_for_the_eoi_and_higher_ones_do_not);
	RUN(a_mask_keeps_the_request);
	RUN(the_slave_interrupts_again_after_its_eoi);
	RUN(special_fully_nested_mode);
	RUN(edges_need_a_rise_and_levels_do_not);
	RUN(spurious_irq_15_is_in_service_at_the_master);
	RUN(rotation);
	RUN(automatic_eoi_leaves_nothing_in_service);
	RUN(a_slave_with_automatic_eoi_interrupts_twice);
	RUN(special_mask_mode);
	RUN(poll);
	RUN(would_interrupt_knows_what_is_in_service);
	RUN(an_irq_is_named_by_its_vector_and_while_it_is_in_service);
	RUN(what_is_in_service_holds_others_back);
	RUN(what_has_gone_is_held_back_by_nothing);
	return check_done();
}
