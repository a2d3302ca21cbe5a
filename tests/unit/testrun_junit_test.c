/* testrun/junit.h: a report that any reader of XML takes, whatever scripts and guests have written, and that is there
 * whole or not at all. */
#include "testrun/junit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/stepvm-junit.XXXXXX";
static char path[64];

/* What is in the file, or "(none)". */
static const char *content(void)
{
	static char text[8192];
	FILE *from = fopen(path, "r");
	if (!from)
		return "(none)";
	text[fread(text, 1, sizeof text - 1, from)] = '\0';
	fclose(from);
	return text;
}

/* Files in the folder: nothing is left beside the report. */
static bool is_alone(void)
{
	char command[128];
	snprintf(command, sizeof command, "test \"$(ls %s)\" = report.xml", folder);
	return system(command) == 0;
}

static void a_report_has_each_case_and_the_sums(void)
{
	struct junit j;
	struct error e = { 0 };
	CHECK_EQ(junit_open(&j, path, 1793000000, &e), 0);
	junit_add(&j,
	        &(struct junit_case) { .name = "a.gdb", .verdict = VERDICT_PASSED, .ms = 1234 });
	junit_add(&j, &(struct junit_case) { .name = "b.gdb",
	                      .verdict = VERDICT_FAILED,
	                      .why = "b.gdb:3: expect failed: $ax < 3",
	                      .log = "# --- gdb\n# a & b\n",
	                      .ms = 5 });
	junit_add(&j, &(struct junit_case) {
	                      .name = "c.gdb", .verdict = VERDICT_SKIPPED, .why = "no \"KVM\"" });
	junit_add(&j, &(struct junit_case) { .name = "../x y/./gdb//d.gdb",
	                      .verdict = VERDICT_ERROR,
	                      .why = "not tested" });
	CHECK_STR(content(), "(none)");
	CHECK_EQ(junit_finish(&j, 1300, &e), 0);
	CHECK_STR(content(),
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<testsuites tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
	        "time=\"1.300\">\n"
	        "  <testsuite name=\"stepvm test\" tests=\"4\" failures=\"1\" errors=\"1\" "
	        "skipped=\"1\" time=\"1.300\" timestamp=\"2026-10-26T07:33:20Z\">\n"
	        "    <testcase classname=\"stepvm\" name=\"a.gdb\" file=\"a.gdb\" "
	        "time=\"1.234\"/>\n"
	        "    <testcase classname=\"stepvm\" name=\"b.gdb\" file=\"b.gdb\" time=\"0.005\">\n"
	        "      <failure message=\"b.gdb:3: expect failed: $ax &lt; 3\"># --- gdb\n"
	        "# a &amp; b\n"
	        "</failure>\n"
	        "    </testcase>\n"
	        "    <testcase classname=\"stepvm\" name=\"c.gdb\" file=\"c.gdb\" time=\"0.000\">\n"
	        "      <skipped message=\"no &quot;KVM&quot;\"></skipped>\n"
	        "    </testcase>\n"
	        "    <testcase classname=\"x y.gdb\" name=\"../x y/./gdb//d.gdb\" "
	        "file=\"../x y/./gdb//d.gdb\" time=\"0.000\">\n"
	        "      <error message=\"not tested\"></error>\n"
	        "    </testcase>\n"
	        "  </testsuite>\n"
	        "</testsuites>\n");
	CHECK(is_alone());
}

static void check_text(const char *text, bool is_attribute, const char *wanted)
{
	char *was = NULL;
	size_t len;
	FILE *to = open_memstream(&was, &len);
	junit_text(to, text, is_attribute);
	fclose(to);
	CHECK_STR(was, wanted);
	free(was);
}

static void what_xml_has_no_place_for_is_replaced(void)
{
	check_text("<a href='x'>&\"]]>", false, "&lt;a href='x'&gt;&amp;&quot;]]&gt;");
	check_text("a\nb\tc\r", false, "a\nb\tc?");
	check_text("a\nb\tc", true, "a&#10;b&#9;c");
	check_text("\x1b[31m\x01\x7f", false, "?[31m??");
	check_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", false,
	        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	check_text("\xff\xc3(", false, "\xef\xbf\xbd\xef\xbf\xbd(");
	check_text("\xed\xa0\x80", false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
	check_text("\xef\xbf\xbf\xc2\x85", false, "??");
	check_text("cut \xe2\x82", false, "cut \xef\xbf\xbd");
}

static void where_it_cannot_be_written_is_said(void)
{
	struct junit j;
	struct error e = { 0 };
	char text[200], no_folder[80];
	CHECK_EQ(junit_open(&j, folder, 0, &e), (uint64_t)-EISDIR);
	snprintf(text, sizeof text, "--junit %s: Is a directory", folder);
	CHECK_STR(e.text, text);
	e = (struct error) { 0 };
	snprintf(no_folder, sizeof no_folder, "%s/none/report.xml", folder);
	CHECK_EQ(junit_open(&j, no_folder, 0, &e), (uint64_t)-ENOENT);
	snprintf(text, sizeof text, "--junit %s: No such file or directory", no_folder);
	CHECK_STR(e.text, text);
}

/* A place that is no file gets the text, and stays what it was. */
static void a_full_device_is_an_error_and_stays(void)
{
	struct junit j;
	struct error e = { 0 };
	struct stat st;
	CHECK_EQ(junit_open(&j, "/dev/full", 0, &e), 0);
	CHECK_EQ(junit_finish(&j, 1300, &e), (uint64_t)-ENOSPC);
	CHECK_STR(e.text, "--junit /dev/full: No space left on device");
	CHECK(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/report.xml", folder);
	RUN(a_report_has_each_case_and_the_sums);
	RUN(what_xml_has_no_place_for_is_replaced);
	RUN(where_it_cannot_be_written_is_said);
	RUN(a_full_device_is_an_error_and_stays);
	unlink(path);
	rmdir(folder);
	return check_done();
}
