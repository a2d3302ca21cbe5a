/* stepvm beside QEMU, or beside another build of itself, on the same work, by turns in one run.
 *
 *	bench STEPVM GUESTS LOOP [--rounds N] [--svg FILE]	medians, and ratios of what is each's default
 *	bench STEPVM GUESTS LOOP --against OTHER [--rounds N]	differences and spreads
 *
 * A Markdown table on stdout; with --svg the ratios as bars. Without qemu-system-x86_64 only
 * stepvm's own figures are shown; without gdb the rows that need one are empty. What each row does
 * is in work.c. With --against, the path of another stepvm, QEMU is left out, the two take turns at
 * being first, and the exit status is 1 when a row is worse than its own noise explains. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "table.h"

/* "2026-11-21, Linux 6.1.0, QEMU emulator version 7.2.0, GNU gdb 13.1" */
static void describe_host(char *to, size_t size)
{
	static const char *const asks[] = { "qemu-system-x86_64 --version", "gdb --version" };
	struct utsname host;
	time_t now = time(NULL);
	size_t n = strftime(to, size, "%Y-%m-%d", gmtime(&now));
	if (!uname(&host))
		n += (size_t)snprintf(to + n, size - n, ", Linux %s", host.release);
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		char line[200], command[100];
		snprintf(command, sizeof command, "%s 2>/dev/null", asks[i]);
		FILE *f = popen(command, "r");
		if (f && fgets(line, sizeof line, f) && n < size) {
			char *from = strchr(line, '('), *to_end = from ? strchr(from, ')') : NULL;
			if (to_end) /* the distributor's name of it */
				memmove(from, to_end + 1, strlen(to_end));
			n += (size_t)snprintf(
			        to + n, size - n, ", %.*s", (int)strcspn(line, "\n"), line);
		}
		if (f)
			pclose(f);
	}
	for (char *end; (end = strstr(to, " ,")) || (end = strstr(to, "  "));)
		memmove(end, end + 1, strlen(end));
}

static int usage(void)
{
	fprintf(stderr, "usage: bench STEPVM GUESTS LOOP [--rounds N] [--svg FILE]\n"
	                "       bench STEPVM GUESTS LOOP --against OTHER [--rounds N]\n");
	return 2;
}

/* One round of one peer. False when there is no such program. */
static bool do_round(const struct peer_kind *kind, struct figures *to, int round)
{
	double of[WORKS] = { 0 };
	if (!work_all(kind, of))
		return false;
	for (int w = 0; w < WORKS; w++)
		to->of[w][round] = of[w];
	to->rounds = round + 1;
	return true;
}

static int compare_builds(const struct peer_kind *ours, const char *other, int rounds)
{
	static struct figures our_figures, other_figures;
	struct peer_kind others = *ours;
	others.name = other;
	others.stepvm = other;
	if (access(other, X_OK) < 0)
		peer_die(other);
	for (int i = 0; i < rounds; i++) {
		bool is_first = i % 2 == 0;
		for (int turn = 0; turn < 2; turn++) {
			bool is_ours = is_first == (turn == 0);
			const struct peer_kind *kind = is_ours ? ours : &others;
			if (!do_round(kind, is_ours ? &our_figures : &other_figures, i))
				peer_die(kind->stepvm);
		}
	}
	return table_against(&our_figures, &other_figures) > 0;
}

/* stepvm by each of its engines, QEMU by each of its accelerators; by turns. */
static void compare_with_qemu(const struct peer_kind *ours, int rounds, const char *svg)
{
	static struct figures figures[TABLE_PEERS];
	struct peer_kind kinds[TABLE_PEERS];
	bool has_qemu = true;
	char host[400];
	for (int k = 0; k < TABLE_PEERS; k++) {
		kinds[k] = *ours;
		kinds[k].is_qemu = k >= TABLE_QEMU_KVM;
		kinds[k].name = kinds[k].is_qemu ? "QEMU" : "stepvm";
		kinds[k].by = table_peers[k].by;
	}
	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < TABLE_PEERS; k++) {
			if (kinds[k].is_qemu && !has_qemu)
				continue;
			has_qemu = do_round(&kinds[k], &figures[k], i);
			if (!has_qemu && !kinds[k].is_qemu)
				peer_die(ours->stepvm);
		}
	for (int k = 0; k < TABLE_PEERS; k++)
		figures[k].rounds = rounds; /* of zeros, where there is none */
	if (!has_qemu)
		printf("qemu-system-x86_64 is not there (apt-get install qemu-system-x86): stepvm "
		       "alone\n\n");
	describe_host(host, sizeof host);
	table_beside(figures);
	printf("\n%s\n", host);
	if (svg)
		table_picture(svg, &figures[TABLE_AUTO], &figures[TABLE_QEMU_KVM], host);
}

int main(int argc, char **argv)
{
	const char *svg = NULL, *other = NULL;
	int rounds = 7;
	if (argc < 4)
		return usage();
	for (int i = 4; i < argc; i += 2) {
		if (i + 1 < argc && !strcmp(argv[i], "--rounds"))
			rounds = atoi(argv[i + 1]);
		else if (i + 1 < argc && !strcmp(argv[i], "--svg"))
			svg = argv[i + 1];
		else if (i + 1 < argc && !strcmp(argv[i], "--against"))
			other = argv[i + 1];
		else
			return usage();
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || (svg && other))
		return usage();
	const struct peer_kind ours = { "stepvm", false, "auto", argv[1], argv[2], argv[3] };
	signal(SIGPIPE, SIG_IGN);
	if (other)
		return compare_builds(&ours, other, rounds);
	compare_with_qemu(&ours, rounds, svg);
	return 0;
}
