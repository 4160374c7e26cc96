/* SPDX-License-Identifier: MIT */
/*
 * Images: a board cut down to what is used, to go on from.
 *
 * The law: size and save walk over the same things in the same order; what is read
 * back is hostile, as an image may be kept in a file.
 */
#include "libtrace/board_image.h"

#include <errno.h>
#include <string.h>

static size_t aligned(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* ---- Saving ---- */

/* From the oldest that may still stand; of a ring in use, at least one place. */
static uint32_t ring_entries(const struct pool *pool, const struct ring *ring)
{
	uint64_t first;

	if (!ring || !ring->retired)
		return 0;
	first = ring->retired > pool->ring_size ? ring->retired - pool->ring_size : 0;
	if (first < ring->first)
		first = ring->first;
	return (uint32_t)(first < ring->retired ? ring->retired - first : 1);
}

/* A lane without a poll has nothing that its worker record does not tell. */
static bool is_polling(const struct board *board, uint32_t worker)
{
	const struct lane *lane = &board->lanes[worker];

	return lane->depth || lane->dropped_frames;
}

static size_t rings_size(const struct pool *pool)
{
	size_t entries = ring_entries(pool, &pool->all);

	for (uint32_t i = 0; pool->own && i < OWN_RINGS; i++)
		entries += ring_entries(pool, &pool->own[i]);
	return entries * sizeof(uint32_t);
}

static size_t tables_end(const struct board *board)
{
	size_t size = aligned(describe_size());

	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		size += (size_t)board->tables[i].used * table_kinds[i].record_size;
	return size;
}

size_t board_image_size(const struct board *board)
{
	size_t size = tables_end(board) + sizeof(struct image_head);

	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++)
		size += is_polling(board, i) ? sizeof(struct image_lane) : 0;
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		size += rings_size(&board->pools[i]);
	return size;
}

static uint8_t *tables_save(const struct board *board, uint8_t *image)
{
	struct vigil_header *header = (struct vigil_header *)(void *)image;
	size_t at = aligned(describe_size());
	struct vigil_table_header *table;

	memset(image, 0, at);
	memcpy(image, board->base, describe_size());
	header->file_size = tables_end(board);
	/* Of a board that nobody was to read yet, too. */
	memcpy(header->magic, VIGIL_MAGIC, sizeof(header->magic));
	table = (void *)(image + board->header->tables_offset);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++, table++) {
		size_t bytes = (size_t)table->used * table->record_size;

		table->offset = at;
		table->capacity = table->claimed = table->used;
		memcpy(image + at, board->records[i], bytes);
		at += bytes;
	}
	return image + at;
}

static void lane_save(const struct board *board, const struct lane *lane, uint8_t *at)
{
	struct image_lane saved = { .worker = lane->index,
				    .depth = lane->depth,
				    .dropped_frames = lane->dropped_frames,
				    .dropped_tasks = lane->dropped_tasks };

	for (uint32_t i = 0; i < lane->depth; i++) {
		const struct frame *frame = &lane->frames[i];
		const struct vigil_task_record *first = RECORD_AT(board, task, 0);

		saved.frames[i].task = frame->task;
		saved.frames[i].begin_ns = frame->begin_ns;
		saved.frames[i].record = frame->record ? (uint32_t)(frame->record - first) + 1 : 0;
	}
	memcpy(at, &saved, sizeof(saved));
}

static uint8_t *ring_save(const struct pool *pool, const struct ring *ring, uint8_t *at)
{
	for (uint32_t i = ring_entries(pool, ring); i; i--, at += sizeof(uint32_t))
		memcpy(at, &ring->slots[(ring->retired - i) % pool->ring_size], sizeof(uint32_t));
	return at;
}

static uint8_t *rings_save(struct pool *pool, struct image_pool *saved, uint8_t *at)
{
	saved->ring_size = pool->ring_size;
	for (uint32_t i = 0; i <= OWN_RINGS; i++) {
		saved->ended[i] = ring_entries(pool, pool_ring(pool, i));
		at = ring_save(pool, pool_ring(pool, i), at);
	}
	return at;
}

void board_image_save(const struct board *board, void *image)
{
	struct image_head head = { .magic = "",
				   .head_size = sizeof(head),
				   .lane_size = sizeof(struct image_lane),
				   .replaced = board->replaced };
	uint8_t *private = tables_save(board, image);
	uint8_t *at = private + sizeof(head);

	memcpy(head.magic, IMAGE_MAGIC, sizeof(head.magic));
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++) {
		if (!is_polling(board, i))
			continue;
		lane_save(board, &board->lanes[i], at);
		at += sizeof(struct image_lane);
		head.lanes++;
	}
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		head.pools[i].capacity = board->tables[i].capacity;
		at = rings_save((struct pool *)&board->pools[i], &head.pools[i], at);
	}
	memcpy(private, &head, sizeof(head));
}

/* ---- Loading ---- */

static uint64_t saved_size(const struct image_pool *pool, uint32_t rings)
{
	uint64_t entries = 0;

	for (uint32_t i = 0; i < rings; i++)
		entries += pool->ended[i];
	return entries * sizeof(uint32_t);
}

int image_find(const uint8_t *bytes, size_t size, struct image *ret_image)
{
	struct image_head *head = &ret_image->head;
	struct vigil_header header;
	uint64_t rings = 0;
	size_t left;

	memcpy(&header, bytes, sizeof(header));
	if (header.file_size > size)
		return -EBADMSG;
	left = size - header.file_size;
	if (left < sizeof(*head))
		return 0;
	bytes += header.file_size;
	memcpy(head, bytes, sizeof(*head));
	if (memcmp(head->magic, IMAGE_MAGIC, sizeof(head->magic)))
		return 0;
	left -= sizeof(*head);
	if (head->head_size != sizeof(*head) || head->lane_size != sizeof(struct image_lane) ||
	    head->lanes > left / sizeof(struct image_lane))
		return -EBADMSG;
	left -= head->lanes * sizeof(struct image_lane);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		rings += saved_size(&head->pools[i], OWN_RINGS + 1);
		if (rings > left)
			return -EBADMSG;
	}
	ret_image->lanes = bytes + sizeof(*head);
	ret_image->rings = ret_image->lanes + head->lanes * sizeof(struct image_lane);
	return 1;
}

const uint8_t *image_ring(const struct image *image, uint32_t table, uint32_t which)
{
	const uint8_t *ring = image->rings;

	for (uint32_t i = 0; i < table; i++)
		ring += saved_size(&image->head.pools[i], OWN_RINGS + 1);
	return ring + saved_size(&image->head.pools[table], which);
}

static void lane_restore(struct board *board, const struct image_lane *saved)
{
	uint32_t tasks = board->tables[VIGIL_TABLE_task].used;
	struct lane *lane = &board->lanes[saved->worker];

	lane->dropped_frames = saved->dropped_frames;
	lane->dropped_tasks = saved->dropped_tasks;
	lane->depth = saved->depth;
	for (uint32_t i = 0; i < lane->depth; i++) {
		uint32_t record = saved->frames[i].record;

		lane->frames[i].task = saved->frames[i].task;
		lane->frames[i].begin_ns = saved->frames[i].begin_ns;
		lane->frames[i].record =
			record && record <= tasks ? RECORD_AT(board, task, record - 1) : NULL;
	}
}

void image_frames(const struct image *image, struct board *board)
{
	struct image_lane saved;

	for (uint32_t i = 0; i < image->head.lanes; i++) {
		memcpy(&saved, image->lanes + i * sizeof(saved), sizeof(saved));
		if (saved.worker < board->tables[VIGIL_TABLE_worker].used &&
		    RECORD_AT(board, worker, saved.worker)->life == VIGIL_LIFE_LIVE &&
		    saved.depth <= LANE_FRAMES)
			lane_restore(board, &saved);
	}
}
