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

int session_is_there(const char *name, struct vigil_problem *ret_problem)
{
	struct lttng_session *sessions = NULL;
	int count = lttng_list_sessions(&sessions), found = 0;

	if (count < 0)
		return session_failed(ret_problem, count, "list LTTng's sessions");
	for (int i = 0; i < count; i++)
		found |= !strcmp(sessions[i].name, name);
	free(sessions);
	return found;
}

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
