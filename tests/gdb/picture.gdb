# monitor screen and screenshots: text with its colours, then a picture of mode 13h.
# guest: ../../build/guests/picture.bin
# symbols: ../../build/guests/picture.elf

break text
break drawn
continue
expect-output "^╔═╗ ☺ Hi\n################$" monitor screen
expect-output "^╔═╗ ☺ Hi\n################$" stepvm screen
expect-output "^screendump x.ppm: gdb saves the screen as PNG, by remote get screen.png" monitor screendump x.ppm
# With all blanks, and in bars: nothing that a guest shows is like stepvm's own words.
expect-output "\A 0 . {80}.\n 1 . {80}.\n 2 .╔═╗ ☺ Hi {72}.\n 3 .#{16} {64}.\n" monitor screen rows
expect-output "^24 . {80}.\n\Z" monitor screen rows
expect-output "^screen row: expected rows, or nothing" monitor screen row
expect-error "expected a FILE" stepvm screenshot

python
import os, struct, tempfile, zlib

def pixels(command):
    """The picture that a command writes: its width, its height, and red, green, blue of (x, y)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "screen.png")
        gdb.execute(command + " " + path, False, True)
        with open(path, "rb") as file:
            data = file.read()
    chunks, at = {}, 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        chunks[name] = data[at + 8 : at + 8 + size]
        at += size + 12
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines, palette = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
    def color(x, y):
        index = lines[y * (width + 1) + 1 + x]
        return palette[3 * index : 3 * index + 3].hex()
    return width, height, color
end

python width, height, color = pixels("stepvm screenshot")
python expect_equal((width, height), (720, 400), "text is 720x400")
python expect_equal({color(x, y) for y in range(32, 48) for x in range(9)}, {"0000a8", "ffffff"}, "white on blue")
python expect_equal(color(16 * 9, 3 * 16 + 2), "000000", "outside")
python expect_equal({color(x, y) for y in range(48, 64) for x in range(15 * 9, 16 * 9)}, {"000000", "ffffff"}, "white")

continue
expect-output "^The screen has no text: graphics, 320x200. remote get screen.png FILE saves" monitor screen
expect-output "\Ascreen rows: the screen has no text: graphics, 320x200\n\Z" monitor screen rows
python width, height, color = pixels("remote get screen.png")
python expect_equal((width, height), (320, 200), "a picture is as large as its mode")
python expect_equal([color(0, 0), color(319, 99), color(0, 100), color(319, 199)], ["285078", "285078", "ffffff", "0000a8"], "its colours")
