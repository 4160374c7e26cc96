/* SPDX-License-Identifier: MIT */
/*
 * vigil prune: removes the boards nobody writes any more.
 *
 * The law: only what was read as a board, and whose process was then found dead,
 * finished or gone on without it, is ever removed, and it is looked at again
 * just before. What is damaged, foreign or alive stays.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/boards.h"
#include "console/format.h"
#include "console/names.h"
#include "console/verb.h"

struct sums {
	uint64_t removed, bytes, alive, left;
};

static bool is_over(enum vigil_status status)
{
	return status == VIGIL_STATUS_DEAD || status == VIGIL_STATUS_FINISHED ||
	       status == VIGIL_STATUS_REPLACED;
}

/* The list may be old by now, and a file may have changed under its name. */
static bool is_still_over(const struct vigil_found *found)
{
	struct vigil_reader *reader;
	struct vigil_problem problem;
	bool is;

	if (vigil_reader_open_file(found->path, 0, &reader, &problem))
		return false;
	is = is_over(vigil_reader_status(reader));
	vigil_reader_close(reader);
	return is;
}

/* Returns NULL when it is removed, or would be, else why not. */
static const char *board_remove(const struct vigil_found *found, bool is_dry_run)
{
	if (!is_still_over(found))
		return "it changed meanwhile";
	if (is_dry_run || !unlink(found->path))
		return NULL;
	return strerror(errno);
}

/* Of a dry run nothing is removed: would_remove has what else would be. */
static void found_json(struct json *json, const struct vigil_found *found, bool is_dry_run,
		       const char *why)
{
	json_object_begin(json, NULL);
	json_text(json, "path", found->path);
	json_u64(json, "pid", found->pid);
	json_text(json, "status", found->is_readable ? word_status(found->status) : "damaged");
	json_u64(json, "bytes", found->bytes);
	json_bool(json, "removed", !why && !is_dry_run);
	json_bool(json, "would_remove", !why && is_dry_run);
	json_text(json, "why_not", why);
	json_object_end(json);
}

static void removed_print(const struct text *text, const struct vigil_found *found, bool is_dry_run)
{
	char bytes[FORMAT_SIZE];

	text_line(text, "%s %s: %s, pid %" PRIu32 ", %s, %s",
		  is_dry_run ? "would remove" : "removed", found->path, found->name, found->pid,
		  word_status(found->status), format_bytes(bytes, sizeof(bytes), found->bytes));
}

/* One board: removed, or left with a reason. Returns an exit status. */
static int board_handle(const struct verb_options *options, const struct text *text,
			struct json *json, const struct vigil_found *found, struct sums *sums)
{
	bool is_candidate = found->is_readable && is_over(found->status);
	const char *why = NULL;

	if (is_candidate)
		why = board_remove(found, options->is_dry_run);
	else
		why = found->is_readable ? "its process lives" : found->problem.text;
	if (!why) {
		sums->removed++;
		sums->bytes += found->bytes;
	} else if (found->is_readable && !is_candidate) {
		sums->alive++;
	} else {
		sums->left++;
	}
	if (options->is_json)
		found_json(json, found, options->is_dry_run, why);
	else if (!why)
		removed_print(text, found, options->is_dry_run);
	else if (!found->is_readable)
		text_line(text, "left alone: %s", why);
	else if (is_candidate)
		return refuse("cannot remove %s: %s", found->path, why);
	return EXIT_DONE;
}

static void sums_print(const struct verb_options *options, const struct text *text,
		       const struct sums *sums)
{
	char bytes[FORMAT_SIZE];

	format_bytes(bytes, sizeof(bytes), sums->bytes);
	text_line(text, "%s %" PRIu64 " board%s, %s; %" PRIu64 " in use, %" PRIu64 " left alone",
		  options->is_dry_run ? "would remove" : "removed", sums->removed,
		  sums->removed == 1 ? "" : "s", bytes, sums->alive, sums->left);
}

static void sums_json(const struct verb_options *options, struct json *json,
		      const struct sums *sums)
{
	json_array_end(json);
	json_u64(json, "removed", options->is_dry_run ? 0 : sums->removed);
	json_u64(json, "would_remove", options->is_dry_run ? sums->removed : 0);
	json_u64(json, "bytes", sums->bytes);
	json_u64(json, "alive", sums->alive);
	json_u64(json, "left", sums->left);
	json_object_end(json);
	json_end(json);
}

int verb_prune(const struct verb_options *options)
{
	struct vigil_found *list = NULL;
	struct sums sums = { 0 };
	struct text text;
	struct json json;
	char where[600];
	int count = vigil_find(options->dir, &list), r = EXIT_DONE;

	boards_where(options->dir, where, sizeof(where));
	if (count < 0)
		return refuse("cannot list %s: %s", where, strerror(-count));
	text_begin(&text, stdout, options->is_ascii);
	if (!options->is_json && boards_missing(options->dir, where, sizeof(where)))
		text_line(&text, "%s.", where);
	json_begin(&json, stdout, false);
	if (options->is_json) {
		json_object_begin(&json, NULL);
		json_array_begin(&json, "boards");
	}
	for (int i = 0; i < count; i++)
		if (board_handle(options, &text, &json, &list[i], &sums))
			r = EXIT_CANNOT;
	if (options->is_json)
		sums_json(options, &json, &sums);
	else
		sums_print(options, &text, &sums);
	free(list);
	return r;
}
