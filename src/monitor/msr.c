/* monitor msr: the model-specific registers. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "kvm/msr.h"
#include "kvm/registers.h"
#include "history/history.h"
#include "monitor/internal.h"

#define TIME_STAMP_COUNTER 0x10 /* SDM vol 4: it goes on by itself */

static void show(const struct output *out, uint32_t number, uint64_t value)
{
	const char *name = msr_name(number);
	say(out, "%-32s 0x%08" PRIx32 " = 0x%" PRIx64 "\n", name ? name : "-", number, value);
}

static void show_all(struct vcpu *v, const struct output *out)
{
	struct msr_list list;
	struct error e = { 0 };
	if (msr_list_read(&list, v->vm, &e)) {
		say(out, "%s\n", e.text);
		return;
	}
	for (unsigned i = 0; i < list.count; i++) {
		uint64_t value;
		/* The list is the host's: this vCPU's CPUID may leave some out. */
		if (msr_name(list.numbers[i]) && !vcpu_get_msr(v, list.numbers[i], &value))
			show(out, list.numbers[i], value);
	}
	msr_list_free(&list);
}

/* MSRs that are registers of the description: these are held to what a CPU can hold, while KVM
 * takes an EFER without LME in long mode, and bases that are not canonical. SDM vol 4. */
static const char *register_of(uint32_t number)
{
	switch (number) {
	case 0xc0000080: return "efer";
	case 0xc0000100: return "fs_base";
	case 0xc0000101: return "gs_base";
	case 0xc0000102: return "kernel_gs_base";
	default: return NULL;
	}
}

static void write_one(struct run *run, const struct output *out, uint32_t number, uint64_t value)
{
	struct vcpu *v = machine_vcpu(run->machine);
	uint64_t now;
	struct error e = { 0 };
	const char *name = register_of(number);
	if (history_refuses(run->history, &e)) {
		say(out, "msr 0x%" PRIx32 ": %s\n", number, e.text);
		return;
	}
	history_changed(run->history);
	int err = name ? registers_write_named(v, name, value, &e) : vcpu_set_msr(v, number, value);
	if (err && name)
		say(out, "msr 0x%" PRIx32 ": %s\n", number, e.text);
	else if (err)
		say(out, "msr 0x%" PRIx32 ": KVM refuses to write 0x%" PRIx64 ": %s\n", number,
		        value,
		        err == -EINVAL ? "no such register, or no such value" : strerror(-err));
	else if (!vcpu_get_msr(v, number, &now) && now != value && number != TIME_STAMP_COUNTER)
		say(out,
		        "msr 0x%" PRIx32 ": KVM has stored 0x%" PRIx64 " instead of 0x%" PRIx64
		        "\n",
		        number, now, value);
}

static void read_one(struct vcpu *v, const struct output *out, uint32_t number)
{
	uint64_t value;
	int err = vcpu_get_msr(v, number, &value);
	if (!err)
		show(out, number, value);
	else
		say(out, "msr 0x%" PRIx32 ": KVM refuses to read it: %s\n", number,
		        err == -EINVAL ? "this CPU has no such register" : strerror(-err));
}

static bool take_register(struct cursor *c, uint32_t *number)
{
	uint64_t value;
	char name[40];
	if (cursor_number(c, &value)) {
		*number = (uint32_t)value;
		return value <= UINT32_MAX;
	}
	return cursor_name(c, name, sizeof name) && msr_find(name, number);
}

void monitor_msr(struct run *run, const struct output *out, const char *operands)
{
	struct vcpu *v = machine_vcpu(run->machine);
	struct cursor c = cursor_of(operands);
	uint32_t number;
	uint64_t value;
	if (cursor_at_end(&c)) {
		show_all(v, out);
	} else if (!take_register(&c, &number)) {
		refuse(out, "msr", operands,
		        "expected a number such as 0xc0000080, or a name that monitor msr lists");
	} else if (cursor_at_end(&c)) {
		read_one(v, out, number);
	} else if (cursor_char(&c, ' ') && cursor_number(&c, &value) && cursor_at_end(&c)) {
		write_one(run, out, number, value);
	} else {
		refuse(out, "msr", operands,
		        "expected NAME|NUMBER [VALUE], where VALUE is a number of 64 bits");
	}
}
