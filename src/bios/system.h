/* int 15h: its functions, which stand in several files; system.c has their table. */
#ifndef STEPVM_BIOS_SYSTEM_H
#define STEPVM_BIOS_SYSTEM_H

#include "bios/internal.h"

/* CF, AH=86h: there is no such function. */
bios_service system_refuse;

/* memory_map.c */
bios_service system_extended_memory, system_two_sizes, system_memory_map;
void system_tell_memory_map(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);
void system_tell_sizes(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);

/* move.c */
bios_service system_move_block;
void system_tell_move(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);

/* wait.c */
bios_service system_wait, system_set_event, system_cancel_event;
void system_tell_wait(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);

/* apm.c: AH=53h */
bios_service apm_check, apm_connect_real, apm_connect_16, apm_connect_32, apm_disconnect, apm_idle,
        apm_accept, apm_set_state, apm_get_status, apm_get_event, apm_get_state, apm_version,
        apm_capabilities;
void apm_tell_state(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);

#endif
