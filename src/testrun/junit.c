/* Source of the form: the schema of Apache Ant's junitreport as Jenkins, GitLab and GitHub's actions read it; of what
 * a document can hold: XML 1.0, 2.2 "Characters", and 3.3.3 for line ends in attributes. */
#include "testrun/junit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "display/utf8.h"

static bool is_in_xml(uint32_t ch)
{
	return ch == '\t' || ch == '\n' || (ch >= 0x20 && ch < 0x7f) ||
	       (ch >= 0xa0 && ch < 0xfffe) || ch >= 0x10000;
}

static void put_char(FILE *to, uint32_t ch, bool is_attribute)
{
	char bytes[UTF8_MAX];
	if (!is_in_xml(ch))
		ch = '?';
	switch (ch) {
	case '&': fputs("&amp;", to); return;
	case '<': fputs("&lt;", to); return;
	case '>': fputs("&gt;", to); return;
	case '"': fputs("&quot;", to); return;
	case '\n':
	case '\t':
		if (is_attribute) { /* else a reader makes blanks of them */
			fprintf(to, "&#%u;", (unsigned)ch);
			return;
		}
		break;
	default: break;
	}
	fwrite(bytes, 1, utf8_put(bytes, ch), to);
}

void junit_text(FILE *to, const char *text, bool is_attribute)
{
	size_t len = strlen(text);
	while (len) {
		uint32_t ch = UTF8_REPLACE;
		unsigned taken = utf8_take((const uint8_t *)text, len, &ch);
		if (!taken) /* the rest is cut off */
			taken = (unsigned)len;
		put_char(to, ch, is_attribute);
		text += taken;
		len -= taken;
	}
}

static void put_seconds(FILE *to, uint64_t ms)
{
	fprintf(to, " time=\"%llu.%03u\"", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

/* A new file beside path, with the rights that a shell's > gives. */
static int open_beside(struct junit *j, const char *path)
{
	if (asprintf(&j->temporary, "%s.XXXXXX", path) < 0) {
		j->temporary = NULL;
		return -ENOMEM;
	}
	int fd = mkstemp(j->temporary);
	if (fd < 0) {
		int err = -errno;
		free(j->temporary);
		j->temporary = NULL;
		return err;
	}
	mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	j->to = fdopen(fd, "w");
	return j->to ? 0 : -ENOMEM;
}

static int open_report(struct junit *j, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		j->to = fopen(path, "we");
		return j->to ? 0 : -errno;
	}
	return open_beside(j, path);
}

static void end(struct junit *j)
{
	if (j->cases)
		fclose(j->cases);
	if (j->to)
		fclose(j->to);
	if (j->temporary)
		unlink(j->temporary);
	free(j->temporary);
	free(j->text);
	*j = (struct junit) { .path = j->path };
}

int junit_open(struct junit *j, const char *path, time_t began, struct error *e)
{
	*j = (struct junit) { .path = path, .began = began };
	int err = open_report(j, path);
	if (!err)
		j->cases = open_memstream(&j->text, &j->len);
	if (!err && !j->cases)
		err = -ENOMEM;
	if (!err)
		return 0;
	end(j);
	return error_set(e, err, "--junit %s: %s", path, strerror(-err));
}

/* The script's folder as readers group cases by it, words between dots: tests.gdb of ../tests/gdb/a.gdb, stepvm of one
 * without a folder. */
static void put_class(FILE *to, const char *path)
{
	char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL, *rest = NULL;
	bool has_word = false;
	if (slash) {
		*slash = 0;
		for (char *word = strtok_r(folder, "/", &rest); word;
		        word = strtok_r(NULL, "/", &rest)) {
			if (!strcmp(word, ".") || !strcmp(word, ".."))
				continue;
			fputs(has_word ? "." : "", to);
			junit_text(to, word, true);
			has_word = true;
		}
	}
	fputs(has_word ? "" : "stepvm", to);
	free(folder);
}

void junit_add(struct junit *j, const struct junit_case *c)
{
	static const char *const elements[] = {
		[VERDICT_FAILED] = "failure",
		[VERDICT_SKIPPED] = "skipped",
		[VERDICT_ERROR] = "error",
	};
	FILE *to = j->cases;
	j->counts[c->verdict]++;
	fputs("    <testcase classname=\"", to);
	put_class(to, c->name);
	fputs("\" name=\"", to);
	junit_text(to, c->name, true);
	fputs("\" file=\"", to);
	junit_text(to, c->name, true);
	fputs("\"", to);
	put_seconds(to, c->ms);
	if (c->verdict == VERDICT_PASSED) {
		fputs("/>\n", to);
		return;
	}
	fprintf(to, ">\n      <%s message=\"", elements[c->verdict]);
	junit_text(to, c->why, true);
	fputs("\">", to);
	if (c->log)
		junit_text(to, c->log, false);
	fprintf(to, "</%s>\n    </testcase>\n", elements[c->verdict]);
}

static void put_counts(const struct junit *j, uint64_t ms)
{
	unsigned all = 0;
	for (unsigned i = 0; i < VERDICTS; i++)
		all += j->counts[i];
	fprintf(j->to, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", all,
	        j->counts[VERDICT_FAILED], j->counts[VERDICT_ERROR], j->counts[VERDICT_SKIPPED]);
	put_seconds(j->to, ms);
}

/* ISO 8601, UTC. */
static void put_timestamp(const struct junit *j)
{
	char text[32];
	struct tm tm;
	if (gmtime_r(&j->began, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		fprintf(j->to, " timestamp=\"%s\"", text);
}

static int write_report(struct junit *j, uint64_t ms)
{
	bool is_bad = fclose(j->cases) != 0;
	j->cases = NULL;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", j->to);
	put_counts(j, ms);
	fputs(">\n  <testsuite name=\"stepvm test\"", j->to);
	put_counts(j, ms);
	put_timestamp(j);
	fputs(">\n", j->to);
	if (!is_bad)
		fwrite(j->text, 1, j->len, j->to);
	fputs("  </testsuite>\n</testsuites>\n", j->to);
	is_bad |= ferror(j->to) != 0;
	int err = fclose(j->to) ? -errno : is_bad ? -EIO : 0;
	j->to = NULL;
	if (err || !j->temporary)
		return err;
	if (rename(j->temporary, j->path) < 0)
		return -errno;
	free(j->temporary);
	j->temporary = NULL;
	return 0;
}

int junit_finish(struct junit *j, uint64_t ms, struct error *e)
{
	int err = write_report(j, ms);
	end(j);
	return err ? error_set(e, err, "--junit %s: %s", j->path, strerror(-err)) : 0;
}
