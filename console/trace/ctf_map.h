/* SPDX-License-Identifier: MIT */
/*
 * The map of a trace: all its streams with their packets, and views of it. A view is
 * a folder that babeltrace2 takes for the whole trace and that has only the packets
 * of a span of time.
 */
#ifndef CONSOLE_TRACE_CTF_MAP_H
#define CONSOLE_TRACE_CTF_MAP_H

#include "console/trace/ctf.h"
#include "console/trace/ctf_packets.h"

struct ctf_map_stream {
	struct ctf_stream stream;
	size_t folder; /* in ctf_folders */
	char *path;
};

struct ctf_map_gap {
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t events, packets;
};

struct ctf_map {
	const struct ctf_folders *folders;
	struct ctf_layout *layouts; /* by folder */
	struct ctf_map_stream *streams;
	size_t stream_count;
	struct ctf_map_gap *gaps; /* by end */
	size_t gap_count;
	uint64_t begin_unix_ns, end_unix_ns;
	uint64_t bytes;
	uint64_t damaged; /* of them, in no packet */
};

/* Returns 0, -ENOTSUP when a part of the trace is not LTTng-UST's, or -errno. */
int ctf_map_read(const struct ctf_folders *folders, struct ctf_map *ret_map);
void ctf_map_free(struct ctf_map *map);

/*
 * The end of a span that begins at from and whose packets have about so many bytes;
 * later than from. UINT64_MAX: it has all that is left.
 */
uint64_t ctf_map_span(const struct ctf_map *map, uint64_t from_unix_ns, uint64_t bytes);

/* First and last plus one of a stream's packets that overlap a span. */
void ctf_map_packets(const struct ctf_map *map, const struct ctf_map_stream *stream,
		     uint64_t from_unix_ns, uint64_t to_unix_ns, size_t *ret_first,
		     size_t *ret_last);

/*
 * Takes a packet out of the map: it is damaged inside. Returns 0 or -ENOMEM.
 */
int ctf_map_cut(struct ctf_map *map, struct ctf_map_stream *stream, size_t packet);

struct ctf_view {
	const char *scratch;        /* the folder it is in */
	struct ctf_folders folders; /* its pieces, as ctf_find would give them */
	int *fds;                   /* of the files in memory */
	size_t fd_count;
};

/*
 * Makes the view of a span in scratch, a folder that must not be there. Returns 0 or
 * -errno; then, too, ctf_view_drop is due, which removes it.
 */
int ctf_view_make(const struct ctf_map *map, const char *scratch, uint64_t from_unix_ns,
		  uint64_t to_unix_ns, struct ctf_view *ret_view);

void ctf_view_drop(struct ctf_view *view);

#endif
