/* SPDX-License-Identifier: MIT */
#include "collect/capture_filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define LINK_TYPES_MAX 32
#define SNAP_LEN_MAX 262144

/* Where libpcap's own numbers differ from the registry's. */
#define LINKTYPE_ATM_RFC1483 100
#define LINKTYPE_RAW 101

struct link_filter {
	uint16_t link_type;
	bool says_nothing;
	struct bpf_program program;
};

struct capture_filter {
	char *expression;
	size_t n;
	struct link_filter links[LINK_TYPES_MAX];
};

DEFINE_CLEANUP(pcap_close_p, pcap_t *, pcap_close)
DEFINE_CLEANUP(capture_filter_free_p, struct capture_filter *, capture_filter_free)

static int dlt_of(uint16_t link_type)
{
	switch (link_type) {
	case LINKTYPE_ATM_RFC1483:
		return DLT_ATM_RFC1483;
	case LINKTYPE_RAW:
		return DLT_RAW;
	default:
		return link_type;
	}
}

static int compile(const char *expression, uint16_t link_type, struct bpf_program *ret_program,
		   char error[CAPTURE_FILTER_ERROR])
{
	CLEANUP(pcap_close_p) pcap_t *pcap = pcap_open_dead(dlt_of(link_type), SNAP_LEN_MAX);

	if (!pcap)
		return -ENOMEM;
	if (pcap_compile(pcap, ret_program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0)
		return 0;
	snprintf(error, CAPTURE_FILTER_ERROR, "%s", pcap_geterr(pcap));
	return -EINVAL;
}

struct capture_filter *capture_filter_free(struct capture_filter *filter)
{
	if (!filter)
		return NULL;
	for (size_t i = 0; i < filter->n; i++)
		pcap_freecode(&filter->links[i].program);
	free(filter->expression);
	free(filter);
	return NULL;
}

/* An expression that means something on any of these is one. */
static int check(const char *expression, char error[CAPTURE_FILTER_ERROR])
{
	static const uint16_t types[] = {WEIR_LINK_LINUX_SLL2, WEIR_LINK_RAW, WEIR_LINK_ETHERNET};
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && r == -EINVAL; i++) {
		struct bpf_program program = {0};

		r = compile(expression, types[i], &program, error);
		pcap_freecode(&program);
	}
	return r;
}

int capture_filter_new(const char *expression, struct capture_filter **ret_filter,
		       char error[CAPTURE_FILTER_ERROR])
{
	CLEANUP(capture_filter_free_p) struct capture_filter *filter = NULL;
	int r = check(expression, error);

	if (r < 0)
		return r;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return -ENOMEM;
	filter->expression = strdup(expression);
	if (!filter->expression)
		return -ENOMEM;
	*ret_filter = STEAL(filter);
	return 0;
}

static const struct link_filter *find(const struct capture_filter *filter, uint16_t link_type)
{
	for (size_t i = 0; i < filter->n; i++) {
		if (filter->links[i].link_type == link_type)
			return &filter->links[i];
	}
	return NULL;
}

int capture_filter_add(struct capture_filter *filter, uint16_t link_type,
		       char error[CAPTURE_FILTER_ERROR])
{
	const struct link_filter *known = find(filter, link_type);
	struct link_filter link = {.link_type = link_type};
	int r;

	if (known)
		return known->says_nothing ? -EINVAL : 0;
	if (filter->n == LINK_TYPES_MAX)
		return -ENOBUFS;
	r = compile(filter->expression, link_type, &link.program, error);
	if (r == -ENOMEM)
		return r;
	link.says_nothing = r < 0;
	filter->links[filter->n++] = link;
	return r;
}

bool capture_filter_pass(const struct capture_filter *filter, const struct weir_packet *packet)
{
	const struct link_filter *link = find(filter, packet->link_type);
	struct pcap_pkthdr head = {.caplen = packet->cap_len, .len = packet->wire_len};

	if (!link || link->says_nothing)
		return false;
	return pcap_offline_filter(&link->program, &head, packet->data) != 0;
}
