# --speed max skips the waits of a recorded guest, but not that for a key that nobody has typed: meanwhile the guest's time
# goes with the host's, and not as fast as one tick can follow the other.
# guest: ../../build/guests/prompt.bin
# options: --record
# speed: max

continue-until-screen "A>"
expect-stop signal SIGINT
python
import re
there = re.search("([0-9]+)[.][0-9]+ s$", gdb.execute("monitor when", to_string=True).strip()).group(1)
gdb.execute("set $seconds = %s" % there)
end
expect $seconds < 10
