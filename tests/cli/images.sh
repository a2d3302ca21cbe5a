#!/bin/bash
# needs: kvm
# `stepvm run` with images that have headers: the guests in C and assembly, and what a wrong file or a
# wrong option gets. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/images.sh
. "$(dirname "$0")/tap.bash"
set -u

STEPVM=$(realpath "${STEPVM:?the program}")
GUESTS=$(realpath "${GUESTS:?the folder of the guests}")
work=$(mktemp -d "${TMPDIR:-/tmp}/stepvm-images.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
ln -s "$GUESTS" g

# prints NAME WANTED ARGS...: what the guest writes, the halt at its end, and nothing else.
prints() {
	local name=$1 wanted=$2 out
	shift 2
	out=$("$STEPVM" run "$@" 2>err)
	is "$? $(tr -d '\r' <<<"$out")" "0 $wanted" "$name"
	grep -q '^stepvm: hlt: the CPU is halted' err || ok 1 "$name: halted" "$(cat err)"
}

# fails NAME STATUS TEXT ARGS...: one line, and nothing runs.
fails() {
	local name=$1 status=$2 wanted=$3 out
	shift 3
	out=$("$STEPVM" run "$@" 2>&1)
	is "$? $out" "$status stepvm run: $wanted" "$name"
}

# --- the guests -----------------------------------------------------------------------------------

prints "modes: a boot sector" rapPLCPpR g/modes.bin
prints "modes: its ELF, in real mode" rapPLCPpR --mode real g/modes.elf
prints "hello: its ELF, in real mode" HELLO --mode real g/hello.elf
c16="c16: hello
collatz(26) = 10
collatz(27) = 111"
prints "c16: flat" "$c16" g/c16.bin
prints "c16: its ELF, in real mode" "$c16" --mode real g/c16.elf

kernel32=$("$STEPVM" run g/kernel32.elf 2>err)
is "$? $(sed 's/ at [0-9a-f]*,/ at X,/' <<<"$kernel32")" "0 kernel32: hello
vector 6 at X, error code 0
vector 0 at X, error code 0
vector 13 at X, error code 1f8
handled 3, 10! = 3628800" "kernel32: an ELF32 in protected mode"
prints "kernel32: flat, in protected mode" "$kernel32" --mode prot --load 0x100000 g/kernel32.bin
kernel64=$("$STEPVM" run g/kernel64.elf 2>err)
is "$? $(sed 's/ at [0-9a-f]*/ at X/' <<<"$kernel64")" "0 kernel64: hello
#UD at X
#PF at X: address ffff800000001008, error code 0
read 600df00d
handled 2, 20! = 2432902008176640000" "kernel64: an ELF64 in long mode"
prints "kernel64: flat, in long mode" "$kernel64" --mode long --load 0x100000 g/kernel64.bin
prints "kernel64: 5 GiB of RAM" "$kernel64" --memory 5G g/kernel64.elf

# --- boot protocols -------------------------------------------------------------------------------

printf abc >one
printf 1234567 >two,x
modules='module: "one x y" at 102000, 3 bytes, sum 294
module: "two,x" at 103000, 7 bytes, sum 364'
map='map: 0 to 9ffff, RAM
map: a0000 to fffff, reserved
map: 100000 to 3ffffff, RAM'
memory='memory: 640 KiB and 64512 KiB'
given=(--append "a=1 b" --initrd "one x y,two,,x")
prints "Multiboot" "protocol: Multiboot, flags 24d
loader: stepvm
command line: \"a=1 b\"
$memory
$modules
$map" "${given[@]}" g/multiboot.elf
prints "Multiboot, a flat image, nothing given" "protocol: Multiboot, flags 24d
loader: stepvm
command line: \"\"
$memory
$map" g/multiboot.bin
prints "Multiboot 2" "protocol: Multiboot 2
command line: \"a=1 b\"
loader: stepvm
$modules
$memory
$map" --format multiboot2 "${given[@]}" g/multiboot.elf
prints "PVH" "protocol: PVH, version 1
command line: \"a=1 b\"
$modules
$map" --format pvh --append "a=1 b" --initrd "one x y" --initrd two,,x g/multiboot.elf
prints "ELF alone" "protocol: none" --format elf g/multiboot.elf

# --- refusals -------------------------------------------------------------------------------------

fails "overlap" 4 "g/kernel64.bin: the page tables (0x81000 to 0x86fff) and the image (0x86000 to \
0x$(printf %x $((0x86000 + $(stat -Lc %s g/kernel64.bin) - 1)))) overlap" \
	--mode long --load 0x86000 g/kernel64.bin
fails "no RAM where it goes" 4 "g/kernel32.elf: segment 0 goes to 0x100000: no RAM there; give \
some with --memory" --memory 640K g/kernel32.elf
fails "a boot sector in long mode" 2 "--mode long: a boot sector starts in real mode; leave it \
out, or say --format flat" --mode long g/modes.bin
fails "a command line for a flat image" 2 "--append: a flat image takes none; a multiboot, \
multiboot2 or pvh image does" --append x g/c16.bin
fails "a module that is not there" 4 "none: cannot open: No such file or directory" \
	--initrd "none x" g/multiboot.elf
fails "no Multiboot" 4 "g/kernel32.elf: no Multiboot header in its first 8192 bytes (0x1badb002 at \
a multiple of 4, flags, and what makes the sum of the three 0)" --format multiboot g/kernel32.elf
fails "an object file" 4 "g/kernel64.o: e_type is 1, an object file: link it first, with ld" \
	g/kernel64.o
head -c 200 g/kernel64.elf >cut
fails "cut off" 4 "cut: segment 0: p_offset 0x1000 and p_filesz \
0x$(printf %x "$(stat -Lc %s g/kernel64.bin)") run past the file's end at 0xc8" cut

# --- symbols --------------------------------------------------------------------------------------

# Where gdb's "factorial" is, in a session of stepvm debug.
finds() { # NAME WANTED ARGS...
	local name=$1 wanted=$2
	shift 2
	if ! command -v "${GDB:-gdb}" >/dev/null; then
		echo "ok $((++count)) - $name # SKIP gdb is not installed"
		return
	fi
	is "$("$STEPVM" debug --gdb-program "${GDB:-gdb}" "$@" -- -nx -batch -ex 'info symbol &factorial' \
		-ex 'info symbol &collatz' 2>/dev/null </dev/null | grep ' in section')" "$wanted" "$name"
}
finds "debug: an ELF image brings its symbols" "factorial in section .text" g/kernel64.elf
finds "debug: unless others are given" "collatz in section .text" --symbols g/c16.elf g/kernel64.elf
finds "debug: a flat image has none" "" g/kernel64.bin

echo "1..$count"
[ $bad = 0 ]
