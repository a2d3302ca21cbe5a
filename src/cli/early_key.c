/* The terminal's own settings tell whether gdb is still starting: the handler asks them. */
#include "cli/early_key.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/signals.h"

static cc_t interrupt_key, quit_key; /* as they were; a signal handler compares with them */
static bool is_taken;
static const volatile bool *session_began;
static pid_t gdb_pid;
static char command[64];

static bool has_disabled_interrupt(const struct termios *t)
{
	return t->c_cc[VINTR] == _POSIX_VDISABLE && t->c_cc[VQUIT] == interrupt_key;
}

static void mask_quit(int how)
{
	sigset_t quit;
	sigemptyset(&quit);
	sigaddset(&quit, SIGQUIT);
	sigprocmask(how, &quit, NULL);
}

void early_key_take(void)
{
	struct termios t;
	if (tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &t) < 0)
		return;
	interrupt_key = t.c_cc[VINTR];
	quit_key = t.c_cc[VQUIT];
	if (interrupt_key == _POSIX_VDISABLE)
		return;
	t.c_cc[VINTR] = _POSIX_VDISABLE;
	t.c_cc[VQUIT] = interrupt_key;
	is_taken = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
	/* A key that comes before early_key_watch waits for it: what is blocked is not ignored. */
	mask_quit(SIG_BLOCK);
}

static bool put_back(void)
{
	struct termios t;
	if (tcgetattr(STDIN_FILENO, &t) < 0 || !has_disabled_interrupt(&t))
		return false;
	t.c_cc[VINTR] = interrupt_key;
	t.c_cc[VQUIT] = quit_key;
	return tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

/* Who leaves a TUI that gdb has begun with has the settings of then. */
static void on_quit(int number)
{
	(void)number;
	if (!put_back())
		return;
	if (*session_began)
		kill(gdb_pid, SIGINT);
	else
		signals_note(SIGINT);
}

void early_key_watch(const volatile bool *began, pid_t gdb)
{
	struct sigaction action = { .sa_handler = on_quit }; /* no SA_RESTART */
	if (!is_taken)
		return;
	session_began = began;
	gdb_pid = gdb;
	sigaction(SIGQUIT, &action, NULL);
	mask_quit(SIG_UNBLOCK);
}

/* A key as stty(1) takes it, quoted for the shell. Of one digit it would take a number for the digit's own key. */
static void name_key(cc_t key, char name[8])
{
	if (key == _POSIX_VDISABLE)
		strcpy(name, "undef");
	else if (key < 0x20)
		snprintf(name, 8, "'^%c'", key + 0x40);
	else
		snprintf(name, 8, "%u", key);
}

const char *early_key_command(void)
{
	char interrupt[8], quit[8];
	if (!is_taken)
		return NULL;
	name_key(interrupt_key, interrupt);
	name_key(quit_key, quit);
	snprintf(command, sizeof command, "stty intr %s quit %s", interrupt, quit);
	return command;
}

void early_key_put_back(void)
{
	if (is_taken)
		put_back();
}
