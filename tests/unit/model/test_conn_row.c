/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "conn_events.h"
#include "model/conn_row.h"
#include "tap.h"

static const char *say_user(void *user, const struct conn_row *row)
{
	(void)row;
	return user;
}

static const char *say_nothing(void *user, const struct conn_row *row)
{
	(void)user;
	(void)row;
	return NULL;
}

static void test_process(void)
{
	struct conn_row row = {.owner = owner_of(5, "nginx", WEIR_EVIDENCE_FILE)};
	struct conn_names names = {0};
	char long_name[] = "nginx: worker";

	is_str(conn_row_process(&row, NULL), "nginx", "the row's own name");
	is_str(conn_row_process(&row, &names), "nginx", "names that know nothing");
	names = (struct conn_names){.user = long_name, .process = say_user};
	is_str(conn_row_process(&row, &names), "nginx: worker", "a better name");
	names.process = say_nothing;
	is_str(conn_row_process(&row, &names), "nginx", "NULL is no name");
	long_name[0] = '\0';
	names.process = say_user;
	is_str(conn_row_process(&row, &names), "nginx", "nor is an empty one");
	row.owner.comm[0] = '\0';
	is_str(conn_row_process(&row, NULL), "unknown", "a pid without a name");
	row.owner = owner_of(0, "stale", WEIR_EVIDENCE_NONE);
	is_str(conn_row_process(&row, NULL), "unknown", "no owner");
	row.owner.unknown = WEIR_UNKNOWN_NO_CAP;
	is_str(conn_row_process(&row, NULL), "no-cap", "no owner, and why");
}

static void test_texts(void)
{
	struct conn_row row = {.owner = owner_of(5, "x", WEIR_EVIDENCE_LISTENER)};
	char name[] = "name";
	struct conn_names names = {.user = name,
				   .user_name = say_user,
				   .cgroup = say_user,
				   .container = say_user,
				   .netns = say_user,
				   .workspace = say_user};
	char scratch[16];

	is_str(conn_row_user(&row, NULL, scratch), "", "an unknown uid");
	row.owner.uid = 0;
	is_str(conn_row_user(&row, NULL, scratch), "0", "uid 0 in digits");
	row.owner.uid = 4294967294U;
	is_str(conn_row_user(&row, NULL, scratch), "4294967294", "the longest uid");
	is_str(conn_row_user(&row, &names, scratch), "name", "a user's name");
	is_str(conn_row_netns(&row, NULL, scratch), "", "an unknown namespace");
	row.id.netns = 4026531840U;
	is_str(conn_row_netns(&row, NULL, scratch), "4026531840", "a namespace in digits");
	is_str(conn_row_netns(&row, &names, scratch), "name", "a namespace's name");
	is_str(conn_row_cgroup(&row, NULL), "", "no cgroup");
	is_str(conn_row_cgroup(&row, &names), "name", "a cgroup");
	is_str(conn_row_container(&row, NULL), "", "no container");
	is_str(conn_row_container(&row, &names), "name", "a container");
	is_str(conn_row_workspace(&row, NULL), "", "no workspace");
	is_str(conn_row_workspace(&row, &names), "name", "a workspace");
}

static void test_attribution(void)
{
	static const char *const want[] = {"",           "listener-guess", "create",
					   "destroy",    "task_file",      "call",
					   "transition", "connect",        ""};
	struct conn_row row = {0};

	for (uint8_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		row.owner.evidence = i;
		is_str(conn_row_attribution(&row), want[i], "evidence %u", i);
	}
}

static void test_age(void)
{
	struct conn_row row = {.opened_ns = 5};

	is_int(conn_row_age_ns(&row, 7), 2, "an open row ages");
	is_int(conn_row_age_ns(&row, 3), 0, "never below 0");
	row.closed_ns = 6;
	is_int(conn_row_age_ns(&row, 100), 1, "a closed one no more");
	row.opened_ns = 0;
	is_int(conn_row_age_ns(&row, 100), 0, "unknown");
}

int main(void)
{
	test_process();
	test_texts();
	test_attribution();
	test_age();
	return tap_done();
}
