/* SPDX-License-Identifier: MIT */
/*
 * The cache belongs to the printing thread; only the two queues and the count of holders are shared
 * with the workers. There are never more open questions than a queue has room for, so that an
 * answer always finds its place.
 */
#include "resolve.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <weir/conn.h>

#include "base/cleanup.h"
#include "privileges.h"

#define MAX_OPEN 256
#define N_WORKERS 4
#define N_WAYS 4
#define N_SERVICES 1024
#define DEFAULT_HOSTS 4096
/* Names move rarely, and a resolver's own cache does not tell their time to live. */
#define REFRESH_NS (UINT64_C(600) * 1000000000)

struct answer {
	struct weir_addr addr;
	bool found;
	char name[RESOLVE_NAME_MAX];
};

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t asked;
	pthread_cond_t answered;
	int (*lookup)(void *user, const struct weir_addr *addr, char name[RESOLVE_NAME_MAX]);
	void *user;
	unsigned holders; /* the workers, and the struct resolve; the last one frees */
	bool stop;
	size_t n_open; /* asked, and not yet among the answers */
	size_t n_questions, first_question;
	size_t n_answers;
	struct weir_addr questions[MAX_OPEN];
	struct answer answers[MAX_OPEN];
};

struct host {
	struct weir_addr addr;
	uint64_t asked_ns;
	uint64_t used; /* value of resolve.uses when it was last asked for */
	bool taken, asked, open, found;
	char name[RESOLVE_NAME_MAX];
};

struct service {
	uint16_t port;
	uint8_t proto; /* 0: the slot is empty */
	char name[32]; /* "": has none */
};

struct resolve {
	struct shared *shared;
	size_t n_sets;
	uint64_t seed;
	uint64_t uses;
	uint64_t now_ns;
	size_t n_open; /* asked, and not yet collected: at most MAX_OPEN */
	struct host *hosts;
	struct service services[N_SERVICES];
};

static int lookup_dns(void *user, const struct weir_addr *addr, char name[RESOLVE_NAME_MAX])
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	int r;

	(void)user;
	if (weir_addr_is_v4(addr)) {
		memcpy(&v4.sin_addr, addr->bytes + 12, 4);
		r = getnameinfo((struct sockaddr *)&v4, sizeof(v4), name, RESOLVE_NAME_MAX, NULL, 0,
				NI_NAMEREQD);
	} else {
		memcpy(&v6.sin6_addr, addr->bytes, 16);
		r = getnameinfo((struct sockaddr *)&v6, sizeof(v6), name, RESOLVE_NAME_MAX, NULL, 0,
				NI_NAMEREQD);
	}
	return r == 0 ? 0 : -ENOENT;
}

/* Whoever answers for an address writes its name: it may hold anything. */
static bool is_host_name(const char *name)
{
	if (name[0] == '\0')
		return false;
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr(".-_", *name))
			return false;
	}
	return true;
}

/* With the lock held; gives it back. */
static void shared_drop(struct shared *s)
{
	unsigned left = --s->holders;

	pthread_mutex_unlock(&s->lock);
	if (left > 0)
		return;
	pthread_cond_destroy(&s->asked);
	pthread_cond_destroy(&s->answered);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void *work(void *arg)
{
	struct shared *s = arg;
	/* Whatever reads the net's answers (nsswitch.conf(5)) has nothing to gain here.
	 * Capabilities belong to each thread. */
	bool is_harmless = privileges_drop(0) >= 0;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		struct answer answer = {0};

		if (s->n_questions == 0) {
			pthread_cond_wait(&s->asked, &s->lock);
			continue;
		}
		answer.addr = s->questions[s->first_question];
		s->first_question = (s->first_question + 1) % MAX_OPEN;
		s->n_questions--;
		pthread_mutex_unlock(&s->lock);

		answer.found = is_harmless && s->lookup(s->user, &answer.addr, answer.name) == 0 &&
			       is_host_name(answer.name);

		pthread_mutex_lock(&s->lock);
		s->answers[s->n_answers++] = answer;
		s->n_open--;
		pthread_cond_signal(&s->answered);
	}
	shared_drop(s);
	return NULL;
}

/* Workers take no signal: those are the program's loop's. */
static int start_workers(struct shared *s)
{
	sigset_t all, before;
	int started = 0, r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; started < N_WORKERS && r == 0; started++) {
		pthread_t thread;

		pthread_mutex_lock(&s->lock);
		s->holders++;
		pthread_mutex_unlock(&s->lock);
		r = pthread_create(&thread, NULL, work, s);
		if (r == 0) {
			pthread_detach(thread);
			continue;
		}
		pthread_mutex_lock(&s->lock);
		s->holders--;
		pthread_mutex_unlock(&s->lock);
		break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started > 0 ? 0 : -r;
}

static int shared_new(const struct resolve_options *options, struct shared **ret_shared)
{
	struct shared *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return -ENOMEM;
	s->holders = 1;
	s->lookup = options->lookup ? options->lookup : lookup_dns;
	s->user = options->user;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->asked, &attr);
	pthread_cond_init(&s->answered, &attr);
	pthread_condattr_destroy(&attr);
	*ret_shared = s;
	return 0;
}

DEFINE_CLEANUP(resolve_free_p, struct resolve *, resolve_free)

int resolve_new(const struct resolve_options *options, struct resolve **ret_resolve)
{
	CLEANUP(resolve_free_p) struct resolve *resolve = NULL;
	size_t max_hosts = options->max_hosts ? options->max_hosts : DEFAULT_HOSTS;
	int r;

	if (options->size != sizeof(*options))
		return -EINVAL;
	resolve = calloc(1, sizeof(*resolve));
	if (!resolve)
		return -ENOMEM;
	resolve->n_sets = max_hosts > N_WAYS ? max_hosts / N_WAYS : 1;
	resolve->hosts = calloc(resolve->n_sets * N_WAYS, sizeof(*resolve->hosts));
	if (!resolve->hosts)
		return -ENOMEM;
	/* Without a seed a collision costs a cache miss and nothing else. */
	if (getrandom(&resolve->seed, sizeof(resolve->seed), GRND_NONBLOCK) < 0)
		resolve->seed = 0;
	r = shared_new(options, &resolve->shared);
	if (r < 0)
		return r;
	r = start_workers(resolve->shared);
	if (r < 0)
		return r;
	*ret_resolve = STEAL(resolve);
	return 0;
}

struct resolve *resolve_free(struct resolve *resolve)
{
	if (!resolve)
		return NULL;
	if (resolve->shared) {
		pthread_mutex_lock(&resolve->shared->lock);
		resolve->shared->stop = true;
		pthread_cond_broadcast(&resolve->shared->asked);
		shared_drop(resolve->shared);
	}
	free(resolve->hosts);
	free(resolve);
	return NULL;
}

static struct host *host_set(struct resolve *resolve, const struct weir_addr *addr)
{
	uint64_t hash = resolve->seed;

	for (size_t i = 0; i < sizeof(addr->bytes); i++)
		hash = (hash ^ addr->bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return resolve->hosts + (hash >> 16) % resolve->n_sets * N_WAYS;
}

static struct host *host_find(struct resolve *resolve, const struct weir_addr *addr)
{
	struct host *set = host_set(resolve, addr);

	for (int i = 0; i < N_WAYS; i++) {
		if (set[i].taken && weir_addr_compare(&set[i].addr, addr) == 0)
			return &set[i];
	}
	return NULL;
}

/* A free place, or that of the least recently shown; NULL while all wait for an answer. */
static struct host *host_make(struct resolve *resolve, const struct weir_addr *addr)
{
	struct host *set = host_set(resolve, addr), *best = NULL;

	for (int i = 0; i < N_WAYS; i++) {
		if (set[i].open)
			continue;
		if (!best || !set[i].taken || (best->taken && set[i].used < best->used))
			best = &set[i];
	}
	if (best)
		*best = (struct host){.addr = *addr, .taken = true};
	return best;
}

static void ask(struct resolve *resolve, struct host *host)
{
	struct shared *s = resolve->shared;

	if (resolve->n_open == MAX_OPEN)
		return; /* the next tick asks again */
	host->open = true;
	host->asked = true;
	host->asked_ns = resolve->now_ns;
	resolve->n_open++;
	pthread_mutex_lock(&s->lock);
	s->questions[(s->first_question + s->n_questions) % MAX_OPEN] = host->addr;
	s->n_questions++;
	s->n_open++;
	pthread_cond_signal(&s->asked);
	pthread_mutex_unlock(&s->lock);
}

const char *resolve_host(struct resolve *resolve, const struct weir_addr *addr)
{
	struct host *host = host_find(resolve, addr);

	if (!host)
		host = host_make(resolve, addr);
	if (!host)
		return NULL;
	host->used = ++resolve->uses;
	if (!host->open && (!host->asked || resolve->now_ns - host->asked_ns > REFRESH_NS))
		ask(resolve, host);
	return host->found ? host->name : NULL;
}

void resolve_collect(struct resolve *resolve, uint64_t now_ns)
{
	struct shared *s = resolve->shared;

	resolve->now_ns = now_ns;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_answers; i++) {
		struct host *host = host_find(resolve, &s->answers[i].addr);

		if (!host) /* open places are never given away */
			continue;
		host->open = false;
		host->found = s->answers[i].found;
		memcpy(host->name, s->answers[i].name, sizeof(host->name));
	}
	resolve->n_open -= s->n_answers;
	s->n_answers = 0;
	pthread_mutex_unlock(&s->lock);
}

bool resolve_wait(struct resolve *resolve, unsigned timeout_ms)
{
	struct shared *s = resolve->shared;
	struct timespec until;
	bool done;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	while (s->n_open > 0 && r == 0)
		r = pthread_cond_timedwait(&s->answered, &s->lock, &until);
	done = s->n_open == 0;
	pthread_mutex_unlock(&s->lock);
	return done;
}

static void service_look_up(struct service *service)
{
	const char *proto = service->proto == WEIR_PROTO_UDP ? "udp" : "tcp";
	struct servent entry, *found = NULL;
	char buffer[1024];

	if (getservbyport_r(htons(service->port), proto, &entry, buffer, sizeof(buffer), &found) ||
	    !found || strlen(found->s_name) >= sizeof(service->name) ||
	    !is_host_name(found->s_name))
		return;
	memcpy(service->name, found->s_name, strlen(found->s_name) + 1);
}

const char *resolve_service(struct resolve *resolve, uint16_t port, uint8_t proto)
{
	struct service *service = &resolve->services[port % N_SERVICES];

	if (service->proto != proto || service->port != port) {
		*service = (struct service){.port = port, .proto = proto};
		service_look_up(service);
	}
	return service->name[0] ? service->name : NULL;
}
