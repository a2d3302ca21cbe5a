# stepvm.gdb in a trace frame that has no stack, and at the guest's end.
# guest: ../../build/guests/kernel64.elf
# options: --hlt exit
# symbols: ../../build/guests/kernel64.elf

trace factorial
actions
collect $args, $regs
end
tbreak factorial if n == 18
tstart
continue
tstop
tfind start
expect-output "\A#0  factorial \(n=20.*\nBacktrace stopped: [^\n]*\n\Z" bt
expect-output "stack 0x104fd8: was not collected" stepvm context
stepvm save here
stepvm load here
expect $trace_frame == -1 "the guest is looked at again"
expect n == 18
python
said = gdb.execute("continue", to_string=True)
expect_equal("hook_stop" in said, False, "the guest's end is a stop without registers")
end
expect-stop exit 0
