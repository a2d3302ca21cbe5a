/* Looks, bursts of them, and how long there was nothing else. */
#include "machine/polling.h"

#include <stddef.h>
#include <string.h>

#define REGISTERS_SIZE                                                                             \
	(offsetof(struct bios_regs, flags) +                                                       \
	        sizeof(uint16_t)) /* without what services keep there */

/* Whether one of the last looks came with the same registers; from now on these are one of them. */
static bool is_known(struct polling *p, const struct bios_regs *r)
{
	for (unsigned i = 0; i < POLLING_STATES; i++)
		if (!memcmp(&p->states[i], r, REGISTERS_SIZE))
			return true;
	p->states[p->next] = *r;
	p->next = (p->next + 1) % POLLING_STATES;
	return false;
}

bool polling_look(struct polling *p, const struct bios_regs *r, uint64_t now_ns)
{
	if (now_ns - p->last_ns > POLLING_GAP_NS)
		polling_disturbed(p);
	p->last_ns = now_ns;
	if (p->looks == POLLING_BURST)
		p->looks = p->known = 0;
	if (!p->looks)
		p->burst_ns = now_ns;
	p->looks++;
	p->known += is_known(p, r);
	return p->looks == POLLING_BURST;
}

bool polling_burst(struct polling *p, uint64_t screen, uint64_t now_ns)
{
	if (!p->is_calm || p->screen != screen) {
		p->is_calm = true;
		p->since_ns = now_ns;
		p->screen = screen;
		return false;
	}
	return p->known == POLLING_BURST && now_ns - p->burst_ns <= POLLING_DENSE_NS &&
	       now_ns - p->since_ns >= POLLING_CALM_NS;
}

void polling_disturbed(struct polling *p)
{
	p->is_calm = false;
	p->looks = p->known = 0;
}

uint64_t polling_calm_ns(const struct polling *p, uint64_t now_ns)
{
	if (!p->is_calm || now_ns - p->last_ns > POLLING_GAP_NS)
		return 0;
	return now_ns - p->since_ns;
}
