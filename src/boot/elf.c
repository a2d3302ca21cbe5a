/* Reads as: the header, the program headers, the notes. A number is checked before it is used. */
#include "boot/elf.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"

/* The header of either class, widened. */
static Elf64_Ehdr read_header(const uint8_t *bytes, bool is_64)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr h;

	if (is_64) {
		memcpy(&wide, bytes, sizeof wide);
		return wide;
	}
	memcpy(&h, bytes, sizeof h);
	return (Elf64_Ehdr) {
		.e_type = h.e_type,
		.e_machine = h.e_machine,
		.e_version = h.e_version,
		.e_entry = h.e_entry,
		.e_phoff = h.e_phoff,
		.e_phentsize = h.e_phentsize,
		.e_phnum = h.e_phnum,
	};
}

static size_t header_size(bool is_64)
{
	return is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t segment_size(bool is_64)
{
	return is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

bool elf_is_magic(const uint8_t *bytes, size_t len)
{
	return len >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG);
}

/* --- the header ------------------------------------------------------------------------------- */

static int check_ident(const uint8_t *bytes, size_t len, const char *file, struct error *e)
{
	if (!elf_is_magic(bytes, len))
		return error_set(e, -ENOEXEC,
		        "%s: not an ELF file: it does not begin with 7f 45 4c 46", file);
	if (len < EI_NIDENT)
		return error_set(e, -ENOEXEC,
		        "%s: cut off: %zu bytes, and an ELF header begins with %d", file, len,
		        EI_NIDENT);
	if (bytes[EI_CLASS] != ELFCLASS32 && bytes[EI_CLASS] != ELFCLASS64)
		return error_set(e, -ENOEXEC,
		        "%s: ELF class (EI_CLASS) is %u, expected 1 (32-bit) or 2 (64-bit)", file,
		        bytes[EI_CLASS]);
	if (bytes[EI_DATA] != ELFDATA2LSB)
		return error_set(e, -ENOEXEC,
		        "%s: ELF byte order (EI_DATA) is %u, expected 1 (little-endian)", file,
		        bytes[EI_DATA]);
	if (bytes[EI_VERSION] != EV_CURRENT)
		return error_set(e, -ENOEXEC, "%s: ELF version (EI_VERSION) is %u, expected 1",
		        file, bytes[EI_VERSION]);
	return 0;
}

static int check_type(const Elf64_Ehdr *h, const char *file, struct error *e)
{
	if (h->e_type == ET_REL)
		return error_set(e, -ENOEXEC,
		        "%s: e_type is 1, an object file: link it first, with ld", file);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return error_set(e, -ENOEXEC,
		        "%s: e_type is %u, expected 2 (an executable) or 3 (a position-independent "
		        "one)",
		        file, h->e_type);
	return 0;
}

static int check_machine(const Elf64_Ehdr *h, bool is_64, const char *file, struct error *e)
{
	unsigned wanted = is_64 ? EM_X86_64 : EM_386;

	if (h->e_machine == wanted)
		return 0;
	return error_set(e, -ENOEXEC, "%s: e_machine is %u, expected %u (%s) in a %s-bit ELF", file,
	        h->e_machine, wanted, is_64 ? "EM_X86_64" : "EM_386", is_64 ? "64" : "32");
}

static int check_table(
        const Elf64_Ehdr *h, bool is_64, size_t len, const char *file, struct error *e)
{
	size_t size = segment_size(is_64);

	if (!h->e_phnum)
		return error_set(e, -ENOEXEC,
		        "%s: e_phnum is 0: no program headers, so nothing says what to load", file);
	/* PN_XNUM: the number would stand in section 0. */
	if (h->e_phnum == PN_XNUM)
		return error_set(e, -ENOEXEC,
		        "%s: e_phnum is 0xffff: more program headers than stepvm reads", file);
	if (h->e_phentsize != size)
		return error_set(e, -ENOEXEC, "%s: e_phentsize is %u, expected %zu", file,
		        h->e_phentsize, size);
	if (h->e_phoff > len || h->e_phnum * size > len - h->e_phoff)
		return error_set(e, -ENOEXEC,
		        "%s: e_phoff is 0x%" PRIx64 " with %u program headers of %zu bytes: past "
		        "the file's end at 0x%zx",
		        file, h->e_phoff, h->e_phnum, size, len);
	return 0;
}

/* --- segments --------------------------------------------------------------------------------- */

struct elf_segment elf_segment(const struct elf *elf, unsigned i)
{
	const uint8_t *at = elf->bytes + elf->phoff + i * segment_size(elf->is_64);
	Elf64_Phdr wide;
	Elf32_Phdr h;

	if (elf->is_64) {
		memcpy(&wide, at, sizeof wide);
		return (struct elf_segment) { wide.p_type, wide.p_offset, wide.p_vaddr,
			wide.p_paddr, wide.p_filesz, wide.p_memsz, wide.p_align };
	}
	memcpy(&h, at, sizeof h);
	return (struct elf_segment) { h.p_type, h.p_offset, h.p_vaddr, h.p_paddr, h.p_filesz,
		h.p_memsz, h.p_align };
}

bool elf_is_loaded(const struct elf_segment *s)
{
	return s->type == PT_LOAD && s->memsz;
}

/* The bytes of segment i are in the file. */
static int check_bytes(const struct elf *elf, unsigned i, const struct elf_segment *s,
        bool is_whole, const char *file, struct error *e)
{
	if (s->offset <= elf->len && s->filesz <= elf->len - s->offset)
		return 0;
	return error_set(e, -ENOEXEC,
	        "%s: segment %u: p_offset 0x%" PRIx64 " and p_filesz 0x%" PRIx64 " run past %s "
	        "0x%zx",
	        file, i, s->offset, s->filesz,
	        is_whole ? "the file's end at" : "what RAM could hold, the file's first", elf->len);
}

static int check_segments(const struct elf *elf, bool is_whole, const char *file, struct error *e)
{
	bool has_any = false;

	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment s = elf_segment(elf, i);
		if (s.type != PT_LOAD)
			continue;
		if (s.filesz > s.memsz)
			return error_set(e, -ENOEXEC,
			        "%s: segment %u: p_filesz 0x%" PRIx64
			        " is more than p_memsz 0x%" PRIx64,
			        file, i, s.filesz, s.memsz);
		int err = check_bytes(elf, i, &s, is_whole, file, e);
		if (err)
			return err;
		has_any |= s.memsz != 0;
	}
	if (!has_any)
		return error_set(e, -ENOEXEC,
		        "%s: none of its %u program headers is a PT_LOAD with bytes: nothing to "
		        "load",
		        file, elf->phnum);
	return 0;
}

int elf_open(struct elf *elf, const uint8_t *bytes, size_t len, bool is_whole, const char *file,
        struct error *e)
{
	int err = check_ident(bytes, len, file, e);

	if (err)
		return err;
	struct elf new = { .bytes = bytes, .len = len, .is_64 = bytes[EI_CLASS] == ELFCLASS64 };
	if (len < header_size(new.is_64))
		return error_set(e, -ENOEXEC, "%s: cut off: %zu bytes, and its ELF header has %zu",
		        file, len, header_size(new.is_64));
	const Elf64_Ehdr h = read_header(bytes, new.is_64);
	err = check_type(&h, file, e);
	if (!err)
		err = check_machine(&h, new.is_64, file, e);
	if (!err)
		err = check_table(&h, new.is_64, len, file, e);
	if (err)
		return err;
	new.is_dyn = h.e_type == ET_DYN;
	new.entry = h.e_entry;
	new.phoff = h.e_phoff;
	new.phnum = h.e_phnum;
	err = check_segments(&new, is_whole, file, e);
	if (!err)
		*elf = new;
	return err;
}

bool elf_entry_gpa(const struct elf *elf, uint64_t *gpa)
{
	bool is_physical = false;

	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment s = elf_segment(elf, i);
		if (!elf_is_loaded(&s))
			continue;
		if (elf->entry >= s.vaddr && elf->entry - s.vaddr < s.memsz) {
			*gpa = s.paddr + (elf->entry - s.vaddr);
			return true;
		}
		is_physical |= elf->entry >= s.paddr && elf->entry - s.paddr < s.memsz;
	}
	if (is_physical)
		*gpa = elf->entry;
	return is_physical;
}

/* --- notes ------------------------------------------------------------------------------------ */

struct note {
	uint32_t type;
	const uint8_t *name, *desc;
	uint32_t name_len, desc_len;
};

static uint64_t round_up(uint64_t n, uint64_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/* Takes a note off the front of *len bytes. Its name and its descriptor are padded to align; the
 * last one's padding may be missing. False: its sizes run over. */
static bool take_note(const uint8_t **at, size_t *len, uint64_t align, struct note *n)
{
	if (*len < sizeof(Elf32_Nhdr))
		return false;
	n->name_len = get32(*at);
	n->desc_len = get32(*at + 4);
	n->type = get32(*at + 8);
	/* 64-bit sums of 32-bit sizes: no overflow. */
	uint64_t desc_at = round_up(sizeof(Elf32_Nhdr) + (uint64_t)n->name_len, align);
	if (sizeof(Elf32_Nhdr) + (uint64_t)n->name_len > *len ||
	        (n->desc_len && (desc_at > *len || n->desc_len > *len - desc_at)))
		return false;
	n->name = *at + sizeof(Elf32_Nhdr);
	n->desc = n->desc_len ? *at + desc_at : n->name;
	uint64_t next = round_up(desc_at + n->desc_len, align);
	if (next > *len)
		next = *len;
	*at += next;
	*len -= (size_t)next;
	return true;
}

int elf_find_note(const struct elf *elf, const char *name, uint32_t type, const char *file,
        const uint8_t **desc, size_t *len, struct error *e)
{
	size_t name_size = strlen(name) + 1;
	struct note n;

	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment s = elf_segment(elf, i);
		if (s.type != PT_NOTE)
			continue;
		int err = check_bytes(elf, i, &s, true, file, e);
		if (err)
			return err;
		const uint8_t *at = elf->bytes + s.offset;
		size_t left = (size_t)s.filesz;
		while (left) {
			/* Notes are aligned to 4, in segments that are aligned to 8 to that. */
			if (!take_note(&at, &left, s.align == 8 ? 8 : 4, &n))
				return error_set(e, -ENOEXEC,
				        "%s: segment %u: a note's n_namesz or n_descsz runs past "
				        "the segment's end, %zu bytes from it",
				        file, i, left);
			if (n.type == type && n.name_len == name_size &&
			        !memcmp(n.name, name, name_size)) {
				*desc = n.desc;
				*len = n.desc_len;
				return 0;
			}
		}
	}
	*desc = NULL;
	*len = 0;
	return 0;
}
