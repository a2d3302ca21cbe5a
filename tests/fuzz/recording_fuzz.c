/* A recording's file from anywhere: its chunks' checksums are made true, so that what is in them is read. What is read is a
 * machine that devices can go on with: time passes, and each port is read and written. */
#include "fuzz.h"

#include "../unit/recording_bytes.h"

#define MEMORY   (UINT64_C(32) << 20)
#define PORTS    0x1000
#define MACHINES 4

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *sum = ctx;
	for (size_t i = 0; i < len; i++)
		*sum = (uint8_t)(*sum + bytes[i]);
}

static bool has_room(void *ctx)
{
	(void)ctx;
	return true;
}

/* The devices of a state go on from it. */
static void go_on(const struct kept *k, const struct keys_script *script, bool is_pc)
{
	static struct board b;
	static struct typist t;
	uint8_t sum = 0, byte = 0x34;
	board_init(&b, is_pc, swallow, &sum);
	board_default_ports(&b);
	b.state = k->board;
	t = (struct typist) { .state = k->typist, .script = script };
	for (unsigned port = 0; port < PORTS; port++) {
		board_io(&b, (uint16_t)port, &byte, 1, 1, false);
		if (port % 64 == 0) {
			board_advance(&b, 1000000);
			typist_feed(&t, &b, has_room, NULL);
		}
	}
	b.state = k->board;
	for (unsigned port = 0; port < PORTS; port++)
		board_io(&b, (uint16_t)port, &byte, 1, 1, true);
	board_advance(&b, FILE_WAIT_NS_MAX);
	if (board_interrupt(&b))
		board_acknowledge(&b);
	board_next_interrupt_ns(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recording r;
	struct error e = { 0 };
	uint8_t *copy = malloc(size + 1);
	FUZZ_CLAIM(copy);
	memcpy(copy, data, size);
	bytes_mend(copy, size);
	if (recording_parse(&r, copy, size, MEMORY, &e)) {
		FUZZ_CLAIM(e.text[0]);
		free(copy);
		return 0;
	}
	FUZZ_CLAIM(r.used <= size && r.checkpoint_count);
	for (size_t i = 0; i < r.checkpoint_count && i < MACHINES; i++) {
		FUZZ_CLAIM(r.checkpoints[i]->position <= r.end);
		go_on(&r.checkpoints[i]->kept, &r.head.script, r.head.is_pc);
		machine_sum(&r.checkpoints[i]->kept);
		pages_sum(&r.checkpoints[i]->pages, &r.head.shape);
	}
	for (size_t i = 0; i < r.event_count; i++)
		FUZZ_CLAIM(r.events[i].position <= r.end);
	recording_free(&r);
	FUZZ_CLAIM(!r.store.bytes);
	free(copy);
	return 0;
}
