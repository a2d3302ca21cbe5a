#include "side.h"

#include <netdb.h>

const char *const cpu_names[CPU_REGISTERS] = {
	[CPU_EAX] = "eax",
	[CPU_ECX] = "ecx",
	[CPU_EDX] = "edx",
	[CPU_EBX] = "ebx",
	[CPU_ESP] = "esp",
	[CPU_EBP] = "ebp",
	[CPU_ESI] = "esi",
	[CPU_EDI] = "edi",
	[CPU_EFLAGS] = "eflags",
	[CPU_ES] = "es",
	[CPU_CS] = "cs",
	[CPU_SS] = "ss",
	[CPU_DS] = "ds",
	[CPU_FS] = "fs",
	[CPU_GS] = "gs",
	[CPU_CR0] = "cr0",
	[CPU_PC] = "eip",
};
static const char *const base_names[6] = { "es_base", "cs_base", "ss_base", "ds_base", "fs_base",
	"gs_base" };

/* QEMU takes packets of 4096 characters (MAX_PACKET_LENGTH), so 2048 bytes of an m reply; an M
 * packet has its address and length besides. */
#define READ_MAX  2048
#define WRITE_MAX 1024

/* A machine that is being simulated may have to boot first. */
#define CONNECT_MS 120000

static bool fail(struct side *s, const char *what)
{
	if (!s->is_broken && !s->is_quiet)
		printf("# %s: %s\n", s->name, what);
	s->is_broken = true;
	return false;
}

static const char *ask(struct side *s, const char *body)
{
	return rsp_ask_bytes(&s->rsp, body, strlen(body));
}

/* --- what the description says ---------------------------------------------------------------- */

/* The value of name="..." in the tag that ends at end; NULL: there is none. */
static const char *attribute(
        const char *tag, const char *end, const char *name, char *to, size_t size)
{
	char key[32];
	snprintf(key, sizeof key, " %s=\"", name);
	const char *at = strstr(tag, key);
	if (!at || at >= end)
		return NULL;
	at += strlen(key);
	snprintf(to, size, "%.*s", (int)strcspn(at, "\""), at);
	return to;
}

static void note_register(struct side *s, const char *name, const struct side_register *r)
{
	for (int i = 0; i < CPU_REGISTERS; i++)
		if (!strcmp(name, cpu_names[i]))
			s->registers[i] = *r;
	for (int i = 0; i < 6; i++)
		if (!strcmp(name, base_names[i]))
			s->bases[i] = *r;
	if (!strcmp(name, "ip"))
		s->ip = *r;
	if (!strcmp(name, "gdtr"))
		s->gdtr = *r;
}

static bool fetch_annex(struct side *s, const char *annex, char *to, size_t size)
{
	size_t len = 0;
	for (;;) {
		const char *reply = rsp_ask(&s->rsp, "qXfer:features:read:%s:%zx,7f0", annex, len);
		size_t n = s->rsp.packet_len;
		if ((reply[0] != 'm' && reply[0] != 'l') || n > size - len)
			return false;
		bool is_last = reply[0] == 'l';
		len += rsp_unescape((uint8_t *)to + len, reply + 1, n - 1);
		to[len] = 0;
		if (is_last)
			return true;
	}
}

/* Registers are numbered one after the other unless regnum says otherwise. */
static bool read_annex(struct side *s, const char *annex, struct side_register *next)
{
	char *xml = malloc(RSP_PACKET_SIZE), value[64];
	bool ok = xml && fetch_annex(s, annex, xml, RSP_PACKET_SIZE - 1);
	for (const char *at = ok ? xml : ""; ok && (at = strchr(at, '<')) != NULL; at++) {
		const char *end = strncmp(at, "<!--", 4) ? strchr(at, '>') : strstr(at, "-->");
		if (!end)
			break;
		if (at[1] == '!') {
			at = end;
			continue;
		}
		if (!strncmp(at, "<xi:include ", 12) &&
		        attribute(at, end, "href", value, sizeof value))
			ok = read_annex(s, value, next);
		if (strncmp(at, "<reg ", 5) || !attribute(at, end, "bitsize", value, sizeof value))
			continue;
		next->size = (unsigned)strtoul(value, NULL, 10) / 8;
		if (attribute(at, end, "regnum", value, sizeof value))
			next->number = (unsigned)strtoul(value, NULL, 10);
		if (attribute(at, end, "name", value, sizeof value))
			note_register(s, value, next);
		if (next->number < SIDE_REGISTERS_MAX)
			s->sizes[next->number] = next->size;
		next->number++;
	}
	free(xml);
	return ok;
}

/* In g they stand in the order of their numbers. */
static void find_offset(const struct side *s, struct side_register *r)
{
	for (unsigned i = 0; i < r->number && i < SIDE_REGISTERS_MAX; i++)
		r->off += s->sizes[i];
}

static bool handshake(struct side *s)
{
	struct side_register next = { .is_there = true };
	s->rsp.is_no_ack = true;
	ask(s, "qSupported:xmlRegisters=i386");
	ask(s, "QStartNoAckMode");
	if (!read_annex(s, "target.xml", &next))
		return fail(s, "no target description");
	for (int i = 0; i < CPU_REGISTERS; i++)
		find_offset(s, &s->registers[i]);
	for (int i = 0; i < 6; i++)
		find_offset(s, &s->bases[i]);
	find_offset(s, &s->ip);
	find_offset(s, &s->gdtr);
	for (int i = 0; i < CPU_REGISTERS; i++)
		if (!s->registers[i].is_there || s->registers[i].size > 8)
			return fail(s, "its target description lacks a register");
	if (ask(s, "?")[0] != 'T')
		return fail(s, "it is not stopped");
	return side_fetch_memory(s, 0, SIDE_MEMORY) || fail(s, "no memory below 640 KiB");
}

/* --- coming and going ------------------------------------------------------------------------- */

static void make_empty(struct side *s, const char *name)
{
	*s = (struct side) { .name = name };
	s->rsp.in_fd = s->rsp.out_fd = s->rsp.stderr_fd = s->rsp.stdout_fd = -1;
}

static bool init(struct side *s, const char *name)
{
	make_empty(s, name);
	s->rsp.packet = malloc(RSP_PACKET_SIZE + 1);
	s->memory = calloc(1, SIDE_MEMORY);
	signal(SIGPIPE, SIG_IGN);
	return (s->rsp.packet && s->memory) || fail(s, "out of memory");
}

/* The program gets one end of a socket pair as descriptors 0 and 1: there is nothing to wait for.
 */
static bool start(struct side *s, const char **argv)
{
	int pair[2];
	pid_t parent = getpid();
	s->rsp.stdout_fd = memfd_create("errors", MFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(s, "no socket pair");
	fflush(stdout);
	s->rsp.pid = fork();
	if (s->rsp.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		dup2(s->rsp.stdout_fd, 2);
		execvp(argv[0], (char **)argv);
		dprintf(2, "%s", strerror(errno));
		_exit(127);
	}
	close(pair[1]);
	s->rsp.in_fd = s->rsp.out_fd = pair[0];
	if (s->rsp.pid > 0 && handshake(s))
		return true;
	printf("# %s says: %s\n", argv[0], rsp_output(&s->rsp));
	return false;
}

bool side_start_stepvm(struct side *s, const char *program, const char *image)
{
	const char *argv[] = { program, "run", "-m", "64M", "-g", "-", image, NULL };
	return init(s, "stepvm") && start(s, argv);
}

/* The machine `none` is a CPU and RAM: no BIOS in the way, no device that ticks, and all ports read
 * as ones. It has to be told the CPU's APIC id, which a board would set. */
bool side_start_qemu(struct side *s, const char *program)
{
	const char *argv[] = { program, "-M", "none", "-cpu", "max,apic-id=0", "-m", "64", "-accel",
		"tcg", "-S", "-nodefaults", "-display", "none", "-no-reboot", "-chardev",
		"socket,id=gdb,fd=0", "-gdb", "chardev:gdb", NULL };
	return init(s, "qemu") && start(s, argv);
}

bool side_start_pc(struct side *s, const char *program, const char *drive)
{
	const char *argv[] = { program, "-M", "pc", "-m", "64", "-accel", "tcg", "-S",
		"-nodefaults", "-vga", "std", "-display", "none", "-no-reboot", "-drive", drive,
		"-chardev", "socket,id=gdb,fd=0", "-gdb", "chardev:gdb", NULL };
	return init(s, "qemu") && start(s, argv);
}

void side_prepare(struct side *s)
{
	make_empty(s, "none");
}

static bool connect_once(struct side *s, const struct addrinfo *list)
{
	int fd = -1, one = 1;
	if (!init(s, "stepvm"))
		return false;
	s->is_quiet = true;
	for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		return false;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	s->rsp.in_fd = s->rsp.out_fd = fd;
	if (!handshake(s))
		return false;
	s->is_quiet = false;
	return true;
}

bool side_connect(struct side *s, const char *where)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	const char *colon = strrchr(where, ':');
	char host[128];
	int64_t until = rsp_now_ms() + CONNECT_MS;
	bool ok = false;
	make_empty(s, "stepvm");
	if (!colon)
		return fail(s, "expected HOST:PORT");
	snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
	if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &list))
		return fail(s, "no such host");
	while (!(ok = connect_once(s, list)) && rsp_now_ms() < until) {
		side_close(s);
		poll(NULL, 0, 50);
	}
	freeaddrinfo(list);
	s->is_quiet = s->is_broken = false;
	return ok || fail(s, "nobody answers there");
}

bool side_monitor(struct side *s, const char *format, ...)
{
	char line[100], body[sizeof "qRcmd," + 2 * sizeof line] = "qRcmd,";
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	for (size_t i = 0; line[i]; i++)
		snprintf(body + 6 + 2 * i, 3, "%02x", (unsigned char)line[i]);
	const char *reply = ask(s, body);
	while (reply[0] == 'O' && strcmp(reply, "OK") != 0) /* what it says */
		reply = rsp_reply(&s->rsp);
	return !strcmp(reply, "OK") || fail(s, "it refused a monitor command");
}

void side_kill(struct side *s)
{
	rsp_send(&s->rsp, "k", 1);
}

void side_close(struct side *s)
{
	rsp_close(&s->rsp);
	free(s->memory);
	make_empty(s, s->name);
}

/* --- the CPU ---------------------------------------------------------------------------------- */

void side_begin_step(struct side *s)
{
	if (!rsp_send(&s->rsp, "s", 1))
		fail(s, "the connection is gone");
}

/* What O packets say comes before the stop reply. */
static void note_output(struct side *s, const char *hex)
{
	size_t len = strlen(s->stop);
	for (unsigned c; sscanf(hex, "%2x", &c) == 1 && len < sizeof s->stop - 1; hex += 2)
		s->stop[len++] = c >= ' ' ? (char)c : ' ';
	s->stop[len] = 0;
}

bool side_end_step(struct side *s)
{
	s->stop[0] = 0;
	while (rsp_receive(&s->rsp, RSP_WAIT_MS)) {
		const char *reply = s->rsp.packet;
		if (reply[0] == 'O') {
			note_output(s, reply + 1);
			continue;
		}
		size_t len = strlen(s->stop);
		snprintf(s->stop + len, sizeof s->stop - len, "%.100s", reply);
		return !strncmp(reply, "T05", 3);
	}
	return fail(s, "no stop reply");
}

void side_begin_read(struct side *s)
{
	if (!rsp_send(&s->rsp, "g", 1))
		fail(s, "the connection is gone");
}

static uint32_t hex_value(const char *hex, size_t digits)
{
	uint32_t value = 0;
	for (size_t i = 0; i + 1 < digits && i < 8; i += 2) {
		char pair[3] = { hex[i], hex[i + 1], 0 };
		value |= (uint32_t)strtoul(pair, NULL, 16) << 4 * i;
	}
	return value;
}

static uint32_t value_in(const struct side *s, const struct side_register *r)
{
	return hex_value(s->rsp.packet + 2 * r->off, 2 * r->size);
}

bool side_end_read(struct side *s, struct cpu *cpu, bool *is_sane)
{
	if (!rsp_receive(&s->rsp, RSP_WAIT_MS))
		return fail(s, "no registers");
	for (int i = 0; i < CPU_REGISTERS; i++) {
		const struct side_register *r = &s->registers[i];
		if (2 * (r->off + r->size) > s->rsp.packet_len)
			return fail(s, "a register is missing in its reply to g");
		cpu->r[i] = value_in(s, r);
	}
	if (s->gdtr.is_there && 2 * (s->gdtr.off + s->gdtr.size) <= s->rsp.packet_len)
		s->gdt = value_in(s, &s->gdtr); /* the base comes first */
	bool is_real = !(cpu->r[CPU_CR0] & CR0_PE);
	uint32_t cs_base = is_real ? cpu->r[CPU_CS] << 4 : 0;
	*is_sane = true;
	for (int i = 0; i < 6; i++)
		if (s->bases[i].is_there && is_real)
			*is_sane &= value_in(s, &s->bases[i]) == cpu->r[CPU_ES + i] << 4;
	if (!s->ip.is_there)
		cpu->r[CPU_PC] += cs_base;
	else if (is_real)
		*is_sane &= value_in(s, &s->ip) + cs_base == cpu->r[CPU_PC];
	return true;
}

/* Sends P; the reply is still to come. */
static void begin_write(struct side *s, enum cpu_register reg, uint32_t value)
{
	const struct side_register *r = &s->registers[reg];
	char body[512];
	int len = snprintf(body, sizeof body, "P%x=", r->number);
	for (unsigned i = 0; i < r->size; i++)
		len += snprintf(body + len, sizeof body - (size_t)len, "%02x",
		        i < 4 ? value >> 8 * i & 0xff : 0);
	if (!rsp_send(&s->rsp, body, (size_t)len))
		fail(s, "the connection is gone");
}

static bool end_write(struct side *s)
{
	return !strcmp(rsp_reply(&s->rsp), "OK") || fail(s, "it refused a write");
}

bool side_write_register(struct side *s, enum cpu_register reg, uint32_t value)
{
	begin_write(s, reg, value);
	return end_write(s);
}

/* Both stubs leave a base alone when its selector is written with the value that it has (an unreal
 * mode must survive a debugger), so each selector is first written with another one. */
bool side_load(struct side *s, const struct cpu *cpu)
{
	unsigned sent = 0;
	uint32_t pc = cpu->r[CPU_PC] - (s->ip.is_there ? 0 : cpu->r[CPU_CS] << 4);
	begin_write(s, CPU_CR0, cpu->r[CPU_CR0]);
	for (int i = CPU_ES; i <= CPU_GS; i++, sent += 2) {
		begin_write(s, (enum cpu_register)i, cpu->r[i] ^ 1);
		begin_write(s, (enum cpu_register)i, cpu->r[i]);
	}
	for (int i = CPU_EAX; i <= CPU_EFLAGS; i++, sent++)
		begin_write(s, (enum cpu_register)i, cpu->r[i]);
	begin_write(s, CPU_PC, pc);
	for (sent += 2; sent; sent--)
		if (!end_write(s))
			return false;
	return true;
}

/* --- memory ----------------------------------------------------------------------------------- */

bool side_write_memory(struct side *s, size_t gva, const uint8_t *from, size_t len)
{
	char body[2 * WRITE_MAX + 64];
	int at = snprintf(body, sizeof body, "M%zx,%zx:", gva, len);
	for (size_t i = 0; i < len; i++)
		at += snprintf(body + at, sizeof body - (size_t)at, "%02x", from[i]);
	if (strcmp(rsp_ask_bytes(&s->rsp, body, (size_t)at), "OK") != 0)
		return fail(s, "it refused to write memory");
	memcpy(s->memory + gva, from, len);
	return true;
}

bool side_load_memory(struct side *s, const uint8_t *from, size_t len)
{
	enum { CHUNK = 128 };
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t n = len - at < CHUNK ? len - at : CHUNK;
		if (memcmp(s->memory + at, from + at, n) && !side_write_memory(s, at, from + at, n))
			return false;
	}
	return true;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool side_read_memory(struct side *s, size_t gva, uint8_t *to, size_t len)
{
	for (size_t done = 0; done < len;) {
		size_t n = len - done < READ_MAX ? len - done : READ_MAX;
		const char *hex = rsp_ask(&s->rsp, "m%zx,%zx", gva + done, n);
		if (s->rsp.packet_len != 2 * n)
			return false;
		for (size_t i = 0; i < n; i++)
			to[done + i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
		done += n;
	}
	return true;
}

bool side_fetch_memory(struct side *s, size_t gva, size_t len)
{
	return side_read_memory(s, gva, s->memory + gva, len);
}
