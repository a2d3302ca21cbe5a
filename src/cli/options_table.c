/* The table of options, then that of verbs: what the parser, the help and the manual page know. */
#include "cli/options_table.h"

#include "base/array.h"
#include "cli/options_set.h"

const struct option_row option_rows[] = {
	{ "gdb", 'g', "WHERE", ON_RUN | ON_REPLAY, false, option_set_gdb,
	        "Listen for a debugger at :PORT (of this machine only), HOST:PORT, unix:PATH, or - "
	        "(standard input and output). The guest waits at its first instruction, a "
	        "recording "
	        "at its last." },
	{ "no-wait", 0, NULL, ON_RUN, false, option_set_no_wait,
	        "With --gdb: let the guest run before a debugger has come." },
	{ "memory", 'm', "SIZE[@ADDR]", ON_GUEST, true, option_set_memory,
	        "RAM, 64M by default. Without @ADDR it starts at 0. Repeat it for RAM in several "
	        "places; each can be anywhere, in whole pages of 4096 bytes. What no RAM covers is "
	        "MMIO space." },
	{ "load", 'l', "ADDR", ON_GUEST, false, option_set_load,
	        "Where a flat image goes: 0 by default." },
	{ "entry", 'e', "ADDR|SEG:OFF|reset", ON_GUEST, false, option_set_entry,
	        "Where execution starts: where the image is loaded or what its headers say. SEG "
	        "and OFF are hex, as in 07c0:0005; reset is the CPU's own reset vector, "
	        "f000:fff0." },
	{ "reg", 0, "NAME=VALUE", ON_GUEST, true, option_set_register,
	        "A register's first value, as in ax=2. May be repeated." },
	{ "format", 'f', "NAME", ON_GUEST, false, option_set_format,
	        "What the image is: " IMAGE_FORMAT_WORDS ". By default (auto) it is "
	        "guessed from the file; boot is a boot sector or a disk image that starts with "
	        "one, flat is any bytes." },
	{ "board", 0, "NAME", ON_GUEST, false, option_set_board,
	        "The machine around the CPU: pc (a PC with its BIOS) or bare (no firmware, few "
	        "devices). By default (auto): boot sectors and kernels of a boot loader "
	        "(" IMAGE_KERNEL_WORDS ") have a pc, flat images and ELF files a bare board, and "
	        "so has an image that covers what a PC keeps below 1 MiB." },
	{ "mode", 0, "MODE", ON_GUEST, false, option_set_mode,
	        "What a flat image or an ELF file starts in: real, prot (32-bit protected mode, "
	        "flat segments, no paging) or long (64-bit mode, RAM mapped at its own address). "
	        "By default (auto): flat real, ELF32 prot, ELF64 long. A Linux kernel has an entry "
	        "for each: 16-bit setup code, 32-bit, 64-bit (auto, where there is one)." },
	{ "append", 0, "STRING", ON_GUEST, false, option_set_append,
	        "The command line of a kernel: " IMAGE_KERNEL_WORDS "." },
	{ "initrd", 0, "FILE[ ARGS][,FILE...]", ON_GUEST, true, option_set_initrd,
	        "Modules of such a kernel: files, each of which may be followed by a space and "
	        "words for the kernel. A comma in a name is written twice. Linux gets the files "
	        "alone, joined. May be repeated." },
	{ "port", 'p', "PORT=KIND", ON_GUEST, true, option_set_port,
	        "What stands at an I/O port: hex (a write prints a line), text (a write is a "
	        "character), exit (a write ends the run) or none. May be repeated." },
	{ "disk", 0, "FILE[,write][,floppy|hd]", ON_GUEST, true, option_set_disk,
	        "A disk of a pc: a file of sectors. An IMAGE of format boot is the first disk "
	        "by itself; name it here, too, to say more of it. A file is never "
	        "changed unless write is there: what the guest writes stays in memory, up to 256 "
	        "MiB a disk, and is gone at the end. floppy or hd says what it is; else a file of "
	        "up to 2.88M without a partition table is a floppy disk; but one of another size "
	        "than floppy disks have is a hard disk where its code names drive 80h. A comma in "
	        "the name is "
	        "written twice." },
	{ "screen", 0, "[=WHERE]", ON_GUEST, false, option_set_screen,
	        "Show a PC's screen in this terminal, or in the one that WHERE names; its keys are "
	        "the guest's, and Ctrl-] is stepvm's: Ctrl-] q leaves, and Ctrl-] alone shows "
	        "what else there is. unix:PATH is a socket: stepvm console PATH shows the "
	        "screen in its own terminal. With debug this terminal is gdb's: stepvm "
	        "console in another one finds the guest." },
	{ "keys", 0, "FILE", ON_GUEST, false, option_set_keys,
	        "Type what FILE says on a PC's keyboard. Its lines: type \"dir\\r\", key f1 "
	        "ctrl-alt-delete, hold left 2s, wait 500ms, at 10s (of the guest's time), and # "
	        "for a comment. The manual page lists the keys." },
	{ "console", 0, "WHERE", ON_GUEST, true, option_set_console,
	        "Where the serial line of the UART at 0x3f8 leads: stdio (standard input and "
	        "output, the default; with debug there is no input), pty (a new pseudo-terminal, "
	        "whose name is printed), unix:PATH (a socket for one at a time), gdb (what would "
	        "go to standard output goes to the debugger's user while the guest runs), none, or "
	        "a file, which is written anew. The guest waits until standard output is read; "
	        "elsewhere the last 64 KiB are kept of what nobody reads. A second --console "
	        "says it of the UART at 0x2f8, on a board that has it." },
	{ "hlt", 0, "WHAT", ON_GUEST, false, option_set_hlt,
	        "What hlt does: auto (wait while an interrupt can still come, else say so and end; "
	        "the default), exit (end with status 0), stop (stop for the debugger, whose "
	        "continue goes on after it), or resume[:MS] (go on after MS milliseconds, 1000 by "
	        "default, or with an interrupt). Where nothing can wake the CPU, auto is the end: "
	        "a debugger is told so again whenever it continues. The BIOS's own hlt, in "
	        "a call that waits for a key, is not meant." },
	{ "engine", 0, "auto|kvm|interp", ON_GUEST | ON_REPLAY, false, option_set_engine,
	        "What executes the guest's instructions. kvm: KVM alone. interp: stepvm's own "
	        "engine, an interpreter that compares addresses where KVM needs planted bytes and "
	        "guarded pages, and KVM for what the engine hands over. auto (the default): interp "
	        "where KVM emulates its guests, as stepvm probe tells; elsewhere KVM runs the "
	        "guest, and the engine does the steps that no debugger has asked for. The guest "
	        "sees no difference but speed, and what this KVM can't do." },
	{ "check-engine", 0, NULL, ON_GUEST, false, option_set_check_engine,
	        "For those who doubt the engine: have KVM do all that the engine does, too, in a "
	        "second VM, and compare registers, flags and the memory that is touched. Each "
	        "difference is told on standard error, and at the end how many there were; with "
	        "one the status is 12. The engine comes first then, with auto as with interp; not "
	        "with --engine kvm. The guest gets what it gets without, some thousand times "
	        "slower." },
	{ "speed", 0, "real|max|FACTOR", ON_GUEST, false, option_set_speed,
	        "How the guest's time goes while it runs: with the host's (real, the default of "
	        "run and debug), FACTOR times as fast (0.001 to 1000), or with the host's but "
	        "without waits: a halted CPU goes on at once with what is due next, unless the "
	        "BIOS waits for a key (max, the default of scripts of stepvm test)." },
	{ "record", 0, "[=FILE]", ON_GUEST, false, option_set_record,
	        "Record the guest from its first instruction, so that gdb's reverse-stepi, "
	        "reverse-continue and the like go back (src/history/README.md). Its time then goes "
	        "on by its instructions, and by the host's where they take longer. With =FILE the "
	        "recording is written to that file, too, which must not be there yet: stepvm "
	        "replay and stepvm debug open it. It holds the guest's RAM and all that is typed. "
	        "=auto records a guest as soon as a debugger has it go on, where stepvm's engine "
	        "runs it anyway (a KVM that emulates its guests, --engine interp): the default of "
	        "debug; =off, the default of run, keeps that off." },
	{ "check", 0, NULL, ON_REPLAY, false, option_set_check,
	        "Do all of the recording again, compare registers, devices, time and RAM with the "
	        "checksums in it, and say so: status 12 where they differ, with the position." },
	{ "record-memory", 0, "SIZE", ON_GUEST | ON_REPLAY, false, option_set_record_memory,
	        "How much memory a recording may take: 512M by default, and 128M for one that "
	        "nobody has asked for. Where that is full, places far back take longer to get to, "
	        "and at last the oldest are "
	        "lost." },
	{ "no-reboot", 0, NULL, ON_GUEST, false, option_set_no_reboot,
	        "A guest that resets the machine ends with status 10; without this option the "
	        "machine starts anew." },
	{ "parallel", 0, "FILE", ON_GUEST, false, option_set_parallel,
	        "What a guest prints at the parallel port of a PC's board, 0x378, goes to this "
	        "file, which is made or emptied. Without this option no printer is connected." },
	{ "rtc", 0, "utc|localtime|DATE", ON_GUEST, false, option_set_rtc,
	        "The time that the real-time clock of a PC's board starts with: the host's time in "
	        "UTC (the default) or in its time zone, or a date such as 2026-11-30T12:34:56. It "
	        "goes on with the guest's time." },
	{ "trace", 't', "LIST", ON_GUEST | ON_REPLAY, true, option_set_trace,
	        "Narrate on standard error: io (port accesses), mmio (accesses outside RAM), exits "
	        "(why KVM came back), packets (what the debugger and stepvm tell each other), run "
	        "(how run control steps and stops the guest, and why), bios (what the BIOS is "
	        "called for, and what it answers), or several with commas between. May be "
	        "repeated." },
	{ "no-sandbox", 0, NULL, ON_GUEST | ON_REPLAY, false, option_set_no_sandbox,
	        "Keep all system calls: for a profiler, or where stepvm is ended by SIGSYS. By "
	        "default those that a running guest does not need are given up." },
	{ "symbols", 0, "FILE", ON_GUEST | ON_REPLAY, false, option_set_symbols,
	        "The ELF file that the image was made from, for gdb's symbols: by default the "
	        "image itself, when it is one. A gdb that was given no file reads it when it "
	        "connects, unless it has 32-bit code and the guest is in 16-bit code." },
	{ "jobs", 'j', "N", ON_TEST, false, option_set_jobs, "Run N tests at once, 1 by default." },
	{ "timeout", 0, "SECONDS", ON_TEST, false, option_set_timeout,
	        "How long a test may take when its script has no timeout line: 30 by default." },
	{ "no-skip", 0, NULL, ON_TEST, false, option_set_no_skip,
	        "Fail (status 4) where there is no KVM or no gdb, instead of skipping all." },
	{ "record-failures", 0, "DIR", ON_TEST, false, option_set_record_failures,
	        "Record each guest, and leave the recording of a test that fails as "
	        "DIR/NAME.recording: stepvm debug opens it where the script was, and goes back." },
	{ "log-dir", 0, "DIR", ON_TEST, false, option_set_log_dir,
	        "Write the logs of failed tests to DIR too." },
	{ "junit", 0, "FILE", ON_TEST, false, option_set_junit,
	        "Write the report to FILE as JUnit XML, too, as CI systems read it." },
	{ "gdb-program", 0, "NAME", ON_DEBUG | ON_TEST, false, option_set_gdb_program,
	        "The gdb to start: by default $GDB, else gdb." },
	{ "json", 0, NULL, ON_PROBE, false, option_set_json, "Print JSON instead of a table." },
	{ "help", 'h', NULL, ON_GLOBAL, false, option_set_help,
	        "Print help, of the verb if there is one." },
	{ "version", 0, NULL, ON_GLOBAL, false, option_set_version, "Print the version." },
	{ "manual", 0, NULL, ON_GLOBAL, false, option_set_manual,
	        "Print the manual page, to be read with man -l." },
	{ "completion", 0, "bash|zsh", ON_GLOBAL, false, option_set_completion,
	        "Print what that shell needs to complete stepvm's command line: "
	        "source <(stepvm --completion bash)." },
	{ .name = NULL },
};
_Static_assert(ARRAY_SIZE(option_rows) <= OPTION_ROWS_MAX, "a bit a row");

const struct option_verb option_verbs[VERB_COUNT] = {
	[VERB_RUN] = { "run", "[options] IMAGE", "an IMAGE",
	        "run a guest; with --gdb, let a debugger in",
	        "Run the guest in IMAGE until it halts for good, writes to an exit port or can't "
	        "go on. With --gdb, wait for a debugger at its first instruction." },
	[VERB_DEBUG] = { "debug", "[options] IMAGE [-- ARGS]", "an IMAGE",
	        "the same, and gdb in this terminal",
	        "Run the guest in IMAGE and start gdb in this terminal, connected and with its "
	        "scripts loaded. IMAGE may be a recording of run --record=FILE, too. ARGS are "
	        "handed to gdb." },
	[VERB_REPLAY] = { "replay", "[options] FILE", "a FILE of run --record=FILE",
	        "do a recording again; with --gdb, go back",
	        "Do again what the guest did that run or debug --record=FILE has recorded in FILE, "
	        "and print what it printed: without its image, its disks or the host of then. With "
	        "--gdb, wait for a debugger at the recording's end, from where it goes back; "
	        "stepvm "
	        "debug FILE does that with gdb in this terminal." },
	[VERB_TEST] = { "test", "[options] SCRIPT.gdb...", "a SCRIPT.gdb",
	        "run gdb scripts as tests of guests",
	        "Run gdb scripts as tests, each against a guest of its own, and report them on "
	        "standard output as TAP (Test Anything Protocol)." },
	[VERB_CONSOLE] = { "console", "[SOCKET]", "a SOCKET",
	        "be the terminal of another stepvm's screen",
	        "Lend this terminal to a guest that was started by stepvm debug --screen, or with "
	        "--screen=unix:SOCKET: it shows the guest's screen and types on its keyboard until "
	        "the guest ends, or Ctrl-] q.",
	        .may_lack_operand = true },
	[VERB_PROBE] = { "probe", "[options]", NULL, "what this KVM does, how stepvm copes",
	        "Try in a VM of its own what this host's KVM does under a debugger, and print each "
	        "fact with what stepvm does about it." },
};
