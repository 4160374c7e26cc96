/* SPDX-License-Identifier: MIT */
/*
 * Reading traces with babeltrace2: folders of CTF files, or a relay's live session.
 * Runs in a child process and tells its parent through the feed.
 *
 *	ctf.c		the child: a graph of babeltrace2, run to its end
 *	ctf_event.c	messages become records
 *	ctf_find.c	the traces below a folder
 *	ctf_map.c	which packets they have (ctf_packets.c), and where some are missing
 *	ctf_view.c	a span of a trace, as a trace of its own
 *
 * The law of these files: they alone know babeltrace2, and nothing of boards.
 */
#ifndef CONSOLE_TRACE_CTF_H
#define CONSOLE_TRACE_CTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/trace/feed.h"

struct ctf_options {
	const char *const *paths;
	size_t path_count;
	bool is_live;           /* one path, a URL */
	uint64_t begin_unix_ns; /* events before it are not told; 0: all */
	uint64_t span_bytes;    /* of a view, when one is needed; 0: the usual */
	const char *scratch;    /* a folder to make for views; NULL: they may not be made */
	unsigned patience_s; /* of processor time without an event, then SIGVTALRM; 0: the usual */
};

/*
 * Reads it all into the feed, which ends with FEED_END or FEED_PROBLEM; live, goes on
 * until nobody reads the feed any more.
 */
void ctf_read(struct feed *feed, const struct ctf_options *options);

/* ---- ctf_find.c ---- */

/* A folder with a file `metadata`: one piece of a trace, all pieces of which have its uuid. */
struct ctf_folder {
	char *path;
	uint8_t uuid[16];
};

struct ctf_folders {
	struct ctf_folder *list; /* by uuid, then path */
	size_t count;
};

/* Adds those at and below path. Returns 0 or -errno. */
int ctf_find(const char *path, struct ctf_folders *folders);
void ctf_folders_sort(struct ctf_folders *folders);
void ctf_folders_free(struct ctf_folders *folders);

#endif
