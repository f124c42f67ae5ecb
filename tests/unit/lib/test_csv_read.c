/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "csv_read.h"
#include "tap.h"

static const struct {
	const char *what;
	const char *text;
	int error;
	size_t n_rows;
	const char *last; /* the last field of the last row; NULL: there is none */
} cases[] = {
	{"a header alone", "a,b\n", 0, 0, NULL},
	{"plain fields", "a,b\n1,2\n", 0, 1, "2"},
	{"CRLF", "a,b\r\n1,2\r\n", 0, 1, "2"},
	{"an empty field", "a,b\n,\n", 0, 1, ""},
	{"a quoted comma", "a,b\n1,\"2,3\"\n", 0, 1, "2,3"},
	{"a quoted quote", "a,b\n1,\"say \"\"no\"\"\"\n", 0, 1, "say \"no\""},
	{"a quoted line break", "a,b\n1,\"2\n3\"\n", 0, 1, "2\n3"},
	{"two rows", "a\n1\n2\n", 0, 2, "2"},
	{"nothing", "", -ENODATA, 0, NULL},
	{"no last line break", "a,b\n1,2", -EBADMSG, 0, NULL},
	{"a torn last row", "a,b\n1,2\n3\n", -EBADMSG, 0, NULL},
	{"a row torn after its comma", "a,b\n1,", -EBADMSG, 0, NULL},
	{"too many fields", "a,b\n1,2,3\n", -EBADMSG, 0, NULL},
	{"a stray quote", "a,b\n1,2\"\n", -EBADMSG, 0, NULL},
	{"text after a closing quote", "a,b\n1,\"2\"3\n", -EBADMSG, 0, NULL},
	{"a quote that never closes", "a,b\n1,\"2\n", -EBADMSG, 0, NULL},
	{"a bare carriage return", "a,b\n1\r,2\n", -EBADMSG, 0, NULL},
};

static void test_case(size_t i)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = NULL;
	int r = csv_read_text(cases[i].text, strlen(cases[i].text), &table);

	is_int(r, cases[i].error, "%s: result", cases[i].what);
	if (r < 0) {
		ok(!table, "%s: no table", cases[i].what);
		return;
	}
	is_int(table->n_rows, cases[i].n_rows, "%s: rows", cases[i].what);
	if (table->n_rows)
		is_str(csv_field(table, table->n_rows - 1, (int)table->n_columns - 1),
		       cases[i].last, "%s: last field", cases[i].what);
}

static void test_columns(void)
{
	CLEANUP(csv_table_free_p) struct csv_table *table = NULL;
	static const char text[] = "pid,name\n1,init\n2,kthreadd\n";

	if (!is_int(csv_read_text(text, strlen(text), &table), 0, "columns: result"))
		return;
	is_int(csv_column(table, "name"), 1, "a column by its name");
	is_int(csv_column(table, "nam"), -ENOENT, "a column that is not there");
	is_str(csv_field(table, 0, csv_column(table, "name")), "init", "a field of the first row");
	is_str(csv_field(table, 1, csv_column(table, "pid")), "2", "a field of the second row");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		test_case(i);
	test_columns();
	return tap_done();
}
