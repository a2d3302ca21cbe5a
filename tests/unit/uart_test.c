/* Register values are written as the data sheet's tables have them, not as uart.c names them. */
#include "devices/uart.h"

#include "check.h"

enum { RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR };
#define THR RBR
#define FCR IIR

struct sent {
	char text[64];
	size_t len;
};

static void on_byte(void *ctx, uint8_t byte)
{
	struct sent *s = ctx;

	if (s->len < sizeof s->text - 1)
		s->text[s->len++] = (char)byte;
}

static struct sent sent;

static void put(struct uart *u, unsigned off, uint8_t value)
{
	uart_write(u, off, value, on_byte, &sent);
}

static struct uart fresh(void)
{
	struct uart u;

	memset(&u, 0xa5, sizeof u);
	memset(&sent, 0, sizeof sent);
	uart_reset(&u);
	return u;
}

static void receive(struct uart *u, const char *bytes)
{
	for (; *bytes; bytes++)
		uart_receive(u, (uint8_t)*bytes);
}

static void reset_values(void)
{
	struct uart u = fresh();

	CHECK_EQ(uart_read(&u, IER), 0);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
	CHECK_EQ(uart_read(&u, LCR), 0);
	CHECK_EQ(uart_read(&u, MCR), 0);
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	CHECK_EQ(uart_read(&u, MSR), 0xb0);
	CHECK_EQ(uart_read(&u, SCR), 0);
	CHECK(!uart_irq(&u));
	CHECK_EQ(uart_room(&u), 1);
}

static void registers_keep_what_they_have_bits_for(void)
{
	struct uart u = fresh();

	for (unsigned v = 0; v < 256; v++) {
		put(&u, SCR, (uint8_t)v);
		put(&u, IER, (uint8_t)v);
		put(&u, MCR, (uint8_t)v);
		put(&u, LSR, (uint8_t)v);
		put(&u, MSR, (uint8_t)v);
		CHECK_EQ(uart_read(&u, SCR), v);
		CHECK_EQ(uart_read(&u, IER), v & 0x0f);
		CHECK_EQ(uart_read(&u, MCR), v & 0x1f);
		CHECK_EQ(uart_read(&u, LSR), 0x60);
		put(&u, LCR, (uint8_t)v);
		CHECK_EQ(uart_read(&u, LCR), v);
		put(&u, LCR, 0);
	}
}

static void divisor_stands_behind_dlab(void)
{
	struct uart u = fresh();

	put(&u, IER, 0x05);
	put(&u, LCR, 0x83);
	put(&u, 0, 0x34);
	put(&u, 1, 0x12);
	CHECK_EQ(uart_read(&u, 0), 0x34);
	CHECK_EQ(uart_read(&u, 1), 0x12);
	CHECK_EQ(u.divisor, 0x1234);
	put(&u, 0, 0x56);
	CHECK_EQ(u.divisor, 0x1256);
	put(&u, LCR, 0x03);
	CHECK_EQ(uart_read(&u, IER), 0x05);
	CHECK_EQ(sent.len, 0);
}

static void transmits_at_once(void)
{
	struct uart u = fresh();

	put(&u, THR, 'h');
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	put(&u, THR, 0xff);
	CHECK_EQ(sent.len, 2);
	CHECK_EQ(sent.text[0], 'h');
	CHECK_EQ((uint8_t)sent.text[1], 0xff); /* whatever word length LCR has */
}

static void holding_register_takes_one_and_is_overwritten(void)
{
	struct uart u = fresh();

	receive(&u, "a");
	CHECK_EQ(uart_room(&u), 0);
	CHECK_EQ(uart_read(&u, LSR), 0x61);
	receive(&u, "b");
	CHECK_EQ(uart_read(&u, LSR), 0x63);
	CHECK_EQ(uart_read(&u, LSR), 0x61); /* the read reset the overrun */
	CHECK_EQ(uart_read(&u, RBR), 'b');
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	CHECK_EQ(uart_read(&u, RBR), 'b');
	CHECK_EQ(uart_room(&u), 1);
}

static void fifo_takes_sixteen_and_keeps_them(void)
{
	struct uart u = fresh();

	put(&u, FCR, 0x01);
	for (unsigned round = 0; round < 5; round++) {
		CHECK_EQ(uart_room(&u), 16);
		receive(&u, "0123456789abcdef");
		CHECK_EQ(uart_room(&u), 0);
		CHECK_EQ(uart_read(&u, LSR), 0x61);
		receive(&u, "X");
		CHECK_EQ(uart_read(&u, LSR), 0x63);
		for (unsigned i = 0; i < 16; i++) {
			CHECK_EQ(uart_read(&u, RBR), "0123456789abcdef"[i]);
			CHECK_EQ(uart_room(&u), i + 1);
		}
		CHECK_EQ(uart_read(&u, LSR), 0x60);
		receive(&u, "odd"); /* so that the ring's start wanders */
		CHECK_EQ(uart_read(&u, RBR), 'o');
		CHECK_EQ(uart_read(&u, RBR), 'd');
		CHECK_EQ(uart_read(&u, RBR), 'd');
		uart_read(&u, RBR); /* empty: harmless */
	}
}

static void fifo_is_a_queue_like_its_naive_twin(void)
{
	struct uart u = fresh();
	uint8_t twin[17];
	unsigned held = 0, seed = 1;

	put(&u, FCR, 0x01);
	for (unsigned i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		uint8_t byte = (uint8_t)(seed >> 16);
		if (seed >> 30 & 1) {
			uart_receive(&u, byte);
			if (held < 16)
				twin[held++] = byte;
		} else if (held) {
			CHECK_EQ(uart_read(&u, RBR), twin[0]);
			memmove(twin, twin + 1, --held);
		}
		CHECK_EQ(uart_room(&u), 16 - held);
	}
}

static void fcr_clears_and_ignores_bits_without_enable(void)
{
	struct uart u = fresh();

	receive(&u, "a");
	put(&u, FCR, 0x01); /* change of mode clears */
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	CHECK_EQ(uart_read(&u, IIR), 0xc1);
	receive(&u, "abc");
	put(&u, FCR, 0x05); /* transmit FIFO only */
	CHECK_EQ(uart_room(&u), 13);
	put(&u, FCR, 0xc1); /* a new trigger level */
	CHECK_EQ(uart_room(&u), 13);
	put(&u, FCR, 0x03);
	CHECK_EQ(uart_room(&u), 16);
	CHECK_EQ(u.fcr, 0x01); /* the clear bit cleared itself */
	receive(&u, "abc");
	put(&u, FCR, 0x00);
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
	receive(&u, "z");
	put(&u, FCR, 0xc2); /* not enabled: nothing of it counts */
	CHECK_EQ(uart_read(&u, LSR), 0x61);
	CHECK_EQ(uart_read(&u, RBR), 'z');
	CHECK_EQ(u.fcr, 0);
}

static void receive_interrupt_at_each_trigger_level(void)
{
	static const uint8_t fcr[] = { 0x01, 0x41, 0x81, 0xc1 }, level[] = { 1, 4, 8, 14 };

	for (unsigned l = 0; l < 4; l++) {
		struct uart u = fresh();
		put(&u, IER, 0x01);
		put(&u, FCR, fcr[l]);
		for (unsigned held = 1; held <= 16; held++) {
			receive(&u, "x");
			/* Below the level: the time-out of a burst that ended here. */
			CHECK_EQ(uart_read(&u, IIR), held >= level[l] ? 0xc4 : 0xcc);
		}
		for (unsigned held = 16; held > 0; held--) {
			CHECK_EQ(uart_read(&u, IIR), held >= level[l] ? 0xc4 : 0xcc);
			uart_read(&u, RBR);
		}
		CHECK_EQ(uart_read(&u, IIR), 0xc1);
	}
}

/* An edge-triggered interrupt controller sees the next byte only if the line falls in between. */
static void reading_takes_the_time_out_back_until_time_passes(void)
{
	struct uart u = fresh();

	put(&u, MCR, 0x08);
	put(&u, FCR, 0xc1);
	put(&u, IER, 0x01);
	receive(&u, "abc");
	CHECK(uart_irq(&u));
	uart_read(&u, RBR);
	CHECK(!uart_irq(&u));
	uart_read(&u, LSR);
	CHECK(uart_irq(&u));
	uart_read(&u, RBR);
	CHECK(!uart_irq(&u));
	put(&u, THR, 'x');
	CHECK(uart_irq(&u));
	uart_read(&u, RBR);
	receive(&u, "d");
	CHECK(uart_irq(&u));
}

static void without_fifos_there_is_no_time_out(void)
{
	struct uart u = fresh();

	put(&u, IER, 0x01);
	receive(&u, "a");
	uart_read(&u, LSR);
	CHECK_EQ(uart_read(&u, IIR), 0x04);
	uart_read(&u, RBR);
	uart_read(&u, LSR);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
}

static void thre_interrupt_is_acknowledged_by_iir(void)
{
	struct uart u = fresh();

	put(&u, MCR, 0x08);
	put(&u, IER, 0x02); /* the transmitter is empty: at once */
	CHECK(uart_irq(&u));
	CHECK_EQ(uart_read(&u, IIR), 0x02);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
	CHECK(!uart_irq(&u));
	put(&u, IER, 0x03); /* was on already */
	CHECK(!uart_irq(&u));
	put(&u, THR, 'x');
	CHECK_EQ(uart_read(&u, IIR), 0x02);
	put(&u, THR, 'x');
	receive(&u, "a"); /* of higher priority: that read acknowledges nothing */
	CHECK_EQ(uart_read(&u, IIR), 0x04);
	uart_read(&u, RBR);
	CHECK_EQ(uart_read(&u, IIR), 0x02);
	put(&u, THR, 'x');
	put(&u, IER, 0x00);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
	put(&u, IER, 0x02);
	CHECK(uart_irq(&u));
}

static void priorities(void)
{
	struct uart u = fresh();

	put(&u, IER, 0x0f);
	put(&u, MCR, 0x10); /* loopback drops the modem's lines */
	put(&u, MCR, 0x00);
	receive(&u, "ab"); /* overrun */
	CHECK_EQ(uart_read(&u, IIR), 0x06);
	uart_read(&u, LSR);
	CHECK_EQ(uart_read(&u, IIR), 0x04);
	uart_read(&u, RBR);
	CHECK_EQ(uart_read(&u, IIR), 0x02);
	CHECK_EQ(uart_read(&u, IIR), 0x00);
	uart_read(&u, MSR);
	CHECK_EQ(uart_read(&u, IIR), 0x01);
}

static void each_interrupt_has_its_enable_bit(void)
{
	for (unsigned ier = 0; ier < 16; ier++) {
		struct uart u = fresh();
		put(&u, MCR, 0x18);
		put(&u, MCR, 0x08);
		receive(&u, "ab");
		put(&u, IER, (uint8_t)ier);
		CHECK_EQ(uart_irq(&u), ier != 0);
		CHECK_EQ(uart_read(&u, IIR), ier & 4   ? 0x06
		                             : ier & 1 ? 0x04
		                             : ier & 2 ? 0x02
		                             : ier & 8 ? 0x00
		                                       : 0x01);
	}
}

static void out2_gates_the_line(void)
{
	struct uart u = fresh();

	put(&u, IER, 0x01);
	receive(&u, "a");
	for (unsigned mcr = 0; mcr < 32; mcr++) {
		put(&u, MCR, (uint8_t)mcr);
		CHECK_EQ(uart_irq(&u), !!(mcr & 0x08));
		CHECK_EQ(uart_read(&u, IIR), 0x04);
	}
}

static void loopback_turns_the_modem_lines(void)
{
	for (unsigned low = 0; low < 16; low++) {
		struct uart u = fresh();
		put(&u, MCR, (uint8_t)(0x10 | low));
		CHECK_EQ(uart_read(&u, MSR) & 0xf0, (low & 1 ? 0x20 : 0) | (low & 2 ? 0x10 : 0) |
		                                            (low & 4 ? 0x40 : 0) |
		                                            (low & 8 ? 0x80 : 0));
		put(&u, MCR, (uint8_t)low);
		CHECK_EQ(uart_read(&u, MSR) & 0xf0, 0xb0);
	}
}

static void modem_changes_are_kept_until_read(void)
{
	struct uart u = fresh();

	put(&u, MCR, 0x10);
	CHECK_EQ(uart_read(&u, MSR), 0x0b); /* CTS, DSR, DCD fell */
	CHECK_EQ(uart_read(&u, MSR), 0x00);
	put(&u, MCR, 0x11);
	put(&u, MCR, 0x10);
	CHECK_EQ(uart_read(&u, MSR), 0x02); /* rose and fell: DSR changed */
	put(&u, MCR, 0x11);
	put(&u, MCR, 0x13);
	CHECK_EQ(uart_read(&u, MSR), 0x33); /* both, one after the other */
	put(&u, MCR, 0x10);
	uart_read(&u, MSR);
	put(&u, MCR, 0x14);
	CHECK_EQ(uart_read(&u, MSR), 0x40); /* RI's leading edge does not count */
	put(&u, MCR, 0x10);
	CHECK_EQ(uart_read(&u, MSR), 0x04);
}

static void loopback_receives_what_it_sends_and_cuts_the_wire(void)
{
	struct uart u = fresh();

	put(&u, FCR, 0x01);
	put(&u, MCR, 0x10);
	CHECK_EQ(uart_room(&u), 0);
	receive(&u, "lost");
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	for (unsigned i = 0; i < 17; i++)
		put(&u, THR, (uint8_t)('a' + i));
	CHECK_EQ(uart_read(&u, LSR), 0x63);
	for (unsigned i = 0; i < 16; i++)
		CHECK_EQ(uart_read(&u, RBR), 'a' + i);
	CHECK_EQ(uart_read(&u, LSR), 0x60);
	CHECK_EQ(sent.len, 0);
	put(&u, MCR, 0x00);
	put(&u, THR, 'o');
	CHECK_STR(sent.text, "o");
}

static void a_copy_goes_on_alike(void)
{
	struct uart u = fresh();

	put(&u, FCR, 0x41);
	put(&u, IER, 0x03);
	receive(&u, "abc");
	uart_read(&u, RBR);
	struct uart copy = u;
	for (unsigned i = 0; i < 40; i++) {
		unsigned off = i * 5 % 8;
		CHECK_EQ(uart_read(&u, off), uart_read(&copy, off));
	}
	CHECK(!memcmp(&u, &copy, sizeof u));
}

/* Whatever the guest writes: no byte of the struct goes astray (sanitizers), the room stays true.
 */
static void random_guest(void)
{
	struct uart u = fresh();
	unsigned seed = 7;

	for (unsigned i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		unsigned off = seed >> 16 & 7;
		if (seed >> 20 & 1)
			put(&u, off, (uint8_t)(seed >> 21));
		else
			uart_read(&u, off);
		size_t room = uart_room(&u);
		uint8_t lsr = u.lsr;
		if (room)
			uart_receive(&u, (uint8_t)i);
		CHECK_EQ(u.lsr, lsr); /* what fits is no overrun */
		CHECK(u.rx_count <= 16 && u.rx_head < 16);
		CHECK(u.fcr & 1 || (u.rx_head == 0 && u.rx_count <= 1));
		CHECK_EQ(u.lsr & 0x61, 0x60);
	}
}

int main(void)
{
	RUN(reset_values);
	RUN(registers_keep_what_they_have_bits_for);
	RUN(divisor_stands_behind_dlab);
	RUN(transmits_at_once);
	RUN(holding_register_takes_one_and_is_overwritten);
	RUN(fifo_takes_sixteen_and_keeps_them);
	RUN(fifo_is_a_queue_like_its_naive_twin);
	RUN(fcr_clears_and_ignores_bits_without_enable);
	RUN(receive_interrupt_at_each_trigger_level);
	RUN(reading_takes_the_time_out_back_until_time_passes);
	RUN(without_fifos_there_is_no_time_out);
	RUN(thre_interrupt_is_acknowledged_by_iir);
	RUN(priorities);
	RUN(each_interrupt_has_its_enable_bit);
	RUN(out2_gates_the_line);
	RUN(loopback_turns_the_modem_lines);
	RUN(modem_changes_are_kept_until_read);
	RUN(loopback_receives_what_it_sends_and_cuts_the_wire);
	RUN(a_copy_goes_on_alike);
	RUN(random_guest);
	return check_done();
}
