# Memtest86+ of Debian, with 32-bit paging, to its first screen.
# guest: ../../build/loaders/memtest.img
# timeout: 60

continue-until-screen "<Enter> to start testing"
expect-screen "Memtest86"
expect $cr0 & 0x80000000
