/* The Gregorian calendar, for the real-time clock. */
#ifndef STEPVM_DEVICES_RTC_DATE_H
#define STEPVM_DEVICES_RTC_DATE_H

#include "devices/rtc.h"

#define RTC_DATE_1980 315532800 /* seconds since 1970 */

/* The date of so many seconds since 1970; returns the days. Before 1970, and after 9999, those. */
uint64_t rtc_date_of(int64_t seconds, struct rtc_date *d);
/* *d goes on by so many seconds, after what is no date has become the nearest one; 9999 is the last
 * year. Returns by how many days it is another one. */
uint64_t rtc_date_add(struct rtc_date *d, uint64_t seconds);

#endif
