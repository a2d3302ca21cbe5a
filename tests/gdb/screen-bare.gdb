# monitor screen, screendump and a screenshot where the board has no screen.
# guest: ../../build/guests/hello.bin
# options: --format flat

expect-output "^screen: this board has no screen" monitor screen
expect-output "^screen rows: this board has no screen" monitor screen rows
expect-output "^screendump x.ppm: this board has no screen" monitor screendump x.ppm
expect-error "this board has no screen" stepvm screenshot /dev/null
expect-error "No such file" remote get screen.png /dev/null
