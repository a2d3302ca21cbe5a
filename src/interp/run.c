/* The loop: fetch, decode or take what was decoded, do, look at what there is to look at. */
#include "interp/decode.h"
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/mmio.h"
#include "interp/paging.h"
#include "interp/segment.h"
#include "interp/transfer.h"

enum interp_done interp_handover(struct interp *c, const struct insn *i)
{
	(void)c, (void)i;
	return HANDOVER;
}

enum interp_done interp_undefined(struct interp *c, const struct insn *i)
{
	(void)i;
	return raise(c, V_UD);
}

static inline unsigned filter_bit(uint64_t pc)
{
	return (unsigned)(pc ^ pc >> 15) & (FILTER_BITS - 1);
}

static bool is_breakpoint(const struct interp *c, uint64_t pc)
{
	unsigned low = 0, high = c->breakpoint_count;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (c->breakpoints[middle] == pc)
			return true;
		if (c->breakpoints[middle] < pc)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static inline bool may_be_breakpoint(const struct interp *c, uint64_t pc)
{
	return c->filter[filter_bit(pc) / 64] >> (filter_bit(pc) % 64) & 1;
}

/* The CPU stops before a rep, not between its iterations: SDM vol 3, "Instruction-Breakpoint Exception Condition". */
bool interp_is_at_breakpoint(const struct interp *c)
{
	uint64_t pc = interp_pc(c);
	return may_be_breakpoint(c, pc) && c->rep_rip != c->rip && is_breakpoint(c, pc);
}

void interp_set_breakpoints(struct interp *c, const uint64_t *sorted, unsigned count)
{
	memset(c->filter, 0, sizeof c->filter);
	c->breakpoints = sorted;
	c->breakpoint_count = count;
	for (unsigned k = 0; k < count; k++)
		c->filter[filter_bit(sorted[k]) / 64] |= 1ull << (filter_bit(sorted[k]) % 64);
}

/* Nobody has said how many bytes a CPU fetches of what is no instruction, or may be none. Of ud2 it is known: two. is_whole:
 * the page has had all that was decoded. */
static bool is_of_no_length(const struct insn *i, bool is_whole)
{
	bool is_ud2 = i->is_0f && i->op == 0x0b;
	if (is_whole)
		return i->fn == interp_undefined && !is_ud2;
	return i->fn == interp_handover || i->fn == interp_undefined ||
	       i->fn == interp_pop_or_xop || i->fn == interp_simd;
}

/* An instruction at the end of a page, which may go on in the next one: not kept. Where all of the 15 bytes that it may
 * have can be fetched, and nobody sees that they were, it does not matter how many of them it has. */
static const struct insn *fetch_across(struct interp *c, uint64_t pc, unsigned len)
{
	uint8_t bytes[INSN_BYTES + 1];
	unsigned len1 = len < INSN_BYTES ? len : INSN_BYTES, marks = c->mark_count;
	memcpy(bytes, (const uint8_t *)(c->code_add + pc), len1);
	bool is_whole = interp_decode(&c->scratch, bytes, len1, c->code_bits);
	bool may_end = is_of_no_length(&c->scratch, is_whole);
	if (len1 == INSN_BYTES || (is_whole && !may_end))
		return is_whole ? &c->scratch : NULL;
	uint64_t rest = (pc + len1) & c->lin_mask;
	const struct tlb_entry *e = interp_fetch_entry(c, rest);
	if (may_end && (!e || c->mark_count != marks)) {
		c->scratch.fn = interp_handover;
		return &c->scratch;
	}
	if (!e)
		return NULL;
	memcpy(bytes + len1, (const uint8_t *)(e->add + rest), INSN_BYTES - len1);
	return interp_decode(&c->scratch, bytes, INSN_BYTES, c->code_bits) ? &c->scratch : NULL;
}

static __attribute__((noinline)) bool enter_page(struct interp *c, uint64_t pc)
{
	interp_leave_code(c);
	const struct tlb_entry *e = interp_fetch_entry(c, pc);
	if (!e && c->trail)
		trail_note_pc(c->trail, pc);
	if (!e)
		return false;
	c->code_page = e->page;
	c->code_add = e->add;
	return true;
}

/* NULL: c->fault, or the bytes are no instruction. */
static __attribute__((noinline)) const struct insn *decode_at(
        struct interp *c, uint64_t pc, uint64_t key, struct insn *to)
{
	unsigned left = PAGE - (pc & (PAGE - 1));
	const uint8_t *hva = (const uint8_t *)(c->code_add + pc);
	raise(c, V_NONE);
	if (left < INSN_BYTES + 1)
		return fetch_across(c, pc, left);
	if (!interp_decode(to, hva, INSN_BYTES, c->code_bits)) {
		to->key = 0;
		return NULL;
	}
	memcpy(to->raw, hva, sizeof to->raw);
	to->key = key;
	return to;
}

#define LOW_BYTES(n) ((n) >= 8 ? UINT64_MAX : (1ull << 8 * ((n)&7)) - 1)
#define MASKS(n)                                                                                   \
	{                                                                                          \
		LOW_BYTES(n), (n) > 8 ? LOW_BYTES((n)-8) : 0                                       \
	}
static const uint64_t len_masks[16][2] = { MASKS(0), MASKS(1), MASKS(2), MASKS(3), MASKS(4),
	MASKS(5), MASKS(6), MASKS(7), MASKS(8), MASKS(9), MASKS(10), MASKS(11), MASKS(12),
	MASKS(13), MASKS(14), MASKS(15) };

/* The instruction at pc. What was decoded counts as long as the bytes are the same: nobody has to tell when
 * code changes. */
static inline const struct insn *fetch(struct interp *c, uint64_t pc)
{
	const uint8_t *hva = (const uint8_t *)(c->code_add + pc);
	uint64_t key = (uint64_t)(uintptr_t)hva << 2 | c->code_mode;
	struct insn *kept = &c->cache[((uintptr_t)hva ^ (uintptr_t)hva >> 13) & (CACHE_SIZE - 1)];
	uint64_t now[2];
	if (UNLIKELY(kept->key != key))
		return decode_at(c, pc, key, kept);
	memcpy(now, hva, sizeof now);
	if (UNLIKELY(((now[0] ^ kept->raw[0]) & len_masks[kept->len][0]) |
	             ((now[1] ^ kept->raw[1]) & len_masks[kept->len][1])))
		return decode_at(c, pc, key, kept);
	return kept;
}

static enum interp_reason reason_of(const struct insn *i)
{
	bool is_known = i && i->fn != interp_handover && i->fn != interp_simd;
	return !i ? INTERP_STATE : is_known ? INTERP_UNSURE : INTERP_UNKNOWN;
}

static void hand_over(struct interp *c, enum interp_reason reason, const struct insn *i)
{
	c->shuts_down = false;
	c->new_shadow = 0;
	c->hit_count = 0;
	c->leaves_rf = false;
	c->attention = false;
	c->reason = reason;
	c->handed_opcode = i ? i->op | (unsigned)i->is_0f << 8 : 0;
	interp_drop_marks(c);
}

static bool is_contributory(int vector)
{
	return vector == V_DE || (vector >= V_TS && vector <= V_GP);
}

/* What comes of an exception on the way to another's handler: SDM vol 3, "Interrupt 8", table 6-5. */
static struct fault combine(const struct interp *c, const struct fault *first)
{
	const struct fault *second = &c->fault;
	bool doubles = is_contributory(first->vector)
	                       ? is_contributory(second->vector)
	                       : first->vector == V_PF && (is_contributory(second->vector) ||
	                                                          second->vector == V_PF);
	if (doubles)
		return (struct fault) { .vector = V_DF, .has_error = !c->is_real };
	return *second;
}

bool interp_deliver_fault(struct interp *c)
{
	struct fault f = c->fault;
	c->raised = f.vector;
	uint64_t cr2 = c->sregs.cr2;
	c->new_shadow = 0;
	while (f.vector != V_NONE && interp_marks_may_be_early(c)) {
		c->hit_count = 0;
		cr2 = f.vector == V_PF ? f.cr2 : cr2;
		const uint32_t *error = f.has_error ? &f.error : NULL;
		enum interp_done how = interp_enter(c, (unsigned)f.vector, EVENT_EXCEPTION, error);
		if (how == DONE) {
			c->sregs_changed |= cr2 != c->sregs.cr2;
			c->sregs.cr2 = cr2;
			return true;
		}
		if (how == HANDOVER || c->fault.vector == V_NONE)
			return false;
		if (f.vector == V_DF) {
			c->shuts_down = true;
			c->shutdown_cr2 = c->fault.vector == V_PF ? c->fault.cr2 : cr2;
			return false;
		}
		if (c->fault.vector == V_PF)
			cr2 = c->fault.cr2;
		f = combine(c, &f);
	}
	return false;
}

static inline uint64_t pc_of(const struct interp *c)
{
	return (c->seg[CS].base + c->rip) & c->lin_mask;
}

/* After an instruction that has left something to look at. True: the run ends, *why. */
static bool attend(struct interp *c, enum interp_why *why)
{
	c->shadow = c->new_shadow;
	c->new_shadow = 0;
	c->rflags = c->leaves_rf ? c->rflags | RF : c->rflags & ~(uint64_t)RF;
	c->attention = c->shadow || c->irq_pending || c->leaves_rf;
	c->leaves_rf = false;
	if (c->mark_count)
		interp_commit_marks(c);
	if (c->vector != V_NONE) {
		c->last_vector = c->vector;
		c->handler = pc_of(c);
		c->vector = V_NONE;
		if (c->last_vector < 32 && c->caught >> c->last_vector & 1) {
			*why = INTERP_EXCEPTION;
			return true;
		}
	}
	if (c->is_stopped_by_device || c->hit_count) {
		*why = c->is_stopped_by_device ? INTERP_DEVICE : INTERP_WATCH;
		c->is_stopped_by_device = false;
		return true;
	}
	if (!c->is_mine) {
		hand_over(c, INTERP_STATE, NULL);
		*why = interp_is_at_breakpoint(c) ? INTERP_BREAKPOINT : INTERP_HANDOVER;
		return true;
	}
	if (c->irq_pending && c->rflags & IF && !c->shadow) {
		*why = INTERP_WINDOW;
		return true;
	}
	return false;
}

uint64_t interp_pc(const struct interp *c)
{
	return pc_of(c);
}

/* What the handler has not done: an access to what is no RAM, or an exception. NULL: the fetch fails. */
static __attribute__((noinline)) bool do_otherwise(
        struct interp *c, const struct insn *i, enum interp_done how)
{
	c->shuts_down = false;
	/* A fetch that may pass the segment's limit raises something else, or that first. */
	if (!i && !c->is_long && c->rip + INSN_BYTES > c->seg[CS].limit)
		return false;
	if (how == FAULTS && i && c->fault.is_mmio)
		how = interp_mmio(c, i);
	return how == DONE || (how == FAULTS && interp_deliver_fault(c));
}

/* Does the instruction at pc. False: nothing was done. */
static inline __attribute__((always_inline)) bool do_one(
        struct interp *c, uint64_t pc, bool is_quiet)
{
	const struct insn *i = NULL;
	enum interp_done how = FAULTS;
	if (LIKELY((pc & ~(uint64_t)(PAGE - 1)) == c->code_page) || enter_page(c, pc)) {
		if (is_quiet)
			c->code_lines |= UINT64_C(1) << (pc / TRAIL_LINE & 63);
		i = fetch(c, pc);
	}
	if (LIKELY(i)) {
		uint64_t next = c->rip + i->len;
		/* Up to the very end of the segment: KVM's. */
		if (UNLIKELY(!c->is_long && next > c->seg[CS].limit)) {
			hand_over(c, INTERP_STATE, NULL);
			return false;
		}
		c->r[NEXT] = next;
		how = is_quiet && UNLIKELY(i->is_loud) ? HANDOVER : i->fn(c, i);
	}
	if (UNLIKELY(how != DONE) && (is_quiet || !do_otherwise(c, i, how))) {
		bool shuts_down = !is_quiet && c->shuts_down;
		hand_over(c, reason_of(i), i);
		c->shuts_down = shuts_down;
		return false;
	}
	c->rip = c->r[NEXT];
	return true;
}

/* The inner loop, up to the next look at the kick: *n goes up to stop. False: the run ends, *why. range: of
 * interp_run_quiet; NULL, which the compiler knows: of interp_run. */
static inline __attribute__((always_inline)) bool run_some(struct interp *c, uint64_t *n,
        uint64_t stop, const struct interp_range *range, enum interp_why *why)
{
	uint64_t pc = pc_of(c), count = *n;
	bool goes_on = true;
	while (count < stop) {
		if (UNLIKELY(!do_one(c, pc, range != NULL))) {
			*why = INTERP_HANDOVER;
			goes_on = false;
			break;
		}
		count++;
		if (UNLIKELY(c->attention)) {
			count += c->more_done;
			c->more_done = 0;
			if (attend(c, why)) {
				goes_on = false;
				break;
			}
		}
		pc = pc_of(c);
		if (UNLIKELY(may_be_breakpoint(c, pc)) &&
		        (range ? is_breakpoint(c, pc) : interp_is_at_breakpoint(c))) {
			*why = INTERP_BREAKPOINT;
			goes_on = false;
			break;
		}
		if (range && UNLIKELY(pc - range->begin >= range->size)) {
			*why = INTERP_LEFT;
			goes_on = false;
			break;
		}
	}
	*n = count;
	return goes_on;
}

static inline __attribute__((always_inline)) enum interp_why run(
        struct interp *c, const struct interp_range *range, uint64_t max, uint64_t *done)
{
	enum interp_why why = INTERP_COUNT;
	c->hit_count = 0;
	c->more_done = 0;
	c->last_vector = c->vector = c->raised = V_NONE;
	c->attention = c->shadow || c->irq_pending || c->rflags & RF;
	*done = 0;
	if (!c->is_mine) {
		hand_over(c, INTERP_STATE, NULL);
		return INTERP_HANDOVER;
	}
	if (c->irq_pending && c->rflags & IF && !c->shadow)
		return INTERP_WINDOW;
	if (c->trail && !range)
		trail_note_pc(c->trail, pc_of(c));
	while (*done < max) {
		if (c->kick && *c->kick)
			return INTERP_KICKED;
		/* They may pass what run_some goes up to, but not max; a range looks at each. */
		c->at_once = !range && max - *done > 2 * KICK_EVERY ? KICK_EVERY : 0;
		if (!run_some(c, done, max - *done > KICK_EVERY ? *done + KICK_EVERY : max, range,
		            &why))
			return why;
	}
	return INTERP_COUNT;
}

enum interp_why interp_run(struct interp *c, uint64_t max, uint64_t *done)
{
	return run(c, NULL, max, done);
}

enum interp_why interp_run_quiet(
        struct interp *c, const struct interp_range *range, uint64_t max, uint64_t *done)
{
	return run(c, range, max, done);
}
