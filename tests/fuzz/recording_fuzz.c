/* A recording's file from anywhere: its chunks' checksums are made true, so that what is in them is read. What is read is a
 * machine that devices can go on with: time passes, and each port is read and written.
 *
 * Bytes that begin as a file does are one. Others are a list of changes to a good one (bytes_recording), so that an input
 * goes deep, and does not grow old with the format. A change is: the chunk's number 1, what is done to it 1 (enum change),
 * where in its payload 2, how many bytes 1, these bytes. */
#include "fuzz.h"

#include "../unit/recording_bytes.h"

#define MEMORY   (UINT64_C(32) << 20)
#define PORTS    0x520 /* above these there is no device of ours */
#define MACHINES 2

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

/* --- a good one, changed ------------------------------------------------------------------------ */

enum change { CHANGE_BYTES, CHANGE_INSERT, CHANGE_CUT, CHANGE_LEAVE_OUT, CHANGE_TWICE, CHANGES };

static void change_payload(struct file_out *o, enum change how, size_t at, struct fuzz_in *bytes)
{
	const size_t len = fuzz_left(bytes);
	if (!o->len) /* cut to nothing by a change before this */
		return;
	if (how == CHANGE_INSERT) {
		struct file_out longer = { 0 };
		out_bytes(&longer, o->bytes, at);
		out_bytes(&longer, bytes->at, len);
		out_bytes(&longer, o->bytes + at, o->len - at);
		out_free(o);
		*o = longer;
	} else if (how == CHANGE_BYTES) {
		fuzz_take(bytes, o->bytes + at, len < o->len - at ? len : o->len - at);
	} else if (how == CHANGE_CUT) {
		o->len = at;
	}
}

/* The chunk, and what all changes that name it make of it. */
static void put_changed(
        struct file_out *to, const struct file_chunk *c, uint8_t number, struct fuzz_in in)
{
	struct file_out o = { 0 };
	unsigned times = 1;
	out_bytes(&o, c->payload.at, c->payload.left);
	while (fuzz_left(&in)) {
		const bool is_this = fuzz_number(&in, 1) == number;
		const enum change how = (enum change)(fuzz_number(&in, 1) % CHANGES);
		size_t at = (size_t)fuzz_number(&in, 2), len = (size_t)fuzz_number(&in, 1);
		struct fuzz_in bytes = in;
		if (len > fuzz_left(&in))
			len = fuzz_left(&in);
		bytes.end = in.at += len;
		if (!is_this)
			continue;
		if (how == CHANGE_LEAVE_OUT)
			times = 0;
		else if (how == CHANGE_TWICE)
			times = 2;
		else
			change_payload(&o, how, at < o.len ? at : o.len, &bytes);
	}
	for (; times; times--)
		file_put_chunk(to, (enum file_type)c->type, &o);
	out_free(&o);
}

static struct file_out changed_recording(const uint8_t *data, size_t size)
{
	struct file_out good = bytes_recording(), to = { 0 };
	struct file_in in = { .at = good.bytes, .left = good.len };
	struct file_chunk c;
	out_bytes(&to, in_bytes(&in, FILE_MAGIC_SIZE), FILE_MAGIC_SIZE);
	for (uint8_t number = 0; file_chunk(&in, &c); number++)
		put_changed(&to, &c, number, (struct fuzz_in) { data, data + size });
	out_free(&good);
	return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recording r;
	struct error e = { 0 };
	const bool is_file = recording_is_one(data, size);
	struct file_out changed = { 0 };
	if (!is_file) {
		changed = changed_recording(data, size);
		FUZZ_CLAIM(!changed.has_failed);
		data = changed.bytes;
		size = changed.len;
	}
	uint8_t *copy = malloc(size + 1); /* of this size, so that a sanitizer sees who reads on */
	FUZZ_CLAIM(copy);
	memcpy(copy, data, size);
	out_free(&changed);
	bytes_renew(copy, size);
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
