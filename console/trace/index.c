/* SPDX-License-Identifier: MIT */
/*
 * The index's file: a head, the list of frames, the marks, the processes, and then the
 * keyframes, each at a multiple of 8.
 */
#include "console/trace/index.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/recording.h"

#define INDEX_MAGIC UINT64_C(0x3158444c49474956) /* VIGILDX1: raised when what follows changes */
#define INDEX_MAX (UINT64_C(4) << 30)
#define INDEX_FILE "index"
#define FOLDERS_DEEP 12

struct index_head {
	uint64_t magic;
	uint64_t size; /* of the file */
	uint64_t fingerprint;
	uint64_t frames, marks, processes;
	uint64_t mark_size, process_size; /* of one, in bytes */
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t passed;
};

struct index_place {
	uint64_t offset, size;
	uint64_t passed, unix_ns;
};

static uint64_t round_up(uint64_t size)
{
	return (size + 7) & ~UINT64_C(7);
}

/* ---- Which trace it is ---- */

static uint64_t fingerprint; /* nftw has no room for it */

/* Our own folder and LTTng's indexes say nothing of the trace. */
static int file_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + ftw->base;

	if (type == FTW_D && (!strcmp(name, RECORDING_FOLDER) || !strcmp(name, "index")))
		return FTW_SKIP_SUBTREE;
	if (type != FTW_F)
		return FTW_CONTINUE;
	/* Folders are not gone through in an order: a sum does not mind. */
	fingerprint += (uint64_t)st->st_size * 31 + (uint64_t)st->st_mtim.tv_sec * 1000003 +
		       (uint64_t)st->st_mtim.tv_nsec + (uint64_t)st->st_ino;
	return FTW_CONTINUE;
}

uint64_t index_fingerprint(const struct trace_options *options)
{
	fingerprint = 1;
	for (size_t i = 0; i < options->path_count; i++) {
		if (nftw(options->paths[i], file_add, FOLDERS_DEEP, FTW_PHYS | FTW_ACTIONRETVAL))
			return 0;
	}
	return fingerprint;
}

/* ---- Writing ---- */

static bool put(FILE *file, const void *bytes, uint64_t size)
{
	static const uint8_t zeros[8];

	return fwrite(bytes, 1, size, file) == size &&
	       fwrite(zeros, 1, round_up(size) - size, file) == round_up(size) - size;
}

static void head_fill(const struct index *index, struct index_head *ret_head)
{
	*ret_head = (struct index_head){
		.magic = INDEX_MAGIC,
		.frames = index->frame_count,
		.marks = index->mark_count,
		.processes = index->process_count,
		.mark_size = sizeof(struct cursor_mark),
		.process_size = sizeof(struct cursor_process),
		.begin_unix_ns = index->begin_unix_ns,
		.end_unix_ns = index->end_unix_ns,
		.passed = index->passed,
	};
	ret_head->size = sizeof(*ret_head) + index->frame_count * sizeof(struct index_place) +
			 round_up(index->mark_count * sizeof(struct cursor_mark)) +
			 round_up(index->process_count * sizeof(struct cursor_process));
}

static bool index_write(FILE *file, const struct index *index, struct index_head *head)
{
	uint64_t offset = head->size;
	bool is_fine;

	for (size_t i = 0; i < index->frame_count; i++)
		head->size += round_up(index->frames[i].size);
	is_fine = put(file, head, sizeof(*head));
	for (size_t i = 0; is_fine && i < index->frame_count; i++) {
		const struct index_frame *frame = &index->frames[i];
		const struct index_place place = { offset, frame->size, frame->passed,
						   frame->unix_ns };

		is_fine = put(file, &place, sizeof(place));
		offset += round_up(frame->size);
	}
	is_fine = is_fine &&
		  put(file, index->marks, index->mark_count * sizeof(struct cursor_mark)) &&
		  put(file, index->processes, index->process_count * sizeof(struct cursor_process));
	for (size_t i = 0; is_fine && i < index->frame_count; i++)
		is_fine = put(file, index->frames[i].keep, index->frames[i].size);
	return is_fine && !fflush(file);
}

int index_save(const struct trace_options *options, const struct index *index)
{
	char path[4096], whole[4200];
	struct index_head head;
	FILE *file;
	int fd, r = 0;

	head_fill(index, &head);
	head.fingerprint = index_fingerprint(options);
	if (!head.fingerprint)
		return -EIO;
	snprintf(whole, sizeof(whole), "%s/" RECORDING_FOLDER, options->paths[0]);
	if (mkdir(whole, 0777) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%.4000s/" RECORDING_FOLDER "/" INDEX_FILE ".XXXXXX",
		 options->paths[0]);
	snprintf(whole, sizeof(whole), "%.4000s/" RECORDING_FOLDER "/" INDEX_FILE,
		 options->paths[0]);
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file || !index_write(file, index, &head))
		r = -EIO;
	if (file ? fclose(file) : close(fd))
		r = -EIO;
	if (!r && rename(path, whole))
		r = -errno;
	if (r)
		unlink(path);
	return r;
}

/* ---- Reading ---- */

/* Where the parts stand; false if they do not fit into the file. */
static bool parts_find(const struct index_head *head, uint64_t size, uint64_t *ret_marks,
		       uint64_t *ret_processes)
{
	uint64_t left = size - sizeof(*head);

	if (head->frames > left / sizeof(struct index_place))
		return false;
	left -= head->frames * sizeof(struct index_place);
	*ret_marks = size - left;
	if (head->marks > left / sizeof(struct cursor_mark) ||
	    round_up(head->marks * sizeof(struct cursor_mark)) > left)
		return false;
	left -= round_up(head->marks * sizeof(struct cursor_mark));
	*ret_processes = size - left;
	return head->processes <= left / sizeof(struct cursor_process);
}

static int frames_load(const uint8_t *bytes, uint64_t size, const struct index_head *head,
		       struct index *index)
{
	struct index_frame *frames = calloc(head->frames + 1, sizeof(*frames));
	uint64_t last = 0;

	if (!frames)
		return -ENOMEM;
	index->frames = frames;
	for (uint64_t i = 0; i < head->frames; i++) {
		struct index_place place;

		memcpy(&place, bytes + sizeof(*head) + i * sizeof(place), sizeof(place));
		if (place.offset % 8 || place.offset > size || place.size > size - place.offset ||
		    place.passed < last)
			return -ENOENT;
		last = place.passed;
		frames[i] = (struct index_frame){ bytes + place.offset, place.size, place.passed,
						  place.unix_ns };
	}
	index->frame_count = head->frames;
	return 0;
}

/* A process's texts end; a mark is of a kind there is, and does not end before it begins. */
static bool parts_check(uint8_t *bytes, const struct index_head *head, uint64_t marks,
			uint64_t processes, struct index *index)
{
	struct cursor_mark *mark = (struct cursor_mark *)(void *)(bytes + marks);
	struct cursor_process *process = (struct cursor_process *)(void *)(bytes + processes);

	for (uint64_t i = 0; i < head->marks; i++)
		if ((mark[i].kind != CURSOR_MARK_GAP && mark[i].kind != CURSOR_MARK_POLL) ||
		    mark[i].end_unix_ns < mark[i].begin_unix_ns)
			return false;
	for (uint64_t i = 0; i < head->processes; i++) {
		process[i].host[sizeof(process[i].host) - 1] = '\0';
		process[i].name[sizeof(process[i].name) - 1] = '\0';
	}
	index->marks = mark;
	index->mark_count = head->marks;
	index->processes = process;
	index->process_count = head->processes;
	return true;
}

static int bytes_load(const struct trace_options *options, struct index_file *file)
{
	struct index *index = &file->index;
	struct index_head head;
	uint64_t marks, processes;
	int r;

	if (file->size < sizeof(head))
		return -ENOENT;
	memcpy(&head, file->bytes, sizeof(head));
	if (head.magic != INDEX_MAGIC || head.size != file->size ||
	    head.mark_size != sizeof(struct cursor_mark) ||
	    head.process_size != sizeof(struct cursor_process) ||
	    head.fingerprint != index_fingerprint(options) ||
	    head.begin_unix_ns > head.end_unix_ns ||
	    !parts_find(&head, file->size, &marks, &processes))
		return -ENOENT;
	r = frames_load(file->bytes, file->size, &head, index);
	if (!r && !parts_check(file->bytes, &head, marks, processes, index))
		r = -ENOENT;
	index->begin_unix_ns = head.begin_unix_ns;
	index->end_unix_ns = head.end_unix_ns;
	index->passed = head.passed;
	return r;
}

int index_load(const struct trace_options *options, struct index_file *ret_file)
{
	char path[4200];
	struct stat st;
	int fd, r;

	memset(ret_file, 0, sizeof(*ret_file));
	snprintf(path, sizeof(path), "%.4000s/" RECORDING_FOLDER "/" INDEX_FILE, options->paths[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size ||
	    (uint64_t)st.st_size > INDEX_MAX) {
		close(fd);
		return -ENOENT;
	}
	/* Private and writable: texts are ended in place. */
	ret_file->bytes =
		mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (ret_file->bytes == MAP_FAILED) {
		ret_file->bytes = NULL;
		return -ENOMEM;
	}
	ret_file->size = (size_t)st.st_size;
	r = bytes_load(options, ret_file);
	if (r)
		index_unload(ret_file);
	return r;
}

void index_unload(struct index_file *file)
{
	free((void *)(uintptr_t)file->index.frames);
	if (file->bytes)
		munmap(file->bytes, file->size);
	memset(file, 0, sizeof(*file));
}
