/* SPDX-License-Identifier: MIT */
/*
 * The lanes of a board that was loaded: their statistics, rings, and the polls that
 * ran on them.
 *
 * The law: as board_load.c's. A task is marked as being polled only while some lane
 * has a frame of it, or a thread without a worker record polls it.
 */
#include "libtrace/board_image.h"

#include <errno.h>
#include <stdlib.h>

#include "libtrace/lane.h"

/* A poll, as its task's record tells of it. */
struct polled {
	struct lane *lane;
	struct vigil_task_record *record;
	uint64_t begin_ns;
};

static int outermost_first(const void *a, const void *b)
{
	const struct polled *x = a, *y = b;

	if (x->lane != y->lane)
		return x->lane < y->lane ? -1 : 1;
	if (x->begin_ns != y->begin_ns)
		return x->begin_ns < y->begin_ns ? -1 : 1;
	return x->record < y->record ? -1 : x->record > y->record;
}

static uint64_t ref_of(const struct board *board, const struct vigil_task_record *t)
{
	return vigil_ref_make(VIGIL_TABLE_task, (uint32_t)(t - RECORD_AT(board, task, 0)), t->gen);
}

/* The polls on lanes that live, to be freed; NULL: no memory. What no lane has is no poll. */
static struct polled *polled_find(struct board *board, size_t *ret_count)
{
	uint32_t used = board->tables[VIGIL_TABLE_task].used;
	struct polled *all;
	size_t count = 0;

	for (uint32_t i = 0; i < used; i++)
		count += RECORD_AT(board, task, i)->depth != 0;
	all = malloc((count + 1) * sizeof(*all));
	if (!all)
		return NULL;
	count = 0;
	for (uint32_t i = 0; i < used; i++) {
		struct vigil_task_record *t = RECORD_AT(board, task, i);
		struct lane *lane = lane_of(board, t->worker);

		if (t->depth && lane && t->life != VIGIL_LIFE_FREE)
			all[count++] = (struct polled){ lane, t, t->poll_begin_ns };
		else
			t->depth = t->depth && !t->worker && t->life != VIGIL_LIFE_FREE;
	}
	*ret_count = count;
	return all;
}

static void frame_put(struct lane *lane, uint64_t task, struct vigil_task_record *record,
		      uint64_t begin_ns)
{
	if (lane->depth == LANE_FRAMES) {
		if (record)
			record->depth = 0;
		return;
	}
	if (record)
		record->depth = 1;
	lane->frames[lane->depth++] = (struct frame){ task, record, begin_ns };
}

/* The innermost poll may be of a task that has ended, or of none that is known. */
static void top_put(struct lane *lane)
{
	const struct vigil_worker_record *w = lane->record;

	if (w->depth > lane->depth && w->task && w->task != lane_task(lane))
		frame_put(lane, w->task, NULL, w->poll_begin_ns);
}

static void worker_tell(struct lane *lane)
{
	struct vigil_worker_record *w = lane->record;

	w->depth = lane->depth;
	w->task = lane_task(lane);
	w->poll_begin_ns = lane->depth ? lane->frames[0].begin_ns : 0;
}

static int frames_guess(struct board *board)
{
	size_t count;
	struct polled *all = polled_find(board, &count);

	if (!all)
		return -ENOMEM;
	qsort(all, count, sizeof(*all), outermost_first);
	for (size_t i = 0; i < count; i++)
		frame_put(all[i].lane, ref_of(board, all[i].record), all[i].record,
			  all[i].begin_ns);
	free(all);
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++) {
		struct lane *lane = &board->lanes[i];

		if (lane->record->life != VIGIL_LIFE_LIVE)
			continue;
		top_put(lane);
		worker_tell(lane);
	}
	return 0;
}

int lanes_load(struct board *board, const struct image *image)
{
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++)
		lane_adopt(board, i);
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_cell].used; i++)
		lane_cell_adopt(board, i);
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_edge].used; i++)
		lane_edge_adopt(board, i);
	if (!image)
		return frames_guess(board);
	image_frames(image, board);
	return 0;
}

void board_moved(struct board *board)
{
	for (uint32_t i = 0; board->base && i < board->tables[VIGIL_TABLE_worker].used; i++)
		board->lanes[i].board = board;
}
