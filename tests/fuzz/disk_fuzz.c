/* A guest that calls int 13h with any registers, on disks of any size whose first sector may be
 * anything: a byte says how many disks there are and of what kind, then sizes and sectors, then
 * calls. */
#include "fuzz.h"

#include "../unit/disk_rig.h"

#define SIZES_MAX (3u << 20)

static void add_disk(struct disk_rig *rig, struct fuzz_in *in)
{
	uint8_t what = (uint8_t)fuzz_number(in, 1);
	/* Few bytes more than whole sectors, or a floppy disk's size, or anything. */
	size_t size = what & 8 ? (size_t)fuzz_number(in, 3) % SIZES_MAX
	                       : (size_t)fuzz_number(in, 1) * 512 + (what & 4 ? 1 : 0);
	struct disk *d = rig_add(rig, size + 1, what & 1, (enum disk_kind)((what >> 4) % 3));

	if (!d)
		return;
	d->overlay_blocks = what & 2 ? 3 : 100;
	if (what & 0x80) {
		/* Once more, with a table that is made up. */
		struct fake_medium *m = &rig->media[rig->disks.count - 1];
		size_t n = m->size < 512 ? m->size : 512;
		fuzz_take(in, m->bytes + (n > 66 ? n - 66 : 0), n > 66 ? 66 : n);
		struct disk_medium medium = d->medium;
		enum disk_kind kind = d->kind;
		rig->disks.count--;
		if (disks_add(&rig->disks, "table", &medium, kind, NULL))
			fake_close(m);
	}
}

static void check(struct disk_rig *rig)
{
	for (unsigned i = 0; i < rig->disks.count; i++) {
		const struct disk *d = &rig->disks.all[i];
		const struct geometry *g = &d->geometry;
		FUZZ_CLAIM(g->cylinders && g->cylinders <= GEOMETRY_CYLINDERS_MAX);
		FUZZ_CLAIM(g->heads && g->heads <= 255 && g->sectors && g->sectors <= 63);
		FUZZ_CLAIM(d->overlay.block_count <= d->overlay_blocks);
		FUZZ_CLAIM(d->medium.is_writable || !rig->media[i].writes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, data + size };
	static struct disk_rig rig;
	struct disks_image image = { 0 };
	bool has_image = false;
	char text[120];

	rig_open(&rig);
	for (unsigned n = (unsigned)fuzz_number(&in, 1) % (DISKS_MAX + 2); n; n--)
		add_disk(&rig, &in);
	rig.disks.has_boot = rig.disks.count;
	bios_power_on(&rig.bios);
	rig.largest_write = 0;
	for (unsigned calls = 0; in.at < in.end && calls < 64; calls++) {
		uint8_t what = (uint8_t)fuzz_number(&in, 1);
		rig.r.eax = (uint32_t)fuzz_number(&in, 2);
		rig.r.ecx = (uint32_t)fuzz_number(&in, 2);
		rig.r.edx = (uint32_t)fuzz_number(&in, 2);
		if (what & 1)
			rig.r.ebx = (uint32_t)fuzz_number(&in, 4);
		if (what & 2)
			rig.r.es = (uint16_t)fuzz_number(&in, 2);
		if (what & 4) {
			rig.r.ds = (uint16_t)fuzz_number(&in, 2);
			rig.r.esi = (uint32_t)fuzz_number(&in, 2);
			fuzz_take(
			        &in, rig.ram + (uint32_t)rig.r.ds * 16 + (rig.r.esi & 0xffff), 24);
		}
		if (what & 8 && rig.disks.count)
			rig.media[what >> 4 & 7].error = what & 0x80 ? -EIO : 0;
		if ((what & 0x70) == 0x70) {
			if (has_image) {
				(void)!disks_load(&rig.disks, &image, NULL);
				disks_image_free(&image);
			}
			has_image = disks_save(&rig.disks, &image) == 0;
		}
		const struct bios_regs before = rig.r;
		FUZZ_CLAIM(bios_call(&rig.bios, 0x13, &rig.r) == BIOS_DONE);
		bios_describe(0x13, &before, &rig.r, text, sizeof text);
		FUZZ_CLAIM(rig.largest_write <= 4096);
		check(&rig);
	}
	disks_image_free(&image);
	rig_close(&rig);
	return 0;
}
