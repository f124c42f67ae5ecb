/* SPDX-License-Identifier: MIT */

/*
 * A fuzzer without libFuzzer: runs each file given, and each file of each folder given, once
 * through LLVMFuzzerTestOneInput and prints TAP. A crash ends it, and so the plan is missing.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define INPUT_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void free_names_p(struct dirent ***names)
{
	free(*names);
}

/* 0 or a negative errno; -EFBIG: more than INPUT_MAX bytes. */
static int run_file(const char *path)
{
	CLEANUP(fclose_p) FILE *file = fopen(path, "rbe");
	CLEANUP(free_p) uint8_t *data = malloc(INPUT_MAX + 1);
	CLEANUP(free_p) uint8_t *exact = NULL;
	size_t size;

	if (!file)
		return -errno;
	if (!data)
		return -ENOMEM;
	size = fread(data, 1, INPUT_MAX + 1, file);
	if (ferror(file))
		return -EIO;
	if (size > INPUT_MAX)
		return -EFBIG;
	/* A block of the input's own size lets a sanitizer see a read past its end. */
	exact = malloc(size ? size : 1);
	if (!exact)
		return -ENOMEM;
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	return 0;
}

static void report(const char *path, int *n_runs, int *n_failed)
{
	int r = run_file(path);

	printf("%sok %d - %s\n", r < 0 ? "not " : "", ++*n_runs, path);
	if (r < 0) {
		printf("#   %s\n", strerror(-r));
		++*n_failed;
	}
	fflush(stdout);
}

static void run_folder(const char *path, int *n_runs, int *n_failed)
{
	CLEANUP(free_names_p) struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, alphasort);
	char file[4096];

	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			report(file, n_runs, n_failed);
		free(names[i]);
	}
}

int main(int argc, char **argv)
{
	int n_runs = 0;
	int n_failed = 0;

	for (int i = 1; i < argc; i++) {
		struct stat status;

		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			run_folder(argv[i], &n_runs, &n_failed);
		else
			report(argv[i], &n_runs, &n_failed);
	}
	if (!n_runs) {
		printf("not ok 1 - there are inputs\n");
		n_runs = n_failed = 1;
	}
	printf("1..%d\n", n_runs);
	return n_failed ? 1 : 0;
}
