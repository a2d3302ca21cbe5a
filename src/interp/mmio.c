/* Instructions whose operand is no RAM, or a ROM that is written: by the callback. mov, movzx, movsx, movs, stos and lods
 * have the way of their own, others are done twice: once to see what they access, and with what was read. */
#include "interp/mmio.h"

/* An operand in memory: RAM, or where it is not. */
struct operand {
	struct place at;
	bool is_mmio;
	uint64_t gpa;
};

static bool find(struct interp *c, unsigned seg, uint64_t off, unsigned len, enum access kind,
        struct operand *to)
{
	uint64_t lin;
	*to = (struct operand) { .is_mmio = false };
	if (!to_linear(c, seg, off, len, (unsigned)kind, &lin))
		return false;
	if (interp_access(c, seg, lin, len, kind, &to->at))
		return true;
	/* One that goes on in another page may be half RAM. */
	if (!c->fault.is_mmio || (lin & (PAGE - 1)) + len > PAGE)
		return false;
	to->is_mmio = true;
	to->gpa = c->fault.gpa;
	interp_look_for_watches(c, lin, len, kind);
	return true;
}

static uint64_t get(struct interp *c, const struct operand *from, unsigned len)
{
	uint64_t value = 0;
	if (!from->is_mmio)
		return mem_get(&from->at, len);
	if (c->mmio(c->ctx, from->gpa, &value, len, false))
		c->is_stopped_by_device = c->attention = true;
	return value;
}

static void put(struct interp *c, const struct operand *to, uint64_t value, unsigned len)
{
	if (!to->is_mmio)
		mem_put(&to->at, value, len);
	else if (c->mmio(c->ctx, to->gpa, &value, len, true))
		c->is_stopped_by_device = c->attention = true;
}

static enum interp_done store(
        struct interp *c, unsigned seg, uint64_t off, uint64_t value, unsigned len)
{
	struct operand to = { 0 };
	if (!find(c, seg, off, len, ACCESS_WRITE, &to))
		return FAULTS;
	put(c, &to, value, len);
	return DONE;
}

static enum interp_done load(
        struct interp *c, unsigned seg, uint64_t off, uint64_t *value, unsigned len)
{
	struct operand from = { 0 };
	if (!find(c, seg, off, len, ACCESS_READ, &from))
		return FAULTS;
	*value = get(c, &from, len);
	return DONE;
}

/* movs, stos, lods: both operands are found before the callback is asked. */
static enum interp_done do_string(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i);
	unsigned kind = i->op & 0xfeu;
	uint64_t value = c->r[AX];
	struct operand from = { 0 }, to = { 0 };
	if (kind != 0xaa && !find(c, i->seg, c->r[SI] & address_mask(i), len, ACCESS_READ, &from))
		return FAULTS;
	if (kind != 0xac && !find(c, ES, c->r[DI] & address_mask(i), len, ACCESS_WRITE, &to))
		return FAULTS;
	if (kind != 0xaa) {
		value = get(c, &from, len);
		index_move(c, i, SI, len);
	}
	if (kind == 0xac) {
		reg_put(c, AX * 8, len, value);
	} else {
		put(c, &to, value, len);
		index_move(c, i, DI, len);
	}
	if (i->rep)
		count_iteration(c, i, true);
	return DONE;
}

static enum interp_done do_extension(struct interp *c, const struct insn *i)
{
	unsigned from = i->op & 1 ? 2 : 1;
	uint64_t value = 0;
	enum interp_done how = load(c, i->seg, effective_address(c, i), &value, from);
	if (how != DONE)
		return how;
	if (i->op >= 0xbe)
		value = from == 1 ? (uint64_t)(int64_t)(int8_t)value
		                  : (uint64_t)(int64_t)(int16_t)value;
	reg_put(c, i->reg, operand_len(i), value);
	return DONE;
}

static enum interp_done do_mov(struct interp *c, const struct insn *i)
{
	unsigned len = operand_len(i);
	uint64_t value = 0, off = effective_address(c, i);
	enum interp_done how;
	switch (i->op) {
	case 0x88:
	case 0x89: return store(c, i->seg, off, reg_get(c, i->reg, len), len);
	case 0xc6:
	case 0xc7: return store(c, i->seg, off, i->imm, len);
	case 0xa2:
	case 0xa3: return store(c, i->seg, i->imm, c->r[AX], len);
	case 0xa0:
	case 0xa1:
		how = load(c, i->seg, i->imm, &value, len);
		if (how == DONE)
			reg_put(c, AX * 8, len, value);
		return how;
	default: /* 8a, 8b */
		how = load(c, i->seg, off, &value, len);
		if (how == DONE)
			reg_put(c, i->reg, len, value);
		return how;
	}
}

/* What a handler without segment registers changes beside memory. */
struct saved {
	uint64_t r[REGISTERS], rflags;
	uint16_t status;
	bool attention;
};

static struct saved save(const struct interp *c)
{
	struct saved s = { .rflags = c->rflags, .status = c->status, .attention = c->attention };
	memcpy(s.r, c->r, sizeof s.r);
	return s;
}

static void restore(struct interp *c, const struct saved *s)
{
	memcpy(c->r, s->r, sizeof c->r);
	c->rflags = s->rflags;
	c->status = s->status;
	c->attention =
	        s->attention || c->mark_count; /* a page's Accessed and Dirty stay to be set */
}

static enum interp_done pass(struct interp *c, const struct insn *i, enum device_pass which)
{
	c->device_pass = which;
	c->device_next = 0;
	c->hit_count = 0;
	enum interp_done how = i->fn(c, i);
	c->device_pass = DEVICE_FAULTS;
	return how;
}

/* OPCODE_DEVICE: what is accessed, and that all of it succeeds, does not depend on what is read. So an exception that is
 * seen comes before the device is asked. */
static enum interp_done do_twice(struct interp *c, const struct insn *i)
{
	const struct saved before = save(c);
	const uint64_t rep_rip = c->rep_rip;
	c->device_count = 0;
	enum interp_done how = pass(c, i, DEVICE_IS_SEEN);
	restore(c, &before);
	c->rep_rip = rep_rip;
	if (how != DONE)
		return how == FAULTS && !c->fault.is_mmio ? FAULTS : HANDOVER;
	for (unsigned k = 0; k < c->device_count; k++) {
		struct device_operand *d = &c->devices[k];
		d->value = 0;
		if (d->kind & ACCESS_READ && c->mmio(c->ctx, d->gpa, &d->value, d->len, false))
			c->is_stopped_by_device = c->attention = true;
	}
	pass(c, i, DEVICE_IS_DONE);
	for (unsigned k = 0; k < c->device_count; k++) {
		struct device_operand *d = &c->devices[k];
		if (d->kind & ACCESS_WRITE && c->mmio(c->ctx, d->gpa, &d->value, d->len, true))
			c->is_stopped_by_device = c->attention = true;
	}
	return DONE;
}

enum interp_done interp_mmio(struct interp *c, const struct insn *i)
{
	static const uint8_t moves[] = { 0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xc6,
		0xc7 };
	if (!c->mmio)
		return HANDOVER;
	c->hit_count = 0;
	if (i->takes_device)
		return do_twice(c, i);
	if (i->is_0f)
		return (i->op & 0xf6) == 0xb6 ? do_extension(c, i) : HANDOVER;
	if (i->op == 0xa4 || i->op == 0xa5 || (i->op >= 0xaa && i->op <= 0xad))
		return do_string(c, i);
	for (unsigned k = 0; k < sizeof moves; k++)
		if (i->op == moves[k])
			return do_mov(c, i);
	return HANDOVER;
}
