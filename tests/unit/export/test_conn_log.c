/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/str_buf.h"
#include "export/conn_log.h"
#include "log_dir.h"
#include "tap.h"

#define HEADER "a,b\n"

static struct str_buf error;

static int open_with(struct log_dir *d, bool append, uint64_t size, unsigned int keep,
		     struct conn_log **ret_log)
{
	struct conn_log_options options = {
		.path = d->log,
		.header = HEADER,
		.header_len = strlen(HEADER),
		.append = append,
		.rotation = {size, keep},
	};

	str_buf_clear(&error);
	return conn_log_open(&options, &error, ret_log);
}

static int write_text(struct conn_log *log, const char *rows)
{
	return conn_log_write(log, rows, strlen(rows));
}

static void test_rotation_parse(void)
{
	static const struct {
		const char *text;
		uint64_t size_bytes;
		unsigned int keep;
	} good[] = {
		{"1M", 1 << 20, 5},    {"10M,5", 10 << 20, 5}, {"4096,1", 4096, 1},
		{"2k,999", 2048, 999}, {"3G", 3ULL << 30, 5},
	};
	static const char *const bad[] = {"",
					  "M",
					  "0",
					  "-1",
					  " 1M",
					  "1T",
					  "1MB",
					  "1M,",
					  "1M,0",
					  "1M,x",
					  "1M,1000",
					  "1M,5x",
					  "1M,-1",
					  "1M5",
					  "9223372036854775807K",
					  "99999999999999999999"};
	struct conn_log_rotation rotation;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_int(conn_log_rotation_parse(good[i].text, &rotation), 0, "'%s'", good[i].text);
		is_int(rotation.size_bytes, good[i].size_bytes, "its size");
		is_int(rotation.keep, good[i].keep, "and how many are kept");
	}
	rotation = (struct conn_log_rotation){7, 7};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(conn_log_rotation_parse(bad[i], &rotation), -EINVAL, "'%s' is refused",
		       bad[i]);
		ok(rotation.size_bytes == 7 && rotation.keep == 7, "and changes nothing");
	}
}

static void test_replace(struct log_dir *d)
{
	struct conn_log *log = NULL;
	struct stat st = {0};
	mode_t mask = umask(0);

	is_int(open_with(d, false, 0, 0, &log), 0, "a new log");
	umask(mask);
	is_str(log_dir_read(d, ""), HEADER, "has its header at once");
	is_int(stat(d->log, &st), 0, "it is there");
	is_int(st.st_mode & 07777, 0640, "and not for everybody");
	is_int(write_text(log, "1,2\n3,4\n"), 0, "a tick");
	is_str(log_dir_read(d, ""), HEADER "1,2\n3,4\n", "is in the file at once");
	is_int(write_text(log, ""), 0, "an empty tick");
	is_int(conn_log_rotate(log), 0, "no rotation was asked for");
	is_int(conn_log_close(log), 0, "close");
	log = NULL;
	is_int(open_with(d, false, 0, 0, &log), 0, "opened again");
	is_str(log_dir_read(d, ""), HEADER, "it is replaced");
	is_int(conn_log_close(log), 0, "close");
	is_int(conn_log_close(NULL), 0, "NULL is closed already");
}

static void test_append(struct log_dir *d)
{
	static const struct {
		const char *before;
		const char *after;
		const char *what;
	} cases[] = {
		{"", HEADER "x,y\n", "an empty file"},
		{HEADER, HEADER "x,y\n", "a header alone"},
		{HEADER "1,2\n", HEADER "1,2\nx,y\n", "rows"},
		{HEADER "1,2\n3,", HEADER "1,2\nx,y\n", "a torn row"},
		{HEADER "1", HEADER "x,y\n", "a torn first row"},
	};
	static char long_row[6000];
	struct conn_log *log = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		is_int(log_dir_write(d, "", cases[i].before), 0, "before: %s", cases[i].what);
		is_int(open_with(d, true, 0, 0, &log), 0, "is appended to");
		is_int(write_text(log, "x,y\n"), 0, "a row");
		is_int(conn_log_close(log), 0, "close");
		is_str(log_dir_read(d, ""), cases[i].after, "after: %s", cases[i].what);
	}
	/* The last LF is more than one block away from the end. */
	snprintf(long_row, sizeof(long_row), HEADER "1,2\n%05000d", 0);
	is_int(log_dir_write(d, "", long_row), 0, "before: a long torn row");
	is_int(open_with(d, true, 0, 0, &log), 0, "is appended to");
	is_int(conn_log_close(log), 0, "close");
	is_str(log_dir_read(d, ""), HEADER "1,2\n", "after: it is gone");
}

static void test_refusals(struct log_dir *d)
{
	static const char *const others[] = {"a,c\n1,2\n", "a,b,c\n", "a,", "\n"};
	struct conn_log *log = NULL;
	char path[sizeof(d->log)];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		is_int(log_dir_write(d, "", others[i]), 0, "a file of somebody else");
		is_int(open_with(d, true, 0, 0, &log), -EINVAL, "is not appended to");
		ok(error.data && strstr(error.data, d->log) && strstr(error.data, "header"),
		   "says why: %s", error.data);
		is_str(log_dir_read(d, ""), others[i], "and is left as it was");
		ok(!log, "no log is made");
	}
	memcpy(path, d->log, sizeof(path));
	snprintf(d->log, sizeof(d->log), "%s", d->dir);
	is_int(open_with(d, false, 0, 0, &log), -EISDIR, "a directory is no log");
	ok(strstr(error.data, "directory"), "says why: %s", error.data);
	snprintf(d->log, sizeof(d->log), "%s/none/log.csv", d->dir);
	is_int(open_with(d, false, 0, 0, &log), -ENOENT, "nor is a file in no directory");
	memcpy(d->log, path, sizeof(path));
}

static void test_pipe(struct log_dir *d)
{
	struct conn_log *log = NULL;
	char got[64] = "";
	int fd;

	log_dir_files(d, 1);
	is_int(mkfifo(d->log, 0600), 0, "a pipe");
	is_int(open_with(d, true, 1, 1, &log), -ENXIO,
	       "without a reader is refused, not waited for");
	fd = open(d->log, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ok(fd >= 0, "with a reader");
	is_int(open_with(d, true, 1, 1, &log), 0, "is a log too");
	is_int(write_text(log, "1,2\n"), 0, "rows go in");
	is_int(conn_log_rotate(log), 0, "it is never rotated");
	is_int(read(fd, got, sizeof(got) - 1), 8, "and come out");
	is_str(got, HEADER "1,2\n", "after the header");
	close(fd);
	is_int(write_text(log, "3,4\n"), -EPIPE, "without a reader it is over");
	is_int(conn_log_close(log), 0, "close");
	log_dir_files(d, 1);
}

static void test_rotate(struct log_dir *d)
{
	struct conn_log *log = NULL;
	struct stat st = {0};

	is_int(open_with(d, false, 12, 2, &log), 0, "a log of 12 bytes and two old files");
	is_int(conn_log_rotate(log), 0, "a header alone is not moved");
	is_int(chmod(d->log, 0600), 0, "the operator has set a mode");
	is_int(write_text(log, "1,1\n"), 0, "a row");
	is_int(conn_log_rotate(log), 0, "8 bytes are not due");
	is_int(write_text(log, "2,2\n"), 0, "a row");
	is_int(conn_log_rotate(log), 1, "12 are");
	is_str(log_dir_read(d, ""), HEADER, "the new file begins with the header");
	is_str(log_dir_read(d, ".1"), HEADER "1,1\n2,2\n", "the old one is whole");
	is_int(stat(d->log, &st), 0, "the new one is there");
	is_int(st.st_mode & 07777, 0600, "and has the mode of the old one");
	for (int i = 3; i <= 5; i++) {
		char rows[64];

		snprintf(rows, sizeof(rows), "%d,%d,%d,%d\n", i, i, i, i);
		is_int(write_text(log, rows), 0, "tick %d", i);
		is_int(conn_log_rotate(log), 1, "is a file");
	}
	is_str(log_dir_read(d, ".1"), HEADER "5,5,5,5\n", "the youngest is .1");
	is_str(log_dir_read(d, ".2"), HEADER "4,4,4,4\n", "the oldest kept is .2");
	is_int(log_dir_files(d, 0), 3, "nothing else is left lying about");
	is_int(conn_log_close(log), 0, "close");
	is_int(open_with(d, true, 12, 2, &log), 0, "appended to later");
	is_int(write_text(log, "6,6,6,6\n"), 0, "a tick");
	is_int(conn_log_rotate(log), 1, "it goes on rotating");
	is_str(log_dir_read(d, ".2"), HEADER "5,5,5,5\n", "the old ones moved on");
	is_int(conn_log_close(log), 0, "close");
}

/* Whoever reads the log goes on reading it. */
static void test_rotate_owner(struct log_dir *d)
{
	struct conn_log *log = NULL;
	struct stat st = {0};

	if (geteuid() != 0) {
		tap_skip("a new file has the owner and group of the old one", "not root");
		return;
	}
	log_dir_files(d, 1);
	is_int(open_with(d, false, 8, 1, &log), 0, "a log");
	is_int(chown(d->log, 1234, 2345), 0, "the operator has set owner and group");
	is_int(chmod(d->log, 02640), 0, "and a mode that a change of owner would take back");
	is_int(write_text(log, "1,1\n"), 0, "a tick");
	is_int(conn_log_rotate(log), 1, "is a file");
	is_int(stat(d->log, &st), 0, "the new one is there");
	is_int(st.st_uid, 1234, "with the owner of the old one");
	is_int(st.st_gid, 2345, "its group");
	is_int(st.st_mode & 07777, 02640, "and its mode");
	is_int(conn_log_close(log), 0, "close");
}

/* A gap among the old files is filled first; a log that was taken away is begun anew. */
static void test_rotate_gaps(struct log_dir *d)
{
	struct conn_log *log = NULL;

	log_dir_files(d, 1);
	is_int(open_with(d, false, 8, 3, &log), 0, "a log");
	is_int(log_dir_write(d, ".1", "one"), 0, "an old file");
	is_int(log_dir_write(d, ".3", "three"), 0, "and one behind a gap");
	is_int(write_text(log, "1,1\n"), 0, "a tick");
	is_int(conn_log_rotate(log), 1, "is a file");
	is_str(log_dir_read(d, ".2"), "one", "the first moved into the gap");
	is_str(log_dir_read(d, ".3"), "three", "the one behind it stayed");
	is_int(write_text(log, "2,2\n"), 0, "a tick");
	is_int(unlink(d->log), 0, "somebody removes the log");
	is_int(conn_log_rotate(log), 1, "it is begun anew");
	is_str(log_dir_read(d, ""), HEADER, "with its header");
	is_str(log_dir_read(d, ".1"), HEADER "1,1\n", "and no old file moves");
	is_int(log_dir_files(d, 0), 4, "nothing is left lying about");
	is_int(conn_log_close(log), 0, "close");
}

int main(void)
{
	struct log_dir dir;

	signal(SIGPIPE, SIG_IGN);
	test_rotation_parse();
	if (!is_int(log_dir_init(&dir), 0, "a directory for logs"))
		return tap_done();
	test_replace(&dir);
	test_append(&dir);
	test_refusals(&dir);
	test_pipe(&dir);
	test_rotate(&dir);
	test_rotate_owner(&dir);
	test_rotate_gaps(&dir);
	log_dir_done(&dir);
	str_buf_done(&error);
	return tap_done();
}
