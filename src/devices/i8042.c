/* The controller, and its row. Names in quotes are sections of the IBM PC AT Technical Reference's
 * chapter on the keyboard controller. */
#include "devices/i8042.h"

#include "devices/board.h"

/* "Status Register" */
#define STATUS_FULL     0x01 /* the output buffer */
#define STATUS_SYSTEM   0x04 /* bit 2 of the command byte: the self-test has passed */
#define STATUS_COMMAND  0x08
#define STATUS_UNLOCKED 0x10
#define STATUS_MOUSE    0x20 /* the byte is the second port's */
#define STATUS_TIMEOUT  0x40

/* "Controller's Command Byte" */
#define BYTE_INTERRUPT 0x01
#define BYTE_SYSTEM    0x04
#define BYTE_NO_KEYS   0x10
#define BYTE_NO_MOUSE  0x20
#define BYTE_TRANSLATE 0x40

/* "Controller Commands" */
#define READ_RAM        0x20 /* to 0x3f; 0x20 is the command byte */
#define WRITE_RAM       0x60 /* to 0x7f */
#define TEST_PASSWORD   0xa4
#define DISABLE_MOUSE   0xa7
#define ENABLE_MOUSE    0xa8
#define TEST_MOUSE      0xa9
#define SELF_TEST       0xaa
#define TEST_KEYBOARD   0xab
#define DISABLE_KEYS    0xad
#define ENABLE_KEYS     0xae
#define READ_INPUT      0xc0
#define READ_OUTPUT     0xd0
#define WRITE_OUTPUT    0xd1
#define AS_KEYBOARD     0xd2 /* the byte comes back as if the keyboard had sent it, */
#define AS_MOUSE        0xd3 /* or the mouse */
#define TO_MOUSE        0xd4
#define READ_TESTS      0xe0
#define PULSE           0xf0 /* to 0xff: bits of the output port that go low where 0 */
#define RAM_MASK        0x1f
#define TESTS_PASSED    0x55
#define NO_PASSWORD     0xf1
#define NOTHING_WRONG   0x00
#define MOUSE_IS_SILENT 0xfe

/* "Output Port" */
#define OUTPUT_NO_RESET 0x01
#define OUTPUT_A20      0x02
#define OUTPUT_FULL     0x10
#define OUTPUT_HIGH     0xcc /* the keyboard's clock and data, and what nothing is wired to */
/* "Input Port": not locked, display in colour, no jumper, 512 KiB on the board */
#define INPUT_PORT 0xb0

static struct i8042 *controller(struct board *b)
{
	return &b->state.i8042;
}

/* --- the output buffer ------------------------------------------------------------------------ */

/* Of what is in it now. "Controller's Command Byte", bit 0; with the keyboard off the software
 * asks, as it does while it talks to the controller. */
static bool interrupts(const struct i8042 *k)
{
	return k->is_full && k->source != I8042_MOUSE && k->ram[0] & BYTE_INTERRUPT &&
	       !(k->ram[0] & BYTE_NO_KEYS);
}

static void fill(struct i8042 *k, enum i8042_source source, uint8_t byte)
{
	k->output = byte;
	k->source = source;
	k->is_full = true;
	k->has_risen |= interrupts(k);
}

static void take_from_keyboard(struct i8042 *k)
{
	uint8_t byte = keyboard_take(&k->keyboard);

	if (!(k->ram[0] & BYTE_TRANSLATE)) {
		fill(k, I8042_KEYBOARD, byte);
	} else if (byte == KEYBOARD_BREAK) {
		k->is_breaking = true;
	} else {
		fill(k, I8042_KEYBOARD,
		        keyboard_translate(byte) | (k->is_breaking ? KEYBOARD_RELEASED : 0));
		k->is_breaking = false;
	}
}

/* Brings it to the present time. */
static void settle(struct board *b)
{
	struct i8042 *k = controller(b);

	while (!k->is_full && !(k->ram[0] & BYTE_NO_KEYS) &&
	        (keyboard_has_reply(&k->keyboard) ||
	                (keyboard_has_key(&k->keyboard) && b->state.now_ns >= k->ready_ns)))
		take_from_keyboard(k);
}

static uint8_t read_data(struct board *b)
{
	struct i8042 *k = controller(b);

	settle(b);
	if (k->is_full)
		k->ready_ns = b->state.now_ns + I8042_BYTE_NS;
	k->is_full = k->has_timed_out = false;
	return k->output;
}

static uint8_t read_status(struct board *b)
{
	const struct i8042 *k = controller(b);

	settle(b);
	return STATUS_UNLOCKED | (k->is_full ? STATUS_FULL : 0) |
	       (k->ram[0] & BYTE_SYSTEM ? STATUS_SYSTEM : 0) |
	       (k->is_command ? STATUS_COMMAND : 0) |
	       (k->is_full && k->source == I8042_MOUSE ? STATUS_MOUSE : 0) |
	       (k->has_timed_out ? STATUS_TIMEOUT : 0);
}

/* --- commands --------------------------------------------------------------------------------- */

/* "Output Port". */
static void write_output(struct board *b, uint8_t value)
{
	board_set_a20(b, value & OUTPUT_A20);
	if (!(value & OUTPUT_NO_RESET))
		board_request_reset(b, BOARD_RESET_KEYBOARD);
}

/* The byte that a command takes at port 0x60. */
static void take_operand(struct board *b, uint8_t command, uint8_t value)
{
	struct i8042 *k = controller(b);

	switch (command) {
	case WRITE_OUTPUT: write_output(b, value); break;
	case AS_KEYBOARD: fill(k, I8042_KEYBOARD, value); break;
	case AS_MOUSE: fill(k, I8042_MOUSE, value); break;
	case TO_MOUSE:
		fill(k, I8042_MOUSE, MOUSE_IS_SILENT);
		k->has_timed_out = true;
		break;
	default: k->ram[command & RAM_MASK] = value; break;
	}
}

static void answer(struct board *b, uint8_t byte)
{
	fill(controller(b), I8042_CONTROLLER, byte);
}

static uint8_t output_port(const struct i8042 *k)
{
	return OUTPUT_HIGH | OUTPUT_A20 | OUTPUT_NO_RESET | (k->is_full ? OUTPUT_FULL : 0);
}

static void set_bits(struct board *b, uint8_t bits, bool is_on)
{
	uint8_t *byte = &controller(b)->ram[0];

	*byte = is_on ? *byte | bits : *byte & (uint8_t)~bits;
}

static void write_command(struct board *b, uint8_t command)
{
	struct i8042 *k = controller(b);

	k->expects = 0;
	switch (command) {
	case TEST_PASSWORD: answer(b, NO_PASSWORD); break;
	case DISABLE_MOUSE: set_bits(b, BYTE_NO_MOUSE, true); break;
	case ENABLE_MOUSE: set_bits(b, BYTE_NO_MOUSE, false); break;
	case SELF_TEST:
		set_bits(b, BYTE_SYSTEM, true);
		answer(b, TESTS_PASSED);
		break;
	case TEST_MOUSE:
	case TEST_KEYBOARD:
	case READ_TESTS: answer(b, NOTHING_WRONG); break;
	case DISABLE_KEYS: set_bits(b, BYTE_NO_KEYS, true); break;
	case ENABLE_KEYS: set_bits(b, BYTE_NO_KEYS, false); break;
	case READ_INPUT: answer(b, INPUT_PORT); break;
	case READ_OUTPUT: answer(b, output_port(k)); break;
	case WRITE_OUTPUT:
	case AS_KEYBOARD:
	case AS_MOUSE:
	case TO_MOUSE: k->expects = command; break;
	default:
		if ((command & ~RAM_MASK) == READ_RAM)
			answer(b, k->ram[command & RAM_MASK]);
		else if ((command & ~RAM_MASK) == WRITE_RAM)
			k->expects = command;
		else if (command >= PULSE && !(command & OUTPUT_NO_RESET))
			board_request_reset(b, BOARD_RESET_KEYBOARD);
		break; /* the controller ignores what it does not know */
	}
}

static void write_data(struct board *b, uint8_t value)
{
	struct i8042 *k = controller(b);
	uint8_t command = k->expects;

	k->expects = 0;
	if (command) {
		take_operand(b, command, value);
		return;
	}
	/* "Data Written to Port 60": it goes to the keyboard, whose interface is on then. */
	set_bits(b, BYTE_NO_KEYS, false);
	keyboard_write(&k->keyboard, value);
}

/* --- on the board ----------------------------------------------------------------------------- */

static void reset(struct board *b)
{
	struct i8042 *k = controller(b);

	keyboard_reset(&k->keyboard);
	k->ram[0] = BYTE_INTERRUPT | BYTE_SYSTEM | BYTE_NO_MOUSE | BYTE_TRANSLATE;
}

static uint8_t read(struct board *b, uint16_t port)
{
	return port == I8042_DATA_PORT ? read_data(b) : read_status(b);
}

static void write(struct board *b, uint16_t port, uint8_t value)
{
	settle(b);
	controller(b)->is_command = port != I8042_DATA_PORT;
	if (port == I8042_DATA_PORT)
		write_data(b, value);
	else
		write_command(b, value);
}

static unsigned update(struct board *b)
{
	struct i8042 *k = controller(b);

	settle(b);
	unsigned line = (interrupts(k) ? LINE_HIGH : LINE_LOW) | (k->has_risen ? LINE_ROSE : 0);
	k->has_risen = false;
	return line;
}

/* A byte that is due already is in the buffer. */
static uint64_t next_ns(const struct board *b)
{
	const struct i8042 *k = &b->state.i8042;
	bool is_on = k->ram[0] & BYTE_INTERRUPT && !(k->ram[0] & BYTE_NO_KEYS);

	return is_on && !k->is_full && keyboard_has_key(&k->keyboard) ? k->ready_ns : DEVICE_NEVER;
}

static size_t input_room(const struct board *b)
{
	return keyboard_room(&b->state.i8042.keyboard);
}

static void input(struct board *b, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		keyboard_key(&controller(b)->keyboard, bytes[i]);
}

static void show(const struct board *b, struct device_text *t)
{
	const struct i8042 *k = &b->state.i8042;
	const struct keyboard *keys = &k->keyboard;

	device_say(t, "controller   command byte 0x%02x: keyboard %s, IRQ 1 %s, translation %s\n",
	        k->ram[0], k->ram[0] & BYTE_NO_KEYS ? "off" : "on",
	        k->ram[0] & BYTE_INTERRUPT ? "on" : "off",
	        k->ram[0] & BYTE_TRANSLATE ? "on" : "off");
	device_say(t, "             output buffer 0x%02x, %s\n", k->output,
	        k->is_full ? "not read yet" : "empty");
	device_say(t, "keyboard     scan code set %u, %s, LEDs %u, %u of %d bytes wait:", keys->set,
	        keys->is_scanning ? "scanning" : "not scanning", keys->leds, keys->count,
	        KEYBOARD_QUEUE);
	for (unsigned i = 0; i < keys->count; i++)
		device_say(t, " %02x", keys->queue[(keys->head + i) % KEYBOARD_QUEUE]);
	device_say(t, "\n");
}

const struct device i8042_device = {
	.name = "keyboard",
	.about = "the keyboard controller and the keyboard: what waits, and what is on",
	.is_pc_only = true,
	.ports = { { I8042_DATA_PORT, 1, true }, { I8042_COMMAND_PORT, 1, true } },
	.reset = reset,
	.read = read,
	.write = write,
	.update = update,
	.irq = I8042_IRQ,
	.next_ns = next_ns,
	.input_room = input_room,
	.input = input,
	.show = show,
};
