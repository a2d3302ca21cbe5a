/* The words of --initrd -> files in memory. */
#include "boot/modules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes one module's text off *list into to, which has room for all of the list. */
static void take_text(const char **list, char *to)
{
	const char *at = *list;

	for (; *at; at++) {
		if (*at == ',' && at[1] != ',')
			break;
		at += *at == ',';
		*to++ = *at;
	}
	*to = '\0';
	*list = *at ? at + 1 : at;
}

static int read_module(struct module *m, size_t limit, struct error *e)
{
	size_t len = strcspn(m->text, " ");
	char *path = strndup(m->text, len);

	if (!path)
		return error_set(e, -ENOMEM, "out of memory");
	int err = len ? file_read(&m->file, path, limit, e)
	              : error_set(e, -EINVAL, "--initrd: expected a FILE, not an empty word");
	if (!err && !m->file.is_whole)
		err = error_set(e, -EFBIG,
		        "%s: does not fit into RAM as a module; give more with --memory",
		        file_label(path).text);
	free(path);
	return err;
}

static int take_module(struct modules *m, const char **list, size_t limit, struct error *e)
{
	if (m->count == IMAGE_MODULES_MAX)
		return error_set(e, -EINVAL, "--initrd: more than %d modules", IMAGE_MODULES_MAX);
	struct module *new = &m->all[m->count];
	new->text = malloc(strlen(*list) + 1);
	if (!new->text)
		return error_set(e, -ENOMEM, "out of memory");
	m->count++;
	take_text(list, new->text);
	return read_module(new, limit, e);
}

int modules_open(struct modules *m, const char *const *lists, unsigned list_count, size_t limit,
        struct error *e)
{
	int err = 0;

	*m = (struct modules) { .count = 0 };
	for (unsigned i = 0; i < list_count && !err; i++) {
		const char *list = lists[i];
		do
			err = take_module(m, &list, limit, e);
		while (!err && *list);
	}
	if (err)
		modules_close(m);
	return err;
}

void modules_close(struct modules *m)
{
	for (unsigned i = 0; i < m->count; i++) {
		free(m->all[i].text);
		file_free(&m->all[i].file);
	}
	m->count = 0;
}
