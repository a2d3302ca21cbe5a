# monitor: what stepvm itself can tell.
# guest: ../../build/guests/segments.bin
# options: --engine kvm

expect-output "^monitor info segments " monitor help
stepi
expect-output "^mode +real16.*07c0:0005 \(linear 0x7c05\)" monitor info mode
expect-output "^cs +0x07c0 +0x7c00 " monitor info segments
expect-output "segments.bin, format boot(.*\n) +the image, 512 bytes at 0x7c00" monitor info memory
break *0x7c07
continue
expect-output "^0x7c07 +software, debug register$" monitor info breakpoints
expect-output "KVM_EXIT_" monitor info exits
expect-output "^stdio" monitor console
expect-output "^console x: expected gdb or stdio" monitor console x
monitor console gdb
expect-output "^gdb" monitor console
expect-output "^unknown command: 'nonsense'; monitor help lists them$" monitor nonsense
expect-output "^unknown command: 'ctach int 3': did you mean catch\? monitor help lists them$" monitor ctach int 3
expect-output "^unknown command: 'info regsiters -a': did you mean info registers\?" monitor info regsiters -a
expect-output "^unknown command: 'info pci': did you mean info pic\?" monitor info pci
expect-output "^help regsters: no such command; monitor help lists them$" monitor help regsters
expect-output "^help savevn: no such command: did you mean savevm\? monitor help lists them$" monitor help savevn
expect-output "a name of 1 to 31 characters" monitor savevm xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
expect-output "\Amonitor info pic +[^\n]+\n\Z" monitor help info pic
expect-output "^monitor info mode .*\n(.*\n)*monitor info pit " monitor help info
expect-output "\Amonitor catch .*\n  int N, int A-B (.*\n)+Numbers: 19, 0x13, or 13h" monitor help catch
expect-output "\Amonitor q +the same as exit\n\Z" monitor help q
expect-output "\Amonitor x \[/FMT] ADDRESS [^\n]*\n\Z" monitor help x
expect-output "^help nonsense: no such command; monitor help lists them$" monitor help nonsense
python gdb.execute('expect-output "^a monitor command has 8191 characters at most" monitor ' + 8192 * "x")
