# Keys for a guest that reads them by INT 16h: monitor sendkey and type, and what is said of nonsense.
# guest: ../../build/guests/typed.bin

expect-output "^sendkey: expected KEYS \[MS](.*\n)+.* kp_enter .*\n" monitor sendkey
expect-output "^monitor sendkey KEYS \[MS] +strike (.*\n)+.* kp_enter .*\n" monitor help sendkey
expect-output "^sendkey a b: expected keys, joined by - .* how many milliseconds, if not 100$" monitor sendkey a b
expect-output "^sendkey ctrl-foo: `foo` is no key; monitor help sendkey lists them$" monitor sendkey ctrl-foo
expect-output "^sendkey ctrl-: expected the name of a key; monitor" monitor sendkey ctrl-
# One rule, wherever a text is typed: it stands in double quotes.
expect-output "^type: expected a text in double quotes, as in type .dir.r.$" monitor type
expect-output "^type dir.r: expected a text in double quotes" monitor type dir\r
expect-output "^type ..: expected a text in double quotes" monitor type ""
expect-output "^type .dir: expected a double quote at the text's end$" monitor type "dir
expect-output "^type .a. b: expected nothing after the text; a quote in it is ..$" monitor type "a" b
expect-output "^type ..q.: expected an escape" monitor type "\q"
expect-output "^monitor type .TEXT. .*\nThe escapes: " monitor help type
python gdb.execute('expect-output "^type .a{99}: too many keys at once: 4096 scan codes" monitor type "%s"' % (2049 * "a"))
python gdb.execute('expect-output "^a monitor command has 8191 characters at most$" monitor type "%s"' % (9000 * "a"))
monitor type "two  blanks\x21"
monitor sendkey shift-a
monitor sendkey esc
continue
expect-console "^two  blanks!A$"
