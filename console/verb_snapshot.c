/* SPDX-License-Identifier: MIT */
/* `vigil snapshot`: writes out a flight recorder that another process runs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console/trace/recording.h"
#include "console/trace/session.h"
#include "console/trace/snapshot.h"
#include "console/verb.h"

/* The folder of the flight recorder that is meant: absolute, since LTTng writes into it. */
static int folder_find(const char *words, char ret_folder[PATH_MAX])
{
	struct vigil_problem problem = { "" };
	struct stat st;

	if (words && !stat(words, &st) && S_ISDIR(st.st_mode) && realpath(words, ret_folder))
		return EXIT_DONE;
	if (words && strchr(words, '/'))
		return refuse("there is no folder %s: give that of a flight recorder, or nothing "
			      "for the only one",
			      words);
	if (session_folder(words, ret_folder, PATH_MAX, &problem))
		return refuse("%s", problem.text);
	return EXIT_DONE;
}

static int recorder_check(const char *folder, const struct recording *recording)
{
	if (recording->mode != RECORDING_SNAPSHOT)
		return refuse("%s is no flight recorder: it was recorded without --snapshot",
			      folder);
	if (recording->state != RECORDING_RUNS)
		return refuse("the flight recorder of %s has ended: %s; its snapshots are in that "
			      "folder",
			      folder, recording->ended);
	return EXIT_DONE;
}

static int folder_shoot(const char *folder, const struct recording *recording)
{
	struct vigil_problem problem = { "" };
	char written[PATH_MAX];
	struct text text;

	if (recorder_check(folder, recording))
		return EXIT_CANNOT;
	if (snapshot_write(folder, recording, "`vigil snapshot` asked for it", written, &problem))
		return refuse("%s", problem.text);
	text_begin(&text, stdout, false);
	text.width = 0;
	text_line(&text, "%s", written);
	return EXIT_DONE;
}

int verb_snapshot(const struct verb_options *options)
{
	struct vigil_problem problem = { "" };
	struct recording recording;
	char folder[PATH_MAX];
	int status;

	if (folder_find(options->target, folder))
		return EXIT_CANNOT;
	if (recording_read(folder, &recording, &problem))
		return refuse("%s", problem.text);
	status = folder_shoot(folder, &recording);
	recording_fini(&recording);
	return status;
}
