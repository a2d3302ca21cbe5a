/* A guest that does anything to its devices, a terminal that types, and time that passes: a byte
 * says what, the next ones where and how much. */
#include "fuzz.h"

#include "devices/board.h"

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *sum = ctx;
	for (size_t i = 0; i < len; i++)
		*sum = (uint8_t)(*sum + bytes[i]);
}

static void hear(void *ctx, const char *text)
{
	uint8_t *sum = ctx;
	*sum = (uint8_t)(*sum + strlen(text));
}

/* A port of a device's: one of all of them, by number. */
static uint16_t port_of(uint64_t number)
{
	const struct device *d;
	unsigned count = 0;
	for (unsigned i = 0; (d = board_device(i)); i++)
		for (unsigned k = 0; k < DEVICE_PORTS_MAX; k++)
			count += d->ports[k].size;
	unsigned left = (unsigned)(number % count);
	for (unsigned i = 0; (d = board_device(i)); i++)
		for (unsigned k = 0; k < DEVICE_PORTS_MAX; k++) {
			if (left < d->ports[k].size)
				return (uint16_t)(d->ports[k].base + left);
			left -= d->ports[k].size;
		}
	return 0;
}

/* Bytes for one of the devices that take some. */
static void give_input(struct board *b, struct fuzz_in *in, unsigned which)
{
	const struct device *d;
	uint8_t bytes[16];
	for (unsigned i = 0; (d = board_device(i)); i++)
		if (d->input && which-- == 0)
			break;
	if (!d)
		return;
	size_t n = board_input_room(b, d);
	FUZZ_CLAIM(n <= sizeof bytes);
	fuzz_take(in, bytes, n);
	if (!n)
		return;
	bool interrupts = board_input_interrupts(b, d);
	board_input(b, d, bytes, 1);
	FUZZ_CLAIM(board_interrupt(b) == interrupts);
	n = board_input_room(b, d) < n - 1 ? board_input_room(b, d) : n - 1;
	board_input(b, d, bytes + 1, n);
}

static void show_all(const struct board *b)
{
	const struct device *d;
	for (unsigned i = 0; (d = board_device(i)); i++) {
		struct device_text t = { .len = 0 };
		if (board_has(b, d) && d->show)
			d->show(b, &t);
		FUZZ_CLAIM(t.len == strlen(t.text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	struct board b;
	struct error e = { 0 };
	uint8_t sum = 0;
	board_init(&b, size > 1 && data[1] & 1, swallow, &sum);
	board_on_say(&b, hear, &sum);
	board_wire(&b, &uart2_device, swallow, &sum);
	board_wire(&b, &parallel_device, swallow, &sum);
	if (size && data[0] & 1)
		board_port(&b, (uint16_t)(data[0] << 8 | data[size - 1]),
		        (enum port_kind)(data[size - 1] & 3), &e);
	board_default_ports(&b);
	while (in.at < in.end) {
		uint8_t what = (uint8_t)fuzz_number(&in, 1);
		unsigned element = 1u << (what >> 1 & 3);
		size_t count = what & 0x80 ? 3 : 1;
		if ((what >> 3 & 3) == 2) {
			bool has_one = board_interrupt(&b);
			uint64_t next = board_next_interrupt_ns(&b);
			board_advance(&b, fuzz_number(&in, 1 + element / 2));
			/* The terminal is silent, so one can only come when it was said. */
			FUZZ_CLAIM(has_one || b.state.now_ns >= next || !board_interrupt(&b));
			if (board_interrupt(&b) && what & 1)
				board_acknowledge(&b);
		} else if ((what >> 3 & 3) == 3) {
			give_input(&b, &in, what & 3);
		} else if (what >> 3 & 1) {
			uint64_t gpa = fuzz_number(&in, 8);
			uint8_t *bytes = calloc(1, element);
			fuzz_take(&in, bytes, element);
			board_mmio(&b, gpa, bytes, element, what & 1);
			free(bytes);
		} else {
			uint64_t port = fuzz_number(&in, 2);
			if (what & 0x40)
				port = port_of(port);
			if (element == 8)
				element = 4;
			uint8_t *bytes = calloc(count, element);
			fuzz_take(&in, bytes, count * element);
			board_io(&b, (uint16_t)port, bytes, element, (uint32_t)count, what & 1);
			free(bytes);
		}
		FUZZ_CLAIM(b.state.uart.rx_count <= UART_FIFO);
		FUZZ_CLAIM(b.state.i8042.keyboard.count <= KEYBOARD_QUEUE);
	}
	show_all(&b);
	return 0;
}
