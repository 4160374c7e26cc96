/* SPDX-License-Identifier: MIT */
/* The timeline view from the inside: view_timeline.c, timeline_rows.c, timeline_words.c. */
#ifndef CONSOLE_TIMELINE_VIEW_H
#define CONSOLE_TIMELINE_VIEW_H

#include "console/timeline.h"
#include "console/view.h"

#define LABEL_WIDTH 12
#define COLUMNS_MOST 512
#define ROWS_MOST 256

struct timeline {
	struct view view;
	struct history *own; /* when the source keeps none: of the board's last events */
	uint64_t span_ns;
	uint64_t end_ns;    /* at the right edge; 0: the present */
	uint64_t cursor_ns; /* 0: the present */
	uint64_t seen_ns;   /* when it was at the last refresh */
	bool is_moving;     /* it sent the trace where it is next, and knows what it shows there */
	uint32_t row;       /* of rows */
	uint32_t chosen;    /* the thread in it, index plus one: it may be away for a while */
	uint32_t top;
	int height; /* rows that fitted last, */
	int lines;  /* of so many lines each */
	uint32_t rows[ROWS_MOST];
	uint32_t row_count;
	int columns; /* of the window drawn last */
	int x, y;    /* its left edge, its first row */
};

static inline uint64_t slice_length(const struct history_slice *slice)
{
	return slice->end_ns - slice->begin_ns;
}

/* ---- view_timeline.c ---- */

/* NULL: nothing is remembered. */
const struct history *timeline_history(const struct timeline *it);
bool timeline_is_of_trace(const struct timeline *it);
struct timeline_window timeline_window_of(const struct timeline *it);

/* The time under the cursor, and what its thread did then. */
uint64_t timeline_cursor(const struct timeline *it);
struct timeline_cell timeline_selected_cell(const struct timeline *it);

/* Times are told from where the trace begins, as its bar tells them, or the process. */
uint64_t timeline_origin(const struct timeline *it);

/* "1.0932 s", exact to a step. Returns buf. */
char *timeline_time(const struct timeline *it, uint64_t ns, uint64_t step_ns, char *buf,
		    size_t size);

/* ---- timeline_rows.c ---- */

void timeline_draw_ruler(const struct timeline *it, const struct timeline_window *window,
			 struct canvas *canvas, int x, int y);
void timeline_draw_rows(struct timeline *it, const struct timeline_window *window,
			struct canvas *canvas, int x, int y);

/* ---- timeline_words.c ---- */

/* What is under the cursor. */
void timeline_draw_words(const struct timeline *it, struct canvas *canvas, int x, int y);

#endif
