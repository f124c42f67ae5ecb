/* SPDX-License-Identifier: MIT */
#include "collect/file_map.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#define WINDOW_BYTES (8u << 20)

/* Populating goes ahead by a window when less than half of one is left. */
#define AHEAD_BYTES (WINDOW_BYTES / 2)

int file_map_open(int fd, size_t len, struct file_map *ret_map)
{
	void *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	if (data == MAP_FAILED)
		return -errno;
	madvise(data, len, MADV_SEQUENTIAL); /* an advice: without it, only slower */
	*ret_map = (struct file_map){.data = data, .len = len};
	return 0;
}

static void *address(const struct file_map *map, size_t at)
{
	return (void *)(uintptr_t)(map->data + at);
}

void file_map_close(struct file_map *map)
{
	if (map->data)
		munmap(address(map, 0), map->len);
	*map = (struct file_map){0};
}

/* Linux 5.14; an older kernel (EINVAL) takes its faults one by one. */
static int populate(struct file_map *map, size_t end)
{
	if (end > map->len)
		end = map->len;
	if (madvise(address(map, map->populated), end - map->populated, MADV_POPULATE_READ) < 0 &&
	    errno != EINVAL)
		return errno == ENOMEM ? -ENOMEM : -EIO;
	map->populated = end;
	return 0;
}

int file_map_reach(struct file_map *map, size_t at)
{
	size_t window = at - at % WINDOW_BYTES;
	int r;

	if (map->populated < map->len && at + AHEAD_BYTES >= map->populated) {
		/* a record may be longer than a window */
		if (map->populated < window)
			map->populated = window;
		r = populate(map, window + 2 * (size_t)WINDOW_BYTES);
		if (r < 0)
			return r;
	}
	if (window >= map->dropped + 2 * (size_t)WINDOW_BYTES) {
		madvise(address(map, map->dropped), window - WINDOW_BYTES - map->dropped,
			MADV_DONTNEED);
		map->dropped = window - WINDOW_BYTES;
	}
	return 0;
}
