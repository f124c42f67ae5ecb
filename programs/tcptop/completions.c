/* SPDX-License-Identifier: MIT */
/*
 * Made and run while building, never installed: writes the completions of a shell, or the list of
 * all options for the check of the man page, from the option table; and, for the same check, the
 * list of all keys of the screen.
 *
 *     tcptop-completions bash|zsh|fish|options|keys
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <weir/error.h>

#include "base/cleanup.h"
#include "base/str_buf.h"
#include "options.h"
#include "screen_keys.h"

/* Text inside single quotes of a POSIX shell: a quote ends them, is escaped, and begins anew. */
static void put_quoted(const char *text, const char *escape_too)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(escape_too, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

/* fish knows \' inside single quotes. */
static void put_fish(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void put_words(const char *words, const char *separator)
{
	for (; *words; words++) {
		if (*words == ' ')
			fputs(separator, stdout);
		else
			putchar(*words);
	}
}

static void options_list(const struct option_spec *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].short_name)
			printf("-%c\n", table[i].short_name);
		if (table[i].name)
			printf("--%s\n", table[i].name);
	}
}

static void keys_list(const struct option_spec *table, size_t n)
{
	const struct key_binding *keys = screen_keys(&n);

	(void)table;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < KEYS_PER_BINDING && keys[i].keys[j]; j++) {
			CLEANUP(str_buf_done) struct str_buf name = {0};

			keys_name(&name, keys[i].keys[j]);
			puts(name.len > 0 ? name.data : "");
		}
	}
}

static void bash_values(const struct option_spec *spec)
{
	switch (spec->values) {
	case OPTION_VALUES_NONE:
		puts("\t\tCOMPREPLY=()");
		return;
	case OPTION_VALUES_WORDS:
		printf("\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", spec->words);
		return;
	case OPTION_VALUES_LIST:
		printf("\t\t_tcptop_list '%s'\n", spec->words);
		return;
	case OPTION_VALUES_FILE:
		puts("\t\tcompopt -o filenames\n"
		     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
		return;
	case OPTION_VALUES_INTERFACE:
		puts("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(ls /sys/class/net)\" -- "
		     "\"$cur\")");
		return;
	case OPTION_VALUES_PID:
		puts("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(ps -eo pid=)\" -- \"$cur\")");
		return;
	case OPTION_VALUES_PROCESS:
		puts("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(ps -eo comm=)\" -- \"$cur\")");
		return;
	case OPTION_VALUES_NETNS:
		printf("\t\tmapfile -t COMPREPLY < <(compgen -W "
		       "\"%s $(ls /run/netns 2>/dev/null)\" -- \"$cur\")\n",
		       spec->words);
		return;
	}
}

static const char bash_list[] =
	"# Completes the last word of a comma list.\n"
	"_tcptop_list()\n"
	"{\n"
	"\tlocal before='' word\n"
	"\t[[ $cur == *,* ]] && before=${cur%,*},\n"
	"\tfor word in $1; do\n"
	"\t\t[[ $before$word == \"$cur\"* ]] && COMPREPLY+=(\"$before$word\")\n"
	"\tdone\n"
	"\treturn 0\n"
	"}\n\n";

static void bash(const struct option_spec *table, size_t n)
{
	puts("# bash completion for tcptop; made from its table of options\n");
	fputs(bash_list, stdout);
	puts("_tcptop()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\n"
	     "\t# readline makes a word of the = in --option=value\n"
	     "\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	     "\t[[ $cur == = ]] && cur=\n"
	     "\tCOMPREPLY=()\n"
	     "\tcase $prev in");
	for (size_t i = 0; i < n; i++) {
		if (!table[i].arg)
			continue;
		putchar('\t');
		if (table[i].short_name)
			printf("-%c%s", table[i].short_name, table[i].name ? "|" : "");
		if (table[i].name)
			printf("--%s", table[i].name);
		puts(")");
		bash_values(&table[i]);
		puts("\t\treturn;;");
	}
	fputs("\tesac\n\tmapfile -t COMPREPLY < <(compgen -W '", stdout);
	for (size_t i = 0; i < n; i++) {
		if (table[i].name)
			printf("%s--%s", i ? " " : "", table[i].name);
		else
			printf("%s-%c", i ? " " : "", table[i].short_name);
	}
	puts("' -- \"$cur\")\n}\n\ncomplete -F _tcptop tcptop");
}

static void zsh_values(const struct option_spec *spec)
{
	putchar(':');
	put_quoted(spec->arg, ":\\");
	putchar(':');
	switch (spec->values) {
	case OPTION_VALUES_NONE:
		break;
	case OPTION_VALUES_WORDS:
		printf("(%s)", spec->words);
		break;
	case OPTION_VALUES_LIST:
		printf("_values -s , value %s", spec->words);
		break;
	case OPTION_VALUES_FILE:
		fputs("_files", stdout);
		break;
	case OPTION_VALUES_INTERFACE:
		fputs("_net_interfaces", stdout);
		break;
	case OPTION_VALUES_PID:
		fputs("_pids", stdout);
		break;
	case OPTION_VALUES_PROCESS:
		fputs("_process_names", stdout);
		break;
	case OPTION_VALUES_NETNS:
		printf("{compadd -- %s /run/netns/*(N\\:t)}", spec->words);
		break;
	}
}

static void zsh(const struct option_spec *table, size_t n)
{
	puts("#compdef tcptop\n# zsh completion for tcptop; made from its table of options\n");
	fputs("_arguments -s -S", stdout);
	for (size_t i = 0; i < n; i++) {
		bool both = table[i].short_name && table[i].name;

		fputs(" \\\n\t", stdout);
		if (both)
			printf("'(-%c --%s)'{-%c,--%s%s}'", table[i].short_name, table[i].name,
			       table[i].short_name, table[i].name, table[i].arg ? "=" : "");
		else if (table[i].name)
			printf("'--%s%s", table[i].name, table[i].arg ? "=" : "");
		else
			printf("'-%c", table[i].short_name);
		putchar('[');
		put_quoted(table[i].help, "[]:\\");
		putchar(']');
		if (table[i].arg)
			zsh_values(&table[i]);
		putchar('\'');
	}
	putchar('\n');
}

static void fish_values(const struct option_spec *spec)
{
	switch (spec->values) {
	case OPTION_VALUES_NONE:
		fputs(" -x", stdout);
		return;
	case OPTION_VALUES_WORDS:
		printf(" -x -a '%s'", spec->words);
		return;
	case OPTION_VALUES_LIST:
		fputs(" -x -a '(__fish_append , ", stdout);
		put_words(spec->words, " ");
		fputs(")'", stdout);
		return;
	case OPTION_VALUES_FILE:
		fputs(" -r -F", stdout);
		return;
	case OPTION_VALUES_INTERFACE:
		fputs(" -x -a '(__fish_print_interfaces)'", stdout);
		return;
	case OPTION_VALUES_PID:
		fputs(" -x -a '(__fish_complete_pids)'", stdout);
		return;
	case OPTION_VALUES_PROCESS:
		fputs(" -x -a '(__fish_complete_proc)'", stdout);
		return;
	case OPTION_VALUES_NETNS:
		printf(" -x -a '%s (path basename /run/netns/*)'", spec->words);
		return;
	}
}

static void fish(const struct option_spec *table, size_t n)
{
	puts("# fish completion for tcptop; made from its table of options\n"
	     "complete -c tcptop -f");
	for (size_t i = 0; i < n; i++) {
		fputs("complete -c tcptop", stdout);
		if (table[i].short_name)
			printf(" -s %c", table[i].short_name);
		if (table[i].name)
			printf(" -l %s", table[i].name);
		if (table[i].arg)
			fish_values(&table[i]);
		fputs(" -d '", stdout);
		put_fish(table[i].help);
		puts("'");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(const struct option_spec *table, size_t n);
	} kinds[] = {{"bash", bash},
		     {"zsh", zsh},
		     {"fish", fish},
		     {"options", options_list},
		     {"keys", keys_list}};
	size_t n;
	const struct option_spec *table = option_table(&n);

	for (size_t i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		kinds[i].write(table, n);
		if (fflush(stdout) == 0 && !ferror(stdout))
			return WEIR_EXIT_OK;
		perror("tcptop-completions: stdout");
		return WEIR_EXIT_FAILURE;
	}
	fputs("usage: tcptop-completions bash|zsh|fish|options|keys\n", stderr);
	return WEIR_EXIT_USAGE;
}
