/* SPDX-License-Identifier: MIT */
#include "screen_fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "tap.h"

#define NS UINT64_C(1000000000)

static struct world *of_feed(const struct feed *feed)
{
	return (struct world *)(uintptr_t)((const char *)feed - offsetof(struct world, feed));
}

static int feed_fd(const struct feed *feed)
{
	(void)feed;
	return -1;
}

static int feed_take(struct feed *feed, const struct conn_frame **ret_frame, struct str_buf *error)
{
	struct world *world = of_feed(feed);

	(void)error;
	if (!world->fresh)
		return 0;
	world->fresh = false;
	*ret_frame = &world->frame;
	return 1;
}

static const struct conn_names *feed_names(const struct feed *feed)
{
	(void)feed;
	return NULL;
}

static void feed_pause(struct feed *feed, bool paused)
{
	of_feed(feed)->feed_paused = paused;
}

static int feed_set_interval(struct feed *feed, uint64_t interval_ns)
{
	of_feed(feed)->interval_ns = interval_ns;
	return 0;
}

static int feed_seek(struct feed *feed, uint64_t realtime_ns)
{
	struct world *world = of_feed(feed);

	world->sought_ns = realtime_ns;
	world->frame.realtime_ns = realtime_ns;
	world->frame.tick.now_ns = realtime_ns;
	world->fresh = true;
	return 0;
}

static int feed_step(struct feed *feed, int direction)
{
	struct world *world = of_feed(feed);

	world->stepped = direction;
	world->fresh = true;
	return 0;
}

static int feed_set_speed(struct feed *feed, double speed)
{
	of_feed(feed)->speed = speed;
	return 0;
}

static void feed_position(const struct feed *feed, struct conn_replay *ret_replay)
{
	const struct world *world = of_feed(feed);

	*ret_replay = (struct conn_replay){.play = CONN_PLAY_LIVE};
	if (world->is_replay)
		*ret_replay = (struct conn_replay){
			.play = world->feed_paused || world->ended ? CONN_PLAY_PAUSED
								   : CONN_PLAY_PLAYING,
			.from_ns = 1000 * NS,
			.to_ns = 9000 * NS,
			.speed = world->speed,
		};
}

static const struct feed_ops feed_ops = {
	.fd = feed_fd,
	.take = feed_take,
	.names = feed_names,
	.pause = feed_pause,
	.set_interval = feed_set_interval,
	.seek = feed_seek,
	.set_speed = feed_set_speed,
	.step = feed_step,
	.position = feed_position,
};

static int host_signal(void *user, const struct weir_owner *owner, int signal)
{
	struct world *world = user;

	world->n_signals++;
	world->signal_pid = owner->pid;
	world->signal = signal;
	return world->answer;
}

static int host_destroy(void *user, const struct weir_conn_id *id)
{
	struct world *world = user;

	world->n_destroyed++;
	world->destroyed_cookie = id->cookie;
	return world->answer;
}

static int host_command(void *user, const struct weir_owner *owner, struct str_buf *ret_text)
{
	(void)user;
	str_buf_printf(ret_text, "/bin/proc%u --all", owner->pid);
	return 0;
}

static int host_listening(void *user, const struct conn_row *const **ret_rows, size_t *ret_n)
{
	struct world *world = user;

	world->listening = (struct conn_row){
		.id = {.cookie = 99, .proto = WEIR_PROTO_TCP, .local_port = 80},
		.state = WEIR_TCP_LISTEN,
		.flags = WEIR_CONN_NO_COUNTERS,
	};
	world->listening_row = &world->listening;
	*ret_rows = &world->listening_row;
	*ret_n = 1;
	return world->answer;
}

static int host_copy(void *user, const char *text, size_t len)
{
	struct world *world = user;

	str_buf_clear(&world->copied);
	str_buf_add(&world->copied, text, len);
	return world->answer;
}

static int host_save(void *user, const char *path, const char *text, size_t len)
{
	struct world *world = user;

	snprintf(world->saved_path, sizeof(world->saved_path), "%s", path);
	if (strcmp(path, "there.csv") == 0)
		return -EEXIST;
	str_buf_clear(&world->saved);
	str_buf_add(&world->saved, text, len);
	return world->answer;
}

static int host_remember(void *user, const struct screen_config *config)
{
	struct world *world = user;

	world->n_remembered++;
	world->remembered = *config;
	return world->answer;
}

static const char *host_folder(void *user)
{
	(void)user;
	return ".";
}

static struct resolve *host_resolve(void *user)
{
	(void)user;
	errno = EAGAIN;
	return NULL;
}

static void host_redraw(void *user)
{
	((struct world *)user)->n_redrawn++;
}

static void host_suspend(void *user)
{
	((struct world *)user)->n_suspended++;
}

static void make_row(struct world *world, size_t number)
{
	struct conn_row *row = &world->rows[number - 1];

	*row = (struct conn_row){
		.id =
			{
				.cookie = number,
				.proto = WEIR_PROTO_TCP,
				.local_port = (uint16_t)number,
				.remote_port = (uint16_t)(1000 + number),
			},
		.owner =
			{
				.pid = (uint32_t)number,
				.uid = 0,
				.start_boot_ns = number,
				.evidence = WEIR_EVIDENCE_FILE,
			},
		.state = WEIR_TCP_ESTABLISHED,
		.opened_ns = 1,
	};
	weir_addr_parse("10.0.0.1", &row->id.local);
	weir_addr_parse("10.0.0.2", &row->id.remote);
	snprintf(row->owner.comm, sizeof(row->owner.comm), "proc%zu", number);
	world_rate(world, number, 1e6 - 500 * (double)number);
}

void world_init_with(struct world *world, size_t n_rows, const char *filter)
{
	const struct screen_config config = {0};

	*world = (struct world){
		.options = {.columns = conn_csv_columns_default(), .filter_text = filter},
		.feed.ops = &feed_ops,
		.speed = 1,
		.n_rows = n_rows,
		.frame =
			{
				.realtime_ns = 5000 * NS,
				.interval_ns = NS,
				.host = "testhost",
				.source = "test",
				.tick.now_ns = 100 * NS,
			},
		.host =
			{
				.user = world,
				.signal = host_signal,
				.destroy = host_destroy,
				.command = host_command,
				.listening = host_listening,
				.copy = host_copy,
				.save = host_save,
				.remember = host_remember,
				.folder = host_folder,
				.resolve = host_resolve,
				.redraw = host_redraw,
				.suspend = host_suspend,
			},
	};
	world->selection.options = &world->options;
	for (size_t number = 1; number <= n_rows; number++)
		make_row(world, number);
	if (screen_init(&world->screen, &world->options, &world->selection, &config, &world->host) <
	    0)
		tap_skip_all("no memory for a screen");
	screen_set_feed(&world->screen, &world->feed);
	world_tick(world);
}

void world_init(struct world *world, size_t n_rows)
{
	world_init_with(world, n_rows, NULL);
}

void world_done(struct world *world)
{
	screen_done(&world->screen);
	str_buf_done(&world->copied);
	str_buf_done(&world->saved);
}

struct conn_row *world_row(struct world *world, size_t number)
{
	for (size_t i = 0; i < world->n_rows; i++) {
		if (world->rows[i].id.cookie == number)
			return &world->rows[i];
	}
	return NULL;
}

void world_rate(struct world *world, size_t number, double rate)
{
	struct conn_row *row = world_row(world, number);

	row->rate_known = true;
	row->rate_in = rate;
	row->smooth_in = (float)rate;
}

void world_remove(struct world *world, size_t number)
{
	*world_row(world, number) = world->rows[world->n_rows - 1];
	world->n_rows--;
}

void world_tick(struct world *world)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};

	for (size_t i = 0; i < world->n_rows; i++)
		world->pointers[i] = &world->rows[i];
	world->frame.tick.active = world->pointers;
	world->frame.tick.n_active = world->n_rows;
	world->frame.tick.now_ns += NS;
	world->frame.realtime_ns += NS;
	if (world->feed_paused)
		return;
	world->fresh = true;
	is_int(screen_take(&world->screen, &error), 0, "a tick is taken");
}

void world_type(struct world *world, const char *text)
{
	for (; *text; text++)
		screen_key(&world->screen, (unsigned char)*text);
}

const char *world_table(struct world *world)
{
	struct conn_scene scene;
	struct str_buf *buf = &world->copied;

	screen_settle(&world->screen);
	str_buf_clear(buf);
	str_buf_puts(buf, "");
	screen_scene(&world->screen, &scene);
	for (size_t i = 0; i < scene.n_lines; i++) {
		const struct conn_line *line = &scene.lines[i];

		if (i > 0)
			str_buf_putc(buf, ' ');
		if (line->row)
			str_buf_u64(buf, line->row->id.cookie);
		else
			str_buf_printf(buf, "[%zu]", line->group->n_rows);
	}
	return buf->len ? buf->data : "";
}

unsigned world_selected(struct world *world)
{
	struct conn_scene scene;

	screen_settle(&world->screen);
	screen_scene(&world->screen, &scene);
	if (scene.scroll.selected >= scene.n_lines || !scene.lines[scene.scroll.selected].row)
		return 0;
	return (unsigned)scene.lines[scene.scroll.selected].row->id.cookie;
}

void world_draw(struct world *world, struct str_buf *text)
{
	struct cells cells = {0};

	screen_settle(&world->screen);
	if (cells_reset(&cells, world->screen.width, world->screen.height) < 0)
		return;
	screen_draw(&world->screen, &cells);
	cells_print(&cells, text);
	cells_done(&cells);
}

bool world_shows(struct world *world, const char *text)
{
	CLEANUP(str_buf_done) struct str_buf drawn = {0};

	world_draw(world, &drawn);
	if (drawn.len > 0 && strstr(drawn.data, text))
		return true;
	tap_note("no '%s' in:", text);
	tap_note("%s", drawn.len > 0 ? drawn.data : "");
	return false;
}
