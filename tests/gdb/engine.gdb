# Who does the guest's instructions is another at each stop, and the guest ends the same.
# guest: ../../build/guests/stages.bin
# options: --load 0x7c00

expect-output "^engine +(kvm|auto|interp): " monitor engine
monitor engine interp
expect-output "^engine +interp: the engine comes first" monitor engine
break *0x10003
continue
expect $pc == 0x10003
expect-output "^0x.* software, compared by the engine" monitor info breakpoints
expect-output "it has done [1-9][0-9]* instructions, and handed [0-9]+ over to KVM" monitor info engine
monitor engine kvm
expect-output "^engine +kvm: KVM does all" monitor engine
stepi
expect-output "by (KVM's single-step|run control)|done by run control" monitor log run 2
monitor engine interp
stepi
expect-output "by the engine" monitor log run 2
expect-output "^engine tcg: expected auto, kvm or interp" monitor engine tcg
monitor engine auto
expect-output "^engine +auto: (the engine comes first|KVM runs the guest)" monitor engine
continue
