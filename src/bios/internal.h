/* What the services' files share: how a service is described, and the list of all of them.
 *
 * A service is a file and a row in services.c. One with functions by AH has a table of them (struct
 * bios_function), and its row names that in place of a function: bios_call then looks there. */
#ifndef STEPVM_BIOS_INTERNAL_H
#define STEPVM_BIOS_INTERNAL_H

#include "bios/bda.h"
#include "bios/bios.h"

/* A service gets its vector; a function of one, too. */
typedef enum bios_verdict bios_service(struct bios *b, unsigned vector, struct bios_regs *r);

#define BIOS_ANY_AL (-1)

/* A function of a service. */
struct bios_function {
	uint8_t ah;
	int16_t al; /* or BIOS_ANY_AL */
	const char *name;
	bios_service *run;
	/* Adds to the call's description what its registers say; after as of bios_describe. NULL:
	 * the name is enough. */
	void (*tell)(const struct bios_regs *before, const struct bios_regs *after, char *to,
	        size_t size);
	const char *waits_for; /* what it waits for when it returns BIOS_WAITS: "a key"; or NULL */
};

struct bios_vector {
	const char *name; /* "disk"; NULL: nobody answers it */
	/* What is done: with functions, where none of them fits. NULL: as unknown_service. */
	bios_service *run;
	const struct bios_function *functions; /* by AH; a row without run ends them. NULL: none */
	const char *waits_for;                 /* as of a function */
};

/* The row of a vector, 0 to 255, or of a place in the ROM beside them. */
const struct bios_vector *bios_vector(unsigned vector);
/* The row for these registers, or NULL. One that says its AL goes before one of any. */
const struct bios_function *bios_function(const struct bios_vector *v, const struct bios_regs *r);

/* --- memory ----------------------------------------------------------------------------------- */

/* What is not RAM reads as zeros, and writes to it are dropped. */
uint8_t bios_get8(const struct bios *b, uint32_t gpa);
uint16_t bios_get16(const struct bios *b, uint32_t gpa);
uint32_t bios_get32(const struct bios *b, uint32_t gpa);
void bios_put8(const struct bios *b, uint32_t gpa, uint8_t value);
void bios_put16(const struct bios *b, uint32_t gpa, uint16_t value);
void bios_put32(const struct bios *b, uint32_t gpa, uint32_t value);
/* Access to the devices as the BIOS's own code would have it: by its ports. */
uint8_t bios_in(const struct bios *b, uint16_t port);
void bios_out(const struct bios *b, uint16_t port, uint8_t value);
/* An unspecific end of interrupt for IRQ 0 to 7, or for IRQ 8 to 15 (both controllers). */
void bios_end_of_interrupt(const struct bios *b, unsigned irq);
__attribute__((format(printf, 2, 3))) void bios_say(const struct bios *b, const char *format, ...);

/* --- the services ----------------------------------------------------------------------------- */

/* disk_call.c: int 13h and 40h */
bios_service disk_service;
extern const struct bios_function disk_functions[];

/* What a service lays down at power-on, after ROM and IVT: a row of bios.c's list. */
typedef void bios_lay_down(struct bios *b);
bios_lay_down disk_power_on; /* disk_tables.c */

/* unknown.c */
bios_service unknown_service;

/* irq.c */
bios_service irq_service, irq_floppy_service, irq_disk_service, irq_redirect_service,
        irq_fpu_service;

/* clock.c: int 8, int 1Ah; wait.c: int 70h */
extern const struct bios_function clock_functions[];
bios_service clock_tick_service, clock_service, wait_irq_service;
bios_lay_down clock_power_on;
/* IRQ 8 comes to the CPU. */
void wait_enable_irq(const struct bios *b);

/* keyboard_irq.c: int 9 and the places in the ROM that belong to it; keyboard.c: int 16h */
extern const struct bios_function keyboard_functions[];
bios_service keyboard_irq_service, keyboard_seen_service, keyboard_key_service,
        keyboard_pause_service;
bios_lay_down keyboard_power_on;

/* equipment.c: int 11h, int 12h */
bios_service equipment_service, memory_size_service;
bios_lay_down equipment_power_on;

/* serial.c: int 14h; printer.c: int 17h */
extern const struct bios_function serial_functions[], printer_functions[];
bios_lay_down serial_power_on, printer_power_on;
/* Functions that are not there: AH stays as it is, CF. */
bios_service serial_service, printer_service;

/* system.c: int 15h */
extern const struct bios_function system_functions[];
bios_service system_service;
bios_lay_down system_power_on;

/* apm.c: the entry of protected mode */
bios_service apm_entry_service;

/* start.c: int 18h, int 19h */
bios_service no_start_service, start_service;

/* cmos.c; chips.c */
bios_lay_down cmos_power_on, chips_power_on;

/* video.c, video_print.c; video_mode.c: fonts and tables in the ROM, the BDA, and mode 03h. */
extern const struct bios_function video_functions[];
bios_service video_service, print_screen_service;
bios_lay_down video_power_on;

#endif
