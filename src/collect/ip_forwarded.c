/* SPDX-License-Identifier: MIT */
#include "collect/ip_forwarded.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/small_file.h"

/* The files have some 2 and 6 KiB. */
#define TEXT_MAX 32768

#define V4_ROW "Ip:"
#define V4_COLUMN "ForwDatagrams"
#define V6_ROW "Ip6OutForwDatagrams"

/* The start of the line whose first word is word; NULL: there is none. */
static const char *line_of(const char *text, const char *word)
{
	size_t len = strlen(word);

	while (text && (strncmp(text, word, len) != 0 || !strchr(" \t", text[len]))) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text;
}

static const char *next_word(const char *at)
{
	at += strcspn(at, " \t\n");
	return at + strspn(at, " \t");
}

static bool is_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	return strncmp(at, word, len) == 0 && strchr(" \t\n", at[len]);
}

static int number_at(const char *at, uint64_t *ret_number)
{
	return sscanf(at, "%" SCNu64, ret_number) == 1 ? 0 : -EBADMSG;
}

/*
 * Two lines of the same first word, names above numbers (net/ipv4/proc.c, snmp_seq_show()):
 *   Ip: Forwarding DefaultTTL … ForwDatagrams …
 *   Ip: 1 64 … 0 …
 */
static int parse_v4(const char *text, uint64_t *ret_packets)
{
	const char *name = line_of(text, V4_ROW);
	const char *number = name ? strchr(name, '\n') : NULL;

	if (!number || strncmp(++number, V4_ROW " ", sizeof(V4_ROW)) != 0)
		return -EBADMSG;
	do {
		name = next_word(name);
		number = next_word(number);
		if (is_word(name, V4_COLUMN))
			return number_at(number, ret_packets);
	} while (*name && *name != '\n' && *number && *number != '\n');
	return -EBADMSG;
}

/* A line a counter (net/ipv6/proc.c, snmp6_seq_show()). */
static int parse_v6(const char *text, uint64_t *ret_packets)
{
	const char *line = line_of(text, V6_ROW);

	return line ? number_at(next_word(line), ret_packets) : -EBADMSG;
}

static int read_one(const char *proc_root, const char *file,
		    int (*parse)(const char *text, uint64_t *ret_packets), uint64_t *ret_packets)
{
	char path[PATH_MAX], text[TEXT_MAX];
	ssize_t len;

	if (snprintf(path, sizeof(path), "%s/net/%s", proc_root, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	len = small_file_read(AT_FDCWD, path, text, sizeof(text));
	return len < 0 ? (int)len : parse(text, ret_packets);
}

int ip_forwarded_read(const char *proc_root, uint64_t *ret_packets)
{
	uint64_t v4 = 0, v6 = 0;
	int r;

	if (!proc_root)
		proc_root = "/proc";
	r = read_one(proc_root, "snmp", parse_v4, &v4);
	if (r < 0)
		return r;
	r = read_one(proc_root, "snmp6", parse_v6, &v6);
	if (r < 0 && r != -ENOENT) /* a kernel without IPv6 has none */
		return r;
	*ret_packets = v4 + v6;
	return 0;
}
