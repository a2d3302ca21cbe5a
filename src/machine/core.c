/* The headers and notes of a core file. */
#include "machine/core.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cpu_bits.h"
#include "kvm/linear.h"
#include "kvm/registers.h"
#include "kvm/segment.h"
#include "machine/core_parts.h"

struct core {
	struct core_parts parts;
	uint8_t *head; /* owned: what stands before the zeros */
	uint64_t head_size, zeros_size;
};

/* Linux's struct user_regs_struct, by our names. NULL: a word of no register (orig_ax). */
static const char *const registers64[] = { "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10",
	"r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", NULL, "pc", "cs", "rflags", "rsp", "ss",
	"fs_base", "gs_base", "ds", "es", "fs", "gs" };
static const char *const registers32[] = { "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rax", "ds",
	"es", "fs", "gs", NULL, "pc", "cs", "rflags", "rsp", "ss" };

/* struct elf_prstatus, and where pr_cursig, pr_pid and pr_reg stand in it. */
struct status_layout {
	size_t size, signal, pid, registers, word;
	const char *const *names;
	size_t count;
};
static const struct status_layout status64 = { 336, 12, 32, 112, 8, registers64,
	ARRAY_SIZE(registers64) };
static const struct status_layout status32 = { 144, 12, 24, 72, 4, registers32,
	ARRAY_SIZE(registers32) };

/* x87 and SSE as FXSAVE has them: struct user_fpregs_struct of 64-bit Linux, and a note of its own in 32-bit cores. */
#define FXSAVE_SIZE 512
#ifndef NT_PRXFPREG
#define NT_PRXFPREG 0x46e62b7f
#endif

#define SIGNAL 5 /* SIGTRAP: gdb says by which signal the "program" has ended */

/* --- notes ------------------------------------------------------------------------------------ */

struct note_room {
	uint8_t bytes[1536];
	size_t size;
};

static void add_note(
        struct note_room *n, const char *owner, uint32_t type, const void *desc, size_t size)
{
	Elf64_Nhdr head = { (uint32_t)strlen(owner) + 1, (uint32_t)size, type };
	memcpy(n->bytes + n->size, &head, sizeof head);
	n->size += sizeof head;
	memcpy(n->bytes + n->size, owner, head.n_namesz);
	n->size += (head.n_namesz + 3) & ~3u;
	memcpy(n->bytes + n->size, desc, size);
	n->size += (size + 3) & ~(size_t)3;
}
_Static_assert(
        sizeof(Elf64_Nhdr) == 12 && sizeof(Elf32_Nhdr) == 12, "notes are alike in both classes");

static void add_status(struct note_room *n, struct vcpu *v, const struct status_layout *l)
{
	uint8_t status[336] = { 0 };
	const uint16_t signal = SIGNAL;
	const uint32_t pid = 1;
	memcpy(status + l->signal, &signal, sizeof signal);
	memcpy(status + l->pid, &pid, sizeof pid);
	for (size_t i = 0; i < l->count; i++) {
		uint64_t value = UINT64_MAX; /* orig_ax: not in a system call */
		if (l->names[i] && registers_read_named(v, l->names[i], &value))
			value = 0;
		memcpy(status + l->registers + i * l->word, &value, l->word);
	}
	add_note(n, "CORE", NT_PRSTATUS, status, l->size);
}

/* What Linux's notes have no room for stands in a note as QEMU's dump-guest-memory lays it out, because tools for dumps of
 * kernels know that one: a version, the size, the general registers, rip and rflags; CS, DS, ES, FS, GS, SS, LDT, TR, GDT
 * and IDT (24 bytes each); CR0 to CR4. */
struct system_segment {
	uint32_t selector, limit;
	uint32_t flags; /* the second word of its descriptor, without base and limit */
	uint32_t pad;
	uint64_t base;
};
struct system_note {
	uint32_t version, size;
	uint64_t registers[18];
	struct system_segment segments[10];
	uint64_t cr[5];
};
_Static_assert(sizeof(struct system_segment) == 24 && sizeof(struct system_note) == 432,
        "version 1 has these sizes");
#define SYSTEM_NOTE_VERSION 1

static const char *const system_registers[] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp",
	"rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags" };

static struct system_segment segment_of(const struct kvm_segment *s)
{
	return (struct system_segment) { .selector = s->selector,
		.limit = s->limit,
		.flags = (segment_attributes(s) & 0xf0ffu) << 8, /* SDM vol 3, figure 3-8 */
		.base = s->base };
}

static void add_system(struct note_room *n, struct vcpu *v)
{
	const struct kvm_sregs *s = vcpu_sregs(v);
	const struct kvm_segment *segments[] = { &s->cs, &s->ds, &s->es, &s->fs, &s->gs, &s->ss,
		&s->ldt, &s->tr };
	struct system_note note = {
		.version = SYSTEM_NOTE_VERSION,
		.size = sizeof note,
		.segments[8] = { .limit = s->gdt.limit, .base = s->gdt.base },
		.segments[9] = { .limit = s->idt.limit, .base = s->idt.base },
		.cr = { s->cr0, 0, s->cr2, s->cr3, s->cr4 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(system_registers); i++)
		if (registers_read_named(v, system_registers[i], &note.registers[i]))
			note.registers[i] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(segments); i++)
		note.segments[i] = segment_of(segments[i]);
	add_note(n, "QEMU", 0, &note, sizeof note);
}

static void make_notes(struct note_room *n, struct vcpu *v, bool is_64)
{
	*n = (struct note_room) { .size = 0 };
	add_status(n, v, is_64 ? &status64 : &status32);
	if (is_64)
		add_note(n, "CORE", NT_FPREGSET, vcpu_xsave(v), FXSAVE_SIZE);
	else
		add_note(n, "LINUX", NT_PRXFPREG, vcpu_xsave(v), FXSAVE_SIZE);
	add_system(n, v);
}

/* --- headers ---------------------------------------------------------------------------------- */

/* What both classes say. */
#define PUT_HEADER(type, class, machine, to, headers, count)                                       \
	do {                                                                                       \
		const type h = {                                                                   \
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, class, ELFDATA2LSB,       \
			        EV_CURRENT },                                                      \
			.e_type = ET_CORE,                                                         \
			.e_machine = machine,                                                      \
			.e_version = EV_CURRENT,                                                   \
			.e_phoff = sizeof h,                                                       \
			.e_ehsize = sizeof h,                                                      \
			.e_phentsize = sizeof(headers),                                            \
			.e_phnum = (uint16_t)(count),                                              \
		};                                                                                 \
		memcpy(to, &h, sizeof h);                                                          \
	} while (0)

static void put_program_header(uint8_t *to, bool is_64, const Elf64_Phdr *p)
{
	if (is_64) {
		memcpy(to, p, sizeof *p);
		return;
	}
	/* PAE reaches physical addresses that an ELF32 can't name. */
	const Elf32_Phdr small = {
		.p_type = p->p_type,
		.p_offset = (uint32_t)p->p_offset,
		.p_vaddr = (uint32_t)p->p_vaddr,
		.p_paddr = p->p_paddr > UINT32_MAX ? UINT32_MAX : (uint32_t)p->p_paddr,
		.p_filesz = (uint32_t)p->p_filesz,
		.p_memsz = (uint32_t)p->p_memsz,
		.p_flags = p->p_flags,
		.p_align = (uint32_t)p->p_align,
	};
	memcpy(to, &small, sizeof small);
}

static void put_head(struct core *c, const struct note_room *notes, bool is_64)
{
	const size_t size = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	const unsigned count = 1 + c->parts.part_count;
	if (is_64)
		PUT_HEADER(Elf64_Ehdr, ELFCLASS64, EM_X86_64, c->head, Elf64_Phdr, count);
	else
		PUT_HEADER(Elf32_Ehdr, ELFCLASS32, EM_386, c->head, Elf32_Phdr, count);
	uint8_t *to = c->head + (is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	uint8_t *end = to + count * size;
	Elf64_Phdr p = { .p_type = PT_NOTE,
		.p_offset = (uint64_t)(end - c->head),
		.p_filesz = notes->size,
		.p_align = 4 };
	memcpy(end, notes->bytes, notes->size);
	put_program_header(to, is_64, &p);
	for (unsigned i = 0; i < c->parts.part_count; i++) {
		const struct core_part *part = &c->parts.parts[i];
		p = (Elf64_Phdr) { .p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = c->head_size + (part->is_zero ? 0 : c->zeros_size + part->off),
			.p_vaddr = part->gva,
			.p_paddr = part->gpa,
			.p_filesz = part->size,
			.p_memsz = part->size,
			.p_align = 1 };
		put_program_header(to += size, is_64, &p);
	}
}

/* --- what is mapped --------------------------------------------------------------------------- */

struct mapping {
	struct core_parts *parts;
	uint64_t last; /* no linear address after this one is wanted */
};

static bool add_mapped(void *ctx, const struct paging_page *page)
{
	const struct mapping *m = ctx;
	uint64_t size = page->size;
	if (page->gva > m->last)
		return false;
	if (size - 1 > m->last - page->gva)
		size = m->last - page->gva + 1;
	return core_parts_add(m->parts, page->gva, page->gpa, size);
}

static int find_parts(struct core_parts *p, const struct machine *m, uint64_t last)
{
	struct vcpu *v = machine_vcpu(m);
	struct mapping mapping = { p, last };
	uint64_t next = 0;
	int err = core_parts_begin(p, &m->guest->vm.memory, m->pagemap_fd, CORE_PARTS_MAX);
	if (err)
		return err;
	if (!(vcpu_sregs(v)->cr0 & CR0_PG))
		core_parts_add(p, 0, 0, UINT64_C(1) << 32);
	/* False, too, where tables lead to the same tables over and over. */
	else if (!linear_each(v, 0, add_mapped, &mapping, &next) && !p->error && next <= last)
		return -EFBIG;
	return p->error;
}

/* --- the file --------------------------------------------------------------------------------- */

int core_make(struct machine *m, struct core **to, struct error *e)
{
	struct vcpu *v = machine_vcpu(m);
	const bool is_64 = registers_mode(v) == CPU_LONG64;
	struct note_room notes;
	struct core *c = calloc(1, sizeof *c);
	int err = c ? find_parts(&c->parts, m, is_64 ? UINT64_MAX : UINT32_MAX) : -ENOMEM;
	if (!err) {
		make_notes(&notes, v, is_64);
		c->head_size = sizeof(Elf64_Ehdr) + (1 + c->parts.part_count) * sizeof(Elf64_Phdr) +
		               notes.size;
		c->head_size = (c->head_size + MEMORY_PAGE - 1) & ~(uint64_t)(MEMORY_PAGE - 1);
		c->zeros_size = c->parts.has_zeros ? CORE_ZEROS : 0;
		c->head = calloc(1, c->head_size);
		err = !c->head ? -ENOMEM : !is_64 && core_size(c) - 1 > UINT32_MAX ? -EFBIG : 0;
	}
	if (err) {
		core_free(c);
		return err == -EFBIG
		               ? error_set(e, err,
		                         "the guest has more mapped than an ELF file can hold")
		               : error_set(e, err, "out of memory");
	}
	put_head(c, &notes, is_64);
	*to = c;
	return 0;
}

void core_free(struct core *c)
{
	if (!c)
		return;
	core_parts_free(&c->parts);
	free(c->head);
	free(c);
}

uint64_t core_size(const struct core *c)
{
	return c->head_size + c->zeros_size + c->parts.size;
}

size_t core_read(
        const struct core *c, const struct machine *m, uint64_t off, uint8_t *to, size_t len)
{
	size_t done = 0;
	while (done < len && off < core_size(c)) {
		size_t left = len - done, n;
		if (off < c->head_size) {
			n = left < c->head_size - off ? left : (size_t)(c->head_size - off);
			memcpy(to + done, c->head + off, n);
		} else if (off < c->head_size + c->zeros_size) {
			uint64_t zeros = c->head_size + c->zeros_size - off;
			n = left < zeros ? left : (size_t)zeros;
			memset(to + done, 0, n);
		} else {
			n = core_parts_read(&c->parts, &m->guest->vm.memory,
			        off - c->head_size - c->zeros_size, to + done, left);
			if (!n)
				break;
		}
		done += n;
		off += n;
	}
	return done;
}
