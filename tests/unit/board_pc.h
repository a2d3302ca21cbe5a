/* A PC's board for the tests of its devices: its ports, its time, and what it says. */
#ifndef STEPVM_TESTS_BOARD_PC_H
#define STEPVM_TESTS_BOARD_PC_H

#include "devices/board.h"

static struct {
	struct board board;
	char output[400], said[600]; /* what was said: a sentence a line */
} pc;

static void pc_output(void *ctx, const uint8_t *bytes, size_t len)
{
	size_t at = strlen(pc.output);

	(void)ctx;
	if (len < sizeof pc.output - at)
		memcpy(pc.output + at, bytes, len);
}

static void pc_say(void *ctx, const char *text)
{
	size_t at = strlen(pc.said);

	(void)ctx;
	snprintf(pc.said + at, sizeof pc.said - at, "%s\n", text);
}

/* After power-on. */
static struct board *pc_open(void)
{
	memset(&pc, 0, sizeof pc);
	board_init(&pc.board, true, pc_output, NULL);
	board_on_say(&pc.board, pc_say, NULL);
	return &pc.board;
}

static void pc_out(unsigned port, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	board_io(&pc.board, (uint16_t)port, &byte, 1, 1, true);
}

static unsigned pc_in(unsigned port)
{
	uint8_t byte = 0;

	board_io(&pc.board, (uint16_t)port, &byte, 1, 1, false);
	return byte;
}

#endif
