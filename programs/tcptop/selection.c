/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "collect/iface_addrs.h"
#include "collect/netns.h"

struct addrs {
	const char *interface;
	struct weir_addr *addrs;
	size_t n;
};

static int get_addrs(void *user)
{
	struct addrs *a = user;

	return iface_addrs_get(a->interface, &a->addrs, &a->n);
}

static bool is_named(const char *netns)
{
	return netns && strcmp(netns, "all") != 0 && strcmp(netns, "self") != 0;
}

bool selection_enters_netns(const struct selection *selection)
{
	return selection->options->interface && is_named(selection->options->netns);
}

/* The interfaces meant are those of the namespace asked for. */
static int get_addrs_where(const struct options *options, struct addrs *addrs)
{
	CLEANUP(str_buf_done) struct str_buf path = {0};
	const char *netns = options->netns;

	addrs->interface = options->interface;
	if (!is_named(netns))
		return get_addrs(addrs);
	str_buf_printf(&path, NETNS_RUN_DIR "/%s", netns);
	return path.error ? path.error : netns_call(path.data, get_addrs, addrs);
}

int selection_refresh(struct selection *selection)
{
	struct addrs addrs = {0};
	int r;

	if (!selection->options->interface)
		return 0;
	r = get_addrs_where(selection->options, &addrs);
	if (r < 0 && r != -ENODEV && r != -ENOENT)
		return r;
	free(selection->addrs);
	selection->addrs = addrs.addrs;
	selection->n_addrs = addrs.n;
	return 0;
}

static void say(struct str_buf *error, const char *what, const char *name, int r)
{
	str_buf_puts(error, what);
	str_buf_puts(error, " '");
	text_escape(error, name, strnlen(name, 80));
	str_buf_printf(error, "': %s", strerror(-r));
}

static int find_netns(struct selection *selection)
{
	const char *name = selection->options->netns;

	/* The same address may be local in every namespace, and then it is not on our interface. */
	if (!name || strcmp(name, "all") == 0)
		return selection->options->interface ? netns_self(&selection->netns) : 0;
	if (strcmp(name, "self") == 0)
		return netns_self(&selection->netns);
	return netns_by_name(NULL, name, &selection->netns);
}

int selection_init(struct selection *selection, const struct options *options,
		   struct str_buf *error)
{
	struct addrs addrs = {0};
	int r;

	*selection = (struct selection){.options = options};
	r = find_netns(selection);
	if (r < 0) {
		say(error, "network namespace", options->netns ? options->netns : "self", r);
		return r;
	}
	if (!options->interface)
		return 0;
	r = get_addrs_where(options, &addrs);
	if (r == -ENOENT) /* it is there, and may yet get an address */
		return 0;
	if (r < 0) {
		say(error, "interface", options->interface, r);
		return r;
	}
	selection->addrs = addrs.addrs;
	selection->n_addrs = addrs.n;
	return 0;
}

void selection_done(struct selection *selection)
{
	free(selection->addrs);
	*selection = (struct selection){0};
}

static bool is_local(const struct selection *selection, const struct weir_addr *addr)
{
	for (size_t i = 0; i < selection->n_addrs; i++) {
		if (weir_addr_compare(&selection->addrs[i], addr) == 0)
			return true;
	}
	return false;
}

static bool process_matches(const struct selection *selection, const struct conn_row *row)
{
	/* Without a pid the name is the reason why there is none. */
	return row->owner.pid != 0 &&
	       strcasestr(conn_row_process(row, selection->names), selection->options->process);
}

bool selection_is_all(const struct selection *selection)
{
	const struct options *o = selection->options;

	return o->tcp == o->udp && !o->port && !o->pid && !selection->netns && !o->interface &&
	       !o->process;
}

bool selection_match(const struct selection *selection, const struct conn_row *row)
{
	const struct options *o = selection->options;

	if (o->tcp != o->udp && row->id.proto != (o->tcp ? WEIR_PROTO_TCP : WEIR_PROTO_UDP))
		return false;
	if (o->port && row->id.local_port != o->port && row->id.remote_port != o->port)
		return false;
	if (o->pid && row->owner.pid != o->pid)
		return false;
	/* A source that sees one namespace only does not name it. */
	if (selection->netns && row->id.netns && row->id.netns != selection->netns)
		return false;
	if (o->interface && !is_local(selection, &row->id.local))
		return false;
	return !o->process || process_matches(selection, row);
}
