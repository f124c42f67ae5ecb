/* SPDX-License-Identifier: MIT */
#include "collector.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "privileges.h"
#include "view/terminal_guard.h"

#define NS_PER_S UINT64_C(1000000000)
/* Names are read anew every few seconds, so a rename that finds no room is only late. */
#define RENAMES_MAX 1024
#define SOURCE_TEXT_MAX 256

struct collected {
	struct conn_frame frame;
	struct conn_snapshot *snapshot;
	char source[SOURCE_TEXT_MAX]; /* the source may change its words while a frame is shown */
	struct collected *next;
};

struct collector {
	struct sampling *sampling;
	struct recorder *recorder;
	uint32_t privileges;
	pthread_t thread;
	int news_fd; /* eventfd: something for the screen's thread */
	int wake_fd; /* eventfd: something for the collector's */
	uint64_t next_ns;
	struct collected *taken; /* the screen's thread's own */
	/* All below is under the lock. */
	pthread_mutex_t lock;
	struct collected *newest;
	struct collected *given_back;
	struct weir_owner renames[RENAMES_MAX];
	size_t n_renames;
	uint64_t interval_ns;
	bool stopping;
	int failed; /* the collector has ended with it; 0: not */
	int record_failed;
	bool told;                     /* what it has ended with */
	struct str_buf failure;        /* its words */
	struct str_buf record_failure; /* those of the recording, for the end */
	struct str_buf notice;         /* to be told now, once */
};

static void ring(int fd)
{
	uint64_t one = 1;

	/* It can fail only where the counter is full: then it is readable already. */
	(void)!write(fd, &one, sizeof(one));
}

static void hush(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
}

static void on_rename(void *user, const struct weir_owner *owner)
{
	struct collector *c = user;

	if (c->recorder)
		recorder_rename(c->recorder, owner);
	pthread_mutex_lock(&c->lock);
	if (c->n_renames < RENAMES_MAX)
		c->renames[c->n_renames++] = *owner;
	pthread_mutex_unlock(&c->lock);
}

/* On the collector's thread only, or after its end. */
static void release(struct collector *c, struct collected *collected)
{
	while (collected) {
		struct collected *next = collected->next;

		conn_table_release(c->sampling->table, collected->snapshot);
		free(collected);
		collected = next;
	}
}

static void publish(struct collector *c, struct collected *collected)
{
	struct collected *missed, *given_back;

	pthread_mutex_lock(&c->lock);
	missed = c->newest;
	c->newest = collected;
	given_back = STEAL(c->given_back);
	pthread_mutex_unlock(&c->lock);
	ring(c->news_fd);
	release(c, missed);
	release(c, given_back);
}

/* From a look to a frame that lives on while the table changes. */
static int keep(struct collector *c, const struct conn_frame *frame, struct collected **ret)
{
	CLEANUP(free_p) struct collected *collected = calloc(1, sizeof(*collected));
	int r;

	if (!collected)
		return -ENOMEM;
	r = conn_table_snapshot(c->sampling->table, &collected->snapshot);
	if (r < 0)
		return r;
	collected->frame = *frame;
	collected->frame.tick = collected->snapshot->tick;
	snprintf(collected->source, sizeof(collected->source), "%s", frame->source);
	collected->frame.source = collected->source;
	*ret = STEAL(collected);
	return 0;
}

/* To be told with the next frame, or without one. With the lock held. */
static void add_notice(struct collector *c, const char *text)
{
	if (c->notice.len > 0)
		str_buf_puts(&c->notice, "; ");
	str_buf_puts(&c->notice, text);
}

static void notify(struct collector *c, const char *text)
{
	pthread_mutex_lock(&c->lock);
	if (c->notice.len == 0) /* the oldest is why the others came */
		add_notice(c, text);
	pthread_mutex_unlock(&c->lock);
	ring(c->news_fd);
}

/* A recording that fails ends; whoever looks on goes on looking. */
static void record(struct collector *c, const struct conn_frame *frame)
{
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r = recorder_add(c->recorder, frame, &error);
	const char *text = error.len > 0 ? error.data : strerror(-r);

	if (r >= 0 && error.len == 0)
		return;
	if (r >= 0) {
		notify(c, text);
		return;
	}
	pthread_mutex_lock(&c->lock);
	c->recorder = NULL;
	c->record_failed = r;
	str_buf_puts(&c->record_failure, text);
	str_buf_clear(&c->notice);
	add_notice(c, text);
	add_notice(c, "the recording has ended");
	pthread_mutex_unlock(&c->lock);
	ring(c->news_fd);
}

static int look(struct collector *c, bool is_last, struct str_buf *error)
{
	struct conn_frame frame;
	struct collected *collected;
	int r = sampling_look(c->sampling, is_last, &frame, error);

	if (r < 0)
		return r;
	if (error->len > 0)
		notify(c, error->data);
	str_buf_clear(error);
	if (c->recorder)
		record(c, &frame);
	if (is_last)
		return 0;
	r = keep(c, &frame, &collected);
	if (r < 0) {
		str_buf_printf(error, "keeping what was seen: %s", strerror(-r));
		return r;
	}
	publish(c, collected);
	return 0;
}

/* One interval after the look that was due; those already past are left out. */
static void advance(struct collector *c, uint64_t now_ns)
{
	uint64_t interval_ns = c->sampling->interval_ns;

	c->next_ns += interval_ns;
	if (c->next_ns <= now_ns)
		c->next_ns += ((now_ns - c->next_ns) / interval_ns + 1) * interval_ns;
}

/* Heeds what the other thread asked for. True if it is time to end. */
static bool obey(struct collector *c)
{
	uint64_t interval_ns;
	bool stopping;

	hush(c->wake_fd);
	pthread_mutex_lock(&c->lock);
	interval_ns = c->interval_ns;
	stopping = c->stopping;
	pthread_mutex_unlock(&c->lock);
	if (interval_ns != c->sampling->interval_ns) {
		sampling_set_interval(c->sampling, interval_ns);
		c->next_ns = clock_monotonic_ns() + interval_ns;
	}
	return stopping;
}

/* Until the next look is due. 1: the collector is to end. */
static int wait_for_next(struct collector *c, struct str_buf *error)
{
	for (;;) {
		struct pollfd fds[2] = {
			{.fd = c->wake_fd, .events = POLLIN},
			{.fd = sampling_fd(c->sampling), .events = POLLIN},
		};
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t left_ns = c->next_ns > now_ns ? c->next_ns - now_ns : 0;
		const struct timespec left = {
			.tv_sec = (time_t)(left_ns / NS_PER_S),
			.tv_nsec = (long)(left_ns % NS_PER_S),
		};
		int n = ppoll(fds, 2, &left, NULL), r;

		if (n < 0 && errno != EINTR) {
			str_buf_printf(error, "waiting: %s", strerror(errno));
			return -errno;
		}
		if (n <= 0 && left_ns == 0)
			return 0;
		if (n > 0 && fds[0].revents && obey(c))
			return 1;
		if (n > 0 && fds[1].revents) {
			r = sampling_drain(c->sampling, error);
			if (r < 0)
				return r;
		}
	}
}

/* Look after look. 1: it is to end. */
static int work(struct collector *c, struct str_buf *error)
{
	int r = privileges_drop(c->privileges);

	if (r < 0) {
		str_buf_printf(error, "giving up privileges: %s", strerror(-r));
		return r;
	}
	c->next_ns = clock_monotonic_ns();
	do {
		r = look(c, false, error);
		advance(c, clock_monotonic_ns());
		if (r >= 0)
			r = wait_for_next(c, error);
	} while (r == 0);
	return r;
}

static void *run(void *user)
{
	struct collector *c = user;
	CLEANUP(str_buf_done) struct str_buf error = {0};
	int r;

	(void)terminal_guard_cover_thread(); /* only a crash would miss it */
	r = work(c, &error);
	if (r > 0 && c->recorder)
		r = look(c, true, &error);
	if (r < 0) {
		pthread_mutex_lock(&c->lock);
		c->failed = r;
		c->failure = error;
		error = (struct str_buf){0};
		pthread_mutex_unlock(&c->lock);
		ring(c->news_fd);
	}
	return NULL;
}

static void collector_free(struct collector *c)
{
	if (!c)
		return;
	close_fd_p(&c->news_fd);
	close_fd_p(&c->wake_fd);
	pthread_mutex_destroy(&c->lock);
	str_buf_done(&c->failure);
	str_buf_done(&c->record_failure);
	str_buf_done(&c->notice);
	free(c);
}

DEFINE_CLEANUP(collector_free_p, struct collector *, collector_free)

int collector_start(const struct collector_options *options, struct collector **ret_collector)
{
	CLEANUP(collector_free_p) struct collector *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->sampling = options->sampling;
	c->recorder = options->recorder;
	c->privileges = options->privileges;
	c->interval_ns = c->sampling->interval_ns;
	pthread_mutex_init(&c->lock, NULL); /* with no attributes it cannot fail (NPTL) */
	c->wake_fd = -1;
	c->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->news_fd >= 0)
		c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->wake_fd < 0)
		return -errno;
	c->sampling->rename = on_rename;
	c->sampling->rename_user = c;
	r = pthread_create(&c->thread, NULL, run, c);
	if (r)
		return -r;
	*ret_collector = STEAL(c);
	return 0;
}

/* A buffer that had no memory says nothing: then the errno does. */
static void tell(int r, const struct str_buf *text, struct str_buf *error)
{
	if (error->len > 0)
		str_buf_puts(error, "; ");
	str_buf_puts(error, text->len > 0 ? text->data : strerror(-r));
}

int collector_stop(struct collector *collector, struct str_buf *error)
{
	struct collector *c = collector;
	int r;

	if (!c)
		return 0;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_mutex_unlock(&c->lock);
	ring(c->wake_fd);
	pthread_join(c->thread, NULL);
	release(c, c->newest);
	release(c, c->given_back);
	release(c, c->taken);
	r = c->failed ? c->failed : c->record_failed;
	if (c->failed < 0 && !c->told)
		tell(c->failed, &c->failure, error);
	if (c->record_failed < 0)
		tell(c->record_failed, &c->record_failure, error);
	c->sampling->rename = NULL;
	collector_free(c);
	return r;
}

int collector_fd(const struct collector *collector)
{
	return collector->news_fd;
}

/* With the lock held. */
static int take_news(struct collector *c, bool may_end, struct str_buf *error)
{
	if (c->failed < 0 && may_end) {
		tell(c->failed, &c->failure, error);
		c->told = true;
	} else if (c->failed < 0) {
		ring(c->news_fd); /* the end is told after the last frame, and nobody else rings */
	} else if (c->notice.len > 0) {
		str_buf_puts(error, c->notice.data);
		str_buf_clear(&c->notice);
	}
	return c->failed;
}

bool collector_record_failed(struct collector *collector)
{
	bool failed;

	pthread_mutex_lock(&collector->lock);
	failed = collector->record_failed < 0;
	pthread_mutex_unlock(&collector->lock);
	return failed;
}

int collector_hear(struct collector *collector, struct str_buf *error)
{
	struct collector *c = collector;
	int r;

	hush(c->news_fd);
	pthread_mutex_lock(&c->lock);
	r = take_news(c, true, error);
	pthread_mutex_unlock(&c->lock);
	return r;
}

int collector_take(struct collector *collector, const struct conn_frame **ret_frame,
		   struct str_buf *error)
{
	struct collector *c = collector;
	struct collected *collected;
	int r;

	hush(c->news_fd);
	pthread_mutex_lock(&c->lock);
	collected = STEAL(c->newest);
	r = take_news(c, !collected, error);
	if (collected && c->taken) {
		c->taken->next = c->given_back;
		c->given_back = c->taken;
	}
	pthread_mutex_unlock(&c->lock);
	if (collected) {
		c->taken = collected;
		*ret_frame = &collected->frame;
		return 1;
	}
	return r;
}

size_t collector_take_renames(struct collector *collector, struct weir_owner *owners, size_t n)
{
	struct collector *c = collector;

	pthread_mutex_lock(&c->lock);
	if (n > c->n_renames)
		n = c->n_renames;
	memcpy(owners, c->renames, n * sizeof(*owners));
	c->n_renames -= n;
	memmove(c->renames, c->renames + n, c->n_renames * sizeof(*owners));
	pthread_mutex_unlock(&c->lock);
	return n;
}

void collector_set_interval(struct collector *collector, uint64_t interval_ns)
{
	pthread_mutex_lock(&collector->lock);
	collector->interval_ns = interval_ns;
	pthread_mutex_unlock(&collector->lock);
	ring(collector->wake_fd);
}
