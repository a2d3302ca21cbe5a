/* x, qSearch:memory and qCRC. */
#ifndef STEPVM_GDBSTUB_BULK_H
#define STEPVM_GDBSTUB_BULK_H

#include "gdbstub/state.h"

enum verdict bulk_read(struct session *s, struct text_in in);
enum verdict bulk_search(struct session *s, struct text_in in);
enum verdict bulk_checksum(struct session *s, struct text_in in);

#endif
