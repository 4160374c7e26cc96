/* SPDX-License-Identifier: MIT */
/* States put together from their pieces. The law is in statedump.h. */
#include "console/trace/statedump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "console/trace/beside.h"
#include "console/trace/pack.h"

#define DUMPS_MAX 64                  /* at once: one for each process of a host */
#define GONE_MAX 128                  /* boards that were replaced, and those that are being told */
#define BOARD_MAX (UINT64_C(1) << 40) /* bytes */
#define NOTES_MAX (UINT64_C(256) << 20) /* bytes, of all */

struct statedump {
	char host[64];
	uint32_t pid;
	uint64_t start_ticks;
	uint64_t recorder; /* two of them may tell of the same process */
	uint32_t next;     /* the piece that is to come */
	uint64_t begin_ns, end_ns;
	uint8_t *bytes; /* of the board's file: a mapping of size bytes */
	uint64_t size;
	uint8_t *notes; /* events since the first piece: struct note, then its texts */
	size_t used, room;
	struct process *loaded; /* of a flight recorder: the copy, whole already */
};

struct note {
	struct trace_event event;
	uint32_t sizes[3]; /* of its texts, NULs included */
	uint32_t size;     /* of all, a multiple of 8 */
};

static void dump_drop(struct trace *trace, size_t index)
{
	struct statedump *dump = &trace->dumps[index];

	if (dump->bytes)
		munmap(dump->bytes, dump->size);
	trace->note_bytes -= dump->room;
	process_free(dump->loaded);
	free(dump->notes);
	*dump = trace->dumps[--trace->dump_count];
}

void statedump_empty(struct trace *trace)
{
	while (trace->dump_count)
		dump_drop(trace, trace->dump_count - 1);
	free(trace->dumps);
	trace->dumps = NULL;
}

/* ---- Whose ---- */

static bool is_of(const struct statedump *dump, const struct process *process)
{
	uint64_t start_ticks = process->board.base ? process->board.process->start_ticks : 0;

	return !process->is_past && process->known.pid == dump->pid &&
	       (!process->known.host[0] || !strcmp(process->known.host, dump->host)) &&
	       (!start_ticks || start_ticks == dump->start_ticks);
}

static struct process *process_find(const struct trace *trace, const struct statedump *dump)
{
	for (uint32_t i = 0; i < trace->count; i++)
		if (is_of(dump, trace->processes[i]))
			return trace->processes[i];
	return NULL;
}

static size_t dump_find(const struct trace *trace, const struct trace_event *part)
{
	size_t i = 0;

	while (i < trace->dump_count &&
	       (trace->dumps[i].pid != (uint32_t)part->number ||
		trace->dumps[i].recorder != part->id ||
		strncmp(trace->dumps[i].host, part->text, sizeof(trace->dumps[i].host) - 1) != 0))
		i++;
	return i;
}

/* ---- Events meanwhile ---- */

static uint8_t *note_room(struct trace *trace, struct statedump *dump, size_t size)
{
	size_t room = dump->room ? dump->room : 4096;
	uint8_t *more;

	while (room < dump->used + size)
		room *= 2;
	if (room > dump->room) {
		if (trace->note_bytes + room - dump->room > NOTES_MAX)
			return NULL;
		more = realloc(dump->notes, room);
		if (!more)
			return NULL;
		trace->note_bytes += room - dump->room;
		dump->notes = more;
		dump->room = room;
	}
	dump->used += size;
	return dump->notes + dump->used - size;
}

static bool note_add(struct trace *trace, struct statedump *dump, const struct trace_event *event)
{
	const char *const texts[] = { event->name, event->text, event->extra };
	struct note note = { .event = *event };
	size_t size = sizeof(note);
	uint8_t *at;

	for (int i = 0; i < 3; i++)
		size += note.sizes[i] = (uint32_t)strlen(texts[i]) + 1;
	note.size = (uint32_t)(size + 7) & ~7u;
	at = note_room(trace, dump, note.size);
	if (!at)
		return false;
	memcpy(at, &note, sizeof(note));
	at += sizeof(note);
	for (int i = 0; i < 3; i++)
		at = (uint8_t *)memcpy(at, texts[i], note.sizes[i]) + note.sizes[i];
	return true;
}

void statedump_note(struct trace *trace, const struct process *process,
		    const struct trace_event *event)
{
	for (size_t i = trace->dump_count; i--;) {
		struct statedump *dump = &trace->dumps[i];

		if (is_of(dump, process) && (!dump->loaded || event->ns >= dump->begin_ns) &&
		    !note_add(trace, dump, event))
			dump_drop(trace, i);
	}
}

void statedump_gap(struct trace *trace, uint32_t process)
{
	for (size_t i = trace->dump_count; i--;)
		if (!trace->dumps[i].loaded && (process == TRACE_ANY_PROCESS ||
						is_of(&trace->dumps[i], trace->processes[process])))
			dump_drop(trace, i);
}

/* What happened to the process since it was copied. */
static void notes_apply(const struct statedump *dump, struct process *process)
{
	size_t at = 0;

	while (at < dump->used) {
		const uint8_t *from = dump->notes + at;
		struct note note;

		memcpy(&note, from, sizeof(note));
		note.event.name = (const char *)from + sizeof(note);
		note.event.text = note.event.name + note.sizes[0];
		note.event.extra = note.event.text + note.sizes[1];
		if (!beside_has(process, &note.event))
			event_apply(&process->board, &process->adoption, &note.event);
		at += note.size;
	}
}

/* ---- The whole ---- */

/* What was known of it before and is not in its board. */
static void known_carry(struct process *process, const struct process *before)
{
	const struct trace_process *old = &before->known;
	struct trace_process *known = &process->known;

	memcpy(process->uuid, before->uuid, sizeof(process->uuid));
	process->has_vpid = before->has_vpid;
	process->has_finished = before->has_finished;
	known->is_over = old->is_over;
	known->boards = old->boards;
	known->events = old->events;
	known->lost_events = old->lost_events;
	store(&process->board.counts->lost_events, old->lost_events);
	if (!before->board.base)
		return;
	known->first_unix_ns = old->first_unix_ns;
	if (old->last_unix_ns > known->last_unix_ns) {
		known->last_unix_ns = old->last_unix_ns;
		known->last_ns = old->last_ns;
	}
}

/* A process whose board is the copy. Returns NULL for what is none of it, and without memory. */
static struct process *process_load(const struct statedump *dump, uint32_t index,
				    const struct trace_event *last)
{
	const struct trace_event record = { .number = (int32_t)dump->pid,
					    .text = dump->host,
					    .name = "" };
	struct process *process = process_new(index, &record);
	const struct vigil_process_record *its;

	if (!process)
		return NULL;
	if (board_load(&process->board, dump->bytes, dump->size, NULL)) {
		process_free(process);
		return NULL;
	}
	its = process->board.process;
	if (its->pid != dump->pid || its->start_ticks != dump->start_ticks ||
	    process_copied(process, dump->begin_ns, dump->end_ns)) {
		process_free(process);
		return NULL;
	}
	process_show(process);
	process->known.last_ns = last->ns;
	process->known.last_unix_ns = process->known.first_unix_ns = last->unix_ns;
	return process;
}

/* Puts it in the place of what was known; who points to that points to it then. */
static void process_replace(struct trace *trace, struct process *process, struct process *known)
{
	struct process was = *known;

	*known = *process;
	*process = was;
	board_moved(&known->board);
	board_moved(&process->board);
	process_show(known);
	known->known.boards++;
	/* Its board may be read until somebody says that it is not. dump_begin saw to room. */
	if (trace->options.has_readers)
		trace->gone[trace->gone_count++] = process;
	else
		process_free(process);
}

/* Takes the process over. */
static void process_take(struct trace *trace, const struct statedump *dump, struct process *process)
{
	struct process *known = process_find(trace, dump);

	/* It began meanwhile, and this is of its life before. */
	if (known && known->known.is_whole) {
		process_free(process);
		return;
	}
	if (known)
		known_carry(process, known);
	notes_apply(dump, process);
	if (known)
		process_replace(trace, process, known);
	else if (!process_put(trace, process))
		return;
	trace->epoch++;
}

/* ---- Pieces ---- */

/* When nobody lets go of those that were replaced, no more are. */
static bool has_room_to_leave(struct trace *trace)
{
	if (!trace->gone)
		trace->gone = calloc(GONE_MAX, sizeof(struct process *));
	return trace->gone && trace->gone_count + trace->dump_count < GONE_MAX;
}

static bool dump_put(struct trace *trace, const struct statedump *dump)
{
	struct statedump *more;

	if (trace->dump_count == DUMPS_MAX || !has_room_to_leave(trace))
		return false;
	more = realloc(trace->dumps, (trace->dump_count + 1) * sizeof(*more));
	if (!more)
		return false;
	trace->dumps = more;
	trace->dumps[trace->dump_count++] = *dump;
	return true;
}

static void dump_begin(struct trace *trace, const struct trace_event *part)
{
	struct statedump dump = {
		.pid = (uint32_t)part->number,
		.start_ticks = part->object,
		.recorder = part->id,
		.next = 1,
		.begin_ns = part->ns,
	};
	const struct process *process;

	snprintf(dump.host, sizeof(dump.host), "%s", part->text);
	process = process_find(trace, &dump);
	if (!process || !process->known.is_whole)
		dump_put(trace, &dump);
}

/* The first piece tells how large the board's file is; and the copy had been made by then. */
static bool bytes_make(struct statedump *dump, const struct trace_event *part)
{
	void *bytes = MAP_FAILED;

	if (part->other && part->other <= BOARD_MAX)
		bytes = mmap(NULL, part->other, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return false;
	dump->bytes = bytes;
	dump->size = part->other;
	dump->end_ns = part->ns;
	return true;
}

/* Returns false for what is not the next piece of it. */
static bool piece_put(struct statedump *dump, const struct trace_event *part)
{
	size_t size;
	void *bytes;

	if (part->state != dump->next++ || part->object != dump->start_ticks ||
	    (!dump->bytes && !bytes_make(dump, part)))
		return false;
	/* Its first word says how many it makes. */
	if (part->words[0] > BOARD_PIECE / sizeof(uint64_t))
		return false;
	bytes = unpack(part->words, part->word_count * sizeof(*part->words), &size);
	if (!bytes)
		return false;
	if (size > dump->size || part->value > dump->size - size) {
		free(bytes);
		return false;
	}
	memcpy(dump->bytes + part->value, bytes, size);
	free(bytes);
	return true;
}

/* Whether nothing is missing before the last piece, which has no words. */
static bool is_complete(const struct statedump *dump, const struct trace_event *part)
{
	return part->state == dump->next && part->flags == part->state && dump->bytes &&
	       part->object == dump->start_ticks;
}

static void dump_complete(struct trace *trace, const struct statedump *dump,
			  const struct trace_event *last)
{
	const struct process *known = process_find(trace, dump);
	struct process *process =
		process_load(dump, known ? known->known.index : trace->count, last);

	if (process)
		process_take(trace, dump, process);
}

void statedump_take(struct trace *trace, const struct trace_event *part)
{
	size_t index = dump_find(trace, part);
	bool is_known = index < trace->dump_count;

	if (is_known && part->state && part->word_count && piece_put(&trace->dumps[index], part))
		return;
	if (is_known && part->state && !part->word_count && is_complete(&trace->dumps[index], part))
		dump_complete(trace, &trace->dumps[index], part);
	if (is_known)
		dump_drop(trace, index);
	if (!part->state)
		dump_begin(trace, part);
}

/* ---- Flight recorders ---- */

/* The copy is put aside, and the process is as one that was there before the trace. */
static void copy_defer(struct trace *trace, struct process *process)
{
	struct process *loaded = malloc(sizeof(*loaded));
	struct statedump dump = {
		.pid = process->known.pid,
		.start_ticks = process->board.process->start_ticks,
		.begin_ns = process->copied_begin_ns,
		.end_ns = process->copied_end_ns,
		.loaded = loaded,
	};

	memcpy(dump.host, process->known.host, sizeof(dump.host));
	if (!loaded || !dump_put(trace, &dump)) {
		free(loaded);
		return;
	}
	*loaded = *process;
	board_moved(&loaded->board);
	memset(&process->board, 0, sizeof(process->board));
	process->copied_begin_ns = process->copied_end_ns = 0;
	process->copied_last_ns = NULL;
	process->copied_workers = 0;
	process->known.board = NULL;
	process->known.base = NULL;
	process->known.is_whole = false;
	process->known.last_unix_ns = process->known.first_unix_ns = 0;
}

/* The copy takes its place. */
static void copy_place(struct trace *trace, struct statedump *dump)
{
	struct process *loaded = dump->loaded;

	dump->loaded = NULL;
	process_take(trace, dump, loaded);
}

void statedump_pass(struct trace *trace, struct process *process, const struct trace_event *event)
{
	if (process->is_late && event->ns < process->copied_begin_ns)
		copy_defer(trace, process);
	process->is_late = false;
	for (size_t i = trace->dump_count; i--;) {
		struct statedump *dump = &trace->dumps[i];

		if (!dump->loaded || event->ns <= dump->end_ns || !is_of(dump, process))
			continue;
		copy_place(trace, dump);
		dump_drop(trace, i);
	}
}

void statedump_finish(struct trace *trace)
{
	for (size_t i = trace->dump_count; i--;) {
		if (trace->dumps[i].loaded)
			copy_place(trace, &trace->dumps[i]);
		dump_drop(trace, i);
	}
}
