/* For tests that go on for long: the first thing that goes wrong is kept in r->failure, and printed at the end. */
#ifndef STEPVM_TESTS_RSP_FAILURE_H
#define STEPVM_TESTS_RSP_FAILURE_H

#include "rsp.h"

static inline bool rsp_has_failed(const struct rsp *r)
{
	return r->failure[0];
}

/* Keeps the text if it is the first one. Returns false. */
static inline bool rsp_fail(struct rsp *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline bool rsp_fail(struct rsp *r, const char *format, ...)
{
	va_list args;
	if (rsp_has_failed(r))
		return false;
	va_start(args, format);
	vsnprintf(r->failure, sizeof r->failure, format, args);
	va_end(args);
	return false;
}

/* Asks, and returns the reply. Where none comes, that is kept as a failure. */
static inline const char *rsp_must_ask(struct rsp *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline const char *rsp_must_ask(struct rsp *r, const char *format, ...)
{
	char body[300];
	va_list args;
	va_start(args, format);
	vsnprintf(body, sizeof body, format, args);
	va_end(args);
	const char *reply = rsp_ask_bytes(r, body, strlen(body));
	if (reply[0] == '(')
		rsp_fail(r, "%s -> %s; stderr: %.200s", body, reply, r->errors);
	return reply;
}

#endif
