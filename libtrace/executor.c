/* SPDX-License-Identifier: MIT */
/* Executors, and what a worker says of itself. */
#include "libtrace/apply.h"

/* Its site's statistics are of tasks, that are often spawned at the same line. */
uint64_t board_executor_new(struct board *board, uint64_t now, struct wanted want, uint32_t site,
			    uint32_t kind, const char *name)
{
	uint64_t ref = pool_take(board, NULL, VIGIL_TABLE_executor, want.ref);
	struct vigil_executor_record *e;

	if (!ref) {
		COUNT(board, lost_executors);
		return 0;
	}
	e = RECORD_AT(board, executor, vigil_ref_index(ref));
	store(&e->kind, kind);
	store(&e->site, site);
	store(&e->id, pool_serial(board, NULL, VIGIL_TABLE_executor, want.id));
	store(&e->created_ns, now);
	text_put(e->name, sizeof(e->name), name);
	store(&e->life, VIGIL_LIFE_LIVE);
	write_end(&e->seq);
	return ref;
}

void board_executor_free(struct board *board, uint64_t now, uint64_t executor)
{
	struct vigil_executor_record *e = RECORD_OF(board, executor, executor);
	uint32_t live = VIGIL_LIFE_LIVE;

	if (!e) {
		ref_misused(board, executor);
		return;
	}
	/* Before life, so that who sees the end sees when. */
	if (load(&e->life) == VIGIL_LIFE_LIVE)
		store(&e->ended_ns, now);
	if (!compare_swap(&e->life, &live, VIGIL_LIFE_ENDED)) {
		COUNT(board, misused_ended);
		return;
	}
	ring_retire(board, NULL, VIGIL_TABLE_executor, vigil_ref_index(executor));
}

void board_executor_queued(struct board *board, uint64_t executor, uint64_t tasks)
{
	struct vigil_executor_record *e = RECORD_OF(board, executor, executor);

	if (!e) {
		ref_misused(board, executor);
		return;
	}
	store(&e->queued, tasks);
	raise_peak(&e->queued_max, tasks);
}

void board_worker_begin(struct lane *lane, uint64_t executor, const char *name)
{
	struct vigil_worker_record *w = lane->record;

	write_begin(&w->seq);
	store(&w->executor, executor);
	text_put(w->name, sizeof(w->name), name);
	write_end(&w->seq);
}

void board_worker_end(struct lane *lane)
{
	struct vigil_worker_record *w = lane->record;

	write_begin(&w->seq);
	store(&w->executor, 0);
	store(&w->park_begin_ns, 0);
	write_end(&w->seq);
}

void board_worker_park(struct lane *lane, uint64_t now)
{
	struct vigil_worker_record *w = lane->record;

	/* A longjmp out of the last one: it ended unseen, this one counts. */
	if (load(&w->park_begin_ns))
		COUNT(lane->board, misused_balance);
	write_begin(&w->seq);
	store(&w->park_begin_ns, now);
	store(&w->last_ns, now);
	write_end(&w->seq);
}

void board_worker_unpark(struct lane *lane, uint64_t now)
{
	struct vigil_worker_record *w = lane->record;
	uint64_t begin = load(&w->park_begin_ns);
	uint64_t parked = now > begin ? now - begin : 0;

	if (!begin) {
		COUNT(lane->board, misused_balance);
		return;
	}
	write_begin(&w->seq);
	store(&w->park_begin_ns, 0);
	add(&w->parks, 1);
	add(&w->parked_ns, parked);
	store(&w->last_ns, now);
	write_end(&w->seq);
	lane_event(lane, begin, VIGIL_EVENT_PARK, 0, 0, parked);
}

void board_worker_wait(struct lane *lane, uint64_t now, uint32_t kind, uint64_t object,
		       uint32_t site)
{
	struct vigil_worker_record *w = lane->record;

	write_begin(&w->seq);
	store(&w->wait_kind, kind);
	store(&w->wait_site, site);
	store(&w->wait_object, object);
	store(&w->wait_since_ns, now);
	store(&w->last_ns, now);
	write_end(&w->seq);
}

void board_worker_resume(struct lane *lane, uint64_t now)
{
	struct vigil_worker_record *w = lane->record;

	if (!load(&w->wait_kind)) {
		COUNT(lane->board, misused_balance);
		return;
	}
	write_begin(&w->seq);
	store(&w->wait_kind, VIGIL_WAIT_NONE);
	store(&w->last_ns, now);
	write_end(&w->seq);
}
