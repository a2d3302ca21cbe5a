/* probe_report: what is printed for made-up facts, byte for byte. */
#include "cli/probe_report.h"

#include <stdlib.h>

#include "base/version.h"
#include "check.h"

typedef void print(FILE *to, const struct probe_report *r);

static char *printed(print *p, const struct probe_report *r)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	p(to, r);
	fclose(to);
	return text;
}

static void check_printed(print *p, const struct probe_report *r, const char *wanted)
{
	char *text = printed(p, r);
	CHECK_STR(text, wanted);
	free(text);
}

/* The line of the table that starts with name, and those that go on with it. */
static void check_row(const struct probe_report *r, const char *name, const char *wanted)
{
	char *text = printed(probe_report_table, r);
	char *row = strstr(text, name);
	CHECK(row != NULL);
	if (row) {
		char *end = strchr(row, '\n');
		while (end[1] == ' ')
			end = strchr(end + 1, '\n');
		*end = '\0';
		CHECK_STR(row, wanted);
	}
	free(text);
}

static void set(struct probe_report *r, enum probe_fact fact, enum probe_answer real16,
        enum probe_answer prot32, enum probe_answer long64)
{
	const enum probe_answer answers[] = { real16, prot32, long64 };
	for (unsigned m = 0; m < PROBE_MODES; m++)
		if (probe_is_tried(fact, (enum scratch_mode)m))
			r->facts.answers[fact][m] = answers[m];
}

/* A KVM that is good at everything in real mode, fails in 32-bit mode, and knows nothing of others.
 */
static struct probe_report sample(void)
{
	struct probe_report r = {
		.kernel = "6.1.0",
		.modules = "kvm_a kvm_b",
		.time_us = 2196,
		.facts = { .api_version = 12, .has_sync_regs = true },
	};
	for (unsigned i = 0; i < PROBE_FACTS; i++)
		set(&r, (enum probe_fact)i, PROBE_YES, PROBE_NO, PROBE_UNKNOWN);
	return r;
}

static void prints_the_table(void)
{
	const struct probe_report r = sample();
	check_printed(probe_report_table, &r,
	        "Linux                 6.1.0\n"
	        "module                kvm_a kvm_b\n"
	        "KVM's API version     12\n"
	        "KVM_CAP_SYNC_REGS     yes: registers come with every exit\n"
	        "KVM_CAP_READONLY_MEM  no: what needs that is kept by steps\n"
	        "the probe took        2.1 ms\n"
	        "\n"
	        "what this KVM does            real prot long  what stepvm does about it\n"
	        "                                16   32   64\n"
	        "code runs                      yes   no    ?  no: the guest stops there, KVM's\n"
	        "                                              reason shown\n"
	        "x87 arithmetic runs            yes   no    ?  no: the guest stops there, KVM's\n"
	        "                                              reason shown\n"
	        "SSE arithmetic runs              -   no    ?  the guest stops there, KVM's\n"
	        "                                              reason shown\n"
	        "32-bit paging works              -   no    -  the engine does it; --engine kvm:\n"
	        "                                              such code does not run\n"
	        "mov to cr0 for it is #GP         -   no    -\n"
	        "int n works                    yes   no    ?  no: the engine does it; --engine\n"
	        "                                              kvm: the guest stops there, KVM's\n"
	        "                                              reason shown\n"
	        "iret works                     yes   no    ?  no: the engine does it; --engine\n"
	        "                                              kvm: the guest stops there, KVM's\n"
	        "                                              reason shown\n"
	        "a planted int3 exits           yes   no    ?  --engine kvm: past the debug\n"
	        "                                              registers, without paging,\n"
	        "                                              breakpoints are int3\n"
	        "exec breakpoints in DRs fire   yes   no    ?  yes: the first four breakpoints\n"
	        "                                              are in debug registers; no:\n"
	        "                                              breakpoints in debug registers are\n"
	        "                                              missed\n"
	        "RF resumes from them           yes   no    ?  never used: a step goes off a\n"
	        "                                              breakpoint, disarmed\n"
	        "data breakpoints in DRs fire   yes   no    ?  watchpoints are in debug\n"
	        "                                              registers, then in guarded pages\n"
	        "the guest's DRs beside ours    yes   no    ?  DR7.GD or KVM tells when the guest\n"
	        "                                              loads them\n"
	        "a step over out is late        yes   no    ?  the access is finished with\n"
	        "                                              immediate_exit\n"
	        "a step loses hlt's exit        yes   no    ?  stepvm does the hlt itself\n"
	        "a step shows TF to pushf       yes   no    ?  yes: TF is taken out of what is\n"
	        "                                              pushed\n"
	        "a step skips after mov ss      yes   no    ?  the next instruction is planted\n"
	        "                                              for the step\n"
	        "a step runs a whole rep        yes   no    ?  the count is made 1 for the step\n"
	        "a step leaves a trap over      yes   no    ?  the run after a step has debug\n"
	        "                                              registers in use, so that stepvm\n"
	        "                                              gets it\n"
	        "read-only slots exit on write  yes   no    ?  yes: they guard watched and\n"
	        "                                              planted pages; no: what they would\n"
	        "                                              guard is kept by steps\n"
	        "deleted slots exit on access   yes   no    ?  yes: they guard pages with\n"
	        "                                              breakpoints or watched for reads;\n"
	        "                                              no: what they would guard is kept\n"
	        "                                              by steps\n"
	        "fst fails on a guarded page    yes   no    ?  yes: the instruction is stepped\n"
	        "                                              without guards\n"
	        "triple fault keeps registers   yes   no    ?  no: the stop shows registers after\n"
	        "                                              a reset\n"
	        "a write of EFER exits          yes   no    ?  yes: from there to 64-bit code it\n"
	        "                                              is stepped where gdb must know;\n"
	        "                                              no: it is stepped to 64-bit code\n"
	        "                                              where gdb must know\n"
	        "CPL 3: code runs                 -    -    ?\n"
	        "CPL 3: a step is a step          -    -    ?\n"
	        "CPL 3: DR breakpoints fire       -    -    ?\n"
	        "CPL 3: ports by IOPL             -    -    ?\n"
	        "push ds writes two bytes         -   no    -  the engine does the same\n"
	        "KVM emulates its guests        yes    -    -  the engine comes first, KVM does\n"
	        "                                              what it hands over\n"
	        "\n"
	        "Tried in a VM of its own, at CPL 0 but for the rows of CPL 3.\n"
	        "?: no answer. -: the question makes no sense there. Breakpoints, watchpoints and\n"
	        "steps are told as KVM does them; stepvm's engine compares instead of all that.\n");
}

static void prints_json(void)
{
	const struct probe_report r = sample();
	check_printed(probe_report_json, &r,
	        "{\n"
	        "  \"stepvm\": \"" STEPVM_VERSION "\",\n"
	        "  \"kernel\": \"6.1.0\",\n"
	        "  \"modules\": [\"kvm_a\", \"kvm_b\"],\n"
	        "  \"api_version\": 12,\n"
	        "  \"sync_regs\": true,\n"
	        "  \"readonly_mem\": false,\n"
	        "  \"time_us\": 2196,\n"
	        "  \"facts\": {\n"
	        "    \"runs\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"x87\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"sse\": {\"prot32\": false, \"long64\": null},\n"
	        "    \"paging32\": {\"prot32\": false},\n"
	        "    \"paging32_raises_gp\": {\"prot32\": false},\n"
	        "    \"int_n\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"iret\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"int3_exits\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"exec_breakpoints\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"rf_counts\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"data_breakpoints\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"own_breakpoints_noticed\": {\"real16\": true, \"prot32\": false, "
	        "\"long64\": null},\n"
	        "    \"step_over_out_is_late\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"step_loses_hlt\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"step_shows_tf\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"step_over_mov_ss_skips\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"step_runs_whole_rep\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"step_leaves_trap\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"read_only_slots\": {\"real16\": true, \"prot32\": false, \"long64\": "
	        "null},\n"
	        "    \"deleted_slots\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"guards_fail\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"shutdown_keeps_registers\": {\"real16\": true, \"prot32\": false, "
	        "\"long64\": null},\n"
	        "    \"efer_exits\": {\"real16\": true, \"prot32\": false, \"long64\": null},\n"
	        "    \"cpl3_runs\": {\"long64\": null},\n"
	        "    \"cpl3_steps\": {\"long64\": null},\n"
	        "    \"cpl3_breakpoints\": {\"long64\": null},\n"
	        "    \"cpl3_ports\": {\"long64\": null},\n"
	        "    \"segment_pushes_half\": {\"prot32\": false},\n"
	        "    \"emulates\": {\"real16\": true}\n"
	        "  }\n"
	        "}\n");
}

static void a_row_tells_what_is_done_about_each_answer(void)
{
	struct probe_report r = sample();
	/* Nothing to be done about one of them. */
	set(&r, PROBE_INT_N, PROBE_YES, PROBE_YES, PROBE_YES);
	check_row(&r, "int n works", "int n works                    yes  yes  yes");
	set(&r, PROBE_STEP_SHOWS_TF, PROBE_NO, PROBE_YES, PROBE_YES);
	check_row(&r, "a step shows TF",
	        "a step shows TF to pushf        no  yes  yes  yes: TF is taken out of what is\n"
	        "                                              pushed");
	/* Run control knows only real mode's answer to this one. */
	set(&r, PROBE_INT3_EXITS, PROBE_NO, PROBE_YES, PROBE_YES);
	check_row(&r, "a planted int3",
	        "a planted int3 exits            no  yes  yes  --engine kvm: past the debug\n"
	        "                                              registers breakpoints are guarded\n"
	        "                                              pages or steps");
	set(&r, PROBE_CPL3_STEPS, PROBE_UNKNOWN, PROBE_UNKNOWN, PROBE_NO);
	check_row(&r, "CPL 3: a step",
	        "CPL 3: a step is a step          -    -   no  the engine steps there; --engine\n"
	        "                                              kvm: a step to CPL 3 ends where\n"
	        "                                              the guest is back at CPL 0, and\n"
	        "                                              says so");
	/* Nothing is known. */
	set(&r, PROBE_DATA_BREAKPOINTS, PROBE_UNKNOWN, PROBE_UNKNOWN, PROBE_UNKNOWN);
	check_row(&r, "data break", "data breakpoints in DRs fire     ?    ?    ?");
}

static void says_when_no_module_is_told(void)
{
	struct probe_report r = sample();
	r.modules[0] = '\0';
	check_row(&r, "module", "module                unknown: /sys/module has none");
	char *text = printed(probe_report_json, &r);
	CHECK(strstr(text, "\n  \"modules\": [],\n") != NULL);
	free(text);
}

static void escapes_strings(void)
{
	struct probe_report r = sample();
	strcpy(r.kernel, "6\"\\\n");
	char *text = printed(probe_report_json, &r);
	CHECK(strstr(text, "\"kernel\": \"6\\\"\\\\\\u000a\",") != NULL);
	free(text);
}

static void no_line_of_the_table_is_too_long(void)
{
	static const enum probe_answer answers[] = { PROBE_UNKNOWN, PROBE_NO, PROBE_YES };
	struct probe_report r = sample();
	memset(r.kernel, 'k', sizeof r.kernel - 1);
	r.kernel[40] = '\0';
	r.time_us = UINT32_MAX;
	for (unsigned real = 0; real < 3; real++)
		for (unsigned prot = 0; prot < 3; prot++) {
			for (unsigned i = 0; i < PROBE_FACTS; i++)
				set(&r, (enum probe_fact)i, answers[real], answers[prot],
				        PROBE_YES);
			char *text = printed(probe_report_table, &r);
			for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
				if (strlen(line) > 80 || line[strlen(line) - 1] == ' ')
					CHECK_FAIL("bad line: \"%s\"", line);
			free(text);
		}
}

int main(void)
{
	RUN(prints_the_table);
	RUN(prints_json);
	RUN(a_row_tells_what_is_done_about_each_answer);
	RUN(says_when_no_module_is_told);
	RUN(escapes_strings);
	RUN(no_line_of_the_table_is_too_long);
	return check_done();
}
