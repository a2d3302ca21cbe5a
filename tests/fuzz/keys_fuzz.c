/* The file of --keys, and what it makes typed to a guest that reads its keyboard now and then. */
#include "fuzz.h"

#include "machine/typist.h"

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static bool room(void *ctx)
{
	unsigned *left = ctx;
	if (*left)
		(*left)--;
	return *left & 1;
}

static void type(const struct keys_script *script)
{
	static struct board board;
	static struct typist typist;
	unsigned rooms = 100;
	board_init(&board, true, swallow, NULL);
	typist_init(&typist, script);
	for (unsigned i = 0; i < 300 && typist_due_ns(&typist) != TYPIST_NEVER; i++) {
		uint64_t due = typist_due_ns(&typist);
		uint8_t byte;
		if (due > board.state.now_ns)
			board_advance(&board, due - board.state.now_ns);
		typist_feed(&typist, &board, room, &rooms);
		FUZZ_CLAIM(typist_due_ns(&typist) > board.state.now_ns);
		FUZZ_CLAIM(typist.state.count <= TYPIST_MAX);
		board_advance(&board, 700000);
		if (i % 3)
			board_io(&board, 0x60, &byte, 1, 1, false);
		if (script->count && i % 50 == 49)
			typist_put(
			        &typist, script->events, script->count % 100, board.state.now_ns);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	char *text = fuzz_copy(&in, 0);
	struct keys_script script = { 0 };
	struct error e = { 0 };
	if (keys_script_parse(&script, text, size, &e)) {
		FUZZ_CLAIM(!strncmp(e.text, "line ", 5));
		for (const char *c = e.text; *c; c++)
			FUZZ_CLAIM((unsigned char)*c >= 0x20 && *c != 0x7f);
		FUZZ_CLAIM(!script.events);
	} else {
		type(&script);
	}
	keys_script_free(&script);
	free(text);
	return 0;
}
