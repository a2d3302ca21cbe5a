# Frames of 16-bit code: bt, up, finish, nexti and stepvm over; near and far, with and without a
# frame in bp, through an interrupt.
# guest: ../../build/guests/frames.bin
# board: bare
# symbols: ../../build/guests/frames.elf

break *&leaf
continue
expect-output "\A#0  leaf \(\).*\n#1  0x[0-9a-f]+ in call_leaf \(\).*\n#2  .* in raise \(\).*\n#3  .* in call_far \(\).*\n#4  .* in call_third \(\).*\n#5  .* in call_second \(\).*\n#6  .* in call_first \(\).*\n\Z" bt

# What a caller has: its own CS, sp and bp; what nobody saved is not made up.
up
expect $pc == &behind_leaf
up
expect $pc == &behind_raise
expect $cs == 0x780
expect $cs_base == 0x7800
expect $ip == (unsigned) &behind_raise - 0x7800
expect $sp == 0x90fde "after the three words of the interrupt"
up
expect $pc == &behind_far
expect $cs == 0x7c0
expect $bp == 0xff4 "second's"
expect-output "<not saved>" info registers esi
up
up
expect $pc == &behind_second
expect $bp == 0 "main's"
up
expect-error "Initial frame selected; you cannot go up" up

# finish, level by level.
frame 0
finish
expect $pc == &behind_leaf
finish
expect $pc == &behind_raise "an iret"
finish
expect $pc == &behind_far "an lret"
expect $cs == 0x7c0
finish
expect $pc == &behind_third
finish
finish
expect $pc == &behind_first
expect-error "outermost" finish

# nexti over calls.
delete
tbreak *&call_pascal
continue
nexti
expect $pc == &behind_pascal "a callee that takes its arguments off the stack"
expect $sp == 0x91000
nexti 2
expect $pc == &behind_register
nexti
expect $pc == &behind_pointer "a far call"
nexti
expect $pc == &behind_jumper "a callee that ends in another"

tbreak *&wrapper_call
continue
nexti
expect $pc == &behind_wrapper_call "the same below a return address"
finish
expect $pc == &behind_wrapper
nexti
expect $pc == &behind_by_return

# A fault is no call: nexti stops in its handler, for that need not come back here.
nexti 2
expect $pc == &on_divide
expect-output "\A#0  on_divide.*\n#1  0x[0-9a-f]+ in .*\n\Z" bt
up
expect $pc == &divide
frame 0

# nexti does one iteration; stepvm over all, and what nexti does.
tbreak *&copying
continue
nexti
expect $pc == &copying
expect $cx == 2
stepvm over
expect $pc == &behind_copying
expect $cx == 0
expect *(int *) &copy % 0x1000000 == 0x636261
stepvm over
expect $pc > &behind_copying
expect-error "takes no argument" stepvm over 1

# A function that does not come back.
tbreak *&halt
continue
expect-output "\A#0  halt.*\n#1  .* in print \(\).*\n\Z" bt
expect-console "\Aframes ok\n\Z"
