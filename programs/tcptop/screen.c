/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NS_PER_S UINT64_C(1000000000)
#define MESSAGE_NS (6 * NS_PER_S)

/* What the command line chose by options of their own, said in the header. */
static void describe_selection(struct screen *screen)
{
	const struct options *o = screen->options;
	CLEANUP(str_buf_done) struct str_buf buf = {0};

	if (o->port)
		str_buf_printf(&buf, " port %u", (unsigned)o->port);
	if (o->pid)
		str_buf_printf(&buf, " pid %u", (unsigned)o->pid);
	if (o->process) {
		str_buf_puts(&buf, " process ");
		text_escape(&buf, o->process, strlen(o->process));
	}
	if (o->interface) {
		str_buf_puts(&buf, " on ");
		text_escape(&buf, o->interface, strlen(o->interface));
	}
	if (o->tcp != o->udp)
		str_buf_puts(&buf, o->tcp ? " tcp" : " udp");
	if (o->netns && strcmp(o->netns, "all") != 0) {
		str_buf_puts(&buf, " netns ");
		text_escape(&buf, o->netns, strlen(o->netns));
	}
	if (buf.len > 0 && !buf.error)
		snprintf(screen->selection_text, sizeof(screen->selection_text), "%s",
			 buf.data + 1);
}

static int init_words(struct screen *screen)
{
	const struct options *o = screen->options;

	screen->words = (struct conn_text_options){.redact = o->redact, .units = o->units};
	if (getrandom(screen->words.redact.key, sizeof(screen->words.redact.key), 0) < 0)
		return -errno;
	screen->redacted_command = o->redact.cmd;
	screen->dns = screen->ports = o->resolve;
	return 0;
}

static void init_query(struct screen *screen)
{
	struct conn_query *query = &screen->rows.query;

	*query = screen->options->query;
	query->smooth = true;
	if (query->n_sort == 0) {
		query->sort[0] = (struct conn_sort){.key = CONN_SORT_RATE};
		query->n_sort = 1;
	}
	screen->rows.grouping = screen->options->grouping;
	screen->rows.show_closed = true;
	conn_groups_fold_all(screen->rows.groups, true);
}

int screen_init(struct screen *screen, const struct options *options,
		const struct selection *selection, const struct screen_config *config,
		const struct screen_host *host)
{
	int r;

	*screen = (struct screen){
		.options = options,
		.host = host,
		.config = *config,
		.ascii = options->ascii,
		.show_command = true,
		.input_error_at = -1,
		.width = 80,
		.height = 24,
	};
	if (options->theme_given) {
		screen->config.theme = options->theme;
		screen->config.theme_chosen = true;
	}
	r = init_words(screen);
	if (r >= 0)
		r = screen_rows_init(&screen->rows, selection);
	if (r >= 0)
		r = conn_history_new(0, &screen->history);
	if (r < 0)
		return r;
	init_query(screen);
	describe_selection(screen);
	return screen_set_filter(screen, options->filter_text, NULL);
}

void screen_done(struct screen *screen)
{
	screen_rows_done(&screen->rows);
	conn_history_free(STEAL(screen->history));
	filter_free(STEAL(screen->filter));
	str_buf_done(&screen->command);
}

void screen_set_feed(struct screen *screen, struct feed *feed)
{
	screen->feed = feed;
	screen->words.names = feed->ops->names(feed);
	screen->rows.query.names = screen->words.names;
}

void screen_say(struct screen *screen, enum role role, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(screen->message, sizeof(screen->message), format, args);
	va_end(args);
	screen->message_role = role;
	screen->message_until_ns = screen->now_ns ? screen->now_ns + MESSAGE_NS : 0;
}

void screen_tell_time(struct screen *screen, uint64_t now_ns)
{
	if (screen->message_until_ns && now_ns >= screen->message_until_ns)
		screen->message[0] = '\0';
	screen->now_ns = now_ns;
}

size_t screen_height(const struct screen *screen)
{
	struct conn_scene scene;
	int lines;

	screen_scene(screen, &scene);
	lines = conn_view_table_lines(&scene, screen->height);
	return lines > 0 ? (size_t)lines : 0;
}

void screen_look_closer(struct screen *screen)
{
	const struct conn_row *row = screen_rows_selected_row(&screen->rows);

	str_buf_clear(&screen->command);
	if (!screen->detail || !screen->show_command || screen->redacted_command || !row ||
	    !row->owner.pid)
		return;
	if (screen->host->command(screen->host->user, &row->owner, &screen->command) < 0)
		str_buf_clear(&screen->command);
}

void screen_choose(struct screen *screen)
{
	screen->unsettled = true;
}

bool screen_settle(struct screen *screen)
{
	int r;

	if (!screen->unsettled || !screen->frame)
		return false;
	screen->unsettled = false;
	r = screen_rows_run(&screen->rows, screen->frame, screen_height(screen));
	if (r < 0)
		screen_say(screen, ROLE_BAD, "choosing connections: %s", strerror(-r));
	screen_look_closer(screen);
	return true;
}

int screen_set_filter(struct screen *screen, const char *text, struct filter_error *ret_error)
{
	struct filter *filter = NULL;
	int r = 0;

	if (!text)
		text = "";
	if (text[strspn(text, " ")])
		r = filter_parse(text, &filter, ret_error);
	if (r < 0)
		return r;
	filter_free(screen->filter);
	screen->filter = filter;
	screen->rows.query.filter = filter;
	snprintf(screen->filter_text, sizeof(screen->filter_text), "%s", filter ? text : "");
	return 0;
}

static const char *host_name(void *user, const struct weir_addr *addr)
{
	struct screen *screen = user;

	return resolve_host(screen->host->resolve(screen->host->user), addr);
}

static const char *service_name(void *user, uint16_t port, uint8_t proto)
{
	struct screen *screen = user;

	return resolve_service(screen->host->resolve(screen->host->user), port, proto);
}

/* Which names there are to be, as the keys have it. */
static void set_endpoints(struct screen *screen)
{
	bool possible = (screen->dns || screen->ports) && screen->host->resolve(screen->host->user);

	screen->endpoints = (struct endpoint_names){
		.user = screen,
		.host = screen->dns && possible ? host_name : NULL,
		.service = screen->ports && possible ? service_name : NULL,
	};
	screen->words.endpoints = &screen->endpoints;
}

void screen_listen(struct screen *screen)
{
	struct screen_rows *rows = &screen->rows;
	int r;

	rows->n_listening = 0;
	if (!screen->show_listening)
		return;
	r = screen->host->listening(screen->host->user, &rows->listening, &rows->n_listening);
	if (r >= 0)
		return;
	rows->n_listening = 0;
	screen->show_listening = false;
	screen_say(screen, ROLE_BAD, "listening sockets: %s", strerror(-r));
}

static void take_frame(struct screen *screen, const struct conn_frame *frame)
{
	screen->frame = frame;
	conn_counts_take(&frame->tick, &screen->counts);
	if (conn_history_add(screen->history, &frame->tick) < 0)
		screen_say(screen, ROLE_BAD, "no memory for the graphs");
	screen_listen(screen);
	/* The lines of the frame before are gone with it. */
	screen_choose(screen);
	screen_settle(screen);
}

/* A recording that has come to its end stands still. */
static void notice_end(struct screen *screen)
{
	struct conn_replay replay = {0};

	screen->feed->ops->position(screen->feed, &replay);
	if (replay.play != CONN_PLAY_PAUSED || screen->paused)
		return;
	screen->paused = true;
	screen->feed->ops->pause(screen->feed, true);
	screen_say(screen, ROLE_MESSAGE, "the end of the recording; Space plays it again");
}

int screen_take(struct screen *screen, struct str_buf *error)
{
	const struct conn_frame *frame;
	int r = screen->feed->ops->take(screen->feed, &frame, error);

	if (r < 0)
		return r;
	if (r > 0) {
		take_frame(screen, frame);
		notice_end(screen);
	}
	if (error->len > 0) {
		screen_say(screen, ROLE_BAD, "%s", error->data);
		screen->message_until_ns = 0; /* this must have been seen */
	}
	str_buf_clear(error);
	return 0;
}

void screen_resize(struct screen *screen, int width, int height)
{
	screen->width = width;
	screen->height = height;
}

static void help_key(struct screen *screen, uint32_t key)
{
	int page = screen->height > 4 ? screen->height - 4 : 1;
	int most = screen->help_lines > page ? screen->help_lines - page : 0;
	size_t n;
	const struct key_binding *keys = screen_keys(&n);
	const struct key_binding *binding = keys_find(keys, n, key);

	switch (binding ? binding->action : SCREEN_HELP) {
	case SCREEN_UP:
		screen->help_top--;
		break;
	case SCREEN_DOWN:
		screen->help_top++;
		break;
	case SCREEN_PAGE_UP:
		screen->help_top -= page;
		break;
	case SCREEN_PAGE_DOWN:
	case SCREEN_PAUSE:
		screen->help_top += page;
		break;
	default:
		screen->mode = SCREEN_MODE_TABLE;
		break;
	}
	if (screen->help_top > most)
		screen->help_top = most;
	if (screen->help_top < 0)
		screen->help_top = 0;
}

static void table_key(struct screen *screen, uint32_t key)
{
	size_t n;
	const struct key_binding *keys = screen_keys(&n);
	const struct key_binding *binding = keys_find(keys, n, key);

	if (binding)
		screen_act(screen, (enum screen_action)binding->action);
}

/* In every mode: a program that cannot be left, or suspended, or seen, is of no use. */
static bool is_always(uint32_t key)
{
	return key == (uint32_t)('C' & 0x1f) || key == (uint32_t)('Z' & 0x1f) ||
	       key == (uint32_t)('L' & 0x1f);
}

void screen_key(struct screen *screen, uint32_t key)
{
	screen->message[0] = '\0';
	/* A key is about what the ones before it have brought about; but who types a filter is not
	 * to be kept waiting by each letter. */
	if (screen->mode != SCREEN_MODE_INPUT || key == KEYS_ENTER)
		screen_settle(screen);
	if (is_always(key)) {
		table_key(screen, key);
		return;
	}
	switch (screen->mode) {
	case SCREEN_MODE_TABLE:
		table_key(screen, key);
		break;
	case SCREEN_MODE_HELP:
		help_key(screen, key);
		break;
	case SCREEN_MODE_INPUT:
		screen_input_key(screen, key);
		break;
	case SCREEN_MODE_MENU:
		screen_menu_key(screen, key);
		break;
	}
}

void screen_scene(const struct screen *screen, struct conn_scene *ret_scene)
{
	struct conn_scene scene = {
		.frame = screen->frame,
		.counts = &screen->counts,
		.words = &screen->words,
		.query = &screen->rows.query,
		.grouping = screen->rows.grouping,
		.lines = screen->rows.lines.line,
		.n_lines = screen->rows.n_lines,
		.scroll = screen->rows.scroll,
		.hidden_columns = screen->config.hidden_columns,
		.shown_columns = screen->config.shown_columns,
		.history = screen->history,
		.filter_text = screen->filter_text,
		.input_error_at = -1,
		.message = screen->message[0] ? screen->message : NULL,
		.message_role = screen->message_role,
		.selection_text = screen->selection_text,
		.command_line = screen->command.len > 0 ? screen->command.data : NULL,
		.recording = screen->recording,
		.ascii = screen->ascii,
		.totals = screen->totals,
		.detail = screen->detail,
		.paused = screen->paused,
		.held = screen->rows.order.held,
		.show_closed = screen->rows.show_closed,
		.show_listening = screen->show_listening,
	};

	scene.keys = screen_keys(&scene.n_keys);
	if (screen->mode == SCREEN_MODE_INPUT) {
		scene.input = &screen->edit;
		scene.input_prompt = screen_input_prompt(screen);
		scene.input_error_at = screen->input_error_at;
	}
	if (screen->feed)
		screen->feed->ops->position(screen->feed, &scene.replay);
	*ret_scene = scene;
}

static void draw_help(struct screen *screen, struct area area)
{
	size_t n;
	const struct key_binding *keys = screen_keys(&n);
	struct area inner;

	area_clear(area, ROLE_NORMAL);
	inner = area_box(area, ROLE_DIM, "keys", screen->ascii);
	screen->help_lines = keys_draw_help(inner, screen->help_top, keys, n);
}

void screen_draw(struct screen *screen, struct cells *cells)
{
	struct conn_scene scene;

	set_endpoints(screen);
	/* What is typed or answered takes lines from the table. */
	(void)screen_rows_fit(&screen->rows, screen_height(screen));
	screen_scene(screen, &scene);
	conn_view_draw(cells, &scene);
	if (screen->mode == SCREEN_MODE_HELP)
		draw_help(screen, cells_area(cells));
	else if (screen->mode == SCREEN_MODE_MENU)
		menu_draw(cells_area(cells), &screen->menu, screen->ascii);
}

void screen_name_process(const struct screen *screen, const struct conn_row *row,
			 struct str_buf *buf)
{
	const char *name = conn_text_process(row, &screen->words);

	str_buf_printf(buf, "process %u (", row->owner.pid);
	text_escape(buf, name, strlen(name));
	str_buf_putc(buf, ')');
}
