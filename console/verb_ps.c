/* SPDX-License-Identifier: MIT */
/* vigil ps: the boards there are, of living processes and dead ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/boards.h"
#include "console/listing.h"
#include "console/names.h"

static void json_row(struct json *json, const struct model *model, const void *row)
{
	const struct vigil_found *found = row;

	(void)model;
	json_text(json, "path", found->path);
	json_u64(json, "pid", found->pid);
	json_u64(json, "uid", found->uid);
	json_u64(json, "bytes", found->bytes);
	if (!found->is_readable) {
		json_text(json, "status", "damaged");
		json_text(json, "problem", found->problem.text);
		return;
	}
	json_text(json, "status", word_status(found->status));
	json_null(json, "problem");
	json_text(json, "name", found->name);
	json_text(json, "command", found->command);
	json_u64(json, "created_unix_ns", found->created_unix_ns);
}

static const struct listing listing = {
	.key = "processes",
	.properties = &board_properties,
	.sort = "age:asc",
	.then = "pid:asc",
	.json = json_row,
};

static void damaged_print(const struct text *text, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct vigil_found *found = rows->list[i].record;

		if (!found->is_readable)
			text_wrapped(text, 0, found->problem.text);
	}
}

static void nothing_print(const struct text *text, size_t total, const char *dir)
{
	char where[600];

	boards_where(dir, where, sizeof(where));
	if (total)
		text_line(text, "None of %zu boards matches the filter.", total);
	else if (boards_missing(dir, where, sizeof(where)))
		text_line(text, "No boards: %s.", where);
	else
		text_line(text,
			  "No boards in %s: no instrumented program runs here, or it keeps its "
			  "board elsewhere (VIGIL_DIR, --dir).",
			  where);
}

static void json_print(const struct verb_options *options, const struct rows *rows)
{
	struct json json;

	json_begin(&json, stdout, options->is_repeated);
	json_object_begin(&json, NULL);
	json_array_begin(&json, listing.key);
	for (size_t i = 0; i < rows->count; i++) {
		json_object_begin(&json, NULL);
		json_row(&json, NULL, rows->list[i].record);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_end(&json);
}

static int boards_print(const struct verb_options *options, const struct rows *rows, size_t total)
{
	struct text text;

	text_begin(&text, stdout, options->is_ascii);
	if (options->is_json) {
		json_print(options, rows);
	} else if (!rows->count) {
		nothing_print(&text, total, options->dir);
	} else {
		if (listing_print(&listing, rows, &text))
			return refuse("out of memory");
		damaged_print(&text, rows);
	}
	return EXIT_DONE;
}

static int look(struct model *model, const struct verb_options *options, void *arg)
{
	struct vigil_problem problem = { "" };
	struct vigil_found *list = NULL;
	struct rows rows = { 0 };
	int count = vigil_find(options->dir, &list);
	int r = 0;

	(void)model;
	(void)arg;
	if (count < 0) {
		char where[600];

		boards_where(options->dir, where, sizeof(where));
		return refuse("cannot list %s: %s", where, strerror(-count));
	}
	for (int i = 0; i < count && !r; i++)
		r = rows_add(&rows, NULL, &list[i]);
	if (!r)
		r = listing_choose(&listing, options, NULL, NULL, &rows, &problem);
	if (r)
		r = refuse("%s", problem.text[0] ? problem.text : "out of memory");
	else
		r = boards_print(options, &rows, (size_t)count);
	free(rows.list);
	free(list);
	return r;
}

int verb_ps(const struct verb_options *options)
{
	return verb_repeat(options, NULL, look, NULL);
}
