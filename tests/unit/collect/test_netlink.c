/* SPDX-License-Identifier: MIT */

/* Answers of the kernel as bytes, in parts and garbled; and one real one. */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/netlink.h"
#include "tap.h"

#define SEQ 7
#define DATA (NLMSG_MIN_TYPE + 4)

struct part {
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
	int32_t word;     /* the payload */
	uint32_t add_len; /* what nlmsg_len says too much */
};

struct taken {
	int messages;
	int words; /* their payloads added up */
	int answer;
};

static int take(void *user, const struct nlmsghdr *message)
{
	struct taken *taken = user;
	int32_t word;

	memcpy(&word, (const char *)message + NLMSG_HDRLEN, sizeof(word));
	taken->messages++;
	taken->words += word;
	return taken->answer;
}

static size_t write_parts(const struct part *parts, size_t n, char *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct nlmsghdr header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(int32_t)) + parts[i].add_len,
			.nlmsg_type = parts[i].type,
			.nlmsg_flags = parts[i].flags,
			.nlmsg_seq = parts[i].seq,
		};

		memcpy(buf + len, &header, sizeof(header));
		memcpy(buf + len + sizeof(header), &parts[i].word, sizeof(parts[i].word));
		len += NLMSG_SPACE(sizeof(int32_t));
	}
	return len;
}

#define MAX_PARTS 3

static const struct {
	const char *what;
	struct part parts[MAX_PARTS];
	int sink_answer;
	int words;
	int error;
	bool over;
	bool interrupted;
} answers[] = {
	{"a part of a dump", {{DATA, 0, SEQ, 1, 0}, {DATA, 0, SEQ, 2, 0}}, .words = 3},
	{"the end of a dump",
	 {{DATA, 0, SEQ, 1, 0}, {NLMSG_DONE, 0, SEQ, 0, 0}},
	 .words = 1,
	 .over = true},
	{"what comes after the end",
	 {{NLMSG_DONE, 0, SEQ, 0, 0}, {DATA, 0, SEQ, 1, 0}},
	 .over = true},
	{"an error at the end", {{NLMSG_DONE, 0, SEQ, -EBUSY, 0}}, .error = -EBUSY, .over = true},
	{"an acknowledgement", {{NLMSG_ERROR, 0, SEQ, 0, 0}}, .over = true},
	{"a refusal", {{NLMSG_ERROR, 0, SEQ, -EPERM, 0}}, .error = -EPERM, .over = true},
	{"an interrupted dump",
	 {{DATA, 0, SEQ, 1, 0}, {DATA, NLM_F_DUMP_INTR, SEQ, 2, 0}, {DATA, 0, SEQ, 4, 0}},
	 .words = 7,
	 .interrupted = true},
	{"interrupted at its end",
	 {{DATA, 0, SEQ, 1, 0}, {NLMSG_DONE, NLM_F_DUMP_INTR, SEQ, 0, 0}},
	 .words = 1,
	 .over = true,
	 .interrupted = true},
	{"another's answer",
	 {{DATA, 0, SEQ + 1, 1, 0}, {NLMSG_DONE, 0, SEQ - 1, -EIO, 0}, {DATA, 0, SEQ, 2, 0}},
	 .words = 2},
	{"nothing, and an overrun",
	 {{NLMSG_NOOP, 0, SEQ, 1, 0}, {NLMSG_OVERRUN, 0, SEQ, 0, 0}, {DATA, 0, SEQ, 2, 0}},
	 .error = -ENOBUFS},
	{"the sink's error, and the end is still seen",
	 {{DATA, 0, SEQ, 1, 0}, {DATA, 0, SEQ, 2, 0}, {NLMSG_DONE, 0, SEQ, 0, 0}},
	 .sink_answer = -ENOMEM,
	 .words = 1,
	 .error = -ENOMEM,
	 .over = true},
	{"the first error counts",
	 {{DATA, 0, SEQ, 1, 0}, {NLMSG_DONE, 0, SEQ, -EBUSY, 0}},
	 .sink_answer = -ENOMEM,
	 .words = 1,
	 .error = -ENOMEM,
	 .over = true},
	{"a length beyond what came",
	 {{DATA, 0, SEQ, 1, 0}, {DATA, 0, SEQ, 2, 8}},
	 .words = 1,
	 .error = -EBADMSG,
	 .over = true},
	{"a length that would be negative",
	 {{DATA, 0, SEQ, 1, 0xc0000000}},
	 .error = -EBADMSG,
	 .over = true},
	{"a length of 0",
	 {{DATA, 0, SEQ, 1, -(uint32_t)NLMSG_LENGTH(4)}},
	 .error = -EBADMSG,
	 .over = true},
	{"a length that is not aligned",
	 {{DATA, 0, SEQ, 1, -1U}, {DATA, 0, SEQ, 2, 0}},
	 .error = -EBADMSG},
	{"an error that says nothing",
	 {{NLMSG_ERROR, 0, SEQ, 0, -4U}},
	 .error = -EBADMSG,
	 .over = true},
	{"an end that says nothing, as old kernels send",
	 {{NLMSG_DONE, 0, SEQ, 0, -4U}},
	 .over = true},
};

static size_t count_parts(const struct part *parts)
{
	size_t n = 0;

	while (n < MAX_PARTS && parts[n].type)
		n++;
	return n;
}

static void test_take(void)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct taken taken = {.answer = answers[i].sink_answer};
		struct netlink_sink sink = {.user = &taken, .message = take};
		struct netlink_answer answer = {.seq = SEQ};
		const char *what = answers[i].what;
		char parts[256];
		size_t len = write_parts(answers[i].parts, count_parts(answers[i].parts), parts);
		/* Of exactly that size, for the sanitizer. */
		CLEANUP(free_p) char *data = malloc(len);

		if (!data)
			abort();
		memcpy(data, parts, len);
		netlink_take(&answer, data, len, &sink);
		is_int(taken.words, answers[i].words, "%s: what is taken", what);
		is_int(answer.error, answers[i].error, "%s: its error", what);
		is_int(answer.over, answers[i].over, "%s: over or not", what);
		is_int(answer.interrupted, answers[i].interrupted, "%s: interrupted or not", what);
	}
}

static void test_cut(void)
{
	static const struct part parts[] = {{DATA, 0, SEQ, 1, 0}, {DATA, 0, SEQ, 2, 0}};
	char whole[64];
	size_t len = write_parts(parts, 2, whole);
	int wrong = 0;

	for (size_t cut = 1; cut < len; cut++) {
		struct taken taken = {0};
		struct netlink_sink sink = {.user = &taken, .message = take};
		struct netlink_answer answer = {.seq = SEQ};
		CLEANUP(free_p) char *data = malloc(cut);

		if (!data)
			abort();
		memcpy(data, whole, cut);
		netlink_take(&answer, data, cut, &sink);
		wrong += answer.error != (cut == len / 2 ? 0 : -EBADMSG);
		wrong += taken.messages != (cut >= len / 2);
	}
	is_int(wrong, 0, "every cut is seen, but the one between two messages");
}

static int count_loopback(void *user, const struct nlmsghdr *message)
{
	struct ifinfomsg header;
	int *n = user;

	memcpy(&header, (const char *)message + NLMSG_HDRLEN, sizeof(header));
	*n += message->nlmsg_type == RTM_NEWLINK && header.ifi_index == 1;
	return *n > 0 ? -ECANCELED : 0;
}

static int ask_links(int fd, uint32_t seq, uint16_t type, const struct netlink_sink *sink)
{
	_Alignas(8) char buf[NETLINK_BUFFER] = {0};
	struct nlmsghdr *request = (struct nlmsghdr *)buf;

	request->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = seq;
	return netlink_ask(fd, buf, sink);
}

static void test_kernel(void)
{
	CLEANUP(close_fd_p) int fd = -1;
	int n = 0;
	struct netlink_sink sink = {.user = &n, .message = count_loopback};

	is_int(netlink_open(NETLINK_ROUTE, &fd), 0, "a socket");
	is_int(ask_links(fd, 1, RTM_GETLINK, &sink), -ECANCELED, "the sink's error is returned");
	is_int(n, 1, "and the sink is not called again");
	n = -1000;
	is_int(ask_links(fd, 2, RTM_GETLINK, &sink), 0, "the socket is good for another request");
	is_int(n, -999, "loopback is told once");
	is_int(ask_links(fd, 3, RTM_MAX + 64, &sink), -EOPNOTSUPP, "a type that is none");
	is_int(netlink_open(255, &fd), -EOPNOTSUPP, "a protocol that is none");
}

int main(void)
{
	test_take();
	test_cut();
	test_kernel();
	return tap_done();
}
