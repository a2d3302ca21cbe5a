/* int 15h: the table of its functions, and the short ones of them.
 *
 * Source: Ralf Brown's Interrupt List, INT 15; IBM Personal Computer AT Technical Reference, the
 * listing of CASSETTE_IO. What is not there (cassette, joystick, PS/2 mouse, protected mode by
 * AH=89h, Micro Channel) is refused as on a PC without it. */
#include "bios/system.h"

#include <stdio.h>

#include "base/array.h"
#include "bios/rom.h"

#define PORT_92  0x92
#define PORT_A20 0x02 /* in port 92h: address line 20 is on */
#define REFUSED  0x86 /* AH: there is no such function */
#define LOCKED   0x01 /* AH of AX=2400h: A20 can't be changed */

static void succeed(struct bios_regs *r)
{
	bios_set_ah(r, 0);
	bios_set_carry(r, false);
}

enum bios_verdict system_refuse(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_ah(r, REFUSED);
	bios_set_carry(r, true);
	return BIOS_DONE;
}

/* Any other function; it is said once. */
enum bios_verdict system_service(struct bios *b, unsigned vector, struct bios_regs *r)
{
	unknown_service(b, vector, r);
	return system_refuse(b, vector, r);
}

/* 2400h, 2401h: whether address line 20 is on. Where the board does not let it be turned off, that
 * is an error, as on a PC whose keyboard controller is locked. */
static enum bios_verdict set_a20(struct bios *b, unsigned vector, struct bios_regs *r)
{
	uint8_t was = bios_in(b, PORT_92), on = bios_al(r) == 0x01 ? PORT_A20 : 0;

	(void)vector;
	/* Bit 0 resets the machine. */
	if ((was & PORT_A20) != on)
		bios_out(b, PORT_92, (uint8_t)((was & ~(PORT_A20 | 1u)) | on));
	succeed(r);
	if ((bios_in(b, PORT_92) & PORT_A20) != on) {
		bios_set_ah(r, LOCKED);
		bios_set_carry(r, true);
	}
	return BIOS_DONE;
}

static enum bios_verdict get_a20(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	bios_set_al(r, bios_in(b, PORT_92) & PORT_A20 ? 1 : 0);
	bios_set_word(&r->ecx, 0); /* the keyboard controller was ready */
	succeed(r);
	return BIOS_DONE;
}

/* 2403h: by the keyboard controller, and by port 92h. */
static enum bios_verdict ways_to_a20(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_word(&r->ebx, 0x0003);
	succeed(r);
	return BIOS_DONE;
}

/* 4Fh: int 9 asks about each byte of the keyboard's, and CF lets it pass. */
static enum bios_verdict intercept(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	bios_set_carry(r, true);
	return BIOS_DONE;
}

/* Calls of the BIOS's and of DOS's that are there to be hooked. */
static enum bios_verdict accept(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	succeed(r);
	return BIOS_DONE;
}

/* C0h: the configuration table at ES:BX. */
static enum bios_verdict configuration(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)b, (void)vector;
	r->es = ROM_SEGMENT;
	bios_set_word(&r->ebx, ROM_CONFIG);
	succeed(r);
	return BIOS_DONE;
}

/* C1h: the EBDA's segment in ES. */
static enum bios_verdict ebda_segment(struct bios *b, unsigned vector, struct bios_regs *r)
{
	(void)vector;
	r->es = bios_get16(b, BDA_EBDA);
	bios_set_carry(r, false);
	return BIOS_DONE;
}

/* The error, where the call fails. */
static void tell_error(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size)
{
	(void)before;
	if (after && after->flags & BIOS_CF)
		snprintf(to, size, ": error %02xh", bios_ah(after));
}

const struct bios_function system_functions[] = {
	/* What programs ask for and a PC of today has not: refused without a word to the user. */
	{ 0x00, BIOS_ANY_AL, "cassette motor on", system_refuse, tell_error, NULL },
	{ 0x01, BIOS_ANY_AL, "cassette motor off", system_refuse, tell_error, NULL },
	{ 0x84, BIOS_ANY_AL, "joystick", system_refuse, tell_error, NULL },
	{ 0xc2, BIOS_ANY_AL, "PS/2 mouse", system_refuse, tell_error, NULL },
	{ 0x24, 0x00, "turn A20 off", set_a20, tell_error, NULL },
	{ 0x24, 0x01, "turn A20 on", set_a20, tell_error, NULL },
	{ 0x24, 0x02, "whether A20 is on", get_a20, tell_error, NULL },
	{ 0x24, 0x03, "ways to A20", ways_to_a20, tell_error, NULL },
	{ 0x4f, BIOS_ANY_AL, "keyboard intercept", intercept, NULL, NULL },
	{ 0x53, 0x00, "APM installation check", apm_check, tell_error, NULL },
	{ 0x53, 0x01, "APM connect, real mode", apm_connect_real, tell_error, NULL },
	{ 0x53, 0x02, "APM connect, 16-bit protected mode", apm_connect_16, tell_error, NULL },
	{ 0x53, 0x03, "APM connect, 32-bit protected mode", apm_connect_32, tell_error, NULL },
	{ 0x53, 0x04, "APM disconnect", apm_disconnect, tell_error, NULL },
	{ 0x53, 0x05, "APM CPU idle", apm_idle, tell_error, "an interrupt" },
	{ 0x53, 0x06, "APM CPU busy", apm_accept, tell_error, NULL },
	{ 0x53, 0x07, "APM set power state", apm_set_state, apm_tell_state, NULL },
	{ 0x53, 0x08, "APM enable power management", apm_accept, tell_error, NULL },
	{ 0x53, 0x0a, "APM get power status", apm_get_status, tell_error, NULL },
	{ 0x53, 0x0b, "APM get event", apm_get_event, NULL, NULL },
	{ 0x53, 0x0c, "APM get power state", apm_get_state, tell_error, NULL },
	{ 0x53, 0x0e, "APM driver version", apm_version, tell_error, NULL },
	{ 0x53, 0x0f, "APM engage power management", apm_accept, tell_error, NULL },
	{ 0x53, 0x10, "APM capabilities", apm_capabilities, tell_error, NULL },
	{ 0x80, BIOS_ANY_AL, "device open", accept, NULL, NULL },
	{ 0x81, BIOS_ANY_AL, "device close", accept, NULL, NULL },
	{ 0x82, BIOS_ANY_AL, "program termination", accept, NULL, NULL },
	{ 0x83, 0x00, "set event wait", system_set_event, system_tell_wait, NULL },
	{ 0x83, 0x01, "cancel event wait", system_cancel_event, NULL, NULL },
	{ 0x85, BIOS_ANY_AL, "SysReq key", accept, NULL, NULL },
	{ 0x86, BIOS_ANY_AL, "wait", system_wait, system_tell_wait, "the time" },
	{ 0x87, BIOS_ANY_AL, "move block", system_move_block, system_tell_move, NULL },
	{ 0x88, BIOS_ANY_AL, "extended memory size", system_extended_memory, system_tell_sizes,
	        NULL },
	{ 0x90, BIOS_ANY_AL, "device busy", accept, NULL, NULL },
	{ 0x91, BIOS_ANY_AL, "device has finished", accept, NULL, NULL },
	{ 0xc0, BIOS_ANY_AL, "configuration table", configuration, NULL, NULL },
	{ 0xc1, BIOS_ANY_AL, "EBDA segment", ebda_segment, NULL, NULL },
	{ 0xe8, 0x01, "memory sizes", system_two_sizes, system_tell_sizes, NULL },
	{ 0xe8, 0x20, "memory map", system_memory_map, system_tell_memory_map, NULL },
	{ 0xe8, 0x81, "memory sizes, 32 bits", system_two_sizes, system_tell_sizes, NULL },
	{ 0 },
};

/* --- power-on --------------------------------------------------------------------------------- */

/* The configuration table, after the word of its length. */
static const uint8_t config[] = {
	8,
	0, /* bytes that follow */
	0xfc,
	0x01,
	0x00,                      /* a PC AT of 1985, first revision of the BIOS */
	0x40 | 0x20 | 0x10 | 0x04, /* second 8259, real-time clock, int 15h AH=4Fh, EBDA */
	0x40,                      /* int 16h AH=09h */
	0,
	0,
	0,
};

void system_power_on(struct bios *b)
{
	bios_put8(b, EBDA_GPA, EBDA_KIB);
	bios_put16(b, BDA_EBDA, EBDA_GPA / 16);
	b->memory->write(b->memory->ctx, ROM_GPA + ROM_CONFIG, config, sizeof config);
}
