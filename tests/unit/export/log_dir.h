/* SPDX-License-Identifier: MIT */
#pragma once

/* A directory of its own for a log test, and a look at what lies in it. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct log_dir {
	char dir[64];
	char log[96];    /* the log's path in it */
	char text[8192]; /* what log_dir_read() read */
};

static inline int log_dir_init(struct log_dir *d)
{
	snprintf(d->dir, sizeof(d->dir), "/tmp/weir-test-log.XXXXXX");
	if (!mkdtemp(d->dir))
		return -errno;
	snprintf(d->log, sizeof(d->log), "%s/log.csv", d->dir);
	return 0;
}

/* The text of the log, or of log + suffix; "(errno N)" if it cannot be read. */
static inline const char *log_dir_read(struct log_dir *d, const char *suffix)
{
	char path[128];
	CLEANUP(fclose_p) FILE *file = NULL;

	snprintf(path, sizeof(path), "%s%s", d->log, suffix);
	file = fopen(path, "re");
	if (file)
		d->text[fread(d->text, 1, sizeof(d->text) - 1, file)] = '\0';
	else
		snprintf(d->text, sizeof(d->text), "(errno %d)", errno);
	return d->text;
}

static inline int log_dir_write(struct log_dir *d, const char *suffix, const char *text)
{
	char path[128];
	CLEANUP(fclose_p) FILE *file = NULL;

	snprintf(path, sizeof(path), "%s%s", d->log, suffix);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	return fputs(text, file) == EOF || fflush(file) == EOF ? -EIO : 0;
}

/* Counts the files; removes them when asked to. */
static inline int log_dir_files(const struct log_dir *d, int also_remove)
{
	DIR *dir = opendir(d->dir);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (also_remove)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	return n;
}

static inline void log_dir_done(struct log_dir *d)
{
	log_dir_files(d, 1);
	rmdir(d->dir);
}
