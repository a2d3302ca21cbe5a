/* What the files of int 10h share: the modes, the registers, and drawing on the screen.
 *
 *	video.c          the table of functions, and the small ones
 *	video_mode.c     the modes, setting one, and power-on
 *	video_screen.c   characters: written, read, scrolled, in text and graphics modes
 *	video_pixels.c   pixels of the graphics modes
 *	video_palette.c  AH=0Bh, 10h: colours
 *	video_font.c     AH=11h: fonts
 *	video_select.c   AH=12h, 1Ah, 1Bh: what there is, and how it is set
 *	video_ports.c    the adapter's registers
 *	video_rom.c      the fonts and tables in the ROM
 *	video_tell.c     calls in words
 *	video_print.c    int 05h: print screen
 *
 * The state of int 10h is where a PC has it: in the BDA, in the IVT (the fonts of graphics modes)
 * and in the adapter's registers. So what a guest writes there counts, and nothing that it writes
 * there makes a call write outside of the mode's display memory.
 *
 * Sources: Ralf Brown's Interrupt List, INT 10; IBM PS/2 and PC BIOS Interface Technical Reference,
 * "Interrupt 10h"; IBM VGA Technical Reference. Where these leave a case open, the answer is the
 * one that SeaBIOS's VGA BIOS gives, which is what boot code of today is tried with. */
#ifndef STEPVM_BIOS_VIDEO_H
#define STEPVM_BIOS_VIDEO_H

#include "bios/internal.h"

/* --- the modes: video_mode.c ------------------------------------------------------------------ */

/* How a mode's memory holds its picture. */
enum video_layout {
	VIDEO_TEXT,   /* character and attribute by turns */
	VIDEO_CGA,    /* pixels of 1 or 2 bits, the odd lines 8 KiB after the even ones */
	VIDEO_PLANAR, /* bits of a pixel in several planes: not drawn */
	VIDEO_PACKED, /* a byte a pixel */
};

struct video_mode {
	uint8_t number;
	enum video_layout layout;
	uint8_t columns, rows, char_height;
	uint8_t bits;       /* of a pixel; of text 0 */
	uint16_t width;     /* in pixels; of text 0 */
	uint16_t page_size; /* bytes, as the CPU addresses them */
	uint32_t gpa, size; /* the display memory */
	uint8_t crt_mode;   /* what BDA_CRT_MODE has; 0: it is left as it was */
};

#define VIDEO_HEIGHT_MAX 32 /* scan lines of a character */

/* Bits of BDA_VIDEO_FLAGS. */
#define FLAG_GRAY      0x02
#define FLAG_KEEP      0x08 /* setting a mode leaves the palette alone */
#define FLAG_400_LINES 0x10 /* of text modes that are set from now on; */
#define FLAG_200_LINES 0x80 /* neither: 350 */

/* The row of a mode, or NULL. */
const struct video_mode *video_mode_find(uint8_t number);
/* Sets a mode that video_mode_find knows: registers, BDA, fonts, and unless keeps_memory the display
 * memory. */
void video_mode_set(struct bios *b, const struct video_mode *mode, bool keeps_memory);
struct vga;
/* Of registers that vga_set_mode has set, those of a text mode's lines by BDA_VIDEO_FLAGS. The height
 * of its characters, and any other mode's. */
unsigned video_set_lines(struct vga *v, const struct video_mode *mode, uint8_t flags);
/* What the user is told once: a kind of thing that a guest does here and that is not shown. */
enum video_unseen { VIDEO_PLANES, VIDEO_FONT };
void video_say_unseen(struct bios *b, enum video_unseen what);

/* --- the screen: video_screen.c, video_pixels.c ----------------------------------------------- */

/* The screen as the BDA and the mode have it at the start of a call. */
struct video_screen {
	const struct bios *b;
	const struct video_mode *mode; /* NULL: the BDA has no mode of ours; nothing is drawn */
	unsigned columns;              /* 0 to 65535: the BDA is the guest's */
	unsigned rows;                 /* 1 to 256 */
	unsigned page_size;            /* 0 to 65535 */
	unsigned char_height;          /* 1 to VIDEO_HEIGHT_MAX */
};

struct video_place {
	uint8_t page, row, column; /* may be outside of the screen */
};

/* A character to write. In a text mode without has_attribute, the place keeps the attribute that it
 * has; in a graphics mode attribute is the colour, and bit 7 exclusive-ors it where a pixel has less
 * than 8 bits. */
struct video_cell {
	uint8_t character, attribute;
	bool has_attribute;
};

struct video_window {
	uint8_t page, top, left;
	unsigned rows, columns;
};

struct video_screen video_screen(const struct bios *b);
/* The cursor of a page; of one past 7 row 0, column 0 of page 0. */
struct video_place video_cursor(const struct bios *b, uint8_t page);
/* Stores it, and shows it where its page is shown. Of a page past 7 nothing is done. */
void video_move_cursor(const struct bios *b, struct video_place at);
/* Where a place is, in bytes from the start of the display memory, as a text mode has it; maybe past
 * its end. */
uint32_t video_offset(const struct video_screen *s, struct video_place at);
/* Writes the cell count times from *at on, and moves *at after the last, over the ends of rows. */
void video_write(const struct video_screen *s, struct video_place *at, struct video_cell cell,
        unsigned count);
/* Writes it as a teletype does: BEL, BS, CR and LF are obeyed, and the screen scrolls. */
void video_teletype(const struct video_screen *s, struct video_place *at, struct video_cell cell);
/* The character and the attribute at a place. In a graphics mode the character whose shape is
 * there, or 0 and 0. */
struct video_cell video_read(const struct video_screen *s, struct video_place at);
/* Scrolls up by lines (down where it is negative) and fills what comes free; 0 fills all. */
void video_scroll(
        const struct video_screen *s, struct video_window window, int lines, uint8_t attribute);

/* Reads and writes display memory; what is past its end reads as zeros, and writes to it are
 * dropped. */
void video_peek(const struct video_screen *s, uint32_t offset, void *to, size_t len);
void video_poke(const struct video_screen *s, uint32_t offset, const void *from, size_t len);

/* --- pixels: video_pixels.c ------------------------------------------------------------------- */

/* The verbs do nothing, and read 0, in a text mode and where there are planes. x and y may be
 * outside of the screen. */
uint8_t video_pixel(const struct video_screen *s, unsigned x, unsigned y);
void video_set_pixel(const struct video_screen *s, unsigned x, unsigned y, uint8_t color);
/* The pixels of a line from x on, a multiple of 8, as bytes. */
void video_read_pixels(const struct video_screen *s, unsigned x, unsigned y, uint8_t pixels[8]);
void video_write_pixels(
        const struct video_screen *s, unsigned x, unsigned y, const uint8_t pixels[8]);
/* Copies, and fills, width pixels of a line from x on, multiples of 8. */
void video_copy_line(
        const struct video_screen *s, unsigned x, unsigned width, unsigned from_y, unsigned to_y);
void video_fill_line(
        const struct video_screen *s, unsigned x, unsigned width, unsigned y, uint8_t color);

/* --- registers: video_ports.c ----------------------------------------------------------------- */

uint8_t video_crtc(const struct bios *b, uint8_t index);
void video_set_crtc(const struct bios *b, uint8_t index, uint8_t value);
uint8_t video_sequencer(const struct bios *b, uint8_t index);
void video_set_sequencer(const struct bios *b, uint8_t index, uint8_t value);
/* The attribute controller; the palette goes on being shown afterwards. */
uint8_t video_attribute(const struct bios *b, uint8_t index);
void video_set_attribute(const struct bios *b, uint8_t index, uint8_t value);
/* The bits of mask are set to those of value. */
void video_change_attribute(const struct bios *b, uint8_t index, uint8_t mask, uint8_t value);
struct video_color {
	uint8_t red, green, blue; /* 0 to 63 */
};
struct video_color video_dac(const struct bios *b, uint8_t index);
void video_set_dac(const struct bios *b, uint8_t index, struct video_color color);
/* Makes count colours from first on gray, each as bright as it was. */
void video_gray(const struct bios *b, unsigned first, unsigned count);
uint8_t video_misc(const struct bios *b);
void video_set_misc(const struct bios *b, uint8_t value);

/* The vectors that are pointers to the fonts of graphics modes: characters 128 to 255 where they have
 * 8 lines, and all others. */
#define VIDEO_UPPER_VECTOR (0x1f * 4)
#define VIDEO_FONT_VECTOR  (0x43 * 4)

/* --- fonts: video_font.c; where the ROM has them: video_rom.c --------------------------------- */

/* Offsets in the ROM. */
#define VIDEO_ROM_8X16   0x4000u
#define VIDEO_ROM_8X14   0x5000u
#define VIDEO_ROM_8X8    0x5e00u
#define VIDEO_ROM_NO_ALT 0x6600u /* of characters that look otherwise 9 pixels wide: none */
#define VIDEO_ROM_STATIC 0x6610u /* int 10h AH=1Bh: what there is */
#define VIDEO_ROM_SAVE   0x6620u /* the table that BDA_VIDEO_TABLES points to */
#define VIDEO_ROM_MODES  0x6640u /* the modes' registers */

/* Fills them. */
void video_lay_down_rom(struct bios *b);
/* A far pointer to an offset in the ROM, as a vector has it. */
uint32_t video_rom_pointer(uint16_t offset);
/* The ROM's font of a height of 8, 14 or 16. */
uint16_t video_rom_font(unsigned height);
/* The lines of a character as graphics modes draw it: by int 43h and 1Fh. */
void video_glyph(const struct video_screen *s, uint8_t character, uint8_t lines[VIDEO_HEIGHT_MAX]);
/* The shape of the cursor, in scan lines of the font that is shown; bit 5 of first hides it. */
void video_shape_cursor(const struct bios *b, uint8_t first, uint8_t last);

/* --- the functions, by their files ------------------------------------------------------------ */

bios_service video_set_palette, video_palette_register, video_border, video_palette_registers,
        video_blink, video_read_register, video_read_border, video_read_registers, video_set_color,
        video_set_colors, video_select_page, video_read_color, video_read_colors, video_set_mask,
        video_read_mask, video_read_page, video_make_gray;
bios_service video_load_font, video_load_rom_font, video_select_blocks, video_use_font,
        video_use_rom_font, video_set_upper_font, video_set_graphics_font,
        video_set_rom_graphics_font, video_font_information;
bios_service video_select, video_display_code, video_set_display_code, video_state;

/* --- calls in words: video_tell.c; the type of struct bios_function's tell ---------------------- */

typedef void video_tell(
        const struct bios_regs *before, const struct bios_regs *after, char *to, size_t size);
video_tell video_tell_mode, video_tell_shape, video_tell_place, video_tell_cursor, video_tell_page,
        video_tell_scroll, video_tell_read, video_tell_write, video_tell_pixel, video_tell_teletype,
        video_tell_read_mode, video_tell_blink, video_tell_select, video_tell_string;

#endif
