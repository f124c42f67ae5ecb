/* SPDX-License-Identifier: MIT */
#include "collect/conn_rows.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "bpf/records.h"

/* 4 Mi rows, 832 MiB: four times the connections tcptop keeps by default. */
#define ROWS_LIMIT (1u << 22)

static size_t rows_bytes(uint32_t n_max)
{
	return (size_t)n_max * sizeof(struct conn_record);
}

static int rows_make(struct conn_rows *rows, uint32_t n_max)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	CLEANUP(close_fd_p) int fd = -1;
	uint32_t zero = 0;
	void *map;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "conn_rows", sizeof(uint32_t),
			    sizeof(struct conn_record), n_max, &opts);
	if (fd < 0)
		return fd;
	map = mmap(NULL, rows_bytes(n_max), PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	if (bpf_map_update_elem(rows->outer_fd, &zero, &fd, BPF_ANY) < 0) {
		int error = -errno;

		munmap(map, rows_bytes(n_max));
		return error;
	}
	conn_rows_done(rows);
	rows->fd = STEAL_FD(fd);
	rows->rows = map;
	rows->n_max = n_max;
	return 0;
}

int conn_rows_init(struct conn_rows *rows, int outer_fd, uint32_t n_max)
{
	*rows = (struct conn_rows){.outer_fd = outer_fd, .fd = -1};
	return rows_make(rows, n_max);
}

int conn_rows_grow(struct conn_rows *rows, uint64_t n_wanted)
{
	uint64_t n_max = n_wanted + n_wanted / 4;

	if (n_wanted > ROWS_LIMIT)
		return -ENOBUFS;
	return rows_make(rows, n_max < ROWS_LIMIT ? (uint32_t)n_max : ROWS_LIMIT);
}

void conn_rows_done(struct conn_rows *rows)
{
	if (rows->rows)
		munmap((void *)(uintptr_t)rows->rows, rows_bytes(rows->n_max));
	if (rows->fd >= 0)
		close(rows->fd);
	rows->rows = NULL;
	rows->fd = -1;
}
