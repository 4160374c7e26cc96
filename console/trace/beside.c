/* SPDX-License-Identifier: MIT */
/*
 * Boards beside a trace, loaded before its first event.
 *
 * The copy of a board is not of one moment. What happened before it began is in it;
 * what happened after it ended is not; of what happened meanwhile the records tell:
 * workers are copied before tasks, so what a worker's last time covers is in both, and
 * a task that was copied after the event has its time.
 */
#include "console/trace/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/recording.h"

/* Reads what a file has besides holes into zeroed memory. It may shrink meanwhile. */
static int file_read(int fd, uint8_t *bytes, size_t size)
{
	off_t at = 0;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (size_t)at < size) {
		off_t end = lseek(fd, at, SEEK_HOLE);
		ssize_t got = 1;

		if (end < 0 || (size_t)end > size)
			end = (off_t)size;
		for (; at < end && got > 0; at += got)
			got = pread(fd, bytes + at, (size_t)(end - at), at);
		if (got < 0)
			return -errno;
		if (!got)
			break;
	}
	return 0;
}

/*
 * Loads a board from a file, by a copy: under a mapping the file may be changed, or
 * cut. A board spans much and has little in it. Returns 0 or -errno.
 */
static int file_load(struct board *board, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;
	void *bytes;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return -EBADMSG;
	}
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		r = -errno;
	else
		r = file_read(fd, bytes, (size_t)st.st_size);
	close(fd);
	if (!r)
		r = board_load(board, bytes, (size_t)st.st_size, NULL);
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)st.st_size);
	return r;
}

static struct process *process_load(const char *path, uint32_t index,
				    const struct recording *recording,
				    const struct keyframe *keyframe)
{
	struct trace_event record = { .text = recording->host, .name = "" };
	struct process *process;

	record.number = (int32_t)strtoul(keyframe->file, NULL, 10);
	process = process_new(index, &record);
	if (!process)
		return NULL;
	if (file_load(&process->board, path) ||
	    process_copied(process, keyframe->begin_ns, keyframe->end_ns)) {
		process_free(process);
		return NULL;
	}
	process_show(process);
	process->is_late = recording->mode == RECORDING_SNAPSHOT;
	process->whole_ns = recording->whole_ns;
	process->known.last_ns = keyframe->end_ns;
	process->known.last_unix_ns =
		recording->started_unix_ns + (keyframe->end_ns - recording->started_ns);
	process->known.first_unix_ns = process->known.last_unix_ns;
	return process;
}

static int folder_load(struct trace *trace, const char *folder)
{
	struct vigil_problem problem;
	struct recording recording;
	char path[4096];
	int r = 0;

	if (recording_read(folder, &recording, &problem))
		return 0;
	trace->killed = recording.killed;
	for (size_t i = 0; !r && i < recording.keyframe_count; i++) {
		struct process *process;

		snprintf(path, sizeof(path), "%s/" RECORDING_FOLDER "/%s", folder,
			 recording.keyframes[i].file);
		process = process_load(path, trace->count, &recording, &recording.keyframes[i]);
		if (process && !process_put(trace, process))
			r = -ENOMEM;
	}
	recording_fini(&recording);
	return r;
}

int beside_load(struct trace *trace)
{
	int r = 0;

	if (trace->options.is_live)
		return 0;
	for (size_t i = 0; !r && i < trace->options.path_count; i++)
		r = folder_load(trace, trace->options.paths[i]);
	return r;
}

/* Of a moment of the copy: whether what the event did to its task is in the copy. */
static bool task_has(const struct board *board, const struct trace_event *event)
{
	const struct vigil_task_record *t = RECORD_OF(board, task, event->object);

	switch (event->kind) {
	case TRACE_task_spawn:
		return t != NULL;
	case TRACE_task_end:
		return t && t->life == VIGIL_LIFE_ENDED;
	case TRACE_poll_begin:
		return t && t->poll_begin_ns >= event->ns;
	case TRACE_poll_end:
		return t && t->poll_end_ns >= event->ns;
	default:
		return false;
	}
}

static bool birth_has(const struct board *board, const struct trace_event *event)
{
	uint32_t table = vigil_ref_table(event->object);
	const uint32_t *words;

	if (!event->id || table >= VIGIL_TABLES ||
	    vigil_ref_index(event->object) >= board->pools[table].used)
		return false;
	words = record_at(board, table, vigil_ref_index(event->object));
	return words[1] == vigil_ref_gen(event->object);
}

/* What a worker had done by the time it was copied; later events may be on its record now. */
static bool worker_has(const struct process *process, const struct trace_event *event)
{
	const struct vigil_worker_record *w = RECORD_OF(&process->board, worker, event->worker);
	uint32_t index = vigil_ref_index(event->worker);

	if (!w)
		return false;
	return (index < process->copied_workers ? process->copied_last_ns[index] : w->last_ns) >=
	       event->ns;
}

bool beside_has(const struct process *process, const struct trace_event *event)
{
	if (!process->copied_end_ns || event->ns > process->copied_end_ns)
		return false;
	if (event->ns < process->copied_begin_ns)
		return true;
	return worker_has(process, event) || task_has(&process->board, event) ||
	       birth_has(&process->board, event);
}
