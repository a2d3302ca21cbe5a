/* The table of formats: its rows are whole, and what is written of them elsewhere is so. */
#include "boot/formats.h"

#include "check.h"
#include "readme.h"

static void rows_are_whole(void)
{
	for (int i = IMAGE_AUTO + 1; i < IMAGE_FORMATS; i++) {
		const struct format *f = format_of((enum image_format)i);
		enum image_format format;
		CHECK(f->name && f->title && f->seen_by && f->goes_to && f->starts_in && f->why);
		CHECK(f->plan);
		CHECK_EQ(!f->is_it, i == IMAGE_FORMATS - 1); /* the last one takes what is left */
		CHECK(image_format_word(f->name, &format) && format == (enum image_format)i);
	}
}

/* "a, b or c" of the names from the format first on that hold. */
static void list_words(char *to, size_t size, int first, bool hands_over)
{
	int names[IMAGE_FORMATS], count = 0;
	size_t len = 0;
	for (int i = first; i < IMAGE_FORMATS; i++)
		if (!hands_over || format_of((enum image_format)i)->hands_over)
			names[count++] = i;
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(to + len, size - len, "%s%s",
		        i == 0           ? ""
		        : i == count - 1 ? " or "
		                         : ", ",
		        image_format_name((enum image_format)names[i]));
}

static void words_are_those_of_the_rows(void)
{
	char words[300];
	list_words(words, sizeof words, IMAGE_AUTO, false);
	CHECK_STR(IMAGE_FORMAT_WORDS, words);
	list_words(words, sizeof words, IMAGE_AUTO + 1, true);
	CHECK_STR(IMAGE_KERNEL_WORDS, words);
}

/* Markdown has them around words as typed. */
static void drop_ticks(char *text)
{
	char *to = text;
	for (; *text; text++)
		if (*text != '`')
			*to++ = *text;
	*to = '\0';
}

static void the_readme_has_each_row(void)
{
	char *text = readme_read("src/boot/README.md"), *at = text;
	if (text)
		drop_ticks(text);
	for (int i = IMAGE_AUTO + 1; at && i < IMAGE_FORMATS; i++) {
		const struct format *f = format_of((enum image_format)i);
		char row[500];
		snprintf(row, sizeof row, "\n| %s | %s | %s | %s |\n", f->name, f->seen_by,
		        f->goes_to, f->starts_in);
		char *found = strstr(at, row);
		if (!found)
			CHECK_FAIL("src/boot/README.md has no row%s", row);
		at = found ? found + strlen(row) - 1 : NULL; /* in the table's order */
	}
	free(text);
}

int main(void)
{
	RUN(rows_are_whole);
	RUN(words_are_those_of_the_rows);
	RUN(the_readme_has_each_row);
	return check_done();
}
