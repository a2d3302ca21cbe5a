#!/usr/bin/env python3
"""Makes the tables of font.c from the drawings in font.txt: font.py [--check]

Without an operand it writes font.c beside itself; --check compares, and ends with status 1 where they differ.
font.c is committed: nothing but a change of a drawing needs Python.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
BASELINE = 12  # the last row above the line, of 16
X_TOP = 6  # the first row of a small letter

# What lines go up, down, left and right from the middle, of b3 to da: 1 is a single line, 2 a double one.
BOXES = """1100 1110 1120 2210 0210 0120 2220 2200 0220 2020 2010 1020 0110 1001 1011 0111 1101 0011 1111 1102 2201
2002 0202 2022 0222 2202 0022 2222 1022 2011 0122 0211 2001 1002 0102 0201 2211 1122 1010 0101""".split()


def rows_of(patterns):
    rows = []
    for pattern in patterns:
        pattern, _, times = pattern.partition("*")
        bits = sum(0x80 >> i for i, c in enumerate(pattern) if c == "#")
        rows += [bits] * int(times or 1)
    return rows


def placed(first, rows, height):
    glyph = [0] * first + rows
    assert len(glyph) <= height, (first, rows)
    return glyph + [0] * (height - len(glyph))


def drop(rows, count):
    """Without so many rows: empty ones above first, then those that are like a neighbour."""
    rows = list(rows)
    while count and rows and rows[0] == 0:
        rows, count = rows[1:], count - 1
    for _ in range(count):
        def cost(i):
            near = [rows[j] for j in (i - 1, i + 1) if 0 <= j < len(rows)]
            return min(bin(rows[i] ^ other).count("1") for other in near), abs(i - len(rows) / 2)
        del rows[min(range(len(rows)), key=cost)]
    return rows


def bottom(rows, count):
    """What is below the line in so many rows: empty ones at the end go first."""
    rows = list(rows)
    while len(rows) > count and rows[-1] == 0:
        rows.pop()
    return rows[:count - 1] + rows[-1:] if len(rows) > count else rows


def smaller(glyph):
    """16 rows as 14 and as 8."""
    above, below = glyph[:BASELINE + 1], glyph[BASELINE + 1:]
    return (drop(above, 2) + bottom(below, 3),
            drop(above[:X_TOP], X_TOP - 2) + drop(above[X_TOP:], 2) + bottom(below, 1))


def box(up, down, left, right, height):
    """Lines that meet in the middle. A double one is a band with a channel in it."""
    row = (height - 1) // 2
    over, under = (row - 1, row + 1) if 2 in (left, right) else (row, row)
    near, far = (1, 6) if 2 in (up, down) else (3, 4)
    at = [[False] * 8 for _ in range(height)]

    def fill(rows, columns, value):
        for r in rows:
            for c in columns:
                at[r][c] = value

    band = {0: (), 1: (3, 4), 2: range(1, 7)}
    fill(range(0, under + 1), band[up], True)
    fill(range(over, height), band[down], True)
    lines = {0: (), 1: (row,), 2: range(row - 1, row + 2)}
    fill(lines[left], range(0, far + 1), True)
    fill(lines[right], range(near, 8), True)
    # A channel ends at a single line that it meets, unless the other one goes on at its back.
    is_across = up == down == 2 and not left == right == 1
    is_open = is_across or 2 in (left, right)
    if up == 2:
        fill(range(0, row + is_open), (3, 4), False)
    if down == 2:
        fill(range(row + (not is_open), height), (3, 4), False)
    is_across = left == right == 2 and not up == down == 1
    is_open = is_across or 2 in (up, down)
    if left == 2:
        fill((row,), range(0, 5 if is_open else 3), False)
    if right == 2:
        fill((row,), range(3 if is_open else 5, 8), False)
    return [sum(0x80 >> c for c in range(8) if line[c]) for line in at]


def by_rule(code, height):
    half = height // 2
    if code == 0xb0:
        return [0x88, 0x22] * half
    if code == 0xb1:
        return [0xaa, 0x55] * half
    if code == 0xb2:
        return [0xdd, 0x77] * half
    if 0xb3 <= code <= 0xda:
        return box(*map(int, BOXES[code - 0xb3]), height)
    blocks = {0xdb: (0xff, 0xff), 0xdc: (0, 0xff), 0xdd: (0xf0, 0xf0), 0xde: (0x0f, 0x0f), 0xdf: (0xff, 0)}
    upper, lower = blocks.get(code, (0, 0))
    return [upper] * half + [lower] * half


def read():
    """The drawings by code or name: for 16 rows, for 8 rows, and what is put together of which."""
    drawn, again, composed = {}, {}, {}
    into, height = drawn, 16
    for line in open(os.path.join(FOLDER, "font.txt"), encoding="ascii"):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words == ["8x8"]:
            into, height = again, 8
        elif words[1] == "=":
            composed[words[0]] = words[2:]
        else:
            into[words[0]] = placed(int(words[1]), rows_of(words[2:]), height)
    return drawn, again, composed


def compose(bodies, letter, mark, top, last):
    """A mark over a letter; one that begins above row `top` is made lower, and its mark is the flat one."""
    body = bodies[letter]
    if any(body[:top]):
        first = next(i for i, row in enumerate(body) if row)
        body = [0] * (first + 1) + drop(body[first:last + 1], 1) + body[last + 1:]
        mark = mark.upper()
    return [a | b for a, b in zip(body, bodies[mark])]


def tables():
    drawn, again, composed = read()
    small = {name: smaller(glyph)[1] for name, glyph in drawn.items()} | again
    for code, (letter, mark) in composed.items():
        drawn[code] = compose(drawn, letter, mark, X_TOP, BASELINE)
        small[code] = again.get(code) or compose(small, letter, mark, 2, 6)
    made = {16: [], 14: [], 8: []}
    for code in range(256):
        name = f"{code:02x}"
        if name in drawn:
            glyphs = {16: drawn[name], 14: smaller(drawn[name])[0], 8: small[name]}
        else:
            glyphs = {height: by_rule(code, height) for height in made}
        for height, rows in glyphs.items():
            assert len(rows) == height, (code, height)
            made[height].append(rows)
    return made


def text():
    out = ["/* Written by font.py from the drawings in font.txt: change those. */", '#include "devices/font.h"', ""]
    out += ["/* A character a line. */", "/* clang-format off */"]
    for height, glyphs in tables().items():
        out.append(f"const uint8_t font_8x{height}[256][{height}] = {{")
        for code, rows in enumerate(glyphs):
            while len(rows) > 1 and rows[-1] == 0:
                rows = rows[:-1]
            out.append(f"\t[0x{code:02x}] = {{ " + ", ".join(f"0x{row:02x}" for row in rows) + " },")
        out += ["};", ""]
    out[-1] = "/* clang-format on */"
    return "\n".join(out) + "\n"


def main():
    path = os.path.join(FOLDER, "font.c")
    if sys.argv[1:] == ["--check"]:
        sys.exit(open(path, encoding="ascii").read() != text())
    with open(path, "w", encoding="ascii") as file:
        file.write(text())


main()
