/* A recording's file, read: what was written comes back; one that is cut, broken or made up is read as far as it goes, or
 * refused. Without KVM. */
#include "history/file.h"

#include <errno.h>

#include "check.h"
#include "random.h"
#include "recording_bytes.h"

#define MEMORY (UINT64_C(64) << 20)

static uint64_t seed = 1;

static void checksums_are_crc32c(void)
{
	CHECK_EQ(crc32c(0, "123456789", 9),
	        0xe3069283); /* RFC 3720's polynomial; the usual check value */
	CHECK_EQ(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
	CHECK_EQ(crc32c(0, "", 0), 0);
}

/* Packs and unpacks; how many bytes it took. */
static size_t packed_size(const uint8_t *now, const uint8_t *before, size_t len)
{
	struct file_out o = { 0 };
	uint8_t *to = calloc(1, len + 1);
	if (before)
		memcpy(to, before, len);
	pack(&o, now, before, len);
	CHECK(unpack(o.bytes, o.len, to, len));
	CHECK(!memcmp(to, now, len));
	for (size_t cut = 0; cut < o.len && cut < 40; cut++)
		CHECK(!unpack(o.bytes, cut, to, len) || !len);
	size_t size = o.len;
	out_free(&o);
	free(to);
	return size;
}

static void what_is_packed_comes_back(void)
{
	static uint8_t now[70000], before[70000];
	CHECK_EQ(packed_size(now, NULL, 4096), 3);
	CHECK_EQ(packed_size(now, NULL, 127), 1);
	CHECK_EQ(packed_size(now, NULL, 70000), 6);
	now[4095] = 1;
	CHECK_EQ(packed_size(now, NULL, 4096), 5);
	for (unsigned i = 0; i < 200; i++) {
		size_t len = random_below(&seed, sizeof now);
		for (size_t k = 0; k < len; k++)
			before[k] = random_below(&seed, 3) ? 0 : (uint8_t)random_next(&seed);
		memcpy(now, before, len);
		for (unsigned k = 0; len && k < 50; k++)
			now[random_below(&seed, (uint32_t)len)] = (uint8_t)random_next(&seed);
		packed_size(now, before, len);
		packed_size(now, NULL, len);
	}
	packed_size(now, NULL, 0);
}

static void other_lengths_are_no_packed_run(void)
{
	uint8_t to[8] = { 0 };
	CHECK(!unpack((const uint8_t *)"\x87", 1, to, 7));
	CHECK(!unpack((const uint8_t *)"\x87", 1, to, 9));
	CHECK(!unpack((const uint8_t *)"\x07"
	                               "abc",
	        4, to, 8));
	CHECK(!unpack((const uint8_t *)"\xff\x08", 2, to, 8));
	CHECK(unpack((const uint8_t *)"\xff\x08\x00", 3, to, 8));
}

static void a_whole_recording_is_read(void)
{
	struct file_out bytes = bytes_recording();
	struct recording r;
	struct error e = { 0 };
	CHECK(!recording_parse(&r, bytes.bytes, bytes.len, MEMORY, &e));
	CHECK_STR(e.text, "");
	CHECK_STR(r.head.image, "boot.bin");
	CHECK_STR(r.head.disks[0].name, "a.img");
	CHECK_EQ(r.cpuid->entries[0].edx, 6);
	CHECK_EQ(r.checkpoint_count, 3);
	CHECK_EQ(r.event_count, 5);
	CHECK_EQ(r.events[1].len, 4);
	CHECK(!memcmp(r.events[1].bytes, "dir\r", 4) && r.events[1].device == &uart_device);
	CHECK_EQ(r.events[2].keys[1].code, 0xa0);
	CHECK_EQ(r.events[3].ns, 54925000);
	CHECK(r.events[4].kind == EVENT_CHANGED && r.events[4].checkpoint == r.checkpoints[1]);
	CHECK_EQ(r.checkpoints[1]->position, 20);
	CHECK_EQ(r.checkpoints[1]->event, 5);
	CHECK_EQ(r.checkpoints[1]->kept.vcpu.regs.rax, 0x1234);
	CHECK_EQ(r.checkpoints[1]->kept.board.pic.master.imr, 0xb8);
	CHECK_EQ(r.checkpoints[0]->kept.vcpu.msrs[1].index, 0x277);
	CHECK_EQ(r.checkpoints[0]->kept.typist.queue[TYPIST_MAX - 1].ms, 5);
	CHECK_EQ(pages_at(&r.checkpoints[0]->pages, &r.head.shape, 7)[100], 0x90);
	CHECK_EQ(pages_at(&r.checkpoints[1]->pages, &r.head.shape, 7)[100], 0xcc);
	CHECK_EQ(pages_at(&r.checkpoints[2]->pages, &r.head.shape, 7)[101], 0x90);
	CHECK_EQ(pages_at(&r.checkpoints[2]->pages, &r.head.shape, 8)[100], 0);
	CHECK(!overlay_has(&r.checkpoints[0]->kept.disks.overlays[0], 17));
	CHECK(overlay_has(&r.checkpoints[1]->kept.disks.overlays[0], 17));
	CHECK(overlay_has(&r.head.disks[0].contents, 0));
	CHECK_EQ(r.end, 50);
	CHECK_EQ(r.status, 3);
	CHECK(r.is_ended && r.used == bytes.len);
	CHECK_STR(r.damage, "");
	recording_free(&r);
	CHECK_EQ(r.store.bytes, 0);
	out_free(&bytes);
}

/* Whatever is cut off: what is whole counts, or it is refused with a sentence. */
static void one_that_is_cut_at_any_byte_opens_up_to_its_last_whole_chunk(void)
{
	struct file_out bytes = bytes_recording();
	unsigned opened = 0, refused = 0;
	uint64_t end = 0;
	for (size_t len = 0; len < bytes.len; len++) {
		struct recording r;
		struct error e = { 0 };
		uint8_t *copy =
		        malloc(len + 1); /* of its own, so that a sanitizer sees a byte too far */
		memcpy(copy, bytes.bytes, len);
		if (recording_parse(&r, copy, len, MEMORY, &e)) {
			CHECK(e.text[0] != 0 && !opened);
			refused++;
		} else {
			CHECK(r.used <= len && !r.is_ended);
			CHECK(r.end >= end || r.end == 35); /* where it was cut by its user */
			end = r.end;
			recording_free(&r);
			opened++;
		}
		free(copy);
	}
	CHECK(opened > 500 && refused > 500);
	out_free(&bytes);
}

/* A byte that is another one ends the recording before its chunk. */
static void one_that_is_broken_ends_before_that(void)
{
	struct file_out bytes = bytes_recording();
	for (size_t i = 0; i < bytes.len; i++) {
		struct recording r;
		struct error e = { 0 };
		bytes.bytes[i] ^= (uint8_t)(1u << i % 8);
		if (!recording_parse(&r, bytes.bytes, bytes.len, MEMORY, &e)) {
			CHECK(r.used <= i && !r.is_ended);
			recording_free(&r);
		}
		bytes.bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	out_free(&bytes);
}

/* With checksums that are true, all is possible, and nothing that can't be: it is read or refused. */
static void one_that_is_made_up_is_read_or_refused(void)
{
	struct file_out bytes = bytes_recording();
	uint8_t *copy = malloc(bytes.len);
	unsigned opened = 0, refused = 0, damaged = 0;
	for (size_t i = FILE_MAGIC_SIZE; i < bytes.len; i++) {
		struct recording r;
		struct error e = { 0 };
		memcpy(copy, bytes.bytes, bytes.len);
		copy[i] ^= (uint8_t)(1 + random_below(&seed, 255));
		bytes_mend(copy, bytes.len);
		if (recording_parse(&r, copy, bytes.len, MEMORY, &e)) {
			CHECK(e.text[0] != 0);
			refused++;
			continue;
		}
		damaged += r.damage[0] != 0;
		recording_free(&r);
		opened++;
	}
	CHECK(opened > 100 && refused > 100);
	CHECK(damaged > 5);
	free(copy);
	out_free(&bytes);
}

/* A machine with one field that a device would use as an index. */
static void check_refused(void (*change)(struct kept *k), const char *name)
{
	struct kvm_msr_entry msrs[2];
	struct kept *k = calloc(1, sizeof *k), *to = calloc(1, sizeof *to);
	struct file_out o = { 0 };
	struct error e = { 0 };
	bytes_machine(k, msrs);
	change(k);
	machine_out(&o, k);
	struct file_in in = { .at = o.bytes, .left = o.len };
	CHECK_EQ(machine_in(&in, to, 0, &e), -EINVAL);
	if (!strstr(e.text, name))
		CHECK_FAIL("%s: %s", name, e.text);
	free(to->vcpu.msrs);
	out_free(&o);
	free(to);
	free(k);
}

static void break_uart(struct kept *k)
{
	k->board.uart.rx_head = UART_FIFO;
}

static void break_keyboard(struct kept *k)
{
	k->board.i8042.keyboard.count = KEYBOARD_QUEUE + 1;
}

static void break_segment(struct kept *k)
{
	k->vcpu.sregs.ss.dpl = 4;
}

static void break_clock(struct kept *k)
{
	k->board.rtc.now_ns = k->board.now_ns + 1;
}

static void break_script(struct kept *k)
{
	k->typist.script_due_ns = 0;
}

static void values_that_a_machine_can_not_have_are_refused_by_name(void)
{
	check_refused(break_uart, "board.uart.rx_head");
	check_refused(break_keyboard, "keyboard.count");
	check_refused(break_segment, "vcpu.sregs.ss.dpl");
	check_refused(break_clock, "real-time clock");
	check_refused(break_script, "--keys");
}

/* Each byte of the machine is written and read, but for what is left out on purpose. */
static void no_field_is_forgotten(void)
{
	struct kept *k = calloc(1, sizeof *k), *to = calloc(1, sizeof *to);
	struct file_out o = { 0 };
	struct error e = { 0 };
	char text[200] = "";
	/* 1 is good for each field, and no bit is lost where all bytes are it. */
	memset(&k->board, 1, sizeof k->board);
	memset(&k->bios, 1, sizeof k->bios);
	memset(&k->control, 1, sizeof k->control);
	k->board.pic.master.expects = k->board.pic.slave.expects = PIC_ICW2;
	k->board.i8042.source = I8042_KEYBOARD;
	k->board.wants_reset = BOARD_RESET_KEYBOARD;
	k->board.rtc.phase_ns = 1;
	k->board.now_ns = k->board.rtc.now_ns = 0x0101010101010101;
	k->typist.script_due_ns = TYPIST_NEVER;
	machine_out(&o, k);
	struct file_in in = { .at = o.bytes, .left = o.len };
	if (machine_in(&in, to, 0, &e))
		CHECK_FAIL("%s", e.text);
	/* Padding comes back as it was here: zeros. Each run of other bytes is longer than any padding. */
	const uint8_t *parts[] = { (uint8_t *)&to->board, (uint8_t *)&to->bios,
		(uint8_t *)&to->control };
	const size_t sizes[] = { sizeof to->board, sizeof to->bios, sizeof to->control };
	for (unsigned i = 0; i < 3; i++) {
		size_t run = 0, most = 0;
		for (size_t k2 = 0; k2 < sizes[i]; k2++) {
			run = parts[i][k2] ? 0 : run + 1;
			most = run > most ? run : most;
		}
		CHECK(most < 8);
	}
	CHECK(!machine_differs(to, k, text, sizeof text));
	to->board.vga.crtc[3]++;
	CHECK(machine_differs(to, k, text, sizeof text));
	CHECK_STR(text, "board.vga.crtc[3] is 0x2, and was 0x1");
	free(to->vcpu.msrs);
	out_free(&o);
	free(to);
	free(k);
}

/* kvm_intel tells of each segment of real mode that it was accessed, kvm_amd not of those that it has made itself. */
static void whether_a_segment_was_accessed_makes_no_other_machine(void)
{
	struct kvm_msr_entry msrs[2];
	struct kept *amd = calloc(1, sizeof *amd), *intel = calloc(1, sizeof *intel);
	char text[200] = "";
	bytes_machine(amd, msrs);
	amd->vcpu.sregs.cs.s = amd->vcpu.sregs.ss.s = 1;
	amd->vcpu.sregs.cs.type = 10;
	amd->vcpu.sregs.ss.type = 2;
	*intel = *amd;
	intel->vcpu.sregs.cs.type = 11;
	intel->vcpu.sregs.ss.type = 3;
	CHECK_EQ(machine_sum(intel), machine_sum(amd));
	CHECK(!machine_differs(intel, amd, text, sizeof text));
	intel->vcpu.sregs.ss.type = 7; /* grows down */
	CHECK(machine_sum(intel) != machine_sum(amd));
	CHECK(machine_differs(intel, amd, text, sizeof text));
	free(amd);
	free(intel);
}

/* Without "unrestricted guest" kvm_intel gives real mode's cs as that of virtual-8086 mode, which is a data segment. */
static void the_type_of_cs_in_real_mode_makes_no_other_machine(void)
{
	struct kvm_msr_entry msrs[2];
	struct kept *amd = calloc(1, sizeof *amd), *intel = calloc(1, sizeof *intel);
	char text[200] = "";
	bytes_machine(amd, msrs);
	amd->vcpu.sregs.cr0 = 0x10;
	amd->vcpu.sregs.cs.s = 1;
	amd->vcpu.sregs.cs.type = 11;
	*intel = *amd;
	intel->vcpu.sregs.cs.type = 3;
	CHECK_EQ(machine_sum(intel), machine_sum(amd));
	CHECK(!machine_differs(intel, amd, text, sizeof text));
	intel->vcpu.sregs.cr0 = amd->vcpu.sregs.cr0 = 0x11; /* of protected mode it is told */
	CHECK(machine_sum(intel) != machine_sum(amd));
	CHECK(machine_differs(intel, amd, text, sizeof text));
	free(intel);
	free(amd);
}

/* Another version says who can read it. */
static void another_version_is_refused_by_its_name(void)
{
	struct file_out bytes = bytes_recording();
	struct recording r;
	struct error e = { 0 };
	bytes.bytes[FILE_MAGIC_SIZE + FILE_HEADER_SIZE] = FILE_VERSION + 1;
	bytes_mend(bytes.bytes, bytes.len);
	CHECK_EQ(recording_parse(&r, bytes.bytes, bytes.len, MEMORY, &e), -ENOTSUP);
	CHECK(strstr(e.text, "stepvm 0.1.0") != NULL);
	out_free(&bytes);
}

/* States are given up for memory, the first one never. */
static void what_takes_too_much_memory_is_thinned(void)
{
	struct kvm_msr_entry msrs[2];
	struct kept *k = calloc(1, sizeof *k);
	struct file_out to = { 0 };
	struct file_head head;
	struct recording r;
	struct error e = { 0 };
	bytes_machine(k, msrs);
	bytes_head(&to, &head);
	bytes_state(&to, 0, FILE_BEGIN, k, NULL, 0);
	for (unsigned i = 1; i < 200; i++)
		bytes_state(&to, i, FILE_CHECKPOINT, k, k, 0);
	CHECK(!recording_parse(&r, to.bytes, to.len, 40 * sizeof(struct checkpoint), &e));
	CHECK_STR(e.text, "");
	CHECK(r.checkpoint_count <= 40 && r.checkpoint_count > 2);
	CHECK_EQ(r.checkpoints[0]->position, 0);
	CHECK_EQ(r.check_count, 200);
	recording_free(&r);
	CHECK_EQ(recording_parse(&r, to.bytes, to.len, 1000, &e), -ENOMEM);
	out_free(&to);
	free(k);
}

int main(void)
{
	RUN(checksums_are_crc32c);
	RUN(what_is_packed_comes_back);
	RUN(other_lengths_are_no_packed_run);
	RUN(a_whole_recording_is_read);
	RUN(one_that_is_cut_at_any_byte_opens_up_to_its_last_whole_chunk);
	RUN(one_that_is_broken_ends_before_that);
	RUN(one_that_is_made_up_is_read_or_refused);
	RUN(values_that_a_machine_can_not_have_are_refused_by_name);
	RUN(no_field_is_forgotten);
	RUN(whether_a_segment_was_accessed_makes_no_other_machine);
	RUN(the_type_of_cs_in_real_mode_makes_no_other_machine);
	RUN(another_version_is_refused_by_its_name);
	RUN(what_takes_too_much_memory_is_thinned);
	return check_done();
}
