/* SPDX-License-Identifier: MIT */
/*
 * The private half of a board, as it stands behind an image's tables: image_head,
 * then image_lane for each lane that polls run on, then of each table the rings of
 * its finished records, oldest first: indexes plus one, 0 where one was taken out.
 *
 * The law: an image of other sizes than these is none; it is made anew from what it
 * was made from.
 */
#ifndef LIBTRACE_BOARD_IMAGE_H
#define LIBTRACE_BOARD_IMAGE_H

#include "libtrace/board.h"

#define IMAGE_MAGIC "VIGILIMG"

struct image_pool {
	uint32_t capacity;
	uint32_t ring_size;
	uint32_t ended[OWN_RINGS + 1]; /* entries of its rings in the image; last that of all */
};

struct image_frame {
	uint64_t task;
	uint64_t begin_ns;
	uint32_t record; /* index plus one, 0 none */
	uint32_t spare;
};

struct image_lane {
	uint32_t worker; /* index */
	uint32_t depth;
	uint32_t dropped_frames;
	uint32_t spare;
	uint64_t dropped_tasks;
	struct image_frame frames[LANE_FRAMES];
};

struct image_head {
	char magic[8];
	uint32_t head_size;
	uint32_t lane_size;
	uint32_t lanes;
	uint32_t spare;
	uint64_t replaced;
	struct image_pool pools[VIGIL_TABLES];
};

/* The private half of an image, checked to lie inside it. */
struct image {
	struct image_head head;
	const uint8_t *lanes;
	const uint8_t *rings;
};

/* Returns 1 found, 0 there is none: a board's own file, or -EBADMSG. */
int image_find(const uint8_t *bytes, size_t size, struct image *ret_image);

/* The polls that ran. The lanes are there, without any. */
void image_frames(const struct image *image, struct board *board);

/* A ring of a table: so many entries as head.pools says, unaligned. */
const uint8_t *image_ring(const struct image *image, uint32_t table, uint32_t which);

/* A ring of a pool by the same number; NULL: there is none. */
static inline struct ring *pool_ring(struct pool *pool, uint32_t which)
{
	if (which == OWN_RINGS)
		return &pool->all;
	return pool->own ? &pool->own[which] : NULL;
}

/* ---- board_lanes.c ---- */

/* Fills the lanes from the records that were loaded. image NULL: a file. 0 or -ENOMEM. */
int lanes_load(struct board *board, const struct image *image);

#endif
