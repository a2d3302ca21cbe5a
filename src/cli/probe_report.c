/* The words for each fact that the probe finds, and the two forms that they are printed in. */
#include "cli/probe_report.h"

#include <dirent.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/version.h"
#include "cli/wrap.h"

#define NAME_COLUMNS  29
#define MODE_COLUMNS  5
#define WORDS_COLUMN  (NAME_COLUMNS + PROBE_MODES * MODE_COLUMNS + 2)
#define TITLE_COLUMNS 22

static const struct {
	const char *key; /* JSON's */
	const char *top, *bottom;
} modes[PROBE_MODES] = {
	[SCRATCH_REAL16] = { "real16", "real", "16" },
	[SCRATCH_PROT32] = { "prot32", "prot", "32" },
	[SCRATCH_LONG64] = { "long64", "long", "64" },
};

static const struct {
	const char *key; /* JSON's */
	const char *name;
	const char *yes, *no; /* what stepvm does about either answer; NULL: nothing */
	/* Run control has one answer for all modes: that of real mode. */
	bool is_decided_in_real16;
} rows[PROBE_FACTS] = {
	[PROBE_RUNS] = { "runs", "code runs", NULL, "the guest stops there, KVM's reason shown" },
	[PROBE_X87] = { "x87", "x87 arithmetic runs", NULL,
	        "the guest stops there, KVM's reason shown" },
	[PROBE_SSE] = { "sse", "SSE arithmetic runs", NULL,
	        "the guest stops there, KVM's reason shown" },
	[PROBE_PAGING32] = { "paging32", "32-bit paging works", NULL,
	        "the engine does it; --engine kvm: such code does not run" },
	[PROBE_PAGING32_FAULTS] = { "paging32_raises_gp", "mov to cr0 for it is #GP",
	        "the engine does it; --engine kvm: the guest gets a #GP that no CPU raises", NULL },
	[PROBE_INT_N] = { "int_n", "int n works", NULL,
	        "the engine does it; --engine kvm: the guest stops there, KVM's reason shown" },
	[PROBE_IRET] = { "iret", "iret works", NULL,
	        "the engine does it; --engine kvm: the guest stops there, KVM's reason shown" },
	[PROBE_INT3_EXITS] = { "int3_exits", "a planted int3 exits",
	        "--engine kvm: past the debug registers, without paging, breakpoints are int3",
	        "--engine kvm: past the debug registers breakpoints are guarded pages or steps",
	        true },
	[PROBE_EXEC_BREAKPOINTS] = { "exec_breakpoints", "exec breakpoints in DRs fire",
	        "the first four breakpoints are in debug registers",
	        "breakpoints in debug registers are missed" },
	[PROBE_RF_COUNTS] = { "rf_counts", "RF resumes from them",
	        "never used: a step goes off a breakpoint, disarmed",
	        "never used: a step goes off a breakpoint, disarmed" },
	[PROBE_DATA_BREAKPOINTS] = { "data_breakpoints", "data breakpoints in DRs fire",
	        "watchpoints are in debug registers, then in guarded pages",
	        "watchpoints are in guarded pages", true },
	[PROBE_OWN_BREAKPOINTS] = { "own_breakpoints_noticed", "the guest's DRs beside ours",
	        "DR7.GD or KVM tells when the guest loads them",
	        "what the guest loads counts from the next stop or step on", true },
	[PROBE_STEP_OVER_OUT_LATE] = { "step_over_out_is_late", "a step over out is late",
	        "the access is finished with immediate_exit",
	        "the access is finished with immediate_exit" },
	[PROBE_STEP_LOSES_HLT] = { "step_loses_hlt", "a step loses hlt's exit",
	        "stepvm does the hlt itself", "stepvm does the hlt itself" },
	[PROBE_STEP_SHOWS_TF] = { "step_shows_tf", "a step shows TF to pushf",
	        "TF is taken out of what is pushed", NULL },
	[PROBE_STEP_SKIPS_MOV_SS] = { "step_over_mov_ss_skips", "a step skips after mov ss",
	        "the next instruction is planted for the step", NULL, true },
	[PROBE_STEP_RUNS_WHOLE_REP] = { "step_runs_whole_rep", "a step runs a whole rep",
	        "the count is made 1 for the step", NULL, true },
	[PROBE_STEP_LEAVES_TRAP] = { "step_leaves_trap", "a step leaves a trap over",
	        "the run after a step has debug registers in use, so that stepvm gets it", NULL,
	        true },
	[PROBE_READ_ONLY_SLOTS] = { "read_only_slots", "read-only slots exit on write",
	        "they guard watched and planted pages", "what they would guard is kept by steps" },
	[PROBE_DELETED_SLOTS] = { "deleted_slots", "deleted slots exit on access",
	        "they guard pages with breakpoints or watched for reads",
	        "what they would guard is kept by steps" },
	[PROBE_GUARDS_FAIL] = { "guards_fail", "fst fails on a guarded page",
	        "the instruction is stepped without guards", NULL },
	[PROBE_CPL3_RUNS] = { "cpl3_runs", "CPL 3: code runs", NULL,
	        "the engine does it; --engine kvm: such code does not run" },
	[PROBE_CPL3_STEPS] = { "cpl3_steps", "CPL 3: a step is a step", NULL,
	        "the engine steps there; --engine kvm: a step to CPL 3 ends where the guest is "
	        "back "
	        "at CPL 0, and says so" },
	[PROBE_CPL3_BREAKPOINTS] = { "cpl3_breakpoints", "CPL 3: DR breakpoints fire", NULL,
	        "the engine finds them; --engine kvm: those in code of CPL 3 are missed" },
	[PROBE_CPL3_PORTS] = { "cpl3_ports", "CPL 3: ports by IOPL", NULL,
	        "the engine allows them; --engine kvm: in and out raise #GP there" },
	[PROBE_SHUTDOWN_KEEPS_STATE] = { "shutdown_keeps_registers", "triple fault keeps registers",
	        NULL, "the stop shows registers after a reset" },
	[PROBE_EFER_EXITS] = { "efer_exits", "a write of EFER exits",
	        "from there to 64-bit code it is stepped where gdb must know",
	        "it is stepped to 64-bit code where gdb must know" },
	[PROBE_PUSHES_HALF] = { "segment_pushes_half", "push ds writes two bytes",
	        "the engine does the same", "the engine does the same" },
	[PROBE_EMULATES] = { "emulates", "KVM emulates its guests",
	        "the engine comes first, KVM does what it hands over",
	        "KVM runs the guest, the engine does steps that nobody asked for", true },
};

/* --- finding out ----------------------------------------------------------------------------- */

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void find_modules(char *to, size_t size)
{
	size_t len = 0;
	to[0] = '\0';
	DIR *d = opendir("/sys/module");
	if (!d)
		return;
	for (const struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t add = strlen(e->d_name) + (len != 0);
		if (strncmp(e->d_name, "kvm_", 4) != 0 || add >= size - len)
			continue;
		snprintf(to + len, size - len, "%s%s", len ? " " : "", e->d_name);
		len += add;
	}
	closedir(d);
}

int probe_report_make(struct probe_report *r, struct error *e)
{
	struct probe_report made;
	struct utsname host;
	uint64_t start = now_us();
	int err = probe_run_all(&made.facts, NULL, e);
	if (err)
		return err;
	made.time_us = (uint32_t)(now_us() - start);
	snprintf(made.kernel, sizeof made.kernel, "%s", uname(&host) ? "?" : host.release);
	find_modules(made.modules, sizeof made.modules);
	*r = made;
	return 0;
}

/* --- for people ------------------------------------------------------------------------------ */

static void put_title(FILE *to, const char *name, const char *text)
{
	fprintf(to, "%-*s", TITLE_COLUMNS, name);
	wrap(to, text, TITLE_COLUMNS);
	putc('\n', to);
}

static void put_head(FILE *to, const struct probe_report *r)
{
	const struct probe_facts *f = &r->facts;
	char time[32], version[16];
	snprintf(time, sizeof time, "%u.%u ms", r->time_us / 1000, r->time_us % 1000 / 100);
	snprintf(version, sizeof version, "%d", f->api_version);
	put_title(to, "Linux", r->kernel);
	put_title(to, "module", r->modules[0] ? r->modules : "unknown: /sys/module has none");
	put_title(to, "KVM's API version", version);
	put_title(to, "KVM_CAP_SYNC_REGS",
	        f->has_sync_regs ? "yes: registers come with every exit"
	                         : "no: registers are asked for after an exit");
	put_title(to, "KVM_CAP_READONLY_MEM",
	        f->has_readonly_mem ? "yes: pages can be guarded against writes"
	                            : "no: what needs that is kept by steps");
	put_title(to, "the probe took", time);
}

static void put_column_heads(FILE *to)
{
	fprintf(to, "\n%-*s", NAME_COLUMNS, "what this KVM does");
	for (unsigned m = 0; m < PROBE_MODES; m++)
		fprintf(to, "%*s", MODE_COLUMNS, modes[m].top);
	fprintf(to, "  what stepvm does about it\n%*s", NAME_COLUMNS, "");
	for (unsigned m = 0; m < PROBE_MODES; m++)
		fprintf(to, "%*s", MODE_COLUMNS, modes[m].bottom);
	putc('\n', to);
}

static bool has_answer(const enum probe_answer answers[PROBE_MODES], enum probe_answer a)
{
	for (unsigned m = 0; m < PROBE_MODES; m++)
		if (answers[m] == a)
			return true;
	return false;
}

/* The words for the answers that there are; for both when there are both. */
static void put_consequence(
        FILE *to, enum probe_fact fact, const enum probe_answer answers[PROBE_MODES])
{
	enum probe_answer real = answers[SCRATCH_REAL16];
	bool is_yes = has_answer(answers, PROBE_YES), is_no = has_answer(answers, PROBE_NO);
	char both[200];
	if (rows[fact].is_decided_in_real16 && real != PROBE_UNKNOWN) {
		is_yes = real == PROBE_YES;
		is_no = real == PROBE_NO;
	}
	const char *yes = is_yes && rows[fact].yes ? rows[fact].yes : "";
	const char *no = is_no && rows[fact].no ? rows[fact].no : "";
	bool is_same = strcmp(yes, no) == 0, is_mixed = is_yes && is_no && !is_same;
	snprintf(both, sizeof both, "%s%s%s%s%s", is_mixed && *yes ? "yes: " : "", yes,
	        is_mixed && *yes && *no ? "; " : "", is_mixed && *no ? "no: " : "",
	        is_same ? "" : no);
	if (!both[0])
		return;
	fputs("  ", to);
	wrap(to, both, WORDS_COLUMN);
}

static void put_fact(FILE *to, enum probe_fact fact, const enum probe_answer answers[PROBE_MODES])
{
	static const char *const words[] = {
		[PROBE_UNKNOWN] = "?",
		[PROBE_NO] = "no",
		[PROBE_YES] = "yes",
	};
	fprintf(to, "%-*s", NAME_COLUMNS, rows[fact].name);
	for (unsigned m = 0; m < PROBE_MODES; m++)
		fprintf(to, "%*s", MODE_COLUMNS,
		        probe_is_tried(fact, (enum scratch_mode)m) ? words[answers[m]] : "-");
	put_consequence(to, fact, answers);
	putc('\n', to);
}

void probe_report_table(FILE *to, const struct probe_report *r)
{
	put_head(to, r);
	put_column_heads(to);
	for (unsigned i = 0; i < PROBE_FACTS; i++)
		put_fact(to, (enum probe_fact)i, r->facts.answers[i]);
	fputs("\nTried in a VM of its own, at CPL 0 but for the rows of CPL 3.\n"
	      "?: no answer. -: the question makes no sense there. Breakpoints, watchpoints and\n"
	      "steps are told as KVM does them; stepvm's engine compares instead of all that.\n",
	        to);
}

/* --- for machines ---------------------------------------------------------------------------- */

/* RFC 8259, section 7: what a string must escape. */
static void put_string(FILE *to, const char *text, size_t len)
{
	putc('"', to);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20)
			fprintf(to, "\\u%04x", c);
		else
			putc(c, to);
	}
	putc('"', to);
}

static const char *boolean(bool is_true)
{
	return is_true ? "true" : "false";
}

static void put_modules(FILE *to, const char *at)
{
	fputs("  \"modules\": [", to);
	while (*at) {
		size_t len = strcspn(at, " ");
		put_string(to, at, len);
		at += len;
		if (*at) {
			fputs(", ", to);
			at++;
		}
	}
	fputs("],\n", to);
}

static void put_fact_json(
        FILE *to, enum probe_fact fact, const enum probe_answer answers[PROBE_MODES])
{
	const char *comma = "";
	fprintf(to, "    \"%s\": {", rows[fact].key);
	for (unsigned m = 0; m < PROBE_MODES; m++) {
		if (!probe_is_tried(fact, (enum scratch_mode)m))
			continue;
		const char *word =
		        answers[m] == PROBE_UNKNOWN ? "null" : boolean(answers[m] == PROBE_YES);
		fprintf(to, "%s\"%s\": %s", comma, modes[m].key, word);
		comma = ", ";
	}
	putc('}', to);
}

void probe_report_json(FILE *to, const struct probe_report *r)
{
	fputs("{\n  \"stepvm\": \"" STEPVM_VERSION "\",\n  \"kernel\": ", to);
	put_string(to, r->kernel, strlen(r->kernel));
	fputs(",\n", to);
	put_modules(to, r->modules);
	fprintf(to,
	        "  \"api_version\": %d,\n  \"sync_regs\": %s,\n  \"readonly_mem\": %s,\n"
	        "  \"time_us\": %u,\n  \"facts\": {\n",
	        r->facts.api_version, boolean(r->facts.has_sync_regs),
	        boolean(r->facts.has_readonly_mem), r->time_us);
	for (unsigned i = 0; i < PROBE_FACTS; i++) {
		put_fact_json(to, (enum probe_fact)i, r->facts.answers[i]);
		fputs(i + 1 < PROBE_FACTS ? ",\n" : "\n", to);
	}
	fputs("  }\n}\n", to);
}
