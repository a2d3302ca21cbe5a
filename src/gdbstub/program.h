/* The program of the session: how it ends, is let go, and begins anew. D, k, vKill, !, vRun, R,
 * vAttach. */
#ifndef STEPVM_GDBSTUB_PROGRAM_H
#define STEPVM_GDBSTUB_PROGRAM_H

#include "gdbstub/state.h"

enum verdict program_detach(struct session *s, struct text_in in);
enum verdict program_kill(struct session *s, struct text_in in);
enum verdict program_kill_politely(struct session *s, struct text_in in);
enum verdict program_extend(struct session *s, struct text_in in);
enum verdict program_run(struct session *s, struct text_in in);
enum verdict program_restart(struct session *s, struct text_in in);
enum verdict program_attach(struct session *s, struct text_in in);
/* The machine has become another while nobody waited for a stop. stop is what `?` answers now. */
void program_replaced(struct session *s, const struct target_stop *stop);

#endif
