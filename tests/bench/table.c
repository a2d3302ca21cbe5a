#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The figure below which this part of a row's rounds lie; 0.5: the median. */
static double quantile(const struct figures *f, int work, double part)
{
	double sorted[ROUNDS_MAX];
	memcpy(sorted, f->of[work], sizeof sorted);
	qsort(sorted, (size_t)f->rounds, sizeof *sorted, compare);
	double at = part * (f->rounds - 1);
	int below = (int)at, above = below + 1 < f->rounds ? below + 1 : below;
	return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

static double median(const struct figures *f, int work)
{
	return quantile(f, work, 0.5);
}

/* Half of the distance between the quartiles, in percent of the median. */
static double spread_percent(const struct figures *f, int work)
{
	double middle = median(f, work);
	return middle > 0 ? 50 * (quantile(f, work, 0.75) - quantile(f, work, 0.25)) / middle : 0;
}

/* How many times better ours is; 0: one of them could not do it. */
static double ratio(const struct figures *ours, const struct figures *others, int work)
{
	double our = median(ours, work), other = median(others, work);
	if (our <= 0 || other <= 0)
		return 0;
	return works[work].less_is_better ? other / our : our / other;
}

static void put_figure(char *to, size_t size, double figure, const char *unit)
{
	if (figure <= 0)
		snprintf(to, size, "-");
	else
		snprintf(to, size, "%.*f %s", figure < 1 ? 3 : figure < 100, figure, unit);
}

const struct table_row table_peers[TABLE_PEERS] = {
	[TABLE_AUTO] = { "stepvm --engine auto", "auto" },
	[TABLE_KVM] = { "--engine kvm", "kvm" },
	[TABLE_QEMU_KVM] = { "QEMU -accel kvm", "kvm" },
	[TABLE_QEMU_TCG] = { "-accel tcg", "tcg" },
};

void table_beside(const struct figures figures[TABLE_PEERS])
{
	const struct figures *ours = &figures[TABLE_AUTO], *qemus = &figures[TABLE_QEMU_KVM];
	printf("| median of %d |", ours->rounds);
	for (int k = 0; k < TABLE_PEERS; k++)
		printf(" %s |", table_peers[k].name);
	printf(" ratio |\n|---|");
	for (int k = 0; k < TABLE_PEERS; k++)
		printf("---|");
	printf("---|\n");
	for (int w = 0; w < WORKS; w++) {
		char text[40];
		printf("| %s |", works[w].name);
		for (int k = 0; k < TABLE_PEERS; k++) {
			put_figure(text, sizeof text, median(&figures[k], w), works[w].unit);
			printf(" %s |", text);
		}
		put_figure(text, sizeof text, ratio(ours, qemus, w), "");
		text[strcspn(text, " ")] = 0;
		printf(" %s |\n", text);
	}
}

int table_against(const struct figures *ours, const struct figures *others)
{
	int worse = 0;
	printf("| median of %d | this build | the other | worse by | spreads | |\n"
	       "|---|---|---|---|---|---|\n",
	        ours->rounds);
	for (int w = 0; w < WORKS; w++) {
		char our[40], other[40], difference[40] = "-";
		double times = ratio(ours, others, w), percent = 0;
		double our_spread = spread_percent(ours, w),
		       other_spread = spread_percent(others, w);
		put_figure(our, sizeof our, median(ours, w), works[w].unit);
		put_figure(other, sizeof other, median(others, w), works[w].unit);
		if (times > 0) {
			percent = 100 * (1 / times - 1);
			snprintf(difference, sizeof difference, "%+.1f %%", percent);
		}
		bool is_worse =
		        percent > WORSE_PERCENT && percent > our_spread && percent > other_spread;
		worse += is_worse;
		printf("| %s | %s | %s | %s | %.1f %%, %.1f %% | %s |\n", works[w].name, our, other,
		        difference, our_spread, other_spread, is_worse ? "WORSE" : "");
	}
	return worse;
}

/* Bars from 1 to the right for what is better here, on a logarithmic axis: 90 units a factor of 10. */
void table_picture(
        const char *path, const struct figures *ours, const struct figures *qemus, const char *host)
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
		double times = ratio(ours, qemus, w), width = 90 * log10(times);
		if (times <= 0)
			continue;
		fprintf(to,
		        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
		        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>"
		        "<text x=\"%.1f\" y=\"%d\">%.1f</text>\n",
		        left - 8, y + 11, works[w].short_name, left + (width < 0 ? width : 0), y,
		        fabs(width), width < 0 ? "#c0392b" : "#2e7d6b",
		        left + (width > 0 ? width : 0) + 5, y + 11, times);
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
