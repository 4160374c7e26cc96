/* SPDX-License-Identifier: MIT */
/*
 * A view is what stands between the meters and the foot line: a list of rows,
 * or a page of text. One ops structure says what is special about each; the rest
 * is done here, once, so that every list searches, filters, sorts and scrolls in
 * the same way.
 *
 * The law of the file: a view is told of requests and never sees keys, asks the
 * model and never a board, and says which view comes next but never goes there.
 */
#ifndef CONSOLE_VIEW_H
#define CONSOLE_VIEW_H

#include "console/filter.h"
#include "console/keys.h"
#include "console/models.h"
#include "console/page.h"
#include "console/table.h"

/* Which of the tasks that have ended are shown. */
#define ENDED_RECENT_NS UINT64_C(5000000000)
enum ended_shown { ENDED_RECENT, ENDED_ALL, ENDED_NONE };

/* What the views of one console share. The app fills it in. */
struct shared {
	struct model *model;  /* NULL: no process chosen yet */
	uint64_t refreshes;   /* of the model, so far */
	uint64_t interval_ns; /* between two of them */
	uint32_t pid;         /* to show; that of the model's reader */
	enum ended_shown ended;
	char open_path[512];   /* a view wants this board opened; the app does it */
	uint64_t seek_unix_ns; /* a view wants this moment of the trace; 0: none */
	uint32_t choose;       /* a view wants this process of the source, by index plus one */
};

struct view;

struct view_ops {
	const char *name;     /* "tasks", as --view calls it */
	enum request request; /* that opens it; REQ_NONE: Enter in another one does */
	unsigned where;       /* enum where: which keys it hears */
	size_t size;          /* of its own structure, which begins with a struct view */
	bool is_of_all;       /* of a source's processes: another one chosen, it stays */

	/* Lists: columns, and rows with the view as ctx. A page has no columns. */
	const struct column *columns;
	int column_count;
	int sort_column; /* -1: the order of the rows */
	bool is_tree;
	struct table_source rows;
	const struct properties *properties; /* of the filter language; NULL: plain text */
	const void *(*record)(struct view *view, uint64_t id); /* what a filter looks at */
	bool (*keeps)(struct view *view, uint64_t id); /* a row without a record; NULL: never */

	/* Lists of several processes: the model behind a row, NULL none; and all there are. */
	struct model *(*model)(struct view *view, uint64_t id);
	const struct models *(*models)(struct view *view);

	/* A list with no rows says why in a sentence. */
	void (*empty)(struct view *view, char *buf, size_t size);

	/* Pages: writes all of it. */
	void (*write)(struct view *view, struct page *page);

	/* Neither a list nor a page: it draws all of it, and knows where it was clicked. */
	void (*draw)(struct view *view, struct canvas *canvas, int x, int y, int width, int height);
	bool (*click)(struct view *view, int x, int y);

	/* Optional from here on. */
	int (*open)(struct view *view); /* -1: no memory */
	void (*close)(struct view *view);
	void (*refresh)(struct view *view); /* after each model_refresh; must be cheap */
	void (*gather)(struct view *view);  /* before rows are ordered anew; may cost more */
	bool (*obey)(struct view *view, enum request request);    /* true: it was understood */
	void (*title)(struct view *view, char *buf, size_t size); /* of a page */

	/*
	 * What Enter on a row opens: details of its object; or, where that depends on
	 * the row, what enter says, and on which object. NULL: nothing.
	 */
	const struct view_ops *details;
	/* The task, and whose if not the shown process's; without: the cursor's row. */
	uint64_t (*selected)(const struct view *view, uint32_t *ret_process);
	void (*select)(struct view *view, uint32_t process, uint64_t task); /* its row */
	const struct view_ops *(*enter)(struct view *view, uint64_t id, uint64_t *ret_object);
};

struct view {
	const struct view_ops *ops;
	struct shared *shared;
	uint64_t object; /* what a page is about */
	struct table *table;
	struct page page;
	struct filter *filter;
	char needle[TABLE_NEEDLE]; /* searched for last */
	bool is_touched;           /* the cursor was moved; until then it is on the first row */
	int skips;                 /* refreshes to go before rows are ordered anew */
};

/* The model behind a list's row. */
static inline struct model *row_model(const struct table_row *row)
{
	return ((struct view *)row->ctx)->shared->model;
}

/* Returns NULL without memory. */
struct view *view_new(const struct view_ops *ops, struct shared *shared, uint64_t object);
void view_free(struct view *view);

/* The model has been refreshed. */
void view_refresh(struct view *view);

/* Something else has changed: order the rows anew, at once. */
void view_reorder(struct view *view);

void view_draw(struct view *view, struct canvas *canvas, int x, int y, int width, int height);

/* Returns whether the view understood it. */
bool view_request(struct view *view, enum request request);

/* A click on a row or a head; returns whether it hit one. */
bool view_click(struct view *view, int x, int y);

/* What Enter leads to; NULL: nothing. */
const struct view_ops *view_enter(struct view *view, uint64_t *ret_object);

/* Searches for text from the cursor on; step as in table_search. */
bool view_search(struct view *view, const char *text, int step);

/* Shows what matches only. Returns 0, or -EINVAL with a sentence. */
int view_filter(struct view *view, const char *text, struct vigil_problem *ret_problem);

/* Sorts by a column's title, "busy" or "busy:desc". Returns false for no such column. */
bool view_sort(struct view *view, const char *words);

/* Whose tasks a list of several processes shows; NULL: it is of the one that is shown. */
const struct models *view_models(struct view *view);

/* "12 of 1204  filter conn  tree  follow": for the line above. */
void view_state(struct view *view, char *buf, size_t size);

/* All of them; those with a request first, in the order of their tabs. */
extern const struct view_ops view_tasks, view_locks, view_wakers, view_resources, view_executors,
	view_sites, view_why, view_timeline, view_all, view_processes, view_members;
extern const struct view_ops view_task, view_lock, view_waker, view_resource, view_worker,
	view_executor, view_site;

#endif
