#include "kvm/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kvm.h>

#include "kvm/vm.h"

void memory_init(struct memory *m, int vm_fd)
{
	*m = (struct memory) { .vm_fd = vm_fd };
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_range(const struct memory *m, uint64_t gpa, uint64_t size, struct error *e)
{
	if (size == 0 || size % MEMORY_PAGE || gpa % MEMORY_PAGE)
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        ": address and size are whole pages of 4096 bytes",
		        size, gpa);
	if (size > UINT64_MAX - gpa)
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        " runs over the end of the address space",
		        size, gpa);
	if (overlaps(gpa, size, VM_RESERVED_GPA, VM_RESERVED_SIZE))
		return error_set(e, -EINVAL,
		        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
		        " covers 0x%x to 0x%x, which KVM keeps for itself",
		        size, gpa, VM_RESERVED_GPA, VM_RESERVED_GPA + VM_RESERVED_SIZE - 1);
	for (unsigned i = 0; i < m->count; i++)
		if (overlaps(gpa, size, m->slots[i].gpa, m->slots[i].size))
			return error_set(e, -EINVAL,
			        "RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64
			        " overlaps the RAM at 0x%" PRIx64,
			        size, gpa, m->slots[i].gpa);
	if (m->count == MEMORY_SLOTS_MAX)
		return error_set(e, -ENOSPC, "more than %d pieces of RAM", MEMORY_SLOTS_MAX);
	return 0;
}

int memory_add(struct memory *m, uint64_t gpa, uint64_t size, struct error *e)
{
	int err = check_range(m, gpa, size, e);
	if (err)
		return err;
	/* MAP_NORESERVE: pages that the guest never touches cost nothing. */
	void *hva = mmap(NULL, size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hva == MAP_FAILED)
		return error_set(e, -errno,
		        "cannot map %" PRIu64 " bytes of guest RAM: %s; give less with --memory",
		        size, strerror(errno));
	struct kvm_userspace_memory_region region = {
		.slot = m->count,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)hva,
	};
	if (ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
		err = error_set(e, -errno,
		        "KVM refuses RAM of 0x%" PRIx64 " bytes at 0x%" PRIx64 ": %s", size, gpa,
		        strerror(errno));
		munmap(hva, size);
		return err;
	}
	m->slots[m->count++] = (struct memory_slot) { .gpa = gpa, .size = size, .hva = hva };
	return 0;
}

void memory_close(struct memory *m)
{
	for (unsigned i = 0; i < m->count; i++)
		munmap(m->slots[i].hva, m->slots[i].size);
	m->count = 0;
}

uint8_t *memory_hva(const struct memory *m, uint64_t gpa, size_t *len)
{
	for (unsigned i = 0; i < m->count; i++) {
		const struct memory_slot *s = &m->slots[i];
		if (gpa >= s->gpa && gpa - s->gpa < s->size) {
			*len = s->size - (gpa - s->gpa);
			return s->hva + (gpa - s->gpa);
		}
	}
	*len = 0;
	return NULL;
}

size_t memory_read(const struct memory *m, uint64_t gpa, void *to, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t run;
		const uint8_t *hva = memory_hva(m, gpa + done, &run);
		if (!hva)
			break;
		if (run > len - done)
			run = len - done;
		memcpy((uint8_t *)to + done, hva, run);
		done += run;
	}
	return done;
}

size_t memory_write(struct memory *m, uint64_t gpa, const void *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t run;
		uint8_t *hva = memory_hva(m, gpa + done, &run);
		if (!hva)
			break;
		if (run > len - done)
			run = len - done;
		memcpy(hva, (const uint8_t *)from + done, run);
		done += run;
	}
	return done;
}

uint64_t memory_total(const struct memory *m)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < m->count; i++)
		total += m->slots[i].size;
	return total;
}
