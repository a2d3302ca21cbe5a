/* vFile and qXfer:exec-file. */
#ifndef STEPVM_GDBSTUB_FILES_H
#define STEPVM_GDBSTUB_FILES_H

#include "gdbstub/state.h"

enum verdict files_path(struct session *s, struct text_in in);
enum verdict files_set_system(struct session *s, struct text_in in);
enum verdict files_open(struct session *s, struct text_in in);
enum verdict files_close(struct session *s, struct text_in in);
enum verdict files_status(struct session *s, struct text_in in);
enum verdict files_read(struct session *s, struct text_in in);

#endif
