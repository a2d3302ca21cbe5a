/* What a Multiboot 2 kernel is handed: a list of tags, and its address in EBX. */
#include <string.h>

#include "base/bytes.h"
#include "boot/board.h"
#include "boot/multiboot2.h"

#define EAX 0x36d76289u

/* A tag with this many bytes after its type and size; NULL when it is full. */
static uint8_t *put_tag(struct handover *h, enum multiboot2_info type, size_t len)
{
	uint32_t gpa = handover_put(h, NULL, MULTIBOOT2_TAG_SIZE + len, MULTIBOOT2_TAG_ALIGN);

	if (!gpa)
		return NULL;
	uint8_t *at = handover_at(h, gpa);
	put32(at, type);
	put32(at + 4, (uint32_t)(MULTIBOOT2_TAG_SIZE + len));
	return at + MULTIBOOT2_TAG_SIZE;
}

/* A tag that ends with a text, after skip bytes of other things, which are returned. */
static uint8_t *put_text_tag(
        struct handover *h, enum multiboot2_info type, size_t skip, const char *text)
{
	size_t size = strlen(text) + 1;
	uint8_t *at = put_tag(h, type, skip + size);

	if (at)
		memcpy(at + skip, text, size);
	return at;
}

static void put_modules(struct plan *p)
{
	for (unsigned i = 0; i < p->module_count; i++) {
		const struct plan_module *m = &p->modules[i];
		uint8_t *at = put_text_tag(&p->handover, MULTIBOOT2_MODULE, 8, m->text);
		if (!at)
			return;
		put32(at, (uint32_t)m->gpa);
		put32(at + 4, (uint32_t)(m->gpa + m->size));
	}
}

static void put_memory(struct plan *p)
{
	struct handover_range ranges[HANDOVER_RANGES_MAX];
	unsigned count = handover_map(ranges, p->memory, board_wanted(p) == IMAGE_BOARD_PC);
	uint8_t *at = put_tag(&p->handover, MULTIBOOT2_MEMORY, 8);

	if (at) {
		put32(at, handover_lower_kib(p->memory, board_wanted(p) == IMAGE_BOARD_PC));
		put32(at + 4, handover_upper_kib(p->memory));
	}
	at = put_tag(&p->handover, MULTIBOOT2_MAP, 8 + count * 24);
	if (!at)
		return;
	put32(at, 24); /* entry_size; entry_version is 0 */
	for (unsigned i = 0; i < count; i++) {
		uint8_t *entry = at + 8 + i * 24;
		put64(entry, ranges[i].gpa);
		put64(entry + 8, ranges[i].size);
		put32(entry + 16, ranges[i].type);
	}
}

int multiboot2_hand_over(struct plan *p, bool is_relocatable, struct error *e)
{
	struct handover *h = &p->handover;
	uint32_t info = handover_put(h, NULL, 8, MULTIBOOT2_TAG_ALIGN);

	put_text_tag(h, MULTIBOOT2_CMDLINE, 0, p->options->append ? p->options->append : "");
	put_text_tag(h, MULTIBOOT2_LOADER_NAME, 0, HANDOVER_LOADER);
	put_modules(p);
	put_memory(p);
	if (is_relocatable) {
		uint8_t *at = put_tag(h, MULTIBOOT2_LOAD_BASE, 4);
		if (at)
			put32(at, (uint32_t)layout_start(&p->layout));
	}
	put_tag(h, MULTIBOOT2_END, 0);
	if (!h->is_full)
		put32(handover_at(h, info), (uint32_t)h->len); /* total_size */
	p->regs.rax = EAX;
	p->regs.rbx = info;
	return plan_add_handover(p, e);
}
