/* --initrd: lists of files with words after them. */
#include "boot/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/stepvm-modules-test-XXXXXX";
static const char *const names[] = { "a", "b", "c,d", ",", "big" };
#define NAMES (sizeof names / sizeof names[0])

static struct modules m;
static struct error e;

static int open_list(const char *list)
{
	memset(&e, 0, sizeof e);
	return modules_open(&m, &list, 1, 100, &e);
}

static void check_list(const char *list, unsigned count, const char *const *texts)
{
	CHECK_EQ(open_list(list), 0);
	CHECK_EQ(m.count, count);
	for (unsigned i = 0; i < count && i < m.count; i++) {
		char name[32];
		CHECK_STR(m.all[i].text, texts[i]);
		snprintf(name, sizeof name, "%.*s", (int)strcspn(texts[i], " "), texts[i]);
		/* Each file holds its name. */
		CHECK_EQ(m.all[i].file.len, strlen(name));
		CHECK(!memcmp(m.all[i].file.bytes, name, strlen(name)));
	}
	modules_close(&m);
}

static void commas_part_files_and_spaces_their_words(void)
{
	check_list("a", 1, (const char *[]) { "a" });
	check_list("a,b", 2, (const char *[]) { "a", "b" });
	check_list("a x y,b  z", 2, (const char *[]) { "a x y", "b  z" });
	check_list("a ", 1, (const char *[]) { "a " });
	check_list("c,,d 1,,2,a", 2, (const char *[]) { "c,d 1,2", "a" });
	check_list(",,", 1, (const char *[]) { "," });
	check_list("a,", 1, (const char *[]) { "a" });
}

static void check_refused(const char *list, int wanted, const char *text)
{
	CHECK_EQ(-open_list(list), wanted);
	CHECK_STR(e.text, text);
	CHECK_EQ(m.count, 0);
}

static void refusals_name_the_file(void)
{
	check_refused("a,none", ENOENT, "none: cannot open: No such file or directory");
	check_refused(",a", EINVAL, "--initrd: expected a FILE, not an empty word");
	check_refused("a, b", EINVAL, "--initrd: expected a FILE, not an empty word");
	check_refused("a,big x", EFBIG,
	        "big: does not fit into RAM as a module; give more with --memory");
	check_refused("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,b", EINVAL,
	        "--initrd: more than 32 modules");
}

static void lists_follow_one_another(void)
{
	static const char *const lists[] = { "a,b", "c,,d" };
	CHECK_EQ(modules_open(&m, lists, 2, 100, &e), 0);
	CHECK_EQ(m.count, 3);
	CHECK_STR(m.all[2].text, "c,d");
	modules_close(&m);
	CHECK_EQ(modules_open(&m, NULL, 0, 100, &e), 0);
	CHECK_EQ(m.count, 0);
}

int main(void)
{
	if (!mkdtemp(folder) || chdir(folder)) {
		perror(folder);
		return 1;
	}
	for (unsigned i = 0; i < NAMES; i++) {
		FILE *f = fopen(names[i], "w");
		fprintf(f, "%s", names[i]);
		if (!strcmp(names[i], "big"))
			fprintf(f, "%100s", "");
		fclose(f);
	}
	RUN(commas_part_files_and_spaces_their_words);
	RUN(refusals_name_the_file);
	RUN(lists_follow_one_another);
	for (unsigned i = 0; i < NAMES; i++)
		unlink(names[i]);
	rmdir(folder);
	return check_done();
}
