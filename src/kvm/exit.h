/* Why KVM_RUN returned, as a typed value. Pure: reads struct kvm_run and nothing else.
 * Source: api.rst, section 5 "The kvm_run structure". */
#ifndef STEPVM_KVM_EXIT_H
#define STEPVM_KVM_EXIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

enum exit_kind {
	EXIT_KICKED,         /* KVM_RUN was interrupted (EINTR): there is no exit reason */
	EXIT_IO,             /* io */
	EXIT_MMIO,           /* mmio */
	EXIT_MSR,            /* msr: wrmsr of EFER, see efer.h */
	EXIT_HLT,            /* rip is after the hlt */
	EXIT_DEBUG,          /* debug */
	EXIT_SHUTDOWN,       /* triple fault */
	EXIT_FAIL_ENTRY,     /* fail_entry */
	EXIT_INTERNAL_ERROR, /* internal */
	EXIT_IRQ_WINDOW,     /* an interrupt can be injected now */
	EXIT_NO_PAGING,      /* KVM was not run: vcpu_run */
	EXIT_OTHER,          /* reason tells */
};

#define EXIT_INSN_MAX 15 /* the longest x86 instruction, SDM vol 2, 2.3.11 */
#define EXIT_DATA_MAX 16 /* KVM_INTERNAL_ERROR's data words */

struct exit {
	enum exit_kind kind;
	uint32_t reason; /* KVM's number; not news when kind is EXIT_KICKED */
	union {
		struct {
			bool is_write;
			uint8_t size; /* bytes: 1, 2, 4 */
			uint16_t port;
			uint32_t count;
			uint8_t *data; /* count * size bytes in kvm_run; a read fills them; dies
			                * with the next run */
		} io;
		struct {
			bool is_write;
			uint8_t size; /* bytes: 1 to 8 */
			uint64_t gpa;
			uint8_t *data; /* as above */
		} mmio;
		struct {
			uint64_t value;
			uint8_t *is_refused; /* 1: the guest gets #GP; dies with the next run */
		} msr;
		struct {
			uint32_t exception; /* vector: 1 #DB, 3 #BP */
			uint64_t pc, dr6, dr7;
		} debug;
		struct {
			uint64_t hardware_reason;
			uint32_t cpu;
		} fail_entry;
		struct {
			uint32_t suberror; /* KVM_INTERNAL_ERROR_ */
			uint8_t insn_size; /* 0: KVM did not tell */
			uint8_t insn[EXIT_INSN_MAX];
			uint32_t data_count;
			uint64_t data[EXIT_DATA_MAX];
		} internal;
	};
};

/* Decodes *run, whose mapping has run_size bytes, after KVM_RUN returned 0. An I/O exit whose data
 * would lie outside of the mapping decodes as EXIT_OTHER. */
void exit_decode(struct exit *x, struct kvm_run *run, size_t run_size);

/* "KVM_EXIT_IO"; NULL for a number that is not known here. */
const char *exit_name(uint32_t reason);
/* "KVM_INTERNAL_ERROR_EMULATION"; NULL likewise. */
const char *exit_suberror_name(uint32_t suberror);
/* One line without a newline: the name and what the exit carries. data_valid: whether a read's data
 * has been filled in. */
void exit_describe(const struct exit *x, bool data_valid, char *to, size_t size);

#endif
