/* SPDX-License-Identifier: MIT */

/*
 * A screen is drawn while memory runs out: words may be missing, nothing else is, nothing leaks,
 * and the next picture is whole again.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../unit/view/conn_samples.h"
#include "fault_alloc.h"
#include "tap.h"

#define MOST_ALLOCATIONS 2000

static size_t count_selected(const struct cells *cells)
{
	size_t n = 0;

	for (size_t i = 0; i < (size_t)cells->width * (size_t)cells->height; i++)
		n += cells->at[i].selected;
	return n;
}

static void test_drawing(const char *what, const struct conn_scene *scene, struct cells *cells)
{
	struct str_buf whole = {0};
	struct str_buf after = {0};
	size_t live;
	size_t nth = 0;
	bool failed = true;
	bool right = true;

	conn_view_draw(cells, scene);
	cells_print(cells, &whole);
	live = fault_alloc_live_bytes();
	while (right && failed && nth < MOST_ALLOCATIONS) {
		fault_alloc_fail_at(++nth);
		conn_view_draw(cells, scene);
		failed = fault_alloc_failed();
		right = fault_alloc_live_bytes() == live && count_selected(cells) == 80;
	}
	ok(right && !failed, "%s: each of %zu allocations may fail", what, nth - 1);
	ok(nth > 1, "%s: there are some", what);
	cells_print(cells, &after);
	is_str(after.data, whole.data, "%s: the last picture is the first one", what);
	str_buf_done(&whole);
	str_buf_done(&after);
}

int main(void)
{
	static struct samples samples;
	struct cells cells = {0};

	setenv("TZ", "UTC", 1);
	tzset();
	if (cells_reset(&cells, 80, 24) < 0)
		return EXIT_FAILURE;
	samples_init(&samples);
	samples.scene.detail = true;
	test_drawing("rows", &samples.scene, &cells);
	samples_group(&samples, false);
	test_drawing("groups", &samples.scene, &cells);
	cells_done(&cells);
	return tap_done();
}
