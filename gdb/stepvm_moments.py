"""Other moments of the guest's life: snapshots, a reset, a recording. gdb forgets what it has read of this one."""

import gdb

import stepvm_addresses as addresses
import stepvm_machine as machine
from stepvm_machine import Failed

# --- snapshots -----------------------------------------------------------------------------------


def forget():
    """gdb's copies of registers and memory, and ours, are those of another moment."""
    for command in ("maintenance flush register-cache", "maintenance flush dcache"):
        try:
            gdb.execute(command, False, True)
        except gdb.error:
            pass  # a gdb from before 12 says the first one otherwise, and lacks the second
    machine.forget_memory()


def look_again_at_watchpoints():
    """What gdb compares with is of another moment, too: enabled anew, it looks."""
    kinds = (gdb.BP_WATCHPOINT, gdb.BP_HARDWARE_WATCHPOINT, gdb.BP_ACCESS_WATCHPOINT)
    for point in gdb.breakpoints():
        if point.type in kinds and point.enabled:
            point.enabled = False
            point.enabled = True


def save(arg):
    """Keep the whole machine as it is now, in memory: `monitor savevm NAME`.
Usage: stepvm save NAME

`stepvm load NAME` makes the machine that again. `monitor info snapshots` lists them, `monitor
delvm NAME` forgets one."""
    if not arg:
        raise Failed("expected a name, as in `stepvm save before`")
    said = machine.monitor("savevm " + arg)
    if not said.startswith("Saved"):
        raise Failed(said.strip())
    gdb.write(said)


def load(arg):
    """Make the machine what it was when `stepvm save NAME` kept it.
Usage: stepvm load NAME

As `monitor loadvm NAME`; gdb also forgets what it has read, so that `x/i $pc` is right at once, and
a watchpoint's old value is the one of then. Breakpoints, watchpoints and what is caught stay as they
are now."""
    if not arg:
        raise Failed("expected the name that was saved; `monitor info snapshots` lists them")
    said = machine.monitor("loadvm " + arg)
    if not said.startswith("Loaded"):
        raise Failed(said.strip())
    follow_machine(said.splitlines()[0] + "\n")


def reset(arg):
    """Have the machine begin anew, from the image as its file is now: `monitor reset`.
Usage: stepvm reset

gdb forgets what it has read, as with `stepvm load`. Breakpoints, watchpoints and what is caught stay."""
    if arg:
        raise Failed("stepvm reset takes no argument")
    said = machine.monitor("reset")
    if not said.startswith("The guest is at its first"):
        raise Failed(said.strip())
    follow_machine(said.splitlines()[0] + "\n")


def follow_machine(said):
    """The machine is another one, of which there was no stop."""
    gdb.execute("stepvm-leave-frame", to_string=True)
    forget()
    gdb.write(said)
    gdb.execute("hook-stop")  # the registers of another mode, the view
    look_again_at_watchpoints()
    gdb.execute("frame")


# --- the recording -------------------------------------------------------------------------------


def ask(line, *starts):
    """What the stub says to a `monitor` line, which begins so; else it is a refusal."""
    said = machine.monitor(line.strip())
    if not said.startswith(starts):
        raise Failed(said.strip())
    return said


class Moment:
    """Where the guest stands."""

    is_unknown = False  # Ctrl-C has ended what may have moved it


def follow(_event=None):
    """Before each prompt."""
    if Moment.is_unknown:
        Moment.is_unknown = False
        forget()


def move(line, *starts):
    """As ask, and the guest stands somewhere else then. After Ctrl-C nobody knows what was said. Nothing is asked at
once, for what gdb has not dealt with of the key would end that, too, with its reply still to come."""
    try:
        said = ask(line, *starts)
    except KeyboardInterrupt:
        Moment.is_unknown = True
        raise
    if "maintenance flush" not in said:
        gdb.write(said)
        return
    follow_machine("".join(part + "\n" for part in said.splitlines() if "maintenance flush" not in part))


def save_recording(path):
    if not path:
        raise Failed("expected a FILE to write")
    try:
        gdb.execute("remote get recording " + path, False, True)
    except gdb.error as error:
        raise Failed("no recording is written: %s" % error) from None
    gdb.write("Wrote the recording, %s.\n" % path)


def record(arg):
    """Record the guest, so that reverse-stepi, reverse-continue and the others go back.
Usage: stepvm record [on|off|cut|save FILE|info]

on begins here, off ends it, and cut makes the past where the guest stands the present: what came after it
is forgotten. save writes it to a file, as `remote get recording FILE` does: `stepvm debug FILE` opens that.
It has the guest's RAM and all that was typed. Alone it tells how much is recorded."""
    verb, _, path = arg.partition(" ")
    if verb == "save":
        save_recording(path.strip())
        return
    gdb.write(ask("record " + arg, "on", "off"))


def when(arg):
    """Show at which position of the recording the guest stands.
Usage: stepvm when"""
    if arg:
        raise Failed("stepvm when takes no argument")
    gdb.write(ask("when", "position"))


def goto(arg):
    """Go to a position of the recording.
Usage: stepvm goto N|-N|start|end|NAME

-N is so many steps back from here, NAME one that `stepvm mark` has given."""
    move("goto " + arg, "position")


def mark(arg):
    """Give where the guest stands a name for `stepvm goto`; alone: the names.
Usage: stepvm mark [NAME]"""
    said = machine.monitor(("mark " + arg).strip())
    if said.startswith(("mark:", "mark " + arg + ":")):
        raise Failed(said.strip())
    gdb.write(said)


def address_of(word):
    return "0x%x" % addresses.parse_address(word).gva


def last_write(arg):
    """Go to before the last write to an address.
Usage: stepvm last-write ADDRESS [LENGTH]

ADDRESS is SEG:OFF, or an expression of gdb's without blanks, such as $sp or &counter. What counts is
the byte in memory that it is now: the write may have been by another linear address of it."""
    words = arg.split()
    if not 1 <= len(words) <= 2:
        raise Failed("expected ADDRESS [LENGTH]")
    move("last-write " + " ".join([address_of(words[0])] + words[1:]), "position", "never")


def last_jump_to(arg):
    """Go to where the guest came to an address last.
Usage: stepvm last-jump-to ADDRESS"""
    if not arg:
        raise Failed("expected ADDRESS")
    move("last-jump-to " + address_of(arg), "position", "never")


def hits(arg):
    """Show the last positions at which the guest came to an address.
Usage: stepvm hits ADDRESS"""
    if not arg:
        raise Failed("expected ADDRESS")
    gdb.write(ask("hits " + address_of(arg), "position", "never"))


def calls(arg):
    """Show the last calls of an int's vector, by position.
Usage: stepvm calls N

Each with AX, whether it was by int N, and whether the BIOS has answered it."""
    if not arg:
        raise Failed("expected a vector, as in stepvm calls 0x13")
    gdb.write(ask("calls " + arg, "position", "never"))


def output(arg):
    """Go to where the guest has printed a line.
Usage: stepvm output [N|-N]

-N counts from the end. Alone it lists the last lines, with their numbers."""
    if arg:
        move("output " + arg, "position")
        return
    said = machine.monitor("output")
    if said.startswith("output"):
        raise Failed(said.strip())
    gdb.write(said)


COMMANDS = {"save": save, "load": load, "reset": reset, "record": record, "when": when, "goto": goto, "mark": mark,
            "last-write": last_write, "last-jump-to": last_jump_to, "hits": hits,
            "calls": calls, "output": output}  # fmt: skip
