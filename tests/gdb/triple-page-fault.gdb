# A triple fault by a page fault: CR2 is the address that is not mapped, as it is on a CPU, and the sentence names it. Stepvm's
# engine knows it; kvm_amd has reset the CPU, and with it CR2.
# guest: ../../build/guests/demand32.bin
# options: --engine interp --mode prot --load 0x100000 --memory 4M
# symbols: ../../build/guests/demand32.elf

break page_fault
continue
delete
# The handler finds no IDT any more, and its read of what is not mapped no gate.
set $idtr.limit = 0
set {unsigned char [6]} $pc = {0x8b, 0x05, 0x10, 0x30, 0x50, 0x40}
expect-output "Triple fault: (.|\n)*The instruction reads [^\n]*0x40503010" stepi
expect-stop signal SIGSEGV
expect $cr2 == 0x40503010
expect-output "CR2=40503010" monitor info registers
