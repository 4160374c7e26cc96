/* SPDX-License-Identifier: MIT */
#include "console/trace/keyframe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TURNS 1000

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/*
 * A process may have made several boards, before an exec or after vigil_fini; two of
 * different pid namespaces may have the same name.
 */
static int file_make(const char *folder, const struct vigil_process_record *process, char *ret_name,
		     size_t size)
{
	char path[4096];
	int fd = -1;

	for (int turn = 1; turn < TURNS && fd < 0; turn++) {
		char suffix[16] = "";

		if (turn > 1)
			snprintf(suffix, sizeof(suffix), ".%d", turn);
		snprintf(ret_name, size, "%" PRIu32 "-%" PRIu64 "%s.board", process->pid,
			 process->start_ticks, suffix);
		if (snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER "/%s", folder, ret_name) >=
		    (int)sizeof(path))
			return -ENAMETOOLONG;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

int keyframe_save(struct vigil_reader *reader, const char *folder, struct recording *recording,
		  struct vigil_problem *ret_problem)
{
	struct keyframe keyframe = { .begin_ns = clock_ns() };
	int fd, r;

	fd = file_make(folder, VIGIL_AT(reader, process, 0), keyframe.file, sizeof(keyframe.file));
	r = fd < 0 ? fd : vigil_reader_save(reader, fd);
	keyframe.end_ns = clock_ns();
	if (fd >= 0 && close(fd) && !r)
		r = -errno;
	if (!r)
		r = recording_add(recording, &keyframe);
	if (r)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot copy %.200s to %.200s/" RECORDING_FOLDER ": %s",
			 vigil_reader_path(reader), folder,
			 r == -EBADMSG ? "it was damaged meanwhile" : strerror(-r));
	return r;
}

bool keyframe_is_same(const struct keyframe *one, const struct keyframe *other)
{
	size_t length = strcspn(one->file, ".");

	return strcspn(other->file, ".") == length && !strncmp(one->file, other->file, length);
}

bool keyframe_has_probes(uint32_t pid)
{
	char path[64], *line = NULL;
	bool is_there = false;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	maps = fopen(path, "re");
	while (maps && !is_there && getline(&line, &room, maps) > 0)
		is_there = strstr(line, "/libvigil-lttng.so") != NULL;
	free(line);
	if (maps)
		fclose(maps);
	return is_there;
}
