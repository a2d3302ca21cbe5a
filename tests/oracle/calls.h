/* Boot images that call the BIOS, under stepvm's and under SeaBIOS in QEMU: one instruction of the guest's at
 * a time, a call being one. */
#ifndef STEPVM_TESTS_CALLS_H
#define STEPVM_TESTS_CALLS_H

#include "known.h"
#include "lockstep.h"

/* Both are started on the image, which is the boot disk, and come to 0000:7c00. What a call returns by its
 * documentation has to be the same, and what it leaves alone; the rest is made the same after it. At the end
 * memory from 0x7c00 up and, where the guest has set a mode, the text screen. *steps: how many were compared.
 * quirks: as of struct pair. */
enum lockstep_end calls_run(const char *stepvm, const char *qemu, const char *image,
        unsigned quirks, unsigned steps_max, unsigned *steps);

#endif
