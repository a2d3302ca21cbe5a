"""Where the guest's output goes while gdb has the whole screen, and what stepvm tells while the guest runs.

In gdb's TUI, what others write to the terminal spoils its windows. While it is on, what the guest
prints comes by way of gdb (`monitor console gdb`), which puts it into the command window."""

import sys

import gdb

import stepvm_context as context
import stepvm_machine as machine


class State:
    """What was asked for."""

    is_through_gdb = False  # the output comes by way of gdb
    has_hints = False  # of this connection
    ends = []  # events of guests that have ended since


def follow():
    """Before each prompt: the TUI may have come or gone."""
    try:
        wanted = machine.is_tui()
        if wanted == State.is_through_gdb or not machine.has_guest():
            return
        if not machine.has_register("cpumode"):  # another stub than stepvm's
            return
        State.is_through_gdb = wanted
        gdb.execute("monitor console " + ("gdb" if wanted else "stdio"), to_string=True)
    except (gdb.error, KeyboardInterrupt):
        pass  # the connection has gone, gdb can't tell, or Ctrl-C was typed: it is tried before the next prompt


def ask_for_hints(_event=None):
    """At a stop, of which a connection's beginning is one: stepvm is asked to say that a guest which goes on waits for
    a key, and that a signal has ended gdb. A person would see no reason for either."""
    try:
        if State.ends:  # the guest is gone, and this one may be another stepvm's
            State.has_hints = False
            State.ends.clear()
        if State.has_hints or not context.is_for_a_person() or not machine.has_register("cpumode"):
            return
        State.has_hints = True
        gdb.execute("monitor hints on", to_string=True)
    except gdb.error:
        pass  # the connection has gone, or it is another stub


def leave():
    """Before `quit` and `disconnect`: who asks for gdb's end need not be told that it has come."""
    try:
        if State.has_hints:
            gdb.execute("monitor hints off", to_string=True)
    except (gdb.error, KeyboardInterrupt):
        pass  # nothing may keep gdb from ending


# The handler of a guest's end. A SIGTERM that ends gdb becomes a KeyboardInterrupt in whatever Python code runs next,
# and gdb prints that. This is a method in C, so no Python code runs here.
note_end = State.ends.append


def be_quiet_at_end():
    """After such a SIGTERM the end of Python itself is the next Python code, and would print the interrupt with a
    traceback: nothing is printed of one that nobody can handle."""
    before = sys.unraisablehook

    def tell(unraisable):
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)

    sys.unraisablehook = tell
