/* int 15h AH=53h: Advanced Power Management, of which a guest wants to switch the machine off.
 *
 * Source: Advanced Power Management BIOS Interface Specification 1.2; Ralf Brown's Interrupt List, INT
 * 15/AX=5300h to 5310h. In protected mode a guest calls the entry ROM_APM, far and with CPL 0, by
 * segments over the ROM that it makes from what connecting returns. A function works without a
 * connection, as in many BIOSes. */
#include <stdio.h>

#include "bios/rom.h"
#include "bios/system.h"

enum apm_error {
	APM_OK = 0,
	APM_CONNECTED = 0x02, /* already: in real mode, */
	APM_NOT_CONNECTED = 0x03,
	APM_CONNECTED_16 = 0x05, /* in 16-bit protected mode, */
	APM_CONNECTED_32 = 0x07, /* in 32-bit protected mode */
	APM_BAD_DEVICE = 0x09,
	APM_BAD_VALUE = 0x0a,
	APM_NO_EVENT = 0x80,
};

#define DEVICE_BIOS 0x0000 /* in BX */
#define DEVICE_ALL  0x0001
#define STATE_OFF   0x0003 /* in CX; 0: ready, 1: stand-by, 2: suspend */
#define VERSION     0x0102
#define INTERFACES  0x0003 /* of protected mode, 16 and 32 bits */
#define LENGTH      0xffff /* of the segments */

/* bios_state's apm. */
enum { BY_NOBODY, BY_REAL, BY_16_BIT, BY_32_BIT };

static enum bios_verdict succeed(struct bios_regs *r)
{
	bios_set_carry(r, false);
	return BIOS_DONE;
}

static enum bios_verdict fail(struct bios_regs *r, enum apm_error error)
{
	bios_set_ah(r, (uint8_t)error);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

/* 5300h: version 1.2, "PM". */
enum bios_verdict apm_check(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	if (bios_word(r->ebx) != DEVICE_BIOS)
		return fail(r, APM_BAD_DEVICE);
	bios_set_ax(r, VERSION);
	bios_set_word(&r->ebx, 'P' << 8 | 'M');
	bios_set_word(&r->ecx, INTERFACES);
	return succeed(r);
}

/* 0: it is connected now; else why not. */
static enum apm_error connect(struct bios *b, const struct bios_regs *r, uint8_t how)
{
	static const enum apm_error errors[] = {
		[BY_REAL] = APM_CONNECTED,
		[BY_16_BIT] = APM_CONNECTED_16,
		[BY_32_BIT] = APM_CONNECTED_32,
	};
	if (bios_word(r->ebx) != DEVICE_BIOS)
		return APM_BAD_DEVICE;
	if (!b->state.apm)
		b->state.apm = how;
	else
		return errors[b->state.apm];
	return APM_OK;
}

enum bios_verdict apm_connect_real(struct bios *b, unsigned vector, struct bios_regs *r)
{
	enum apm_error error = connect(b, r, BY_REAL);

	(void)vector;
	return error ? fail(r, error) : succeed(r);
}

/* 5302h: AX: the code's segment, CX: the data's, as real mode has them; BX: the entry; SI, DI: their
 * lengths. */
enum bios_verdict apm_connect_16(struct bios *b, unsigned vector, struct bios_regs *r)
{
	enum apm_error error = connect(b, r, BY_16_BIT);

	(void)vector;
	if (error)
		return fail(r, error);
	bios_set_ax(r, ROM_SEGMENT);
	bios_set_word(&r->ebx, rom_call(ROM_APM));
	bios_set_word(&r->ecx, ROM_SEGMENT);
	bios_set_word(&r->esi, LENGTH);
	bios_set_word(&r->edi, LENGTH);
	return succeed(r);
}

/* 5303h: AX: the segment of 32-bit code, CX: of 16-bit code, DX: of data; EBX: the entry; ESI: the
 * lengths of both codes, DI: of the data. */
enum bios_verdict apm_connect_32(struct bios *b, unsigned vector, struct bios_regs *r)
{
	enum apm_error error = connect(b, r, BY_32_BIT);

	(void)vector;
	if (error)
		return fail(r, error);
	bios_set_ax(r, ROM_SEGMENT);
	r->ebx = rom_call(ROM_APM);
	bios_set_word(&r->ecx, ROM_SEGMENT);
	bios_set_word(&r->edx, ROM_SEGMENT);
	r->esi = (uint32_t)LENGTH << 16 | LENGTH;
	bios_set_word(&r->edi, LENGTH);
	return succeed(r);
}

enum bios_verdict apm_disconnect(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	if (!b->state.apm)
		return fail(r, APM_NOT_CONNECTED);
	b->state.apm = 0;
	return succeed(r);
}

/* ROM_APM: the functions of a connection, by AL; those that connect are real mode's alone. */
enum bios_verdict apm_entry_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	const struct bios_vector *v = bios_vector(0x15);
	const struct bios_function *f = bios_function(v, r);

	if (!f || f->ah != 0x53 || f->al < 0x04)
		return system_refuse(b, vector, r);
	return f->run(b, vector, r);
}

/* 5305h: until the next interrupt. */
enum bios_verdict apm_idle(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	b->state.is_idle = !b->state.is_idle;
	return b->state.is_idle ? BIOS_WAITS : succeed(r);
}

/* 5306h, 5308h, 530Fh: there is nothing that would be slowed down, or managed. */
enum bios_verdict apm_accept(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	return succeed(r);
}

/* 5307h: device BX into state CX. Stand-by and suspend end at once: the guest wants to go on. */
enum bios_verdict apm_set_state(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t device = bios_word(r->ebx), state = bios_word(r->ecx);

	(void)b, (void)vector;
	if (device == DEVICE_ALL && state == STATE_OFF)
		return BIOS_OFF;
	if (device == DEVICE_ALL && (state == 0 || state > STATE_OFF))
		return fail(r, APM_BAD_VALUE);
	return succeed(r);
}

void apm_tell_state(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	uint16_t device = bios_word(before->ebx), state = bios_word(before->ecx);

	(void)after;
	if (device == DEVICE_ALL && state == STATE_OFF)
		snprintf(to, size, ": off");
	else
		snprintf(to, size, " %u of device %04xh", state, device);
}

/* 530Ah: on the line, no battery, unknown time. */
enum bios_verdict apm_get_status(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	if (bios_word(r->ebx) != DEVICE_ALL)
		return fail(r, APM_BAD_DEVICE);
	bios_set_word(&r->ebx, 0x01ff);
	bios_set_word(&r->ecx, 0x80ff);
	bios_set_word(&r->edx, 0xffff);
	return succeed(r);
}

enum bios_verdict apm_get_event(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	return fail(r, APM_NO_EVENT);
}

/* 530Ch: ready. */
enum bios_verdict apm_get_state(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_word(&r->ecx, 0);
	return succeed(r);
}

/* 530Eh: the version that both know, of CX. */
enum bios_verdict apm_version(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint16_t wanted = bios_word(r->ecx);

	(void)b, (void)vector;
	bios_set_ax(r, wanted == 0x0100 || wanted == 0x0101 ? wanted : VERSION);
	return succeed(r);
}

/* 5310h: none, of no battery. */
enum bios_verdict apm_capabilities(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_low(&r->ebx, 0);
	bios_set_word(&r->ecx, 0);
	return succeed(r);
}
