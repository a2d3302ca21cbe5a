/* The table of vectors: who answers `int n`. */
#include "bios/internal.h"
#include "bios/rom.h"

#define IRQ(n)                                                                                     \
	{                                                                                          \
		.name = "IRQ " #n, .run = irq_service                                              \
	}

static const struct bios_vector vectors[ROM_STUBS] = {
	[0x05] = { .name = "print screen", .run = print_screen_service },
	[0x08] = { .name = "IRQ 0, the tick", .run = clock_tick_service },
	[0x09] = { .name = "IRQ 1, the keyboard", .run = keyboard_irq_service },
	[0x0a] = IRQ(2),
	[0x0b] = IRQ(3),
	[0x0c] = IRQ(4),
	[0x0d] = IRQ(5),
	[0x0e] = { .name = "IRQ 6", .run = irq_floppy_service },
	[0x0f] = IRQ(7),
	[0x10] = { .name = "video", .run = video_service, .functions = video_functions },
	[0x11] = { .name = "equipment", .run = equipment_service },
	[0x12] = { .name = "memory size", .run = memory_size_service },
	[0x13] = { .name = "disk", .run = disk_service, .functions = disk_functions },
	[0x14] = { .name = "serial", .run = serial_service, .functions = serial_functions },
	[0x15] = { .name = "system", .run = system_service, .functions = system_functions },
	[0x16] = { .name = "keyboard", .functions = keyboard_functions },
	[0x17] = { .name = "printer", .run = printer_service, .functions = printer_functions },
	[0x18] = { .name = "no disk starts", .run = no_start_service },
	[0x19] = { .name = "start from a disk", .run = start_service },
	[0x1a] = { .name = "clock", .run = clock_service, .functions = clock_functions },
	[0x40] = { .name = "diskette", .run = disk_service, .functions = disk_functions },
	[0x70] = { .name = "IRQ 8, the real-time clock", .run = wait_irq_service },
	[0x71] = { .name = "IRQ 9", .run = irq_redirect_service },
	[0x72] = IRQ(10),
	[0x73] = IRQ(11),
	[0x74] = IRQ(12),
	[0x75] = { .name = "IRQ 13", .run = irq_fpu_service },
	[0x76] = { .name = "IRQ 14", .run = irq_disk_service },
	[0x77] = IRQ(15),
	[ROM_KEY] = { .name = "a key that int 15h AH=4Fh has let pass",
	        .run = keyboard_key_service },
	[ROM_KEY_SEEN] = { .name = "back from int 15h AH=4Fh", .run = keyboard_seen_service },
	[ROM_APM] = { .name = "APM by its entry of protected mode",
	        .run = apm_entry_service,
	        .waits_for = "an interrupt" },
	[ROM_PAUSE] = { .name = "pause until a key is pressed",
	        .run = keyboard_pause_service,
	        .waits_for = "a key" },
};

const struct bios_vector *bios_vector(unsigned vector)
{
	return &vectors[vector < ROM_STUBS ? vector : 0];
}

const struct bios_function *bios_function(const struct bios_vector *v, const struct bios_regs *r)
{
	const struct bios_function *any = NULL;
	for (const struct bios_function *f = v->functions; f && f->run; f++) {
		if (f->ah != bios_ah(r))
			continue;
		if (f->al == bios_al(r))
			return f;
		if (f->al == BIOS_ANY_AL)
			any = f;
	}
	return any;
}
