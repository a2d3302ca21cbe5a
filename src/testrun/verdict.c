/* Causes before consequences: each way to fail is asked for in turn, and the first one gives the
 * line. */
#include "testrun/verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cursor.h"
#include "base/status.h"

/* What stands after the first word of the line that begins with word, *len bytes, or NULL when
 * there is no such line. */
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

/* "timed out after 1 s", "ended by signal 15 (Terminated)". */
static void tell_end(const struct outcome *o, char *to, size_t size)
{
	if (o->end_signal)
		snprintf(to, size, "ended by signal %d (%s)", o->end_signal,
		        strsignal(o->end_signal));
	else
		snprintf(to, size, "timed out after %g s", o->timeout_ms / 1000.0);
}

/* "timed out after 1 s at a.gdb:5: continue; the guest was at 0000:0000 (linear 0x0) in real16 mode
 * and last wrote `login:`", as far as it is known. */
static void tell_late(const struct outcome *o, char *why, size_t size)
{
	static const char word[] = "stepvm: the guest was ";
	size_t len = 0;
	const char *place = find_line(o->result, "at", &len);
	bool has_guest = !strncmp(o->vm_word, word, strlen(word));
	char end[80], place_text[300] = "", guest[200] = "", output[300] = "";
	if (place)
		snprintf(place_text, sizeof place_text, " at %.*s", (int)len, place);
	else
		snprintf(place_text, sizeof place_text, "%s",
		        find_line(o->result, "begun", &len)
		                ? " in a command that did not wait for the guest"
		                : " before the script began");
	if (has_guest)
		snprintf(guest, sizeof guest, "; the guest was %s", o->vm_word + strlen(word));
	if (has_guest && o->last_output)
		snprintf(output, sizeof output, " and last wrote `%s`", o->last_output);
	else if (has_guest)
		snprintf(output, sizeof output, " and has written nothing%s%.200s",
		        o->console ? "; its serial port leads elsewhere: --console " : "",
		        o->console ? o->console : "");
	tell_end(o, end, sizeof end);
	snprintf(why, size, "%s%s%s%s", end, place_text, guest, output);
}

static bool judge_vm(const struct outcome *o, char *why, size_t size)
{
	const char *word = o->vm_word[0] ? ": " : "";
	size_t len;
	if (o->end_signal || o->is_timed_out || find_line(o->result, "late", &len))
		tell_late(o, why, size);
	else if (o->vm_was_stuck)
		snprintf(why, size, "the VM did not end when it was told to (SIGTERM)");
	else if (is_crash(o))
		snprintf(why, size, "the VM was killed by signal %d, %s%s%s",
		        WTERMSIG(o->vm_status), strsignal(WTERMSIG(o->vm_status)), word,
		        o->vm_word);
	else if (WIFEXITED(o->vm_status) && WEXITSTATUS(o->vm_status) == STATUS_DIFFERS)
		snprintf(why, size, "the engine and KVM differ (--check-engine)%s%s", word,
		        o->vm_word);
	else if (!o->vm_was_ready)
		snprintf(why, size, "the VM did not start, exit status %d%s%s",
		        WEXITSTATUS(o->vm_status), word, o->vm_word);
	else
		return true;
	return false;
}

/* What gdb and the script say, of a VM that was in order. */
static bool judge_script(const struct outcome *o, char *why, size_t size)
{
	size_t len = 0;
	uint64_t held = 0;
	const char *text = find_line(o->result, "failed", &len);
	if (text) {
		snprintf(why, size, "%.*s", (int)len, text);
		return false;
	}
	text = find_line(o->result, "held", &len);
	struct cursor c = { text, text ? text + len : NULL };
	if (!text || !cursor_number(&c, &held))
		snprintf(why, size,
		        "gdb ended (exit status %d) before the script's end: by quit, perhaps",
		        WEXITSTATUS(o->gdb_status));
	else if (!held)
		snprintf(why, size, "nothing was expected: a test needs an expect that holds");
	else if (WEXITSTATUS(o->gdb_status))
		snprintf(why, size, "gdb's exit status is %d", WEXITSTATUS(o->gdb_status));
	else
		return true;
	return false;
}

/* The VM was ended by its host, as it says in its last line. */
static bool has_failed_host(const struct outcome *o)
{
	return o->vm_was_ready && WIFEXITED(o->vm_status) &&
	       WEXITSTATUS(o->vm_status) == STATUS_HOST;
}

enum verdict verdict_reach(const struct outcome *o, char *why, size_t size)
{
	size_t len = 0;
	const char *reason;
	if (!judge_vm(o, why, size))
		return o->end_signal ? VERDICT_ERROR : VERDICT_FAILED;
	if (has_failed_host(o)) {
		snprintf(why, size, "the VM could not go on, exit status %d: %s", STATUS_HOST,
		        o->vm_word);
		return VERDICT_ERROR;
	}
	if (WIFSIGNALED(o->gdb_status)) {
		snprintf(why, size, "gdb was killed by signal %d, %s", WTERMSIG(o->gdb_status),
		        strsignal(WTERMSIG(o->gdb_status)));
		return VERDICT_FAILED;
	}
	if (!find_line(o->result, "loaded", &len)) {
		snprintf(why, size,
		        "expect.gdb could not be loaded: it needs a gdb with Python (in gdb, "
		        "`python print(1)` tells)");
		return VERDICT_ERROR;
	}
	reason = find_line(o->result, "skipped", &len);
	if (reason && !find_line(o->result, "failed", &(size_t) { 0 })) {
		snprintf(why, size, "%.*s", (int)len, reason);
		return VERDICT_SKIPPED;
	}
	return judge_script(o, why, size) ? VERDICT_PASSED : VERDICT_FAILED;
}
