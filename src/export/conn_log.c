/* SPDX-License-Identifier: MIT */
#include "export/conn_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define KEEP_DEFAULT 5
#define KEEP_MAX 999
/* A dot and either KEEP_MAX + 1 or six random characters. */
#define SUFFIX_MAX 7

struct conn_log {
	int fd;
	bool regular; /* only then can it be cut and rotated */
	char *path;
	char *from; /* room for the names of other files */
	char *to;
	char *next;
	char *header;
	size_t header_len;
	struct conn_log_rotation rotation;
	uint64_t rotate_at_bytes;
	off_t cut_to; /* a torn row still stands behind here; -1: none does */
};

static int parse_size(const char **text, uint64_t *ret_size)
{
	static const char letters[] = "KMG";
	char *end;
	const char *letter;
	unsigned long long size;
	unsigned int shift = 0;

	if (**text < '0' || **text > '9') /* strtoull would take blanks and signs */
		return -EINVAL;
	errno = 0;
	size = strtoull(*text, &end, 10);
	if (errno)
		return -EINVAL;
	letter = *end ? strchr(letters, *end & ~0x20) : NULL;
	if (letter) {
		shift = 10 * (unsigned int)(letter - letters + 1);
		end++;
	}
	if (!size || size > (uint64_t)INT64_MAX >> shift)
		return -EINVAL;
	*text = end;
	*ret_size = (uint64_t)size << shift;
	return 0;
}

int conn_log_rotation_parse(const char *text, struct conn_log_rotation *ret_rotation)
{
	struct conn_log_rotation rotation = {.keep = KEEP_DEFAULT};
	int r = parse_size(&text, &rotation.size_bytes);

	if (r < 0)
		return r;
	if (*text == ',') {
		char *end;
		unsigned long keep;

		if (text[1] < '0' || text[1] > '9')
			return -EINVAL;
		keep = strtoul(text + 1, &end, 10);
		if (keep < 1 || keep > KEEP_MAX)
			return -EINVAL;
		rotation.keep = (unsigned int)keep;
		text = end;
	}
	if (*text)
		return -EINVAL;
	*ret_rotation = rotation;
	return 0;
}

/* *written counts what went in, on failure too. */
static int write_all(int fd, const char *data, size_t len, size_t *written)
{
	while (*written < len) {
		ssize_t n = write(fd, data + *written, len - *written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		*written += (size_t)n;
	}
	return 0;
}

static int cut(struct conn_log *log)
{
	if (log->cut_to < 0)
		return 0;
	if (ftruncate(log->fd, log->cut_to) < 0)
		return -errno;
	log->cut_to = -1;
	return 0;
}

int conn_log_write(struct conn_log *log, const char *rows, size_t len)
{
	struct stat st;
	const char *last;
	size_t written = 0;
	int r;

	r = cut(log);
	if (r < 0)
		return r;
	if (fstat(log->fd, &st) < 0)
		return -errno;
	r = write_all(log->fd, rows, len, &written);
	if (r == 0 || !log->regular)
		return r;
	last = memrchr(rows, '\n', written);
	log->cut_to = st.st_size + (last ? last + 1 - rows : 0);
	cut(log); /* if even this fails, r is the first cause and the next write tries again */
	return r;
}

/* pread() until len bytes or the end of the file. */
static ssize_t read_at(int fd, char *data, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, data + done, len - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int refuse(const struct conn_log *log, struct str_buf *error, const char *why)
{
	str_buf_puts(error, "cannot log to '");
	text_escape(error, log->path, strlen(log->path));
	str_buf_puts(error, "': ");
	str_buf_puts(error, why);
	return -EINVAL;
}

static int check_header(const struct conn_log *log, struct str_buf *error)
{
	CLEANUP(free_p) char *found = malloc(log->header_len + 1);
	ssize_t n;

	if (!found)
		return -ENOMEM;
	n = read_at(log->fd, found, log->header_len, 0);
	if (n < 0)
		return (int)n;
	if ((size_t)n == log->header_len && memcmp(found, log->header, log->header_len) == 0)
		return 0;
	return refuse(
		log, error,
		"its first row is not our header; choose the columns it has, or another file");
}

/* Cuts off what stands behind the last LF. The header has one, so the search ends there. */
static int cut_torn_row(struct conn_log *log, off_t size)
{
	char block[4096];
	off_t end = size;

	while (end > 0) {
		off_t start = end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		ssize_t n = read_at(log->fd, block, (size_t)(end - start), start);
		const char *last;

		if (n < 0)
			return (int)n;
		last = memrchr(block, '\n', (size_t)n);
		if (last) {
			off_t whole = start + (last + 1 - block);

			log->cut_to = whole < size ? whole : -1;
			return cut(log);
		}
		end = start;
	}
	return -EBADMSG;
}

/* What is already in the file: nothing, or rows of ours to go on behind. */
static int begin_file(struct conn_log *log, bool append, struct str_buf *error)
{
	struct stat st;
	int r;

	if (fstat(log->fd, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode))
		return refuse(log, error, "it is a block device");
	log->regular = S_ISREG(st.st_mode);
	if (log->regular && st.st_size && append) {
		r = check_header(log, error);
		return r < 0 ? r : cut_torn_row(log, st.st_size);
	}
	if (log->regular && st.st_size && ftruncate(log->fd, 0) < 0)
		return -errno;
	return conn_log_write(log, log->header, log->header_len);
}

/* To append, the end of the file must be read first. A pipe is never opened for reading: it would
 * hide that its reader is gone. */
static int open_flags(const struct conn_log_options *options)
{
	struct stat st;
	bool read = options->append && stat(options->path, &st) == 0 && S_ISREG(st.st_mode);

	return (read ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
}

static void free_log(struct conn_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	free(log->from);
	free(log->to);
	free(log->next);
	free(log->header);
	free(log);
}

DEFINE_CLEANUP(free_log_p, struct conn_log *, free_log)

static int new_log(const struct conn_log_options *options, struct conn_log **ret_log)
{
	CLEANUP(free_log_p) struct conn_log *log = calloc(1, sizeof(*log));
	size_t path_size = strlen(options->path) + 1;

	if (!log)
		return -ENOMEM;
	log->fd = -1;
	log->cut_to = -1;
	log->rotation = options->rotation;
	log->rotate_at_bytes = options->rotation.size_bytes;
	log->header_len = options->header_len;
	log->path = malloc(path_size);
	log->from = malloc(path_size + SUFFIX_MAX);
	log->to = malloc(path_size + SUFFIX_MAX);
	log->next = malloc(path_size + SUFFIX_MAX);
	log->header = malloc(options->header_len + 1);
	if (!log->path || !log->from || !log->to || !log->next || !log->header)
		return -ENOMEM;
	memcpy(log->path, options->path, path_size);
	memcpy(log->header, options->header, options->header_len);
	*ret_log = STEAL(log);
	return 0;
}

static int nobody_reads(const struct conn_log_options *options, struct str_buf *error)
{
	str_buf_puts(error, "cannot log to '");
	text_escape(error, options->path, strlen(options->path));
	str_buf_puts(error, "': it is a pipe that nobody reads from");
	return -ENXIO;
}

static int open_file(const struct conn_log_options *options, struct str_buf *error,
		     struct conn_log **ret_log)
{
	CLEANUP(free_log_p) struct conn_log *log = NULL;
	int r = new_log(options, &log);

	if (r < 0)
		return r;
	/* not blocking: a pipe without a reader is an error, not a wait that nothing ends */
	log->fd = open(options->path, open_flags(options) | O_NONBLOCK, 0640);
	if (log->fd < 0)
		return errno == ENXIO ? nobody_reads(options, error) : -errno;
	if (fcntl(log->fd, F_SETFL, open_flags(options)) < 0)
		return -errno;
	r = begin_file(log, options->append, error);
	if (r < 0)
		return r;
	*ret_log = STEAL(log);
	return 0;
}

int conn_log_open(const struct conn_log_options *options, struct str_buf *error,
		  struct conn_log **ret_log)
{
	size_t said = error->len;
	int r = open_file(options, error, ret_log);

	if (r == 0 || error->len > said)
		return r;
	str_buf_puts(error, "cannot log to '");
	text_escape(error, options->path, strlen(options->path));
	str_buf_printf(error, "': %s", strerror(-r));
	return r;
}

/* The i-th file of the row path, path.1, path.2, … */
static const char *file_name(const struct conn_log *log, char *room, unsigned int i)
{
	if (i == 0)
		return log->path;
	sprintf(room, "%s.%u", log->path, i); /* SUFFIX_MAX covers KEEP_MAX + 1 */
	return room;
}

/* The first name that is free, 0 if somebody has taken the log itself away; if none is free, the
 * one past those to keep. */
static int first_free(const struct conn_log *log, unsigned int *ret_free)
{
	unsigned int i = 0;
	struct stat st;

	for (; i <= log->rotation.keep; i++) {
		if (lstat(file_name(log, log->from, i), &st) == 0)
			continue;
		if (errno != ENOENT)
			return -errno;
		break;
	}
	*ret_free = i;
	return 0;
}

/*
 * Makes path.1 free. Old files move only as far as the first gap, so that a rotation that failed
 * half-way and is tried again moves nothing twice; the oldest one leaves last of all.
 */
static int make_first_free(const struct conn_log *log, unsigned int free_name)
{
	for (unsigned int i = free_name; i > 1; i--) {
		if (rename(file_name(log, log->from, i - 1), file_name(log, log->to, i)) < 0)
			return -errno;
	}
	return 0;
}

/*
 * Owner, group and mode as the old file has them: whoever reads the log goes on reading it. The
 * mode comes last, for chown takes set-id bits back. Only CAP_CHOWN may give a file away, and a
 * file system may know no owners at all: a log that goes on in our own name is worth more than one
 * that does not rotate, so what is refused is left as it is. The group alone is often allowed.
 */
static int make_like(int fd, const struct stat *old)
{
	if (fchown(fd, old->st_uid, old->st_gid) < 0)
		(void)!fchown(fd, (uid_t)-1, old->st_gid);
	return fchmod(fd, old->st_mode & 07777) < 0 ? -errno : 0;
}

/* A new file beside the log, with its header, under a name nobody else has (in log->next). */
static int make_next(const struct conn_log *log, const struct stat *old, int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = -1;
	size_t written = 0;
	int r;

	sprintf(log->next, "%s.XXXXXX", log->path);
	fd = mkostemp(log->next, O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = make_like(fd, old);
	if (r == 0)
		r = write_all(fd, log->header, log->header_len, &written);
	if (r < 0) {
		unlink(log->next);
		return r;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* path becomes path.1, and next becomes path; or all stays as it was. */
static int swap_files(const struct conn_log *log)
{
	const char *first = file_name(log, log->to, 1);
	int r;

	if (rename(log->path, first) < 0)
		return -errno;
	if (rename(log->next, log->path) == 0)
		return 0;
	r = -errno;
	/* If it cannot go back either, its rows are safe in path.1, to which the descriptor goes on
	 * writing, and the next rotation finds the name path free. */
	if (rename(first, log->path) < 0)
		return -errno;
	return r;
}

/* Gives the name path to next; what has it now moves aside. */
static int put_in_place(const struct conn_log *log, unsigned int *ret_free)
{
	int r = first_free(log, ret_free);

	if (r < 0)
		return r;
	if (*ret_free == 0)
		return rename(log->next, log->path) < 0 ? -errno : 0;
	r = make_first_free(log, *ret_free);
	return r < 0 ? r : swap_files(log);
}

static int rotate(struct conn_log *log, const struct stat *old)
{
	CLEANUP(close_fd_p) int fd = -1;
	unsigned int free_name = 0;
	int r;

	r = make_next(log, old, &fd);
	if (r < 0)
		return r;
	r = put_in_place(log, &free_name);
	if (r < 0) {
		unlink(log->next);
		return r;
	}
	r = close(log->fd) < 0 ? -errno : 0;
	log->fd = STEAL_FD(fd);
	if (free_name > log->rotation.keep && unlink(file_name(log, log->to, free_name)) < 0)
		r = -errno;
	return r;
}

int conn_log_rotate(struct conn_log *log)
{
	struct stat st;
	uint64_t size;
	int r;

	if (!log->regular || !log->rotation.size_bytes)
		return 0;
	r = cut(log);
	if (r < 0)
		return r;
	if (fstat(log->fd, &st) < 0)
		return -errno;
	size = (uint64_t)st.st_size;
	if (size < log->rotate_at_bytes || size <= log->header_len)
		return 0;
	r = rotate(log, &st);
	log->rotate_at_bytes = log->rotation.size_bytes + (r < 0 ? size : 0);
	return r < 0 ? r : 1;
}

int conn_log_close(struct conn_log *log)
{
	int r;

	if (!log)
		return 0;
	r = close(log->fd) < 0 ? -errno : 0;
	log->fd = -1;
	free_log(log);
	return r;
}
