/* terminal_keys.h: what terminals send, whole and split, is the keys that were struck. */
#include "display/terminal_keys.h"

#include "check.h"

/* The keys of some bytes as hex; is_end: nothing follows them. */
static const char *hex_of(struct terminal_keys *t, const char *bytes, size_t len, bool is_end)
{
	static char text[4096];
	struct keys keys;
	size_t used = 0;
	text[0] = 0;
	for (size_t i = 0; i < len + is_end; i++) {
		if (i < len)
			terminal_keys_byte(t, (uint8_t)bytes[i], &keys);
		else
			terminal_keys_end(t, &keys);
		for (unsigned k = 0; k < keys.len && used < sizeof text - 4; k++)
			used += (size_t)sprintf(
			        text + used, used ? " %02x" : "%02x", keys.bytes[k]);
	}
	return text;
}

static void check_sent(const char *bytes, const char *wanted)
{
	struct terminal_keys t = { .count = 0 };
	CHECK_STR(hex_of(&t, bytes, strlen(bytes), false), wanted);
	CHECK(!terminal_keys_wait(&t));
}

static void characters_are_their_keys(void)
{
	check_sent("aA1!", "1e 9e 2a 1e 9e aa 02 82 2a 02 82 aa");
	check_sent("\r\t\x7f", "1c 9c 0f 8f 0e 8e");
	check_sent("\x03\x13", "1d 2e ae 9d 1d 1f 9f 9d");
	check_sent("\xc3\xa9", "38 4f cf 51 d1 52 d2 b8");
	check_sent("\xe2\x82\xacx\xffx", "2d ad 2d ad");
	struct terminal_keys t = { .count = 0 };
	CHECK_STR(hex_of(&t, "\0", 1, false), "1d 03 83 9d");
}

static void arrows_and_their_block(void)
{
	check_sent("\x1b[A\x1b[B\x1b[C\x1b[D", "e0 48 e0 c8 e0 50 e0 d0 e0 4d e0 cd e0 4b e0 cb");
	check_sent("\x1bOA\x1bOD", "e0 48 e0 c8 e0 4b e0 cb");
	check_sent("\x1b[H\x1b[F\x1b[1~\x1b[4~", "e0 47 e0 c7 e0 4f e0 cf e0 47 e0 c7 e0 4f e0 cf");
	check_sent("\x1b[2~\x1b[3~", "e0 52 e0 d2 e0 53 e0 d3");
	check_sent("\x1b[5~\x1b[6~", "e0 49 e0 c9 e0 51 e0 d1");
}

static void function_keys_of_several_terminals(void)
{
	static const char *const sent[] = { "\x1bOP\x1b[11~\x1b[[A", "\x1bOQ\x1b[12~\x1b[[B",
		"\x1bOR\x1b[13~\x1b[[C", "\x1bOS\x1b[14~\x1b[[D", "\x1b[15~\x1b[15~\x1b[[E" };
	for (unsigned i = 0; i < 5; i++) {
		char wanted[32];
		unsigned make = 0x3b + i, end = make | 0x80;
		sprintf(wanted, "%02x %02x %02x %02x %02x %02x", make, end, make, end, make, end);
		check_sent(sent[i], wanted);
	}
	check_sent("\x1b[17~\x1b[18~\x1b[19~\x1b[20~\x1b[21~", "40 c0 41 c1 42 c2 43 c3 44 c4");
	check_sent("\x1b[23~\x1b[24~", "57 d7 58 d8");
}

static void modifiers_of_sequences(void)
{
	check_sent("\x1b[1;2A", "2a e0 48 e0 c8 aa");
	check_sent("\x1b[1;3A", "38 e0 48 e0 c8 b8");
	check_sent("\x1b[1;5C", "1d e0 4d e0 cd 9d");
	check_sent("\x1b[1;8C", "1d 38 2a e0 4d e0 cd aa b8 9d");
	check_sent("\x1b[3;5~", "1d e0 53 e0 d3 9d");
	check_sent("\x1b[1;2P\x1bO5Q", "2a 3b bb aa 1d 3c bc 9d");
	check_sent("\x1b[Z", "2a 0f 8f aa");
	check_sent("\x1b[3^\x1b[3$\x1b[a\x1bOa",
	        "1d e0 53 e0 d3 9d 2a e0 53 e0 d3 aa 2a e0 48 e0 c8 aa 1d e0 48 e0 c8 9d");
	check_sent("\x1b[27;5;13~\x1b[13;2u", "1d 1c 9c 9d 2a 1c 9c aa");
	check_sent("\x1bOM\x1bOp\x1bOk", "e0 1c e0 9c 0b 8b 2a 0d 8d aa");
}

static void alt_is_esc_before_a_key(void)
{
	check_sent("\x1b"
	           "a",
	        "38 1e 9e b8");
	check_sent("\x1bX", "38 2a 2d ad aa b8");
	check_sent("\x1b\r", "38 1c 9c b8");
	check_sent("\x1b\x03", "1d 38 2e ae b8 9d");
	check_sent("\x1b\x1b[A", "38 e0 48 e0 c8 b8");
	check_sent("\x1b\x1bOP", "38 3b bb b8");
	check_sent("\x1b\x1bx", "01 81 38 2d ad b8");
}

static void check_ended(const char *bytes, const char *wanted)
{
	struct terminal_keys t = { .count = 0 };
	CHECK_STR(hex_of(&t, bytes, strlen(bytes), false), "");
	CHECK(terminal_keys_wait(&t));
	CHECK_STR(hex_of(&t, "", 0, true), wanted);
	CHECK(!terminal_keys_wait(&t));
	CHECK_STR(hex_of(&t, "a", 1, false), "1e 9e");
}

static void esc_alone_is_a_key_when_nothing_follows(void)
{
	check_ended("\x1b", "01 81");
	check_ended("\x1b\x1b", "01 81 01 81");
	check_ended("\x1b[", "38 1a 9a b8");
	check_ended("\x1bO", "38 2a 18 98 aa b8");
	check_ended("\x1b[1;5", "");
	check_ended("\xc3", "");
	check_ended("\x1b\xc3", "");
}

static void what_no_key_sends_is_left_out(void)
{
	check_sent("\x1b[200~x\x1b[201~", "2d ad");
	check_sent("\x1b[<0;10;10Mx", "2d ad");
	check_sent("\x1b[?62;1cx", "2d ad");
	check_sent("\x1b[99999999999999999999~x", "2d ad");
	check_sent("\x1b[;;;;;;Ax", "e0 48 e0 c8 2d ad");
	check_sent("\x1b[1\x1b[Ax", "e0 48 e0 c8 2d ad");
	check_sent("\x1b[\rx", "38 1a 9a b8 1c 9c 2d ad");
	check_sent("\x1b[[Zx", "2d ad");
	/* Longer than the buffer. */
	check_sent("\x1b[1111111111111111111111111111111111111111;5Ax", "2d ad");
}

/* Where a caller stops between two bytes makes no difference: each is taken alone. What can
 * differ is a struct that was copied, as into a snapshot. */
static void a_copy_goes_on(void)
{
	static const char bytes[] = "\x1b[1;5C\xe2\x98\xba\x1bx\x1b[15~";
	struct terminal_keys whole = { .count = 0 };
	char wanted[256];
	strcpy(wanted, hex_of(&whole, bytes, strlen(bytes), false));
	for (size_t cut = 0; cut <= strlen(bytes); cut++) {
		struct terminal_keys first = { .count = 0 }, second;
		char both[512];
		strcpy(both, hex_of(&first, bytes, cut, false));
		memcpy(&second, &first, sizeof first);
		memset(&first, 0xff, sizeof first);
		const char *rest = hex_of(&second, bytes + cut, strlen(bytes) - cut, false);
		if (*both && *rest)
			strcat(both, " ");
		strcat(both, rest);
		CHECK_STR(both, wanted);
	}
}

int main(void)
{
	RUN(characters_are_their_keys);
	RUN(arrows_and_their_block);
	RUN(function_keys_of_several_terminals);
	RUN(modifiers_of_sequences);
	RUN(alt_is_esc_before_a_key);
	RUN(esc_alone_is_a_key_when_nothing_follows);
	RUN(what_no_key_sends_is_left_out);
	RUN(a_copy_goes_on);
	return check_done();
}
