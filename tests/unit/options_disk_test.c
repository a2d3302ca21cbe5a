#include "check.h"
#include "options_line.h"

static void disks_are_paths_with_words(void)
{
	static const struct {
		const char *value;
		size_t len;
		bool is_writable;
		enum disk_kind kind;
	} rows[] = {
		{ "a.img", 5, false, DISK_AUTO },
		{ "a.img,write", 5, true, DISK_AUTO },
		{ "a.img,hd", 5, false, DISK_HARD },
		{ "a.img,floppy,write", 5, true, DISK_FLOPPY },
		{ "a,,b,hd", 4, false, DISK_HARD },
		{ "a,,", 3, false, DISK_AUTO },
		{ "write", 5, false, DISK_AUTO },
	};
	static const char *const wrong[] = { "a,", "a,writ", "a,writed", "a,write,", "a,,b,",
		"a,,,write,x" };
	static const char *const both[] = { "a,hd,floppy", "a,hd,hd", "a,write,floppy,hd" };
	struct line l;
	char words[64], text[200];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(words, sizeof words, "run --disk %s x", rows[i].value);
		CHECK_TAKEN(l, words);
		CHECK_EQ(l.o.machine.disk_count, 1);
		CHECK_STR(l.o.machine.disks[0].text, rows[i].value);
		CHECK_EQ(l.o.machine.disks[0].path_len, rows[i].len);
		CHECK_EQ(l.o.machine.disks[0].is_writable, rows[i].is_writable);
		CHECK_EQ(l.o.machine.disks[0].kind, rows[i].kind);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(words, sizeof words, "run --disk %s x", wrong[i]);
		snprintf(text, sizeof text,
		        "stepvm run: --disk %s: expected write, floppy or hd after a comma; one in "
		        "the file's name is written twice",
		        wrong[i]);
		check_refused(words, text);
	}
	for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
		snprintf(words, sizeof words, "run --disk %s x", both[i]);
		snprintf(text, sizeof text,
		        "stepvm run: --disk %s: expected floppy or hd once: a disk is one of them",
		        both[i]);
		check_refused(words, text);
	}
	check_refused("run --disk ,write x",
	        "stepvm run: --disk ,write: expected a file's name before the comma");
	CHECK_TAKEN(
	        l, "run --disk a --disk b --disk c --disk d --disk e --disk f --disk g --disk h x");
	CHECK_EQ(l.o.machine.disk_count, 8);
	check_refused("run --disk a --disk b --disk c --disk d --disk e --disk f --disk g --disk h "
	              "--disk i x",
	        "stepvm run: --disk i: more than 8 of these were given");
}

int main(void)
{
	RUN(disks_are_paths_with_words);
	return check_done();
}
