/* SPDX-License-Identifier: MIT */

/* sock_diag messages as bytes: what the kernel sends, what it never should. */

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collect/sock_diag.h"
#include "tap.h"

#define SEQ 7

/* Messages one after the other, written byte by byte. */
struct bytes_out {
	_Alignas(8) uint8_t data[4096];
	size_t len;
	size_t message; /* where the last one begins */
};

/*
 * A message as Linux 6.18 sent it for a connection over loopback: ESTABLISHED, 127.0.0.1:57840 to
 * 127.0.0.1:45753, cookie 0x100000007, uid 1000, inode 29967, one unread and two unsent bytes.
 */
static const uint8_t captured[16 + 72] = {
	/* nlmsghdr: length, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, seq, pid */
	88,
	0,
	0,
	0,
	20,
	0,
	2,
	0,
	SEQ,
	0,
	0,
	0,
	1,
	2,
	0,
	0,
	/* family, state, timer, retrans; ports in network order */
	AF_INET,
	1,
	0,
	0,
	0xe1,
	0xf0,
	0xb2,
	0xb9,
	/* addresses, of which v4 uses the first word */
	127,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	127,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	/* interface, cookie, expires, rqueue, wqueue, uid, inode */
	0,
	0,
	0,
	0,
	7,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	2,
	0,
	0,
	0,
	0xe8,
	3,
	0,
	0,
	0x0f,
	0x75,
	0,
	0,
};

static void add_message(struct bytes_out *out, uint16_t type, const void *payload, size_t len)
{
	struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof(header) + len),
				  .nlmsg_type = type,
				  .nlmsg_seq = SEQ};

	out->message = out->len;
	memcpy(out->data + out->len, &header, sizeof(header));
	if (len)
		memcpy(out->data + out->len + sizeof(header), payload, len);
	out->len += NLMSG_ALIGN(sizeof(header) + len);
}

static void add_socket(struct bytes_out *out)
{
	add_message(out, SOCK_DIAG_BY_FAMILY, captured + 16, sizeof(captured) - 16);
}

static struct nlmsghdr *last_message(struct bytes_out *out)
{
	return (struct nlmsghdr *)(out->data + out->message);
}

/* Appends an attribute to the last message; nla_len as it is given, room as len needs it. */
static void add_attribute(struct bytes_out *out, uint16_t type, uint16_t nla_len,
			  const void *payload, size_t len)
{
	struct nlattr attr = {.nla_len = nla_len, .nla_type = type};

	memcpy(out->data + out->len, &attr, sizeof(attr));
	if (len)
		memcpy(out->data + out->len + sizeof(attr), payload, len);
	out->len += NLA_ALIGN(sizeof(attr) + len);
	last_message(out)->nlmsg_len = (uint32_t)(out->len - out->message);
}

static void test_captured(void)
{
	struct sock_diag_row row;
	_Alignas(8) uint8_t data[sizeof(captured)];
	char text[WEIR_ENDPOINT_TEXT_MAX];

	memcpy(data, captured, sizeof(data));
	is_int(sock_diag_decode((struct nlmsghdr *)data, WEIR_PROTO_TCP, &row), 0, "a message");
	weir_endpoint_format(&row.id.local, row.id.local_port, text);
	is_str(text, "127.0.0.1:57840", "local end");
	weir_endpoint_format(&row.id.remote, row.id.remote_port, text);
	is_str(text, "127.0.0.1:45753", "remote end");
	is_int(row.id.cookie, 0x100000007, "both words of the cookie");
	is_int(row.id.proto, WEIR_PROTO_TCP, "protocol as asked for");
	is_int(row.state, WEIR_TCP_ESTABLISHED, "state");
	is_int(row.uid, 1000, "uid");
	is_int(row.inode, 29967, "inode");
	is_int(row.rqueue_bytes, 1, "receive queue");
	is_int(row.wqueue_bytes, 2, "send queue");
	is_int(row.info_len, 0, "no tcp_info");
	memset(data + 84, 0, 4);
	is_int(sock_diag_decode((struct nlmsghdr *)data, WEIR_PROTO_TCP, &row), 0, "no inode");
	ok(row.uid == UINT32_MAX, "then the uid is not told");
}

/* The tcp_info of an older kernel is shorter, of a newer one longer, than ours. */
static void test_info_lengths(void)
{
	static const size_t lengths[] = {0, 1, 104, sizeof(struct tcp_info),
					 sizeof(struct tcp_info) + 64};
	uint8_t info[sizeof(struct tcp_info) + 64];

	memset(info, 0x11, sizeof(info));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bytes_out out = {.len = 0};
		size_t known =
			lengths[i] < sizeof(struct tcp_info) ? lengths[i] : sizeof(struct tcp_info);
		struct sock_diag_row row;

		add_socket(&out);
		add_attribute(&out, INET_DIAG_INFO, (uint16_t)(4 + lengths[i]), info, lengths[i]);
		is_int(sock_diag_decode(last_message(&out), WEIR_PROTO_TCP, &row), 0,
		       "tcp_info of %zu bytes", lengths[i]);
		is_int(row.info_len, known, "as much as both sides know");
		is_int(row.info.tcpi_bytes_retrans,
		       known == sizeof(struct tcp_info) ? 0x1111111111111111 : 0, "the rest is 0");
	}
}

static void test_hostile(void)
{
	static const struct {
		const char *what;
		uint16_t type;
		uint16_t nla_len;
		size_t room;
		int want;
	} attributes[] = {
		{"an attribute of an unknown type", 999, 12, 8, 0},
		{"an attribute shorter than its header", INET_DIAG_INFO, 3, 8, -EBADMSG},
		{"an attribute of length 0", INET_DIAG_INFO, 0, 8, -EBADMSG},
		{"an attribute beyond its message", INET_DIAG_INFO, 200, 8, -EBADMSG},
		{"an attribute as long as can be said", INET_DIAG_INFO, 65535, 8, -EBADMSG},
		{"a cgroup id", INET_DIAG_CGROUP_ID, 12, 8, 0},
		{"a cgroup id that is none", INET_DIAG_CGROUP_ID, 8, 4, -EBADMSG},
	};
	uint8_t payload[8] = {0x2a};

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		struct bytes_out out = {.len = 0};
		struct sock_diag_row row = {.inode = 1234};

		add_socket(&out);
		add_attribute(&out, attributes[i].type, attributes[i].nla_len, payload,
			      attributes[i].room);
		is_int(sock_diag_decode(last_message(&out), WEIR_PROTO_TCP, &row),
		       attributes[i].want, "%s", attributes[i].what);
		is_int(row.inode, attributes[i].want ? 1234 : 29967,
		       "the result is set only on success");
		if (attributes[i].type == INET_DIAG_CGROUP_ID && !attributes[i].want)
			is_int(row.cgroup_id, 42, "and read");
	}
}

/* Every truncation of a whole message, in memory of exactly that size for the sanitizer. */
static void test_truncated(void)
{
	struct bytes_out whole = {.len = 0};
	uint8_t info[64] = {0};
	int accepted = 0;

	add_socket(&whole);
	add_attribute(&whole, INET_DIAG_INFO, 4 + sizeof(info), info, sizeof(info));
	for (uint32_t len = sizeof(struct nlmsghdr); len < whole.len; len++) {
		uint8_t *data = malloc(len);
		struct sock_diag_row row;

		if (!data)
			abort();
		memcpy(data, whole.data, len);
		memcpy(data, &len, sizeof(len));
		accepted += sock_diag_decode((struct nlmsghdr *)data, WEIR_PROTO_TCP, &row) == 0;
		free(data);
	}
	is_int(accepted, 1, "of all truncations only the one before the attribute is a message");
}

static void test_family(void)
{
	static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
	_Alignas(8) uint8_t data[sizeof(captured)];
	char text[WEIR_ADDR_TEXT_MAX];
	struct sock_diag_row row;

	memcpy(data, captured, sizeof(data));
	data[16] = AF_INET6;
	memcpy(data + 24, v6, sizeof(v6));
	memcpy(data + 40, mapped, sizeof(mapped));
	is_int(sock_diag_decode((struct nlmsghdr *)data, WEIR_PROTO_TCP, &row), 0, "IPv6");
	weir_addr_format(&row.id.local, text);
	is_str(text, "2001:db8::1", "all of the address");
	weir_addr_format(&row.id.remote, text);
	is_str(text, "10.0.0.1", "a mapped address is the v4 one");
	data[16] = AF_UNIX;
	is_int(sock_diag_decode((struct nlmsghdr *)data, WEIR_PROTO_TCP, &row), -EBADMSG,
	       "a family that is not IP");
}

struct taken {
	int rows;
	int answer;
	uint64_t bad;
};

static int take(void *user, const struct sock_diag_row *row)
{
	struct taken *taken = user;

	taken->rows += row->inode == 29967;
	return taken->answer;
}

static int parse(const struct bytes_out *out, struct taken *taken)
{
	struct sock_diag_sink sink = {.user = taken, .row = take, .bad_records = &taken->bad};

	return sock_diag_parse(out->data, out->len, SEQ, WEIR_PROTO_TCP, &sink);
}

static void test_parse(void)
{
	static const int no_error, gone = -ENOENT, busy = -EBUSY;
	struct bytes_out out = {.len = 0};
	struct taken taken = {0};

	add_socket(&out);
	add_socket(&out);
	is_int(parse(&out, &taken), 1, "a part of a dump");
	is_int(taken.rows, 2, "has its rows");
	last_message(&out)->nlmsg_flags |= NLM_F_DUMP_INTR;
	is_int(parse(&out, &taken), 2, "a part that missed something");
	add_message(&out, NLMSG_DONE, &no_error, sizeof(no_error));
	is_int(parse(&out, &taken), -EINTR, "which the end of the dump says too");
	out.message = sizeof(captured);
	last_message(&out)->nlmsg_flags = 0;
	is_int(parse(&out, &taken), 0, "the end of a whole dump");
	last_message(&out)->nlmsg_seq = SEQ + 1;
	taken.rows = 0;
	is_int(parse(&out, &taken), 0, "an answer to another question");
	is_int(taken.rows, 1, "is passed over");
	taken.answer = -ENOMEM;
	is_int(parse(&out, &taken), -ENOMEM, "the sink's error ends it");
	out.len = 0;
	add_message(&out, NLMSG_ERROR, &gone, sizeof(gone));
	is_int(parse(&out, &taken), -EOPNOTSUPP, "no such module");
	out.len = 0;
	add_message(&out, NLMSG_DONE, &busy, sizeof(busy));
	is_int(parse(&out, &taken), -EBUSY, "an error at the end");
	out.len = 0;
	add_message(&out, NLMSG_ERROR, NULL, 0);
	is_int(parse(&out, &taken), -EBADMSG, "an error that says nothing");
	is_int(taken.bad, 0, "nothing bad so far");
}

static void test_parse_bad(void)
{
	struct bytes_out out = {.len = 0};
	struct taken taken = {0};

	add_message(&out, SOCK_DIAG_BY_FAMILY, captured + 16, 20);
	add_message(&out, 4711, NULL, 0);
	add_socket(&out);
	is_int(parse(&out, &taken), 1, "bad messages do not end a dump");
	is_int(taken.rows, 1, "the good one is taken");
	is_int(taken.bad, 2, "the bad ones are counted");
	last_message(&out)->nlmsg_len = 4000;
	is_int(parse(&out, &taken), 1, "a length beyond what was received");
	is_int(taken.rows, 1, "is not read");
	is_int(taken.bad, 5, "and counted");
	last_message(&out)->nlmsg_len = 0xc0000000;
	is_int(parse(&out, &taken), 1, "a length that would be negative");
	is_int(taken.rows, 1, "is not read either");
	last_message(&out)->nlmsg_len = 0;
	is_int(parse(&out, &taken), 1, "a length of 0 does not loop");
}

int main(void)
{
	test_captured();
	test_info_lengths();
	test_hostile();
	test_truncated();
	test_family();
	test_parse();
	test_parse_bad();
	return tap_done();
}
