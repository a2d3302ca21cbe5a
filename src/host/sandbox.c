/* The table of the system calls that stay allowed, and the filter that is made of it. */
#include "host/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>

#include "base/array.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define HAS_SANITIZER 1
#elif defined __has_feature
#define HAS_SANITIZER                                                                              \
	(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                    \
	        __has_feature(memory_sanitizer))
#else
#define HAS_SANITIZER 0
#endif

/* A call is allowed when its argument arg, as far as mask goes, is value. mask 0: always. With
 * has_next the argument after it has to be next, too, an int. */
struct rule {
	int call;
	uint8_t arg;
	uint64_t mask, value;
	const char *why;
	bool has_next;
	uint32_t next;
};

/* Flags of open that do more than to read. */
#define NOT_TO_READ (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
_Static_assert(O_RDONLY == 0, "with NOT_TO_READ all clear a file is opened to be read");

#define ALL_BITS UINT64_MAX
#define WORD     0xffffffffu /* the kernel takes the argument as an int */

/* The type of KVM's ioctls, bits 8 to 15 (asm-generic/ioctl.h). KVM_CREATE_VM is among them: the
 * probe makes a VM of its own when a debugger first needs to know. */
#define IOCTL_TYPE 0xff00u
#define IOCTL_KVM  ((uint64_t)KVMIO << 8)

/* TCGETS2 and TCSETS2 without the struct's size, which libcs don't define (asm-generic/ioctls.h).
 */
#define IOCTL_BARE    0xffffu
#define IOCTL_TCGETS2 ((uint64_t)'T' << 8 | 0x2a)
#define IOCTL_TCSETS2 ((uint64_t)'T' << 8 | 0x2b)

/* The ones of every step come first: the filter goes through them in this order. */
static const struct rule rules[] = {
	{ SYS_ioctl, 1, IOCTL_TYPE, IOCTL_KVM, "all that is done with the guest" },
	{ SYS_sendto, 4, ALL_BITS, 0, "packets out, on a connection: send(2)" },
	{ SYS_recvfrom, .why = "packets in" },
	{ SYS_read, .why = "console, wake-ups, packets on standard input" },
	{ SYS_write, .why = "the guest's output, messages, wake-ups, packets" },
	{ SYS_writev, .why = "a libc's messages before it aborts; musl's stdio" },
	{ SYS_poll, .why = "waiting for a debugger, the console, a signal" },
	{ SYS_ppoll, .why = "the same with a finer time" },
	{ SYS_epoll_wait, .why = "the watcher thread" },
	{ SYS_epoll_pwait, .why = "the same in other libcs" },
	{ SYS_epoll_ctl, .why = "arming the watcher" },
	{ SYS_ioctl, 1, WORD, FIOASYNC, "kicks by the debugger's socket" },
	{ SYS_timerfd_settime, .why = "timers that get the vCPU out of the guest" },
	{ SYS_setitimer, .why = "the probe's timer" },
	{ SYS_clock_gettime, .why = "where the vDSO can't tell" },
	{ SYS_restart_syscall, .why = "a poll that SIGSTOP and SIGCONT interrupt" },

	{ SYS_accept4, .why = "the next debugger, or who takes a console" },
	{ SYS_recvmsg, .why = "who calls for the screen hands its terminal over" },
	{ SYS_fcntl, 1, WORD, F_SETFL, "that terminal is not waited for" },
	{ SYS_setsockopt, 1, WORD, IPPROTO_TCP, "TCP_NODELAY" },
	{ SYS_shutdown, .why = "a second debugger is sent away" },
	{ SYS_close, .why = "a debugger is gone; the end" },
	{ SYS_fcntl, 1, WORD, F_DUPFD_CLOEXEC, "/dev/kvm for the probe's VM" },
	{ SYS_fcntl, 1, WORD, F_SETFD, "the same in musl, which sets the flag once more" },
	{ SYS_pread64, .why = "files that are open" },
	{ SYS_lseek, .why = "the same; stdio" },
	{ SYS_fstat, .why = "stdio" },
	{ SYS_newfstatat, 3, WORD, AT_EMPTY_PATH, "stdio: fstat of newer libcs" },

	{ SYS_mmap, 2, PROT_EXEC, 0, "malloc; RAM and vCPU of the probe's VM; snapshots" },
	{ SYS_mprotect, 2, PROT_EXEC, 0, "malloc" },
	{ SYS_munmap, .why = "malloc; snapshots; the end" },
	{ SYS_mremap, .why = "realloc" },
	{ SYS_madvise, .why = "malloc, the end of a thread; RAM made zeros" },
	{ SYS_brk, .why = "malloc" },
	{ SYS_getrandom, .why = "malloc" },

	{ SYS_futex, .why = "the watcher thread's end" },
	{ SYS_set_robust_list, .why = "the watcher thread, which may not have begun yet" },
	{ SYS_rseq, .why = "the same in newer libcs" },
	{ SYS_exit, .why = "the watcher thread's end" },
	{ SYS_exit_group, .why = "the end" },
	{ SYS_rt_sigreturn, .why = "signals" },
	{ SYS_rt_sigaction, .why = "the probe's timer; ending by the signal that ended us" },
	{ SYS_rt_sigprocmask, .why = "the same; raise, abort" },
	{ SYS_gettid, .why = "raise, abort" },
	{ SYS_getpid, .why = "raise, abort" },

	{ SYS_ioctl, 1, WORD, TCGETS, "the terminal: its settings, isatty" },
	{ SYS_ioctl, 1, WORD, TCSETS, "the terminal: raw for the guest, and back" },
	{ SYS_ioctl, 1, WORD, TIOCGPGRP, "the terminal: is it ours now" },
	{ SYS_ioctl, 1, WORD, TIOCGWINSZ, "the terminal: musl's isatty" },
	{ SYS_ioctl, 1, IOCTL_BARE, IOCTL_TCGETS2, "the terminal: newer libcs' TCGETS" },
	{ SYS_ioctl, 1, IOCTL_BARE, IOCTL_TCSETS2, "the terminal: newer libcs' TCSETS" },
	{ SYS_ioctl, 1, WORD, TCFLSH, "a console that nobody reads: tcflush" },
	{ SYS_getpgrp, .why = "the terminal: is it ours now" },
	{ SYS_getpgid, .why = "the same in other libcs" },
};

/* Where a debugger may have the guest started again, or read its ELF file. */
static const struct rule readings[] = {
	{ SYS_openat, 2, NOT_TO_READ, 0, "the image as it is now" },
	{ SYS_open, 1, NOT_TO_READ, 0, "the same in other libcs" },
	{ SYS_fcntl, 1, WORD, F_OFD_SETLK, "a disk's locks, when it is opened again" },
	{ SYS_fcntl, 1, WORD, F_OFD_GETLK, "the same" },
	{ SYS_newfstatat, .why = "stat: is it a file that can be read again" },
	{ SYS_stat, .why = "the same in other libcs" },
};

/* Where a disk may be written to. */
static const struct rule writings[] = {
	{ SYS_pwrite64, .why = "a guest's disk, which is open" },
	{ SYS_fdatasync, .why = "the same: a guest's flush, and the end" },
};

#define WRITINGS  (ARRAY_SIZE(writings))
#define READINGS  (ARRAY_SIZE(readings))
#define RULES     (ARRAY_SIZE(rules))
#define EXTRA_MAX 15 /* of a struct sandbox, and our own pid */
#define RULE_LEN  12 /* instructions of one rule at most */

struct program {
	struct sock_filter code[5 + RULE_LEN * (RULES + WRITINGS + READINGS + EXTRA_MAX)];
	unsigned short len;
};

_Static_assert(5 + RULE_LEN * (RULES + WRITINGS + READINGS + EXTRA_MAX) <= BPF_MAXINSNS,
        "the kernel takes no longer filter");

#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
#define ARG_LOW(n)  (FIELD(args) + 8 * (uint32_t)(n)) /* little-endian */
#define ARG_HIGH(n) (ARG_LOW(n) + 4)
#define LOAD        (BPF_LD | BPF_W | BPF_ABS)
#define IF_EQUAL    (BPF_JMP | BPF_JEQ | BPF_K)
#define AND         (BPF_ALU | BPF_AND | BPF_K)
#define RETURN      (BPF_RET | BPF_K)

static void put(struct program *p, uint16_t op, uint32_t value)
{
	p->code[p->len++] = (struct sock_filter) { .code = op, .k = value };
}

/* Goes on when the accumulator is value, else to the instruction after the rule: put_rule, which knows
 * where that is, sets how far the jump goes. */
static void put_unless(struct program *p, uint32_t value)
{
	p->code[p->len++] = (struct sock_filter) { .code = IF_EQUAL, .jf = 1, .k = value };
}

static void put_half(struct program *p, uint32_t field, uint32_t mask, uint32_t value)
{
	if (!mask)
		return;
	put(p, LOAD, field);
	put(p, AND, mask);
	put_unless(p, value);
}

static void put_rule(struct program *p, const struct rule *r)
{
	unsigned begin = p->len;
	put(p, LOAD, FIELD(nr));
	put_unless(p, (uint32_t)r->call);
	put_half(p, ARG_LOW(r->arg), (uint32_t)r->mask, (uint32_t)r->value);
	put_half(p, ARG_HIGH(r->arg), (uint32_t)(r->mask >> 32), (uint32_t)(r->value >> 32));
	if (r->has_next)
		put_half(p, ARG_LOW(r->arg + 1), WORD, r->next);
	put(p, RETURN, SECCOMP_RET_ALLOW);
	for (unsigned i = begin; i < p->len; i++)
		if (p->code[i].code == IF_EQUAL) /* jumps count from the next instruction */
			p->code[i].jf = (uint8_t)(p->len - i - 1);
}

static void put_extra(struct program *p, const struct sandbox *s)
{
	const uint64_t pid = (uint64_t)getpid(), child = (uint64_t)s->child_pid;
	const struct rule ours[] = {
		{ SYS_tgkill, 0, WORD, pid, "kicks; raise" },
		{ SYS_tkill, 0, WORD, pid, "the same in other libcs: to the first thread" },
		{ SYS_fcntl, 1, WORD, F_SETOWN, "kicks by the debugger's socket", true,
		        (uint32_t)pid },
	};
	const struct rule childs[] = {
		{ SYS_wait4, 0, WORD, child, "the end of gdb" },
		{ SYS_kill, 0, WORD, child, "to end gdb" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		put_rule(p, &ours[i]);
	for (size_t i = 0; child && i < ARRAY_SIZE(childs); i++)
		put_rule(p, &childs[i]);
	for (size_t i = 0; i < SANDBOX_FILES_MAX; i++) {
		const struct rule r = { SYS_unlink, 0, ALL_BITS, (uintptr_t)s->unlinked[i],
			"the socket, at the end" };
		if (s->unlinked[i])
			put_rule(p, &r);
	}
	const struct rule dir = { SYS_rmdir, 0, ALL_BITS, (uintptr_t)s->removed_dir,
		"the socket's folder, at the end" };
	if (s->removed_dir)
		put_rule(p, &dir);
}

bool sandbox_is_built(void)
{
	return !HAS_SANITIZER;
}

int sandbox_enter(const struct sandbox *s, struct error *e)
{
	struct program p = { .len = 0 };
	if (!sandbox_is_built())
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(e, -errno, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	/* Numbers mean other calls in another ABI; those of x32 are in no rule. */
	put(&p, LOAD, FIELD(arch));
	p.code[p.len++] =
	        (struct sock_filter) { .code = IF_EQUAL, .jt = 1, .k = AUDIT_ARCH_X86_64 };
	put(&p, RETURN, SECCOMP_RET_KILL_PROCESS);
	for (size_t i = 0; i < RULES; i++)
		put_rule(&p, &rules[i]);
	for (size_t i = 0; s->writes_files && i < WRITINGS; i++)
		put_rule(&p, &writings[i]);
	for (size_t i = 0; s->reads_files && i < READINGS; i++)
		put_rule(&p, &readings[i]);
	put_extra(&p, s);
	put(&p, RETURN, SECCOMP_RET_KILL_PROCESS);
	const struct sock_fprog program = { .len = p.len, .filter = p.code };
	/* SPEC_ALLOW: nothing here runs code that is somebody else's, which the kernel would slow
	 * the whole process down for. */
	const unsigned flags[] = { SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_TSYNC /* Linux before 4.17 */ };
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], &program) == 0)
			return 0;
	return error_set(e, -errno, "this kernel has no seccomp filters: %s", strerror(errno));
}
