/* Dates as days and seconds since 1970-01-01, and back. */
#include "devices/rtc_date.h"

#define FIRST_YEAR 1970
#define LAST_YEAR  9999
#define DAY        86400u

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Of the years from 1 to the one before. */
static uint64_t days_before(unsigned year)
{
	unsigned y = year - 1;

	return y * 365ull + y / 4 - y / 100 + y / 400;
}

/* A valid date's seconds since 1970. */
static uint64_t count(const struct rtc_date *d)
{
	uint64_t days = days_before(d->year) - days_before(FIRST_YEAR) + d->day - 1;

	for (unsigned month = 1; month < d->month; month++)
		days += days_in(d->year, month);
	return days * DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

bool rtc_seconds(const struct rtc_date *d, int64_t *seconds)
{
	if (d->year < FIRST_YEAR || d->year > LAST_YEAR || d->month < 1 || d->month > 12 ||
	        d->day < 1 || d->day > days_in(d->year, d->month) || d->hour > 23 ||
	        d->minute > 59 || d->second > 59)
		return false;
	*seconds = (int64_t)count(d);
	return true;
}

uint64_t rtc_date_of(int64_t seconds, struct rtc_date *d)
{
	static const struct rtc_date last = { LAST_YEAR, 12, 31, 23, 59, 59 };
	uint64_t at = seconds < 0 ? 0 : (uint64_t)seconds;

	if (at > count(&last))
		at = count(&last);
	uint64_t days = at / DAY, left = days;
	/* The year by its least length, and then on. */
	unsigned year = FIRST_YEAR + (unsigned)(left / 366);
	while (days_before(year + 1) - days_before(FIRST_YEAR) <= days)
		year++;
	left -= days_before(year) - days_before(FIRST_YEAR);
	unsigned month = 1;
	for (; left >= days_in(year, month); month++)
		left -= days_in(year, month);
	*d = (struct rtc_date) {
		.year = year,
		.month = month,
		.day = (unsigned)left + 1,
		.hour = (unsigned)(at % DAY / 3600),
		.minute = (unsigned)(at % 3600 / 60),
		.second = (unsigned)(at % 60),
	};
	return days;
}

static void clamp(unsigned *value, unsigned low, unsigned high)
{
	if (*value < low)
		*value = low;
	if (*value > high)
		*value = high;
}

uint64_t rtc_date_add(struct rtc_date *d, uint64_t seconds)
{
	clamp(&d->year, FIRST_YEAR, LAST_YEAR);
	clamp(&d->month, 1, 12);
	clamp(&d->day, 1, days_in(d->year, d->month));
	clamp(&d->hour, 0, 23);
	clamp(&d->minute, 0, 59);
	clamp(&d->second, 0, 59);
	uint64_t before = count(d);
	uint64_t after = seconds > INT64_MAX - before ? INT64_MAX : before + seconds;
	return rtc_date_of((int64_t)after, d) - before / DAY;
}
