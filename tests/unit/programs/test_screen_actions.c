/* SPDX-License-Identifier: MIT */
/* What the screen asks of its host and its feed, and what it does not ask without being sure. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "screen_fake.h"
#include "tap.h"

#define NS UINT64_C(1000000000)
#define CONTROL(letter) ((uint32_t)(letter)&0x1f)

static void test_signal(void)
{
	struct world world;

	world_init(&world, 3);
	world_type(&world, "jK");
	ok(world_shows(&world, "process 2 (proc2)"), "K asks, and names the process");
	/* while it asks, the table goes on */
	world_rate(&world, 3, 9e6);
	world_remove(&world, 2);
	world_tick(&world);
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.n_signals, 0, "nothing is sent by the choice of a signal");
	ok(world_shows(&world, "send SIGTERM to process 2 (proc2)?"), "it asks once more");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.n_signals, 0, "and Enter alone is no");
	world_type(&world, "k");
	world_done(&world);

	world_init(&world, 3);
	world_type(&world, "jK");
	world_remove(&world, 2);
	world_tick(&world);
	for (int i = 0; i < 4; i++)
		screen_key(&world.screen, KEYS_DOWN);
	screen_key(&world.screen, KEYS_ENTER);
	world.answer = -ESRCH;
	world_type(&world, "y");
	is_int(world.n_signals, 1, "y is yes");
	is_int(world.signal_pid, 2, "for the process it was asked about");
	is_int(world.signal, SIGKILL, "and the signal that was chosen");
	ok(world_shows(&world, "is gone"), "which is gone, and that is said");
	world_done(&world);
}

static void test_signal_refused(void)
{
	struct world world;

	world_init(&world, 3);
	world_row(&world, 1)->owner = (struct weir_owner){.unknown = WEIR_UNKNOWN_NO_CAP};
	world_tick(&world);
	world_type(&world, "K");
	is_int(world.screen.mode, SCREEN_MODE_TABLE, "an unknown process gets no signal");
	ok(world_shows(&world, "no-cap"), "and the reason is told");
	world_type(&world, "t");
	world_type(&world, "tK");
	ok(world_shows(&world, "choose one connection"), "nor does a group by address");
	world_type(&world, "X");
	ok(world_shows(&world, "choose one connection"), "which cannot be destroyed either");
	world.is_replay = true;
	world_type(&world, "K");
	ok(world_shows(&world, "this is a recording"), "nor the past");
	world_type(&world, "X");
	is_int(world.n_signals + world.n_destroyed, 0, "nothing was asked of the host");
	world_done(&world);
}

static void test_destroy(void)
{
	struct world world;

	world_init(&world, 3);
	world_type(&world, "jX");
	ok(world_shows(&world, "10.0.0.1:2 - 10.0.0.2:1002 of process 2 (proc2)"),
	   "X asks, and names the connection");
	world_type(&world, "n");
	is_int(world.n_destroyed, 0, "n is no");
	world_type(&world, "X");
	screen_key(&world.screen, KEYS_ESCAPE);
	world_type(&world, "X");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.n_destroyed, 0, "and so are Escape and Enter alone");
	world.answer = -EPERM;
	world_type(&world, "Xy");
	is_int(world.n_destroyed, 1, "y is yes");
	is_int(world.destroyed_cookie, 2, "for that one");
	ok(world_shows(&world, "not permitted"), "and a refusal is told");
	world_row(&world, 2)->closed_ns = 5;
	world_tick(&world);
	world_type(&world, "X");
	is_int(world.screen.mode, SCREEN_MODE_TABLE, "what is closed is not destroyed");
	world_done(&world);
}

static void test_copy(void)
{
	struct world world;

	world_init(&world, 3);
	world_type(&world, "jy");
	ok(strstr(world.copied.data, "proc2\t") && strstr(world.copied.data, "10.0.0.2:1002"),
	   "y copies the line: %s", world.copied.data);
	ok(world_shows(&world, "clipboard"), "and says so");
	world.answer = -E2BIG;
	world_type(&world, "y");
	ok(world_shows(&world, "too long"), "or why not");
	world_done(&world);
}

static void test_export(void)
{
	struct world world;
	const char *line;
	int n = 0;

	world_init(&world, 5);
	world_row(&world, 5)->closed_ns = 7;
	world_tick(&world);
	world_type(&world, "/pid > 2");
	screen_key(&world.screen, KEYS_ENTER);
	world_type(&world, "e");
	ok(strncmp(world.screen.edit.text, "tcptop-", 7) == 0, "e proposes a name: %s",
	   world.screen.edit.text);
	screen_key(&world.screen, CONTROL('U'));
	world_type(&world, "there.csv");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.screen.mode, SCREEN_MODE_INPUT, "a name that is taken is asked for again");
	ok(world_shows(&world, "there already"), "and that is said");
	screen_key(&world.screen, CONTROL('U'));
	world_type(&world, "new.csv");
	screen_key(&world.screen, KEYS_ENTER);
	is_str(world.saved_path, "new.csv", "another is taken");
	ok(strncmp(world.saved.data, "timestamp,protocol,", 19) == 0, "it begins with a header");
	for (line = world.saved.data; (line = strchr(line, '\n')); line++)
		n++;
	is_int(n, 4, "and has the rows of the view, closed ones too");
	ok(strstr(world.saved.data, ",proc4,") && !strstr(world.saved.data, ",proc2,"),
	   "and no others");
	ok(world_shows(&world, "3 connections written to new.csv"), "which is said");
	world_type(&world, "e");
	world.answer = -EACCES;
	screen_key(&world.screen, KEYS_ENTER);
	ok(world_shows(&world, "Permission denied"), "a folder that may not be written to");
	is_int(world.screen.mode, SCREEN_MODE_INPUT, "leaves the prompt open");
	world_type(&world, "q");
	ok(!world.screen.quit, "so that what is typed on is no command");
	world_done(&world);
}

static void test_columns(void)
{
	struct world world;

	world_init(&world, 2);
	world_type(&world, "f");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.n_remembered, 0, "columns that were not touched are not written");
	world_type(&world, "f ");
	screen_key(&world.screen, KEYS_DOWN);
	screen_key(&world.screen, KEYS_DOWN);
	world_type(&world, "  ");
	is_int(world.screen.config.hidden_columns, 1U << CONN_COLUMN_PID, "Space hides");
	is_int(world.screen.config.shown_columns, 1U << CONN_COLUMN_USER, "and shows");
	world.answer = -EACCES;
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.n_remembered, 1, "and then they are remembered");
	is_int(world.remembered.hidden_columns, 1U << CONN_COLUMN_PID, "as they are");
	ok(world_shows(&world, "could not be remembered"), "or that is said");
	ok(!strstr(world_table(&world), "PID"), "the column is gone");
	world_type(&world, "f");
	ok(world_shows(&world, "[ ] pid") && world_shows(&world, "[~] process") &&
		   world_shows(&world, "[x] user"),
	   "three states are told apart");
	screen_key(&world.screen, KEYS_ESCAPE);
	world.screen.config.hidden_columns = UINT32_MAX;
	ok(world_shows(&world, "proc1"), "the process is there when all are hidden");
	world.screen.config.hidden_columns = 1U << CONN_COLUMN_PID;
	world_type(&world, "f0");
	is_int(world.screen.config.hidden_columns | world.screen.config.shown_columns, 0,
	       "0 leaves it to the width");
	screen_key(&world.screen, KEYS_ESCAPE);
	is_int(world.n_remembered, 2, "and is remembered too");
	world_done(&world);
}

static void test_units_and_names(void)
{
	struct world world;

	world_init(&world, 2);
	world_type(&world, "b");
	ok(world.screen.words.units.bits, "b: bits");
	world_type(&world, "B");
	ok(world.screen.words.units.si, "B: thousands");
	world_type(&world, "T");
	ok(world.screen.totals, "T: totals");
	world_type(&world, "n");
	ok(!world.screen.dns && world_shows(&world, "names cannot be asked for"),
	   "n without a resolver says so");
	world_type(&world, "c");
	ok(world_shows(&world, "/bin/proc1 --all"), "c: the command line, with the detail");
	world_type(&world, "c");
	ok(world.screen.detail && !world.screen.show_command, "c again: without");
	screen_key(&world.screen, KEYS_ENTER);
	ok(!world.screen.detail, "Enter closes the detail");
	screen_key(&world.screen, KEYS_ENTER);
	screen_key(&world.screen, KEYS_ESCAPE);
	ok(!world.screen.detail, "and so does Escape");
	world_row(&world, 2)->closed_ns = 9;
	world_tick(&world);
	is_str(world_table(&world), "1 2", "closed ones are shown");
	world_type(&world, "L");
	is_str(world_table(&world), "1 2 99", "L: listening ones too");
	ok(world_shows(&world, "LISTEN"), "which say so");
	world_tick(&world);
	is_str(world_table(&world), "1 2 99", "in the next frame as well");
	ok(world_shows(&world, "+closed +listen"), "and so does the header");
	world_type(&world, "L");
	is_str(world_table(&world), "1", "L: neither");
	ok(world_shows(&world, "live ones only"), "which is said");
	world_type(&world, "L");
	is_str(world_table(&world), "1 2", "L: closed ones");
	world.is_replay = true;
	world_type(&world, "L");
	is_str(world_table(&world), "1", "nobody listens in a recording");
	world.is_replay = false;
	world.answer = -ENOENT;
	world_type(&world, "LL");
	ok(world_shows(&world, "listening sockets: No such file"), "a failure is told");
	is_str(world_table(&world), "1 2", "and the rest is shown");
	world_done(&world);
}

static void test_interval(void)
{
	struct world world;

	world_init(&world, 1);
	world_type(&world, "d0.01");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.screen.mode, SCREEN_MODE_INPUT, "too short an interval is not taken");
	ok(world_shows(&world, "seconds from 0.1"), "and that is said");
	screen_key(&world.screen, CONTROL('U'));
	world_type(&world, "2.5");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.interval_ns, 2500000000, "a right one is");
	world_type(&world, "d7");
	screen_key(&world.screen, KEYS_ESCAPE);
	is_int(world.interval_ns, 2500000000, "unless one thinks better of it");
	world_done(&world);
}

static void test_live_has_no_past(void)
{
	static const char keys[] = "[]{},.+-@";
	struct world world;

	world_init(&world, 1);
	for (const char *key = keys; *key; key++) {
		screen_key(&world.screen, (uint32_t)*key);
		ok(world_shows(&world, "only in a recording"), "%c is for recordings", *key);
	}
	is_int(world.sought_ns, 0, "and asks nothing of the host's feed");
	world_done(&world);
}

static void test_replay(void)
{
	struct world world;
	uint64_t at_ns;

	world_init(&world, 2);
	world.is_replay = true;
	at_ns = world.frame.realtime_ns;
	world_type(&world, "]");
	is_int(world.sought_ns, at_ns + 10 * NS, "] goes on 10 s");
	world_type(&world, "[");
	is_int(world.sought_ns, at_ns, "[ goes back");
	world_type(&world, "}");
	is_int(world.sought_ns, at_ns + 300 * NS, "} goes far");
	world_type(&world, "{");
	is_int(world.sought_ns, at_ns, "{ and back");
	is_str(world_table(&world), "1 2", "there is a frame to be seen after each");
	ok(!world.screen.paused, "and it plays on");
	world_type(&world, ".");
	ok(world.stepped > 0 && world.feed_paused, ". goes one frame on, and stops");
	world_type(&world, ",");
	ok(world.stepped < 0, ", goes one back");
	world_type(&world, " ");
	ok(!world.feed_paused, "Space plays");
	world_type(&world, "++");
	is_int((int)world.speed, 4, "+ + is four times as fast");
	world_type(&world, "-");
	is_int((int)world.speed, 2, "- half of it");
	for (int i = 0; i < 20; i++)
		world_type(&world, "+");
	is_int((int)world.speed, 64, "within bounds");
	world_type(&world, "@+1m");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.sought_ns, 1060 * NS, "@ goes to a time");
	world_type(&world, "@+3h");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.sought_ns, 1060 * NS, "but not to one beyond the recording");
	ok(world_shows(&world, "not within the recording"), "and says so");
	screen_key(&world.screen, KEYS_ESCAPE);
	world_type(&world, "@noon");
	screen_key(&world.screen, KEYS_ENTER);
	ok(world_shows(&world, "a clock's time"), "which must be one");
	screen_key(&world.screen, KEYS_ESCAPE);
	world_type(&world, "d");
	is_int(world.screen.mode, SCREEN_MODE_TABLE, "its interval is its own");
	world.ended = true;
	world_tick(&world);
	ok(world.screen.paused && world_shows(&world, "end of the recording"),
	   "at its end it stands still");
	world_done(&world);
}

static void test_leaving(void)
{
	static const uint32_t quits[] = {'q', CONTROL('C'), KEYS_F1 + 9};
	static const char *const modes[] = {"", "?", "/", "s", "f", "K", "X", "e"};
	struct world world;

	for (size_t i = 0; i < sizeof(quits) / sizeof(quits[0]); i++) {
		world_init(&world, 1);
		screen_key(&world.screen, quits[i]);
		ok(world.screen.quit, "key %x quits", quits[i]);
		world_done(&world);
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		world_init(&world, 1);
		world_type(&world, modes[i]);
		screen_key(&world.screen, CONTROL('L'));
		screen_key(&world.screen, CONTROL('Z'));
		ok(!world.screen.quit && world.n_redrawn == 1 && world.n_suspended == 1,
		   "^L and ^Z mean what they mean after '%s'", modes[i]);
		screen_key(&world.screen, CONTROL('C'));
		ok(world.screen.quit, "and ^C quits");
		world_done(&world);
	}
}

static void test_help(void)
{
	struct world world;

	world_init(&world, 1);
	world_type(&world, "?");
	ok(world_shows(&world, "Which connections"), "? helps");
	world_type(&world, "jjjkkkkk");
	is_int(world.screen.help_top, 0, "and scrolls, within bounds");
	for (int i = 0; i < 200; i++)
		world_type(&world, "j");
	ok(world.screen.help_top < world.screen.help_lines, "at the end too");
	world_type(&world, "q");
	ok(world.screen.mode == SCREEN_MODE_TABLE && !world.screen.quit, "q leaves the help only");
	world_done(&world);
}

int main(void)
{
	test_signal();
	test_signal_refused();
	test_destroy();
	test_copy();
	test_export();
	test_columns();
	test_units_and_names();
	test_interval();
	test_live_has_no_past();
	test_replay();
	test_leaving();
	test_help();
	return tap_done();
}
