/* The rsp tests' checks. */
#ifndef STEPVM_TESTS_RSP_CHECK_H
#define STEPVM_TESTS_RSP_CHECK_H

#include "check.h"
#include "rsp_values.h"

static const enum rsp_transport rsp_transports[] = { RSP_UNIX, RSP_TCP, RSP_STDIO };
#define RSP_TRANSPORTS (sizeof rsp_transports / sizeof *rsp_transports)

/* Starts stepvm on a guest and connects; on failure the case fails and the function returns. */
#define RSP_OPEN(r, transport, guest, ...)                                                         \
	do {                                                                                       \
		if (!rsp_start(r, transport, rsp_guest(guest), __VA_ARGS__) || !rsp_connect(r)) {  \
			CHECK_FAIL("%s did not start: %s", guest, (r)->errors);                    \
			rsp_close(r);                                                              \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* One request; the reply is as wanted, or begins so. */
static inline void rsp_check(struct rsp *r, int line, bool is_whole, const char *wanted,
        const char *format, ...) __attribute__((format(printf, 5, 6)));
static inline void rsp_check(
        struct rsp *r, int line, bool is_whole, const char *wanted, const char *format, ...)
{
	char body[8192];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(body, sizeof body, format, args);
	va_end(args);
	const char *reply = rsp_ask_bytes(r, body, (size_t)n);
	bool ok = is_whole ? !strcmp(reply, wanted) : !strncmp(reply, wanted, strlen(wanted));
	if (ok)
		return;
	check_case_ok = false;
	printf("# line %d: %.200s -> %.300s, wanted %.300s%s\n", line, body, reply, wanted,
	        is_whole ? "" : "...");
}
#define RSP_IS(r, wanted, ...)     rsp_check(r, __LINE__, true, wanted, __VA_ARGS__)
#define RSP_BEGINS(r, wanted, ...) rsp_check(r, __LINE__, false, wanted, __VA_ARGS__)

/* Whether a fact of the probe is true in real mode. A test that needs it skips with the reason that
 * it gives. */
static inline bool rsp_probe(const char *key)
{
	char answer = rsp_fact(key, "real16");
	if (!answer)
		CHECK_FAIL("stepvm probe --json tells nothing of %s", key);
	return answer == 'y';
}

/* Goes on by request and stops at gva with a T packet that begins so. */
#define RSP_STOPS(r, request, gva, begins)                                                         \
	do {                                                                                       \
		RSP_BEGINS(r, begins, "%s", request);                                              \
		if (rsp_pc((r)->packet) != (gva))                                                  \
			CHECK_FAIL("%s stopped at 0x%" PRIx64 ", wanted 0x%" PRIx64 ": %.200s",    \
			        request, rsp_pc((r)->packet), (uint64_t)(gva), (r)->packet);       \
	} while (0)

/* Goes on to gva, where the guest is stopped, and leaves no breakpoint there. */
#define RSP_GO_TO(r, gva)                                                                          \
	do {                                                                                       \
		const uint64_t rsp_gva = (gva);                                                    \
		RSP_IS(r, "OK", "Z1,%" PRIx64 ",1", rsp_gva);                                      \
		RSP_STOPS(r, "c", rsp_gva, "T05");                                                 \
		RSP_IS(r, "OK", "z1,%" PRIx64 ",1", rsp_gva);                                      \
	} while (0)

/* The text that came before the stop or the OK, up to the next call, and the reply itself in r->packet. */
static inline const char *rsp_ask_for_text(struct rsp *r, const char *request)
{
	static char text[4096];
	size_t n = 0;
	rsp_send(r, request, strlen(request));
	while (rsp_receive(r, RSP_WAIT_MS) && r->packet[0] == 'O' && strcmp(r->packet, "OK") != 0)
		for (const char *hex = r->packet + 1; hex[0] && hex[1] && n + 1 < sizeof text;
		        hex += 2)
			text[n++] = (char)rsp_value((char[]) { hex[0], hex[1], 0 });
	text[n] = 0;
	return text;
}

#define RSP_REGISTERS_MAX 224

/* The registers of the description, by number. */
struct rsp_registers {
	unsigned count;
	struct {
		char name[24];
		unsigned bits;
	} all[RSP_REGISTERS_MAX];
	char xml[0x10000];
};

/* Reads the description as gdb does, which makes its layout the one that is spoken. */
static inline void rsp_read_registers(struct rsp *r, struct rsp_registers *to)
{
	size_t len = 0;
	do {
		rsp_ask(r, "qXfer:features:read:target.xml:%zx,1000", len);
		if (r->packet_len < 1 || len + r->packet_len > sizeof to->xml - 1)
			break;
		len += rsp_unescape((uint8_t *)to->xml + len, r->packet + 1, r->packet_len - 1);
	} while (r->packet[0] == 'm');
	to->xml[len] = 0;
	to->count = 0;
	unsigned n = 0;
	for (const char *at = to->xml; (at = strstr(at, "<reg ")) != NULL; at++, n++, to->count++) {
		const char *number = strstr(at, " regnum=\"");
		if (number && number < strchr(at, '>'))
			n = (unsigned)atoi(number + 9);
		if (n >= RSP_REGISTERS_MAX || sscanf(at, "<reg name=\"%23[^\"]\" bitsize=\"%u\"",
		                                      to->all[n].name, &to->all[n].bits) != 2)
			break;
	}
	CHECK(to->count > 50);
}

static inline unsigned rsp_number_of(const struct rsp_registers *regs, const char *name)
{
	for (unsigned i = 0; i < regs->count; i++)
		if (!strcmp(regs->all[i].name, name))
			return i;
	CHECK_FAIL("no register %s", name);
	return 0;
}

/* A register by gdb's name, in hex as it comes. */
static inline const char *rsp_read(
        struct rsp *r, const struct rsp_registers *regs, const char *name)
{
	return rsp_ask(r, "p%x", rsp_number_of(regs, name));
}

#endif
