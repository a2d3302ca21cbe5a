/* Watchpoints: which there are, and whether an access or a change hits one. Knows memory only
 * through linear addresses; how each is kept during a run is control's.
 *
 * A watchpoint is a range of linear addresses. It is kept by a data breakpoint in a debug register
 * where those fire; else by guarding its pages, so that accesses exit; during single-steps by
 * looking at what the instruction accesses and comparing the bytes. */
#ifndef STEPVM_DEBUG_WATCH_H
#define STEPVM_DEBUG_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/vcpu.h"

#define WATCH_LEN_MAX 0x10000 /* bytes of one watchpoint; their old values are kept */
#define WATCHES_MAX   256     /* with them, 16 MiB at most */

enum watch_kind { WATCH_WRITE, WATCH_READ, WATCH_ACCESS };
enum watch_method { WATCH_BY_REGISTER, WATCH_BY_GUARD, WATCH_BY_STEPS, WATCH_BY_COMPARING };

struct watch {
	uint64_t gva;
	uint32_t len;
	enum watch_kind kind;
	enum watch_method method; /* of the last run; before the first: by steps */
	bool is_set;        /* false: removed, kept for monitor info until the guest goes on */
	uint8_t *old;       /* owned: the bytes when the guest was stopped last */
	uint64_t places[2]; /* where the first and the last byte were then; UINT64_MAX: nowhere */
};

struct watches {
	struct watch *all; /* owned */
	size_t count, size;
	unsigned changes; /* how often the list has changed */
};

void watches_init(struct watches *w);
void watches_close(struct watches *w);
/* 0, -EINVAL (no length, wraps), -E2BIG (over WATCH_LEN_MAX), -ENOSPC (WATCHES_MAX are there) or
 * -ENOMEM. Adding twice is no error. */
int watches_add(struct watches *w, uint64_t gva, uint64_t len, enum watch_kind kind);
void watches_remove(struct watches *w, uint64_t gva, uint64_t len, enum watch_kind kind);
/* Whether there is one that was not removed. */
bool watches_are_set(const struct watches *w);
void watches_purge(struct watches *w);
void watches_clear(struct watches *w);

/* Remembers the watched bytes as they are now. */
void watches_note(struct watches *w, struct vcpu *v);
/* The first watchpoint for writes or all accesses whose bytes differ from those noted, or NULL. Where the guest's
 * pages have led the address elsewhere since (mov to cr3), nothing was written for that. */
struct watch *watches_changed(struct watches *w, struct vcpu *v);
/* The first one that an access of len bytes at gva hits, or NULL. */
struct watch *watches_hit(struct watches *w, uint64_t gva, uint64_t len, bool is_write);
/* The same for an access at a guest-physical address: *gva is where the watched byte stands. */
struct watch *watches_hit_gpa(struct watches *w, struct vcpu *v, uint64_t gpa, uint64_t len,
        bool is_write, uint64_t *gva);

const char *watch_kind_name(enum watch_kind kind);
const char *watch_method_name(enum watch_method method);

#endif
