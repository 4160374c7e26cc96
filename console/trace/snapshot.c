/* SPDX-License-Identifier: MIT */
#include "console/trace/snapshot.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "console/trace/keyframe.h"
#include "console/trace/packets.h"
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

/* ---- Which keyframes ---- */

static uint64_t whole_since_ns;

/* A stream that begins with a later packet than its first has lost what came before. */
static int stream_look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct packet packet;

	(void)st;
	(void)ftw;
	if (type == FTW_F && packet_first(path, &packet) && packet.number &&
	    packet.begin_ns > whole_since_ns)
		whole_since_ns = packet.begin_ns;
	return 0;
}

/* Since when the snapshot has all events. 0: since its recorder began. */
static uint64_t whole_since(const char *folder)
{
	whole_since_ns = 0;
	nftw(folder, stream_look, 16, FTW_PHYS);
	return whole_since_ns;
}

/* Whether the process came to be when its events were kept already: they say it all. */
static bool is_born_within(const char *path, uint64_t since_ns)
{
	struct vigil_problem ignored;
	struct vigil_reader *reader;
	bool is_within;

	if (vigil_reader_open_file(path, 0, &reader, &ignored))
		return false;
	is_within = VIGIL_AT(reader, process, 0)->created_ns >= since_ns;
	vigil_reader_close(reader);
	return is_within;
}

/*
 * Of each process the oldest copy that was made when events were kept already: from
 * there on nothing is missing. Else the newest one: with events that the buffers lost
 * between, but none after it.
 */
static bool is_chosen(const struct recording *all, size_t index, uint64_t since_ns)
{
	const struct keyframe *it = &all->keyframes[index];

	for (size_t i = 0; i < all->keyframe_count; i++) {
		const struct keyframe *other = &all->keyframes[i];

		if (i == index || !keyframe_is_same(it, other))
			continue;
		if (it->begin_ns >= since_ns ?
			    other->begin_ns >= since_ns && other->begin_ns < it->begin_ns :
			    other->begin_ns > it->begin_ns)
			return false;
	}
	return true;
}

/* Another name for the same file: it costs nothing, and outlives the recorder's. */
static void boards_link(const char *from, const char *to, const struct recording *all,
			struct recording *own)
{
	uint64_t since_ns = own->whole_ns = whole_since(to);

	for (size_t i = 0; i < all->keyframe_count; i++) {
		const struct keyframe *keyframe = &all->keyframes[i];
		char there[PATH_MAX + 96], here[PATH_MAX + 96];

		if (!is_chosen(all, i, since_ns))
			continue;
		snprintf(there, sizeof(there), "%s/" RECORDING_FOLDER "/%s", from, keyframe->file);
		snprintf(here, sizeof(here), "%s/" RECORDING_FOLDER "/%s", to, keyframe->file);
		if (is_born_within(there, since_ns > all->started_ns ? since_ns : all->started_ns))
			continue;
		if (!link(there, here))
			recording_add(own, keyframe);
	}
}

int snapshot_write(const char *folder, const struct recording *recording, const char *why,
		   char ret_folder[PATH_MAX], struct vigil_problem *ret_problem)
{
	struct recording own = *recording;
	struct timespec now;
	int r;

	own.keyframes = NULL;
	own.keyframe_count = 0;
	r = folder_make(folder, ret_folder, ret_problem);
	if (r)
		return r;
	r = session_snapshot(recording->session, ret_folder, ret_problem);
	if (r) {
		folder_remove(ret_folder);
		return r;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	boards_link(folder, ret_folder, recording, &own);
	own.state = RECORDING_COMPLETE;
	own.ended_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	snprintf(own.ended, sizeof(own.ended), "%s", why);
	r = recording_write(&own, ret_folder, ret_problem);
	recording_fini(&own);
	return r;
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
