/* Bytes to keys, and the time after ESC. */
#include "serve/key_reader.h"

#include "machine/input.h"
#include "machine/run.h"

#define ESC_NS UINT64_C(50000000) /* as long as a slow connection may take between two bytes */

size_t key_reader_room(const struct key_reader *r)
{
	if (r->machine->is_past)
		return 0;
	return typist_free(&r->machine->typist) / KEYS_BYTES_MAX;
}

void key_reader_strike(struct key_reader *r, const struct keys *keys)
{
	struct key_event all[KEYS_BYTES_MAX];
	struct key_events events = { .all = all, .max = KEYS_BYTES_MAX };
	if (keys->len && key_events_add(&events, keys, 0))
		input_keys(r->machine, events.all, events.count, NULL);
}

void key_reader_take(struct key_reader *r, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct keys keys = { .len = 0 };
		uint8_t byte = r->is_text && bytes[i] == '\n' ? '\r' : bytes[i];
		terminal_keys_byte(&r->keys, byte, &keys);
		key_reader_strike(r, &keys);
	}
	r->end_ns = terminal_keys_wait(&r->keys) ? clock_host_ns() + ESC_NS : 0;
}

void key_reader_end(struct key_reader *r)
{
	struct keys keys = { .len = 0 };
	r->end_ns = 0;
	terminal_keys_end(&r->keys, &keys);
	key_reader_strike(r, &keys);
}

uint64_t key_reader_due_ns(const struct key_reader *r)
{
	if (!r->end_ns)
		return RUN_FOREVER;
	uint64_t now = clock_host_ns();
	return r->end_ns > now ? r->end_ns - now : 1;
}

void key_reader_tick(struct key_reader *r)
{
	if (r->end_ns && clock_host_ns() >= r->end_ns)
		key_reader_end(r);
}
