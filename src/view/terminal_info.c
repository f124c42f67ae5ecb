/* SPDX-License-Identifier: MIT */
#include "view/terminal_info.h"

#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "view/terminal.h"

const char *terminal_info_text(const char *name)
{
	const char *value = tigetstr(name);

	return value == (char *)-1 ? NULL : value;
}

int terminal_probe(int in_fd, int out_fd, const char **ret_reason)
{
	static const char cannot_move[] = "TERM names a terminal that cannot move its cursor";
	const char *name = getenv("TERM");
	TERMINAL *before = cur_term;
	int found = 0;
	bool can_move;

	if (!isatty(in_fd) || !isatty(out_fd)) {
		*ret_reason = isatty(out_fd) ? "standard input is not a terminal"
					     : "standard output is not a terminal";
		return -ENOTTY;
	}
	if (!name || !*name) {
		*ret_reason = "TERM is not set";
		return -EOPNOTSUPP;
	}
	if (setupterm(name, out_fd, &found) == ERR) {
		*ret_reason = found < 0    ? "there is no terminfo database"
			      : found == 0 ? "TERM names a terminal that terminfo does not know"
					   : cannot_move;
		set_curterm(before);
		return -EOPNOTSUPP;
	}
	can_move = terminal_info_text("cup") != NULL;
	del_curterm(cur_term);
	set_curterm(before);
	if (can_move)
		return 0;
	*ret_reason = cannot_move;
	return -EOPNOTSUPP;
}

void terminal_info_add(struct terminal_reset *reset, const char *bytes)
{
	while (bytes && *bytes && reset->len < sizeof(reset->bytes)) {
		if (bytes[0] == '$' && bytes[1] == '<' && strchr(bytes, '>'))
			bytes = strchr(bytes, '>') + 1;
		else
			reset->bytes[reset->len++] = *bytes++;
	}
}

void terminal_info_add_reset(struct terminal_reset *reset, int height)
{
	terminal_info_add(reset, terminal_info_text("sgr0"));
	terminal_info_add(reset, terminal_info_text("op"));
	terminal_info_add(reset, terminal_info_text("cnorm"));
	terminal_info_add(reset, terminal_info_text("rmkx"));
	if (terminal_info_text("rmcup"))
		terminal_info_add(reset, terminal_info_text("rmcup"));
	else
		terminal_info_add(reset, tiparm(terminal_info_text("cup"), height - 1, 0));
	terminal_info_add(reset, "\r\n");
}
