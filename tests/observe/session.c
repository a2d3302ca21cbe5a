#include "session.h"

bool session_do(struct session *s, const char *format, ...)
{
	char body[300];
	va_list args;
	va_start(args, format);
	vsnprintf(body, sizeof body, format, args);
	va_end(args);
	if (strcmp(rsp_must_ask(&s->r, "%s", body), "OK"))
		return rsp_fail(&s->r, "%s -> %.200s", body, s->r.packet);
	return true;
}

bool session_monitor(struct session *s, const char *line, const char *begins)
{
	const char *text = rsp_monitor(&s->r, line);
	if (strncmp(text, begins, strlen(begins)))
		return rsp_fail(&s->r, "monitor %s -> %.200s", line, text);
	return true;
}

bool session_stopped(struct session *s)
{
	const char *reply = rsp_reply(&s->r);
	snprintf(s->stop, sizeof s->stop, "%.300s", reply);
	if (reply[0] != 'T')
		return rsp_fail(
		        &s->r, "expected a stop, came %.200s; stderr: %.300s", reply, s->r.errors);
	return true;
}

bool session_resume(struct session *s, const char *request)
{
	return rsp_send(&s->r, request, strlen(request)) && session_stopped(s);
}

/* --- views -------------------------------------------------------------------------------------- */

/* Of the bytes that a reply to `m` has. */
static bool take_bytes(uint8_t *to, size_t len, const char *hex)
{
	static const char digits[] = "0123456789abcdef";
	if (strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *high = strchr(digits, hex[2 * i]),
		           *low = strchr(digits, hex[2 * i + 1]);
		if (!high || !low)
			return false;
		to[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

static size_t put_request(uint8_t *to, const char *request)
{
	return rsp_wrap(to, request, strlen(request));
}

static bool receive_view(struct session *s, struct view *v)
{
	if (!view_registers(v, rsp_reply(&s->r), s->program->mode->bits == 64))
		return rsp_fail(&s->r, "g -> %.100s", s->r.packet);
	for (unsigned i = 0; i < VIEW_WINDOWS; i++) {
		const struct view_window *w = &view_windows[i];
		if (!take_bytes(v->memory + w->at, w->size, rsp_reply(&s->r)))
			return rsp_fail(&s->r, "m%x,%x -> %.100s", w->gva, w->size, s->r.packet);
	}
	return true;
}

/* All requests at once: a trip less for each. */
static bool send_view(struct session *s)
{
	uint8_t bytes[256];
	size_t len = put_request(bytes, "g");
	for (unsigned i = 0; i < VIEW_WINDOWS; i++) {
		char body[40];
		snprintf(body, sizeof body, "m%x,%x", view_windows[i].gva, view_windows[i].size);
		len += put_request(bytes + len, body);
	}
	return rsp_send_raw(&s->r, bytes, len) || rsp_fail(&s->r, "the connection is gone");
}

bool session_view(struct session *s, struct view *v)
{
	return send_view(s) && receive_view(s, v);
}

bool session_step(struct session *s, struct view *v)
{
	return session_resume(s, "s") && session_view(s, v);
}

/* --- a program ---------------------------------------------------------------------------------- */

bool session_connect(struct session *s)
{
	if (!rsp_connect(&s->r))
		return rsp_fail(&s->r, "no connection; stderr: %.300s", s->r.errors);
	rsp_must_ask(&s->r, "qSupported:swbreak+;hwbreak+");
	if (!session_do(s, "QStartNoAckMode"))
		return false;
	s->r.is_no_ack = true;
	snprintf(s->stop, sizeof s->stop, "%.300s", rsp_must_ask(&s->r, "?"));
	return s->stop[0] == 'T' ? true : rsp_fail(&s->r, "? -> %s", s->stop);
}

bool session_open(struct session *s, const struct program *p, const char *image, const char *engine)
{
	char entry[20];
	memset(s, 0, sizeof *s);
	s->program = p;
	s->r.stderr_fd = s->r.in_fd = s->r.out_fd = -1;
	snprintf(entry, sizeof entry, p->mode->bits == 16 ? "0000:%x" : "0x%x", PROGRAM_BEGIN);
	if (!rsp_start(&s->r, RSP_UNIX, image, "--format", "flat", "--mode", p->mode->start,
	            "--entry", entry, "--memory", "1M", "--engine", engine, NULL))
		return rsp_fail(&s->r, "stepvm did not start: %.300s", s->r.errors);
	return session_connect(s) && session_do(s, "Z1,%x,1", p->start) && session_resume(s, "c") &&
	       (rsp_value(rsp_must_ask(&s->r, p->mode->bits == 64 ? "p10" : "p8")) == p->start ||
	               rsp_fail(&s->r, "the program's beginning led to %.200s", s->stop)) &&
	       session_do(s, "z1,%x,1", p->start);
}

void session_close(struct session *s)
{
	rsp_close(&s->r);
}

bool session_ending(struct session *s, struct ending *e)
{
	snprintf(e->registers, sizeof e->registers, "%s", rsp_must_ask(&s->r, "g"));
	if (!take_bytes(e->memory, sizeof e->memory,
	            rsp_must_ask(&s->r, "m%x,%x", PROGRAM_OWN, PROGRAM_OWN_SIZE)))
		return rsp_fail(&s->r, "the program's memory can't be read: %.100s", s->r.packet);
	ssize_t n = pread(s->r.stdout_fd, e->output, sizeof e->output, 0);
	e->output_len = n > 0 ? (size_t)n : 0;
	return !s->r.failure[0];
}

bool output_is_same(const uint8_t *is, size_t len, const uint8_t *wanted, size_t wanted_len,
        char *text, size_t size)
{
	size_t at = 0;
	while (at < len && at < wanted_len && is[at] == wanted[at])
		at++;
	if (at == len && at == wanted_len)
		return true;
	snprintf(text, size,
	        "the output has %zu bytes, expected %zu; byte %zu is 0x%02x, expected 0x%02x", len,
	        wanted_len, at, at < len ? is[at] : 0, at < wanted_len ? wanted[at] : 0);
	return false;
}

bool ending_is_same(const struct ending *is, const struct ending *wanted, bool has_timer,
        char *text, size_t size)
{
	size_t at = 0;
	while (is->registers[at] && is->registers[at] == wanted->registers[at])
		at++;
	if (is->registers[at] != wanted->registers[at]) {
		at -= at % 8;
		snprintf(text, size, "registers, from digit %zu of `g`: %.16s, expected %.16s", at,
		        is->registers + at, wanted->registers + at);
		return false;
	}
	for (uint32_t i = 0; i < PROGRAM_OWN_SIZE; i++) {
		uint32_t gva = PROGRAM_OWN + i;
		if (has_timer && gva >> 12 == PROGRAM_STACK >> 12)
			continue;
		if (is->memory[i] != wanted->memory[i]) {
			snprintf(text, size, "the byte at 0x%x is 0x%02x, expected 0x%02x", gva,
			        is->memory[i], wanted->memory[i]);
			return false;
		}
	}
	return true;
}
