/* A stepvm with one of the programs, and a debugger's connection to it. */
#ifndef STEPVM_TESTS_OBSERVE_SESSION_H
#define STEPVM_TESTS_OBSERVE_SESSION_H

#include <inttypes.h>

#include "rsp_failure.h"
#include "rsp_values.h"
#include "view.h"

#define SESSION_STOP 400

struct session {
	struct rsp r; /* r.failure: the first; "" while there is none */
	const struct program *program;
	char stop[SESSION_STOP]; /* the last stop reply */
};

/* The program is stopped at its first instruction, past what begins it. False: s->r.failure says why. In either case
 * session_close is to be called. */
bool session_open(
        struct session *s, const struct program *p, const char *image, const char *engine);
void session_close(struct session *s);
/* Connects again; the guest is stopped. */
bool session_connect(struct session *s);

/* False, and a failure, where the reply is not OK. */
bool session_do(struct session *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Runs `monitor LINE`, whose text has to begin so. */
bool session_monitor(struct session *s, const char *line, const char *begins);
/* Waits for a stop reply, which is then in s->stop. */
bool session_stopped(struct session *s);
/* Sends a request, waits for its stop. */
bool session_resume(struct session *s, const char *request);
bool session_view(struct session *s, struct view *v);
/* A step, and what is there then. */
bool session_step(struct session *s, struct view *v);

/* How it ends: all registers that `g` has, as text, and the program's own memory. */
struct ending {
	char registers[2000];
	uint8_t memory[PROGRAM_OWN_SIZE];
	uint8_t output[0x4000];
	size_t output_len;
};
bool session_ending(struct session *s, struct ending *e);
/* Where it is not, says how. */
bool output_is_same(const uint8_t *is, size_t len, const uint8_t *wanted, size_t wanted_len,
        char *text, size_t size);
/* Without the stack where there are ticks. */
bool ending_is_same(const struct ending *is, const struct ending *wanted, bool has_timer,
        char *text, size_t size);

#endif
