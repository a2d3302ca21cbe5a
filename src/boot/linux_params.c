/* What a Linux kernel is handed: struct boot_params, which holds its header with the loader's fields
 * filled in, the memory map, the display, and the address of the command line. The 16-bit setup code
 * makes that struct itself; it is handed its own header, in place. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "boot/board.h"
#include "boot/linux.h"

/* struct boot_params: offsets of what is not of the header (zero-page.rst). What is left 0 is not
 * there: ACPI's tables, EDD, EFI. The sentinel at 0x1ef, 0, says that all of it was set to zero. */
#define P_EXT_MEM_K    0x002 /* of struct screen_info, and of int 15h AH=88h: 16 bits */
#define P_VIDEO_MODE   0x006 /* as int 10h AH=0Fh says it; columns, a byte, follow */
#define P_EGA_BX       0x00a /* as int 10h AH=12h BL=10h says it */
#define P_VIDEO_LINES  0x00e
#define P_IS_VGA       0x00f
#define P_POINTS       0x010 /* scan lines of a character: 16 bits */
#define P_ALT_MEM_K    0x1e0 /* the same, 32 bits */
#define P_E820_ENTRIES 0x1e8
#define P_E820         0x2d0
#define P_SIZE         4096u
#define E820_SIZE      20u /* address, size, type */
#define E820_MAX       128

#define LOADER_OTHER  0xffu   /* type_of_loader: none that has a number */
#define VID_NORMAL    0xffffu /* vid_mode: as it is */
#define EXT_MEM_K_MAX 0xffffu

/* The display of a PC's board, as its BIOS leaves it. */
#define VIDEO_MODE    3
#define VIDEO_COLUMNS 80
#define VIDEO_LINES   25
#define VIDEO_POINTS  16
#define EGA_BX_COLOUR 0x0003 /* 256 KiB */

/* "Sample Boot Configuration": the segment of the setup code, at whose end stack and heap are. The
 * command line may lie above, and does (START_INFO_GPA). */
#define SETUP_GPA     0x10000u
#define SETUP_SIZE    0x10000u
#define SETUP_ENTRY   0x20 /* paragraphs to the segment of CS, in which it is at 0 */
#define HEAP_END      0xe000u
#define HEAP_END_LESS 0x200u /* heap_end_ptr says so much less */
#define CAN_USE_HEAP  0x80u  /* loadflags */

_Static_assert(HANDOVER_RANGES_MAX <= E820_MAX, "a map has room");

static void put_display(uint8_t *params)
{
	params[P_VIDEO_MODE] = VIDEO_MODE;
	params[P_VIDEO_MODE + 1] = VIDEO_COLUMNS;
	put16(params + P_EGA_BX, EGA_BX_COLOUR);
	params[P_VIDEO_LINES] = VIDEO_LINES;
	params[P_IS_VGA] = 1;
	put16(params + P_POINTS, VIDEO_POINTS);
}

static void put_map(const struct plan *p, uint8_t *params, bool is_pc)
{
	struct handover_range ranges[HANDOVER_RANGES_MAX];
	unsigned count = handover_map(ranges, p->memory, is_pc);
	uint32_t kib = handover_upper_kib(p->memory);

	for (unsigned i = 0; i < count; i++) {
		uint8_t *entry = params + P_E820 + i * E820_SIZE;
		put64(entry, ranges[i].gpa);
		put64(entry + 8, ranges[i].size);
		put32(entry + 16, ranges[i].type);
	}
	params[P_E820_ENTRIES] = (uint8_t)count;
	put16(params + P_EXT_MEM_K, (uint16_t)(kib < EXT_MEM_K_MAX ? kib : EXT_MEM_K_MAX));
	put32(params + P_ALT_MEM_K, kib);
}

/* The fields that a boot loader writes; to: the header's byte 0 would be there. */
static void put_loader_fields(uint8_t *to, const struct linux_header *h,
        const struct linux_placed *at, uint32_t cmdline_gpa)
{
	put16(to + LINUX_VID_MODE, VID_NORMAL);
	to[LINUX_LOADER] = LOADER_OTHER;
	put16(to + LINUX_LOADER_EXT, 0);
	put32(to + LINUX_CODE32, (uint32_t)at->kernel_gpa);
	put32(to + LINUX_RAMDISK, at->initrd_gpa);
	put32(to + LINUX_RAMDISK_SIZE, at->initrd_size);
	put32(to + LINUX_CMDLINE, cmdline_gpa);
	if (h->is_relocatable)
		put32(to + LINUX_ALIGNMENT, at->alignment);
	if (h->end >= LINUX_SETUP_DATA + 8)
		put64(to + LINUX_SETUP_DATA, 0);
}

static int check_cmdline(const struct plan *p, const struct linux_header *h, struct error *e)
{
	const char *text = p->options->append;

	if (!text || strlen(text) <= h->cmdline_max)
		return 0;
	return error_set(e, -EINVAL,
	        "--append: has %zu characters, and %s takes %u at most (cmdline_size)",
	        strlen(text), p->name, h->cmdline_max);
}

static void make_params(const struct plan *p, uint8_t *params, const struct linux_header *h,
        const struct linux_placed *at, uint32_t cmdline_gpa)
{
	bool is_pc = board_wanted(p) == IMAGE_BOARD_PC;

	memcpy(params + LINUX_HEADER, h->bytes + LINUX_HEADER, h->end - LINUX_HEADER);
	put_loader_fields(params, h, at, cmdline_gpa);
	put_map(p, params, is_pc);
	if (is_pc)
		put_display(params);
}

/* The 16-bit code with its header filled in. */
static int add_setup(struct plan *p, const struct linux_header *h, const struct linux_placed *at,
        uint32_t cmdline_gpa, struct error *e)
{
	memcpy(p->setup, h->bytes, h->setup_size);
	put_loader_fields(p->setup, h, at, cmdline_gpa);
	p->setup[LINUX_LOADFLAGS] |= CAN_USE_HEAP;
	put16(p->setup + LINUX_HEAP_END, HEAP_END - HEAP_END_LESS);
	p->data_selector = SETUP_GPA >> 4;
	p->regs.rsp = HEAP_END;
	p->entry = (struct image_entry) { .kind = ENTRY_SEGOFF,
		.selector = (SETUP_GPA >> 4) + SETUP_ENTRY };
	return plan_add(p, "the setup code", SETUP_GPA, SETUP_SIZE, p->setup, h->setup_size, e);
}

int linux_hand_over(struct plan *p, const struct linux_header *h, const struct linux_placed *at,
        struct error *e)
{
	struct handover *to = &p->handover;
	bool is_real = p->mode == START_REAL;
	uint32_t params = is_real ? 0 : handover_put(to, NULL, P_SIZE, P_SIZE);
	uint32_t cmdline = handover_text(to, p->options->append ? p->options->append : "");
	int err = check_cmdline(p, h, e);

	if (!err && is_real)
		err = add_setup(p, h, at, cmdline, e);
	else if (!err && !to->is_full)
		make_params(p, handover_at(to, params), h, at, cmdline);
	p->regs.rsi = params;
	return err ? err : plan_add_handover(p, e);
}
