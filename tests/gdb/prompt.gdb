# A guest's screen and keyboard in a test: what it shows, row by row; going on until it does; what is
# typed; its picture.
# guest: ../../build/guests/prompt.bin
# symbols: ../../build/guests/prompt.elf

continue-until-screen "A>"
expect-screen "A>"
expect-screen 1 "A>"
# A row is as wide as the screen; blanks fill it.
expect-screen 1 "A>   "
expect-screen 24 " "
expect-stop signal SIGINT
type "ver\r"
continue-until-screen "prompt 1"
expect-screen 1 "A>ver"

# A stop of its own will do, too, where the screen shows it by then.
tbreak *&asked
monitor system_reset
continue-until-screen "A>"
expect-stop breakpoint 1

python
import tempfile
with tempfile.TemporaryDirectory() as folder:
    gdb.execute("screenshot %s/screen.png" % folder)
    with open(folder + "/screen.png", "rb") as picture:
        expect_equal(picture.read(8), b"\x89PNG\r\n\x1a\n", "a PNG")
end

# More than a BIOS's buffer of 15 keys has; what is after the line is typed into the next one.
type " a \"line\" of forty characters and not less\roff\r"
continue
expect-stop exit 0
