/* g, G, p and P. */
#ifndef STEPVM_GDBSTUB_REGISTER_PACKETS_H
#define STEPVM_GDBSTUB_REGISTER_PACKETS_H

#include "gdbstub/state.h"

enum verdict register_packets_read_all(struct session *s, struct text_in in);
enum verdict register_packets_write_all(struct session *s, struct text_in in);
enum verdict register_packets_read(struct session *s, struct text_in in);
enum verdict register_packets_write(struct session *s, struct text_in in);

#endif
