/* Recordings as files: see history.h. HISTORY_REPLAY_ENGINE is the engine of the machine that opens them. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug/means.h"
#include "history/file.h"

/* A machine that has the recording. */
static int open_file(
        struct subject *to, struct recording *r, const struct subject *like, struct error *e)
{
	const char *engine = getenv("HISTORY_REPLAY_ENGINE");
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*to = (struct subject) { .name = like->name };
	to->options.machine.engine = like->options.machine.engine;
	to->options.machine.speed = like->options.machine.speed;
	if (engine)
		to->options.machine.engine = !strcmp(engine, "kvm") ? ENGINE_KVM : ENGINE_INTERP;
	recording_configure(r, &to->options.machine);
	int err = machine_open(&to->machine, &to->options.machine, null, e);
	if (err)
		return err;
	run_init(&to->run, &to->machine);
	err = history_open(&to->run, r, e);
	if (err)
		close_guest(to);
	return err;
}

static bool parse(struct recording *r, const struct subject *g, const uint8_t *bytes, size_t len)
{
	struct error e = { 0 };
	if (!recording_parse(r, bytes, len, HISTORY_MEMORY_DEFAULT, &e) && r->used == len)
		return true;
	printf("# %s: the file is not read: %s\n", g->name, e.text);
	return false;
}

/* --check. 0, or what it says. */
static int check(const struct subject *g, const uint8_t *bytes, size_t len, struct error *e)
{
	static struct recording r;
	static struct subject again;
	uint64_t checked = 0;
	if (!parse(&r, g, bytes, len))
		return -EINVAL;
	int err = open_file(&again, &r, g, e);
	if (!err) {
		err = history_check(again.run.history, &r, &checked, e);
		close_guest(&again);
	}
	recording_free(&r);
	return err;
}

/* One byte of the first page is another, and the checksums of the page and of the chunk are true of it. */
static bool change_page(uint8_t *bytes, size_t len)
{
	struct file_in in = { .at = bytes + FILE_MAGIC_SIZE, .left = len - FILE_MAGIC_SIZE };
	struct file_chunk c;
	while (file_chunk(&in, &c)) {
		uint8_t *payload = (uint8_t *)c.payload.at, *header = payload - FILE_HEADER_SIZE;
		uint8_t page[MEMORY_PAGE] = { 0 };
		uint16_t packed;
		if (c.type != FILE_PAGES)
			continue;
		memcpy(&packed, payload + 8, sizeof packed);
		unsigned at = 10;
		while (payload[at] >= 0x80) /* zeros */
			at += payload[at] == 0xff ? 3 : 1;
		payload[at + 1] ^= 0x10;
		if (!unpack(payload + 10, packed, page, sizeof page))
			return false;
		const uint32_t page_is = (uint32_t)page_sum(page);
		memcpy(payload + 4, &page_is, sizeof page_is);
		const uint32_t sum = crc32c(crc32c(0, header, 8), payload, c.payload.left);
		memcpy(header + 8, &sum, sizeof sum);
		return true;
	}
	return false;
}

bool try_file(struct subject *g, const struct note *notes, unsigned count, uint64_t jumps)
{
	static struct recording r;
	static struct subject again;
	struct error e = { 0 };
	uint8_t *bytes;
	size_t len;
	bool good = !history_leave_past(g->run.history, &e) &&
	            !history_save(g->run.history, &bytes, &len, &e);
	if (!good) {
		printf("# %s: no file: %s\n", g->name, e.text);
		return false;
	}
	good = parse(&r, g, bytes, len);
	if (good && open_file(&again, &r, g, &e)) {
		printf("# %s: the file is not opened: %s\n", g->name, e.text);
		good = false;
	} else if (good) {
		good = jump(&again, notes, count, jumps);
		close_guest(&again);
	}
	recording_free(&r);
	if (good && check(g, bytes, len, &e)) {
		printf("# %s: --check: %s\n", g->name, e.text);
		good = false;
	}
	e.text[0] = 0;
	if (good && change_page(bytes, len) &&
	        (check(g, bytes, len, &e) != -EILSEQ || !strstr(e.text, "position "))) {
		printf("# %s: a byte of its RAM is another, and --check says: %s\n", g->name,
		        e.text);
		good = false;
	}
	free(bytes);
	return good;
}
