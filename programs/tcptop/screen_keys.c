/* SPDX-License-Identifier: MIT */
#include "screen_keys.h"

#define CONTROL(letter) ((letter)&0x1f)

/* clang-format off */
static const struct key_binding bindings[] = {
	/* In the order of the hint line. */
	{{'/'}, SCREEN_FILTER, "filter", "Which connections",
	 "filter; it is in force as it is typed"},
	{{'s', KEYS_F1 + 5}, SCREEN_SORT_MENU, "sort", "Order", "choose what to sort by"},
	{{'t'}, SCREEN_GROUP, "group", "Which connections",
	 "put together by process, remote address, port, control group; or not"},
	{{'o'}, SCREEN_HOLD, "hold", "Order", "hold the order as it is, while numbers go on"},
	{{' '}, SCREEN_PAUSE, "pause", "Time", "stop the picture, or the recording; and go on"},
	{{KEYS_ENTER}, SCREEN_DETAIL, "detail", "Looking closer", "all about the selected one"},
	{{'n'}, SCREEN_DNS, "dns", "Names and numbers", "names of hosts"},
	{{'?', 'h', KEYS_F1}, SCREEN_HELP, "help", "Program", "this help"},
	{{'q', CONTROL('C'), KEYS_F1 + 9}, SCREEN_QUIT, "quit", "Program", "quit"},

	{{'k', KEYS_UP}, SCREEN_UP, NULL, "Moving", "up"},
	{{'j', KEYS_DOWN}, SCREEN_DOWN, NULL, "Moving", "down"},
	{{KEYS_PAGE_UP}, SCREEN_PAGE_UP, NULL, "Moving", "a page up"},
	{{KEYS_PAGE_DOWN}, SCREEN_PAGE_DOWN, NULL, "Moving", "a page down"},
	{{CONTROL('U')}, SCREEN_HALF_UP, NULL, "Moving", "half a page up"},
	{{CONTROL('D')}, SCREEN_HALF_DOWN, NULL, "Moving", "half a page down"},
	{{'g', KEYS_HOME}, SCREEN_TOP, NULL, "Moving", "to the first one"},
	{{'G', KEYS_END}, SCREEN_BOTTOM, NULL, "Moving", "to the last one"},

	{{KEYS_LEFT}, SCREEN_LEFT, NULL, "Order", "sort by the column to the left; fold a group"},
	{{KEYS_RIGHT}, SCREEN_RIGHT, NULL, "Order",
	 "sort by the column to the right; unfold a group"},
	{{'<'}, SCREEN_SORT_LEFT, NULL, "Order", "sort by the column to the left"},
	{{'>'}, SCREEN_SORT_RIGHT, NULL, "Order", "sort by the column to the right"},
	{{'R'}, SCREEN_REVERSE, NULL, "Order", "turn the order round"},

	{{KEYS_ESCAPE}, SCREEN_ESCAPE, NULL, "Which connections",
	 "leave what is open; then take the filter away"},
	{{'L'}, SCREEN_CLOSED, NULL, "Which connections",
	 "closed ones; listening ones too; neither"},

	{{'c'}, SCREEN_COMMAND, NULL, "Looking closer", "the process's command line"},
	{{'y'}, SCREEN_COPY, NULL, "Looking closer", "copy the line to the clipboard"},
	{{'e'}, SCREEN_EXPORT, NULL, "Looking closer", "write what is chosen to a CSV file"},

	{{'p'}, SCREEN_PORTS, NULL, "Names and numbers", "names of ports"},
	{{'T'}, SCREEN_TOTALS, NULL, "Names and numbers", "rates, or bytes in all"},
	{{'b'}, SCREEN_BITS, NULL, "Names and numbers", "rates in bits, or in bytes"},
	{{'B'}, SCREEN_SI, NULL, "Names and numbers", "K is 1000, or 1024"},
	{{'f'}, SCREEN_COLUMNS, NULL, "Names and numbers", "choose columns; they are remembered"},

	{{'d'}, SCREEN_INTERVAL, NULL, "Time", "time between two looks"},
	{{'['}, SCREEN_BACK, NULL, "Time", "in a recording: 10 seconds back"},
	{{']'}, SCREEN_FORWARD, NULL, "Time", "in a recording: 10 seconds on"},
	{{'{'}, SCREEN_FAR_BACK, NULL, "Time", "in a recording: 5 minutes back"},
	{{'}'}, SCREEN_FAR_FORWARD, NULL, "Time", "in a recording: 5 minutes on"},
	{{','}, SCREEN_STEP_BACK, NULL, "Time", "in a recording: one picture back"},
	{{'.'}, SCREEN_STEP_FORWARD, NULL, "Time", "in a recording: one picture on"},
	{{'-'}, SCREEN_SLOWER, NULL, "Time", "in a recording: half as fast"},
	{{'+', '='}, SCREEN_FASTER, NULL, "Time", "in a recording: twice as fast"},
	{{'@'}, SCREEN_GO_TO, NULL, "Time", "in a recording: go to a time"},

	{{'K', KEYS_F1 + 8}, SCREEN_SIGNAL, NULL, "Interfering", "send the process a signal"},
	{{'X'}, SCREEN_DESTROY, NULL, "Interfering", "destroy the connection"},

	{{CONTROL('L')}, SCREEN_REDRAW, NULL, "Program", "draw everything anew"},
	{{CONTROL('Z')}, SCREEN_SUSPEND, NULL, "Program", "suspend"},
};
/* clang-format on */

const struct key_binding *screen_keys(size_t *ret_n)
{
	*ret_n = sizeof(bindings) / sizeof(bindings[0]);
	return bindings;
}
