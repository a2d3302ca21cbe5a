/* What a device is to the board: a row that says where it stands and what it does. board.c has the
 * list of rows, and loops over it wherever it deals with devices.
 *
 * A device keeps all that changes in a field of struct board_state, which is copied whole for a
 * snapshot, and knows no descriptor and no clock of the host: its time is b->state.now_ns. It
 * reaches the CPU by its interrupt line alone, and the world by the board's output. */
#ifndef STEPVM_DEVICES_DEVICE_H
#define STEPVM_DEVICES_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_PORTS_MAX 3
#define DEVICE_NEVER     UINT64_MAX

struct board;

/* Lines for a person; what does not fit is cut. All zeros is empty. */
struct device_text {
	char text[1000];
	size_t len;
};
void device_say(struct device_text *t, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* A run of I/O ports. */
struct device_ports {
	uint16_t base, size; /* size 0: none, and none after it */
	bool has_time;       /* what the guest does there depends on its time, or changes when timed
	                  interrupts come */
};

/* What update finds at the interrupt line. */
enum device_line {
	LINE_LOW = 0,
	LINE_HIGH = 1,
	LINE_ROSE = 2, /* or'ed: it has risen since the last update, and may have fallen again */
};

struct device {
	const char *name;  /* for messages, and `monitor info NAME` */
	const char *about; /* what that shows; NULL where show is */
	bool is_pc_only;   /* it stands on a PC's board, and not on a bare one */
	struct device_ports ports[DEVICE_PORTS_MAX];

	/* A wider access than a byte is nobody's, though it begins here: it is for a register of
	 * another width that this one lies in. */
	bool has_bytes_only;

	/* As after power-on; the field is all zeros before. NULL: zeros are it. */
	void (*reset)(struct board *b);
	/* Both are needed. A byte at a port of its own. A wider access comes as several, lowest port first, as an
	 * ISA bus splits it. */
	uint8_t (*read)(struct board *b, uint16_t port);
	void (*write)(struct board *b, uint16_t port, uint8_t value);

	/* Brings the device to the present time and returns its line, a set of enum device_line.
	 * Called after each access to it, and when next_ns has come. NULL: it has no line. */
	unsigned (*update)(struct board *b);
	uint8_t irq; /* that the line is wired to, where there is one: 0 to 15, but not 2 */
	/* The guest's time at which the line rises if nobody touches the device, or DEVICE_NEVER.
	 * Asked at each step, so it has to be known already. NULL: time does nothing to it. */
	uint64_t (*next_ns)(const struct board *b);

	/* Bytes from outside: how many it takes now, and that they come; never more than that. Both
	 * are NULL where nothing is plugged in. They look at b->state alone. */
	size_t (*input_room)(const struct board *b);
	void (*input)(struct board *b, const uint8_t *bytes, size_t len);

	/* The state in words. NULL: it has no `monitor info`. */
	void (*show)(const struct board *b, struct device_text *t);
};

#endif
