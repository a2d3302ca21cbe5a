/* The BIOS data area at 0040:0000 and what else stands at fixed addresses of a PC's memory, by
 * physical address.
 *
 * Source: IBM Personal Computer AT Technical Reference, "BIOS Data Areas"; Ralf Brown's Interrupt
 * List, MEMORY.LST. */
#ifndef STEPVM_BIOS_BDA_H
#define STEPVM_BIOS_BDA_H

#define BDA_GPA  0x400u
#define BDA_SIZE 0x100u

#define BDA_COM           0x400u /* four words: ports of the serial adapters, 0: none */
#define BDA_LPT           0x408u /* three words: ports of the printer adapters */
#define BDA_EBDA          0x40eu /* word: the EBDA's segment */
#define BDA_EQUIPMENT     0x410u /* word: int 11h's */
#define BDA_MEMORY_KIB    0x413u /* word: int 12h's */
#define BDA_SHIFT         0x417u /* byte: int 16h AH=02h's */
#define BDA_SHIFT2        0x418u
#define BDA_ALT_DIGITS    0x419u /* byte: the number typed with Alt and the keypad */
#define BDA_KEY_HEAD      0x41au /* word: offset in segment 40h of the next key */
#define BDA_KEY_TAIL      0x41cu /* word: ... of the next free place */
#define BDA_KEYS          0x41eu /* 16 words */
#define BDA_FLOPPY_SEEK   0x43eu
#define BDA_FLOPPY_MOTOR  0x43fu
#define BDA_MOTOR_COUNT   0x440u /* byte: ticks until the motors are switched off */
#define BDA_FLOPPY_STATUS 0x441u /* byte: of the last operation */
#define BDA_VIDEO_MODE    0x449u
#define BDA_COLUMNS       0x44au /* word */
#define BDA_PAGE_SIZE     0x44cu /* word: bytes of a page */
#define BDA_PAGE_START    0x44eu /* word: offset of the page that is shown */
#define BDA_CURSORS       0x450u /* 8 words: column and row of the cursor of each page */
#define BDA_CURSOR_SHAPE  0x460u /* word: last scan line, first scan line */
#define BDA_PAGE          0x462u /* byte: the page that is shown */
#define BDA_CRTC          0x463u /* word: the CRTC's port */
#define BDA_CRT_MODE      0x465u
#define BDA_CRT_PALETTE   0x466u
#define BDA_TICKS         0x46cu /* double word: since midnight */
#define BDA_MIDNIGHT      0x470u /* byte: they have come to midnight since they were read */
#define BDA_BREAK         0x471u /* byte: bit 7: Ctrl-Break */
#define BDA_WARM_BOOT     0x472u /* word: 1234h */
#define BDA_DISK_STATUS   0x474u /* byte: of the last operation of a hard disk */
#define BDA_DISK_COUNT    0x475u
#define BDA_LPT_TIMEOUT   0x478u /* four bytes */
#define BDA_COM_TIMEOUT   0x47cu /* four bytes */
#define BDA_KEYS_START    0x480u /* word: the key buffer's first offset in segment 40h, */
#define BDA_KEYS_END      0x482u /* and the one after its last */
#define BDA_ROWS          0x484u /* byte: of the screen, less one */
#define BDA_CHAR_HEIGHT   0x485u /* word: scan lines */
#define BDA_VIDEO_CONTROL 0x487u
#define BDA_VIDEO_SWITCH  0x488u
#define BDA_VIDEO_FLAGS   0x489u
#define BDA_VIDEO_DISPLAY 0x48au /* byte: int 10h AX=1A00h's: which display there is */
#define BDA_DISK_IRQ      0x48eu /* byte: FFh: IRQ 14 has come */
#define BDA_FLOPPY_DRIVES 0x48fu /* byte: what the drives can do, four bits each */
#define BDA_FLOPPY_MEDIA  0x490u /* a byte each of two drives */
#define BDA_KEYBOARD      0x496u /* byte: bit 4: 101 keys */
#define BDA_LEDS          0x497u
#define BDA_WAIT_FLAG_PTR 0x498u /* double word: int 15h AH=83h's */
#define BDA_WAIT_US       0x49cu /* double word */
#define BDA_WAIT_FLAG     0x4a0u
#define BDA_VIDEO_TABLES  0x4a8u /* double word: the video parameters' */
#define BDA_DAYS          0x4ceu /* word: since the 1st of January 1980 */
#define BDA_PRINT_SCREEN  0x500u /* byte: int 05h's: 1: it is at work, FFh: it has failed */

#define EBDA_GPA 0x9fc00u
#define EBDA_KIB 1
#define BOOT_GPA 0x7c00u /* of a boot sector */

#endif
