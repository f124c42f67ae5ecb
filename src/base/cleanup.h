/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Release at scope end. CLEANUP(f) calls f(&variable); DEFINE_CLEANUP(type, free_fn) makes
 * type_free_p for a destructor that takes NULL. STEAL(p) hands a pointer over and leaves NULL.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(f) __attribute__((cleanup(f)))

#define STEAL(p)                                                                                   \
	({                                                                                         \
		__typeof__(p) stolen_ = (p);                                                       \
		(p) = NULL;                                                                        \
		stolen_;                                                                           \
	})

#define STEAL_FD(fd)                                                                               \
	({                                                                                         \
		int stolen_ = (fd);                                                                \
		(fd) = -1;                                                                         \
		stolen_;                                                                           \
	})

#define DEFINE_CLEANUP(name, type, free_fn)                                                        \
	static inline void name(type *p)                                                           \
	{                                                                                          \
		if (*p)                                                                            \
			free_fn(*p);                                                               \
	}

static inline void free_p(void *p)
{
	free(*(void **)p);
}

static inline void close_fd_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclose_p(FILE **file)
{
	if (*file)
		fclose(*file);
}
