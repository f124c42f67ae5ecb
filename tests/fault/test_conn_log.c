/* SPDX-License-Identifier: MIT */
#include "export/conn_log.h"

/*
 * Fails a write, a cut or a rename of a log at every place there is, and looks at what the disk
 * holds afterwards: every complete row, no torn one, and the errno in the caller's hands.
 * Linked with --wrap for write, ftruncate, rename, fchown and fstat, and for the names these have
 * where a build asks for 64-bit offsets. Offsets and struct stat are the same for both on 64-bit
 * machines.
 */

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../unit/export/log_dir.h"
#include "base/str_buf.h"
#include "tap.h"

#define HEADER "a,b\n"
#define TICK "1,1\n22,22\n333,333\n"

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);

/* What the disk does. Reset to "everything succeeds" by healthy. */
static struct {
	size_t room;       /* bytes that still fit */
	size_t at_once;    /* most bytes a write takes */
	int full_errno;    /* what a write says when nothing fits */
	int interrupts;    /* writes to interrupt before they do anything */
	int failing_cuts;  /* ftruncate calls to fail */
	int renames_until; /* rename calls that succeed before failing_renames fail */
	int failing_renames;
	int chowns;           /* fchown calls, all of them refused */
	bool is_block_device; /* whatever is opened */
} disk;

static const __typeof__(disk) healthy = {
	.room = SIZE_MAX, .at_once = SIZE_MAX, .full_errno = ENOSPC, .renames_until = INT_MAX};

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	ssize_t n;

	if (fd <= STDERR_FILENO)
		return __real_write(fd, data, len);
	if (disk.interrupts) {
		disk.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (len > disk.at_once)
		len = disk.at_once;
	if (len > disk.room)
		len = disk.room;
	if (!len) {
		errno = disk.full_errno;
		return -1;
	}
	n = __real_write(fd, data, len);
	if (n > 0 && disk.room != SIZE_MAX)
		disk.room -= (size_t)n;
	return n;
}

int __wrap_ftruncate(int fd, off_t size)
{
	if (disk.failing_cuts) {
		disk.failing_cuts--;
		errno = EIO;
		return -1;
	}
	return __real_ftruncate(fd, size);
}

int __wrap_ftruncate64(int fd, off_t size)
{
	return __wrap_ftruncate(fd, size);
}

int __wrap_rename(const char *from, const char *to)
{
	if (disk.renames_until) {
		disk.renames_until--;
		return __real_rename(from, to);
	}
	if (!disk.failing_renames)
		return __real_rename(from, to);
	disk.failing_renames--;
	errno = EACCES;
	return -1;
}

int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
	(void)fd;
	(void)uid;
	(void)gid;
	disk.chowns++;
	errno = EPERM;
	return -1;
}

int __wrap_fstat(int fd, struct stat *st)
{
	int r = __real_fstat(fd, st);

	if (r == 0 && disk.is_block_device)
		st->st_mode = (st->st_mode & (mode_t)~S_IFMT) | S_IFBLK;
	return r;
}

int __wrap_fstat64(int fd, struct stat *st)
{
	return __wrap_fstat(fd, st);
}

static int open_log(struct log_dir *d, uint64_t size, unsigned int keep, struct conn_log **ret_log)
{
	struct conn_log_options options = {.path = d->log,
					   .header = HEADER,
					   .header_len = strlen(HEADER),
					   .rotation = {size, keep}};
	struct str_buf error = {0};
	int r = conn_log_open(&options, &error, ret_log);

	str_buf_done(&error);
	return r;
}

/* The whole rows of the first len bytes of TICK. */
static size_t whole_rows(size_t len)
{
	while (len && TICK[len - 1] != '\n')
		len--;
	return len;
}

/* The disk is full after each number of bytes; later there is room again. */
static void test_full_disk(struct log_dir *d, size_t at_once)
{
	for (size_t room = 0; room < strlen(TICK); room++) {
		struct conn_log *log = NULL;
		char want[128];

		disk = healthy;
		if (!is_int(open_log(d, 0, 0, &log), 0, "a log"))
			return;
		is_int(conn_log_write(log, "0,0\n", 4), 0, "a tick that fits");
		disk.room = room;
		disk.at_once = at_once;
		disk.interrupts = 2;
		is_int(conn_log_write(log, TICK, strlen(TICK)), -ENOSPC,
		       "a tick with room for %zu bytes", room);
		snprintf(want, sizeof(want), HEADER "0,0\n%.*s", (int)whole_rows(room), TICK);
		is_str(log_dir_read(d, ""), want, "every complete row is kept, and no torn one");
		disk = healthy;
		is_int(conn_log_write(log, "9,9\n", 4), 0, "when there is room it goes on");
		is_str(log_dir_read(d, ""), strcat(want, "9,9\n"), "on a row of its own");
		is_int(conn_log_close(log), 0, "close");
	}
}

static void test_cut_fails(struct log_dir *d)
{
	struct conn_log *log = NULL;

	disk = healthy;
	if (!is_int(open_log(d, 0, 0, &log), 0, "a log"))
		return;
	disk.room = 6;
	disk.full_errno = EDQUOT;
	disk.failing_cuts = 2;
	is_int(conn_log_write(log, TICK, strlen(TICK)), -EDQUOT, "the first cause is told");
	disk.room = SIZE_MAX;
	is_int(conn_log_write(log, "8,8\n", 4), -EIO, "nothing is written behind a torn row");
	is_int(conn_log_write(log, "9,9\n", 4), 0, "once it can be cut");
	is_str(log_dir_read(d, ""), HEADER "1,1\n9,9\n", "the rows are whole again");
	is_int(conn_log_close(log), 0, "close");
}

static void test_header_fails(struct log_dir *d)
{
	for (size_t room = 0; room < strlen(HEADER); room++) {
		struct conn_log *log = NULL;

		disk = healthy;
		disk.room = room;
		is_int(open_log(d, 0, 0, &log), -ENOSPC, "room for %zu bytes of the header", room);
		ok(!log, "no log is made");
		is_str(log_dir_read(d, ""), "", "no torn header is left");
	}
	disk = healthy;
}

static void test_block_device(struct log_dir *d)
{
	struct conn_log *log = NULL;

	is_int(log_dir_write(d, "", "a file system"), 0, "a disk");
	disk = healthy;
	disk.is_block_device = true;
	is_int(open_log(d, 0, 0, &log), -EINVAL, "is no place for a log");
	disk = healthy;
	is_str(log_dir_read(d, ""), "a file system", "and is left as it was");
}

/* Everything in the log and its old files, oldest first. */
static void read_all(struct log_dir *d, unsigned int max, char *all, size_t size)
{
	size_t len = 0;

	all[0] = '\0';
	for (unsigned int i = max + 1; i-- > 0;) {
		char suffix[16] = "";
		const char *text;

		if (i)
			snprintf(suffix, sizeof(suffix), ".%u", i);
		text = log_dir_read(d, suffix);
		if (text[0] != '(') /* there is no such file */
			len += (size_t)snprintf(all + len, size - len, "%s", text);
	}
}

#define ONE_FILE(row) HEADER row "," row "\n"

/* Fails each rename of a rotation with all old files in place, then lets it happen. */
static void test_rotation_fails(struct log_dir *d)
{
	for (int until = 0; until <= 3; until++) {
		struct conn_log *log = NULL;
		char all[512];

		log_dir_files(d, 1);
		disk = healthy;
		if (!is_int(open_log(d, 8, 2, &log), 0, "a log"))
			return;
		for (int i = 1; i <= 2; i++) {
			conn_log_write(log, i == 1 ? "1,1\n" : "2,2\n", 4);
			is_int(conn_log_rotate(log), 1, "old file %d", i);
		}
		is_int(conn_log_write(log, "3,3\n", 4), 0, "a tick");
		disk.renames_until = until;
		disk.failing_renames = 1;
		is_int(conn_log_rotate(log), -EACCES, "%d renames work, the next fails", until);
		is_int(conn_log_write(log, "4,4\n", 4), 0, "the log goes on");
		read_all(d, 3, all, sizeof(all));
		is_str(all, ONE_FILE("1") ONE_FILE("2") ONE_FILE("3") "4,4\n",
		       "nothing is lost and nothing is left lying about");
		is_int(log_dir_files(d, 0), 3, "in three files");
		is_int(conn_log_rotate(log), 0, "and does not try again at once");
		is_int(conn_log_write(log, "5,5\n", 4), 0, "a tick");
		disk = healthy;
		is_int(conn_log_rotate(log), 1, "later it works");
		read_all(d, 3, all, sizeof(all));
		ok(strstr(all, ONE_FILE("2")) && strstr(all, ONE_FILE("3") "4,4\n5,5\n" HEADER),
		   "and all rows are there");
		is_int(conn_log_close(log), 0, "close");
	}
}

/* The new file cannot come, and the log cannot go back to its name. */
static void test_rotation_stuck(struct log_dir *d)
{
	struct conn_log *log = NULL;
	char all[512];

	log_dir_files(d, 1);
	disk = healthy;
	if (!is_int(open_log(d, 8, 2, &log), 0, "a log"))
		return;
	is_int(conn_log_write(log, "1,1\n", 4), 0, "a tick");
	disk.renames_until = 1;
	disk.failing_renames = 2;
	is_int(conn_log_rotate(log), -EACCES, "the second and third rename fail");
	is_int(conn_log_write(log, "2,2\n3,3\n", 8), 0, "the log goes on");
	is_str(log_dir_read(d, ".1"), HEADER "1,1\n2,2\n3,3\n", "under its old file's name");
	disk = healthy;
	is_int(conn_log_rotate(log), 1, "later it works");
	is_int(conn_log_write(log, "4,4\n", 4), 0, "a tick");
	read_all(d, 3, all, sizeof(all));
	is_str(all, HEADER "1,1\n2,2\n3,3\n" HEADER "4,4\n", "all rows are there");
	is_int(log_dir_files(d, 0), 2, "in two files");
	is_int(conn_log_close(log), 0, "close");
}

/* The new file's header does not fit. */
static void test_rotation_without_room(struct log_dir *d)
{
	struct conn_log *log = NULL;

	log_dir_files(d, 1);
	disk = healthy;
	if (!is_int(open_log(d, 8, 2, &log), 0, "a log"))
		return;
	is_int(conn_log_write(log, "1,1\n", 4), 0, "a tick");
	disk.room = 2;
	is_int(conn_log_rotate(log), -ENOSPC, "no room for a new file");
	disk = healthy;
	is_int(log_dir_files(d, 0), 1, "the new file is gone again");
	is_str(log_dir_read(d, ""), ONE_FILE("1"), "the old one is as it was");
	is_int(conn_log_write(log, "2,2\n", 4), 0, "and goes on");
	is_int(conn_log_close(log), 0, "close");
}

/* Only with CAP_CHOWN can a file be given away. */
static void test_rotation_without_chown(struct log_dir *d)
{
	struct conn_log *log = NULL;

	log_dir_files(d, 1);
	disk = healthy;
	if (!is_int(open_log(d, 8, 2, &log), 0, "a log"))
		return;
	is_int(conn_log_write(log, "1,1\n", 4), 0, "a tick");
	is_int(conn_log_rotate(log), 1, "it rotates where owner and group cannot be kept");
	is_int(disk.chowns, 2, "both were tried, then the group alone");
	is_str(log_dir_read(d, ""), HEADER, "the new file is begun");
	is_str(log_dir_read(d, ".1"), ONE_FILE("1"), "the old one is whole");
	is_int(conn_log_close(log), 0, "close");
}

int main(void)
{
	struct log_dir dir;

	disk = healthy;
	if (!is_int(log_dir_init(&dir), 0, "a directory for logs"))
		return tap_done();
	test_full_disk(&dir, SIZE_MAX);
	test_full_disk(&dir, 1);
	test_cut_fails(&dir);
	test_header_fails(&dir);
	test_block_device(&dir);
	test_rotation_fails(&dir);
	test_rotation_stuck(&dir);
	test_rotation_without_room(&dir);
	test_rotation_without_chown(&dir);
	disk = healthy;
	log_dir_done(&dir);
	return tap_done();
}
