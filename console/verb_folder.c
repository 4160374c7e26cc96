/* SPDX-License-Identifier: MIT */
/*
 * What a folder is that was given as a trace, before a trace is looked for in it: one
 * recording is taken, pieces of it and all its sessions' traces included; of several, of
 * a flight recorder and of what went to a relay a sentence says which folder to give.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/source.h"
#include "console/trace/recording.h"
#include "console/trace/snapshot.h"
#include "console/verb.h"

#define DEPTH_MAX 12 /* folders below each other */
#define ENTRIES_MOST 200000
#define ROOTS_MOST 64
#define NAMED 6 /* a sentence holds no more */

/* Recordings at and below a folder, each by its own. */
struct roots {
	char base[PATH_MAX]; /* where the search began, without links */
	char list[ROOTS_MOST][PATH_MAX];
	size_t count;
	int left; /* entries to look at */
};

static bool is_directory(const char *path)
{
	struct stat st;

	return path && !lstat(path, &st) && S_ISDIR(st.st_mode);
}

static bool has_file(const char *folder, const char *file)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, file) < (int)sizeof(path) &&
	       !access(path, F_OK);
}

static bool is_recording(const char *folder)
{
	return has_file(folder, RECORDING_FOLDER "/" RECORDING_FILE);
}

/* ---- To which recording a trace belongs ---- */

/* Takes the last part off. Returns it, or NULL when nothing would be left. */
static const char *part_cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

/* `vigil record` leaves its file beside what it recorded. */
static bool recording_climb(const struct roots *roots, char *path)
{
	char up[PATH_MAX];

	snprintf(up, sizeof(up), "%s", path);
	while (strlen(up) >= strlen(roots->base)) {
		if (is_recording(up)) {
			snprintf(path, PATH_MAX, "%s", up);
			return true;
		}
		if (!part_cut(up))
			break;
	}
	return false;
}

/* Of a trace SESSION/ust/uid/..., SESSION/ust/pid/... and SESSION/kernel. */
static bool is_domain(const char *part, const char *below)
{
	if (!strcmp(part, "ust"))
		return !strcmp(below, "uid") || !strcmp(below, "pid");
	return !strcmp(part, "kernel") && !*below;
}

/* After a rotation LTTng writes SESSION/archives/CHUNK/ust/... */
static void session_climb(char *path)
{
	char up[PATH_MAX];
	const char *part, *below = "";

	snprintf(up, sizeof(up), "%s", path);
	for (; (part = part_cut(up)); below = part) {
		if (!is_domain(part, below))
			continue;
		snprintf(path, PATH_MAX, "%s", up);
		if (part_cut(up) && (part = part_cut(up)) && !strcmp(part, "archives"))
			snprintf(path, PATH_MAX, "%s", up);
		return;
	}
}

static void root_add(struct roots *roots, const char *trace)
{
	char root[PATH_MAX];

	snprintf(root, sizeof(root), "%s", trace);
	if (!recording_climb(roots, root))
		session_climb(root);
	for (size_t i = 0; i < roots->count; i++)
		if (!strcmp(roots->list[i], root))
			return;
	if (roots->count < ROOTS_MOST)
		snprintf(roots->list[roots->count++], PATH_MAX, "%s", root);
}

static void roots_find(struct roots *roots, const char *path, int depth)
{
	const struct dirent *entry;
	char below[PATH_MAX];
	DIR *dir;

	if (has_file(path, "metadata")) {
		root_add(roots, path);
		return;
	}
	dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	while (dir && (entry = readdir(dir)) && --roots->left > 0) {
		if (entry->d_name[0] == '.' || snprintf(below, sizeof(below), "%s/%s", path,
							entry->d_name) >= (int)sizeof(below))
			continue;
		if (is_directory(below))
			roots_find(roots, below, depth + 1);
	}
	if (dir)
		closedir(dir);
}

/* ---- Sentences ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* As it was given, not as it is found. */
static const char *given(const struct roots *roots, const char *path, size_t i, char *buf,
			 size_t size)
{
	size_t length = strlen(roots->base);

	if (strncmp(roots->list[i], roots->base, length) != 0 || roots->list[i][length] != '/')
		snprintf(buf, size, "%s", roots->list[i]);
	else
		snprintf(buf, size, "%s%s", path, roots->list[i] + length);
	return buf;
}

static int several_refuse(struct roots *roots, const char *path)
{
	char names[700] = "", name[PATH_MAX];
	size_t at = 0, i = 0;

	qsort(roots->list, roots->count, sizeof(*roots->list), by_name);
	for (; i < roots->count && i < NAMED; i++) {
		int length = snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "",
				      given(roots, path, i, name, sizeof(name)));

		if (length >= (int)(sizeof(names) - at)) {
			names[at] = '\0';
			break;
		}
		at += (size_t)length;
	}
	if (i < roots->count)
		snprintf(names + at, sizeof(names) - at, "%s%zu more", at ? " and " : "",
			 roots->count - i);
	return refuse("there are %zu%s recordings in %s, which have nothing to do with each other: "
		      "%s; give one of them",
		      roots->count, roots->count == ROOTS_MOST ? " or more" : "", path, names);
}

static int several_check(const char *path)
{
	struct roots *roots = calloc(1, sizeof(*roots));
	int r = EXIT_DONE;

	if (!roots)
		return refuse("out of memory");
	roots->left = ENTRIES_MOST;
	if (realpath(path, roots->base))
		roots_find(roots, roots->base, 0);
	if (roots->count > 1)
		r = several_refuse(roots, path);
	free(roots);
	return r;
}

static int snapshots_refuse(const char *path, unsigned last)
{
	if (last == 1)
		return refuse("%s is of a flight recorder, which wrote 1 snapshot: give "
			      "%s/snapshot-1",
			      path, path);
	return refuse("%s is of a flight recorder, which wrote %u snapshots, each a trace of its "
		      "own: %s/snapshot-1 ... %s/snapshot-%u; give one",
		      path, last, path, path, last);
}

/* Of a recording without a trace: where that is. */
static int traceless_refuse(const char *path)
{
	struct vigil_problem problem;
	struct recording recording;
	int r;

	if (recording_read(path, &recording, &problem))
		return refuse("%s", problem.text);
	if (recording.mode == RECORDING_LIVE)
		r = refuse("there is no trace in %s: it went to the relay %s, and is there, where "
			   "lttng-relayd writes; the boards that were copied are in "
			   "%s/" RECORDING_FOLDER ": `vigil ps --dir=%s/" RECORDING_FOLDER
			   "` lists them",
			   path, recording.url, path, path);
	else if (recording.mode == RECORDING_SNAPSHOT)
		r = refuse("there is no trace in %s: the flight recorder has written no snapshot; "
			   "while it runs `vigil snapshot %s` does",
			   path, path);
	else
		r = refuse("there is no trace in %s: nothing came to be recorded; the boards that "
			   "were copied are in %s/" RECORDING_FOLDER
			   ": `vigil ps --dir=%s/" RECORDING_FOLDER "` lists them",
			   path, path, path);
	recording_fini(&recording);
	return r;
}

int verb_folder_check(const char *target)
{
	char path[PATH_MAX];
	struct stat st;
	size_t length;
	unsigned last;

	if (!target || stat(target, &st) || !S_ISDIR(st.st_mode) || strlen(target) >= sizeof(path))
		return EXIT_DONE;
	snprintf(path, sizeof(path), "%s", target);
	for (length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	last = snapshot_last(path);
	if (last)
		return snapshots_refuse(path, last);
	if (source_is_trace(path))
		return several_check(path);
	return is_recording(path) ? traceless_refuse(path) : EXIT_DONE;
}
