/* SPDX-License-Identifier: MIT */

/*
 * A base of columns is cut to its least widths and then dropped from the end as a screen gets
 * narrower; what more there is to see comes in one by one as it gets wider, always in the order of
 * the ranks, so that a column that is there at some width is there at every greater one.
 */

#include "view/conn_columns.h"

#include <string.h>

/* Up to this rank a column belongs to the base, which gets narrower before it gets smaller. */
#define RANK_BASE 8

static const struct {
	const char *name;
	const char *title;
	const char *other_title; /* with totals; NULL: the same */
	uint8_t least;           /* columns, where room is scarce */
	uint8_t width;           /* where it is not */
	uint8_t max_width;
	uint8_t grow;
	uint8_t rank;       /* the order in which they come in */
	uint8_t sort;       /* enum conn_sort_key; CONN_SORT_KEYS: none */
	uint8_t other_sort; /* with totals */
	bool right;
} specs[CONN_COLUMNS] = {
	/* The largest pid is 4194304 (PID_MAX_LIMIT). */
	[CONN_COLUMN_PID] = {"pid", "PID", NULL, 7, 7, 7, 0, 5, CONN_SORT_PID, CONN_SORT_PID, true},
	/* 15 bytes are the kernel's longest comm. */
	[CONN_COLUMN_PROCESS] = {"process", "PROCESS", NULL, 8, 15, 24, 1, 1, CONN_SORT_PROCESS,
				 CONN_SORT_PROCESS, false},
	[CONN_COLUMN_USER] = {"user", "USER", NULL, 8, 8, 12, 1, 10, CONN_SORT_USER, CONN_SORT_USER,
			      false},
	[CONN_COLUMN_PROTO] = {"proto", "P", NULL, 2, 2, 2, 0, 8, CONN_SORT_PROTO, CONN_SORT_PROTO,
			       false},
	[CONN_COLUMN_DIR] = {"dir", "DIR", NULL, 3, 3, 3, 0, 16, CONN_SORT_KEYS, CONN_SORT_KEYS,
			     false},
	/* 21: "255.255.255.255:65535"; 47: the longest of IPv6. */
	[CONN_COLUMN_LOCAL] = {"local", "LOCAL", NULL, 15, 21, 47, 2, 9, CONN_SORT_LOCAL,
			       CONN_SORT_LOCAL, false},
	[CONN_COLUMN_REMOTE] = {"remote", "REMOTE", NULL, 15, 21, 47, 3, 4, CONN_SORT_REMOTE,
				CONN_SORT_REMOTE, false},
	/* 10: "EST sndbuf". */
	[CONN_COLUMN_STATE] = {"state", "STATE", NULL, 10, 10, 10, 0, 6, CONN_SORT_STATE,
			       CONN_SORT_STATE, false},
	/* 6: "1023K" and the mark of the sorted column, or ">" for at least. */
	[CONN_COLUMN_RX] = {"rx", "RX/s", "RXTOT", 6, 6, 6, 0, 2, CONN_SORT_RX_RATE, CONN_SORT_RX,
			    true},
	[CONN_COLUMN_TX] = {"tx", "TX/s", "TXTOT", 6, 6, 6, 0, 3, CONN_SORT_TX_RATE, CONN_SORT_TX,
			    true},
	[CONN_COLUMN_RX_TOTAL] = {"rx_total", "RXTOT", "RX/s", 6, 6, 6, 0, 11, CONN_SORT_RX,
				  CONN_SORT_RX_RATE, true},
	[CONN_COLUMN_TX_TOTAL] = {"tx_total", "TXTOT", "TX/s", 6, 6, 6, 0, 11, CONN_SORT_TX,
				  CONN_SORT_TX_RATE, true},
	[CONN_COLUMN_RTT] = {"rtt", "RTTms", NULL, 5, 5, 5, 0, 7, CONN_SORT_RTT, CONN_SORT_RTT,
			     true},
	[CONN_COLUMN_RETR] = {"retr", "RETR%", NULL, 6, 6, 6, 0, 13, CONN_SORT_RETR, CONN_SORT_RETR,
			      true},
	[CONN_COLUMN_LIMIT] = {"limit", "LIMIT", NULL, 6, 6, 16, 1, 14, CONN_SORT_KEYS,
			       CONN_SORT_KEYS, false},
	[CONN_COLUMN_AGE] = {"age", "AGE", NULL, 6, 6, 6, 0, 12, CONN_SORT_AGE, CONN_SORT_AGE,
			     true},
	[CONN_COLUMN_CGROUP] = {"cgroup", "CGROUP", NULL, 13, 13, 48, 2, 15, CONN_SORT_CGROUP,
				CONN_SORT_CGROUP, false},
	[CONN_COLUMN_GRAPH] = {"graph", "60s", NULL, 12, 12, 60, 2, 17, CONN_SORT_KEYS,
			       CONN_SORT_KEYS, false},
};

const char *conn_column_name(enum conn_column column)
{
	return (unsigned)column < CONN_COLUMNS ? specs[column].name : NULL;
}

const char *conn_column_title(enum conn_column column)
{
	return (unsigned)column < CONN_COLUMNS ? specs[column].title : NULL;
}

enum conn_sort_key conn_column_sort(enum conn_column column, bool totals)
{
	if ((unsigned)column >= CONN_COLUMNS)
		return CONN_SORT_KEYS;
	return (enum conn_sort_key)(totals ? specs[column].other_sort : specs[column].sort);
}

static bool is_sorted_by(const struct conn_scene *scene, enum conn_sort_key key)
{
	return scene->query->n_sort && scene->query->sort[0].key == (uint8_t)key;
}

static const char *title_of(const struct conn_scene *scene, enum conn_column column)
{
	const char *title = specs[column].title;

	/* The mark of the sorted column takes the place of the unit. */
	if (column == CONN_COLUMN_RTT && is_sorted_by(scene, CONN_SORT_RTT))
		return "RTT";
	if (scene->totals && specs[column].other_title)
		title = specs[column].other_title;
	if (scene->words->units.bits && strcmp(title, "RX/s") == 0)
		return "RXb/s";
	if (scene->words->units.bits && strcmp(title, "TX/s") == 0)
		return "TXb/s";
	return title;
}

/* A choice being made; widths include the blank after each column but the last. */
struct choice {
	const struct conn_scene *scene;
	int width;
	int least; /* what those taken need */
	int wanted;
	uint32_t taken; /* bits of enum conn_column */
	bool is_full;
};

#define ALL_COLUMNS ((UINT32_C(1) << CONN_COLUMNS) - 1)

static bool is_hidden(const struct choice *choice, enum conn_column column)
{
	uint32_t hidden = choice->scene->hidden_columns & ALL_COLUMNS;

	/* A table of nothing is of no use. */
	if (hidden == ALL_COLUMNS && column == CONN_COLUMN_PROCESS)
		return false;
	return hidden >> column & 1;
}

static void take(struct choice *choice, enum conn_column column)
{
	if (choice->taken >> column & 1)
		return;
	choice->least += specs[column].least + (choice->taken != 0);
	choice->wanted += specs[column].width + (choice->taken != 0);
	choice->taken |= 1U << column;
}

static bool fits(const struct choice *choice, enum conn_column column)
{
	if (!choice->taken)
		return true; /* there is always one, cut off if need be */
	if (specs[column].rank <= RANK_BASE)
		return choice->least + specs[column].least < choice->width;
	return choice->wanted + specs[column].width < choice->width;
}

/* Totals come as a pair: one alone is taken for something else. */
static bool pair_fits(const struct choice *choice, enum conn_column column)
{
	if (column == CONN_COLUMN_RX_TOTAL && !is_hidden(choice, CONN_COLUMN_TX_TOTAL))
		return choice->wanted + 2 * specs[column].width + 1 < choice->width;
	return fits(choice, column);
}

static void choose_rank(struct choice *choice, int rank)
{
	for (int i = 0; i < CONN_COLUMNS && !choice->is_full; i++) {
		enum conn_column column = (enum conn_column)i;

		if (specs[i].rank != rank || is_hidden(choice, column) || choice->taken >> i & 1)
			continue;
		if (pair_fits(choice, column))
			take(choice, column);
		else
			choice->is_full = true;
	}
}

static struct choice choose(const struct conn_scene *scene, int width)
{
	struct choice choice = {.scene = scene, .width = width};

	for (int i = 0; i < CONN_COLUMNS; i++) {
		if (scene->shown_columns >> i & 1 && !is_hidden(&choice, (enum conn_column)i))
			take(&choice, (enum conn_column)i);
	}
	for (int rank = 1; rank <= CONN_COLUMNS; rank++)
		choose_rank(&choice, rank);
	return choice;
}

void conn_columns_lay_out(const struct conn_scene *scene, int width, struct conn_columns *ret)
{
	struct choice choice = choose(scene, width);
	bool scarce = choice.wanted > width;
	size_t n = 0;

	for (int i = 0; i < CONN_COLUMNS; i++) {
		if (!(choice.taken >> i & 1))
			continue;
		ret->columns[n++] = (struct table_column){
			.id = i,
			.title = title_of(scene, (enum conn_column)i),
			.width = scarce ? specs[i].least : specs[i].width,
			.grow = specs[i].grow,
			.max_width = specs[i].max_width,
			.right = specs[i].right,
		};
	}
	ret->has_limit = choice.taken >> CONN_COLUMN_LIMIT & 1;
	ret->has_local = choice.taken >> CONN_COLUMN_LOCAL & 1;
	table_lay_out(ret->columns, n, width, &ret->layout);
}

int conn_columns_sorted(const struct conn_scene *scene, const struct conn_columns *columns)
{
	for (size_t i = 0; i < columns->layout.n_fields; i++) {
		enum conn_column column = (enum conn_column)columns->layout.fields[i].column->id;

		if (is_sorted_by(scene, conn_column_sort(column, scene->totals)))
			return (int)column;
		/* An endpoint stands for its port too. */
		if (column == CONN_COLUMN_LOCAL && is_sorted_by(scene, CONN_SORT_LPORT))
			return (int)column;
		if (column == CONN_COLUMN_REMOTE && is_sorted_by(scene, CONN_SORT_RPORT))
			return (int)column;
	}
	return -1;
}
