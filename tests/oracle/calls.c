/* The two machines as PCs, their calls beside each other. */
#include "calls.h"

#include "report.h"

#define BOOT    0x7c00u
#define ROM     0xc0000u /* from here up code is the BIOS's */
#define ROM_END 0x100000u
#define SCREEN  0xb8000u
#define CELLS   2000u
#define FLAG_CF 0x0001u
#define FLAG_ZF 0x0040u
#define LOW16   0xffffu
#define HIGH8   0xff00u
#define STACK_MAX                                                                                  \
	0x400u /* bytes below the guest's stack pointer, where each BIOS leaves what it likes */

/* What a call returns: bits that have to be the same. A register that no row names is kept by the call. Ralf
 * Brown's Interrupt List, by its entries. */
struct rule {
	uint8_t vector;
	int ah; /* or -1: any */
	uint32_t flags;
	uint32_t eax, ebx, ecx, edx; /* of EAX to EDX: compared; the others' bits are not */
};
#define ALL UINT32_MAX

static const struct rule rules[] = {
	{ 0x10, 0x00, 0, 0, ALL, ALL, ALL }, { 0x10, 0x03, 0, 0, ALL, LOW16, LOW16 },
	{ 0x10, 0x08, 0, LOW16, ALL, ALL, ALL }, { 0x10, 0x0f, 0, LOW16, HIGH8, ALL, ALL },
	{ 0x11, -1, 0, 0, ALL, ALL, ALL }, /* which devices a machine has is its own */
	{ 0x12, -1, 0, LOW16, ALL, ALL, ALL }, { 0x13, 0x00, FLAG_CF, HIGH8, ALL, ALL, ALL },
	{ 0x13, 0x02, FLAG_CF, LOW16, ALL, ALL, ALL },
	{ 0x13, 0x08, FLAG_CF, HIGH8, 0, 0, 0 }, /* and so is a small disk's geometry */
	{ 0x13, 0x15, FLAG_CF, HIGH8, ALL, 0, 0 }, { 0x13, 0x41, FLAG_CF, 0, LOW16, 0, ALL },
	{ 0x13, 0x42, FLAG_CF, HIGH8, ALL, ALL, ALL }, { 0x15, 0x86, FLAG_CF, 0, ALL, ALL, ALL },
	{ 0x16, 0x00, 0, LOW16, ALL, ALL, ALL }, { 0x16, 0x10, 0, LOW16, ALL, ALL, ALL },
	{ 0x16, 0x01, FLAG_ZF, 0, ALL, ALL, ALL }, { 0x16, 0x11, FLAG_ZF, 0, ALL, ALL, ALL },
	{ 0x1a, 0x00, 0, 0, ALL, 0, 0 }, /* the time */
};
/* in: a device's state, often the time, is the machine's own. */
static const struct rule input = { 0, -1, ALL, 0, ALL, ALL, ALL };
static const struct rule other = { 0, -1, 0, 0, ALL, ALL, ALL };

struct calls {
	struct side stepvm, qemu;
	struct cpu before, is, wanted;
	bool has_text; /* the guest has set a text mode: the screen is its own */
	unsigned steps, keys;
};

static const struct rule *rule_of(const uint8_t *code, const struct cpu *cpu)
{
	unsigned ah = cpu->r[CPU_EAX] >> 8 & 0xff;
	for (size_t i = 0; code[0] == 0xcd && i < sizeof rules / sizeof *rules; i++)
		if (rules[i].vector == code[1] && (rules[i].ah < 0 || rules[i].ah == (int)ah))
			return &rules[i];
	return &other;
}

static bool read_both(struct calls *c)
{
	bool is_sane;
	side_begin_read(&c->stepvm);
	side_begin_read(&c->qemu);
	return side_end_read(&c->stepvm, &c->is, &is_sane) &&
	       side_end_read(&c->qemu, &c->wanted, &is_sane) && is_sane;
}

static bool is_in_rom(uint32_t pc)
{
	return pc >= ROM && pc < ROM_END;
}

/* SeaBIOS in QEMU to the place that the frame on its stack names. */
static bool leave_rom(struct calls *c)
{
	uint8_t frame[4];
	struct side *s = &c->qemu;
	uint32_t sp = (c->wanted.r[CPU_SS] << 4) + (c->wanted.r[CPU_ESP] & LOW16);
	if (!side_read_memory(s, sp, frame, sizeof frame))
		return false;
	uint32_t to =
	        (uint32_t)(frame[0] | frame[1] << 8) + ((uint32_t)(frame[2] | frame[3] << 8) << 4);
	bool is_set = !strcmp(rsp_ask(&s->rsp, "Z1,%x,1", to), "OK");
	rsp_send(&s->rsp, "c", 1);
	bool has_stopped = is_set && side_end_step(s);
	rsp_ask(&s->rsp, "z1,%x,1", to);
	return has_stopped;
}

static bool is_same_but(const struct calls *c, const struct cpu *free, uint32_t flags_free)
{
	for (int i = 0; i < CPU_REGISTERS; i++) {
		uint32_t mask = i == CPU_EFLAGS ? ~flags_free : ~free->r[i];
		if ((c->is.r[i] ^ c->wanted.r[i]) & mask)
			return false;
	}
	return true;
}

/* After a call: what the rule leaves free is made the same. */
static bool is_call_same(struct calls *c, const struct rule *rule)
{
	const struct cpu free = { .r = { [CPU_EAX] = ~rule->eax,
		                          [CPU_EBX] = ~rule->ebx,
		                          [CPU_ECX] = ~rule->ecx,
		                          [CPU_EDX] = ~rule->edx } };
	return is_same_but(c, &free, ~rule->flags) && side_load(&c->qemu, &c->is);
}

static bool is_step_same(struct calls *c, unsigned quirks, const uint8_t *code)
{
	static const struct cpu none;
	uint32_t free = known_undefined(quirks, &c->before, &c->is, code);
	if (!is_same_but(c, &none, free))
		return false;
	return c->is.r[CPU_EFLAGS] == c->wanted.r[CPU_EFLAGS] ||
	       side_write_register(&c->qemu, CPU_EFLAGS, c->is.r[CPU_EFLAGS]);
}

static enum lockstep_end say(struct calls *c, const uint8_t *code)
{
	printf("# step %u at 0x%x, code %02x %02x %02x:\n", c->steps + 1, c->before.r[CPU_PC],
	        code[0], code[1], code[2]);
	for (int i = 0; i < CPU_REGISTERS; i++)
		if (c->is.r[i] != c->wanted.r[i])
			printf("#   %s was 0x%x, is 0x%x, QEMU's 0x%x\n", cpu_names[i],
			        c->before.r[i], c->is.r[i], c->wanted.r[i]);
	return LOCKSTEP_DIFFERENT;
}

/* Now and then QEMU's step comes back with nothing done. */
static bool catch_up(struct calls *c)
{
	bool is_behind = !memcmp(&c->wanted, &c->before, sizeof c->wanted) &&
	                 memcmp(&c->is, &c->before, sizeof c->is);
	if (!is_behind)
		return true;
	side_begin_step(&c->qemu);
	return side_end_step(&c->qemu) && read_both(c);
}

static bool is_in(const uint8_t *code)
{
	return (code[0] & 0xf6) == 0xe4; /* e4, e5, ec, ed */
}

/* int 16h AH=00h and 10h. */
static bool waits_for_key(const uint8_t *code, const struct cpu *cpu)
{
	return code[0] == 0xcd && code[1] == 0x16 && !(cpu->r[CPU_EAX] & 0xef00);
}

/* The next key, typed on both machines. QEMU types none while it is stopped: its keyboard controller is told to
 * have got the key's byte of set 1 from the keyboard (its command d2). */
static bool type_key(struct calls *c)
{
	static const struct {
		char name;
		uint8_t code;
	} keys[] = { { 's', 0x1f }, { 't', 0x14 }, { 'e', 0x12 }, { 'p', 0x19 }, { 'k', 0x25 },
		{ 'e', 0x12 }, { 'y', 0x15 }, { 's', 0x1f } };
	if (c->keys == sizeof keys / sizeof *keys)
		return false;
	const unsigned n = c->keys++;
	return side_monitor(&c->stepvm, "sendkey %c", keys[n].name) &&
	       side_monitor(&c->qemu, "o /b 0x64 0xd2") &&
	       side_monitor(&c->qemu, "o /b 0x60 0x%x", keys[n].code);
}

static enum lockstep_end step(struct calls *c, unsigned quirks)
{
	uint8_t code[INSN_MAX];
	if (!side_read_memory(&c->stepvm, c->before.r[CPU_PC], code, sizeof code))
		return LOCKSTEP_BROKEN;
	if (code[0] == 0xf4 || (waits_for_key(code, &c->before) && !type_key(c)))
		return c->qemu.is_broken || c->stepvm.is_broken ? LOCKSTEP_BROKEN : LOCKSTEP_HALTED;
	if (code[0] == 0xcd && code[1] == 0x10 && !(c->before.r[CPU_EAX] & HIGH8))
		c->has_text = (c->before.r[CPU_EAX] & 0x7f) <= 3; /* a mode is set */
	side_begin_step(&c->stepvm);
	side_begin_step(&c->qemu);
	if (!side_end_step(&c->stepvm) || !side_end_step(&c->qemu) || !read_both(c))
		return LOCKSTEP_BROKEN;
	if (!catch_up(c))
		return LOCKSTEP_BROKEN;
	bool is_call = is_in_rom(c->wanted.r[CPU_PC]);
	if (is_call && (!leave_rom(c) || !read_both(c)))
		return LOCKSTEP_BROKEN;
	bool is_same = is_call       ? is_call_same(c, rule_of(code, &c->before))
	               : is_in(code) ? is_call_same(c, &input)
	                             : is_step_same(c, quirks, code);
	if (!is_same)
		return c->qemu.is_broken ? LOCKSTEP_BROKEN : say(c, code);
	c->before = c->is;
	return LOCKSTEP_STEPS;
}

/* --- to begin and to end with ----------------------------------------------------------------- */

static bool start(struct calls *c, const char *stepvm, const char *qemu, const char *image)
{
	char drive[5000];
	bool is_sane;
	if (!side_start_stepvm(&c->stepvm, stepvm, image))
		return false;
	side_begin_read(&c->stepvm);
	if (!side_end_read(&c->stepvm, &c->before, &is_sane))
		return false;
	bool is_floppy = !(c->before.r[CPU_EDX] & 0x80);
	snprintf(drive, sizeof drive, "file=%s,format=raw,snapshot=on,if=%s", image,
	        is_floppy ? "floppy" : "ide");
	if (!side_start_pc(&c->qemu, qemu, drive))
		return false;
	rsp_ask(&c->qemu.rsp, "Z1,%x,1", BOOT);
	rsp_send(&c->qemu.rsp, "c", 1);
	if (!side_end_step(&c->qemu))
		return false;
	rsp_ask(&c->qemu.rsp, "z1,%x,1", BOOT);
	return side_load(&c->qemu, &c->before);
}

/* The guest's part of conventional memory after its sector, which holds what it counts by time, and but for what
 * is below its stack pointer. */
static bool is_memory_same(struct calls *c)
{
	const uint32_t sp = (c->is.r[CPU_SS] << 4) + (c->is.r[CPU_ESP] & LOW16), begin = BOOT + 512,
	               end = SIDE_MEMORY - 0x800;
	if (!side_fetch_memory(&c->stepvm, begin, end - begin) ||
	        !side_fetch_memory(&c->qemu, begin, end - begin))
		return false;
	for (uint32_t at = begin; at < end; at++) {
		if (c->stepvm.memory[at] == c->qemu.memory[at] || sp - 1 - at < STACK_MAX)
			continue;
		printf("# memory at 0x%x is %02x, QEMU's %02x\n", at, c->stepvm.memory[at],
		        c->qemu.memory[at]);
		return false;
	}
	return true;
}

static bool is_screen_same(struct calls *c)
{
	uint8_t is[2 * CELLS], wanted[2 * CELLS];
	if (!side_read_memory(&c->stepvm, SCREEN, is, sizeof is) ||
	        !side_read_memory(&c->qemu, SCREEN, wanted, sizeof wanted))
		return false;
	for (unsigned i = 0; i < sizeof is; i++)
		if (is[i] != wanted[i]) {
			printf("# the screen's byte %u is %02x, QEMU's %02x\n", i, is[i],
			        wanted[i]);
			return false;
		}
	return true;
}

enum lockstep_end calls_run(const char *stepvm, const char *qemu, const char *image,
        unsigned quirks, unsigned steps_max, unsigned *steps)
{
	static struct calls c;
	memset(&c, 0, sizeof c);
	side_prepare(&c.stepvm);
	side_prepare(&c.qemu);
	enum lockstep_end end = start(&c, stepvm, qemu, image) ? LOCKSTEP_STEPS : LOCKSTEP_BROKEN;
	while (end == LOCKSTEP_STEPS && c.steps < steps_max) {
		end = step(&c, quirks);
		c.steps += end == LOCKSTEP_STEPS;
	}
	if ((end == LOCKSTEP_STEPS || end == LOCKSTEP_HALTED) &&
	        (!is_memory_same(&c) || (c.has_text && !is_screen_same(&c))))
		end = LOCKSTEP_DIFFERENT;
	*steps = c.steps;
	side_close(&c.stepvm);
	side_close(&c.qemu);
	return end;
}
