/* SPDX-License-Identifier: MIT */

/* Forwarded packets from the files under /proc/net, as Linux 6.18 and 6.1 write them and garbled.
 */

#include <errno.h>
#include <stddef.h>

#include "collect/ip_forwarded.h"
#include "proc_dir.h"
#include "tap.h"

#define NAMES                                                                                      \
	"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "             \
	"InUnknownProtos InDiscards InDelivers\n"
#define NUMBERS "Ip: 1 64 1234 0 3 5000000000 0 0 1230\n"
#define REST "Icmp: InMsgs ForwDatagrams\nIcmp: 5 77\n"

static const struct {
	const char *what;
	const char *snmp;  /* NULL: as in the case before */
	const char *snmp6; /* NULL: none yet */
	int want;
	uint64_t packets;
} cases[] = {
	{"IPv4 alone", NAMES NUMBERS REST, NULL, 0, 5000000000},
	{"both", NULL, "Ip6InReceives \t9\nIp6OutForwDatagrams             \t41\nIp6x \t1\n", 0,
	 5000000041},
	{"another counter that begins so", NULL, "Ip6OutForwDatagramsX \t41\n", -EBADMSG, 0},
	{"a counter without a number", NULL, "Ip6OutForwDatagrams \t\n", -EBADMSG, 0},
	{"an empty file of IPv6", NULL, "", -EBADMSG, 0},
	{"rows in another order", REST NAMES NUMBERS, "Ip6OutForwDatagrams 1\n", 0, 5000000001},
	{"the column last", "Ip: ForwDatagrams\nIp: 8\n", NULL, 0, 9},
	{"no line end", "Ip: A ForwDatagrams\nIp: 1 8", NULL, 0, 9},
	{"no such column", "Ip: Forwarding InReceives\nIp: 1 2\n" REST, NULL, -EBADMSG, 0},
	{"too few numbers", "Ip: A B ForwDatagrams\nIp: 1 2\n" REST, NULL, -EBADMSG, 0},
	{"no numbers", NAMES, NULL, -EBADMSG, 0},
	{"names cut short", "Ip: A ForwDatagrams", NULL, -EBADMSG, 0},
	{"numbers of another row", NAMES REST, NULL, -EBADMSG, 0},
	{"a word for a number", "Ip: ForwDatagrams\nIp: many\n", NULL, -EBADMSG, 0},
	{"a column that only begins so", "Ip: ForwDatagramsX\nIp: 8\n", NULL, -EBADMSG, 0},
	{"no such row", REST, NULL, -EBADMSG, 0},
	{"an empty file", "", NULL, -EBADMSG, 0},
};

int main(void)
{
	struct proc_dir dir = proc_dir_new();
	uint64_t packets = 77;

	is_int(ip_forwarded_read(dir.path, &packets), -ENOENT, "no such file");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		packets = 77;
		if (cases[i].snmp)
			proc_dir_put_file(&dir, "net/snmp", cases[i].snmp);
		if (cases[i].snmp6)
			proc_dir_put_file(&dir, "net/snmp6", cases[i].snmp6);
		is_int(ip_forwarded_read(dir.path, &packets), cases[i].want, "%s", cases[i].what);
		is_int(packets, cases[i].want ? 77 : cases[i].packets, "the number");
	}
	proc_dir_remove(&dir);
	is_int(ip_forwarded_read(NULL, &packets), 0, "this machine's own");
	return tap_done();
}
