/* Ctrl-C while gdb starts. Before its prompt gdb has no use for it: it interrupts a module of Python's, or the
 * reading of a script, shows a traceback, and goes on with half of what it needs. So until gdb says that it is
 * ready the terminal sends SIGQUIT for this key, of which gdb takes no notice, and stepvm ends both by it. */
#ifndef STEPVM_CLI_EARLY_KEY_H
#define STEPVM_CLI_EARLY_KEY_H

#include <stdbool.h>
#include <sys/types.h>

/* Of standard input, if it is this process's terminal; else all of these do nothing. SIGQUIT is to be ignored by
 * who calls this, and by the gdb that it starts, until early_key_watch. */
void early_key_take(void);
/* From now on SIGQUIT by that key ends serve_run as SIGINT would (host/signals.h); once a session has begun, gdb
 * gets SIGINT for it. SIGQUIT by another key does nothing. began stays where it is. */
void early_key_watch(const volatile bool *began, pid_t gdb);
/* The shell's command that gives the key its meaning back; NULL: there is none to be given. */
const char *early_key_command(void);
/* The same, from here: gdb has not come so far. */
void early_key_put_back(void);

#endif
