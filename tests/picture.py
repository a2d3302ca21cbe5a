#!/usr/bin/env python3
"""The picture at README.md's top: a session of `stepvm debug` at a pseudo-terminal, as SVG.

    tests/picture.py STEPVM GUESTS        prints the SVG (make picture puts it into gdb/session.svg)

The commands below are typed at gdb's prompt, each when the one before has been answered. What comes back goes through a
terminal of a few control sequences; each step appears in its turn by CSS, and where no animation is known all of it is
there. The same program and gdb print the same bytes: no times, and no name that was made up for the session. The gdb's version
stands in the file, for another one words its messages otherwise.
"""
import os
import pty
import re
import select
import subprocess
import sys
import time
from xml.sax.saxutils import escape

COLUMNS, WAIT_S = 84, 120
GUEST = "segments"
COMMANDS = ["stepvm break 07c0:0031", "continue", "stepi"]
PROMPT = b"(gdb) "
LINE_PX, CHAR_PX, LEFT_PX, TOP_PX = 17, 7.8, 14, 42
STEP_S = 2.2  # between two commands
COLORS = ["#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4"]


def fail(text):
    sys.exit("tests/picture.py: " + text)


class Session:
    """A program at a pseudo-terminal."""

    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", COLUMNS=str(COLUMNS), LINES="60")
            os.environ.update(INPUTRC="/dev/null")
            for name in ("DEBUGINFOD_URLS", "NO_COLOR", "COLORTERM"):
                os.environ.pop(name, None)
            subprocess.run(["stty", "cols", str(COLUMNS), "rows", "60"], check=False)
            os.execv(argv[0], argv)

    def read_to(self, end):
        """All up to and with end; without end, up to the program's end."""
        text, until = b"", time.monotonic() + WAIT_S
        while end is None or not text.endswith(end):
            if not select.select([self.fd], [], [], max(0, until - time.monotonic()))[0]:
                fail("no answer within %d s after: %r" % (WAIT_S, text[-300:]))
            try:
                piece = os.read(self.fd, 1)
            except OSError:  # EIO: the program has ended
                piece = b""
            if not piece:
                if end is None:
                    return text
                fail("the session has ended: %r" % text[-300:])
            text += piece
        return text

    def type(self, line):
        os.write(self.fd, line.encode() + b"\r")


class Screen:
    """Lines of cells, (character, style); what has scrolled away is kept."""

    SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07|\x1b[=>]|\x1b\([A-Z]")

    def __init__(self):
        self.lines, self.column, self.style = [[]], 0, ""

    def put(self, ch):
        line = self.lines[-1]
        line.extend([(" ", "")] * (self.column - len(line)))
        line[self.column:self.column + 1] = [(ch, self.style)]
        self.column += 1

    def sgr(self, parameters):
        for code in [int(p or 0) for p in parameters.split(";")]:
            if code == 0:
                self.style = ""
            elif code == 1:
                self.style = (self.style + " b").strip()
            elif code in (22, 39):
                self.style = " ".join(w for w in self.style.split() if w != ("b" if code == 22 else w))
            elif code == 7:
                self.style = (self.style + " r").strip()
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.style = " ".join([w for w in self.style.split() if w[0] != "c"] + ["c%d" % (code % 10)])

    def control(self, parameters, letter):
        n = int(parameters) if parameters.isdigit() else 1
        if letter == "m":
            self.sgr(parameters)
        elif letter == "K":
            del self.lines[-1][self.column:]
        elif letter == "C":
            self.column += n
        elif letter == "D":
            self.column = max(0, self.column - n)

    def feed(self, text):
        at = 0
        while at < len(text):
            ch = text[at]
            match = self.SEQUENCE.match(text, at)
            at += 1
            if match:
                at = match.end()
                if match.group(2):
                    self.control(match.group(1), match.group(2))
            elif ch == "\n":
                self.lines.append([])
            elif ch == "\r":
                self.column = 0
            elif ch == "\t":
                self.column = self.column // 8 * 8 + 8
            elif ch == "\b":
                self.column = max(0, self.column - 1)
            elif ch >= " ":
                self.put(ch)


def spans(line):
    """[(column, style, text)] of what is to be seen, a run of one style each."""
    found = []
    for column, (ch, style) in enumerate(line):
        if found and found[-1][1] == style and found[-1][0] + len(found[-1][2]) == column:
            found[-1] = (found[-1][0], style, found[-1][2] + ch)
        else:
            found.append((column, style, ch))
    return [(c, s, t.rstrip()) for c, s, t in found if t.strip()]


def svg(lines, steps, version):
    """steps[i]: the step at which line i appears."""
    width = round(LEFT_PX * 2 + COLUMNS * CHAR_PX)
    height = TOP_PX + LINE_PX * len(lines) + 8
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" xml:space="preserve">'
           % (width, height, width, height),
           "<title>stepvm debug: gdb follows 16-bit code of a boot sector</title>",
           "<desc>Made by make picture. %s</desc>" % escape(version),
           "<style>",
           "text { font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3;"
           " white-space: pre }",
           ".b { font-weight: bold } .r { text-decoration: underline }"]
    out += [".c%d { fill: %s }" % (i, color) for i, color in enumerate(COLORS)]
    out.append("@keyframes appear { from { opacity: 0 } to { opacity: 0 } }")
    out += [".s%d { animation: appear %.1fs }" % (i, i * STEP_S) for i in range(1, max(steps) + 1)]
    out += ["</style>",
            '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
            '<g fill="#30363d"><circle cx="20" cy="18" r="6"/><circle cx="40" cy="18" r="6"/>'
            '<circle cx="60" cy="18" r="6"/></g>']
    step = None
    for i, line in enumerate(lines):
        if steps[i] != step:
            out.append(("</g>" if step is not None else "") + '<g class="s%d">' % steps[i])
            step = steps[i]
        for column, style, text in spans(line):
            out.append('<text x="%.1f" y="%d"%s textLength="%.1f">%s</text>' % (
                LEFT_PX + column * CHAR_PX, TOP_PX + LINE_PX * i + 4, ' class="%s"' % style if style else "",
                len(text) * CHAR_PX, escape(text)))
    return "\n".join(out + ["</g>", "</svg>", ""])


def main():
    if len(sys.argv) != 3:
        fail("expected the program and the folder of the guests")
    stepvm, guests = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    gdb = os.environ.get("GDB", "gdb")
    version = subprocess.run([gdb, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")) # where gdb finds the sources
    command = ["debug", "--symbols", "%s/%s.elf" % (guests, GUEST), "%s/%s.bin" % (guests, GUEST)]
    session = Session([stepvm] + command + ["--", "-nx"])
    screen, steps = Screen(), []
    screen.feed("$ stepvm debug --symbols %s.elf %s.bin\r\n" % (GUEST, GUEST))
    for step, line in enumerate([None] + COMMANDS + ["quit"]):
        if line:
            session.type(line)
        text = session.read_to(PROMPT if line != "quit" else None).decode(errors="replace")
        if line == "quit":
            break
        screen.feed(re.sub("Remote debugging using [^\r\n]*\r\n", "", text))
        steps += [step] * (len(screen.lines) - 1 - len(steps)) # the prompt's line is the next command's
    os.waitpid(session.pid, 0)
    steps.append(len(COMMANDS))
    while screen.lines and not "".join(ch for ch, _ in screen.lines[-1]).replace("(gdb)", "").strip():
        screen.lines.pop()
    sys.stdout.write(svg(screen.lines, steps, version))


main()
