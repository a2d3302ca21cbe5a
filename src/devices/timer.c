/* The two rows of the timer: the 8254's ports, and system control port B. */
#include "devices/timer.h"

#include <inttypes.h>

#include "devices/board.h"

#define SYSTEM_GATE    0x01 /* of counter 2 */
#define SYSTEM_KEPT    0x0f
#define SYSTEM_REFRESH 0x10  /* changes with each refresh of the DRAM, */
#define REFRESH_NS     15085 /* 18 clocks of the timer */
#define SYSTEM_OUT     0x20  /* of counter 2 */

static void reset(struct board *b)
{
	pit_reset(&b->state.pit);
}

static uint8_t read(struct board *b, uint16_t port)
{
	return pit_read(&b->state.pit, port - PIT_PORT, b->state.now_ns);
}

static void write(struct board *b, uint16_t port, uint8_t value)
{
	pit_write(&b->state.pit, port - PIT_PORT, value, b->state.now_ns);
}

static unsigned update(struct board *b)
{
	struct board_state *s = &b->state;
	unsigned line = pit_take_rise(&s->pit, 0, s->now_ns) ? LINE_ROSE : 0;

	s->next_rise_ns = pit_next_rise_ns(&s->pit, 0);
	return line | (pit_out(&s->pit, 0, s->now_ns) ? LINE_HIGH : LINE_LOW);
}

static uint64_t next_ns(const struct board *b)
{
	return b->state.next_rise_ns;
}

static void show(const struct board *b, struct device_text *t)
{
	const struct board_state *s = &b->state;
	struct pit pit = s->pit;
	uint64_t next = board_next_irq_ns(b, &timer_device);

	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		if (!pit.counters[i].has_count) {
			device_say(t, "counter %u    no count was written\n", i);
			continue;
		}
		device_say(t, "counter %u    mode %u, count 0x%04x, now 0x%04x, out %u\n", i,
		        pit_mode(&pit, i), pit.counters[i].count, pit_value(&pit, i, s->now_ns),
		        pit_out(&pit, i, s->now_ns));
	}
	device_say(t, "time         %" PRIu64 ".%09" PRIu64 " s since power-on",
	        s->now_ns / 1000000000u, s->now_ns % 1000000000u);
	if (next != BOARD_NEVER)
		device_say(t, ", the next tick in %" PRIu64 " ns", next - s->now_ns);
	device_say(t, "\n");
}

const struct device timer_device = {
	.name = "pit",
	.about = "the timer's counters, the guest's time",
	.ports = { { PIT_PORT, PIT_PORTS, true } },
	.reset = reset,
	.read = read,
	.write = write,
	.update = update,
	.irq = TIMER_IRQ,
	.next_ns = next_ns,
	.show = show,
};

/* --- system control port B -------------------------------------------------------------------- */

static uint8_t read_system(struct board *b, uint16_t port)
{
	struct board_state *s = &b->state;

	(void)port;
	return s->system_port | (pit_out(&s->pit, 2, s->now_ns) ? SYSTEM_OUT : 0) |
	       (s->now_ns / REFRESH_NS % 2 ? SYSTEM_REFRESH : 0);
}

static void write_system(struct board *b, uint16_t port, uint8_t value)
{
	struct board_state *s = &b->state;

	(void)port;
	s->system_port = value & SYSTEM_KEPT;
	pit_set_gate(&s->pit, 2, value & SYSTEM_GATE, s->now_ns);
}

const struct device timer_system_device = {
	.name = "pit",
	.ports = { { TIMER_SYSTEM_PORT, 1, true } },
	.read = read_system,
	.write = write_system,
};
