/* SPDX-License-Identifier: MIT */
/*
 * babeltrace2 says that it cannot go on, not where. So each packet of the span is
 * given to it alone, with nobody listening; there are a few dozen.
 */
#include "console/trace/ctf_damage.h"

#include <errno.h>

#include "console/trace/ctf_graph.h"

/* Whether a packet can be read to its end. -errno: that could not be found out. */
static int packet_try(const struct ctf_map *map, struct ctf_map_stream *stream, size_t packet,
		      const char *scratch)
{
	static struct ctf_reader nobody;
	struct ctf_map_stream one = *stream;
	struct ctf_map alone = *map;
	struct ctf_graph graph;
	struct ctf_view view;
	bool is_fine = false;
	int r;

	one.stream.packets += packet;
	one.stream.count = 1;
	alone.streams = &one;
	alone.stream_count = 1;
	r = ctf_view_make(&alone, scratch, 0, UINT64_MAX, &view);
	if (!r) {
		is_fine = ctf_graph_begin(&graph, &nobody) &&
			  ctf_graph_add_folders(&graph, &view.folders) &&
			  ctf_graph_run(&graph) == CTF_RUN_END;
		ctf_graph_end(&graph);
	}
	ctf_view_drop(&view);
	return r ? r : is_fine;
}

int ctf_damage_cut(struct ctf_map *map, const char *scratch, uint64_t from_unix_ns,
		   uint64_t to_unix_ns)
{
	size_t first, last;
	int count = 0, r = 1;

	for (size_t i = 0; i < map->stream_count; i++) {
		struct ctf_map_stream *stream = &map->streams[i];

		ctf_map_packets(map, stream, from_unix_ns, to_unix_ns, &first, &last);
		while (first < last && (r = packet_try(map, stream, first, scratch)) == 1)
			first++;
		if (r < 0)
			return r;
		if (first == last)
			continue;
		if (ctf_map_cut(map, stream, first))
			return -ENOMEM;
		count++;
	}
	return count;
}
