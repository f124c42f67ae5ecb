/* SPDX-License-Identifier: MIT */
/* tcptop: every TCP and UDP connection of this host, live and exact. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weir/error.h>

#include "app.h"
#include "base/cleanup.h"
#include "options.h"

/* What was asked for is on its way only when stdout has taken it. */
static int finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return WEIR_EXIT_OK;
	fprintf(stderr, "tcptop: standard output: %s\n", strerror(errno));
	return WEIR_EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	CLEANUP(options_done) struct options options = {0};
	int r = options_parse(argc, argv, stderr, &options);

	if (r < 0)
		return r == -EINVAL ? WEIR_EXIT_USAGE : WEIR_EXIT_FAILURE;
	switch (options.action) {
	case OPTIONS_HELP:
		options_help(stdout);
		return finish();
	case OPTIONS_VERSION:
		puts("tcptop " WEIR_VERSION);
		return finish();
	case OPTIONS_RUN:
		break;
	}
	return app_run(&options);
}
