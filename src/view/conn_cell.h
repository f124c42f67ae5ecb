/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One cell of the table of connections: its words, and what they mean. In: a row and a column. Out:
 * text that is escaped but not cut, and a role. "-" is what is not known or does not apply; "~"
 * marks what is worked out, "*" a connection older than us, ">" what is at least so much.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str_buf.h"
#include "view/conn_view.h"

struct conn_cell {
	const struct conn_scene *scene;
	const struct conn_row *row;
	bool tells_limit; /* STATE says what holds the connection back */
	bool tells_local; /* REMOTE says where a socket without a peer is bound */
};

/* Appends the words; the graph has none. */
enum role conn_cell_row(const struct conn_cell *cell, enum conn_column column, struct str_buf *buf);

/* The owner's name, or why it is not known; with both, "exited:curl". "~nginx": it is a guess. */
void conn_cell_process(const struct conn_scene *scene, const struct conn_row *row,
		       struct str_buf *buf);

/* "EST", "closed", "failed", …; of UDP "-". At most 9 columns. */
const char *conn_cell_state(const struct conn_row *row);

/* "out", "in", "~in", "-". */
const char *conn_cell_direction(const struct conn_row *row);

/* False: a socket that listens, or that anyone may send to. */
bool conn_cell_has_peer(const struct conn_row *row);

/* How much these are worth a look. */
enum role conn_cell_limit_role(const struct conn_row *row);
enum role conn_cell_retrans_role(double share);
enum role conn_cell_rtt_role(uint32_t srtt_us);
/* role, or dim where it is next to nothing. */
enum role conn_cell_rate_role(double bytes_per_sec, enum role role);

/* Text from outside: controls as \xNN. */
void conn_cell_escape(struct str_buf *buf, const char *text);
