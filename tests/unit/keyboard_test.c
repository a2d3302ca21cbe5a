/* The keyboard by itself: its queue, its sets of scan codes, its answers. */
#include "devices/keyboard.h"

#include "check.h"

static struct keyboard k;

static void fresh(void)
{
	memset(&k, 0xa5, sizeof k);
	keyboard_reset(&k);
}

/* All that it sends, as hex. */
static const char *sent(void)
{
	static char text[200];
	size_t n = 0;

	text[0] = 0;
	while ((keyboard_has_reply(&k) || keyboard_has_key(&k)) && n < sizeof text - 4)
		n += (size_t)snprintf(
		        text + n, sizeof text - n, "%s%02x", n ? " " : "", keyboard_take(&k));
	return text;
}

static const char *answer(uint8_t command)
{
	keyboard_write(&k, command);
	return sent();
}

static void type(const char *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		keyboard_key(&k, (uint8_t)codes[i]);
}
#define TYPE(codes) type(codes, sizeof(codes) - 1)

static void keys_are_set_2_unless_set_1_is_chosen(void)
{
	fresh();
	TYPE("\x1e\x9e\xe0\x4d\xe0\xcd\x41\xc1\x54\x58");
	CHECK_STR(sent(), "1c f0 1c e0 74 e0 f0 74 83 f0 83 84 07");
	CHECK_STR(answer(0xf0), "fa");
	CHECK_STR(answer(0x01), "fa");
	TYPE("\x1e\x9e\xe0\x4d\xe0\xcd");
	CHECK_STR(sent(), "1e 9e e0 4d e0 cd");
}

/* Whatever key: what translation makes of what is sent is what was typed. */
static void translation_undoes_set_2(void)
{
	for (unsigned make = 1; make < 0x80; make++) {
		fresh();
		keyboard_key(&k, (uint8_t)make);
		keyboard_key(&k, (uint8_t)(make | 0x80));
		if ((make & ~1u) == 0x60) /* e0 and e1 are no break codes */
			continue;
		uint8_t code = keyboard_take(&k);
		CHECK(code);
		CHECK_EQ(keyboard_translate(code), make);
		CHECK_EQ(keyboard_take(&k), KEYBOARD_BREAK);
		CHECK_EQ(keyboard_take(&k), code);
		CHECK(!keyboard_has_key(&k));
	}
	CHECK_EQ(keyboard_translate(0xfa), 0xfa);
	CHECK_EQ(keyboard_translate(0x00), 0xff);
}

static void queue_has_16_bytes(void)
{
	fresh();
	CHECK_EQ(keyboard_room(&k), 16);
	for (uint8_t i = 1; i <= 18; i++)
		keyboard_key(&k, i);
	CHECK_EQ(keyboard_room(&k), 0);
	keyboard_write(&k, 0xf0); /* answers go before keys */
	keyboard_take(&k);
	keyboard_write(&k, 1);
	CHECK_STR(sent(), "fa 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10");
	for (uint8_t i = 1; i <= 3; i++)
		keyboard_key(&k, i);
	CHECK_STR(sent(), "01 02 03");
}

static void commands_are_answered(void)
{
	fresh();
	CHECK_STR(answer(0xee), "ee");
	CHECK_STR(answer(0xf2), "fa ab 83");
	CHECK_STR(answer(0xfe), "83");
	CHECK_STR(answer(0xff), "fa aa");
	CHECK_STR(answer(0xed), "fa");
	CHECK_STR(answer(0xff & 0x05), "fa");
	CHECK_EQ(k.leds, 5);
	CHECK_STR(answer(0xf3), "fa");
	CHECK_STR(answer(0x20), "fa");
	CHECK_EQ(k.rate, 0x20);
	CHECK_STR(answer(0xf6), "fa");
	CHECK_EQ(k.rate, 0x2b);
	CHECK_STR(answer(0xf0), "fa");
	CHECK_STR(answer(0), "fa 02");
	CHECK_STR(answer(0xf0), "fa");
	CHECK_STR(answer(3), "fe"); /* set 3 is not here */
	CHECK_STR(answer(0x12), "fe");
	/* A command where an operand is due. */
	CHECK_STR(answer(0xed), "fa");
	CHECK_STR(answer(0xee), "ee");
	CHECK_STR(answer(0x02), "fe");
	CHECK_EQ(k.leds, 5);
}

static void without_scanning_keys_wait_outside(void)
{
	fresh();
	keyboard_key(&k, 0x1e);
	CHECK_STR(answer(0xf5), "fa"); /* and the queue is empty */
	CHECK_EQ(keyboard_room(&k), 0);
	keyboard_key(&k, 0x1e);
	CHECK_STR(answer(0xf4), "fa");
	CHECK_EQ(keyboard_room(&k), 16);
	CHECK_STR(sent(), "");
}

/* A new command takes what was not said yet. */
static void a_command_drops_what_was_to_be_answered(void)
{
	fresh();
	for (unsigned i = 0; i < 20; i++)
		keyboard_write(&k, 0xf2);
	CHECK_STR(sent(), "fa ab 83");
}

int main(void)
{
	RUN(keys_are_set_2_unless_set_1_is_chosen);
	RUN(translation_undoes_set_2);
	RUN(queue_has_16_bytes);
	RUN(commands_are_answered);
	RUN(without_scanning_keys_wait_outside);
	RUN(a_command_drops_what_was_to_be_answered);
	return check_done();
}
