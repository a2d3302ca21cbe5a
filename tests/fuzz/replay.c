/* Gives a target every file of its corpus:	replay FOLDER
 *
 * What the fuzzer found is a file there, and so each stays fixed. A target that fails aborts. */
#include <dirent.h>

#include "fuzz.h"

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(1u << 20);
	if (!f || !bytes)
		return 0;
	size_t n = fread(bytes, 1, 1u << 20, f);
	fclose(f);
	uint8_t *exact = malloc(n ? n : 1);
	memcpy(exact, bytes, n);
	free(bytes);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 1;
}

int main(int argc, char **argv)
{
	DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned count = 0;
	if (!d) {
		printf("Bail out! usage: replay FOLDER\n");
		return 1;
	}
	for (struct dirent *e; (e = readdir(d));) {
		char path[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
		fprintf(stderr, "%s\n", path);
		if (replay(path))
			printf("ok %u - %s\n", ++count, e->d_name);
	}
	closedir(d);
	printf("1..%u\n", count);
	return count == 0;
}
