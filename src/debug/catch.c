#include "debug/catch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cursor.h"

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

const char *catch_vector_name(unsigned vector)
{
	return vector < 32 ? vector_names[vector] : NULL;
}

/* --- parsing -----------------------------------------------------------------------------------
 */

/* Registers of a condition: a general register by any of its names. */
static bool find_register(const char *name, struct catchpoint *p)
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
	p->register_shift = 0;
	p->register_mask = n == 2 ? 0xffff : name[0] == 'e' ? 0xffffffff : UINT64_MAX;
	if (n != 2 && !(n == 3 && (name[0] == 'e' || name[0] == 'r')))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!strcmp(tail, named[i].name)) {
			p->register_offset = named[i].offset;
			return true;
		}
	for (size_t i = 0; i < 4; i++) {
		if (tail[0] != lettered[i].letters[0])
			continue;
		p->register_offset = lettered[i].offset;
		if (tail[1] == 'x')
			return true;
		p->register_mask = 0xff;
		p->register_shift = tail[1] == 'h' ? 8 : 0;
		return n == 2 && (tail[1] == 'h' || tail[1] == 'l');
	}
	return false;
}

static bool whole_number(const char *word, uint64_t *value)
{
	struct cursor c = cursor_of(word);
	return cursor_number(&c, value) && cursor_at_end(&c);
}

/* NUMBER or NUMBER-NUMBER, at most max. */
static bool range(const char *word, uint64_t max, struct catchpoint *p)
{
	struct cursor c = cursor_of(word);
	if (!cursor_number(&c, &p->low))
		return false;
	p->high = p->low;
	if (cursor_char(&c, '-') && !cursor_number(&c, &p->high))
		return false;
	return cursor_at_end(&c) && p->low <= p->high && p->high <= max;
}

static bool condition(const char *word, struct catchpoint *p)
{
	char name[8];
	const char *equals = strchr(word, '=');
	if (!equals || (size_t)(equals - word) >= sizeof name)
		return false;
	memcpy(name, word, (size_t)(equals - word));
	name[equals - word] = 0;
	return find_register(name, p) && whole_number(equals + 1, &p->register_value) &&
	       p->register_value <= p->register_mask;
}

static bool access_word(const char *word, struct catchpoint *p)
{
	static const struct {
		const char *word;
		enum catch_direction direction;
	} words[] = { { "in", CATCH_IN }, { "read", CATCH_IN }, { "out", CATCH_OUT },
		{ "write", CATCH_OUT } };
	for (size_t i = 0; i < 4; i++)
		if (!strcmp(word, words[i].word)) {
			p->direction = words[i].direction;
			return true;
		}
	if (strncmp(word, "value=", 6) || !whole_number(word + 6, &p->value))
		return false;
	p->has_value = true;
	return true;
}

static bool vector_by_name(const char *word, struct catchpoint *p)
{
	for (unsigned i = 0; i < 32; i++)
		if (vector_names[i] && !strcasecmp(word, vector_names[i])) {
			p->low = p->high = i;
			return true;
		}
	return false;
}

#define WORDS_MAX 5

static int wrong(struct error *e, const char *word, const char *meant)
{
	return error_set(e, -EINVAL, "catch: %s: %s was meant", word, meant);
}

static int parse_words(struct catchpoint *p, char *const words[], unsigned count, struct error *e)
{
	static const char events[] =
	        "int N, exception, a name such as #GP, port, mmio, mode, cs, cr0, cr3, "
	        "cr4 or hlt";
	const char *first = words[0];
	unsigned used = 1;
	if (!strcmp(first, "mode") || !strcmp(first, "cs") || !strcmp(first, "hlt")) {
		p->kind = first[0] == 'm' ? CATCH_MODE : first[0] == 'c' ? CATCH_CS : CATCH_HLT;
	} else if (!strcmp(first, "cr0") || !strcmp(first, "cr3") || !strcmp(first, "cr4")) {
		p->kind = CATCH_CR;
		p->low = p->high = (uint64_t)(first[2] - '0');
	} else if (!strcmp(first, "exception")) {
		p->kind = CATCH_VECTOR;
		p->high = 31;
	} else if (!strcmp(first, "int")) {
		p->kind = CATCH_VECTOR;
		if (count < 2 || !range(words[used++], 255, p))
			return wrong(e, count < 2 ? first : words[1], "a vector of 0 to 0xff");
	} else if (!strcmp(first, "port") || !strcmp(first, "mmio")) {
		p->kind = first[0] == 'p' ? CATCH_PORT : CATCH_MMIO;
		if (count < 2 ||
		        !range(words[used++], p->kind == CATCH_PORT ? 0xffff : UINT64_MAX, p))
			return wrong(e, count < 2 ? first : words[1], "an address or LOW-HIGH");
	} else if (vector_by_name(first, p)) {
		p->kind = CATCH_VECTOR;
	} else {
		return wrong(e, first, events);
	}
	for (; used < count; used++) {
		if (p->kind == CATCH_VECTOR && !p->register_mask && condition(words[used], p))
			continue;
		if ((p->kind == CATCH_PORT || p->kind == CATCH_MMIO) && access_word(words[used], p))
			continue;
		return wrong(e, words[used],
		        p->kind == CATCH_VECTOR ? "a condition such as ah=0x0e"
		        : p->kind == CATCH_PORT || p->kind == CATCH_MMIO
		                ? "in, out, read, write or value=NUMBER"
		                : "nothing more");
	}
	return 0;
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
		return error_set(e, -EINVAL, "catch: what is to be caught?");
	return parse_words(p, words, count, e);
}

/* --- the list ----------------------------------------------------------------------------------
 */

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

bool catches_need_steps(const struct catches *c)
{
	for (unsigned i = 0; i < c->count; i++)
		switch (c->all[i].kind) {
		case CATCH_VECTOR:
		case CATCH_MODE:
		case CATCH_CS:
		case CATCH_CR: return true;
		case CATCH_PORT:
		case CATCH_MMIO:
		case CATCH_HLT: break;
		}
	return false;
}

/* --- what happened -----------------------------------------------------------------------------
 */

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
	uint64_t value;
	memcpy(&value, (const uint8_t *)regs + p->register_offset, sizeof value);
	return !p->register_mask ||
	       (value >> p->register_shift & p->register_mask) == p->register_value;
}

bool catches_vector(const struct catches *c, unsigned vector, const struct kvm_regs *regs,
        const char *from, char *text)
{
	const struct catchpoint *p;
	const char *name = catch_vector_name(vector);
	for (unsigned i = 0; (p = find(c, CATCH_VECTOR, vector, vector, i));
	        i = (unsigned)(p - c->all) + 1) {
		if (!holds(p, regs))
			continue;
		snprintf(text, CATCH_TEXT_MAX,
		        "Caught vector 0x%02x%s%s%s at %s (catch %s); here its handler begins.\n",
		        vector, name ? " (" : "", name ? name : "", name ? ")" : "", from, p->text);
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

bool catches_hlt(const struct catches *c, char *text)
{
	if (!find(c, CATCH_HLT, 0, 0, 0))
		return false;
	snprintf(text, CATCH_TEXT_MAX, "Caught hlt.\n");
	return true;
}
