# iPXE of Debian, as a kernel of Linux's protocol with its 16-bit entry: it looks for a network card, and calls int 18h.
# guest: ../../build/loaders/ipxe.img
# timeout: 60
# options: --mode real

monitor catch int 0x18
continue
expect-screen "Open Source Network Boot Firmware"
