/* The adapter's registers, reached by its ports as a BIOS's own code reaches them.
 *
 * Source: IBM VGA Technical Reference, "Registers": 3C0h to 3CFh; 3D4h, 3D5h and 3DAh, or 3B4h, 3B5h
 * and 3BAh in a monochrome mode. */
#include "bios/video.h"

#define ATTRIBUTE_WRITE 0x3c0
#define ATTRIBUTE_READ  0x3c1
#define MISC_WRITE      0x3c2
#define SEQUENCER       0x3c4
#define DAC_READ        0x3c7
#define DAC_WRITE       0x3c8
#define DAC_DATA        0x3c9
#define MISC_READ       0x3cc
#define CRTC_COLOR      0x3d4
#define CRTC_MONOCHROME 0x3b4
#define STATUS          6    /* from the CRTC's port: a read has 3C0h take an index next */
#define PALETTE_SHOWN   0x20 /* in the attribute controller's index */

static uint16_t crtc_port(const struct bios *b)
{
	return video_misc(b) & 1 ? CRTC_COLOR : CRTC_MONOCHROME;
}

uint8_t video_crtc(const struct bios *b, uint8_t index)
{
	uint16_t port = crtc_port(b);
	bios_out(b, port, index);
	return bios_in(b, port + 1);
}

void video_set_crtc(const struct bios *b, uint8_t index, uint8_t value)
{
	uint16_t port = crtc_port(b);
	bios_out(b, port, index);
	bios_out(b, port + 1, value);
}

uint8_t video_sequencer(const struct bios *b, uint8_t index)
{
	bios_out(b, SEQUENCER, index);
	return bios_in(b, SEQUENCER + 1);
}

void video_set_sequencer(const struct bios *b, uint8_t index, uint8_t value)
{
	bios_out(b, SEQUENCER, index);
	bios_out(b, SEQUENCER + 1, value);
}

static void select_attribute(const struct bios *b, uint8_t index)
{
	bios_in(b, crtc_port(b) + STATUS);
	bios_out(b, ATTRIBUTE_WRITE, index);
}

uint8_t video_attribute(const struct bios *b, uint8_t index)
{
	select_attribute(b, index);
	uint8_t value = bios_in(b, ATTRIBUTE_READ);
	select_attribute(b, PALETTE_SHOWN);
	return value;
}

void video_set_attribute(const struct bios *b, uint8_t index, uint8_t value)
{
	select_attribute(b, index);
	bios_out(b, ATTRIBUTE_WRITE, value);
	select_attribute(b, PALETTE_SHOWN);
}

void video_change_attribute(const struct bios *b, uint8_t index, uint8_t mask, uint8_t value)
{
	uint8_t was = video_attribute(b, index);
	video_set_attribute(b, index, (uint8_t)((was & ~mask) | (value & mask)));
}

struct video_color video_dac(const struct bios *b, uint8_t index)
{
	struct video_color c;
	bios_out(b, DAC_READ, index);
	c.red = bios_in(b, DAC_DATA);
	c.green = bios_in(b, DAC_DATA);
	c.blue = bios_in(b, DAC_DATA);
	return c;
}

void video_set_dac(const struct bios *b, uint8_t index, struct video_color c)
{
	bios_out(b, DAC_WRITE, index);
	bios_out(b, DAC_DATA, c.red);
	bios_out(b, DAC_DATA, c.green);
	bios_out(b, DAC_DATA, c.blue);
}

void video_gray(const struct bios *b, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct video_color c = video_dac(b, (uint8_t)(first + i));
		/* 30 % red, 59 % green, 11 % blue: the sources' sum, in 256ths and rounded. */
		unsigned gray = (77u * c.red + 151u * c.green + 28u * c.blue + 128) >> 8;
		uint8_t level = (uint8_t)(gray < 63 ? gray : 63);
		video_set_dac(
		        b, (uint8_t)(first + i), (struct video_color) { level, level, level });
	}
}

uint8_t video_misc(const struct bios *b)
{
	return bios_in(b, MISC_READ);
}

void video_set_misc(const struct bios *b, uint8_t value)
{
	bios_out(b, MISC_WRITE, value);
}
