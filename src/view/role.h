/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a piece of the screen means. A theme says how that looks; the meaning is always text too,
 * so a screen without colours says the same.
 */

enum role {
	ROLE_NORMAL,
	ROLE_TITLE,   /* the program, the host, the clock */
	ROLE_HEADING, /* names of columns */
	ROLE_SORTED,  /* the name of the column that is sorted by */
	ROLE_DIM,     /* what can be overlooked: idle, units, separators */
	ROLE_STRONG,  /* what is looked for: the name of a process, a total */
	ROLE_RX,      /* received */
	ROLE_TX,      /* sent */
	ROLE_GOOD,    /* fine */
	ROLE_WARNING, /* worth a look */
	ROLE_BAD,     /* wrong, lost */
	ROLE_CLOSED,  /* over */
	ROLE_GROUP,   /* a row that stands for several */
	ROLE_KEY,     /* a key in a hint */
	ROLE_INPUT,   /* what is being typed */
	ROLE_MESSAGE, /* an answer of the program */
	ROLES,
};
