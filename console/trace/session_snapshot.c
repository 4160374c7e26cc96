/* SPDX-License-Identifier: MIT */
/* Writing out what a flight recorder, of whatever process, has in memory. */
#include <dirent.h>
#include <errno.h>
#include <lttng/lttng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/trace/session.h"
#include "console/trace/session_private.h"

/* LTTng's part of a snapshot's path: "lttng-DATE-TIME-N". */
#define NAME "lttng"

/* ---- Which flight recorder ---- */

/* The folder a session of vigil's writes snapshots to. */
static bool folder_of(const char *name, char *ret_folder, size_t size)
{
	struct lttng_snapshot_output_list *list = NULL;
	const struct lttng_snapshot_output *output;
	bool is_found = false;

	if (strncmp(name, "vigil-", 6) != 0 || lttng_snapshot_list_output(name, &list))
		return false;
	while (!is_found && (output = lttng_snapshot_output_list_get_next(list))) {
		const char *url = lttng_snapshot_output_get_ctrl_url(output);

		/* A path, or an address of a relay. */
		is_found = *url == '/' && (size_t)snprintf(ret_folder, size, "%s", url) < size;
	}
	lttng_snapshot_output_list_destroy(list);
	return is_found;
}

static int none_found(const char *name, struct vigil_problem *ret_problem)
{
	if (name)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "there is no flight recorder \"%.200s\": give its folder, or the name "
			 "of its session as `lttng list` shows it",
			 name);
	else
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "no flight recorder runs: `vigil record --snapshot` starts one");
	return -ENOENT;
}

int session_folder(const char *name, char *ret_folder, size_t size,
		   struct vigil_problem *ret_problem)
{
	struct lttng_session *sessions = NULL;
	int count = lttng_list_sessions(&sessions), found = 0;
	char names[300] = "", folder[4096];
	size_t at = 0;

	for (int i = 0; i < count; i++) {
		if ((name && strcmp(sessions[i].name, name) != 0) ||
		    !folder_of(sessions[i].name, folder, sizeof(folder)))
			continue;
		if (!found++)
			snprintf(ret_folder, size, "%s", folder);
		if (at < sizeof(names))
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
					       at ? ", " : "", sessions[i].name);
	}
	free(sessions);
	if (!found)
		return none_found(name, ret_problem);
	if (found == 1)
		return 0;
	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "%d flight recorders run: %s; say which, as in `vigil snapshot %.*s`", found,
		 names, (int)strcspn(names, ","), names);
	return -ENOTUNIQ;
}

/* ---- Writing one out ---- */

static int output_record(const char *name, struct lttng_snapshot_output *output)
{
	int r = lttng_snapshot_record(name, output, 1);

	lttng_snapshot_output_destroy(output);
	return r;
}

/* folder/lttng-DATE-TIME-N/ust becomes folder/ust: a snapshot is read as any trace. */
static int lift(const char *folder)
{
	const struct dirent *entry;
	char from[4096], to[4096];
	DIR *dir = opendir(folder);
	int r = -ENOENT;

	snprintf(to, sizeof(to), "%s/ust", folder);
	while (dir && r && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, NAME "-", sizeof(NAME)) != 0)
			continue;
		snprintf(from, sizeof(from), "%s/%s/ust", folder, entry->d_name);
		r = rename(from, to) ? -errno : 0;
		snprintf(from, sizeof(from), "%s/%s", folder, entry->d_name);
		rmdir(from);
	}
	if (dir)
		closedir(dir);
	return r;
}

int session_snapshot(const char *name, const char *folder, struct vigil_problem *ret_problem)
{
	struct lttng_snapshot_output *output = lttng_snapshot_output_create();
	int r;

	if (!output || lttng_snapshot_output_set_local_path(folder, output) ||
	    lttng_snapshot_output_set_name(NAME, output)) {
		lttng_snapshot_output_destroy(output);
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot write a snapshot to %s: its path is too long for LTTng", folder);
		return -ENAMETOOLONG;
	}
	r = output_record(name, output);
	if (r == -LTTNG_ERR_SNAPSHOT_NODATA) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "nothing was recorded yet: no instrumented process is under the flight "
			 "recorder %s; `vigil ps` lists those there are",
			 name);
		return -ENODATA;
	}
	if (r < 0)
		return session_failed(ret_problem, r, "write the snapshot");
	r = lift(folder);
	if (r)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot find the snapshot that LTTng wrote to %s: %s", folder,
			 strerror(-r));
	return r;
}
