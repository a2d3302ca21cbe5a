/* Looks for what linkers and C libraries write into programs, and nobody into a kernel. */
#include "boot/elf_hosted.h"

#include <ctype.h>
#include <stdio.h>

#include "base/array.h"
#include "base/bytes.h"

/* The bytes of the first segment of that type, as far as the file has them; NULL: there is none. */
static const uint8_t *find_segment(const struct elf *elf, uint32_t type, size_t *len)
{
	for (unsigned i = 0; i < elf->phnum; i++) {
		struct elf_segment s = elf_segment(elf, i);
		if (s.type != type || s.offset > elf->len)
			continue;
		size_t left = elf->len - (size_t)s.offset;
		*len = s.filesz < left ? (size_t)s.filesz : left;
		return elf->bytes + s.offset;
	}
	return NULL;
}

/* A value of the dynamic section; false: it has no such entry. */
static bool find_dynamic(const struct elf *elf, int64_t tag, uint64_t *value)
{
	size_t len, size = elf->is_64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	const uint8_t *at = find_segment(elf, PT_DYNAMIC, &len);

	for (; at && len >= size; at += size, len -= size) {
		int64_t here = elf->is_64 ? (int64_t)get64(at) : (int32_t)get32(at);
		if (here == DT_NULL)
			return false;
		if (here != tag)
			continue;
		*value = elf->is_64 ? get64(at + size / 2) : get32(at + size / 2);
		return true;
	}
	return false;
}

bool elf_has_interpreter(const struct elf *elf, char *to, size_t size)
{
	size_t len, n = 0;
	const uint8_t *path = find_segment(elf, PT_INTERP, &len);

	if (!path)
		return false;
	while (n < len && isprint(path[n]))
		n++;
	snprintf(to, size, "%.*s", (int)(n < 80 ? n : 80), (const char *)path);
	return true;
}

/* What the C library's startup code brings into each program, static ones too. */
static bool has_abi_note(const struct elf *elf, char *why, size_t size)
{
	static const char *const systems[] = { "Linux", "the Hurd", "Solaris", "FreeBSD" };
	const uint8_t *desc;
	size_t len;

	if (elf_find_note(elf, "GNU", NT_GNU_ABI_TAG, "", &desc, &len, NULL) || !desc || len < 4 ||
	        get32(desc) >= ARRAY_SIZE(systems))
		return false;
	snprintf(why, size, "its note NT_GNU_ABI_TAG says that it is for %s", systems[get32(desc)]);
	return true;
}

static bool has_libraries(const struct elf *elf, char *why, size_t size)
{
	uint64_t value;

	if (find_dynamic(elf, DT_SONAME, &value)) {
		snprintf(why, size, "it is a shared library (DT_SONAME)");
		return true;
	}
	if (find_dynamic(elf, DT_NEEDED, &value)) {
		snprintf(why, size, "it needs shared libraries (DT_NEEDED)");
		return true;
	}
	return false;
}

bool elf_is_hosted(const struct elf *elf, char *why, size_t size)
{
	char path[100];

	if (!has_abi_note(elf, why, size) && !has_libraries(elf, why, size))
		return false;
	if (elf_has_interpreter(elf, path, sizeof path)) /* says it best */
		snprintf(why, size, "its PT_INTERP names a loader, %s", path);
	return true;
}

bool elf_has_relocations(const struct elf *elf)
{
	static const int64_t sizes[] = { DT_RELASZ, DT_RELSZ, DT_RELRSZ, DT_PLTRELSZ };
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (find_dynamic(elf, sizes[i], &value) && value)
			return true;
	return false;
}
