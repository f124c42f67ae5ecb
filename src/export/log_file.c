/* SPDX-License-Identifier: MIT */
#include "export/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

/* A dot and either a number of 32 bits or six random characters. */
#define SUFFIX_MAX 12

struct log_file {
	int fd;
	bool regular; /* only then can it be cut and rotated */
	bool by_lines;
	off_t begun; /* bytes that were there before us */
	uint64_t n_rotated;
	char *path;
	char *from; /* room for the names of other files */
	char *to;
	char *next;
	char *header;
	size_t header_len;
	unsigned int keep;
	uint64_t size_bytes; /* at which it is due; 0: never */
	uint64_t rotate_at_bytes;
	off_t cut_to; /* a torn piece still stands behind here; -1: none does */
};

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

static int cut(struct log_file *file)
{
	if (file->cut_to < 0)
		return 0;
	if (ftruncate(file->fd, file->cut_to) < 0)
		return -errno;
	file->cut_to = -1;
	return 0;
}

int log_file_write(struct log_file *file, const void *data, size_t len)
{
	struct stat st;
	const char *last = NULL;
	size_t written = 0;
	int r;

	r = cut(file);
	if (r < 0)
		return r;
	if (fstat(file->fd, &st) < 0)
		return -errno;
	r = write_all(file->fd, data, len, &written);
	if (r == 0 || !file->regular)
		return r;
	if (file->by_lines)
		last = memrchr(data, '\n', written);
	file->cut_to = st.st_size + (last ? last + 1 - (const char *)data : 0);
	cut(file); /* if even this fails, r is the first cause and the next write tries again */
	return r;
}

int log_file_cut(struct log_file *file, off_t size)
{
	file->cut_to = size;
	return cut(file);
}

off_t log_file_begun(const struct log_file *file)
{
	return file->begun;
}

/* pread() until len bytes or the end of the file. */
ssize_t log_file_read(const struct log_file *file, void *data, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(file->fd, (char *)data + done, len - done, offset + (off_t)done);

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

static void begin_error(const struct log_file_options *options, struct str_buf *error)
{
	str_buf_printf(error, "cannot %s '", options->deed);
	text_escape(error, options->path, strlen(options->path));
	str_buf_puts(error, "': ");
}

int log_file_explain(const struct log_file_options *options, struct str_buf *error, size_t said,
		     int r)
{
	if (r < 0 && error->len == said) {
		begin_error(options, error);
		str_buf_puts(error, strerror(-r));
	}
	return r;
}

static int refuse_owner(const struct log_file_options *options, struct str_buf *error,
			const char *what)
{
	begin_error(options, error);
	str_buf_printf(error,
		       "%s that is there belongs to another user, who could read it: remove it, or "
		       "choose another name",
		       what);
	return -EPERM;
}

/* What is already in the file: nothing, or what is to be gone on behind. */
static int begin_file(struct log_file *file, const struct log_file_options *options,
		      struct str_buf *error)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode)) {
		begin_error(options, error);
		str_buf_puts(error, "it is a block device");
		return -EINVAL;
	}
	file->regular = S_ISREG(st.st_mode);
	if (file->regular && options->is_private && st.st_uid != geteuid())
		return refuse_owner(options, error, "the file");
	if (file->regular && st.st_size && options->append) {
		file->begun = st.st_size;
		return 0;
	}
	if (file->regular && st.st_size && ftruncate(file->fd, 0) < 0)
		return -errno;
	if (file->regular && options->is_private && fchmod(file->fd, options->mode) < 0)
		return -errno;
	return log_file_write(file, file->header, file->header_len);
}

/* To append, the end of the file must be read first. A pipe is never opened for reading: it would
 * hide that its reader is gone. */
static int open_flags(const struct log_file_options *options)
{
	struct stat st;
	bool read = options->append && stat(options->path, &st) == 0 && S_ISREG(st.st_mode);

	return (read ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
}

static void free_file(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->from);
	free(file->to);
	free(file->next);
	free(file->header);
	free(file);
}

DEFINE_CLEANUP(free_file_p, struct log_file *, free_file)

static int new_file(const struct log_file_options *options, struct log_file **ret_file)
{
	CLEANUP(free_file_p) struct log_file *file = calloc(1, sizeof(*file));
	size_t path_size = strlen(options->path) + 1;

	if (!file)
		return -ENOMEM;
	file->fd = -1;
	file->cut_to = -1;
	file->by_lines = options->by_lines;
	file->keep = options->keep;
	file->size_bytes = options->rotate_at_bytes;
	file->rotate_at_bytes = options->rotate_at_bytes;
	file->header_len = options->header_len;
	file->path = malloc(path_size);
	file->from = malloc(path_size + SUFFIX_MAX);
	file->to = malloc(path_size + SUFFIX_MAX);
	file->next = malloc(path_size + SUFFIX_MAX);
	file->header = malloc(options->header_len + 1);
	if (!file->path || !file->from || !file->to || !file->next || !file->header)
		return -ENOMEM;
	memcpy(file->path, options->path, path_size);
	memcpy(file->header, options->header, options->header_len);
	*ret_file = STEAL(file);
	return 0;
}

/* One of our own, or of root, as /dev/stdout is. */
static bool is_trusted_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_uid == geteuid() || st.st_uid == 0);
}

static int open_file(const struct log_file_options *options, struct str_buf *error,
		     struct log_file **ret_file)
{
	CLEANUP(free_file_p) struct log_file *file = NULL;
	int flags, r = new_file(options, &file);

	if (r < 0)
		return r;
	flags = open_flags(options);
	/* not blocking: a pipe without a reader is an error, not a wait that nothing ends */
	file->fd = open(options->path, flags | O_NONBLOCK | (options->is_private ? O_NOFOLLOW : 0),
			options->mode);
	if (file->fd < 0 && errno == ELOOP && options->is_private) {
		if (!is_trusted_link(options->path))
			return refuse_owner(options, error, "the symbolic link");
		file->fd = open(options->path, flags | O_NONBLOCK, options->mode);
	}
	if (file->fd < 0 && errno == ENXIO) {
		begin_error(options, error);
		str_buf_puts(error, "it is a pipe that nobody reads from");
		return -ENXIO;
	}
	if (file->fd < 0)
		return -errno;
	if (fcntl(file->fd, F_SETFL, flags) < 0)
		return -errno;
	r = begin_file(file, options, error);
	if (r < 0)
		return r;
	*ret_file = STEAL(file);
	return 0;
}

int log_file_open(const struct log_file_options *options, struct str_buf *error,
		  struct log_file **ret_file)
{
	size_t said = error->len;

	return log_file_explain(options, error, said, open_file(options, error, ret_file));
}

/* The i-th file of the row path, path.1, path.2, … */
static const char *file_name(const struct log_file *file, char *room, unsigned int i)
{
	if (i == 0)
		return file->path;
	sprintf(room, "%s.%u", file->path, i);
	return room;
}

/* The first name that is free, 0 if somebody has taken the file itself away; if none is free, the
 * one past those to keep. */
static int first_free(const struct log_file *file, unsigned int *ret_free)
{
	unsigned int i = 0;
	struct stat st;

	for (; i <= file->keep; i++) {
		if (lstat(file_name(file, file->from, i), &st) == 0)
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
static int make_first_free(const struct log_file *file, unsigned int free_name)
{
	for (unsigned int i = free_name; i > 1; i--) {
		if (rename(file_name(file, file->from, i - 1), file_name(file, file->to, i)) < 0)
			return -errno;
	}
	return 0;
}

/*
 * Owner, group and mode as the old file has them: whoever reads it goes on reading it. The
 * mode comes last, for chown takes set-id bits back. Only CAP_CHOWN may give a file away, and a
 * file system may know no owners at all: a file that goes on in our own name is worth more than one
 * that does not rotate, so what is refused is left as it is. The group alone is often allowed.
 */
static int make_like(int fd, const struct stat *old)
{
	if (fchown(fd, old->st_uid, old->st_gid) < 0)
		(void)!fchown(fd, (uid_t)-1, old->st_gid);
	return fchmod(fd, old->st_mode & 07777) < 0 ? -errno : 0;
}

/* A new file beside it, with its header, under a name nobody else has (in file->next). */
static int make_next(const struct log_file *file, const struct stat *old, int *ret_fd)
{
	CLEANUP(close_fd_p) int fd = -1;
	size_t written = 0;
	int r;

	sprintf(file->next, "%s.XXXXXX", file->path);
	fd = mkostemp(file->next, O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = make_like(fd, old);
	if (r == 0)
		r = write_all(fd, file->header, file->header_len, &written);
	if (r < 0) {
		unlink(file->next);
		return r;
	}
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* path becomes path.1, and next becomes path; or all stays as it was. */
static int swap_files(const struct log_file *file)
{
	const char *first = file_name(file, file->to, 1);
	int r;

	if (rename(file->path, first) < 0)
		return -errno;
	if (rename(file->next, file->path) == 0)
		return 0;
	r = -errno;
	/* If it cannot go back either, what it holds is safe in path.1, to which the descriptor
	 * goes on writing, and the next rotation finds the name path free. */
	if (rename(first, file->path) < 0)
		return -errno;
	return r;
}

/* Gives the name path to next; what has it now moves aside. */
static int put_in_place(const struct log_file *file, unsigned int *ret_free)
{
	int r = file->keep ? first_free(file, ret_free) : 0;

	if (r < 0)
		return r;
	if (*ret_free == 0) /* none is kept, or somebody has taken it away */
		return rename(file->next, file->path) < 0 ? -errno : 0;
	r = make_first_free(file, *ret_free);
	return r < 0 ? r : swap_files(file);
}

static int rotate(struct log_file *file, const struct stat *old)
{
	CLEANUP(close_fd_p) int fd = -1;
	unsigned int free_name = 0;
	int r;

	r = make_next(file, old, &fd);
	if (r < 0)
		return r;
	r = put_in_place(file, &free_name);
	if (r < 0) {
		unlink(file->next);
		return r;
	}
	r = close(file->fd) < 0 ? -errno : 0;
	file->fd = STEAL_FD(fd);
	file->n_rotated++;
	if (free_name > file->keep && unlink(file_name(file, file->to, free_name)) < 0)
		r = -errno;
	return r;
}

uint64_t log_file_rotated(const struct log_file *file)
{
	return file->n_rotated;
}

int log_file_rotate(struct log_file *file, bool now)
{
	struct stat st;
	uint64_t size;
	int r;

	if (!file->regular || !(now || file->size_bytes))
		return 0;
	if (fstat(file->fd, &st) < 0)
		return -errno;
	size = (uint64_t)st.st_size;
	if ((!now && size < file->rotate_at_bytes) || size <= file->header_len)
		return 0;
	r = cut(file);
	if (r < 0)
		return r;
	r = rotate(file, &st);
	file->rotate_at_bytes = file->size_bytes + (r < 0 ? size : 0);
	return r < 0 ? r : 1;
}

int log_file_close(struct log_file *file)
{
	int r;

	if (!file)
		return 0;
	r = close(file->fd) < 0 ? -errno : 0;
	file->fd = -1;
	free_file(file);
	return r;
}
