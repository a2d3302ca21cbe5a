/* A small recording as a file's bytes, put together chunk by chunk, for the tests of who reads one. */
#ifndef STEPVM_TESTS_RECORDING_BYTES_H
#define STEPVM_TESTS_RECORDING_BYTES_H

#include <stdlib.h>

#include "base/array.h"
#include "history/file.h"
#include "history/file_machine.h"

#define BYTES_RAM (UINT64_C(512) << 10)

/* A machine on which all is as zeros, but for some registers, MSRs and keys that wait. */
static inline void bytes_machine(struct kept *k, struct kvm_msr_entry *msrs)
{
	*k = (struct kept) { .vcpu.regs = { .rip = 0x7c00, .rflags = 2, .rsp = 0x7c00 } };
	msrs[0] = (struct kvm_msr_entry) { .index = 0x174, .data = 8 };
	msrs[1] = (struct kvm_msr_entry) { .index = 0x277, .data = UINT64_C(0x0007040600070406) };
	k->vcpu.msrs = msrs;
	k->vcpu.msr_count = 2;
	k->board.next_rise_ns = BOARD_NEVER;
	k->board.now_ns = 1000;
	k->board.rtc.next_ns = DEVICE_NEVER;
	k->typist.script_due_ns = TYPIST_NEVER;
	k->typist.head = TYPIST_MAX - 1;
	k->typist.count = 2;
	k->typist.queue[TYPIST_MAX - 1] = (struct key_event) { .code = 0x1e, .ms = 5 };
	k->typist.queue[0] = (struct key_event) { .code = 0x9e };
}

static inline void bytes_put(struct file_out *to, enum file_type type, struct file_out *payload)
{
	file_put_chunk(to, type, payload);
	out_free(payload);
}

static inline void bytes_head(struct file_out *to, struct file_head *h)
{
	struct file_out o = { 0 };
	*h = (struct file_head) { .version = "0.1.0",
		.cpu = "a CPU",
		.image = "boot.bin",
		.is_pc = true,
		.step_ns = 10 };
	h->shape.count = 1;
	h->shape.slots[0].size = BYTES_RAM;
	h->disk_count = 1;
	h->has_boot = true;
	h->disks[0].kind = DISK_FLOPPY;
	h->disks[0].size = 1474560;
	strcpy(h->disks[0].name, "a.img");
	out_bytes(to, FILE_MAGIC, FILE_MAGIC_SIZE);
	file_put_head(&o, h);
	bytes_put(to, FILE_HEAD, &o);
}

static inline void bytes_packed(
        struct file_out *o, const uint8_t *bytes, const uint8_t *before, size_t len)
{
	struct file_out packed = { 0 };
	pack(&packed, bytes, before, len);
	out_number(o, packed.len, 2);
	out_bytes(o, packed.bytes, packed.len);
	out_free(&packed);
}

static inline void bytes_page(
        struct file_out *to, uint32_t page, const uint8_t *now, const uint8_t *before)
{
	struct file_out o = { 0 };
	out_number(&o, page, 4);
	out_number(&o, (uint32_t)page_sum(now), 4);
	bytes_packed(&o, now, before, MEMORY_PAGE);
	bytes_put(to, FILE_PAGES, &o);
}

static inline void bytes_state(struct file_out *to, uint64_t position, enum file_state kind,
        const struct kept *now, const struct kept *before, uint64_t ram_sum)
{
	struct file_out o = { 0 }, a = { 0 }, b = { 0 };
	machine_out(&a, now);
	if (before)
		machine_out(&b, before);
	/* The program has zeros for the keys that there were not before. */
	while (before && b.len < a.len)
		out_number(&b, 0, 1);
	out_number(&o, position, 8);
	out_number(&o, kind, 1);
	out_number(&o, 1, 1);
	out_number(&o, ram_sum, 8);
	out_number(&o, machine_sum(now), 8);
	out_number(&o, a.len, 4);
	pack(&o, a.bytes, before ? b.bytes : NULL, a.len);
	out_free(&a);
	out_free(&b);
	bytes_put(to, FILE_STATE, &o);
}

static inline void bytes_event(struct file_out *to, const struct event *v)
{
	struct file_out o = { 0 };
	file_put_event(&o, v);
	bytes_put(to, FILE_EVENT, &o);
}

static inline void bytes_number(
        struct file_out *to, enum file_type type, uint64_t first, uint64_t second, unsigned size)
{
	struct file_out o = { 0 };
	out_number(&o, first, 8);
	out_number(&o, second, size);
	bytes_put(to, type, &o);
}

/* One of everything: page 7 is full of 0x90, and has one other byte in the second state. *ends: where each chunk ends, up
 * to max of them. */
static inline struct file_out bytes_recording(void)
{
	static uint8_t page[MEMORY_PAGE], other[MEMORY_PAGE], sector[DISK_SECTOR] = { 0xeb, 0xfe };
	struct file_out to = { 0 }, o = { 0 };
	struct file_head head;
	struct kvm_msr_entry msrs[2];
	struct kept *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	uint8_t typed[] = "dir\r";
	struct key_event keys[] = { { .code = 0x20 }, { .code = 0xa0 } };
	struct event events[] = {
		{ .position = 3, .kind = EVENT_STEPS, .ns = 3 },
		{ .position = 5,
		        .kind = EVENT_INPUT,
		        .len = 4,
		        .bytes = typed,
		        .device = &uart_device },
		{ .position = 5, .kind = EVENT_KEYS, .len = 2, .keys = keys },
		{ .position = 9, .kind = EVENT_WAITED, .ns = 54925000 },
	};
	memset(page, 0x90, sizeof page);
	memset(other, 0x90, sizeof other);
	other[100] = 0xcc;
	bytes_machine(a, msrs);
	*b = *a;
	b->vcpu.regs.rax = 0x1234;
	b->board.pic.master.imr = 0xb8;
	b->typist.count = 0;
	bytes_head(&to, &head);
	out_number(&o, 1, 4);
	for (unsigned i = 0; i < 7; i++)
		out_number(&o, i, 4);
	bytes_put(&to, FILE_CPUID, &o);
	out_number(&o, 0, 1);
	out_number(&o, 0, 8);
	out_number(&o, 1, 2);
	bytes_packed(&o, sector, NULL, sizeof sector);
	bytes_put(&to, FILE_DISK, &o);
	bytes_page(&to, 7, page, NULL);
	bytes_state(&to, 0, FILE_BEGIN, a, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		bytes_event(&to, &events[i]);
	out_number(&o, 0, 1);
	out_number(&o, 0, 1);
	out_number(&o, 17, 8);
	bytes_packed(&o, sector, NULL, sizeof sector);
	bytes_put(&to, FILE_OVERLAY, &o);
	bytes_page(&to, 7, other, page);
	bytes_state(&to, 20, FILE_CHANGED, b, a, 0);
	out_number(&o, 30, 8);
	out_number(&o, 1300, 8);
	out_number(&o, machine_sum(b), 8);
	out_number(&o, 0, 8);
	out_bytes(&o, &b->vcpu.regs, sizeof b->vcpu.regs);
	bytes_put(&to, FILE_HASH, &o);
	bytes_number(&to, FILE_POSITION, 40, 0, 0);
	bytes_number(&to, FILE_CUT, 35, 5, 8);
	bytes_state(&to, 50, FILE_LAST, a, b, 0);
	out_number(&o, 1, 1);
	out_number(&o, 3, 4);
	bytes_put(&to, FILE_END, &o);
	free(a);
	free(b);
	return to;
}

/* Each chunk's checksum becomes true again, up to the first that is none. */
static inline void bytes_mend(uint8_t *bytes, size_t len)
{
	size_t at = FILE_MAGIC_SIZE;
	while (at < len && len - at >= FILE_HEADER_SIZE) {
		uint32_t size, sum;
		memcpy(&size, bytes + at + 4, 4);
		if (size > len - at - FILE_HEADER_SIZE)
			return;
		sum = crc32c(crc32c(0, bytes + at, 8), bytes + at + FILE_HEADER_SIZE, size);
		memcpy(bytes + at + 8, &sum, 4);
		at += FILE_HEADER_SIZE + size;
	}
}

/* Makes a head's version and layout those of this program, so that a corpus does not grow old. To be called before
 * bytes_mend. */
static inline void bytes_renew(uint8_t *bytes, size_t len)
{
	const size_t at = FILE_MAGIC_SIZE + FILE_HEADER_SIZE;
	const uint32_t is_now[] = { FILE_VERSION, machine_layout() };
	if (len >= at + sizeof is_now && !memcmp(bytes + FILE_MAGIC_SIZE, "HEAD", 4))
		memcpy(bytes + at, is_now, sizeof is_now);
}

#endif
