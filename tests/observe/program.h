/* A random program in one of the CPU's modes, and what each of its instructions accesses. All of it follows from
 * a seed.
 *
 *	0x00000  the vectors of real mode
 *	0x01000  what begins: tables, interrupt controllers, the way to CPL 3; the handlers
 *	0x02000  GDT, IDT, TSS, the handlers' counters, page tables
 *	0x07000  the stack of CPL 0 for code of CPL 3
 *	0x08000  64 bytes of data on a page of the code
 *	0x08040  the program, up to 0x0c000
 *	0x0c000  its stack
 *	0x0f000  its data, 256 bytes before and after it: the page ends in the middle
 *
 * These are linear addresses. With paging those from 0x8000 on lead to pages in any order. */
#ifndef STEPVM_TESTS_OBSERVE_PROGRAM_H
#define STEPVM_TESTS_OBSERVE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRAM_IMAGE     0x18000u
#define PROGRAM_BEGIN     0x01000u /* where the CPU starts */
#define PROGRAM_MIXED     0x08000u
#define PROGRAM_CODE      0x08000u
#define PROGRAM_CODE_SIZE 0x04000u
#define PROGRAM_STACK     0x0cff0u /* its top */
#define PROGRAM_DATA      0x0f000u /* where the page ends */
#define PROGRAM_OWN       0x08000u /* what is the program's own, with the pages after it */
#define PROGRAM_OWN_SIZE  0x08000u
#define PROGRAM_INSNS     4000u
#define PROGRAM_ACCESSES  3u

enum program_kind { PROGRAM_REAL16, PROGRAM_PROT32, PROGRAM_PAGED32, PROGRAM_LONG64 };

struct program_mode {
	const char *name, *start; /* ours; stepvm's for --mode */
	const char *fact;         /* its name in what `stepvm probe --json` prints */
	enum program_kind kind;
	unsigned bits, cpl;
};

/* The last has the name NULL. */
extern const struct program_mode program_modes[];

enum access_where {
	ACCESS_AT,   /* gva */
	ACCESS_PUSH, /* below the stack pointer */
	ACCESS_POP,  /* at the stack pointer */
	ACCESS_SI,
	ACCESS_DI
};

struct access {
	uint8_t where, size; /* enum access_where */
	bool reads, writes;
	bool is_maybe; /* a CPU may do it or not */
	uint32_t gva;
};

struct program_insn {
	uint32_t gva;
	uint8_t access_count;
	bool is_rep, is_print; /* prints AL on port 0xe9 */
	struct access accesses[PROGRAM_ACCESSES];
};

struct program {
	const struct program_mode *mode;
	uint64_t seed;
	bool has_timer, has_vectors; /* ticks come; it uses int n and faults */
	bool has_ports;              /* it may use ports, cli and sti */
	uint16_t data_selector;      /* real mode: of ds and es */
	uint32_t start, halt;        /* the first instruction; the hlt that ends it */
	uint32_t timer_begin, timer_end;
	uint32_t page_gpa[16];
	uint8_t image[PROGRAM_IMAGE];
	unsigned insn_count;
	struct program_insn insns[PROGRAM_INSNS];
	uint16_t at
	        [PROGRAM_CODE_SIZE]; /* 1 + the index of the instruction that begins there, or 0 */
};

/* name: of a mode, or NULL for any. False: there is no such mode. */
bool program_make(struct program *p, uint64_t seed, const char *name);
/* NULL: none of the program's own. */
const struct program_insn *program_find(const struct program *p, uint64_t gva);

#endif
