/* What a reset makes anew: a VM with its memory, its vCPUs, its board, and what was loaded into it.
 * One vCPU so far. */
#ifndef STEPVM_MACHINE_GUEST_H
#define STEPVM_MACHINE_GUEST_H

#include "bios/bios.h"
#include "boot/image.h"
#include "devices/board.h"
#include "kvm/vcpu.h"
#include "machine/config.h"
#include "machine/teletype.h"

#define GUEST_VCPUS 1

struct control;
struct media;

struct guest {
	struct vm vm;
	struct vcpu vcpus[GUEST_VCPUS];
	struct board board;
	struct bios bios; /* of a PC's board */
	struct bios_memory bios_memory;
	bool is_call_due; /* the ROM's trap has been hit: firmware.h */
	uint16_t call_vector;
	struct control *toucher; /* hears of the firmware's accesses during a call, or NULL */
	bool is_off;             /* the firmware has switched the machine off */
	struct teletype teletype;
	bool is_shown; /* its screen is in a terminal, and teletype output is not printed, too */
	struct image_loaded image;
	struct media *media; /* of its disks; NULL: the board has none */
};

/* On the heap, for its parts point to each other: the caller owns *to. It stands before its first
 * instruction. beside: a VM whose /dev/kvm is used; NULL: it is opened. before: the disks of
 * a guest of the same config (media_open), or NULL. output is called with ctx for what the guest
 * prints. -errno with a text, and there is nothing to close. */
int guest_open(struct guest **to, const struct machine_config *c, const struct vm *beside,
        const struct media *before, board_output *output, void *ctx, struct error *e);
void guest_close(struct guest *g);

#endif
