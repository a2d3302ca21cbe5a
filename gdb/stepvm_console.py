"""Where the guest's output goes while gdb has the whole screen, and what stepvm tells while the guest runs.

In gdb's TUI, what others write to the terminal spoils its windows. While it is on, what the guest
prints comes by way of gdb (`monitor console gdb`), which puts it into the command window."""

import gdb

import stepvm_context as context
import stepvm_machine as machine


class State:
    """What was asked for."""

    is_through_gdb = False  # the output comes by way of gdb
    has_hints = False  # of this connection


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
    """At a stop, of which a connection's beginning is one: who has continued a guest that waits for a key would
    see nothing. stepvm says it each time."""
    try:
        if State.has_hints or not context.is_for_a_person() or not machine.has_register("cpumode"):
            return
        State.has_hints = True
        gdb.execute("monitor hints on", to_string=True)
    except gdb.error:
        pass  # the connection has gone, or it is another stub


def forget_hints(_event=None):
    """The guest is gone, and the next one may be another stepvm's."""
    State.has_hints = False
