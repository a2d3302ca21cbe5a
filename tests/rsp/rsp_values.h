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
	const char *at = stop[0] == 'T' ? strstr(stop, ";8:") : NULL;
	return at ? rsp_value(at + 3) : UINT64_MAX;
}

static inline uint64_t rsp_register(struct rsp *r, unsigned number)
{
	return rsp_value(rsp_ask(r, "p%x", number));
}

/* The linear address of a guest's symbol, by nm; all ones when there is none. */
static inline uint64_t rsp_symbol(const char *guest, const char *name)
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

#endif
