/* The typist: what is typed comes to the keyboard whole, in order, and no sooner than it is read. */
#include "machine/typist.h"

#include "check.h"

#include <stdlib.h>

static struct board board;
static struct typist typist;
static bool has_room;
static unsigned asked;

static void swallow(void *ctx, const uint8_t *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static bool room(void *ctx)
{
	(void)ctx;
	asked++;
	return has_room;
}

static void begin(const struct keys_script *script)
{
	board_init(&board, true, swallow, NULL);
	typist_init(&typist, script);
	has_room = true;
	asked = 0;
}

static struct key_events list(const char *names, uint32_t hold_ms)
{
	static struct key_event all[256];
	struct key_events e = { .all = all, .max = sizeof all / sizeof *all };
	struct cursor c = cursor_of(names);
	struct keys keys;
	while (keys_named(&c, &keys)) {
		CHECK(key_events_add(&e, &keys, hold_ms));
		cursor_char(&c, ' ');
	}
	CHECK(cursor_at_end(&c));
	return e;
}

static bool put(const char *names, uint32_t hold_ms)
{
	struct key_events e = list(names, hold_ms);
	return typist_put(&typist, e.all, e.count, board.state.now_ns);
}

/* What the guest sees in so many milliseconds, as hex: it reads a byte when one is there. */
static const char *read_for(unsigned ms)
{
	static char text[1000];
	size_t n = 0;
	text[0] = 0;
	for (unsigned i = 0; i < ms; i++) {
		uint8_t status, byte;
		typist_feed(&typist, &board, room, NULL);
		board_advance(&board, 1000000);
		board_io(&board, 0x64, &status, 1, 1, false);
		if (!(status & 1))
			continue;
		board_io(&board, 0x60, &byte, 1, 1, false);
		if (n + 4 < sizeof text)
			n += (size_t)snprintf(
			        text + n, sizeof text - n, "%s%02x", n ? " " : "", byte);
	}
	return text;
}

static void keys_come_in_order(void)
{
	begin(NULL);
	CHECK_EQ(typist_due_ns(&typist), TYPIST_NEVER);
	CHECK(put("a shift-b right", 0));
	CHECK_EQ(typist_due_ns(&typist), 0);
	CHECK_STR(read_for(50), "1e 9e 2a 30 b0 aa e0 4d e0 cd");
	CHECK_EQ(typist_due_ns(&typist), TYPIST_NEVER);
}

static void a_byte_waits_until_the_one_before_was_read(void)
{
	begin(NULL);
	CHECK(put("a", 0));
	for (unsigned i = 0; i < 100; i++) {
		typist_feed(&typist, &board, room, NULL);
		board_advance(&board, 1000000);
	}
	CHECK_EQ(typist.state.count, 1);
	CHECK_EQ(board_scancode_room(&board), KEYBOARD_QUEUE);
	CHECK(typist_due_ns(&typist) != TYPIST_NEVER);
	CHECK_STR(read_for(50), "1e 9e");
}

static void a_key_is_held_so_long(void)
{
	begin(NULL);
	CHECK(put("left", 100));
	CHECK_STR(read_for(90), "e0 4b");
	CHECK_STR(read_for(30), "e0 cb");
}

static void a_full_buffer_holds_keys_up_but_no_releases(void)
{
	begin(NULL);
	CHECK(put("a shift-b", 0));
	CHECK_STR(read_for(1), "1e");
	has_room = false;
	CHECK_STR(read_for(50), "9e 2a");
	CHECK(asked > 20);
	asked = 0;
	read_for(1000);
	CHECK(asked > 20 && asked < 100); /* less often after a while */
	has_room = true;
	CHECK_STR(read_for(50), "30 b0 aa");
}

static void urgent_keys_overtake_what_waits(void)
{
	begin(NULL);
	has_room = false;
	CHECK(put("shift-a b c", 0));
	CHECK_STR(read_for(20), "2a");
	CHECK(put("ctrl-alt-delete", 0));
	CHECK_STR(read_for(50), "9e aa b0 ae 1d 38 e0 53 e0 d3 b8 9d");
	CHECK(put("x", 0));
	CHECK(put("ctrl-pause", 0));
	CHECK_STR(read_for(50), "ad 1d e0 46 e0 c6 9d");
}

static void a_code_is_not_torn(void)
{
	begin(NULL);
	CHECK(put("right right", 0));
	CHECK_STR(read_for(1), "e0");
	CHECK(put("ctrl-alt-delete", 0));
	CHECK_STR(read_for(50), "4d e0 cd e0 cd 1d 38 e0 53 e0 d3 b8 9d");
}

static void the_queue_is_bounded(void)
{
	unsigned count = 0;
	begin(NULL);
	while (put("a", 0))
		count++;
	CHECK_EQ(count, TYPIST_MAX / 2);
	CHECK_EQ(typist_free(&typist), 0);
	CHECK(put("ctrl-alt-delete", 0)); /* releases stay: there is room */
	read_for(4 * TYPIST_MAX);
	CHECK_EQ(typist_free(&typist), TYPIST_MAX);
	CHECK(put("a shift-b", 0));
	CHECK_STR(read_for(50), "1e 9e 2a 30 b0 aa");
}

static void a_long_text_goes_round_the_queue(void)
{
	unsigned bytes = 0;
	begin(NULL);
	for (unsigned i = 0; i < 5000; i++) {
		while (!put("a", 0))
			bytes += (unsigned)strlen(read_for(1)) ? 1 : 0;
	}
	for (unsigned i = 0; i < 4 * TYPIST_MAX; i++)
		bytes += (unsigned)strlen(read_for(1)) ? 1 : 0;
	CHECK_EQ(bytes, 10000);
}

static void a_board_without_a_keyboard_is_left_alone(void)
{
	begin(NULL);
	board_init(&board, false, swallow, NULL);
	CHECK(put("a", 0));
	typist_feed(&typist, &board, room, NULL);
	CHECK_EQ(typist.state.count, 2);
	CHECK(typist_due_ns(&typist) > 0);
}

static void a_script_keeps_its_times(void)
{
	static const char text[] = "at 1s\ntype \"ab\"\nwait 100ms\nhold left 50ms\nkey f1\n";
	struct keys_script script;
	struct error e = { 0 };
	CHECK_EQ(keys_script_parse(&script, text, strlen(text), &e), 0);
	begin(&script);
	CHECK_EQ(typist_due_ns(&typist), 1000000000);
	CHECK_STR(read_for(1000), "");
	CHECK_STR(read_for(50), "1e 9e 30 b0");
	CHECK_STR(read_for(50), "");
	CHECK_STR(read_for(50), "e0 4b");
	CHECK_STR(read_for(50), "e0 cb 3b bb");
	CHECK_EQ(typist_due_ns(&typist), TYPIST_NEVER);
	typist_restart(&typist, 5);
	CHECK_EQ(typist_due_ns(&typist), TYPIST_NEVER);
	typist_power_on(&typist);
	CHECK_EQ(typist_due_ns(&typist), 1000000000);
	keys_script_free(&script);
}

/* As with Ctrl-Alt-Delete: the guest's time is another, and what is to come still comes. */
static void a_reset_of_the_guests_loses_nothing(void)
{
	static const char text[] = "wait 100ms\nkey c\n";
	struct keys_script script;
	struct error e = { 0 };
	CHECK_EQ(keys_script_parse(&script, text, strlen(text), &e), 0);
	begin(&script);
	read_for(50);
	CHECK(put("a b", 0));
	CHECK_STR(read_for(2), "1e 9e");
	board_init(&board, true, swallow, NULL);
	typist_restart(&typist, board.state.now_ns);
	CHECK_STR(read_for(50), "30 b0");
	CHECK_STR(read_for(150), "2e ae");
	keys_script_free(&script);
}

static void a_copy_of_the_state_goes_on_from_there(void)
{
	static struct typist_state kept;
	static struct board_state kept_board;
	static const char text[] = "type \"abc\"\n";
	struct keys_script script;
	struct error e = { 0 };
	CHECK_EQ(keys_script_parse(&script, text, strlen(text), &e), 0);
	begin(&script);
	CHECK_STR(read_for(2), "1e 9e");
	kept = typist.state;
	kept_board = board.state;
	CHECK_STR(read_for(50), "30 b0 2e ae");
	typist.state = kept;
	board.state = kept_board;
	CHECK_STR(read_for(50), "30 b0 2e ae");
	keys_script_free(&script);
}

int main(void)
{
	RUN(keys_come_in_order);
	RUN(a_byte_waits_until_the_one_before_was_read);
	RUN(a_key_is_held_so_long);
	RUN(a_full_buffer_holds_keys_up_but_no_releases);
	RUN(urgent_keys_overtake_what_waits);
	RUN(a_code_is_not_torn);
	RUN(the_queue_is_bounded);
	RUN(a_long_text_goes_round_the_queue);
	RUN(a_board_without_a_keyboard_is_left_alone);
	RUN(a_script_keeps_its_times);
	RUN(a_reset_of_the_guests_loses_nothing);
	RUN(a_copy_of_the_state_goes_on_from_there);
	return check_done();
}
