/* SPDX-License-Identifier: MIT */

/*
 * Holds TCP connections open on loopback, for a bench that looks at them.
 *
 *   bench-hold SOCKETS     prints "ready"; then each line of standard input sends one byte both
 *                          ways over each connection and is answered with "done"
 *
 * Ends with its standard input.
 */
#include <stdio.h>
#include <stdlib.h>

#include "holder.h"

int main(int argc, char **argv)
{
	struct holder holder;
	char line[16];

	if (argc != 2) {
		fprintf(stderr, "usage: bench-hold SOCKETS\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	holder_start(&holder, strtoul(argv[1], NULL, 10));
	puts("ready");
	while (fgets(line, sizeof(line), stdin)) {
		holder_touch(&holder);
		puts("done");
	}
	holder_stop(&holder);
	return 0;
}
