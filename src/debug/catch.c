/* What the words of `monitor catch` mean, the list of catchpoints, and which of them an event
 * meets. */
#include "debug/catch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/cursor.h"

/* SDM vol 3, table "Protected-Mode Exceptions and Interrupts". */
static const char *const vector_names[32] = { [0] = "#DE",
	[1] = "#DB",
	[2] = "NMI",
	[3] = "#BP",
	[4] = "#OF",
	[5] = "#BR",
	[6] = "#UD",
	[7] = "#NM",
	[8] = "#DF",
	[10] = "#TS",
	[11] = "#NP",
	[12] = "#SS",
	[13] = "#GP",
	[14] = "#PF",
	[16] = "#MF",
	[17] = "#AC",
	[18] = "#MC",
	[19] = "#XM",
	[20] = "#VE",
	[21] = "#CP" };

struct catch_vector_text catch_vector_describe(unsigned vector, enum catch_cause cause)
{
	struct catch_vector_text t;
	const char *name = vector < ARRAY_SIZE(vector_names) ? vector_names[vector] : NULL;
	size_t n = (size_t)snprintf(t.text, sizeof t.text, "vector 0x%02x", vector & 0xff);
	char *to = t.text + n;
	switch (cause) {
	case CATCH_BY_EXCEPTION:
		if (name)
			snprintf(to, sizeof t.text - n, " (%s)", name);
		break;
	case CATCH_BY_INT: snprintf(to, sizeof t.text - n, " (int 0x%02x)", vector & 0xff); break;
	case CATCH_BY_DEVICE: snprintf(to, sizeof t.text - n, " (interrupt)"); break;
	}
	return t;
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* A general register by any of its names; its value is left alone. */
static bool find_register(const char *name, struct catch_condition *to)
{
	static const struct {
		const char *letters;
		uint16_t offset;
	} lettered[] = { { "a", offsetof(struct kvm_regs, rax) },
		{ "b", offsetof(struct kvm_regs, rbx) }, { "c", offsetof(struct kvm_regs, rcx) },
		{ "d", offsetof(struct kvm_regs, rdx) } };
	static const struct {
		const char *name;
		uint16_t offset;
	} named[] = { { "si", offsetof(struct kvm_regs, rsi) },
		{ "di", offsetof(struct kvm_regs, rdi) }, { "bp", offsetof(struct kvm_regs, rbp) },
		{ "sp", offsetof(struct kvm_regs, rsp) } };
	size_t n = strlen(name);
	const char *tail = n == 3 ? name + 1 : name;
	to->shift = 0;
	to->mask = n == 2 ? 0xffff : name[0] == 'e' ? 0xffffffff : UINT64_MAX;
	if (n != 2 && !(n == 3 && (name[0] == 'e' || name[0] == 'r')))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!strcmp(tail, named[i].name)) {
			to->offset = named[i].offset;
			return true;
		}
	for (size_t i = 0; i < 4; i++) {
		if (tail[0] != lettered[i].letters[0])
			continue;
		to->offset = lettered[i].offset;
		if (tail[1] == 'x')
			return true;
		to->mask = 0xff;
		to->shift = tail[1] == 'h' ? 8 : 0;
		return n == 2 && (tail[1] == 'h' || tail[1] == 'l');
	}
	return false;
}

static bool whole_number(const char *word, uint64_t *value)
{
	struct cursor c = cursor_of(word);
	return cursor_code(&c, value) && cursor_at_end(&c);
}

/* NUMBER or NUMBER-NUMBER, at most max. */
static bool range(const char *word, uint64_t max, struct catchpoint *p)
{
	struct cursor c = cursor_of(word);
	if (!cursor_code(&c, &p->low))
		return false;
	p->high = p->low;
	if (cursor_char(&c, '-') && !cursor_code(&c, &p->high))
		return false;
	return cursor_at_end(&c) && p->low <= p->high && p->high <= max;
}

static int wrong(struct error *e, const char *word, const char *expected)
{
	return error_set(e, -EINVAL, "catch: %s: expected %s", word, expected);
}

static bool is_same_register(const struct catch_condition *a, const struct catch_condition *b)
{
	return a->offset == b->offset && a->shift == b->shift && a->mask == b->mask;
}

static int take_condition(struct catchpoint *p, const char *word, struct error *e)
{
	static const char expected[] = "a condition such as ah=0x0e";
	char name[8];
	struct cursor c = cursor_of(word);
	struct catch_condition is;
	if (!cursor_name(&c, name, sizeof name) || !cursor_char(&c, '=') ||
	        !find_register(name, &is) || !whole_number(c.at, &is.value))
		return wrong(e, word, expected);
	if (is.value > is.mask)
		return error_set(
		        e, -EINVAL, "catch: %s: %s is at most 0x%" PRIx64, word, name, is.mask);
	for (unsigned i = 0; i < p->condition_count; i++)
		if (is_same_register(&p->conditions[i], &is))
			return error_set(e, -EINVAL, "catch: %s: a value of %s was given already",
			        word, name);
	if (p->condition_count == CATCH_CONDITIONS_MAX)
		return wrong(e, word, "nothing more");
	p->conditions[p->condition_count++] = is;
	return 0;
}

static int take_access(struct catchpoint *p, const char *word, struct error *e)
{
	static const struct {
		const char *word;
		enum catch_direction direction;
	} words[] = { { "in", CATCH_IN }, { "read", CATCH_IN }, { "out", CATCH_OUT },
		{ "write", CATCH_OUT } };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(word, words[i].word) != 0)
			continue;
		if (p->direction != CATCH_BOTH)
			return error_set(e, -EINVAL,
			        "catch: %s: a direction was given already; without one, both "
			        "are caught",
			        word);
		p->direction = words[i].direction;
		return 0;
	}
	if (strncasecmp(word, "value=", 6) != 0 || !whole_number(word + 6, &p->value))
		return wrong(e, word, "in, out, read, write or value=NUMBER");
	if (p->has_value)
		return error_set(e, -EINVAL, "catch: %s: a value was given already", word);
	p->has_value = true;
	return 0;
}

static bool vector_by_name(const char *word, struct catchpoint *p)
{
	for (unsigned i = 0; i < 32; i++)
		if (vector_names[i] && !strcasecmp(word, vector_names[i])) {
			p->low = p->high = i;
			p->is_exception = true;
			return true;
		}
	return false;
}

#define WORDS_MAX (2 + CATCH_CONDITIONS_MAX)

static bool is_either(const char *word, const char *one, const char *other)
{
	return !strcasecmp(word, one) || !strcasecmp(word, other);
}

/* The event, and the vectors or addresses after it. *used: how many words that were. */
static int take_event(
        struct catchpoint *p, char *const words[], unsigned count, unsigned *used, struct error *e)
{
	static const char events[] =
	        "int N, exception, a name such as #GP, port, mmio, mode, cs, cr0, cr3, "
	        "cr4, hlt, reset or magic";
	const char *first = words[0];
	*used = 1;
	if (is_either(first, "mode", "cs")) {
		p->kind = !strcasecmp(first, "cs") ? CATCH_CS : CATCH_MODE;
	} else if (is_either(first, "hlt", "reset")) {
		p->kind = !strcasecmp(first, "hlt") ? CATCH_HLT : CATCH_RESET;
	} else if (is_either(first, "cr0", "cr3") || !strcasecmp(first, "cr4")) {
		p->kind = CATCH_CR;
		p->low = p->high = (uint64_t)(first[2] - '0');
	} else if (!strcasecmp(first, "magic")) {
		p->kind = CATCH_MAGIC;
	} else if (!strcasecmp(first, "exception")) {
		p->kind = CATCH_VECTOR;
		p->is_exception = true;
		p->high = 31;
	} else if (!strcasecmp(first, "int")) {
		p->kind = CATCH_VECTOR;
		if (count < 2 || !range(words[(*used)++], 255, p))
			return wrong(e, count < 2 ? first : words[1], "a vector of 0 to 0xff");
	} else if (is_either(first, "port", "mmio")) {
		p->kind = !strcasecmp(first, "port") ? CATCH_PORT : CATCH_MMIO;
		uint64_t max = p->kind == CATCH_PORT ? UINT16_MAX : UINT64_MAX;
		if (count < 2 || !range(words[(*used)++], max, p))
			return wrong(e, count < 2 ? first : words[1], "an address or LOW-HIGH");
	} else if (vector_by_name(first, p)) {
		p->kind = CATCH_VECTOR;
	} else {
		return wrong(e, first, events);
	}
	return 0;
}

static int parse_words(struct catchpoint *p, char *const words[], unsigned count, struct error *e)
{
	unsigned used;
	int err = take_event(p, words, count, &used, e);
	for (; used < count && !err; used++) {
		if (p->kind == CATCH_VECTOR)
			err = take_condition(p, words[used], e);
		else if (p->kind == CATCH_PORT || p->kind == CATCH_MMIO)
			err = take_access(p, words[used], e);
		else
			err = wrong(e, words[used], "nothing more");
	}
	return err;
}

int catch_parse(struct catchpoint *p, const char *text, struct error *e)
{
	char copy[sizeof p->text];
	char *words[WORDS_MAX], *rest;
	unsigned count = 0;
	*p = (struct catchpoint) { 0 };
	if (strlen(text) >= sizeof copy)
		return error_set(e, -EINVAL, "catch: at most %zu characters", sizeof copy - 1);
	strcpy(copy, text);
	strcpy(p->text, text);
	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX)
			return wrong(e, w, "nothing more");
		words[count++] = w;
	}
	if (!count)
		return error_set(e, -EINVAL, "catch: expected an event, such as int 0x10");
	return parse_words(p, words, count, e);
}

/* --- the list --------------------------------------------------------------------------------- */

int catches_add(struct catches *c, const struct catchpoint *p)
{
	if (c->count == CATCH_MAX)
		return -ENOSPC;
	c->all[c->count++] = *p;
	return 0;
}

bool catches_remove(struct catches *c, unsigned number)
{
	if (number < 1 || number > c->count)
		return false;
	memmove(&c->all[number - 1], &c->all[number], (c->count - number) * sizeof c->all[0]);
	c->count--;
	return true;
}

void catches_clear(struct catches *c)
{
	c->count = 0;
}

bool catch_needs_steps(const struct catchpoint *p)
{
	switch (p->kind) {
	case CATCH_VECTOR:
	case CATCH_MODE:
	case CATCH_CS:
	case CATCH_MAGIC:
	case CATCH_CR: return true;
	case CATCH_PORT:
	case CATCH_MMIO:
	case CATCH_HLT:
	case CATCH_RESET: break;
	}
	return false;
}

bool catches_need_steps(const struct catches *c)
{
	for (unsigned i = 0; i < c->count; i++)
		if (catch_needs_steps(&c->all[i]))
			return true;
	return false;
}

/* --- what happened ---------------------------------------------------------------------------- */

static const struct catchpoint *find(
        const struct catches *c, enum catch_kind kind, uint64_t low, uint64_t high, unsigned from)
{
	for (unsigned i = from; i < c->count; i++)
		if (c->all[i].kind == kind && low <= c->all[i].high && high >= c->all[i].low)
			return &c->all[i];
	return NULL;
}

static bool holds(const struct catchpoint *p, const struct kvm_regs *regs)
{
	for (unsigned i = 0; i < p->condition_count; i++) {
		const struct catch_condition *is = &p->conditions[i];
		uint64_t value;
		memcpy(&value, (const uint8_t *)regs + is->offset, sizeof value);
		if ((value >> is->shift & is->mask) != is->value)
			return false;
	}
	return true;
}

bool catches_vector(const struct catches *c, unsigned vector, enum catch_cause cause,
        const struct kvm_regs *regs, const char *from, char *text)
{
	const struct catchpoint *p;
	for (unsigned i = 0; (p = find(c, CATCH_VECTOR, vector, vector, i));
	        i = (unsigned)(p - c->all) + 1) {
		if ((p->is_exception && cause != CATCH_BY_EXCEPTION) || !holds(p, regs))
			continue;
		snprintf(text, CATCH_TEXT_MAX,
		        "Caught %s at %s (catch %s); here its handler begins.\n",
		        catch_vector_describe(vector, cause).text, from, p->text);
		return true;
	}
	return false;
}

static bool takes(const struct catchpoint *p, bool is_out, uint64_t value)
{
	return (p->direction == CATCH_BOTH || (p->direction == CATCH_OUT) == is_out) &&
	       (!p->has_value || p->value == value);
}

bool catches_port(const struct catches *c, uint16_t port, unsigned size, bool is_out,
        uint64_t value, char *text)
{
	const struct catchpoint *p;
	for (unsigned i = 0; (p = find(c, CATCH_PORT, port, port + size - 1u, i));
	        i = (unsigned)(p - c->all) + 1) {
		if (!takes(p, is_out, value))
			continue;
		snprintf(text, CATCH_TEXT_MAX,
		        "Caught %s port 0x%x, size %u, value 0x%" PRIx64 " (catch %s).\n",
		        is_out ? "out to" : "in from", port, size, value, p->text);
		return true;
	}
	return false;
}

bool catches_mmio(const struct catches *c, uint64_t gpa, unsigned size, bool is_write,
        uint64_t value, char *text)
{
	const struct catchpoint *p;
	for (unsigned i = 0; (p = find(c, CATCH_MMIO, gpa, gpa + size - 1, i));
	        i = (unsigned)(p - c->all) + 1) {
		if (!takes(p, is_write, value))
			continue;
		snprintf(text, CATCH_TEXT_MAX,
		        "Caught MMIO %s 0x%" PRIx64 ", size %u, value 0x%" PRIx64 " (catch %s).\n",
		        is_write ? "write to" : "read from", gpa, size, value, p->text);
		return true;
	}
	return false;
}

bool catches_mode(const struct catches *c, const char *before, const char *after, char *text)
{
	if (!strcmp(before, after) || !find(c, CATCH_MODE, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught a change of the CPU's mode from %s to %s.\n", before,
	        after);
	return true;
}

bool catches_cs(const struct catches *c, uint16_t before, uint16_t after, char *text)
{
	if (before == after || !find(c, CATCH_CS, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught a far transfer: CS was %04x and is %04x.\n", before,
	        after);
	return true;
}

bool catches_cr(const struct catches *c, unsigned number, bool is_written, uint64_t before,
        uint64_t after, char *text)
{
	if ((before == after && !is_written) || !find(c, CATCH_CR, number, number, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught a write to cr%u: 0x%" PRIx64 " was 0x%" PRIx64 ".\n",
	        number, after, before);
	return true;
}

bool catches_magic(const struct catches *c, char *text)
{
	if (!find(c, CATCH_MAGIC, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught xchg %%bx, %%bx (catch magic).\n");
	return true;
}

bool catches_hlt(const struct catches *c, char *text)
{
	if (!find(c, CATCH_HLT, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught hlt.\n");
	return true;
}

bool catches_reset(const struct catches *c, const char *how, char *text)
{
	if (!find(c, CATCH_RESET, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX,
	        "Caught a reset (%s): the machine starts anew when it goes on.\n", how);
	return true;
}
