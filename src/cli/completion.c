/* The scripts. Each verb has its options and what its operands are; a value is a word of a list, a file's name, or
 * something that nobody can guess. */
#include "cli/completion.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"
#include "boot/image.h"

/* Words that a row's value does not spell out. */
static const struct {
	const char *option, *words;
} known_words[] = {
	{ "board", "auto bare pc" },
	{ "mode", "auto real prot long" },
	{ "hlt", "auto exit stop resume" },
	{ "trace", "io mmio exits packets run bios" },
	{ "console", "stdio pty gdb none" },
	{ "record", "auto off" },
};

bool completion_shell(const char *word, enum completion *shell)
{
	bool is_bash = strcmp(word, "bash") == 0;
	if (!is_bash && strcmp(word, "zsh") != 0)
		return false;
	*shell = is_bash ? COMPLETION_BASH : COMPLETION_ZSH;
	return true;
}

static void add_word(struct completion_value *v, const char *word, size_t len)
{
	size_t used = strlen(v->words);
	snprintf(
	        v->words + used, sizeof v->words - used, "%s%.*s", used ? " " : "", (int)len, word);
}

/* "real|max|FACTOR": those in lower case are words. */
static void add_alternatives(struct completion_value *v, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, "|");
		if (islower((unsigned char)value[0]))
			add_word(v, value, len);
		value += len;
		value += *value == '|';
	}
}

struct completion_value completion_value_of(const struct option_row *r)
{
	struct completion_value v = { COMPLETION_ANY, "" };
	if (strcmp(r->name, "format") == 0)
		for (int i = IMAGE_AUTO; i < IMAGE_FORMATS; i++)
			add_word(&v, image_format_name((enum image_format)i),
			        strlen(image_format_name((enum image_format)i)));
	for (size_t i = 0; i < ARRAY_SIZE(known_words); i++)
		if (strcmp(r->name, known_words[i].option) == 0)
			add_word(&v, known_words[i].words, strlen(known_words[i].words));
	bool is_file = r->value && strncmp(r->value, "FILE", 4) == 0;
	if (!v.words[0] && r->value && !is_file)
		add_alternatives(&v, r->value);
	if (v.words[0])
		v.kind = COMPLETION_WORDS;
	else if (is_file)
		v.kind = COMPLETION_FILE;
	else if (r->value && strcmp(r->value, "DIR") == 0)
		v.kind = COMPLETION_DIR;
	return v;
}

/* --- bash ------------------------------------------------------------------------------------- */

static void bash_value(FILE *to, const struct option_row *r)
{
	struct completion_value v = completion_value_of(r);
	fprintf(to, "\t--%s", r->name);
	if (r->letter)
		fprintf(to, "|-%c", r->letter);
	switch (v.kind) {
	case COMPLETION_ANY: fputs(") return ;;\n", to); break;
	case COMPLETION_WORDS:
		fprintf(to, ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\"); return ;;\n",
		        v.words);
		break;
	case COMPLETION_FILE:
		fputs(") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); "
		      "return ;;\n",
		        to);
		break;
	case COMPLETION_DIR:
		fputs(") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); "
		      "return ;;\n",
		        to);
		break;
	}
}

/* The long names of a set of verbs. */
static void put_names(FILE *to, unsigned scope)
{
	const char *space = "";
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (!(r->scope & scope))
			continue;
		fprintf(to, "%s--%s", space, r->name);
		space = " ";
	}
}

static void print_bash(FILE *to)
{
	fputs("# bash completion of stepvm, printed by stepvm --completion bash\n"
	      "_stepvm() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options\n"
	      "\tCOMPREPLY=()\n"
	      "\t# bash takes --name=VALUE for three words\n"
	      "\tif [ \"$cur\" = = ]; then\n"
	      "\t\tcur=\n"
	      "\telif [ \"$prev\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tcase $prev in\n",
	        to);
	for (const struct option_row *r = option_rows; r->name; r++)
		if (r->value && !option_may_lack_value(r))
			bash_value(to, r);
	fputs("\tesac\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '",
	        to);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++)
		fprintf(to, "%s ", option_verbs[verb].name);
	put_names(to, ON_NONE);
	fputs("' -- \"$cur\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase ${COMP_WORDS[1]} in\n",
	        to);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		fprintf(to, "\t%s) options='", option_verbs[verb].name);
		put_names(to, 1u << verb);
		fputs("' ;;\n", to);
	}
	fputs("\t*) return ;;\n"
	      "\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	      "\telse\n"
	      "\t\tcompopt -o filenames\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _stepvm stepvm\n",
	        to);
}

/* --- zsh -------------------------------------------------------------------------------------- */

/* A text within single quotes and within [], up to its first sentence's end. */
static void zsh_text(FILE *to, const char *text)
{
	for (; *text && !(text[0] == '.' && (text[1] == ' ' || !text[1])); text++) {
		if (*text == '\'')
			fputs("'\\'", to);
		else if (strchr("[]:\\", *text))
			putc('\\', to);
		putc(*text, to);
	}
}

static void zsh_option(FILE *to, const struct option_row *r)
{
	struct completion_value v = completion_value_of(r);
	bool has_value = r->value && !option_may_lack_value(r);
	const char *more = r->repeats ? "*" : "";
	if (r->letter)
		fprintf(to, "\t\t\t'%s-%c%s[", more, r->letter, has_value ? "+" : "");
	for (int is_long = r->letter ? 0 : 1; is_long < 2; is_long++) {
		if (is_long)
			fprintf(to, "\t\t\t'%s--%s%s[", more, r->name, has_value ? "=" : "");
		zsh_text(to, r->help);
		fputs("]", to);
		if (has_value) {
			fputs(":", to);
			zsh_text(to, r->value);
			if (v.kind == COMPLETION_WORDS)
				fprintf(to, ":(%s)", v.words);
			else
				fputs(v.kind == COMPLETION_FILE    ? ":_files"
				        : v.kind == COMPLETION_DIR ? ":_files -/"
				                                   : ": ",
				        to);
		}
		fputs("' \\\n", to);
	}
}

static void print_zsh(FILE *to)
{
	fputs("#compdef stepvm\n"
	      "# zsh completion of stepvm, printed by stepvm --completion zsh\n"
	      "_stepvm() {\n"
	      "local -a verbs\n"
	      "if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
	      "\tverbs=(\n",
	        to);
	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		fprintf(to, "\t\t'%s:", option_verbs[verb].name);
		zsh_text(to, option_verbs[verb].summary);
		fputs("'\n", to);
	}
	fputs("\t)\n"
	      "\t_describe verb verbs\n"
	      "\treturn\n"
	      "fi\n"
	      "if [[ $words[2] != -* ]]; then\n"
	      "\tshift words\n"
	      "\t(( CURRENT-- ))\n"
	      "fi\n"
	      "case $words[1] in\n",
	        to);
	for (unsigned verb = 0; verb <= VERB_COUNT; verb++) {
		unsigned scope = verb < VERB_COUNT ? 1u << verb : ON_NONE;
		fprintf(to, "\t%s)\n\t\t_arguments \\\n",
		        verb < VERB_COUNT ? option_verbs[verb].name : "*");
		for (const struct option_row *r = option_rows; r->name; r++)
			if (r->scope & scope)
				zsh_option(to, r);
		fputs(verb < VERB_COUNT && option_verbs[verb].operand ? "\t\t\t'*:file:_files' ;;\n"
		                                                      : "\t\t\t;;\n",
		        to);
	}
	fputs("esac\n"
	      "}\n"
	      "# As an autoloaded function the file completes; sourced, it only says who does.\n"
	      "if [[ $funcstack[1] == _stepvm ]]; then\n"
	      "\t_stepvm \"$@\"\n"
	      "else\n"
	      "\tcompdef _stepvm stepvm\n"
	      "fi\n",
	        to);
}

void completion_print(FILE *to, enum completion shell)
{
	switch (shell) {
	case COMPLETION_NONE: break;
	case COMPLETION_BASH: print_bash(to); break;
	case COMPLETION_ZSH: print_zsh(to); break;
	}
}
