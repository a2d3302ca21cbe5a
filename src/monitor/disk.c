/* monitor info block: QEMU's word for the disks. */
#include "machine/media.h"
#include "monitor/internal.h"

void monitor_info_block(struct run *run, const struct output *out, const char *operands)
{
	const struct media *m = run->machine->guest->media;
	char line[300];
	(void)operands;
	if (!m || !m->disks.count) {
		say(out, "%s\n",
		        m ? "no disks; --disk FILE gives some" : "a bare board has no disks");
		return;
	}
	for (unsigned i = 0; i < m->disks.count; i++) {
		disk_describe(&m->disks.all[i], line, sizeof line);
		say(out, "%s\n", line);
	}
}
