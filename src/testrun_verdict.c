#include "testrun_verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cursor.h"

/* What stands behind the line's first word, or NULL when there is no such line. *len to its end. */
static const char *find_line(const char *result, const char *word, size_t *len)
{
	size_t n = strlen(word);
	for (const char *at = result; *at;) {
		size_t line = strcspn(at, "\n");
		if (line >= n && !memcmp(at, word, n) && (line == n || at[n] == ' ')) {
			size_t skip = line == n ? n : n + 1;
			*len = line - skip;
			return at + skip;
		}
		at += line + (at[line] == '\n');
	}
	return NULL;
}

/* By a signal that is not the one we sent. */
static bool is_crash(const struct outcome *o)
{
	if (!WIFSIGNALED(o->vm_status))
		return false;
	return !o->vm_was_ended || WTERMSIG(o->vm_status) != SIGTERM;
}

static bool judge_vm(const struct outcome *o, char *why, size_t size)
{
	const char *word = o->vm_word[0] ? ": " : "";
	if (o->is_timed_out)
		snprintf(why, size, "timed out after %g s", o->timeout_ms / 1000.0);
	else if (o->vm_was_stuck)
		snprintf(why, size, "the VM did not end when it was told to (SIGTERM)");
	else if (is_crash(o))
		snprintf(why, size, "the VM was killed by signal %d, %s%s%s",
		        WTERMSIG(o->vm_status), strsignal(WTERMSIG(o->vm_status)), word,
		        o->vm_word);
	else if (!o->vm_was_ready)
		snprintf(why, size, "the VM did not start, exit status %d%s%s",
		        WEXITSTATUS(o->vm_status), word, o->vm_word);
	else
		return true;
	return false;
}

bool verdict(const struct outcome *o, char *why, size_t size)
{
	size_t len = 0;
	const char *text;
	uint64_t held = 0;
	if (!judge_vm(o, why, size))
		return false;
	if (WIFSIGNALED(o->gdb_status)) {
		snprintf(why, size, "gdb was killed by signal %d, %s", WTERMSIG(o->gdb_status),
		        strsignal(WTERMSIG(o->gdb_status)));
		return false;
	}
	if (!find_line(o->result, "loaded", &len)) {
		snprintf(why, size,
		        "expect.gdb could not be loaded: it needs a gdb with Python (in gdb, "
		        "`python print(1)` tells)");
		return false;
	}
	text = find_line(o->result, "failed", &len);
	if (text) {
		snprintf(why, size, "%.*s", (int)len, text);
		return false;
	}
	text = find_line(o->result, "held", &len);
	struct cursor c = { text, text ? text + len : NULL };
	if (!text || !cursor_number(&c, &held)) {
		snprintf(why, size,
		        "gdb ended (exit status %d) before the script's end: by quit, perhaps",
		        WEXITSTATUS(o->gdb_status));
		return false;
	}
	if (!held) {
		snprintf(why, size, "nothing was expected: a test needs an expect that holds");
		return false;
	}
	if (WEXITSTATUS(o->gdb_status)) {
		snprintf(why, size, "gdb's exit status is %d", WEXITSTATUS(o->gdb_status));
		return false;
	}
	return true;
}
