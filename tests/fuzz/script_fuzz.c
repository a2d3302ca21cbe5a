/* The header of a test script. */
#include "fuzz.h"

#include "testrun/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script s; /* large */
	struct fuzz_in in = { data, data + size };
	struct error e = { 0 };
	char *text = fuzz_copy(&in, 0);
	if (size > SCRIPT_HEADER_MAX)
		size = SCRIPT_HEADER_MAX;
	if (script_parse(&s, "folder/script.gdb", text, size, &e)) {
		FUZZ_CLAIM(e.text[0]);
	} else {
		FUZZ_CLAIM(s.guest[0] && s.word_count <= SCRIPT_WORDS_MAX);
		for (unsigned i = 0; i < s.word_count; i++)
			FUZZ_CLAIM(s.words[i] >= s.options &&
			           s.words[i] + strlen(s.words[i]) < s.options + sizeof s.options);
	}
	free(text);
	return 0;
}
