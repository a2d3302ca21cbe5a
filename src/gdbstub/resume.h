/* c, s, C, S, bs, bc, vCont? and vCont. */
#ifndef STEPVM_GDBSTUB_RESUME_H
#define STEPVM_GDBSTUB_RESUME_H

#include "gdbstub/state.h"

enum verdict resume_continue(struct session *s, struct text_in in);
enum verdict resume_step(struct session *s, struct text_in in);
enum verdict resume_continue_with_signal(struct session *s, struct text_in in);
enum verdict resume_step_with_signal(struct session *s, struct text_in in);
enum verdict resume_step_back(struct session *s, struct text_in in);
enum verdict resume_run_back(struct session *s, struct text_in in);
enum verdict resume_actions(struct session *s, struct text_in in);
enum verdict resume_by_actions(struct session *s, struct text_in in);

#endif
