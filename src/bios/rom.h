/* The ROM at F000: 64 KiB that the guest may read and run.
 *
 *	a stub, one for each vector:	out TRAP, al	the VMM answers the call
 *					iret
 *		the wait in it:		sti; hlt; jmp the stub
 *	ROM_RESET's:			out TRAP, al
 *	ROM_KEY_SEEN's:			out TRAP, al; pop ax; jmp ROM_KEY's
 *	ROM_APM's, in 16 or 32 bits:	out TRAP, al; retf
 *
 * The entries at which old programs call a PC's BIOS stand where they stand in IBM's (IBM Personal
 * Computer AT Technical Reference, the listing's "ORG" lines): each jumps to the stub of its vector,
 * and the IVT points to it. The rest is zeros: nothing that a search for tables (RSDP, _MP_, $PIR,
 * _SM_) would find. */
#ifndef STEPVM_BIOS_ROM_H
#define STEPVM_BIOS_ROM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROM_SEGMENT 0xf000u
#define ROM_GPA     0xf0000u
#define ROM_SIZE    0x10000u

#define ROM_TRAP_PORT 0xb8 /* no device of a PC stands there */
/* Places that trap beside the vectors 0 to 255: */
#define ROM_RESET    0x100 /* the CPU has come to F000:FFF0 */
#define ROM_KEY_SEEN 0x101 /* int 9's: int 15h AH=4Fh has let the byte in AL pass, */
#define ROM_KEY      0x102 /* and it is taken after that, with int 9's stack */
#define ROM_PAUSE    0x103 /* int 9's, too: the guest waits for another key */
#define ROM_APM      0x104 /* APM's entry of protected mode, which is called */
#define ROM_STUBS    0x105
/* Routines that trap nowhere, for BIOS_JUMPS: */
#define ROM_INTERCEPT       0x200 /* int 15h AH=4Fh about the keyboard's byte, then ROM_KEY_SEEN */
#define ROM_SYSREQ_PRESSED  0x201 /* int 15h AX=8500h, and back */
#define ROM_SYSREQ_RELEASED 0x202 /* int 15h AX=8501h */

/* Offsets in the ROM. */
#define ROM_IRET     0xff53u /* an iret, for vectors that are called for a guest's sake */
#define ROM_CONFIG   0xe6f5u /* int 15h AH=C0h's table */
#define ROM_DISKETTE 0xefc7u /* the diskette parameters: int 1Eh */
#define ROM_VIDEO    0xf0a4u /* the video parameters: int 1Dh */
#define ROM_FONT_8X8 0xfa6eu /* characters 0 to 127 */
#define ROM_DATE     0xfff5u
#define ROM_MODEL    0xfffeu
#define ROM_FREE     0x4000u /* from here to 0xdfff: fonts and tables of the services' */

/* len bytes stand at offset in the ROM. */
typedef void rom_put(void *ctx, uint16_t offset, const void *bytes, size_t len);
/* Says all of it but the tables of services, in pieces; what it does not say is zeros. */
void rom_build(rom_put *put, void *ctx);
/* What the IVT has for it: an offset in ROM_SEGMENT; 0: the vector is 0:0 on a PC. */
uint16_t rom_entry(unsigned vector);
/* Whether a PC's program that calls its BIOS comes to code at offset: an entry, a stub or a routine.
 * The rest is tables and zeros, which only a program that is lost runs. */
bool rom_is_code(uint16_t offset);
/* The vector (or other place) whose trap stands at offset, or ends there: where KVM leaves the
 * instruction pointer is not the same everywhere. -1: none. */
int rom_trap_at(uint16_t offset);
/* The vector whose wait offset is in: at the sti, the hlt or the jmp. -1: none. */
int rom_wait_at(uint16_t offset);
/* Where the CPU goes after a call: */
uint16_t rom_wait(unsigned vector); /* to wait for an interrupt, and to call again */
/* to do `int vector`, or what the routine does, and to return from the interrupt */
uint16_t rom_call(unsigned vector);
uint16_t rom_return(unsigned vector); /* back: the iret after the trap */

#endif
