"""`stepvm` commands about addresses, going on and going back: lin, break, x, over, ports, log, save,
load, and how all of them become commands of gdb's."""

import difflib
import inspect
import re

import gdb

import stepvm_console as console
import stepvm_context as context
import stepvm_files as files
import stepvm_frames as frames
import stepvm_interrupts as interrupts
import stepvm_machine as machine
import stepvm_modes as modes
import stepvm_moments as moments
import stepvm_paging as paging
import stepvm_registers as registers
import stepvm_tables as tables
from stepvm_addresses import SEGMENTS, address_of, number_of, parse_address, seg_off
from stepvm_machine import Failed

# --- addresses -----------------------------------------------------------------------------------


def lin(arg):
    """Show an address as linear, as SEG:OFF, and as physical where paging is on.
Usage: stepvm lin SEG:OFF
       stepvm lin EXPRESSION

Both sides of SEG:OFF are hexadecimal with or without 0x, registers, or expressions of gdb's; the
base is the segment times 16 in real mode and the descriptor's in protected mode.

  stepvm lin 07c0:0031
  stepvm lin es:di
  stepvm lin &message"""
    found = parse_address(arg)
    said = ["0x%x" % found.gva]
    name = machine.symbol(found.gva)
    if name:
        said[0] += " <%s>" % name
    if found.selector is not None:
        said.insert(0, seg_off(found.selector, found.offset))
    gdb.write(" = ".join(said) + "\n")
    if machine.is_paging() and not machine.is_in_frame():
        where = machine.monitor("gva2gpa 0x%x" % found.gva).strip()
        gdb.write(re.sub("^gpa:", "physical", where).replace("Unmapped", "not mapped") + "\n")
    if machine.mode() == machine.LONG64:
        return
    for segment in SEGMENTS:
        selector = machine.register(segment) & 0xFFFF
        offset = found.gva - machine.register(segment + "_base")
        if selector != found.selector and 0 <= offset <= 0xFFFF:
            gdb.write("%s %s\n" % (segment, seg_off(selector, offset)))


def split_condition(arg):
    match = re.match(r"(.*?)(\s+(?:if|thread|-force-condition)\b.*)?\Z", arg, re.S)
    return match.group(1), match.group(2) or ""


def set_break(arg):
    """Set a breakpoint at SEG:OFF.
Usage: stepvm break SEG:OFF [if CONDITION]

A breakpoint is at a linear address, whichever CS the guest comes there with. See `help stepvm lin`
for what SEG and OFF can be.

  stepvm break 07c0:0031
  stepvm break cs:100 if $cx == 0"""
    address, rest = split_condition(arg)
    gdb.execute("break *0x%x%s" % (address_of(address), rest))


def examine(arg):
    """Examine memory at SEG:OFF, as gdb's `x` does.
Usage: stepvm x[/FMT] SEG:OFF

  stepvm x/8xh ss:sp
  stepvm x/s ds:si
  stepvm x/5i f000:fff0"""
    match = re.match(r"\s*(/\S*)?\s*(.*)\Z", arg, re.S)
    gdb.execute("x%s 0x%x" % (match.group(1) or "", address_of(match.group(2))))


# --- going on ------------------------------------------------------------------------------------


def over(arg):
    """Step over the instruction that is next, whatever it is: until the one after it.
Usage: stepvm over

As `nexti` where that is enough. A `rep` is done to its end, and so is a loop that this jump or
`loop` goes back to; gdb's `nexti` does one iteration."""
    if arg:
        raise Failed("stepvm over takes no argument")
    frame = machine.frame()
    insn = frame.architecture().disassemble(frame.pc())[0]
    after = frame.pc() + insn["length"]
    words = insn["asm"].split()
    target = re.search(r"\b0x([0-9a-f]+)", insn["asm"])
    is_rep = words[0].startswith("rep")
    is_back = re.match(r"(j(?!mp)|loop)", words[0]) and target
    is_back = is_back and int(target.group(1), 16) <= frame.pc()
    gdb.execute("until *0x%x" % after if is_rep or is_back else "nexti")


def ports(arg):
    """Show the last accesses of I/O ports: `monitor ports [COUNT]`.
Usage: stepvm ports [COUNT]"""
    gdb.write(machine.monitor("ports " + arg))


def log(arg):
    """Show what the guest did last: ports, MMIO, halts, failures: `monitor log [COUNT]`.
Usage: stepvm log [run|bios|insn] [COUNT]

With run: what run control decided last, how it stepped and stopped the guest, and why. With bios: the last
calls of the BIOS. With insn: the last instructions, after `stepvm log insn on`."""
    gdb.write(machine.monitor("log " + arg))


def physical(arg):
    """Show memory by physical address: `monitor xp ADDRESS [BYTES]`.
Usage: stepvm xp ADDRESS [BYTES]

ADDRESS is an expression of gdb's without blanks.

  stepvm xp $cr3 32"""
    words = arg.split()
    if not 1 <= len(words) <= 2:
        raise Failed("expected ADDRESS [BYTES]")
    gdb.write(machine.monitor("xp " + " ".join("0x%x" % number_of(word) for word in words)))


# --- the screen ----------------------------------------------------------------------------------


def screen(arg):
    """Show the text of the guest's screen: `monitor screen`.
Usage: stepvm screen"""
    if arg:
        raise Failed("stepvm screen takes no argument")
    gdb.write(machine.monitor("screen"))


def screenshot(arg):
    """Save the guest's screen as a PNG file: `remote get screen.png FILE`.
Usage: stepvm screenshot FILE"""
    if not arg:
        raise Failed("expected a FILE to write")
    try:
        files.fetch("screen.png", arg, files.is_whole_png)
    except gdb.error as error:
        said = machine.monitor("screen")
        if said.startswith("screen: "):
            raise Failed(said.strip()) from None
        raise Failed(str(error)) from None
    gdb.write("Saved the screen as %s.\n" % arg)


def core(arg):
    """Write an ELF core file of the guest as it is now: `remote get core FILE`.
Usage: stepvm core FILE

It has the registers, and RAM by linear address as it is mapped; `gdb kernel.elf FILE` opens it without
the guest. Pages of zeros take no room. gdb knows no core files of 16-bit code: $pc and memory are right
in it, but x/i takes the code for 32-bit code; `objdump -D -m i8086 FILE` does not."""
    if not arg:
        raise Failed("expected a FILE to write")
    try:
        files.fetch("core", arg, files.is_whole_core)
    except gdb.error as error:
        raise Failed("no core: %s" % error) from None
    gdb.write("Wrote a core file, %s.\n" % arg)


COMMANDS = {"lin": lin, "break": set_break, "x": examine, "over": over, "ports": ports, "log": log,
            "xp": physical, "screen": screen, "screenshot": screenshot, "core": core}  # fmt: skip


# --- commands of gdb's ---------------------------------------------------------------------------


class Command(gdb.Command):
    """A function as a command: its text is the command's help."""

    def __init__(self, name, run):
        self.__doc__ = inspect.cleandoc(run.__doc__)
        self.run = run
        takes_expression = name in ("lin", "break", "x", "pt", "xp")
        completion = gdb.COMPLETE_EXPRESSION if takes_expression else gdb.COMPLETE_NONE
        super().__init__("stepvm " + name, gdb.COMMAND_USER, completion)

    def invoke(self, arg, from_tty):
        machine.frame()  # says so where no guest is
        try:
            self.run(arg.strip())
        except (gdb.error, gdb.MemoryError) as error:
            raise Failed(str(error)) from None  # without "Python Exception"


class Unknown(gdb.Command):
    """Part of `stepvm`: it refuses a word that is none of its commands, and names the nearest one."""

    def __init__(self, names):
        self.names = names
        super().__init__("stepvm-unknown", gdb.COMMAND_OBSCURE)

    def invoke(self, arg, from_tty):
        near = difflib.get_close_matches(arg, self.names, 1)
        meant = "did you mean stepvm %s? See `help stepvm`" % near[0] if near else "`help stepvm` lists them"
        raise Failed("stepvm %s: there is no such command; %s" % (arg, meant))


def handlers():
    """(gdb's registry of events, our handler)."""
    return (
        (gdb.events.cont, context.on_continue),
        (gdb.events.cont, machine.forget_memory),
        (gdb.events.memory_changed, machine.forget_memory),
        (gdb.events.memory_changed, interrupts.forget),
        (gdb.events.new_objfile, interrupts.forget),
        (gdb.events.before_prompt, machine.forget_memory),
        (gdb.events.new_objfile, machine.forget_memory),
        (gdb.events.before_prompt, console.follow),
        (gdb.events.before_prompt, moments.follow),
        (gdb.events.stop, console.ask_for_hints),
        (gdb.events.exited, console.note_end),
    )


def load():
    """Makes the commands, the frames and the view known to gdb."""
    commands = {**COMMANDS, **tables.COMMANDS, **paging.COMMANDS, **moments.COMMANDS}
    for name, run in commands.items():
        Command(name, run)
    context.Context()
    Unknown([*commands, "context"])
    if gdb.convenience_variable("stepvm_context") is None:
        gdb.set_convenience_variable("stepvm_context", int(context.is_for_a_person()))
    for registry, handler in handlers():
        registry.connect(handler)
    gdb.unwinder.register_unwinder(None, frames.Unwinder(), replace=True)
    gdb.unwinder.register_unwinder(None, interrupts.Unwinder(), replace=True)
    frames.register_filter()
    console.be_quiet_at_end()
    modes.load()
    registers.load()


def unload():
    """Before it is loaded again; what gdb replaces by itself stays."""
    modes.unload()
    for registry, handler in handlers():
        try:
            registry.disconnect(handler)
        except ValueError:
            pass  # it was not connected
