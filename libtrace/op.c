/* SPDX-License-Identifier: MIT */
/* Async operations: a task's use of a resource, from call to result. */
#include "libtrace/apply.h"

uint64_t board_op_new(struct board *board, struct lane *lane, uint64_t now, struct wanted want,
		      uint32_t site, uint64_t resource, uint64_t parent, const char *source)
{
	uint64_t ref = pool_take(board, lane, VIGIL_TABLE_op, want.ref);
	struct vigil_resource_record *r;
	struct vigil_op_record *op;

	if (!ref) {
		COUNT(board, lost_ops);
		return 0;
	}
	op = RECORD_AT(board, op, vigil_ref_index(ref));
	store(&op->site, site);
	store(&op->id, pool_serial(board, lane, VIGIL_TABLE_op, want.id));
	store(&op->resource, resource);
	store(&op->task, lane_task(lane));
	store(&op->parent, parent);
	store(&op->created_ns, now);
	text_put(op->source, sizeof(op->source), source);
	store(&op->life, VIGIL_LIFE_LIVE);
	write_end(&op->seq);
	r = RECORD_OF(board, resource, resource);
	if (r)
		fetch_add(&r->ops, 1);
	else
		ref_misused(board, resource);
	if (lane)
		lane_event(lane, now, VIGIL_EVENT_OP, site, lane_task(lane), ref);
	return ref;
}

static struct vigil_op_record *op_of(struct board *board, uint64_t ref)
{
	struct vigil_op_record *op = RECORD_OF(board, op, ref);

	if (!op)
		ref_misused(board, ref);
	else if (load(&op->life) != VIGIL_LIFE_LIVE)
		COUNT(board, misused_ended);
	else
		return op;
	return NULL;
}

void board_op_poll_begin(struct board *board, uint64_t now, uint64_t ref)
{
	struct vigil_op_record *op = op_of(board, ref);

	if (!op)
		return;
	/* A begin later than the end says that a poll runs, so it must be later. */
	if (now <= load(&op->poll_end_ns))
		now = load(&op->poll_end_ns) + 1;
	write_begin(&op->seq);
	store(&op->poll_begin_ns, now);
	write_end(&op->seq);
}

static bool is_polled(const struct vigil_op_record *op)
{
	return load(&op->poll_begin_ns) > load(&op->poll_end_ns);
}

static void poll_end(struct vigil_op_record *op, uint64_t now, bool is_ready)
{
	uint64_t begin = load(&op->poll_begin_ns);

	if (now < begin)
		now = begin;
	write_begin(&op->seq);
	store(&op->poll_end_ns, now);
	add(&op->polls, 1);
	add(&op->busy_ns, now - begin);
	store(&op->is_ready, is_ready);
	write_end(&op->seq);
}

void board_op_poll_end(struct board *board, uint64_t now, uint64_t ref, bool is_ready)
{
	struct vigil_op_record *op = op_of(board, ref);

	if (!op)
		return;
	if (is_polled(op))
		poll_end(op, now, is_ready);
	else
		COUNT(board, misused_balance);
}

void board_op_free(struct board *board, struct lane *lane, uint64_t now, uint64_t ref)
{
	struct vigil_op_record *op = op_of(board, ref);
	struct vigil_cell_record *cell;
	uint32_t live = VIGIL_LIFE_LIVE;

	if (!op)
		return;
	if (now < load(&op->poll_begin_ns))
		now = load(&op->poll_begin_ns);
	/* Before life, so that who sees the end sees when. */
	store(&op->ended_ns, now);
	if (!compare_swap(&op->life, &live, VIGIL_LIFE_ENDED)) {
		COUNT(board, misused_ended);
		return;
	}
	if (is_polled(op))
		poll_end(op, now, true);
	cell = lane_cell(lane, load(&op->site));
	if (cell) {
		add(&cell->spawned, 1);
		add(&cell->completed, 1);
		cell_busy(cell, load(&op->busy_ns), vigil_bucket(load(&op->busy_ns)));
		cell_delay(cell, elapsed(now, load(&op->created_ns)),
			   vigil_bucket(elapsed(now, load(&op->created_ns))));
	}
	ring_retire(board, lane, VIGIL_TABLE_op, vigil_ref_index(ref));
}
