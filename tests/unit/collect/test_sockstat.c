/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../../lib/proc_dir.h"
#include "collect/sockstat.h"
#include "tap.h"

static const char sockstat[] = "sockets: used 120\nTCP: inuse 12 orphan 1 tw 30 alloc 15 mem 2\n"
			       "UDP: inuse 4 mem 1\n";

int main(void)
{
	struct proc_dir dir = proc_dir_new();
	uint64_t sockets = 77;

	is_int(sockstat_tcp_in_use(dir.path, &sockets), -ENOENT, "no such file");
	proc_dir_put_file(&dir, "net/sockstat", "sockets: used 3\n");
	is_int(sockstat_tcp_in_use(dir.path, &sockets), -EBADMSG, "a file without TCP");
	is_int(sockets, 77, "leaves the result alone");
	proc_dir_put_file(&dir, "net/sockstat", sockstat);
	is_int(sockstat_tcp_in_use(dir.path, &sockets), 0, "without IPv6");
	is_int(sockets, 12, "those of IPv4, without TIME_WAIT");
	proc_dir_put_file(&dir, "net/sockstat6", "TCP6: inuse 5\nUDP6: inuse 2\n");
	is_int(sockstat_tcp_in_use(dir.path, &sockets), 0, "with IPv6");
	is_int(sockets, 17, "both together");
	proc_dir_remove(&dir);
	return tap_done();
}
