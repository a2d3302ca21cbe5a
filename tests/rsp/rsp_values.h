/* What replies hold: registers, stops, the guest's symbols. */
#ifndef STEPVM_TESTS_RSP_VALUES_H
#define STEPVM_TESTS_RSP_VALUES_H

#include "rsp.h"

/* A register's little-endian hex, up to 8 bytes of it. */
static inline uint64_t rsp_value(const char *hex)
{
	uint64_t value = 0;
	for (unsigned i = 0, byte; i < 8 && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		value |= (uint64_t)byte << 8 * i;
	return value;
}

/* The pc of a stop reply: eip is register 8 of the two layouts with 32-bit registers. All ones
 * when the reply is none. */
static inline uint64_t rsp_pc(const char *stop)
{
	if (stop[0] != 'T')
		return UINT64_MAX;
	const char *eip = strstr(stop, ";8:"), *rip = strstr(stop, ";10:");
	return eip ? rsp_value(eip + 3) : rip ? rsp_value(rip + 4) : UINT64_MAX;
}

static inline uint64_t rsp_register(struct rsp *r, unsigned number)
{
	return rsp_value(rsp_ask(r, "p%x", number));
}

/* Asks nm. */
static inline uint64_t rsp_find_symbol(const char *guest, const char *name)
{
	char line[600];
	uint64_t found = UINT64_MAX;
	snprintf(line, sizeof line, "nm '%s/%s.elf'", rsp_env("GUESTS"), guest);
	FILE *nm = popen(line, "r");
	while (nm && fgets(line, sizeof line, nm)) {
		char symbol[100];
		unsigned long long gva;
		if (sscanf(line, "%llx %*c %99s", &gva, symbol) == 2 && !strcmp(symbol, name))
			found = gva;
	}
	if (nm)
		pclose(nm);
	return found;
}

/* What `stepvm probe` has found out about this KVM: the fact with that key of its JSON in a mode
 * ("real16", "prot32", "long64"). 'y', 'n', '?' when it is not known, 0 when there is no such fact.
 */
static inline char rsp_fact(const char *key, const char *mode)
{
	static char json[16384];
	char text[600];
	snprintf(text, sizeof text, "'%s' probe --json", rsp_env("STEPVM"));
	FILE *probe = json[0] ? NULL : popen(text, "r");
	if (probe) {
		json[fread(json, 1, sizeof json - 1, probe)] = 0;
		pclose(probe);
	}
	snprintf(text, sizeof text, "\"%s\": {", key);
	const char *at = strstr(json, text), *end = at ? strchr(at, '}') : NULL;
	snprintf(text, sizeof text, "\"%s\": ", mode);
	at = at ? strstr(at, text) : NULL;
	if (!at || !end || at > end)
		return 0;
	at += strlen(text);
	return *at == 't' ? 'y' : *at == 'f' ? 'n' : '?';
}

/* Whether stepvm's engine comes first, so that a guest can do what this KVM can't. RSP_ENGINE and TEST_ENGINE:
 * who does the guests' instructions where a test says nothing. */
static inline bool rsp_engine_is_first(void)
{
	const char *engine = getenv("RSP_ENGINE");
	if (!engine)
		engine = getenv("TEST_ENGINE");
	if (engine && strcmp(engine, "auto") != 0)
		return !strcmp(engine, "interp");
	return rsp_fact("emulates", "real16") == 'y';
}

/* Whether guests can: by KVM, or by the engine. */
static inline bool rsp_can(const char *key, const char *mode)
{
	return rsp_fact(key, mode) == 'y' || rsp_engine_is_first();
}

#define RSP_SYMBOLS_MAX 64

/* The linear address of a guest's symbol; all ones when there is none. nm takes a while: it is
 * asked once for each. */
static inline uint64_t rsp_symbol(const char *guest, const char *name)
{
	static struct {
		char guest[32], name[64];
		uint64_t gva;
	} known[RSP_SYMBOLS_MAX];
	static unsigned count;
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(known[i].guest, guest) && !strcmp(known[i].name, name))
			return known[i].gva;
	uint64_t gva = rsp_find_symbol(guest, name);
	if (count < RSP_SYMBOLS_MAX && strlen(guest) < sizeof known->guest &&
	        strlen(name) < sizeof known->name) {
		strcpy(known[count].guest, guest);
		strcpy(known[count].name, name);
		known[count++].gva = gva;
	}
	return gva;
}

#endif
