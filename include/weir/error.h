/* SPDX-License-Identifier: MIT */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

/*
 * The one error convention: a function returns 0 (or a count) or a negative errno. What each
 * errno means in weir is fixed here and nowhere else.
 *
 *   -EINVAL      the caller's arguments are wrong (an option, a filter, a column name)
 *   -ENOMEM      an allocation failed
 *   -EBADMSG     input is malformed
 *   -ENODATA     input was cut short before the thing asked for
 *   -ENOBUFS     a bounded table or queue is full; the refusal is counted
 *   -EOPNOTSUPP  this kernel or this build lacks it
 *   -EPERM       not enough privilege for it
 *   -EPROTO      a peer broke the protocol
 *   -ENOENT      not there (any more)
 *   -EPIPE       the reader of our output went away
 *
 * Other values pass through from the system call that failed.
 */

/* Exit statuses of every weir program. */
enum weir_exit {
	WEIR_EXIT_OK = 0,
	WEIR_EXIT_FAILURE = 1,
	WEIR_EXIT_USAGE = 2,
	WEIR_EXIT_PRIVILEGE = 77,
};

#endif
