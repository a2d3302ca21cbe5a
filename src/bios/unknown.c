/* Vectors that nobody answers: a PC returns from them. */
#include "bios/internal.h"

enum bios_verdict unknown_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint32_t bit = 1u << vector % 32;
	if (b->state.said[vector / 32] & bit)
		return BIOS_DONE;
	b->state.said[vector / 32] |= bit;
	/* The return address is after `int n`, which has two bytes. */
	bios_say(b, "int 0x%02x with AH=0x%02x at %04x:%04x: no BIOS answers it, and it returns",
	        vector, bios_ah(r), r->cs, (uint16_t)(r->ip - 2));
	return BIOS_DONE;
}
