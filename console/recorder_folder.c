/* SPDX-License-Identifier: MIT */
/* The folder of a recording: its name, its making. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "console/recorder.h"

static bool is_empty(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	bool is_one = true;

	while (dir && is_one && (entry = readdir(dir)))
		is_one = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return is_one;
}

/* ./vigil-httpd-20261126-101500 */
static void name_choose(struct recorder *recorder)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[32];

	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
	snprintf(recorder->shown, sizeof(recorder->shown), "./vigil-%s-%s", recorder->name, date);
}

/* "No space left on device" is more than the folder's fault. */
static int make(const char *path)
{
	if (!mkdir(path, 0777))
		return EXIT_DONE;
	if (errno != EEXIST)
		return refuse("cannot make the folder %s: %s; name another with -o DIR", path,
			      strerror(errno));
	if (is_empty(path))
		return EXIT_DONE;
	return refuse("%s is there and not empty: a recording wants a folder of its own; name "
		      "another with -o DIR",
		      path);
}

int folder_make(struct recorder *recorder)
{
	char inner[PATH_MAX + 16];
	struct stat st;

	if (recorder->options->output)
		snprintf(recorder->shown, sizeof(recorder->shown), "%s", recorder->options->output);
	else
		name_choose(recorder);
	if (!stat(recorder->shown, &st) && !S_ISDIR(st.st_mode))
		return refuse("%s is there and no folder; name another with -o DIR",
			      recorder->shown);
	if (make(recorder->shown))
		return EXIT_CANNOT;
	if (!realpath(recorder->shown, recorder->folder))
		return refuse("cannot find the folder %s: %s", recorder->shown, strerror(errno));
	snprintf(inner, sizeof(inner), "%s/" RECORDING_FOLDER, recorder->folder);
	if (mkdir(inner, 0777))
		return refuse("cannot make the folder %s: %s; name another with -o DIR", inner,
			      strerror(errno));
	if (!disk_check(recorder))
		return EXIT_DONE;
	folder_remove(recorder);
	return EXIT_CANNOT;
}

void folder_remove(const struct recorder *recorder)
{
	char path[PATH_MAX + 96];

	for (size_t i = 0; i < recorder->recording.keyframe_count; i++) {
		snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER "/%s", recorder->folder,
			 recorder->recording.keyframes[i].file);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER "/" RECORDING_FILE, recorder->folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER, recorder->folder);
	rmdir(path);
	/* Of LTTng's, as long as it is empty. */
	snprintf(path, sizeof(path), "%s/ust", recorder->folder);
	rmdir(path);
	rmdir(recorder->folder);
}

static uint64_t bytes_sum;

static int bytes_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F)
		bytes_sum += (uint64_t)st->st_blocks * 512;
	return 0;
}

uint64_t folder_bytes(const char *folder)
{
	bytes_sum = 0;
	nftw(folder, bytes_add, 16, FTW_PHYS);
	return bytes_sum;
}
