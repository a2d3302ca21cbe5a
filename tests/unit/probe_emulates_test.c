#include "kvm/probe_emulates.h"

#include "base/array.h"
#include "check.h"

static void the_times_tell(void)
{
	static const struct {
		const char *host;
		struct probe_times ns;
		bool wanted;
	} rows[] = {
		{ "kvm_pvm", { 300, 8000, 48000 }, true },
		{ "kvm_pvm, its exits slow for a while", { 300, 15000, 48000 }, true },
		{ "a CPU of 3 GHz", { 150, 1500, 1600 }, false },
		{ "the same, exits not the same each time", { 150, 1500, 4000 }, false },
		{ "kvm_amd under QEMU's TCG", { 20000, 200000, 230000 }, false },
		{ "kvm_intel under Bochs", { 60000, 900000, 990000 }, false },
		{ "the loop shorter than one jump", { 150, 1600, 1500 }, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (probe_emulates_by(&rows[i].ns) != rows[i].wanted)
			CHECK_FAIL("%s", rows[i].host);
}

int main(void)
{
	RUN(the_times_tell);
	return check_done();
}
