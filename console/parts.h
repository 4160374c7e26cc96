/* SPDX-License-Identifier: MIT */
/*
 * Parts of pages that several views have: histograms, wait chains, attributes,
 * spans, messages, last events. And cells that several lists have.
 *
 * The law of the file: it asks the model and writes where it is told.
 */
#ifndef CONSOLE_PARTS_H
#define CONSOLE_PARTS_H

#include "console/events.h"
#include "console/messages.h"
#include "console/page.h"
#include "console/spans.h"
#include "console/table.h"
#include "console/waits.h"

/* Two histograms, side by side if there is room. NULL: it has none. */
void part_hists(struct page *page, const char *left_title, const struct vigil_hist *left,
		const char *right_title, const struct vigil_hist *right);

/* Where the time of a task went: a bar, and its three parts in words. */
void part_times(struct page *page, const struct vigil_task_times *times);

/* The steps of a chain, one below the other. */
void part_chain(struct page *page, int x, const struct model *model, const struct chain *chain);

/* A title and the attributes of an object; nothing when there are none. */
void part_attrs(struct page *page, const struct model *model, uint64_t owner, uint32_t first);

/* A title and the open spans of a task; nothing when there are none. */
void part_spans(struct page *page, const struct model *model, const struct open_span *spans,
		size_t count);

/* A title and these messages, the latest first; nothing when there are none. */
void part_messages(struct page *page, const struct model *model,
		   const struct vigil_message_record *messages, size_t count);

#define PART_EVENTS 32 /* shown of one object */

/* A title and these events, the latest first. is_of_task leaves the task's name out. */
void part_events(struct page *page, const struct model *model, const struct ring_event *events,
		 size_t count, bool is_of_task);

/* The role and the sign of a task's state. */
enum role state_role(enum vigil_state state);
enum glyph state_glyph(enum vigil_state state);

/* The sign of a task, a failed one's included, with its role. */
const char *task_sign(const struct vigil_task_record *task, enum vigil_state state,
		      enum role *ret_role);

/*
 * How busy a worker is: the share of its time in polls, whether they block it or
 * not; "lock 100%" while the thread waits.
 */
void part_busy(struct canvas *canvas, int x, int y, int width,
	       const struct vigil_worker_record *worker, const struct worker_times *times);

/* Cells: a duration, coloured by magnitude, and a count; dim when there is none. */
void cell_duration(char *buf, size_t size, uint64_t ns, enum role *ret_role);

/* A "+" behind it: it has not ended. */
void cell_lasts(char *buf, size_t size);
void cell_count(char *buf, size_t size, uint64_t count, enum role *ret_role);

#endif
