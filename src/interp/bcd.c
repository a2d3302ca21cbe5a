/* daa, das, aaa, aas, aam, aad. A host in 64-bit mode has none of them, so the flags that the SDM leaves undefined can't
 * be borrowed: where KVM runs its guests on the CPU, they are its. SDM vol 2. */
#include "interp/flags.h"
#include "interp/handlers.h"
#include "interp/memory.h"

static uint8_t al_of(const struct interp *c)
{
	return (uint8_t)c->r[AX];
}

/* SF, ZF and PF of al; the others are cleared. */
static void put_al(struct interp *c, uint8_t al)
{
	reg_put(c, AX * 8, 1, al);
	or1(c, al, al);
	c->status &= (uint16_t)~S_AF;
}

static void put_flag(struct interp *c, unsigned flag, bool is_set)
{
	c->status = (uint16_t)(is_set ? c->status | flag : c->status & ~flag);
}

/* daa (27) and das (2f) */
enum interp_done interp_daa(struct interp *c, const struct insn *i)
{
	uint8_t old = al_of(c), al = old;
	bool adjusts = (al & 15) > 9 || c->status & S_AF, is_das = i->op == 0x2f;
	bool had_cf = c->status & S_CF, cf = false;
	if (!c->has_bcd)
		return HANDOVER;
	if (adjusts) {
		cf = had_cf || (is_das ? al < 6 : al > 0xff - 6);
		al = (uint8_t)(is_das ? al - 6 : al + 6);
	}
	if (old > 0x99 || had_cf) {
		al = (uint8_t)(is_das ? al - 0x60 : al + 0x60);
		cf = true;
	} else if (!is_das) {
		cf = false;
	}
	put_al(c, al);
	put_flag(c, S_CF, cf);
	put_flag(c, S_AF, adjusts);
	return DONE;
}

/* aaa (37) and aas (3f); OF, SF, ZF and PF stay */
enum interp_done interp_aaa(struct interp *c, const struct insn *i)
{
	bool adjusts = (al_of(c) & 15) > 9 || c->status & S_AF;
	uint16_t ax = (uint16_t)c->r[AX];
	if (!c->has_bcd)
		return HANDOVER;
	if (adjusts)
		ax = (uint16_t)(i->op == 0x3f ? ax - 0x106 : ax + 0x106);
	reg_put(c, AX * 8, 2, ax & 0xff0f);
	put_flag(c, S_CF, adjusts);
	put_flag(c, S_AF, adjusts);
	return DONE;
}

/* aam (d4) and aad (d5) */
enum interp_done interp_aam(struct interp *c, const struct insn *i)
{
	uint8_t al = al_of(c), ah = (uint8_t)(c->r[AX] >> 8), base = (uint8_t)i->imm;
	if (i->op == 0xd4 && !base)
		return raise(c, V_DE);
	if (!c->has_bcd)
		return HANDOVER;
	reg_put(c, AX * 8 + 1, 1, i->op == 0xd4 ? al / base : 0);
	put_al(c, (uint8_t)(i->op == 0xd4 ? al % base : al + ah * base));
	return DONE;
}
