/* One of the two machines that are compared: a connection to its debug stub, and where the CPU's
 * registers stand in its packets. Both stubs are asked for their target description; nothing here
 * knows a register's number.
 *
 * What differs between the two and is evened out here: stepvm's eip is linear (it has the offset as
 * `ip` besides), QEMU's is the offset in CS; QEMU takes no X packets, no QStartNoAckMode (it does
 * without acknowledgements all the same: a new packet stands for one) and at most 2048 bytes at a
 * time.
 * Source: GDB manual, "GDB Remote Serial Protocol" and "Target Descriptions"; QEMU 7.2,
 * gdbstub/gdbstub.c. */
#ifndef STEPVM_TESTS_SIDE_H
#define STEPVM_TESTS_SIDE_H

#include "rsp.h"

enum cpu_register {
	CPU_EAX, /* in the order of ModRM's numbers: SDM vol 2, table 2-2 */
	CPU_ECX,
	CPU_EDX,
	CPU_EBX,
	CPU_ESP,
	CPU_EBP,
	CPU_ESI,
	CPU_EDI,
	CPU_EFLAGS,
	CPU_ES, /* in the order of the segment registers' numbers: SDM vol 2, appendix B.1.4.3 */
	CPU_CS,
	CPU_SS,
	CPU_DS,
	CPU_FS,
	CPU_GS,
	CPU_CR0,
	CPU_PC, /* linear */
	CPU_REGISTERS
};
extern const char *const cpu_names[CPU_REGISTERS];

struct cpu {
	uint32_t r[CPU_REGISTERS];
};

#define CR0_PE 1u

#define SIDE_REGISTERS_MAX 256

#define SIDE_MEMORY 0xa0000 /* bytes that are looked at: conventional memory */

struct side {
	const char *name;
	struct rsp rsp;
	struct side_register {
		unsigned number;
		size_t off; /* in the g packet; bytes */
		unsigned size;
		bool is_there;
	} registers[CPU_REGISTERS], bases[6], ip, gdtr; /* bases: ES CS SS DS FS GS */
	unsigned sizes[SIDE_REGISTERS_MAX];             /* by number; bytes */
	uint32_t gdt;    /* its base, when gdtr is there and was read */
	char stop[512];  /* the last stop reply, and what was said before it */
	uint8_t *memory; /* SIDE_MEMORY bytes, as they were last read or written */
	bool is_broken;  /* the connection is gone, or an answer made no sense */
	bool is_quiet;   /* nothing is printed about that */
};

/* Start a program and connect to it; its standard error goes to a file in memory. False: why is on
 * standard output. side_close is to be called in any case. */
bool side_start_stepvm(struct side *s, const char *program, const char *image);
bool side_start_qemu(struct side *s, const char *program);
/* A PC with SeaBIOS, stopped before its first instruction; drive: of -drive. */
bool side_start_pc(struct side *s, const char *program, const char *drive);
/* One that was never started can be closed, too. */
void side_prepare(struct side *s);
/* HOST:PORT of a stepvm that waits for its debugger, or will before long. */
bool side_connect(struct side *s, const char *where);
/* A command of its monitor's, while it is stopped; what it says to it is not kept. */
bool side_monitor(struct side *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends it, wherever it runs. side_close is still to be called. */
void side_kill(struct side *s);
void side_close(struct side *s);

/* One instruction. Begin on both sides, then end on both: they run at the same time. */
void side_begin_step(struct side *s);
/* False: no instruction was done; s->stop says more. */
bool side_end_step(struct side *s);
void side_begin_read(struct side *s);
/* All of *cpu, and is_sane: in real mode every base is 16 times its selector, and eip, ip and cs
 * agree. */
bool side_end_read(struct side *s, struct cpu *cpu, bool *is_sane);
bool side_write_memory(struct side *s, size_t gva, const uint8_t *from, size_t len);
bool side_write_register(struct side *s, enum cpu_register reg, uint32_t value);

/* Real mode, and everything as in *cpu. */
bool side_load(struct side *s, const struct cpu *cpu);
/* The first len bytes of memory become what from holds; only what differs is sent. */
bool side_load_memory(struct side *s, const uint8_t *from, size_t len);
/* Reads a range into s->memory. */
bool side_fetch_memory(struct side *s, size_t gva, size_t len);
bool side_read_memory(struct side *s, size_t gva, uint8_t *to, size_t len);

#endif
