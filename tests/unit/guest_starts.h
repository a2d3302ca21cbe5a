/* How a guest is to be started, where its name alone does not do: HACKING.md, "A guest". For tests that open a machine of
 * each image. */
#ifndef STEPVM_TESTS_GUEST_STARTS_H
#define STEPVM_TESTS_GUEST_STARTS_H

#include <stddef.h>
#include <string.h>

#define GUEST_OPTIONS_MAX 10

/* The options before the image, ended by NULL; name: such as stages.bin. */
static inline const char *const *guest_options(const char *name)
{
	static const char *const usual[] = { "--memory", "4M", NULL };
	static const struct {
		const char *name, *options[GUEST_OPTIONS_MAX];
	} starts[] = {
		{ "accesses.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "add.bin", { "--memory", "4M", "--load", "0x1000", "--reg", "ax=2", "--reg",
		                     "bx=2" } },
		{ "alias32.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x10000" } },
		{ "alias64.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x10000" } },
		{ "demand32.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "demandpae.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "efer.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "kernel32.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "kernel64.bin", { "--memory", "4M", "--mode", "long", "--load", "0x100000" } },
		{ "longrep.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x10000" } },
		{ "many.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "mmio.bin", { "--memory", "640K" } },
		{ "pages.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "raise32.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "raise64.bin", { "--memory", "4M", "--mode", "long", "--load", "0x100000" } },
		{ "reset.bin", { "--memory", "4M", "--memory", "64K@0xffff0000", "--load",
		                       "0xffff0000", "--entry", "reset" } },
		{ "ring3.bin", { "--memory", "4M", "--mode", "long", "--load", "0x100000" } },
		{ "spaces.bin", { "--memory", "4M", "--mode", "long", "--load", "0x100000" } },
		{ "stages.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "stray.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "syscalls.bin", { "--memory", "4M", "--mode", "long", "--load", "0x100000" } },
		{ "thrice.bin", { "--load", "0x7c00", "--memory", "640K" } },
		{ "user32.bin", { "--memory", "4M", "--mode", "prot", "--load", "0x100000" } },
		{ "unreal.bin", { "--memory", "4M", "--load", "0x7c00" } },
		{ "zero.bin", { "--memory", "4M", "--board", "bare" } },
	};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (!strcmp(starts[i].name, name))
			return starts[i].options;
	return usual;
}

#endif
