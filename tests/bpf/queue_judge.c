/* SPDX-License-Identifier: MIT */
#include "queue_judge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netfilter_ipv4.h>
#include <sys/time.h>

#include "base/cleanup.h"

#define TABLE "weir"
#define CHAIN "leaving"
#define QUEUE 7
#define WAIT_SECONDS 60
#define BUFFER_BYTES 8192

DEFINE_CLEANUP(queue_judge_close_p, struct mnl_socket *, queue_judge_close)

/* --- the rule: everything that leaves goes to the queue --- */

static struct nlmsghdr *add_message(struct mnl_nlmsg_batch *batch, uint16_t type, uint16_t flags,
				    uint16_t resource)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
	struct nfgenmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	*message = (struct nfgenmsg){.nfgen_family = NFPROTO_IPV4, .res_id = htons(resource)};
	return header;
}

static struct nlmsghdr *add_command(struct mnl_nlmsg_batch *batch, uint16_t command)
{
	return add_message(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | command),
			   NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK, 0);
}

static void add_table(struct mnl_nlmsg_batch *batch)
{
	mnl_attr_put_strz(add_command(batch, NFT_MSG_NEWTABLE), NFTA_TABLE_NAME, TABLE);
	mnl_nlmsg_batch_next(batch);
}

static void add_chain(struct mnl_nlmsg_batch *batch)
{
	struct nlmsghdr *header = add_command(batch, NFT_MSG_NEWCHAIN);
	struct nlattr *hook;

	mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, TABLE);
	mnl_attr_put_strz(header, NFTA_CHAIN_NAME, CHAIN);
	mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
	hook = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_OUT));
	mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, htonl(0));
	mnl_attr_nest_end(header, hook);
	mnl_nlmsg_batch_next(batch);
}

/* The way of nft, and that of iptables, which some kernels have instead. */
static void put_queue_data(struct nlmsghdr *header, const char *way)
{
	const struct xt_NFQ_info info = {.queuenum = QUEUE};

	if (way[0] == 'q') {
		mnl_attr_put_u16(header, NFTA_QUEUE_NUM, htons(QUEUE));
		mnl_attr_put_u16(header, NFTA_QUEUE_TOTAL, htons(1));
		return;
	}
	mnl_attr_put_strz(header, NFTA_TARGET_NAME, "NFQUEUE");
	mnl_attr_put_u32(header, NFTA_TARGET_REV, htonl(0));
	mnl_attr_put(header, NFTA_TARGET_INFO, sizeof(info), &info);
}

static void add_rule(struct mnl_nlmsg_batch *batch, const char *way)
{
	struct nlmsghdr *header = add_command(batch, NFT_MSG_NEWRULE);
	struct nlattr *list, *expression, *data;

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(header, NFTA_RULE_CHAIN, CHAIN);
	list = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
	expression = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
	mnl_attr_put_strz(header, NFTA_EXPR_NAME, way);
	data = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
	put_queue_data(header, way);
	mnl_attr_nest_end(header, data);
	mnl_attr_nest_end(header, expression);
	mnl_attr_nest_end(header, list);
	mnl_nlmsg_batch_next(batch);
}

static int on_error(const struct nlmsghdr *header, void *user)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

	if (error->error)
		*(int *)user = error->error;
	return MNL_CB_OK;
}

/* n answers, of which the first error counts. */
static int read_answers(struct mnl_socket *socket, int n)
{
	mnl_cb_t control[NLMSG_MIN_TYPE] = {[NLMSG_ERROR] = on_error};
	char buffer[BUFFER_BYTES];
	int error = 0;

	for (int i = 0; i < n && !error; i++) {
		ssize_t len = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (len < 0)
			return -errno;
		mnl_cb_run2(buffer, (size_t)len, 0, 0, NULL, &error, control, NLMSG_MIN_TYPE);
	}
	return error;
}

static int open_socket(struct mnl_socket **ret_socket)
{
	const struct timeval wait = {.tv_sec = WAIT_SECONDS};
	CLEANUP(queue_judge_close_p)
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
		return -errno;
	*ret_socket = STEAL(socket);
	return 0;
}

static int install(const char *way)
{
	CLEANUP(queue_judge_close_p) struct mnl_socket *socket = NULL;
	struct mnl_nlmsg_batch *batch;
	char buffer[2 * BUFFER_BYTES];
	ssize_t sent;
	int r = open_socket(&socket);

	if (r < 0)
		return r;
	batch = mnl_nlmsg_batch_start(buffer, sizeof(buffer) / 2);
	add_message(batch, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch);
	add_table(batch);
	add_chain(batch);
	add_rule(batch, way);
	add_message(batch, NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch);
	sent = mnl_socket_sendto(socket, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch));
	r = sent < 0 ? -errno : 0;
	mnl_nlmsg_batch_stop(batch);
	return r < 0 ? r : read_answers(socket, 3);
}

/* --- the queue --- */

static struct nlmsghdr *queue_message(char *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));

	header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	*message = (struct nfgenmsg){.res_id = htons(QUEUE)};
	return header;
}

static int attach(struct mnl_socket *queue)
{
	const struct nfqnl_msg_config_cmd command = {.command = NFQNL_CFG_CMD_BIND};
	const struct nfqnl_msg_config_params params = {.copy_mode = NFQNL_COPY_META};
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *header = queue_message(buffer, NFQNL_MSG_CONFIG, NLM_F_ACK);

	mnl_attr_put(header, NFQA_CFG_CMD, sizeof(command), &command);
	mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof(params), &params);
	if (mnl_socket_sendto(queue, header, header->nlmsg_len) < 0)
		return -errno;
	return read_answers(queue, 1);
}

int queue_judge_open(struct mnl_socket **ret_queue)
{
	CLEANUP(queue_judge_close_p) struct mnl_socket *queue = NULL;
	int r = open_socket(&queue);

	if (r == 0)
		r = attach(queue);
	if (r == 0)
		r = install("queue") < 0 ? install("target") : 0;
	if (r < 0)
		return r == -EINVAL || r == -ENOENT || r == -EPROTONOSUPPORT ? -EOPNOTSUPP : r;
	*ret_queue = STEAL(queue);
	return 0;
}

static int find_packet_id(const struct nlattr *attribute, void *user)
{
	const struct nfqnl_msg_packet_hdr *packet;

	if (mnl_attr_get_type(attribute) != NFQA_PACKET_HDR)
		return MNL_CB_OK;
	packet = mnl_attr_get_payload(attribute);
	*(uint32_t *)user = packet->packet_id;
	return MNL_CB_STOP;
}

int queue_judge_accept(struct mnl_socket *queue)
{
	struct nfqnl_msg_verdict_hdr verdict = {.verdict = htonl(NF_ACCEPT)};
	char buffer[BUFFER_BYTES];
	struct nlmsghdr *header;

	if (mnl_socket_recvfrom(queue, buffer, sizeof(buffer)) < 0)
		return -errno;
	header = (struct nlmsghdr *)buffer;
	mnl_attr_parse(header, sizeof(struct nfgenmsg), find_packet_id, &verdict.id);
	header = queue_message(buffer, NFQNL_MSG_VERDICT, 0);
	mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	return mnl_socket_sendto(queue, header, header->nlmsg_len) < 0 ? -errno : 0;
}

void queue_judge_close(struct mnl_socket *queue)
{
	if (queue)
		mnl_socket_close(queue);
}
