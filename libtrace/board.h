/* SPDX-License-Identifier: MIT */
/*
 * A board as its writer holds it: where the tables are, how records are taken
 * and given back, and the private half of each thread's worker record.
 *
 * Three kinds of writer share these functions: the live library, the reader of
 * traces and the client of a remote program. So nothing here reads a clock or
 * asks which thread it is on: board, time and lane come as arguments.
 */
#ifndef LIBTRACE_BOARD_H
#define LIBTRACE_BOARD_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "libtrace/atomic.h"
#include <vigil/board.h>

struct board;

#define LANE_FRAMES 16
#define LANE_EDGES 256
#define RING_EVENTS 256
#define RING_MESSAGES 64
#define ATTRS_PER_OBJECT 64

/* A poll that runs on a lane. */
struct frame {
	uint64_t task;
	struct vigil_task_record *record; /* NULL: accounted elsewhere, or ended */
	uint64_t begin_ns;
};

/* Ids that a lane may give out: those after last, up to end. */
struct id_block {
	uint64_t last, end;
};

/*
 * Free records that a lane keeps for itself, index plus one. Of a small table none: in
 * the end all lanes could keep what one of them needs.
 */
#define LANE_SPARES 7
#define SPARES_SHARE 64 /* at most this part of a table is kept */

struct spares {
	uint32_t count;
	uint32_t records[LANE_SPARES];
};

/*
 * The private half of a worker record: what its one thread needs at hand. One
 * thread writes a lane at a time. Cells and edges stay with the lane when the
 * record is given to another thread: they are sums.
 */
struct lane {
	alignas(128) struct board *board; /* NULL in a forked child: the memory is wiped on fork */
	struct vigil_worker_record *record;
	uint64_t ref;
	uint32_t index;
	uint32_t depth;          /* frames in use */
	uint32_t dropped_frames; /* polls that found no frame and run */
	uint64_t dropped_tasks;  /* a bit for each of their tasks, by hash */
	uint32_t ring_mask;
	struct vigil_event_record *ring; /* NULL: no space for it */
	struct vigil_message_record *messages;
	uint32_t *cells; /* by site: its cell, plus one */
	struct frame frames[LANE_FRAMES];
	uint32_t edges[LANE_EDGES]; /* by hash of its sites: the edge, plus one */
	struct id_block ids[VIGIL_TABLES];
	struct spares spares[VIGIL_TABLES];
};

/*
 * The last finished records, index + 1, 0 where one was taken out early. A ring that
 * was never used, or whose thread is gone, has retired 0.
 */
struct ring {
	alignas(128) uint64_t retired; /* records ever put into it */
	uint64_t first;                /* before it, all were taken out */
	uint32_t *slots;
};

#define OWN_RINGS 32 /* of lanes that have one: those with the lowest indexes */

/*
 * How a table's records come and go. Private to the writer. What every spawn
 * writes stands on lines of its own, away from what every poll reads.
 */
struct pool {
	uint32_t ring_size;   /* how many finished ones stay visible */
	uint32_t next_offset; /* of `next` in the record */
	uint32_t gen_first;   /* generation of a record's first use */
	uint32_t used;        /* the table's own, where reading it costs nothing */
	uint32_t spares;      /* how many free ones each lane may keep */
	uint32_t sharing;     /* lanes' own rings in use */
	uint32_t gen_high;    /* highest generation given out */
	struct ring *own;     /* by lane; NULL: the table has none */

	alignas(128) uint64_t free; /* tag << 32 | index + 1: a stack through `next` */
	uint64_t serial;            /* ids given out, or in a lane's block of them */
	struct ring all;
};

struct board {
	uint8_t *base;
	size_t size;
	int fd;              /* -1: private memory, all of it there */
	uint32_t turn;       /* of the live boards of this process; see site_of in live.h */
	bool is_replay;      /* which record an object gets is said, not chosen: pool_take */
	uint64_t replaced;   /* live records that a replay had to give to another object */
	uint64_t file[2];    /* its device and inode: a program may close our fd */
	uint32_t *fork_mark; /* 1; wiped to 0 in a forked child */
	struct vigil_header *header;
	struct vigil_table_header *tables;
	struct vigil_process_record *process;
	struct vigil_counts_record *counts;
	uint8_t *records[VIGIL_TABLES];
	struct pool pools[VIGIL_TABLES];
	struct lane *lanes;             /* by worker index */
	uint32_t refused[VIGIL_TABLES]; /* claims since the file system first said no */
	uint32_t *cells;                /* of all lanes */
	uint8_t *private;               /* what lanes, cells and rings stand in */
	size_t private_size;
};

/* What a replay wants a new object to be called, as it was live. All 0: no matter. */
struct wanted {
	uint64_t ref;
	uint64_t id;
};

#define ANY ((struct wanted){ 0, 0 })

#define WORKERS_MAX 16384
#define SITES_MAX 65535 /* fits beside a board's turn: site_of in live.h */

struct board_shape {
	uint32_t capacity[VIGIL_TABLES];
	uint32_t retain[VIGIL_TABLES];    /* finished records that stay visible */
	uint32_t gen_first[VIGIL_TABLES]; /* 0: 1 */
};

/* ---- board.c ---- */

/* Fills a shape with the defaults that vigil.h documents. */
void board_shape_default(struct board_shape *ret_shape);

/* Returns the bytes that a board's file spans. */
size_t board_size(const struct board_shape *shape);

/*
 * Makes a board in fd (an empty file, then owned by the board), or in private
 * memory when fd is -1. The process record stays to be filled; the board is not
 * valid for readers before board_publish. Returns 0, -EINVAL for a shape that no
 * board can have (it may come from a trace), -ENOSPC, -ENOMEM, or what the file
 * system said.
 */
int board_init(struct board *board, int fd, const struct board_shape *shape);
void board_publish(struct board *board);

/*
 * Lets go of a board inherited by fork. Its lanes and its mark, wiped by then,
 * stay mapped: threads still look at them to find that out.
 */
void board_leave(struct board *board);

/* A private board that no thread uses was moved to here. */
void board_moved(struct board *board);

/* Unmaps a board that no thread uses. */
void board_fini(struct board *board);

/*
 * Makes sure that records [0, count) of a table have storage. Any thread.
 * Returns false when there is none. Saves errno.
 */
bool board_claim(struct board *board, uint32_t table, uint32_t count);

/* ---- board_load.c ---- */

/*
 * Makes a private board for a replay out of a board's file, or an image of one: all
 * that was recorded in it so far, and a writer's private half with which to go on.
 * The bytes are hostile until checked here, and nobody should write them meanwhile.
 * at_least, or NULL, is room that the board must have beyond what they say.
 *
 * Of a file the private half is guessed from the records: a poll of an ended task,
 * and one deeper than a worker holds, are not known, and the order in which tasks
 * ended is that of their times.
 *
 * Returns 0, -EBADMSG for bytes that are no board, -EPROTONOSUPPORT for those of
 * another version, or -ENOMEM.
 */
int board_load(struct board *board, const void *bytes, size_t size,
	       const struct board_shape *at_least);

/* ---- board_image.c ---- */

/*
 * An image of a board: a file of it cut down to what is used, which readers open as
 * any other, with the private half behind it. What board_load makes of it goes on
 * exactly as the board would have, but for which free histogram is whose next.
 */
size_t board_image_size(const struct board *board);
void board_image_save(const struct board *board, void *image);

/* ---- pool.c ---- */

/*
 * Takes a record, zero but for seq and gen, with seq odd. want is a reference
 * whose index and generation it must get (a replay), 0 for any. Returns its
 * reference, 0 when there is none.
 *
 * A replay takes the record whatever it is: ended, as its neighbour in the ring
 * was freed first, or live, as its end was lost (counted in board->replaced). It
 * takes none that it does not want: the object found none when it was made. Only
 * histograms and attributes, which no reference names, are any record's there too.
 */
uint64_t pool_take(struct board *board, struct lane *lane, uint32_t table, uint64_t want);

/* Frees what belongs to a finished record, and marks it free; it is the caller's then. */
void pool_reclaim(struct board *board, struct lane *lane, uint32_t table, uint32_t index);

/* Gives a record back for reuse. */
void pool_give(struct board *board, struct lane *lane, uint32_t table, uint32_t index);

/* How many free records each of so many lanes may keep. */
uint32_t pool_spares(uint32_t capacity, uint32_t lanes);

/* A lane closes: others may have what it kept. */
void pool_spares_give(struct lane *lane);

/*
 * The next id of a table's objects: 1, 2, 3, ... (of operations and spans each lane
 * has a block of them); or the one a replay wants, from which on they are then counted.
 */
uint64_t pool_serial(struct board *board, struct lane *lane, uint32_t table, uint64_t want);

/* Records [0, count) of a table are in use from now on. */
void board_use(struct board *board, uint32_t table, uint32_t count);

/* Takes the next record of a `fixed` table. Returns its index plus one, or 0. */
uint32_t fixed_take(struct board *board, uint32_t table);

/* ---- ring.c ---- */

/* The record ended: it stays visible until enough others have ended. */
void ring_retire(struct board *board, struct lane *lane, uint32_t table, uint32_t index);

/* A full table gives up a finished record, the lane's own first. Index plus one, or 0. */
uint32_t ring_steal(struct board *board, struct lane *lane, uint32_t table);

/* A lane closes: what stands in its own rings goes to those of all. */
void ring_close(struct lane *lane);

/* A replay takes an ended record out of the ring, wherever that stands. */
void ring_remove(struct board *board, uint32_t table, uint32_t index);

/* ---- describe.c ---- */

/* Returns the bytes of the header, table headers, fields and words. */
size_t describe_size(void);

/* Writes them, all but the magic. Table offsets and capacities are the caller's. */
void describe_write(uint8_t *base);

/* Name and size of a table's records, as this version has them. */
struct table_kind {
	const char *name;
	uint32_t record_size;
	uint32_t how;
};
extern const struct table_kind table_kinds[VIGIL_TABLES];

/* ---- records ---- */

static inline void *record_at(const struct board *board, uint32_t table, uint32_t index)
{
	return board->records[table] + (size_t)index * table_kinds[table].record_size;
}

#define RECORD_AT(board, name, index)                                                              \
	((struct vigil_##name##_record *)(board)->records[VIGIL_TABLE_##name] + (index))

/*
 * Finds the record a reference names. A reference is foreign data: its table
 * and index are checked here, its generation by RECORD_OF. The difference
 * checks both in one comparison.
 */
static inline bool ref_is_in(const struct board *board, uint32_t table, uint64_t ref)
{
	return (uint32_t)ref - (table << VIGIL_REF_INDEX_BITS) < load(&board->pools[table].used);
}

/* Returns the record of a reference, NULL when it is none or stale. */
#define RECORD_OF(board, name, ref)                                                                \
	(ref_is_in((board), VIGIL_TABLE_##name, (ref)) &&                                          \
			 load(&RECORD_AT(board, name, vigil_ref_index(ref))->gen) ==               \
				 vigil_ref_gen(ref) ?                                              \
		 RECORD_AT(board, name, vigil_ref_index(ref)) :                                    \
		 NULL)

/* Counts what went wrong; any thread. */
#define COUNT(board, field) ((void)fetch_add(&(board)->counts->field, 1))

/* Copies text into a record's field, cut to fit, NUL-padded. */
void text_put(char *field, size_t size, const char *text);

#endif
