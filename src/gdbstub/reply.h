/* What answers are made of: packets in the output, reasons, thread ids, pieces of documents. */
#ifndef STEPVM_GDBSTUB_REPLY_H
#define STEPVM_GDBSTUB_REPLY_H

#include "gdbstub/state.h"

/* The reply begins anew. */
void reply_begin(struct session *s);
/* The reply as a packet into the output, where it fits; what is too long becomes E22. */
void reply_send(struct session *s);
/* The output begins anew: all of it was sent. */
void reply_clear(struct session *s);
/* The same where all of it was sent, and nothing otherwise. */
void reply_make_room(struct session *s);
/* Sends one packet of kind O with text in hex; it may come while a monitor command runs and before
 * a stop reply. */
void reply_print(struct session *s, const char *text);
void reply_print_bytes(struct session *s, const void *text, size_t len);

/* What was printed since out_end was begin becomes the reply. False: there is nothing, or it does not fit into one, and
 * nothing has changed. */
bool reply_join_prints(struct session *s, size_t begin);
/* REPLY_WHY with this reason. */
enum verdict reply_refuse(struct session *s, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The same while a trace frame is selected; what: "which nothing can change". */
enum verdict reply_refuse_in_frame(struct session *s, const char *what);
/* REPLY_WHY when the target has said why, or this verdict. */
enum verdict reply_why(const struct session *s, enum verdict otherwise);

void reply_put_thread(struct session *s, unsigned cpu);
/* Takes a thread id. *cpu: its number, or -1 for all, or 0 for any. */
bool reply_take_thread(struct session *s, struct text_in *in, int *cpu);
/* OFFSET,LENGTH of a document: `m` and a piece, or `l` and the last one. */
enum verdict reply_piece(struct session *s, struct text_in in, const char *document, size_t size);

#endif
