# stepvm.gdb: settings and commands for guests of stepvm, in gdb's own language (no Python needed).
# `stepvm debug` loads it; by hand: gdb -x stepvm.gdb -ex 'target remote :1234'

# RAM may be read in larger pieces than asked for and kept until the guest goes on: many round
# trips less. Between 640 KiB and 1 MiB, where devices are on a PC, every byte is asked for.
mem 0 0xa0000 rw cache
mem 0x100000 0xc0000000 rw cache
set mem inaccessible-by-default off

define-prefix stepvm
# What `stepvm` does by itself, and with a word that is none of its commands. It stands before `document stepvm`, for
# gdb forgets the text of help of a command that is defined again.
define stepvm
  if $argc == 0
    help stepvm
  else
    if $stepvm_plain
      printf "stepvm: there is no such command; help stepvm lists them\n"
    else
      stepvm-unknown $arg0
    end
  end
end
document stepvm
Commands for guests of stepvm.

See also 'monitor help': what stepvm itself can tell.
end

# In a gdb with Python the commands are those of stepvm.py, beside this file, and there are more of
# them: `help stepvm`. `set $stepvm_plain = 1` before it is loaded does without.
if $_isvoid($stepvm_plain)
  set $stepvm_plain = $_isvoid($_streq)
  if $stepvm_plain
    echo stepvm.gdb: this gdb has no Python: fewer commands, and no frames of 16-bit code (help stepvm)\n
  end
end
if !$stepvm_plain
  python
import os

# gdb does not tell a script its name, but it has it open.
stepvm_folder = None
for stepvm_fd in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        stepvm_file = os.readlink("/proc/self/fd/" + stepvm_fd)
    except OSError:
        continue
    if os.path.basename(stepvm_file) == "stepvm.gdb":
        stepvm_folder = os.path.dirname(stepvm_file)
if stepvm_folder is None or not os.path.exists(os.path.join(stepvm_folder, "stepvm.py")):
    gdb.execute("set $stepvm_plain = 1")
    print("stepvm.gdb: stepvm.py is not beside it: fewer commands, and no 16-bit frames")
else:
    gdb.execute("source " + os.path.join(stepvm_folder, "stepvm.py"))
  end
end

if $stepvm_plain

# At every stop where a person looks on: a batch and a pipe have no pages.
if $_isvoid($stepvm_context)
  set $stepvm_context = $_gdb_setting("height") != 0
end

define-prefix stepvm context
define stepvm context
  if $cpumode == 6
    stepvm-context-64
  else
    stepvm-context-32
  end
end
document stepvm context
Show where the CPU is: mode, CS:IP, registers, flags, next instructions, stack.

It is shown at every stop: 'stepvm context off' ends that, 'stepvm context on' begins it again.
end

define stepvm context on
  set $stepvm_context = 1
end
document stepvm context on
Show the context at every stop.
end

define stepvm context off
  set $stepvm_context = 0
end
document stepvm context off
Show the context only when 'stepvm context' asks for it.
end

define stepvm screen
  monitor screen
end
document stepvm screen
Show the text of the guest's screen.
end

define stepvm screenshot
  remote get screen.png $arg0
end
document stepvm screenshot
Save the guest's screen as a PNG file: stepvm screenshot FILE.
end

define stepvm core
  remote get core $arg0
end
document stepvm core
Write an ELF core file of the guest as it is now: stepvm core FILE.
end

define stepvm save
  monitor savevm $arg0
end
document stepvm save
Keep the whole machine as it is now, in memory: stepvm save NAME.
end

define stepvm record
  if $argc == 0
    monitor record
  end
  if $argc == 1
    monitor record $arg0
  end
  if $argc == 2
    remote get recording $arg1
  end
end
document stepvm record
Record the guest, so that reverse-stepi, reverse-continue and the others go back: stepvm record on.

off ends it; cut makes the past where the guest stands the present; save FILE writes it to a file; alone it tells.
end

define stepvm when
  monitor when
end
document stepvm when
Show at which position of the recording the guest stands.
end

define stepvm goto
  monitor goto $arg0
  stepvm-moved
end
document stepvm goto
Go to a position of the recording: stepvm goto N, -N for so many steps back, start, end or a mark's name.
end

define stepvm mark
  if $argc == 0
    monitor mark
  else
    monitor mark $arg0
  end
end
document stepvm mark
Give where the guest stands a name for 'stepvm goto': stepvm mark NAME. Alone it lists them.
end

define stepvm last-write
  if $argc == 1
    monitor last-write $arg0
  else
    monitor last-write $arg0 $arg1
  end
  stepvm-moved
end
document stepvm last-write
Go to before the last write to an address: stepvm last-write ADDRESS [LENGTH].
What counts is the byte in memory that it is now, by whatever linear address it was written.
end

define stepvm calls
  monitor calls $arg0
end
document stepvm calls
Show the last calls of an int's vector, by position: stepvm calls 0x13.
end

define stepvm output
  if $argc == 0
    monitor output
  else
    monitor output $arg0
    stepvm-moved
  end
end
document stepvm output
Go to where the guest has printed line N, or the Nth from the end: stepvm output N|-N. Alone it lists the last lines.
end

define stepvm last-jump-to
  monitor last-jump-to $arg0
  stepvm-moved
end
document stepvm last-jump-to
Go to where the guest came to an address last: stepvm last-jump-to ADDRESS.
end

define stepvm hits
  monitor hits $arg0
end
document stepvm hits
Show the last positions at which the guest came to an address: stepvm hits ADDRESS.
end

define stepvm-moved
  stepvm-leave-frame
  maintenance flush register-cache
  maintenance flush dcache
  hook-stop
  frame
end
document stepvm-moved
Part of what brings the guest to another moment: gdb forgets what it has read.
end

define stepvm load
  monitor loadvm $arg0
  stepvm-moved
end
document stepvm load
Make the machine what it was when 'stepvm save NAME' kept it: stepvm load NAME.

gdb forgets what it has read, so that 'x/i $pc' is right at once. Breakpoints stay.
end

define stepvm reset
  monitor reset
  stepvm-leave-frame
  maintenance flush register-cache
  maintenance flush dcache
  hook-stop
  frame
end
document stepvm reset
Have the machine begin anew, from the image as its file is now.

gdb forgets what it has read. Breakpoints stay.
end

# No command of gdb's gives what a monitor command prints to a script; a shell's status does.
define stepvm-context-halted
  pipe monitor info cpus | grep -q halted
  if $_shell_exitcode == 0
    printf " (halted)"
  end
end
document stepvm-context-halted
Part of 'stepvm context': whether the CPU is halted.
end

define stepvm-context-32
  set $stepvm_sp = (unsigned) $esp
  # SS says how wide its offset is (DB), not the code.
  if !((int) $ss_desc.attributes & 0x4000)
    set $stepvm_sp = $stepvm_sp & 0xffff
  end
  output $cpumode
  stepvm-context-halted
  printf "  CS:IP %04x:%04x  linear 0x%x  SS:SP %04x:%04x  ", $cs & 0xffff, $ip, (unsigned) $eip, $ss & 0xffff, $stepvm_sp
  output $eflags
  printf "\neax %08x  ebx %08x  ecx %08x  edx %08x  DS %04x  ES %04x\n", $eax, $ebx, $ecx, $edx, $ds & 0xffff, $es & 0xffff
  printf "esi %08x  edi %08x  ebp %08x  esp %08x  FS %04x  GS %04x\n", $esi, $edi, (unsigned) $ebp, (unsigned) $esp, $fs & 0xffff, $gs & 0xffff
  x/4i $pc
  if $cpumode == 3 || $cpumode == 5 || $cpumode == 7
    x/4xw $ss_base + $stepvm_sp
  else
    x/8xh $ss_base + $stepvm_sp
  end
end
document stepvm-context-32
Part of 'stepvm context', for 16-bit and 32-bit code.
end

define stepvm-context-64
  output $cpumode
  stepvm-context-halted
  printf "  rip 0x%lx  CS %04x  SS %04x  ", $rip, $cs & 0xffff, $ss & 0xffff
  output $eflags
  printf "\nrax %016lx  rbx %016lx  rcx %016lx\n", $rax, $rbx, $rcx
  printf "rdx %016lx  rsi %016lx  rdi %016lx\n", $rdx, $rsi, $rdi
  printf "rbp %016lx  rsp %016lx  r8  %016lx\n", $rbp, $rsp, $r8
  x/4i $pc
  x/4xg $rsp
end
document stepvm-context-64
Part of 'stepvm context', for 64-bit code.
end

end

# Where the CPU changes its mode, gdb has to read the description of the registers again, and does so
# before anything is printed at the stop. Without this script stepvm tells it of an exec event, and it
# does so in a gdb without Python, for breakpoints above 4 GiB (stepvm_modes.py).
if !$stepvm_plain
  # Newer gdbs tell what was set.
  python gdb.execute("set remote exec-event-feature-packet off", to_string=True)
end

# What gdb's registers are those of: 0, 1, 2 for 16, 32, 64 bits.
set $stepvm_width = -1

# A gdb that was given no file asks a stub for the guest's, and warns where there is none. So `stepvm debug`, which
# knows whether there is one, names a file in $stepvm_placeholder, this script: gdb has that, as bytes, while it
# connects or begins anew (hook-run and its like).
if $_isvoid($stepvm_holds)
  set $stepvm_holds = 0
end
define stepvm-hold-file
  if !$_isvoid($stepvm_placeholder)
    set gnutarget binary
    eval "exec-file \"%s\"", $stepvm_placeholder
    set gnutarget auto
    set $stepvm_holds = 1
  end
end
document stepvm-hold-file
Part of connecting: gdb takes a file of ours for its executable file.
end
define target hook-extended-remote
  stepvm-hold-file
end

define hook-stop
  if $stepvm_holds
    exec-file
    set $stepvm_holds = 0
  end
  # The end of the guest is a stop without registers.
  if $_thread && !$_isvoid($cpumode)
    set $stepvm_now = $cpumode == 6 ? 2 : $cpumode == 3 || $cpumode == 5 || $cpumode == 7
    if $stepvm_now != $stepvm_width
      # gdb takes a file's 32-bit architecture for more precise than 16-bit code's: without the
      # executable file (its symbols stay) the CPU's counts.
      if $stepvm_now == 0
        exec-file
      end
      unset tdesc filename
      set $stepvm_width = $stepvm_now
      if !$stepvm_plain
        python __import__("stepvm_modes").follow()
      end
    end
    if $stepvm_context
      if $stepvm_plain
        stepvm context
      else
        python __import__("stepvm_context").at_stop()
      end
    end
  end
end

# gdb does not let go of a trace frame where the guest begins anew.
define stepvm-leave-frame
  if !$_isvoid($trace_frame)
    if $trace_frame >= 0
      tfind none
    end
  end
end
document stepvm-leave-frame
Part of 'run', 'start', 'starti' and 'stepvm load'.
end
define hook-run
  stepvm-leave-frame
  stepvm-hold-file
end
define hook-start
  stepvm-leave-frame
  stepvm-hold-file
end
define hook-starti
  stepvm-leave-frame
  stepvm-hold-file
end

# What stepvm has started has nothing that outlives it: the guest ends with gdb, unasked. Who says quit or disconnect
# is not told that gdb has ended: that is for a gdb that a signal ends.
if !$_isvoid($stepvm_owns)
  define hook-quit
    set confirm off
    if !$stepvm_plain
      python __import__("stepvm_console").leave()
    end
  end
  define hook-disconnect
    if !$stepvm_plain
      python __import__("stepvm_console").leave()
    end
  end
  # No shared library will bring a name that is unknown now: gdb would ask, and take the next line for the answer.
  set breakpoint pending off
end

# A trace frame may be of another mode: gdb reads the description again there, and when it leaves it.
define stepvm-follow-frame
  if !$stepvm_plain
    python __import__("stepvm_machine").follow_trace_frame()
  end
end
document stepvm-follow-frame
Part of 'tfind': gdb's registers become those of the frame's mode.
end
define hook-tstart
  if !$stepvm_plain
    python __import__("stepvm_machine").renew_conditions()
  end
end
define hookpost-tfind
  stepvm-follow-frame
end
define tfind hookpost-end
  stepvm-follow-frame
end
define tfind hookpost-line
  stepvm-follow-frame
end
define tfind hookpost-outside
  stepvm-follow-frame
end
define tfind hookpost-pc
  stepvm-follow-frame
end
define tfind hookpost-range
  stepvm-follow-frame
end
define tfind hookpost-start
  stepvm-follow-frame
end
define tfind hookpost-tracepoint
  stepvm-follow-frame
end
