/* The table, by subject. */
#include "cli/qemu_words.h"

#include <string.h>

static const char DISKS[] =
        "the disk to start from is the IMAGE itself, others are --disk FILE; a file is "
        "changed only by FILE,write";
static const char SCREEN[] = "--screen shows a PC's screen in this terminal";
static const char MONITOR[] =
        "its monitor's words are gdb's here, as in monitor info registers; monitor help "
        "lists them";
static const char ALWAYS_KVM[] =
        "leave it out; stepvm always runs on KVM, and --engine says what KVM does";
static const char NO_NETWORK[] = "leave it out; there is no network";
static const char NO_USB[] = "leave it out; there is no USB, and the keyboard is a PC's own";

const struct qemu_word qemu_words[] = {
	/* the debugger */
	{ "-s", "stepvm run --gdb :1234 IMAGE waits for a debugger, and stepvm debug IMAGE starts "
	        "gdb, too" },
	{ "-S", "with --gdb the guest waits at its first instruction, unless --no-wait is there" },
	{ "-d", "there is no log of interrupts; monitor catch exception, or int 0-255, stops at "
	        "those "
	        "in gdb, and --trace bios tells the BIOS's calls on standard error" },
	{ "-D", "--trace writes to standard error" },
	{ "-monitor", MONITOR },
	{ "-qmp", MONITOR },
	{ "-loadvm", "in gdb, stepvm save NAME and stepvm load NAME keep the machine and bring it "
	             "back" },
	/* what is started */
	{ "-kernel", "say its FILE alone; a kernel is an IMAGE, with --append and --initrd" },
	{ "-boot", "leave it out; the machine starts from the IMAGE" },
	{ "-bios", "leave it out; a PC's board (--board pc) has stepvm's own BIOS" },
	{ "-fda", DISKS },
	{ "-fdb", DISKS },
	{ "-hda", DISKS },
	{ "-hdb", DISKS },
	{ "-hdc", DISKS },
	{ "-hdd", DISKS },
	{ "-drive", DISKS },
	{ "-blockdev", DISKS },
	{ "-snapshot", "leave it out; it is always so, unless --disk FILE,write says otherwise" },
	{ "-cdrom", "there is no CD-ROM drive; --disk FILE has hard disks and floppy disks" },
	/* the machine */
	{ "-enable-kvm", ALWAYS_KVM },
	{ "-accel", ALWAYS_KVM },
	{ "-machine", "leave it out; --board pc or bare says what stands around the CPU" },
	{ "-M", "leave it out; --board pc or bare says what stands around the CPU" },
	{ "-cpu", "leave it out; the guest's CPU is what this host's KVM offers" },
	{ "-smp", "leave it out; there is one CPU" },
	{ "-icount", "--speed says how the guest's time goes" },
	{ "-device", "isa-debug-exit is always there, at port 0xf4; others that there are need no "
	             "option" },
	{ "-debugcon", "leave it out; what is written to port 0xe9 is always printed" },
	{ "-no-acpi", "leave it out; there is no ACPI" },
	{ "-no-shutdown", "leave it out; at a triple fault a debugger has the guest, and without "
	                  "one the run ends" },
	{ "-nodefaults", "leave it out; --board bare has few devices" },
	{ "-net", NO_NETWORK },
	{ "-nic", NO_NETWORK },
	{ "-netdev", NO_NETWORK },
	{ "-usb", NO_USB },
	{ "-usbdevice", NO_USB },
	/* the terminal */
	{ "-serial",
	        "the serial line is on this terminal; --console says pty, unix:PATH or a file" },
	{ "-chardev", "--console says where the serial line leads: pty, unix:PATH or a file" },
	{ "-nographic",
	        "leave it out; the serial line and what the BIOS prints are on this terminal" },
	{ "-display", SCREEN },
	{ "-curses", SCREEN },
	{ "-vga", SCREEN },
	{ "-vnc", SCREEN },
	{ NULL, NULL },
};

const char *qemu_word_advice(const char *word, size_t len)
{
	if (len > 2 && word[0] == '-' && word[1] == '-') {
		word++;
		len--;
	}
	for (const struct qemu_word *q = qemu_words; q->name; q++)
		if (strlen(q->name) == len && memcmp(q->name, word, len) == 0)
			return q->advice;
	return NULL;
}
