#!/bin/bash
# needs: kvm
# `stepvm run` with images that have headers: the guests in C and assembly, and what a wrong file or a
# wrong option gets. TAP.
#
#	STEPVM=build/stepvm GUESTS=build/guests tests/cli/images.sh
. "$(dirname "$0")/tap.bash"
set -u

needs STEPVM GUESTS
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
map='map: 0 to 9fbff, RAM
map: 9fc00 to 9ffff, reserved
map: f0000 to fffff, reserved
map: 100000 to 3ffffff, RAM'
memory='memory: 639 KiB and 64512 KiB'
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
linux='command line: a=1 b
initrd: abc*1234567
map: 0000000000000000 000000000009fc00 00000001
map: 000000000009fc00 0000000000000400 00000002
map: 00000000000f0000 0000000000010000 00000002
map: 0000000000100000 0000000003f00000 00000001
bzimage ok'
# Zeros part the joined initrds.
prints_linux() { # NAME ENTRY ARGS...
	local name=$1 entry=$2 out
	shift 2
	out=$("$STEPVM" run "$@" --append "a=1 b" --initrd one,two,,x g/bzimage.bin 2>err | tr '\0' '*')
	is "$out" "$entry
$linux" "$name"
}
prints_linux "Linux" "64-bit entry"
prints_linux "Linux, its 32-bit entry" "32-bit entry" --mode prot
prints_linux "Linux, its 16-bit entry, which asks the BIOS" "16-bit entry
32-bit entry" --mode real
is "$("$STEPVM" run --memory 1028K g/bzimage.bin 2>err | tail -n 1)" "bzimage ok" "Linux, with as little RAM as it needs"
prints "ELF alone" "protocol: none" --format elf g/multiboot.elf

# --- time ------------------------------------------------------------------------------------------

# Waits that would take 10 s and more.
for speed in max 100 1000; do
	out=$("$STEPVM" run --speed $speed g/ticks.bin 2>err)
	is "$? $(sed -E "s/179|18[0-6]/N/g" <<<"$out")" "0 own N, BIOS N
ticks ok" "--speed $speed"
done

# --- refusals -------------------------------------------------------------------------------------

fails "overlap" 4 "g/kernel64.bin: the page tables (0x81000 to 0x86fff) and the image (0x86000 to \
0x$(printf %x $((0x86000 + $(stat -Lc %s g/kernel64.bin) - 1)))) overlap" \
	--mode long --load 0x86000 g/kernel64.bin
fails "no RAM where it goes" 4 "g/kernel32.elf: segment 0 goes to 0x100000: no RAM there; give \
some with --memory" --memory 640K g/kernel32.elf
fails "a boot sector in long mode" 2 "--mode long: a boot sector starts in real mode; leave it \
out, or say --format flat" --mode long g/modes.bin
fails "a command line for a flat image" 2 "--append: a flat image takes none; a linux, \
multiboot, multiboot2 or pvh image does" --append x g/c16.bin
fails "a module that is not there" 4 "none: cannot open: No such file or directory" \
	--initrd "none x" g/multiboot.elf
fails "no Linux kernel" 4 "g/c16.bin: no Linux boot header: \"HdrS\" is not at offset 0x202" \
	--format linux g/c16.bin
fails "a Linux kernel with too little RAM" 4 "g/bzimage.bin: needs $(($(od -An -tu4 -j 608 -N 4 \
	g/bzimage.bin))) bytes of RAM at 0x100000, or elsewhere, below 4 GiB (pref_address, init_size), and there \
are 0; give more with --memory" --memory 1M g/bzimage.bin
fails "no Multiboot" 4 "g/kernel32.elf: no Multiboot header in its first 8192 bytes (0x1badb002 at \
a multiple of 4, flags, and what makes the sum of the three 0)" --format multiboot g/kernel32.elf
fails "an object file" 4 "g/kernel64.o: e_type is 1, an object file: link it first, with ld" \
	g/kernel64.o
head -c 200 g/kernel64.elf >cut
fails "cut off" 4 "cut: segment 0: p_offset 0x1000 and p_filesz \
0x$(printf %x "$(stat -Lc %s g/kernel64.bin)") run past the file's end at 0xc8" cut

# --- what is no guest, or may be none ------------------------------------------------------------

fails "a program for Linux" 4 "/bin/true: a program for an operating system, not a bare-metal image: \
its PT_INTERP names a loader, $(readelf -l /bin/true | sed -n 's/.*interpreter: \(.*\)]/\1/p'); --format elf \
loads it all the same" /bin/true
echo "mov ax, 1" >a.S
is_text="not a bare-metal image: an image is what an assembler or a linker writes; --format flat runs \
any bytes"
fails "text" 4 "a.S: is text, $is_text" a.S
fails "text, told where to go" 4 "a.S: is text, $is_text" --load 0x1000 a.S
gzip -c g/hello.bin >hello.gz
fails "a gzip file" 4 "hello.gz: is a gzip file, not a bare-metal image: unpack it with gunzip; \
--format flat runs any bytes" hello.gz
: >empty
fails "an empty file" 4 "empty: is empty: nothing to run" empty

# A halt, as long as a boot sector; ud2 in protected mode, which has no IDT.
{ printf '\xfa\xf4'; head -c 510 /dev/zero; } >halt.bin
"$STEPVM" run halt.bin 2>err
is "$? $(head -n 1 err)" "0 stepvm: warning: halt.bin: is as long as a boot sector and ends with 00 00, \
not 55 aa: taken as flat at 0. With 55 aa at offset 510 it goes to 0x7c00; --format flat says that this is \
right" "a boot sector that is not signed"
"$STEPVM" run --format flat halt.bin 2>err
is "$? $(grep -c warning err)" "0 0" "said to be flat, it gets no warning"
printf '\x0f\x0b' >ud2
"$STEPVM" run --mode prot ud2 2>err
is "$? $(tail -n 1 err)" "6 ud2: 2 bytes, taken as flat at 0, 32-bit protected mode (shorter than a boot \
sector)" "a triple fault ends with what the image was taken for"
"$STEPVM" run --mode prot --format flat ud2 2>err
is "$? $(tail -n 1 err)" "6 ud2: 2 bytes, taken as flat at 0, 32-bit protected mode (--format said so)" \
	"and with why"
"$STEPVM" run g/triple.bin 2>err
is "$? $(grep -c warning err) $(tail -n 1 err)" "6 0 g/triple.bin: 512 bytes, taken as boot at 0x7c00, real \
mode (55 aa at the end of its first sector)" "a boot sector that is signed"

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
