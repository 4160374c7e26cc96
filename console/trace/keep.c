/* SPDX-License-Identifier: MIT */
/*
 * Keyframes of a trace: where it stood, and of each process what is known of it and
 * an image of its board.
 *
 * The law: a keyframe may come from a file, so it is hostile. Sizes are checked here,
 * images by board_load.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/trace/beside.h"

#define KEEP_MAGIC UINT64_C(0x325045454b474956) /* VIGKEEP2: raised when what follows changes */
#define PROCESSES_MAX 65535

struct keep {
	uint64_t magic;
	uint64_t size; /* of all of it */
	uint64_t unix_ns;
	uint64_t equal; /* events at that moment that are in it */
	uint64_t now;
	uint64_t processes;
};

/* Followed by the image, if it has a board; sizes are multiples of 8. */
struct keep_process {
	struct trace_process known;
	struct board_shape shape;
	struct adoption adoption;
	uint64_t uuid[2];
	uint64_t is_past, has_vpid, has_finished;
	uint64_t copied_begin_ns, copied_end_ns;
	uint64_t image_size;
};

static size_t round_up(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static size_t image_size(const struct process *process)
{
	return process->board.base ? board_image_size(&process->board) : 0;
}

static size_t keep_size(const struct trace *trace)
{
	size_t size = sizeof(struct keep);

	for (uint32_t i = 0; i < trace->count; i++)
		size += sizeof(struct keep_process) + round_up(image_size(trace->processes[i]));
	return size;
}

static uint8_t *process_keep(const struct process *process, uint8_t *at)
{
	struct keep_process *kept = (struct keep_process *)(void *)at;

	kept->known = process->known;
	kept->known.board = NULL;
	kept->known.base = NULL;
	kept->shape = process->shape;
	kept->adoption = process->adoption;
	memcpy(kept->uuid, process->uuid, sizeof(kept->uuid));
	kept->is_past = process->is_past;
	kept->has_vpid = process->has_vpid;
	kept->has_finished = process->has_finished;
	kept->copied_begin_ns = process->copied_begin_ns;
	kept->copied_end_ns = process->copied_end_ns;
	kept->image_size = image_size(process);
	at += sizeof(*kept);
	if (kept->image_size)
		board_image_save(&process->board, at);
	return at + round_up(kept->image_size);
}

bool trace_can_keep(const struct trace *trace)
{
	return !trace->dump_count;
}

void *trace_keep(const struct trace *trace, size_t *ret_size)
{
	size_t size = keep_size(trace);
	struct keep *keep = calloc(1, size);
	uint8_t *at;

	if (!keep)
		return NULL;
	at = (uint8_t *)(keep + 1);
	*keep = (struct keep){
		.magic = KEEP_MAGIC,
		.size = size,
		.unix_ns = trace->last_unix_ns,
		.equal = trace->equal,
		.now = trace->now,
		.processes = trace->count,
	};
	for (uint32_t i = 0; i < trace->count; i++)
		at = process_keep(trace->processes[i], at);
	*ret_size = size;
	return keep;
}

static bool keep_read(const void *bytes, size_t size, struct keep *ret_keep)
{
	if (size < sizeof(*ret_keep))
		return false;
	memcpy(ret_keep, bytes, sizeof(*ret_keep));
	return ret_keep->magic == KEEP_MAGIC && ret_keep->size == size &&
	       ret_keep->processes <= PROCESSES_MAX;
}

uint64_t trace_keep_time(const void *bytes, size_t size)
{
	struct keep keep;

	return keep_read(bytes, size, &keep) ? keep.unix_ns : 0;
}

/* A byte of a file is no bool yet. */
static void bool_mend(bool *at)
{
	uint8_t byte;

	memcpy(&byte, at, sizeof(byte));
	*at = byte != 0;
}

/* Makes a process again. Returns its bytes in the keyframe, or -errno. */
static int64_t process_restore(struct trace *trace, const uint8_t *at, size_t left)
{
	struct process *process;
	struct keep_process kept;
	int r = 0;

	if (left < sizeof(kept))
		return -EBADMSG;
	memcpy(&kept, at, sizeof(kept));
	if (kept.image_size > left - sizeof(kept))
		return -EBADMSG;
	bool_mend(&kept.known.is_whole);
	bool_mend(&kept.known.is_over);
	bool_mend(&kept.known.is_killed);
	bool_mend(&kept.adoption.is_allowed);
	bool_mend(&kept.adoption.is_gap);
	process = calloc(1, sizeof(*process));
	if (!process)
		return -ENOMEM;
	process->known = kept.known;
	process->known.index = trace->count;
	process->known.board = NULL;
	process->known.base = NULL;
	process->known.host[sizeof(kept.known.host) - 1] = '\0';
	process->known.name[sizeof(kept.known.name) - 1] = '\0';
	process->shape = kept.shape;
	process->adoption = kept.adoption;
	memcpy(process->uuid, kept.uuid, sizeof(process->uuid));
	process->is_past = kept.is_past != 0;
	process->has_vpid = kept.has_vpid != 0;
	process->has_finished = kept.has_finished != 0;
	process->copied_begin_ns = kept.copied_begin_ns;
	process->copied_end_ns = kept.copied_end_ns;
	if (kept.image_size)
		r = board_load(&process->board, at + sizeof(kept), kept.image_size, &kept.shape);
	if (!r && kept.image_size)
		process_show(process);
	if (r) {
		process_free(process);
		return r;
	}
	if (!process_put(trace, process))
		return -ENOMEM;
	return (int64_t)(sizeof(kept) + round_up(kept.image_size));
}

static int processes_restore(struct trace *trace, const uint8_t *bytes, size_t size,
			     uint64_t processes)
{
	size_t at = sizeof(struct keep);

	for (uint64_t i = 0; i < processes; i++) {
		int64_t used = process_restore(trace, bytes + at, size - at);

		if (used < 0)
			return (int)used;
		if ((uint64_t)used > size - at)
			return -EBADMSG;
		at += (size_t)used;
	}
	return 0;
}

int trace_go(struct trace *trace, const void *bytes, size_t size)
{
	struct keep keep = { 0 };
	int r = 0, started;

	if (bytes && !keep_read(bytes, size, &keep))
		r = -EBADMSG;
	trace_empty(trace);
	if (!r && bytes)
		r = processes_restore(trace, bytes, size, keep.processes);
	if (r) {
		trace_empty(trace);
		memset(&keep, 0, sizeof(keep));
	}
	trace->last_unix_ns = trace->skip_unix_ns = keep.unix_ns;
	trace->equal = trace->skip = keep.equal;
	trace->now = keep.now;
	started = keep.unix_ns ? 0 : beside_load(trace);
	if (!started)
		started = child_start(trace, keep.unix_ns);
	if (started)
		trace_fail(trace, "cannot start a process to read %s: %s", trace->what,
			   strerror(-started));
	return r;
}
