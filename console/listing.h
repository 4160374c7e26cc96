/* SPDX-License-Identifier: MIT */
/*
 * A listing: what the verbs that print a table have in common. It opens the
 * target, filters, sorts, cuts, prints as text or JSON, once or again and again.
 */
#ifndef CONSOLE_LISTING_H
#define CONSOLE_LISTING_H

#include "console/json.h"
#include "console/property.h"
#include "console/verb.h"

struct row {
	const void *record;
	const struct model *model; /* that it is of */
};

/* Rows of one look. */
struct rows {
	struct row *list;
	size_t count;
	size_t room;
	const struct property *sorted; /* by whom people wish: NULL: as usual */
	size_t past;                   /* how many more matched, that are over and not asked for */
};

/* Returns 0 or -ENOMEM. */
int rows_add(struct rows *rows, const struct model *model, const void *record);

struct listing {
	const char *key;     /* of the rows in the JSON document: "tasks" */
	const char *nothing; /* what to say when there are no rows at all */
	const struct properties *properties;
	/* The same and of which process: several of a source are listed. NULL: one is to be named. */
	const struct properties *member_properties;
	const char *sort; /* "busy:desc" unless --sort says else */
	const char *then; /* and among equals: "id:asc" */

	/* Adds every row there is now. Returns 0 or -ENOMEM. */
	int (*rows)(struct model *model, struct rows *rows);

	/*
	 * Rows that are over and long so, which text has with --all only; JSON always has
	 * them. NULL: there are none such. past is what one is called: "ended task".
	 */
	bool (*is_past)(const struct model *model, const void *row);
	const char *past;

	/* What else there is to say, before the rows; both may be NULL. */
	void (*text_more)(const struct text *text, const struct model *model);
	void (*json_more)(struct json *json, const struct model *model);

	/* Writes a row's members into the object that is open. */
	void (*json)(struct json *json, const struct model *model, const void *row);
};

/* Returns the exit status. */
int listing_run(const struct listing *listing, const struct verb_options *options);

/*
 * Filters, sorts and cuts; models may be NULL. Returns 0 or -errno with a sentence.
 */
int listing_choose(const struct listing *listing, const struct verb_options *options,
		   const struct model *model, const struct models *models, struct rows *rows,
		   struct vigil_problem *ret_problem);

/* Prints rows as a table. */
int listing_print(const struct listing *listing, const struct rows *rows, const struct text *text);

#endif
