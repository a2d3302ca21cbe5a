/* What each option does with its value, of those that say what the guest is made of: its image, memory, registers, ports,
 * disks, clock. */
#include "cli/options_set.h"

#include <string.h>

#include "base/array.h"
#include "base/cursor.h"

static const char TOO_MANY[] = "more than 32 of these were given";
_Static_assert(CONFIG_LIST_MAX == 32, "TOO_MANY says 32");

const char *option_set_memory(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct config_memory m = { .size = 0 };
	if (!cursor_size(&c, &m.size))
		return "expected a size such as 64M, 640K or 0x100000";
	m.has_gpa = cursor_char(&c, '@');
	if (m.has_gpa && !cursor_code(&c, &m.gpa))
		return "expected an address such as 0x100000 after the @";
	if (!cursor_at_end(&c))
		return m.has_gpa ? "expected an address such as 0x100000 after the @"
		                 : "expected a size such as 64M, 640K or 0x100000";
	if (m.size == 0 || m.size % MEMORY_PAGE != 0)
		return "expected 4K at least, in whole pages of 4096 bytes; a number alone is "
		       "bytes, and MiB have an M as in 64M";
	if (m.gpa % MEMORY_PAGE != 0)
		return "expected an address at a page: a multiple of 4096";
	if (m.size - 1 > UINT64_MAX - m.gpa)
		return "expected RAM that ends within 64-bit addresses";
	if (o->machine.memory_count == CONFIG_LIST_MAX)
		return TOO_MANY;
	o->machine.memory[o->machine.memory_count++] = m;
	return NULL;
}
_Static_assert(MEMORY_PAGE == 4096, "the texts above and the help say 4096");

const char *option_set_board(struct options *o, const char *value)
{
	if (!image_board_word(value, &o->machine.image.board))
		return "expected auto, bare or pc";
	return NULL;
}

/* A whole word that is an address: a number, or 7c00h. */
static bool is_address(const char *word, uint64_t *gva)
{
	struct cursor c = cursor_of(word);
	return cursor_code(&c, gva) && cursor_at_end(&c);
}

const char *option_set_load(struct options *o, const char *value)
{
	if (!is_address(value, &o->machine.image.load_gpa))
		return "expected an address such as 0x7c00 or 65536";
	o->machine.image.has_load = true;
	return NULL;
}

/* Hexadecimal, with 0x, with an h after it, or with neither. */
static bool take_hex(struct cursor *c, uint64_t *value)
{
	if (cursor_text(c, "0x"))
		return cursor_hex(c, value);
	if (!cursor_hex(c, value))
		return false;
	if (!cursor_char(c, 'h'))
		cursor_char(c, 'H');
	return true;
}

/* SEG:OFF, as debuggers and the SDM write a logical address. */
static bool is_segoff(const char *word, struct image_entry *entry)
{
	struct cursor c = cursor_of(word);
	uint64_t selector, offset;
	if (!take_hex(&c, &selector) || !cursor_char(&c, ':'))
		return false;
	if (!take_hex(&c, &offset) || !cursor_at_end(&c) || selector > UINT16_MAX ||
	        offset > UINT16_MAX)
		return false;
	entry->selector = (uint16_t)selector;
	entry->offset = (uint16_t)offset;
	return true;
}

const char *option_set_entry(struct options *o, const char *value)
{
	struct image_entry entry = { .kind = ENTRY_RESET };
	if (strcmp(value, "reset") != 0) {
		if (is_segoff(value, &entry))
			entry.kind = ENTRY_SEGOFF;
		else if (is_address(value, &entry.gva))
			entry.kind = ENTRY_LINEAR;
		else
			return "expected an address such as 0x1000, SEG:OFF in hex such as "
			       "07c0:0005, or reset";
	}
	o->machine.image.entry = entry;
	return NULL;
}

const char *option_set_register(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct config_register r;
	if (!cursor_name(&c, r.name, sizeof r.name) || !cursor_char(&c, '='))
		return "expected a register and its value such as ax=2";
	if (!cursor_code(&c, &r.value) || !cursor_at_end(&c))
		return "expected a number such as 2 or 0x1f after the =";
	for (unsigned i = 0; i < o->machine.register_count; i++)
		if (strcmp(o->machine.registers[i].name, r.name) == 0)
			return "that register was given already";
	if (o->machine.register_count == CONFIG_LIST_MAX)
		return TOO_MANY;
	o->machine.registers[o->machine.register_count++] = r;
	return NULL;
}

const char *option_set_format(struct options *o, const char *value)
{
	enum image_format format;
	if (!image_format_word(value, &format))
		return "expected " IMAGE_FORMAT_WORDS;
	o->machine.image.format = format;
	return NULL;
}

const char *option_set_mode(struct options *o, const char *value)
{
	if (!start_mode_word(value, &o->machine.image.mode))
		return "expected auto, real, prot or long";
	return NULL;
}

const char *option_set_append(struct options *o, const char *value)
{
	o->machine.image.append = value;
	return NULL;
}

const char *option_set_initrd(struct options *o, const char *value)
{
	if (o->machine.image.initrd_count == IMAGE_MODULES_MAX)
		return TOO_MANY;
	o->machine.image.initrd[o->machine.image.initrd_count++] = value;
	return NULL;
}
_Static_assert(IMAGE_MODULES_MAX == 32, "TOO_MANY says 32");

const char *option_set_port(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct config_port p;
	uint64_t port;
	if (!cursor_code(&c, &port) || !cursor_char(&c, '='))
		return "expected a port and what stands there such as 0x10=hex";
	if (port > UINT16_MAX)
		return "expected a port from 0 to 0xffff";
	if (!board_port_kind(c.at, &p.kind))
		return "expected hex, text, exit or none after the =";
	p.port = (uint16_t)port;
	for (unsigned i = 0; i < o->machine.port_count; i++)
		if (o->machine.ports[i].port == p.port)
			return "that port was given already";
	if (o->machine.port_count == CONFIG_LIST_MAX)
		return TOO_MANY;
	o->machine.ports[o->machine.port_count++] = p;
	return NULL;
}

/* A path, in which a comma is written twice, and words after commas. */
const char *option_set_disk(struct options *o, const char *value)
{
	struct config_disk d = { .text = value };
	const char *at = value;
	while (*at && (at[0] != ',' || at[1] == ','))
		at += at[0] == ',' ? 2 : 1;
	d.path_len = (size_t)(at - value);
	if (!d.path_len)
		return "expected a file's name before the comma";
	struct cursor c = cursor_of(at);
	while (cursor_char(&c, ',')) {
		if (cursor_text(&c, "write"))
			d.is_writable = true;
		else if (d.kind == DISK_AUTO && cursor_text(&c, "floppy"))
			d.kind = DISK_FLOPPY;
		else if (d.kind == DISK_AUTO && cursor_text(&c, "hd"))
			d.kind = DISK_HARD;
		else
			break;
		at = c.at;
	}
	if (d.kind != DISK_AUTO && (cursor_text(&c, "floppy") || cursor_text(&c, "hd")))
		return "expected floppy or hd once: a disk is one of them";
	if (*at)
		return "expected write, floppy or hd after a comma; one in the file's name is "
		       "written twice";
	if (o->machine.disk_count == DISKS_MAX)
		return "more than 8 of these were given";
	o->machine.disks[o->machine.disk_count++] = d;
	return NULL;
}
_Static_assert(DISKS_MAX == 8, "the text above says 8");

/* 2026-11-30, or with a time of day: 2026-11-30T12:34:56. */
static bool take_date(struct cursor *c, struct rtc_date *d)
{
	unsigned *const fields[] = { &d->year, &d->month, &d->day, &d->hour, &d->minute,
		&d->second };
	static const char before[] = "\0--T::"; /* each field */
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t value;
		if (i == 3 && cursor_at_end(c))
			return true;
		if ((i && !cursor_char(c, before[i])) || !cursor_number(c, &value) || value > 9999)
			return false;
		*fields[i] = (unsigned)value;
	}
	return cursor_at_end(c);
}

const char *option_set_parallel(struct options *o, const char *value)
{
	o->machine.parallel = value;
	return NULL;
}

const char *option_set_rtc(struct options *o, const char *value)
{
	struct cursor c = cursor_of(value);
	struct rtc_date d = { .year = 0 };
	if (!strcmp(value, "utc")) {
		o->machine.rtc = RTC_UTC;
		return NULL;
	}
	if (!strcmp(value, "localtime")) {
		o->machine.rtc = RTC_LOCAL;
		return NULL;
	}
	if (!take_date(&c, &d) || !rtc_seconds(&d, &o->machine.rtc_seconds))
		return "expected utc, localtime or a date since 1970 such as 2026-11-30 or "
		       "2026-11-30T12:34:56";
	o->machine.rtc = RTC_DATE;
	return NULL;
}
