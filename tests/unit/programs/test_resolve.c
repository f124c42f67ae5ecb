/* SPDX-License-Identifier: MIT */
/* Names of hosts by a made-up resolver that answers when the test lets it. */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weir/conn.h>

#include "resolve.h"
#include "tap.h"

#define NS_PER_S UINT64_C(1000000000)
#define WAIT_MS 30000

/* Lookups stand at the gate until it is open. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	int lookups;
	uint32_t capabilities; /* any that any lookup had */
};

/* Of this thread. */
static uint32_t capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return UINT32_MAX;
	return data[0].permitted | data[1].permitted | data[0].effective | data[1].effective;
}

static int lookup(void *user, const struct weir_addr *addr, char name[RESOLVE_NAME_MAX])
{
	struct gate *gate = user;

	pthread_mutex_lock(&gate->lock);
	gate->lookups++;
	gate->capabilities |= capabilities();
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
	switch (addr->bytes[15]) {
	case 1:
		snprintf(name, RESOLVE_NAME_MAX, "one.example");
		return 0;
	case 2:
		snprintf(name, RESOLVE_NAME_MAX, "evil\033]0;x\a");
		return 0;
	case 3:
		return -ENOENT;
	default:
		snprintf(name, RESOLVE_NAME_MAX, "host-%u-%u", addr->bytes[14], addr->bytes[15]);
		return 0;
	}
}

static void set_open(struct gate *gate, bool open)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = open;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static int lookups(struct gate *gate)
{
	int n;

	pthread_mutex_lock(&gate->lock);
	n = gate->lookups;
	pthread_mutex_unlock(&gate->lock);
	return n;
}

static struct weir_addr addr_of(unsigned int n)
{
	const uint8_t v4[4] = {10, 0, (uint8_t)(n >> 8), (uint8_t)n};

	return weir_addr_from_v4(v4);
}

static const char *host(struct resolve *resolve, unsigned int n)
{
	struct weir_addr addr = addr_of(n);

	return resolve_host(resolve, &addr);
}

static void settle(struct resolve *resolve, uint64_t now_ns)
{
	ok(resolve_wait(resolve, WAIT_MS), "all questions are answered");
	resolve_collect(resolve, now_ns);
}

static void test_answers(struct gate *gate)
{
	const struct resolve_options options = {
		.size = sizeof(options), .lookup = lookup, .user = gate};
	struct resolve *resolve;

	is_int(resolve_new(&options, &resolve), 0, "made");
	resolve_collect(resolve, NS_PER_S);
	ok(!host(resolve, 1) && !host(resolve, 2) && !host(resolve, 3),
	   "nothing is known at first");
	ok(!resolve_wait(resolve, 0), "and nobody waits for it");
	ok(!host(resolve, 1), "asking again does not help");
	set_open(gate, true);
	ok(resolve_wait(resolve, WAIT_MS), "the answers come");
	ok(!host(resolve, 1), "and are not shown before they are collected");
	resolve_collect(resolve, 2 * NS_PER_S);
	is_str(host(resolve, 1), "one.example", "a name");
	ok(!host(resolve, 2), "a name with an escape sequence is none");
	ok(!host(resolve, 3), "no name is none");
	is_int(lookups(gate), 3, "each was asked for once");

	resolve_collect(resolve, 1000 * NS_PER_S);
	is_str(host(resolve, 1), "one.example", "an old name is shown");
	settle(resolve, 1001 * NS_PER_S);
	is_int(lookups(gate), 4, "while it is asked for anew");
	if (capabilities())
		is_int(gate->capabilities, 0, "who asks has no capability");
	else
		tap_skip("who asks has no capability", "there is none to give up");
	resolve_free(resolve);
}

/* More hosts than there is room for questions or names: nothing breaks, and all come in the end. */
static void test_bounds(struct gate *gate)
{
	const struct resolve_options options = {
		.size = sizeof(options), .max_hosts = 64, .lookup = lookup, .user = gate};
	struct resolve *resolve;
	char want[RESOLVE_NAME_MAX];
	int right = 0;

	set_open(gate, false);
	is_int(resolve_new(&options, &resolve), 0, "made small");
	for (unsigned int n = 4; n < 4000; n++)
		host(resolve, n);
	set_open(gate, true);
	settle(resolve, 1);
	for (unsigned int n = 4; n < 1000; n++) {
		const char *name;

		host(resolve, n);
		resolve_wait(resolve, WAIT_MS);
		resolve_collect(resolve, 2);
		name = host(resolve, n);
		snprintf(want, sizeof(want), "host-%u-%u", n >> 8, n & 255);
		if ((n & 255) > 3 && name && strcmp(name, want) == 0)
			right++;
	}
	is_int(right, 996 - 3 * 4, "each host has its own name, whoever it displaced");
	resolve_free(resolve);
}

/* The gate outlives the lookup that goes on after resolve_free. */
static void test_free_while_open(struct gate *gate)
{
	const struct resolve_options options = {
		.size = sizeof(options), .lookup = lookup, .user = gate};
	int before = lookups(gate);
	struct resolve *resolve;

	set_open(gate, false);
	is_int(resolve_new(&options, &resolve), 0, "made");
	for (unsigned int n = 4; n < 40; n++)
		host(resolve, n);
	for (int i = 0; lookups(gate) == before && i < WAIT_MS; i++)
		resolve_wait(resolve, 1);
	ok(lookups(gate) > before, "a lookup is under way");
	resolve_free(resolve);
	ok(true, "and freeing does not wait for it");
	set_open(gate, true);
}

static void test_services(void)
{
	const struct resolve_options options = {.size = sizeof(options), .lookup = lookup};
	struct resolve *resolve;
	bool has_https;

	is_int(resolve_new(&options, &resolve), 0, "made");
	has_https = resolve_service(resolve, 443, WEIR_PROTO_TCP) != NULL;
	if (has_https)
		is_str(resolve_service(resolve, 443, WEIR_PROTO_TCP), "https", "443 is https");
	else
		tap_skip("443 is https", "no /etc/services");
	ok(!resolve_service(resolve, 0, WEIR_PROTO_TCP), "port 0 has no name");
	/* the same slot of the cache */
	ok(!resolve_service(resolve, 443 + 1024 * 60, WEIR_PROTO_TCP), "nor has 61883");
	ok((resolve_service(resolve, 443, WEIR_PROTO_TCP) != NULL) == has_https, "443 is the same");
	resolve_free(resolve);
}

static void test_arguments(void)
{
	const struct resolve_options options = {.size = 3};
	struct resolve *resolve = NULL;

	is_int(resolve_new(&options, &resolve), -EINVAL, "a size of another build is refused");
	ok(!resolve, "and the output is untouched");
	ok(!resolve_free(NULL), "NULL can be freed");
}

int main(void)
{
	/* Workers may still use it when main returns. */
	static struct gate gate = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};

	test_answers(&gate);
	test_bounds(&gate);
	test_free_while_open(&gate);
	test_services();
	test_arguments();
	return tap_done();
}
