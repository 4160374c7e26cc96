/* SPDX-License-Identifier: MIT */
#include "console/trace/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/session.h"

#define SNAPSHOTS_MAX 10000

static int folder_failed(const char *folder, struct vigil_problem *ret_problem)
{
	int r = errno ? -errno : -ENAMETOOLONG;

	snprintf(ret_problem->text, sizeof(ret_problem->text),
		 "cannot make a folder for the snapshot in %.300s: %s", folder, strerror(-r));
	return r;
}

static int folder_make(const char *folder, char *ret_folder, struct vigil_problem *ret_problem)
{
	char inner[PATH_MAX + 16];

	errno = 0;
	for (int i = 1; i < SNAPSHOTS_MAX; i++) {
		if (snprintf(ret_folder, PATH_MAX, "%s/snapshot-%d", folder, i) >= PATH_MAX - 64)
			break;
		if (!mkdir(ret_folder, 0777)) {
			snprintf(inner, sizeof(inner), "%s/" RECORDING_FOLDER, ret_folder);
			return mkdir(inner, 0777) ? folder_failed(folder, ret_problem) : 0;
		}
		if (errno != EEXIST)
			break;
	}
	return folder_failed(folder, ret_problem);
}

static void folder_remove(const char *folder)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER, folder);
	rmdir(path);
	rmdir(folder);
}

/* A name of its own for the same board: it costs nothing, and outlives the recorder's. */
static void boards_link(const char *from, const char *to, const struct recording *recording)
{
	char there[PATH_MAX + 96], here[PATH_MAX + 96];

	for (size_t i = 0; i < recording->keyframe_count; i++) {
		snprintf(there, sizeof(there), "%s/" RECORDING_FOLDER "/%s", from,
			 recording->keyframes[i].file);
		snprintf(here, sizeof(here), "%s/" RECORDING_FOLDER "/%s", to,
			 recording->keyframes[i].file);
		if (link(there, here))
			(void)!symlink(there, here);
	}
}

int snapshot_write(const char *folder, const struct recording *recording, const char *why,
		   char ret_folder[PATH_MAX], struct vigil_problem *ret_problem)
{
	struct recording own = *recording;
	struct timespec now;
	int r = folder_make(folder, ret_folder, ret_problem);

	if (r)
		return r;
	r = session_snapshot(recording->session, ret_folder, ret_problem);
	if (r) {
		folder_remove(ret_folder);
		return r;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	boards_link(folder, ret_folder, recording);
	own.state = RECORDING_COMPLETE;
	own.ended_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	snprintf(own.ended, sizeof(own.ended), "%s", why);
	return recording_write(&own, ret_folder, ret_problem);
}

unsigned snapshot_last(const char *folder)
{
	char path[PATH_MAX];
	unsigned last = 0;

	while (last + 1 < SNAPSHOTS_MAX) {
		snprintf(path, sizeof(path), "%s/snapshot-%u", folder, last + 1);
		if (access(path, F_OK))
			break;
		last++;
	}
	return last;
}
