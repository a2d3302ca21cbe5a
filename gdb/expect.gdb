# expect.gdb: commands for scripts that test a guest. `stepvm test` loads it; by hand: source it.
# It needs a gdb with Python, as distributions build it. In gdb, `help expect` tells the rest.

python
import os
import re
import tempfile
import threading
import time

import gdb

class ExpectState:
    """What the commands know of this test."""

    held = 0  # expects that held
    failure = None  # the first that did not
    skipped = None  # why the script has ended itself
    last_stop = None  # in words: see `help expect-stop`
    stop_count = 0
    console = os.environ.get("STEPVM_TEST_CONSOLE")  # the file with the guest's output
    elsewhere = os.environ.get("STEPVM_TEST_ELSEWHERE")  # where its serial port leads instead
    vm = os.environ.get("STEPVM_TEST_VM")  # the VM's process
    result = os.environ.get("STEPVM_TEST_RESULT")  # the file that stepvm test reads

def expect_record(line):
    """For stepvm test; src/testrun/verdict.h lists the lines."""
    if ExpectState.result:
        with open(ExpectState.result, "a", errors="replace") as to:
            to.write(" ".join(line.split()) + "\n")

def expect_held(what):
    ExpectState.held += 1
    gdb.write("held: %s\n" % what)
    gdb.flush()

def expect_failed(what):
    text = "expect failed: " + what
    if ExpectState.failure is None:
        ExpectState.failure = text
    raise gdb.GdbError(text)

# --- expressions ---------------------------------------------------------------------------------

# Longest first, so that `<<=` is not taken for `<`.
EXPECT_TOKENS = re.compile(
    r"""\s+ | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \$?[\w.]+ |
        <<=|>>=|==|!=|<=|>=|->|<<|>>|&&|\|\||\+\+|--|[-+*/%&|^]= | .""",
    re.X | re.S,
)
EXPECT_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")

def expect_tokens(text):
    """(offset, token) of all but blanks."""
    found = [(m.start(), m.group()) for m in EXPECT_TOKENS.finditer(text)]
    return [(at, token) for at, token in found if not token.isspace()]

def expect_is_operand_end(token):
    return token[-1].isalnum() or token[-1] in "_)]\"'"

def expect_check_parts(tokens):
    """Refuses what a test cannot mean: an assignment, and `a & b == c`, which is `a & (b == c)`."""
    levels = [[None, None]]  # for each open bracket: the comparison and the weaker operator in it
    for i, (_, token) in enumerate(tokens):
        is_binary = i > 0 and expect_is_operand_end(tokens[i - 1][1])
        if token in ("(", "[", "{"):
            levels.append([None, None])
        elif token in (")", "]", "}") and len(levels) > 1:
            levels.pop()
        elif token in EXPECT_COMPARISONS:
            levels[-1][0] = token
        elif token == "&" and i > 0 and tokens[i - 1][1] == ")" and i + 1 < len(tokens):
            # (int)&x or (a)&1: only a number can't have an address.
            if tokens[i + 1][1][0] in "0123456789$":
                levels[-1][1] = token
        elif token in ("&", "|", "^") and is_binary:
            levels[-1][1] = token
        elif token in (",", "&&", "||", "?", ":"):
            levels[-1] = [None, None]
        elif token.endswith("=") and token not in EXPECT_COMPARISONS:
            raise gdb.GdbError("expect: %s assigns; == compares" % token)
        if levels[-1][0] and levels[-1][1]:
            raise gdb.GdbError(
                "expect: %s binds less than %s: put ( ) around what it joins"
                % (levels[-1][1], levels[-1][0])
            )

def expect_sides(text, tokens):
    """(left, operator, right) when the expression is one comparison, else None."""
    depth, found = 0, []
    for at, token in tokens:
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        if depth == 0 and token in (",", "&&", "||", "?"):
            return None
        if depth == 0 and token in EXPECT_COMPARISONS:
            found.append((at, token))
    if len(found) != 1:
        return None
    at, token = found[0]
    return text[:at].strip(), token, text[at + len(token) :].strip()

def expect_show(text, is_hex):
    """An expression's value for a message."""
    value = gdb.parse_and_eval(text)
    kind = value.type.strip_typedefs()
    is_pointer = kind.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_FUNC)
    numbers = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_FLAGS)
    if is_pointer:
        symbol = re.search(r" (<[^<>]*>)$", str(value))
        address = int(value.address if kind.code == gdb.TYPE_CODE_FUNC else value)
        return "0x%x%s" % (address, " " + symbol.group(1) if symbol else "")
    if kind.code not in numbers:
        return str(value)
    number = int(value)
    if number < 0:
        bits = 8 * kind.sizeof
        return "%d (0x%x as %s)" % (number, number & ((1 << bits) - 1), value.type)
    return "0x%x" % number if is_hex and number > 9 else "%d" % number

def expect_explain(text, tokens):
    """What the expression's two sides are, or what it is as a whole."""
    sides = expect_sides(text, tokens)
    is_hex = re.search(r"\b0x|[$](pc|sp|[er]?ip|\w*_base)\b", text) is not None
    if sides is None:
        return "was %s, wanted true" % expect_show(text, is_hex)
    left, operator, right = sides
    wanted = expect_show(right, is_hex)
    if operator == "!=":
        wanted = "anything else"
    elif operator != "==":
        wanted = operator + " " + wanted
    return "was %s, wanted %s" % (expect_show(left, is_hex), wanted)

def expect_split_message(arg, tokens):
    """(expression, message or None): a string at the end, unless it is an operand."""
    if len(tokens) < 2 or tokens[-1][1][0] != '"' or len(tokens[-1][1]) < 2:
        return arg, None
    if not expect_is_operand_end(tokens[-2][1]) and tokens[-2][1] != "}":
        return arg, None
    at = tokens[-1][0]
    return arg[:at].strip(), arg[at + 1 :].strip()[:-1].replace('\\"', '"')

class Expect(gdb.Command):
    """Fail the script unless an expression is true.
Usage: expect EXPRESSION [MESSAGE]

EXPRESSION is one of gdb's, so it can have registers, symbols and memory in it:

  expect $pc == 0x7c05 "at the far jump's target"
  expect *(unsigned short *) 0x500 == 3
  expect $_streq($message, "ok")

When it is false (0), the script ends there, with MESSAGE in double quotes if there is one, and
what was on each side of a comparison:

  expect failed: at the far jump's target: $pc == 0x7c05: was 0x7c00, wanted 0x7c05

$al, $ax and the like are signed in gdb: write $ax == -1, or (unsigned short) $ax == 0xffff.
An assignment is refused, and so is $eflags & 1 == 0, where ( ) are missing.

Others: expect-output, expect-error, expect-stop, expect-console, expect-screen,
continue-until-console, continue-until-screen, type, screenshot and skip-test. In Python, expect_equal(was, wanted, message)."""

    def __init__(self):
        super().__init__("expect", gdb.COMMAND_SUPPORT, gdb.COMPLETE_EXPRESSION)

    def invoke(self, arg, from_tty):
        text, message = expect_split_message(arg, expect_tokens(arg))
        if not text:
            raise gdb.GdbError("expect: expected EXPRESSION; see `help expect`")
        tokens = expect_tokens(text)
        expect_check_parts(tokens)
        what = "%s: %s" % (message, text) if message else text
        try:
            is_true = bool(gdb.parse_and_eval(text))
            why = None if is_true else expect_explain(text, tokens)
        except (gdb.error, RuntimeError) as error:
            is_true, why = False, "no value: %s" % error
        if not is_true:
            expect_failed("%s: %s" % (what, why))
        expect_held(what)

def expect_equal(was, wanted, message):
    """`expect` for Python: fails the script unless both are equal."""
    if was != wanted:
        expect_failed("%s: was %s, wanted %s" % (message, was, wanted))
    expect_held(message)

# --- commands and what they print ----------------------------------------------------------------

class ExpectRun:
    """Runs a command and keeps what it prints, an error's message too, in .text."""

    current = None

    def __init__(self, command):
        self.command, self.error = command, None
        outer, ExpectRun.current = ExpectRun.current, self
        try:
            # The command's own errors must not end execute(), which would lose the text.
            self.text = gdb.execute("python ExpectRun.current.run()", False, True)
        finally:
            ExpectRun.current = outer
        gdb.write(self.text)
        if self.error is not None:
            gdb.write(self.error + "\n")
            self.text += self.error + "\n"

    def run(self):
        try:
            gdb.execute(self.command, False)
        except gdb.error as error:
            self.error = str(error)

def expect_regex(pattern, what):
    try:
        return re.compile(pattern, re.M)
    except re.error as error:
        raise gdb.GdbError("%s: %s is no regular expression: %s" % (what, pattern, error))

def expect_take_regex(arg, what):
    """(regex, rest) of `REGEX rest` or `"REGEX" rest`."""
    match = re.match(r'\s*(?:"((?:\\.|[^"\\])*)"|(\S+))(?:\s+(.*))?$', arg, re.S)
    if not match or not match.group(3):
        raise gdb.GdbError("%s: expected REGEX and a command; see `help %s`" % (what, what))
    quoted, word, rest = match.groups()
    pattern = word if quoted is None else quoted.replace('\\"', '"')
    return expect_regex(pattern, what), rest

def expect_one_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = "; ".join(lines)
    return "`%s`" % (line if len(line) < 300 else "..." + line[-300:]) if line else "nothing"

class ExpectOutput(gdb.Command):
    """Fail the script unless a command's output matches.
Usage: expect-output REGEX COMMAND...

REGEX is one of Python's, to be found anywhere in the output; ^ and $ match at lines. It goes in
double quotes if there are blanks in it (\\" is a quote then).

  expect-output "xor +%ax,%ax" x/i $pc
  expect-output ^mode monitor info mode

COMMAND must not fail: see expect-error. What gdb says by itself when the guest stops is no output
of `continue` or `stepi`: see expect-stop."""

    def __init__(self):
        super().__init__("expect-output", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        regex, command = expect_take_regex(arg, "expect-output")
        run = ExpectRun(command)
        if run.error is not None:
            expect_failed("`%s` failed: %s" % (command, expect_one_line(run.text)))
        if not regex.search(run.text):
            printed = expect_one_line(run.text)
            expect_failed("`%s` printed %s, wanted /%s/" % (command, printed, regex.pattern))
        expect_held("`%s` printed /%s/" % (command, regex.pattern))

class ExpectError(gdb.Command):
    """Fail the script unless a command fails with a message that matches.
Usage: expect-error REGEX COMMAND...

  expect-error "Cannot access memory" x/b 0xffffffff

Warnings that the command prints before it fails belong to the message. REGEX is as for
expect-output."""

    def __init__(self):
        super().__init__("expect-error", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        regex, command = expect_take_regex(arg, "expect-error")
        run = ExpectRun(command)
        said = expect_one_line(run.text)
        if run.error is None:
            expect_failed("`%s` did not fail, it printed %s" % (command, said))
        if not regex.search(run.text):
            expect_failed("`%s` failed with %s, wanted /%s/" % (command, said, regex.pattern))
        expect_held("`%s` failed with /%s/" % (command, regex.pattern))

# --- stops ---------------------------------------------------------------------------------------

def expect_on_stop(event):
    ExpectState.stop_count += 1
    if isinstance(event, gdb.BreakpointEvent):
        numbers = [str(b.number) for b in event.breakpoints if b.is_valid()]
        ExpectState.last_stop = "breakpoint " + ",".join(numbers)
    elif isinstance(event, gdb.SignalEvent):
        ExpectState.last_stop = "signal " + event.stop_signal
    else:
        # No event tells a finished step from a stop without a signal, but the words of this do.
        is_step = "stopped after being stepped" in gdb.execute("info program", False, True)
        ExpectState.last_stop = "step" if is_step else "halt"

def expect_on_exit(event):
    ExpectState.stop_count += 1
    code = getattr(event, "exit_code", None)
    ExpectState.last_stop = "gone" if code is None else "exit %d" % code

gdb.events.stop.connect(expect_on_stop)
gdb.events.exited.connect(expect_on_exit)

class ExpectStop(gdb.Command):
    """Fail the script unless the guest's last stop was of the given kind.
Usage: expect-stop REGEX

REGEX has to match the whole of one of these:

  step             stepi, nexti, until and the like have done what they were asked for
  breakpoint 2     the number of the breakpoint or watchpoint; breakpoint 2,5 when both are there
  signal SIGINT    interrupted; SIGSEGV: triple fault; SIGILL, SIGABRT: KVM can't go on
  halt             stopped without a signal: halted, with nothing to wake it
  exit 3           the guest ended by an exit port (gdb's $_exitcode)
  gone             killed

REGEX is all of the line, in double quotes or not: expect-stop signal SIGSEGV."""

    def __init__(self):
        super().__init__("expect-stop", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        regex = expect_regex(expect_unquoted(arg), "expect-stop")
        was = ExpectState.last_stop
        if was is None:
            expect_failed("the guest has not run, wanted a stop /%s/" % regex.pattern)
        if not regex.fullmatch(was):
            how = " to match the whole of that" if regex.search(was) else ""
            expect_failed("the last stop was `%s`, wanted /%s/%s" % (was, regex.pattern, how))
        expect_held("the last stop was `%s`" % was)

# --- the guest's output --------------------------------------------------------------------------

def expect_console(what):
    if not ExpectState.console:
        raise gdb.GdbError("%s: only `stepvm test` keeps the guest's output" % what)
    with open(ExpectState.console, "rb") as console:
        return console.read().decode(errors="replace")

def expect_elsewhere():
    """For a message that misses some of it."""
    where = ExpectState.elsewhere
    return "; its serial port leads elsewhere: --console " + where if where else ""

def expect_guest_goes_on():
    """No debugger holds the guest, and its VM has not ended: more output may come."""
    thread = gdb.selected_thread()
    if thread is not None:
        return thread.is_running()
    try:
        with open("/proc/%s/stat" % ExpectState.vm) as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

def expect_unquoted(arg):
    arg = arg.strip()
    is_quoted = len(arg) > 1 and arg[0] == arg[-1] == '"'
    return arg[1:-1].replace('\\"', '"') if is_quoted else arg

class ExpectConsole(gdb.Command):
    """Fail the script unless the guest's output matches.
Usage: expect-console REGEX

The output is all that the guest has written so far to its serial port and to ports for text
(`stepvm run --help`). While the guest runs without us, after `detach`, more is waited for, until
it matches or the VM has ended. REGEX is all of the line, in double quotes or not; otherwise as for
expect-output. The output's file is $_stepvm_console."""

    def __init__(self):
        super().__init__("expect-console", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        regex = expect_regex(expect_unquoted(arg), "expect-console")
        goes_on = True
        while goes_on:
            goes_on = expect_guest_goes_on()  # before the look: its last words come with it
            text = expect_console("expect-console")
            if regex.search(text):
                expect_held("the guest has written /%s/" % regex.pattern)
                return
            if goes_on:
                time.sleep(0.002)
        expect_failed(
            "the guest has written %s, wanted /%s/%s"
            % (expect_one_line(text), regex.pattern, expect_elsewhere())
        )

class ContinueUntilConsole(gdb.Command):
    """Continue, and interrupt the guest when its output from there on matches.
Usage: continue-until-console REGEX

  continue-until-console login:

Fails the script when the guest stops before. It goes a little further than to the character that
matches. REGEX is as for expect-console."""

    def __init__(self):
        super().__init__("continue-until-console", gdb.COMMAND_RUNNING)

    def invoke(self, arg, from_tty):
        self.regex = expect_regex(expect_unquoted(arg), "continue-until-console")
        self.start = len(expect_console("continue-until-console"))
        self.stops = ExpectState.stop_count
        is_over = threading.Event()
        watcher = threading.Thread(target=self.watch, args=[is_over])
        watcher.start()
        try:
            gdb.execute("continue", False)
        finally:
            is_over.set()
            watcher.join()
        if not self.matches():
            expect_failed(
                "the guest stopped (%s) before it wrote /%s/%s"
                % (ExpectState.last_stop, self.regex.pattern, expect_elsewhere())
            )
        expect_held("the guest has written /%s/" % self.regex.pattern)

    def matches(self):
        return self.regex.search(expect_console("continue-until-console")[self.start :])

    def watch(self, is_over):
        """On a thread of its own, for which gdb has nothing but post_event."""
        while not is_over.wait(0.002):
            if self.matches():
                gdb.post_event(self.interrupt)
                return

    def interrupt(self):
        if ExpectState.stop_count == self.stops:
            gdb.execute("interrupt")

# --- the guest's screen and keyboard -------------------------------------------------------------

def expect_quoted(text):
    """What stands between double quotes, in which \\" is a quote; None where it does not, or something
    stands beside them."""
    match = re.fullmatch(r'"((?:\\"|[^"])+)"', text.strip(), re.S)
    return match.group(1).replace('\\"', '"') if match else None

class ExpectScreenNow:
    """What the guest's screen shows at this moment.

    rows: its rows from the top, with all their blanks; none where it has no text. why: what it has
    instead, such as a picture; None for text. Fails the script where there is no screen."""

    def __init__(self):
        # Each row in bars, so that nothing that a guest shows is taken for stepvm's own words.
        said = gdb.execute("monitor screen rows", False, True).strip("\n")
        self.rows = re.findall(r"^ *\d+ \|(.*)\|$", said, re.M)
        self.why = None
        if not self.rows:
            self.why = re.sub("^screen rows: ", "", expect_first_line(said))
            if "has no text" not in self.why:
                expect_failed(self.why)

    def shows(self, text):
        return any(text in row for row in self.rows)

    def print(self):
        shown = ["%2d |%s" % (i, row.rstrip()) for i, row in enumerate(self.rows) if row.strip()]
        if not shown:
            shown = ["(%s)" % (self.why or "the screen is empty")]
        gdb.write("\n".join(shown) + "\n")
        gdb.flush()

def expect_first_line(text):
    return text.partition("\n")[0]

class ExpectScreen(gdb.Command):
    """Fail the script unless the guest's screen shows a text.
Usage: expect-screen [ROW] "TEXT"

  expect-screen "A:\\>"
  expect-screen 24 "Press any key"

TEXT is looked for as it is (\\" is a quote), in any row, or in row ROW, the topmost being 0. A row is as
long as the screen is wide: blanks fill it. The screen is that of `monitor screen`, which a PC's board
has; what it shows is printed on a failure. A screen in a graphics mode shows no text."""

    def __init__(self):
        super().__init__("expect-screen", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        match = re.fullmatch(r"(?:(\d+)\s+)?(.*)", arg.strip(), re.S)
        text = expect_quoted(match.group(2))
        if text is None:
            raise gdb.GdbError(
                'expect-screen%s: expected [ROW] "TEXT": the row\'s number, if one is meant, and the '
                "text in double quotes" % (" " + arg.strip() if arg.strip() else "")
            )
        screen = ExpectScreenNow()
        if screen.why:
            expect_failed("%s: it does not show `%s`" % (screen.why, text))
        if match.group(1) is None:
            self.look(screen, screen.shows(text), "the screen", text)
        else:
            self.look_at(screen, int(match.group(1)), text)

    def look_at(self, screen, number, text):
        if number >= len(screen.rows):
            expect_failed("row %d: the screen has rows 0 to %d" % (number, len(screen.rows) - 1))
        row = screen.rows[number]
        shown = ": it shows %s" % ("`%s`" % row.rstrip() if row.strip() else "nothing")
        self.look(screen, text in row, "row %d of the screen" % number, text, shown)

    def look(self, screen, is_there, where, text, shown=""):
        if not is_there:
            screen.print()
            expect_failed("%s does not show `%s`%s" % (where, text, shown))
        expect_held("%s shows `%s`" % (where, text))

class ContinueUntilScreen(gdb.Command):
    """Continue until the guest's screen shows a text.
Usage: continue-until-screen "TEXT"

  type "dir\\r"
  continue-until-screen "bytes free"

The guest is interrupted every now and then for a look, which costs none of its time. Fails the script
when it stops by itself before, and shows what was on the screen, also where the test is late. A screen
in a graphics mode has no text, but one may come. TEXT is as for expect-screen."""

    SLICES = (0.02, 0.05, 0.1, 0.2)  # seconds, the last again and again

    def __init__(self):
        super().__init__("continue-until-screen", gdb.COMMAND_RUNNING)

    def invoke(self, arg, from_tty):
        text = expect_quoted(arg)
        if text is None:
            raise gdb.GdbError(
                'continue-until-screen%s: expected "TEXT", in double quotes'
                % (" " + arg.strip() if arg.strip() else "")
            )
        screen = None
        turn = 0
        while True:
            try:
                is_ours = self.go_on(self.SLICES[min(turn, len(self.SLICES) - 1)])
            except gdb.error:  # the VM was ended: the test is late, perhaps
                self.print_last(screen)
                raise
            turn += 1
            if ExpectState.last_stop.split()[0] in ("exit", "gone"):
                self.print_last(screen)
                self.fail("ended", text, screen)
            screen = ExpectScreenNow()
            if screen.shows(text):
                expect_held("the screen shows `%s`" % text)
                return
            if not is_ours:
                screen.print()
                self.fail("stopped", text, screen)

    def fail(self, how, text, screen):
        why = ": " + screen.why if screen and screen.why else ""
        expect_failed(
            "the guest %s (%s) before its screen showed `%s`%s"
            % (how, ExpectState.last_stop, text, why)
        )

    def print_last(self, screen):
        if screen:
            gdb.write("The screen, when it was last looked at:\n")
            screen.print()

    def go_on(self, seconds):
        """Continues for a while. True: the guest has stopped for us."""
        stops = ExpectState.stop_count
        self.has_asked = False

        def interrupt():
            if ExpectState.stop_count == stops:
                self.has_asked = True
                gdb.execute("interrupt")

        timer = threading.Timer(seconds, gdb.post_event, [interrupt])
        timer.start()
        try:
            said = gdb.execute("continue", False, True)
        finally:
            timer.cancel()
        is_ours = self.has_asked and ExpectState.last_stop == "signal SIGINT"
        if not is_ours:
            gdb.write(said)
        return is_ours

class Type(gdb.Command):
    """Type a text on the guest's keyboard.
Usage: type "TEXT"

  type "dir\\r"

TEXT stands in double quotes and has C's escapes: `monitor type`, and `monitor help type` lists them. The
guest gets it when it goes on, key by key, as it takes them."""

    def __init__(self):
        super().__init__("type", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        refused = gdb.execute("monitor type " + arg, False, True).strip()
        if refused:
            expect_failed(refused)

def expect_screen_png():
    """The picture's bytes. gdb writes them to a file, and does not look whether they get there: to one
    in memory, where this Python can make one, they do."""
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("screen"), "w+b")
    else:
        file = tempfile.TemporaryFile()
    with file:
        gdb.execute("remote get screen.png /proc/self/fd/%d" % file.fileno(), False, True)
        file.seek(0)
        png = file.read()
    if not png.endswith(EXPECT_PNG_END):
        raise OSError("the picture could not be kept: " + tempfile.gettempdir() + " is full")
    return png

EXPECT_PNG_END = b"IEND\xaeB`\x82"  # the type and the sum of its last, empty, piece

class Screenshot(gdb.Command):
    """Save the guest's screen as a PNG file.
Usage: screenshot FILE

FILE is relative to the folder that gdb was started in, for `stepvm test` its own."""

    def __init__(self):
        super().__init__("screenshot", gdb.COMMAND_SUPPORT, gdb.COMPLETE_FILENAME)

    def invoke(self, arg, from_tty):
        words = gdb.string_to_argv(arg)
        if len(words) != 1:
            raise gdb.GdbError("screenshot: expected a FILE")
        try:
            png = expect_screen_png()
            with open(os.path.expanduser(words[0]), "wb") as to:  # its end writes what is left
                to.write(png)
        except (gdb.error, OSError) as error:
            expect_failed("screenshot: %s" % error)

class SkipTest(gdb.Command):
    """End the script here: the test is skipped, neither passed nor failed.
Usage: skip-test REASON

For what a machine, a gdb or a KVM lacks:

  if $_isvoid($ymm0)
    skip-test this CPU has no AVX
  end"""

    def __init__(self):
        super().__init__("skip-test", gdb.COMMAND_SUPPORT)

    def invoke(self, arg, from_tty):
        reason = arg.strip()
        if not reason:
            raise gdb.GdbError("skip-test: expected a REASON")
        ExpectState.skipped = reason
        raise gdb.GdbError("skipped: " + reason)

for expect_command in (Expect, ExpectOutput, ExpectError, ExpectStop, ExpectConsole, ExpectScreen):
    expect_command()
for expect_command in (ContinueUntilConsole, ContinueUntilScreen, Type, Screenshot, SkipTest):
    expect_command()
if ExpectState.console:
    gdb.set_convenience_variable("_stepvm_console", ExpectState.console)
    gdb.set_convenience_variable("_stepvm_target", os.environ.get("STEPVM_TEST_TARGET", ""))
expect_record("loaded")
end
