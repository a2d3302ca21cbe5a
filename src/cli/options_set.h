/* The functions that store an option's value, for the rows of options_table.c. */
#ifndef STEPVM_CLI_OPTIONS_SET_H
#define STEPVM_CLI_OPTIONS_SET_H

#include "cli/options_table.h"

/* what is loaded, and how it starts */
option_set option_set_memory, option_set_load, option_set_entry, option_set_register,
        option_set_format, option_set_board, option_set_mode, option_set_append, option_set_initrd;
/* the machine around it */
option_set option_set_port, option_set_disk, option_set_screen, option_set_keys, option_set_console,
        option_set_parallel, option_set_rtc, option_set_hlt, option_set_engine,
        option_set_check_engine, option_set_speed, option_set_no_reboot, option_set_record,
        option_set_record_memory, option_set_check;
/* how it is served, and what is reported of it */
option_set option_set_gdb, option_set_no_wait, option_set_symbols, option_set_trace,
        option_set_no_sandbox, option_set_gdb_program;
/* tests, the probe, help */
option_set option_set_jobs, option_set_timeout, option_set_no_skip, option_set_log_dir,
        option_set_record_failures, option_set_junit, option_set_json, option_set_help,
        option_set_version, option_set_manual, option_set_completion;

#endif
