/* The guest's RAM as its firmware's services read and write it: by addresses that a BIOS's own code would use, seen by
 * watchpoints, and past the ROM. */
#include "machine/firmware_memory.h"

#include "base/cpu_bits.h"
#include "bios/rom.h"
#include "debug/touch.h"
#include "kvm/linear.h"

#define REAL_END 0x110000u /* the last address of a segment and an offset of 16 bits is below it */

static bool is_ram(const struct memory *m, uint32_t gpa, size_t len)
{
	size_t run;
	while (len) {
		if (!memory_hva(m, gpa, &run))
			return false;
		if (run > len)
			run = len;
		gpa += (uint32_t)run;
		len -= run;
	}
	return true;
}

bool firmware_is_v86(struct vcpu *v)
{
	return vcpu_sregs(v)->cr0 & CR0_PE && vcpu_regs(v)->rflags & RFLAGS_VM;
}

/* Where a BIOS's code would come to with this address, and how far that goes: *run is len or less. Its addresses are
 * linear: in V86 a monitor may have put pages elsewhere. What only protected mode reaches are physical. */
static bool locate(struct guest *g, uint32_t at, size_t len, uint32_t *gpa, size_t *run)
{
	struct vcpu *v = &g->vcpus[0];
	uint64_t to, there;
	*gpa = at;
	*run = len;
	if (!g->toucher || at >= REAL_END || !firmware_is_v86(v) || !(vcpu_sregs(v)->cr0 & CR0_PG))
		return true;
	if (!linear_to_gpa(v, at, &to, &there) || to > UINT32_MAX)
		return false;
	*gpa = (uint32_t)to;
	*run = there < len ? (size_t)there : len;
	return true;
}

static bool read_there(struct guest *g, uint32_t gpa, void *to, size_t len)
{
	if (g->toucher)
		touch_read(g->toucher, gpa, len);
	return is_ram(&g->vm.memory, gpa, len) && memory_read(&g->vm.memory, gpa, to, len) == len;
}

bool firmware_read_ram(void *ctx, uint32_t at, void *to, size_t len)
{
	struct guest *g = ctx;
	uint32_t gpa;
	for (size_t run; len; at += (uint32_t)run, to = (uint8_t *)to + run, len -= run)
		if (!locate(g, at, len, &gpa, &run) || !read_there(g, gpa, to, run))
			return false;
	return true;
}

/* What a call writes to the ROM is dropped, as what the CPU does: no watchpoint sees it. */
static void write_beside_rom(struct guest *g, uint32_t gpa, const uint8_t *from, size_t len)
{
	struct memory *m = &g->vm.memory;
	while (len) {
		bool is_rom = memory_is_rom(m, gpa);
		uint64_t next = is_rom ? ROM_GPA + ROM_SIZE : gpa < ROM_GPA ? ROM_GPA : UINT64_MAX;
		size_t run = next - gpa < len ? (size_t)(next - gpa) : len;
		if (!is_rom) {
			touch_write(g->toucher, gpa, from, run);
			memory_write(m, gpa, from, run);
		}
		gpa += (uint32_t)run;
		from += run;
		len -= run;
	}
}

bool firmware_write_at(struct guest *g, uint32_t gpa, const void *from, size_t len)
{
	if (!is_ram(&g->vm.memory, gpa, len))
		return false;
	if (!g->toucher) /* at power-on */
		return memory_write(&g->vm.memory, gpa, from, len) == len;
	write_beside_rom(g, gpa, from, len);
	return true;
}

bool firmware_write_ram(void *ctx, uint32_t at, const void *from, size_t len)
{
	struct guest *g = ctx;
	uint32_t gpa;
	for (size_t run; len; at += (uint32_t)run, from = (const uint8_t *)from + run, len -= run)
		if (!locate(g, at, len, &gpa, &run) || !firmware_write_at(g, gpa, from, run))
			return false;
	return true;
}
