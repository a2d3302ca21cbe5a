/* The KVMs that run control is tried on: the table "What KVM does under a debugger", by columns. */
#include "base/array.h"
#include "fake_kvm.h"

/* Seen on all three. */
#define ON_ALL (FAKE(LOSES_WRITES) | FAKE(READS_AGAIN))

/* On those that let the guest run on the CPU. */
#define ON_CPU                                                                                     \
	(ON_ALL | FAKE(ACCESS_LOSES_STEP) | FAKE(EMULATED_LOSES_STEP) | FAKE(POPF_LOSES_STEP) |    \
	        FAKE(PUSHF_SHOWS_TF) | FAKE(MOV_SS_HIDES_STEP) | FAKE(INT_UNSEEN) |                \
	        FAKE(FAULT_UNSEEN) | FAKE(ONLY_OURS) | FAKE(WRITE_LOSES_STEP) | FAKE(OUT_7E_LOST))

#define PVM                                                                                        \
	(ON_ALL | FAKE(OUT_SWALLOWS_STEP) | FAKE(REP_IN_ONE_STEP) | FAKE(REP_MMIO_STAYS) |         \
	        FAKE(HLT_SWALLOWED) | FAKE(FAULT_LATE) | FAKE(NO_INT32) | FAKE(RF_IGNORED) |       \
	        FAKE(NO_DATA_BREAKPOINTS) | FAKE(INT3_TO_GUEST) | FAKE(GD_IGNORED) |               \
	        FAKE(WINDOW_LATE) | FAKE(IVT_HAS_NO_LIMIT) | FAKE(NO_FLOAT) |                      \
	        FAKE(HANDED_TO_CPU) | FAKE(INT_80_HANGS) | FAKE(NO_PAGING32))
#define AMD                                                                                        \
	(ON_CPU | FAKE(REP_ENDS_AT_ITSELF) | FAKE(REP_WATCH_AT_END) | FAKE(GD_IGNORED) |           \
	        FAKE(SHUTDOWN_RESETS) | FAKE(INTERRUPT_PUSHES_RF))
#define INTEL                                                                                      \
	(ON_CPU | FAKE(MOV_SS_HIDES_BREAK) | FAKE(STI_LOSES_SHADOW) | FAKE(STALE_BS) |             \
	        FAKE(EMPTY_STEPS) | FAKE(INTERRUPT_NEEDS_IF))

#define ALONE(quirk) #quirk, FAKE(quirk)

const struct fake_kind fake_kinds[] = {
	{ "plain", 0 },
	{ "pvm", PVM },
	{ "amd", AMD },
	{ "intel", INTEL },
	{ ALONE(OUT_SWALLOWS_STEP) },
	{ ALONE(REP_IN_ONE_STEP) },
	{ ALONE(REP_ENDS_AT_ITSELF) },
	{ ALONE(REP_WATCH_AT_END) },
	{ ALONE(REP_MMIO_STAYS) },
	{ ALONE(HLT_SWALLOWED) },
	{ ALONE(ACCESS_LOSES_STEP) },
	{ ALONE(EMULATED_LOSES_STEP) },
	{ ALONE(POPF_LOSES_STEP) },
	{ ALONE(PUSHF_SHOWS_TF) },
	{ ALONE(MOV_SS_HIDES_STEP) },
	/* A CPU's shadow does both. */
	{ "MOV_SS_HIDES_BREAK", FAKE(MOV_SS_HIDES_BREAK) | FAKE(MOV_SS_HIDES_STEP) },
	{ ALONE(STI_LOSES_SHADOW) },
	{ ALONE(INT_UNSEEN) },
	{ ALONE(FAULT_UNSEEN) },
	{ ALONE(FAULT_LATE) },
	{ ALONE(NO_INT32) },
	{ ALONE(RF_IGNORED) },
	{ ALONE(NO_DATA_BREAKPOINTS) },
	{ ALONE(INT3_TO_GUEST) },
	{ ALONE(ONLY_OURS) },
	{ ALONE(GD_IGNORED) },
	{ ALONE(STALE_BS) },
	{ ALONE(EMPTY_STEPS) },
	{ ALONE(WRITE_LOSES_STEP) },
	{ ALONE(INTERRUPT_NEEDS_IF) },
	{ ALONE(WINDOW_LATE) },
	{ ALONE(SHUTDOWN_RESETS) },
	{ ALONE(IVT_HAS_NO_LIMIT) },
	{ ALONE(NO_SYNC_REGS) },
	{ ALONE(LOSES_WRITES) },
	{ ALONE(READS_AGAIN) },
	{ ALONE(NO_FLOAT) },
	{ ALONE(HANDED_TO_CPU) },
	{ ALONE(INT_80_HANGS) },
	{ ALONE(NO_PAGING32) },
	{ ALONE(NO_SREGS2) },
	{ ALONE(INTERRUPT_PUSHES_RF) },
	{ ALONE(OUT_7E_LOST) },
};
const unsigned fake_kind_count = ARRAY_SIZE(fake_kinds);
