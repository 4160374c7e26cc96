/* SPDX-License-Identifier: MIT */
/* What a cursor learns of a trace: marks, processes, keyframes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/trace/pack.h"

#include "console/trace/cursor_private.h"

#define POLL_MARKS 256                     /* the longest polls are remembered */
#define FRAME_EVENTS 131072                /* between two keyframes, at first */
#define FRAMES_LEAST (UINT64_C(256) << 20) /* bytes of all of them; more on a machine with more, */
#define FRAMES_MOST (UINT64_C(1) << 30)
#define MEMORY_PART 16

/* ---- Marks ---- */

static struct cursor_mark *mark_add(struct cursor *cursor)
{
	size_t room = cursor->mark_room ? 2 * cursor->mark_room : 64;
	struct cursor_mark *marks;

	if (cursor->mark_count == cursor->mark_room) {
		marks = realloc(cursor->marks, room * sizeof(*marks));
		if (!marks)
			return NULL;
		cursor->marks = marks;
		cursor->mark_room = room;
	}
	return &cursor->marks[cursor->mark_count++];
}

static uint64_t mark_length(const struct cursor_mark *mark)
{
	return mark->end_unix_ns - mark->begin_unix_ns;
}

/* A place for a poll of this length; NULL when all that are remembered are longer. */
static struct cursor_mark *poll_place(struct cursor *cursor, uint64_t length)
{
	struct cursor_mark *shortest = NULL;

	if (cursor->poll_marks < POLL_MARKS) {
		cursor->poll_marks++;
		return mark_add(cursor);
	}
	for (size_t i = 0; cursor->marks && i < cursor->mark_count; i++) {
		struct cursor_mark *mark = &cursor->marks[i];

		if (mark->kind == CURSOR_MARK_POLL &&
		    (!shortest || mark_length(mark) < mark_length(shortest)))
			shortest = mark;
	}
	return shortest && mark_length(shortest) < length ? shortest : NULL;
}

void cursor_mark_polls(struct cursor *cursor)
{
	const struct trace_event *event = cursor->pending;

	for (size_t i = 0; i < cursor->slice_count; i++) {
		const struct slice *slice = &cursor->slices[i];
		uint64_t length = slice->end_ns - slice->begin_ns;
		struct cursor_mark *mark;

		if (slice->kind != SLICE_RUN)
			continue;
		mark = poll_place(cursor, length);
		if (mark)
			*mark = (struct cursor_mark){ CURSOR_MARK_POLL, event->process,
						      event->unix_ns - length, event->unix_ns,
						      slice->task };
	}
}

void cursor_mark_gaps(struct cursor *cursor)
{
	size_t count;
	const struct trace_gap *gaps = trace_gaps(cursor->trace, &count);

	for (; cursor->gaps < count; cursor->gaps++) {
		struct cursor_mark *mark = mark_add(cursor);
		const struct trace_gap *gap = &gaps[cursor->gaps];
		uint64_t begin = gap->begin_unix_ns ? gap->begin_unix_ns : gap->end_unix_ns;

		if (mark && gap->end_unix_ns >= begin)
			*mark = (struct cursor_mark){ CURSOR_MARK_GAP, gap->process, begin,
						      gap->end_unix_ns, 0 };
		else if (mark)
			cursor->mark_count--;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct cursor_mark *x = a, *y = b;

	return (x->begin_unix_ns > y->begin_unix_ns) - (x->begin_unix_ns < y->begin_unix_ns);
}

const struct cursor_mark *cursor_marks(const struct cursor *cursor, size_t *ret_count)
{
	*ret_count = cursor->is_indexed ? cursor->mark_count : 0;
	return cursor->marks;
}

/* ---- Processes ---- */

void cursor_note_process(struct cursor *cursor, const struct trace_process *from)
{
	struct cursor_process *list = cursor->processes, *process;

	if (from->index >= cursor->process_count) {
		list = realloc(list, (from->index + 1) * sizeof(*list));
		if (!list)
			return;
		memset(list + cursor->process_count, 0,
		       (from->index + 1 - cursor->process_count) * sizeof(*list));
		cursor->processes = list;
		cursor->process_count = from->index + 1;
	}
	process = &list[from->index];
	process->pid = from->pid;
	memcpy(process->host, from->host, sizeof(process->host));
	memcpy(process->name, from->name, sizeof(process->name));
	process->first_unix_ns = from->first_unix_ns;
	process->last_unix_ns = from->last_unix_ns;
	process->events = from->events;
	process->lost_events = from->lost_events;
	process->is_over = from->is_over;
}

void cursor_note_processes(struct cursor *cursor)
{
	for (uint32_t i = 0; i < trace_process_count(cursor->trace); i++)
		cursor_note_process(cursor, trace_process(cursor->trace, i));
}

uint32_t cursor_process_count(const struct cursor *cursor)
{
	return cursor->process_count;
}

const struct cursor_process *cursor_process(const struct cursor *cursor, uint32_t index)
{
	return index < cursor->process_count ? &cursor->processes[index] : NULL;
}

/* ---- The file ---- */

/* A trace that is read in a moment needs none; nor has one that ended in damage said all. */
static bool is_worth_a_file(const struct cursor *cursor)
{
	return cursor->frame_count && !cursor->problem.text[0] && !cursor->options.trace.read;
}

static void index_keep(const struct cursor *cursor)
{
	struct index_frame *frames = calloc(cursor->frame_count, sizeof(*frames));

	if (!frames)
		return;
	for (size_t i = 0; i < cursor->frame_count; i++)
		frames[i] =
			(struct index_frame){ cursor->frames[i].keep, cursor->frames[i].size,
					      cursor->frames[i].passed, cursor->frames[i].unix_ns };
	/* Where it cannot be written the next one reads it all again. */
	(void)index_save(&cursor->options.trace, &(struct index){
							 .frames = frames,
							 .frame_count = cursor->frame_count,
							 .marks = cursor->marks,
							 .mark_count = cursor->mark_count,
							 .processes = cursor->processes,
							 .process_count = cursor->process_count,
							 .begin_unix_ns = cursor->begin,
							 .end_unix_ns = cursor->end,
							 .passed = cursor->passed,
						 });
	free(frames);
}

void cursor_finish_index(struct cursor *cursor)
{
	cursor->is_indexed = true;
	if (cursor->mark_count)
		qsort(cursor->marks, cursor->mark_count, sizeof(*cursor->marks), by_time);
	if (is_worth_a_file(cursor))
		index_keep(cursor);
}

/* A copy, of at least a byte. */
static void *copied(const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	if (copy && size)
		memcpy(copy, bytes, size);
	return copy;
}

void cursor_load_index(struct cursor *cursor)
{
	const struct index *index = &cursor->file.index;

	if (cursor->options.trace.read || index_load(&cursor->options.trace, &cursor->file))
		return;
	cursor->frames = calloc(index->frame_count + 1, sizeof(*cursor->frames));
	cursor->marks = copied(index->marks, index->mark_count * sizeof(*index->marks));
	cursor->processes =
		copied(index->processes, index->process_count * sizeof(*index->processes));
	if (!cursor->frames || !cursor->marks || !cursor->processes) {
		cursor_free_index(cursor);
		return;
	}
	for (size_t i = 0; i < index->frame_count; i++)
		cursor->frames[i] =
			(struct keyframe){ index->frames[i].keep, index->frames[i].size,
					   index->frames[i].passed, index->frames[i].unix_ns };
	cursor->frame_count = cursor->frame_room = index->frame_count;
	cursor->mark_count = cursor->mark_room = index->mark_count;
	cursor->process_count = (uint32_t)index->process_count;
	cursor->begin = index->begin_unix_ns;
	cursor->end = index->end_unix_ns;
	cursor->is_indexed = true;
}

void cursor_free_index(struct cursor *cursor)
{
	for (size_t i = 0; cursor->frames && i < cursor->frame_count && !cursor->file.bytes; i++)
		free((void *)(uintptr_t)cursor->frames[i].keep);
	free(cursor->frames);
	free(cursor->processes);
	free(cursor->marks);
	cursor->frames = NULL;
	cursor->processes = NULL;
	cursor->marks = NULL;
	index_unload(&cursor->file);
}

/* ---- Keyframes ---- */

static uint64_t frame_events(const struct cursor *cursor)
{
	return cursor->frame_events ? cursor->frame_events : FRAME_EVENTS;
}

/* There are too many: every second one goes, and fewer come. */
static void frames_thin(struct cursor *cursor)
{
	size_t kept = 0;

	for (size_t i = 0; cursor->frames && i < cursor->frame_count; i++) {
		if (i % 2) {
			cursor->frames[kept++] = cursor->frames[i];
			continue;
		}
		cursor->frame_bytes -= cursor->frames[i].size;
		free((void *)(uintptr_t)cursor->frames[i].keep);
	}
	cursor->frame_count = kept;
	cursor->frame_events = 2 * frame_events(cursor);
}

/* The nearer they are to each other, the sooner one is anywhere. */
static uint64_t frames_room(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t room = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / MEMORY_PART : 0;

	if (room > FRAMES_MOST)
		return FRAMES_MOST;
	return room > FRAMES_LEAST ? room : FRAMES_LEAST;
}

void cursor_take_frame(struct cursor *cursor)
{
	size_t room = cursor->frame_room ? 2 * cursor->frame_room : 16;
	const struct keyframe *last =
		cursor->frame_count ? &cursor->frames[cursor->frame_count - 1] : NULL;
	void *keep;
	size_t size;
	struct keyframe *frames, frame = { .passed = cursor->passed, .unix_ns = cursor->passed_ns };

	if (cursor->file.bytes ||
	    cursor->passed < (last ? last->passed : 0) + frame_events(cursor) ||
	    !trace_can_keep(cursor->trace))
		return;
	if (!cursor->frames || cursor->frame_count == cursor->frame_room) {
		frames = realloc(cursor->frames, room * sizeof(*frames));
		if (!frames)
			return;
		cursor->frames = frames;
		cursor->frame_room = room;
	}
	keep = trace_keep(cursor->trace, &size);
	if (keep)
		frame.keep = pack(keep, size, &frame.size);
	free(keep);
	if (!frame.keep)
		return;
	cursor->frames[cursor->frame_count++] = frame;
	cursor->frame_bytes += frame.size;
	if (cursor->frame_bytes > frames_room() && cursor->frame_count > 2)
		frames_thin(cursor);
}

size_t cursor_frame_before_time(const struct cursor *cursor, uint64_t unix_ns)
{
	size_t at = cursor->frames ? cursor->frame_count : 0;

	/* Events of one moment may stand on both sides of a keyframe. */
	while (at && cursor->frames[at - 1].unix_ns >= unix_ns)
		at--;
	return at;
}

size_t cursor_frame_before_place(const struct cursor *cursor, uint64_t passed)
{
	size_t at = cursor->frames ? cursor->frame_count : 0;

	while (at && cursor->frames[at - 1].passed > passed)
		at--;
	return at;
}
