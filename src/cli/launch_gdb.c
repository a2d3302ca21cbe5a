/* The words of gdb's command line:
 *
 * gdb -q -iex "set sysroot /" -iex "set $stepvm_owns = 1" -x stepvm.gdb [-ex "symbol-file F"]
 * [-ex "set $stepvm_placeholder = stepvm.gdb"] -ex "target extended-remote SOCKET"
 * [-ex "shell ..."] ARGS... */
#include "cli/launch_gdb.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/early_key.h"
#include "cli/launch.h"

#define OWN_WORDS_MAX 17 /* of these words, all but ARGS, and the NULL at the end */

struct words {
	const char **all; /* has room for all of them */
	size_t count;
};

static void add(struct words *w, const char *word)
{
	w->all[w->count++] = word;
}

static void add_command(struct words *w, const char *when, const char *command)
{
	add(w, when);
	add(w, command);
}

/* The words that are made for this gdb: they stay here until it is started. */
struct commands {
	char script[PATH_MAX], symbols[PATH_MAX + 128], placeholder[PATH_MAX + 64];
	char target[128], keys[128];
};

/* What gdb prints about these settings is of no use to anybody, so pipe drops it. pipe is, as with is, of gdb 10. */
static const char *symbol_command(const struct launch_gdb *g, char *to, size_t size)
{
	if (g->is_16_bit)
		snprintf(to, size,
		        "pipe -d @@ -- with osabi none -- with architecture i8086 -- symbol-file "
		        "%s @@ cat >/dev/null",
		        g->symbols);
	else
		snprintf(to, size, "symbol-file %s", g->symbols);
	return to;
}

static void add_commands(struct words *w, const struct launch_gdb *g, struct commands *c)
{
	add_command(w, "-iex", "set sysroot /"); /* the files that we name are here */
	add_command(w, "-iex", "set $stepvm_owns = 1");
	add_command(w, "-x", c->script);
	if (g->symbols)
		add_command(w, "-ex", symbol_command(g, c->symbols, sizeof c->symbols));
	if (!g->has_file) {
		snprintf(c->placeholder, sizeof c->placeholder, "set $stepvm_placeholder = \"%s\"",
		        c->script);
		add_command(w, "-ex", c->placeholder);
	}
	snprintf(c->target, sizeof c->target, "target extended-remote %s", g->socket);
	add_command(w, "-ex", c->target);
	if (early_key_command()) {
		snprintf(c->keys, sizeof c->keys, "shell %s", early_key_command());
		add_command(w, "-ex", c->keys);
	}
}

int launch_gdb(const struct launch_gdb *g, struct error *e)
{
	static struct commands commands; /* too large for a stack that is small */
	size_t count = 0;
	int err = launch_script("stepvm.gdb", commands.script, e);
	if (err)
		return err;
	while (g->args && g->args[count])
		count++;
	struct words w = { calloc(count + OWN_WORDS_MAX, sizeof *w.all), 0 };
	if (!w.all)
		return error_set(e, -ENOMEM, "out of memory");
	early_key_take();
	add(&w, launch_gdb_program(g->program));
	add(&w, "-q");
	add_commands(&w, g, &commands);
	for (size_t i = 0; i < count; i++)
		add(&w, g->args[i]);
	err = launch((char *const *)w.all, e);
	free(w.all);
	return err;
}
