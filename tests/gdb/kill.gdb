# kill ends the guest and its VM.
# guest: ../../build/guests/counter.bin
# scripts: none

stepi 3
kill
expect-stop gone
expect-error "not being run" stepi
python
import select
# Its process is gone, or about to be: its end is waited for.
try:
    end = os.pidfd_open(int(ExpectState.vm))
    select.select([end], [], [])
except ProcessLookupError:
    pass
expect_equal(expect_guest_goes_on(), False, "the VM lives")
end
expect-console "\AIO port: 10, data: 0\n\Z"
