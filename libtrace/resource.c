/* SPDX-License-Identifier: MIT */
/* Resources come and go. Their use is in lock.c, op.c and attr.c. */
#include "libtrace/apply.h"

uint64_t board_resource_new(struct board *board, struct lane *lane, uint64_t now,
			    const struct resource_birth *birth)
{
	uint64_t ref = pool_take(board, lane, VIGIL_TABLE_resource, birth->want.ref);
	struct vigil_resource_record *r;
	struct vigil_cell_record *cell;

	if (!ref) {
		COUNT(board, lost_resources);
		return 0;
	}
	r = RECORD_AT(board, resource, vigil_ref_index(ref));
	store(&r->kind, birth->kind);
	store(&r->site, birth->site);
	store(&r->flags, birth->flags);
	store(&r->parent, birth->parent);
	store(&r->id, pool_serial(board, lane, VIGIL_TABLE_resource, birth->want.id));
	store(&r->created_ns, now);
	text_put(r->type, sizeof(r->type), birth->type);
	text_put(r->name, sizeof(r->name), birth->name);
	store(&r->life, VIGIL_LIFE_LIVE);
	write_end(&r->seq);
	cell = lane_cell(lane, birth->site);
	if (cell)
		add(&cell->spawned, 1);
	if (lane)
		lane_event(lane, now, VIGIL_EVENT_RESOURCE, birth->site, lane_task(lane), ref);
	return ref;
}

void board_resource_free(struct board *board, struct lane *lane, uint64_t now, uint64_t resource)
{
	struct vigil_resource_record *r = RECORD_OF(board, resource, resource);
	struct vigil_cell_record *cell;
	uint32_t live = VIGIL_LIFE_LIVE;

	if (!r) {
		ref_misused(board, resource);
		return;
	}
	/* Before life, so that who sees the end sees when. */
	if (load(&r->life) == VIGIL_LIFE_LIVE)
		store(&r->ended_ns, now);
	if (!compare_swap(&r->life, &live, VIGIL_LIFE_ENDED)) {
		COUNT(board, misused_ended);
		return;
	}
	cell = lane_cell(lane, load(&r->site));
	if (cell) {
		add(&cell->completed, 1);
		add(&cell->life_ns, elapsed(now, load(&r->created_ns)));
	}
	ring_retire(board, lane, VIGIL_TABLE_resource, vigil_ref_index(resource));
}
