/* Text that is put together: pieces follow each other, and what does not fit is cut. */
#include "base/line.h"

#include "check.h"

static void pieces_follow_each_other(void)
{
	char text[20];
	struct line l = { .to = text, .size = sizeof text };
	line_add(&l, "port=0x%x", 0x3f8);
	line_add(&l, " size=%d", 1);
	CHECK_STR(text, "port=0x3f8 size=1");
	CHECK_EQ(l.len, 17);
}

static void what_does_not_fit_is_cut(void)
{
	char text[7] = "??????";
	struct line l = { .to = text, .size = 5 };
	line_add(&l, "abc");
	line_add(&l, "%s", "defg");
	CHECK_STR(text, "abcd");
	CHECK_EQ(text[5], '?');
	line_add(&l, "h");
	CHECK_STR(text, "abcd");
}

int main(void)
{
	RUN(pieces_follow_each_other);
	RUN(what_does_not_fit_is_cut);
	return check_done();
}
