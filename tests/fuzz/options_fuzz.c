/* A command line, a word a line. A refusal is one line that says what; what is taken can be taken
 * again. */
#include "fuzz.h"

#include "cli/options.h"

#define WORDS_MAX 80

static void check_options(const struct options *o)
{
	FUZZ_CLAIM(o->verb < VERB_COUNT);
	FUZZ_CLAIM(o->machine.memory_count <= CONFIG_LIST_MAX &&
	           o->machine.register_count <= CONFIG_LIST_MAX &&
	           o->machine.port_count <= CONFIG_LIST_MAX);
	for (unsigned i = 0; i < o->machine.memory_count; i++) {
		const struct config_memory *m = &o->machine.memory[i];
		FUZZ_CLAIM(m->size && m->size % MEMORY_PAGE == 0 && m->gpa % MEMORY_PAGE == 0);
		FUZZ_CLAIM(m->size - 1 <= UINT64_MAX - m->gpa);
	}
	if (o->wants_help || o->wants_version || o->wants_manual)
		return;
	FUZZ_CLAIM(!o->serve.no_wait || o->serve.listen);
	if (o->verb == VERB_RUN || o->verb == VERB_DEBUG)
		FUZZ_CLAIM(o->machine.image.path && o->machine.image.path[0]);
	if (o->verb == VERB_TEST)
		FUZZ_CLAIM(o->script_count && !o->scripts[o->script_count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char program[] = "stepvm";
	char *argv[WORDS_MAX + 2] = { program }, *words[WORDS_MAX + 2];
	struct fuzz_in in = { data, data + size };
	int argc = 1;
	while (in.at < in.end && argc <= WORDS_MAX) {
		struct fuzz_in word = fuzz_until(&in, '\n');
		argv[argc] = fuzz_copy(&word, 1);
		argc++;
	}
	argv[argc] = NULL;
	memcpy(words, argv, sizeof argv);
	struct options o;
	struct error e = { 0 };
	memset(&o, 0xee, sizeof o);
	int err = options_parse(&o, argc, argv, &e);
	if (err) {
		FUZZ_CLAIM(e.text[0]);
		for (const char *c = e.text; *c; c++)
			FUZZ_CLAIM((unsigned char)*c >= 0x20 && *c != 0x7f);
	} else {
		check_options(&o);
	}
	for (int i = 1; i < argc; i++)
		free(words[i]);
	return 0;
}
