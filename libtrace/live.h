/* SPDX-License-Identifier: MIT */
/*
 * The live board of this process, and this thread's lane on it. Every public
 * call starts with call_begin.
 */
#ifndef LIBTRACE_LIVE_H
#define LIBTRACE_LIVE_H

#include "libtrace/board.h"
#include "libtrace/lane.h"

#include <vigil/vigil.h>

/* The board calls write to; NULL when nothing records. */
extern struct board *live_board;

/* This thread's lane: maybe of an earlier board, maybe wiped by fork. */
extern __thread struct lane *this_lane __attribute__((tls_model("initial-exec")));

struct call {
	struct board *board;
	struct lane *lane; /* NULL: no worker record was left */
};

/*
 * The first call of a thread, of a forked child, or after vigil_fini. makes_board:
 * may make the forked child's. By value: both halves travel in registers.
 */
struct call call_begin_slow(bool makes_board);

static inline struct call call_begin_as(bool makes_board)
{
	struct call call = { load_acquire(&live_board), this_lane };

	if (unlikely(!call.lane || !call.board || call.lane->board != call.board))
		return call_begin_slow(makes_board);
	return call;
}

/* The board is NULL when nothing records. */
static inline struct call call_begin(void)
{
	return call_begin_as(true);
}

/*
 * The same for wakes. One may be made in a signal handler, which may not make a
 * board; and before a forked child has one, no task of its own can be woken.
 */
static inline struct call call_begin_wake(void)
{
	return call_begin_as(false);
}

/* The worker of a call, as tracepoints name it. */
static inline uint64_t call_worker(const struct call *call)
{
	return call->lane ? call->lane->ref : 0;
}

/* ---- site.c ---- */

/* Returns a site's index plus one on this board; 0 for NULL or a full table. */
uint32_t site_slow(struct board *board, struct vigil_site *site, enum vigil_site_kind kind);

/*
 * A site remembers its index together with the board's turn, so that sites of
 * another board (before a fork, before vigil_fini) are not believed.
 */
#define SITE_TURN_SHIFT 16
#define SITE_TURNS 65535 /* of processes each forked by the one before */

static inline uint32_t site_of(struct board *board, struct vigil_site *site,
			       enum vigil_site_kind kind)
{
	uint32_t id;

	if (unlikely(!site))
		return 0;
	id = load_acquire(&site->id);
	if (likely(id >> SITE_TURN_SHIFT == board->turn))
		return id & ((1u << SITE_TURN_SHIFT) - 1);
	return site_slow(board, site, kind);
}

#endif
