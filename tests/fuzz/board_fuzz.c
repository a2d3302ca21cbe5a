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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	struct board b;
	struct error e = { 0 };
	uint8_t sum = 0;
	board_init(&b, swallow, &sum);
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
			uint8_t typed[UART_FIFO];
			size_t n = board_input_room(&b);
			FUZZ_CLAIM(n <= sizeof typed);
			fuzz_take(&in, typed, n);
			board_input(&b, typed, n);
		} else if (what >> 3 & 1) {
			uint64_t gpa = fuzz_number(&in, 8);
			uint8_t *bytes = calloc(1, element);
			fuzz_take(&in, bytes, element);
			board_mmio(&b, gpa, bytes, element, what & 1);
			free(bytes);
		} else {
			uint64_t port = fuzz_number(&in, 2);
			if (what & 0x40)
				port = BOARD_UART_PORT + (port & 7);
			if (element == 8)
				element = 4;
			uint8_t *bytes = calloc(count, element);
			fuzz_take(&in, bytes, count * element);
			board_io(&b, (uint16_t)port, bytes, element, (uint32_t)count, what & 1);
			free(bytes);
		}
		FUZZ_CLAIM(b.state.uart.rx_count <= UART_FIFO);
	}
	return 0;
}
