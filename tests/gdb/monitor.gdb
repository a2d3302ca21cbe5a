# monitor: what stepvm itself can tell.
# guest: ../../build/guests/segments.bin

expect-output "^monitor info segments " monitor help
stepi
expect-output "^mode +real16.*07c0:0005 \(linear 0x7c05\)" monitor info mode
expect-output "^cs +0x07c0 +0x7c00 " monitor info segments
expect-output "segments.bin, format boot(.*\n) +the image, 512 bytes at 0x7c00" monitor info memory
break *0x7c07
continue
expect-output "^0x7c07 +software" monitor info breakpoints
expect-output "KVM_EXIT_" monitor info exits
expect-output "^unknown command: 'nonsense'" monitor nonsense
expect-output "a name of 1 to 31 characters" monitor savevm xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
python gdb.execute('expect-output "^.xxxx.*: a command has 1000 characters at most" monitor ' + 1001 * "x")
