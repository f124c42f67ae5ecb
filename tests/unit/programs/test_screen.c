/* SPDX-License-Identifier: MIT */
/* The screen without a terminal: which rows, in which order, and where the selection is. */
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "screen_fake.h"
#include "tap.h"

#define CONTROL(letter) ((uint32_t)(letter)&0x1f)

static void test_empty(void)
{
	struct world world;

	world_init(&world, 0);
	world.screen.frame = NULL;
	ok(world_shows(&world, "tcptop"), "there is a picture before there is a frame");
	world_tick(&world);
	is_str(world_table(&world), "", "a frame without rows is an empty table");
	world_type(&world, "jkgGtRo<>yKXcTbBLf");
	ok(world_shows(&world, "columns"), "keys about nothing do nothing");
	world_done(&world);
}

static void test_order(void)
{
	struct world world;

	world_init(&world, 3);
	is_str(world_table(&world), "1 2 3", "the heaviest first");
	world_rate(&world, 3, 5e6);
	world_tick(&world);
	is_str(world_table(&world), "3 1 2", "as it is now");
	world_type(&world, "R");
	is_str(world_table(&world), "2 1 3", "R turns it round");
	world_type(&world, "R");
	/* the menu: RATE is first, PID the seventh */
	world_type(&world, "s");
	ok(world_shows(&world, "sort by"), "s opens the menu");
	for (int i = 0; i < CONN_SORT_PID; i++)
		screen_key(&world.screen, KEYS_DOWN);
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.screen.rows.query.sort[0].key, CONN_SORT_PID, "and what is chosen holds");
	world_type(&world, "s");
	screen_key(&world.screen, KEYS_DOWN);
	screen_key(&world.screen, KEYS_ESCAPE);
	is_int(world.screen.rows.query.sort[0].key, CONN_SORT_PID, "Escape chooses nothing");
	world_done(&world);
}

/* Each column that can be sorted by is reached, one way and the other. */
static void test_columns_of_order(void)
{
	struct world world;
	uint32_t right = 0, left = 0;

	world_init(&world, 2);
	screen_resize(&world.screen, 200, 24);
	for (int i = 0; i < 2 * CONN_COLUMNS; i++) {
		screen_key(&world.screen, KEYS_RIGHT);
		right |= 1U << world.screen.rows.query.sort[0].key;
	}
	for (int i = 0; i < 2 * CONN_COLUMNS; i++) {
		world_type(&world, "<");
		left |= 1U << world.screen.rows.query.sort[0].key;
	}
	is_int(right, left, "the same columns both ways");
	ok(right & 1U << CONN_SORT_PID && right & 1U << CONN_SORT_RX_RATE &&
		   right & 1U << CONN_SORT_RTT && right & 1U << CONN_SORT_REMOTE,
	   "and they are there");
	world_type(&world, "<>");
	left = world.screen.rows.query.sort[0].key;
	world_type(&world, "><");
	is_int(world.screen.rows.query.sort[0].key, left, "there and back");
	world_done(&world);
}

static void test_selection_follows(void)
{
	struct world world;

	world_init(&world, 4);
	is_int(world_selected(&world), 1, "the first one is selected");
	world_rate(&world, 1, 1);
	world_tick(&world);
	is_int(world_selected(&world), 2, "and untouched, the first place is, whoever it is");
	world_type(&world, "j");
	is_int(world_selected(&world), 3, "down");
	world_rate(&world, 3, 9e6);
	world_tick(&world);
	is_str(world_table(&world), "3 2 4 1", "it goes up");
	is_int(world_selected(&world), 3, "and stays selected");
	world_rate(&world, 3, 0.5);
	world_tick(&world);
	is_int(world_selected(&world), 3, "at the end too");
	world_type(&world, "g");
	is_int(world_selected(&world), 2, "g goes to the first");
	world_type(&world, "G");
	is_int(world_selected(&world), 3, "G to the last");
	world_type(&world, "k");
	is_int(world_selected(&world), 1, "k up");
	world_remove(&world, 1);
	world_tick(&world);
	is_str(world_table(&world), "2 4 3", "when it is gone");
	is_int(world_selected(&world), 3, "the next one is in its place");
	world_rate(&world, 3, 7e6);
	world_tick(&world);
	is_int(world_selected(&world), 4, "and is not followed");
	world_done(&world);
}

static void test_scrolling(void)
{
	struct world world;
	struct conn_scene scene;

	world_init(&world, 60);
	screen_resize(&world.screen, 80, 24);
	for (int i = 0; i < 30; i++)
		world_type(&world, "j");
	is_int(world_selected(&world), 31, "thirty down");
	ok(world_shows(&world, "proc31"), "it is to be seen");
	screen_key(&world.screen, KEYS_PAGE_UP);
	screen_scene(&world.screen, &scene);
	is_int(world_selected(&world), 31 - conn_view_table_lines(&scene, 24), "a page up");
	screen_key(&world.screen, KEYS_PAGE_DOWN);
	is_int(world_selected(&world), 31, "a page down");
	screen_key(&world.screen, CONTROL('D'));
	ok(world_selected(&world) > 31, "half a page down");
	screen_key(&world.screen, CONTROL('U'));
	is_int(world_selected(&world), 31, "and up");
	screen_key(&world.screen, KEYS_END);
	is_int(world_selected(&world), 60, "End");
	screen_key(&world.screen, KEYS_HOME);
	is_int(world_selected(&world), 1, "Home");
	world_type(&world, "G");
	for (int height = 40; height > 0; height--) {
		screen_resize(&world.screen, 80, height);
		if (height >= 3 && !world_shows(&world, "proc60"))
			ok(false, "the selected row is to be seen at a height of %d", height);
	}
	world_done(&world);
}

/* Of many, only the first lines are put in order, until others are asked for. */
static void test_many(void)
{
	enum { N = 1000 };
	struct world world;
	struct conn_scene scene;

	world_init(&world, N);
	screen_scene(&world.screen, &scene);
	is_int(scene.n_lines, N, "all are counted");
	ok(world.screen.rows.lines.n < N, "few are put in order");
	is_int(world_selected(&world), 1, "the first of them first");
	world_type(&world, "G");
	is_int(world_selected(&world), N, "the last one can be gone to");
	ok(world_shows(&world, "proc1000"), "and seen");
	world_tick(&world);
	is_int(world_selected(&world), N, "and is followed");
	world_rate(&world, N, 9e9);
	world_tick(&world);
	is_int(world.screen.rows.scroll.selected, 0, "to the top");
	for (int i = 0; i < 500; i++)
		world_type(&world, "j");
	is_int(world.screen.rows.scroll.selected, 500, "down beyond what was in order");
	is_int(world_selected(&world), 500, "is where it should be");
	screen_resize(&world.screen, 80, 600);
	ok(world_shows(&world, "proc598 "), "a larger screen shows more of them");
	screen_resize(&world.screen, 80, 24);
	world_type(&world, "go");
	world_rate(&world, 999, 9e10);
	world_tick(&world);
	world_type(&world, "Gk");
	is_int(world_selected(&world), 998, "all of an order are held");
	world_type(&world, "e");
	screen_key(&world.screen, KEYS_ENTER);
	ok(world_shows(&world, "1000 connections written"), "and all are exported");
	world_type(&world, "oge");
	screen_key(&world.screen, KEYS_ENTER);
	ok(world_shows(&world, "1000 connections written"), "also when few are in order");
	world_done(&world);
}

/* The picture after a key need not wait for the lines; keys that are about lines do. */
static void test_settling(void)
{
	struct world world;

	world_init(&world, 5);
	screen_key(&world.screen, '/');
	screen_key(&world.screen, '4');
	ok(world.screen.unsettled, "a letter of a filter waits for nothing");
	ok(screen_settle(&world.screen), "then lines are chosen, and another picture is due");
	ok(!screen_settle(&world.screen), "once");
	screen_key(&world.screen, KEYS_ESCAPE);
	screen_key(&world.screen, 'R');
	screen_key(&world.screen, 'j');
	ok(!world.screen.unsettled, "a key about lines is about the new ones");
	is_int(world_selected(&world), 4, "where it moves the selection");
	world_done(&world);
}

static void test_filter(void)
{
	struct world world;

	world_init(&world, 12);
	world_type(&world, "/");
	is_int(world.screen.mode, SCREEN_MODE_INPUT, "/ begins to type");
	world_type(&world, "pid > 9");
	is_str(world_table(&world), "10 11 12", "it is in force at once");
	ok(world_shows(&world, "/pid > 9"), "and shown");
	world_type(&world, " an");
	ok(world.screen.input_error_at >= 0, "what makes no sense is marked");
	is_str(world_table(&world), "10 11 12", "and what made sense last holds");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.screen.mode, SCREEN_MODE_INPUT, "Enter does not take it");
	world_type(&world, "d pid < 12");
	is_int(world.screen.input_error_at, -1, "until it makes sense again");
	is_str(world_table(&world), "10 11", "and then it holds");
	screen_key(&world.screen, KEYS_ENTER);
	is_int(world.screen.mode, SCREEN_MODE_TABLE, "Enter is done");
	is_str(world_table(&world), "10 11", "and keeps it");
	is_str(world.screen.filter_text, "pid > 9 and pid < 12", "the header tells it");
	world_type(&world, "/");
	is_str(world.screen.edit.text, "pid > 9 and pid < 12", "/ again edits it");
	for (int i = 0; i < 40; i++)
		screen_key(&world.screen, KEYS_BACKSPACE);
	is_str(world_table(&world), "1 2 3 4 5 6 7 8 9 10 11 12", "nothing typed takes all");
	world_type(&world, "pid 3");
	screen_key(&world.screen, KEYS_ESCAPE);
	is_str(world_table(&world), "1 2 3 4 5 6 7 8 9 10 11 12", "Escape clears");
	is_int(world.screen.mode, SCREEN_MODE_TABLE, "and leaves");
	/* keys are letters while one types */
	world_type(&world, "/q");
	ok(!world.screen.quit, "q is a letter then");
	screen_key(&world.screen, KEYS_ENTER);
	screen_key(&world.screen, KEYS_ESCAPE);
	is_str(world.screen.filter_text, "", "Escape in the table takes the filter away");
	world_done(&world);
	world_init_with(&world, 5, "pid 4");
	is_str(world_table(&world), "4", "--filter is where it begins");
	screen_key(&world.screen, KEYS_ESCAPE);
	is_str(world_table(&world), "1 2 3 4 5", "and can be taken away");
	world_done(&world);
}

static void test_groups(void)
{
	struct world world;

	world_init(&world, 6);
	/* 1, 2 and 3 are one process, the others another */
	for (size_t i = 1; i <= 6; i++) {
		world_row(&world, i)->owner.pid = i <= 3 ? 77 : 88;
		world_row(&world, i)->owner.start_boot_ns = 5;
	}
	world_tick(&world);
	world_type(&world, "t");
	is_int(world.screen.rows.grouping, CONN_GROUP_PROCESS, "t puts together");
	is_str(world_table(&world), "[3] [3]", "by process, folded");
	screen_key(&world.screen, KEYS_RIGHT);
	is_str(world_table(&world), "[3] 1 2 3 [3]", "Right unfolds");
	world_type(&world, "jj");
	is_int(world_selected(&world), 2, "into the group");
	screen_key(&world.screen, KEYS_LEFT);
	is_str(world_table(&world), "[3] [3]", "Left folds");
	is_int(world.screen.rows.scroll.selected, 0, "and its head is selected");
	world_rate(&world, 6, 9e7);
	world_tick(&world);
	is_int(world.screen.rows.scroll.selected, 1, "which is followed when it moves");
	for (int i = 0; i < 4; i++)
		world_type(&world, "t");
	is_int(world.screen.rows.grouping, CONN_GROUP_NONE, "round to none");
	is_str(world_table(&world), "6 1 2 3 4 5", "each by itself");
	world_done(&world);
}

static void test_hold(void)
{
	struct world world;

	world_init(&world, 4);
	world_type(&world, "o");
	world_rate(&world, 4, 9e6);
	world_tick(&world);
	is_str(world_table(&world), "1 2 3 4", "the order is held");
	world_remove(&world, 2);
	world_tick(&world);
	is_str(world_table(&world), "1 3 4", "without those that are gone");
	world.rows[world.n_rows] = *world_row(&world, 1);
	world.rows[world.n_rows++].id.cookie = 9;
	world_rate(&world, 9, 1e9);
	world_tick(&world);
	is_str(world_table(&world), "1 3 4 9", "and new ones come last");
	world_type(&world, "o");
	is_str(world_table(&world), "9 4 1 3", "until it is let go");
	world_type(&world, "oR");
	is_str(world_table(&world), "3 1 4 9", "another order is obeyed");
	world_rate(&world, 3, 1e10);
	world_tick(&world);
	is_str(world_table(&world), "3 1 4 9", "and held then");
	world_done(&world);
}

static void test_pause(void)
{
	struct world world;

	world_init(&world, 3);
	world_type(&world, " ");
	ok(world.feed_paused, "Space tells the feed");
	world_rate(&world, 3, 9e6);
	world_type(&world, "R");
	ok(world_shows(&world, "PAUSED"), "and the picture");
	world_type(&world, " ");
	ok(!world.feed_paused, "and again");
	world_done(&world);
}

/* Whatever is done at whatever size, it draws. */
static void test_sizes(void)
{
	static const int sizes[][2] = {{1, 1}, {5, 2}, {20, 4}, {40, 8}, {80, 24}, {200, 60}};
	size_t n;
	const struct key_binding *keys = screen_keys(&n);
	struct world world;

	world_init(&world, 30);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < n; k++) {
			CLEANUP(str_buf_done) struct str_buf drawn = {0};

			screen_resize(&world.screen, sizes[i][0], sizes[i][1]);
			screen_key(&world.screen, keys[k].keys[0]);
			world_draw(&world, &drawn);
			if (drawn.len == 0)
				ok(false, "key %zu draws at %d x %d", k, sizes[i][0], sizes[i][1]);
			screen_key(&world.screen, KEYS_ESCAPE);
			screen_key(&world.screen, KEYS_ESCAPE);
			world_tick(&world);
		}
	}
	is_int(world.n_signals + world.n_destroyed, 0, "and nothing was signalled or destroyed");
	world_done(&world);
}

int main(void)
{
	test_empty();
	test_order();
	test_columns_of_order();
	test_selection_follows();
	test_scrolling();
	test_many();
	test_settling();
	test_filter();
	test_groups();
	test_hold();
	test_pause();
	test_sizes();
	return tap_done();
}
