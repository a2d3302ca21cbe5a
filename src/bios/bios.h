/* The PC board's firmware: what a BIOS answers to `int n` and to its interrupts, done by stepvm and
 * not by code of the guest's.
 *
 * Each vector of the IVT points to a stub in the ROM at F000 (rom.h), which traps to the VMM and
 * returns. So a guest can read, hook and chain vectors as on a PC. At the trap the machine calls
 * bios_call with the CPU's registers; what a service leaves in them is what the stub returns with.
 *
 *	int 13h -> IVT -> F000 stub: out -> bios_call -> services.c -> the service -> iret
 *
 * Pure towards KVM: registers, memory and devices come in by struct bios, and nothing here knows a
 * descriptor, the host's clock or a vCPU. */
#ifndef STEPVM_BIOS_BIOS_H
#define STEPVM_BIOS_BIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/registers.h"
#include "devices/board.h"

/* A run of the guest's physical addresses, as int 15h E820 tells of it. */
struct bios_range {
	uint64_t gpa, size;
	uint32_t type; /* 1: RAM, 2: reserved (ACPI specification, "Address Range Types") */
};
#define BIOS_RANGES_MAX 32

/* The guest's memory, by physical address. A write is seen by watchpoints, as one of the guest's
 * own is. */
struct bios_memory {
	void *ctx;
	/* False: not all of it is RAM, and nothing was done. */
	bool (*read)(void *ctx, uint32_t gpa, void *to, size_t len);
	bool (*write)(void *ctx, uint32_t gpa, const void *from, size_t len);
	unsigned range_count; /* by address, without overlap */
	struct bios_range ranges[BIOS_RANGES_MAX];
};

/* A call that waits until a time of the guest's. It is known by its stack: another call, made by a
 * handler in between, has another one. */
struct bios_wait {
	bool is_on;
	uint16_t ss, sp;
	uint64_t until_ns;
};

/* What a BIOS keeps outside the guest's RAM. All zeros at power-on; copied for a snapshot. */
struct bios_state {
	/* BIOS_JUMPS: the vector, or the ROM's routine (rom.h), that is called on the way back. */
	uint16_t jump;
	uint32_t said[8];  /* a bit a vector: the user has been told that nobody answers it */
	uint8_t key_seen;  /* the byte that int 15h AH=4Fh has let pass */
	uint16_t key_rate; /* int 16h AH=03h: as in BX */
	struct bios_wait wait, serial_wait; /* int 15h AH=86h; int 14h AH=02h */
	uint8_t apm;                        /* int 15h AH=53h: how it is connected */
	bool is_idle;                       /* int 15h AX=5305h waits */
	uint8_t disk_said; /* int 13h, BIOS_DISK_SAID_: what the user has been told */

	/* Int 10h: a bit for each enum video_unseen (video.h) that has been said to the user. */
	uint8_t video_said;
};

#define BIOS_DISK_SAID_ABSENT 1 /* the guest reads from a drive that is not there */
#define BIOS_DISK_SAID_READ   2 /* a file can't be read */
#define BIOS_DISK_SAID_WRITE  4 /* one can't be written to, or no more is kept beside it */

struct disks; /* devices/disk.h */

struct bios {
	struct bios_state state;
	struct board *board;
	struct disks *disks; /* NULL: there are none */
	const struct bios_memory *memory;
	/* A line for the user about what this BIOS does not do; without the newline. */
	void (*say)(void *ctx, const char *line);
	/* A character of code page 437 that the guest prints by teletype output. */
	void (*teletype)(void *ctx, uint8_t character);
	void *ctx; /* of both */
};

/* What is to become of the CPU at the stub. */
enum bios_verdict {
	BIOS_DONE,   /* it goes on: the stub returns */
	BIOS_WAITS,  /* nothing was done. It waits for an interrupt in the ROM, and calls again */
	BIOS_JUMPS,  /* it goes on at rom_call(state.jump), which returns for it */
	BIOS_BOOTS,  /* it goes on at 0000:7c00, with the registers */
	BIOS_RESETS, /* the machine starts anew */
	BIOS_OFF,    /* the machine is switched off */
};

/* Lays down IVT, BDA, EBDA and ROM, and brings the devices into the state that a BIOS leaves them
 * in. The guest's RAM is zeros before, but for its image. */
void bios_power_on(struct bios *b);
/* Answers `int vector`, a hardware interrupt's vector among them, or ROM_RESET. */
enum bios_verdict bios_call(struct bios *b, unsigned vector, struct bios_regs *r);
/* The call in words, without the newline: "int 13h AH=02h read sectors: ok". before: the registers
 * that it came with; after: those that it returned with, NULL: it has not yet. Truncated at
 * size. */
void bios_describe(unsigned vector, const struct bios_regs *before, const struct bios_regs *after,
        char *to, size_t size);
/* What a call that is not done yet waits for: "a key"; NULL: it does not wait. */
const char *bios_waits_for(unsigned vector, const struct bios_regs *r);

#endif
