/* stepvm beside QEMU on the same work, by turns in one run: medians and ratios.
 *
 *	bench STEPVM GUESTS LOOP [--rounds N] [--svg FILE]
 *
 * A Markdown table on stdout; with --svg the ratios as bars. Without qemu-system-x86_64 only
 *stepvm's own figures are shown; without gdb the rows that need one are empty. What each row does
 *is in work.c. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "work.h"

#define ROUNDS_MAX 99

static double figures[2][WORKS][ROUNDS_MAX]; /* stepvm's, QEMU's */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *of, int n)
{
	qsort(of, (size_t)n, sizeof *of, compare);
	return of[n / 2];
}

struct row {
	double ours, qemus, ratio; /* 0: none */
};

static void put_figure(char *to, size_t size, double figure, const char *unit)
{
	if (figure <= 0)
		snprintf(to, size, "-");
	else
		snprintf(to, size, "%.*f %s", figure < 1 ? 3 : figure < 100, figure, unit);
}

static void put_table(const struct row rows[WORKS], int rounds)
{
	printf("| median of %d | stepvm | QEMU -accel kvm | ratio |\n|---|---|---|---|\n", rounds);
	for (int w = 0; w < WORKS; w++) {
		char ours[40], qemus[40], ratio[40];
		put_figure(ours, sizeof ours, rows[w].ours, works[w].unit);
		put_figure(qemus, sizeof qemus, rows[w].qemus, works[w].unit);
		put_figure(ratio, sizeof ratio, rows[w].ratio, "");
		ratio[strcspn(ratio, " ")] = 0;
		printf("| %s | %s | %s | %s |\n", works[w].name, ours, qemus, ratio);
	}
}

/* Bars from 1 to the right for what is better here, on a logarithmic axis: 60 units a factor of 10.
 */
static void put_svg(const char *path, const struct row rows[WORKS], const char *host)
{
	FILE *to = fopen(path, "w");
	int y = 40, left = 330;
	if (!to)
		peer_die(path);
	fprintf(to,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"%d\" "
	        "font-family=\"sans-serif\" font-size=\"12\">\n"
	        "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
	        "<text x=\"10\" y=\"20\" font-weight=\"bold\">stepvm beside QEMU -accel kvm: how "
	        "many times better</text>\n",
	        70 + 20 * WORKS);
	for (int w = 0; w < WORKS; w++) {
		if (rows[w].ratio <= 0)
			continue;
		double width = 90 * log10(rows[w].ratio);
		fprintf(to,
		        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>"
		        "<text x=\"%.1f\" y=\"%d\">%.1f</text>\n",
		        left - 8, y + 11, works[w].short_name, left + (width < 0 ? width : 0), y,
		        fabs(width), width < 0 ? "#c0392b" : "#2e7d6b",
		        left + (width > 0 ? width : 0) + 5, y + 11, rows[w].ratio);
		y += 20;
	}
	fprintf(to,
	        "<line x1=\"%d\" y1=\"30\" x2=\"%d\" y2=\"%d\" stroke=\"black\"/>\n"
	        "<text x=\"10\" y=\"%d\" fill=\"#555\">%s; logarithmic; 1: as "
	        "good</text>\n</svg>\n",
	        left, left, y, y + 20, host);
	if (fclose(to))
		peer_die(path);
}

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
	fprintf(stderr, "usage: bench STEPVM GUESTS LOOP [--rounds N] [--svg FILE]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *svg = NULL;
	struct row rows[WORKS];
	char host[400];
	int rounds = 7;
	if (argc < 4)
		return usage();
	for (int i = 4; i < argc; i += 2) {
		if (i + 1 < argc && !strcmp(argv[i], "--rounds"))
			rounds = atoi(argv[i + 1]);
		else if (i + 1 < argc && !strcmp(argv[i], "--svg"))
			svg = argv[i + 1];
		else
			return usage();
	}
	if (rounds < 1 || rounds > ROUNDS_MAX)
		return usage();
	const struct peer_kind ours = { "stepvm", false, argv[1], argv[2], argv[3] },
	                       qemu = { "QEMU", true, argv[1], argv[2], argv[3] };
	bool has_qemu = true;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < rounds; i++) {
		double of[2][WORKS] = { 0 };
		if (!work_all(&ours, of[0]))
			peer_die(argv[1]);
		has_qemu = has_qemu && work_all(&qemu, of[1]);
		for (int w = 0; w < WORKS; w++)
			for (int k = 0; k < 2; k++)
				figures[k][w][i] = of[k][w];
	}
	if (!has_qemu)
		printf("qemu-system-x86_64 is not there (apt-get install qemu-system-x86): stepvm "
		       "alone\n\n");
	for (int w = 0; w < WORKS; w++) {
		struct row *r = &rows[w];
		r->ours = median(figures[0][w], rounds);
		r->qemus = median(figures[1][w], rounds);
		r->ratio = r->ours <= 0 || r->qemus <= 0 ? 0
		           : works[w].less_is_better     ? r->qemus / r->ours
		                                         : r->ours / r->qemus;
	}
	describe_host(host, sizeof host);
	put_table(rows, rounds);
	printf("\n%s\n", host);
	if (svg)
		put_svg(svg, rows, host);
	return 0;
}
