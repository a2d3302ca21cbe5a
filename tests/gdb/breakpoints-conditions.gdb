# Conditions, ignore counts, commands and temporary breakpoints.
# guest: ../../build/guests/counter.bin
# scripts: none

break *4 if $ax == 100
continue
expect-stop breakpoint 1
expect $ax == 100
condition 1
ignore 1 9
continue
expect $ax == 110
delete

set $seen = 0
break *5
commands
silent
set $seen = $seen + 1
end
continue
expect $seen == 1
expect $ax == 111
delete
tbreak *2
continue
expect $pc == 2
expect-output "No breakpoints" info breakpoints
until *5
expect $pc == 5
