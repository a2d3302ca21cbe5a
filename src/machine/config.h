/* What a guest is made of and how it lives, as its user has said it: data, which the command line
 * fills and nobody changes afterwards. Strings are borrowed from who fills it. */
#ifndef STEPVM_MACHINE_CONFIG_H
#define STEPVM_MACHINE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/image.h"
#include "machine/keys_script.h"
#include "debug/means.h"
#include "devices/board.h"
#include "devices/disk.h"

#define CONFIG_LIST_MAX    32
#define CONFIG_MEMORY_SIZE (64ull << 20) /* bytes of RAM unless said */

/* What `hlt` does, and going on with a CPU that is halted. */
enum hlt_policy {
	HLT_AUTO,   /* wait while an interrupt can still come, else say so and end, or stop for the
	               debugger: it stays halted however often that goes on */
	HLT_EXIT,   /* end with status 0 */
	HLT_STOP,   /* stop for the debugger: going on leaves the hlt, or waits for an interrupt */
	HLT_RESUME, /* go on after it when hlt_resume_ms are over */
};

/* --trace, a set. */
enum trace_kind {
	TRACE_IO = 1 << 0,      /* port accesses */
	TRACE_MMIO = 1 << 1,    /* accesses outside RAM */
	TRACE_EXITS = 1 << 2,   /* every KVM_EXIT_ by name, with its details */
	TRACE_PACKETS = 1 << 3, /* the debugger's packets and our replies */
	TRACE_RUN = 1 << 4,     /* run control's decisions */
	TRACE_BIOS = 1 << 5,    /* calls of the BIOS, by name */
};

/* What a PC's real-time clock begins at, --rtc. */
enum config_rtc {
	RTC_UTC,   /* the host's, in UTC */
	RTC_LOCAL, /* the host's, in its time zone */
	RTC_DATE,  /* rtc_seconds */
};

/* How the guest's time goes while it runs: --speed. */
struct config_speed {
	uint32_t permille; /* ms in a second of the host's; 0: 1000, as fast */
	bool skips_waits;  /* where it waits in hlt, at once to what is due next */
};
struct config_memory {
	uint64_t size; /* whole pages, not 0 */
	bool has_gpa;
	uint64_t gpa; /* at a page; 0 unless has_gpa */
};
struct config_register {
	/* A word of letters, digits and _, in lower case; not known to be a register. */
	char name[16];
	uint64_t value;
};
struct config_port {
	uint16_t port;
	enum port_kind kind;
};

/* --disk */
struct config_disk {
	const char *text; /* the option's value, which begins with the path: "a.img,write" */
	size_t path_len;  /* two commas in it stand for one */
	bool is_writable;
	enum disk_kind kind;
};

/* What a recorded guest was made of, where it is to do the same again: no image is loaded. All borrowed. */
struct config_replay {
	const char *image; /* its name */
	enum image_format format;
	bool is_pc, watches_zero;
	bool has_boot; /* the first disk is what it was started from */
	unsigned disk_count;
	struct {
		const char *name;
		enum disk_kind kind;
		struct disk_medium medium;
	} disks[DISKS_MAX];
	const struct keys_script *script;
	const struct kvm_cpuid2 *cpuid; /* what cpuid gave it; NULL: not known */
};

/* Whether memory overlaps, a register exists or a port is free is judged by machine_open. */
struct machine_config {
	struct image_options image;
	struct config_memory memory[CONFIG_LIST_MAX];
	unsigned memory_count; /* 0: CONFIG_MEMORY_SIZE at 0 */
	struct config_register registers[CONFIG_LIST_MAX];
	unsigned register_count;
	struct config_port ports[CONFIG_LIST_MAX];
	unsigned port_count;
	struct config_disk disks[DISKS_MAX];
	unsigned disk_count;
	bool is_shown;    /* the screen is in a terminal: what is on it is not printed, too */
	const char *keys; /* the file of a script of keys (keys_script.h), or NULL */
	enum hlt_policy hlt;
	uint32_t hlt_resume_ms; /* HLT_RESUME: 0 or more */
	struct config_speed speed;
	enum engine_choice engine; /* --engine */
	bool checks_engine;        /* --check-engine: not with ENGINE_KVM */
	unsigned trace;            /* TRACE_ bits */
	bool no_reboot;            /* a guest that resets the machine ends it */
	const char *parallel;      /* the file that a PC's parallel port prints to, or NULL */
	const struct config_replay *replay; /* instead of an image, or NULL */
	enum config_rtc rtc;
	int64_t rtc_seconds; /* RTC_DATE: since 1970-01-01, in the guest's own zone */
};

#endif
