/* SPDX-License-Identifier: MIT */
/* The map: which packets a trace has, and where events are missing between them. */
#include "console/trace/ctf_map.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t unix_of(const struct ctf_map *map, const struct ctf_map_stream *stream,
			uint64_t clock)
{
	return map->layouts[stream->folder].clock_offset + clock;
}

/* ---- Reading ---- */

static int stream_add(struct ctf_map *map, size_t folder, const char *name)
{
	struct ctf_map_stream *list =
		realloc(map->streams, (map->stream_count + 1) * sizeof(*list));
	struct ctf_map_stream *stream;

	if (!list)
		return -ENOMEM;
	map->streams = list;
	stream = &list[map->stream_count];
	memset(stream, 0, sizeof(*stream));
	stream->folder = folder;
	if (asprintf(&stream->path, "%s/%s", map->folders->list[folder].path, name) < 0)
		return -ENOMEM;
	map->stream_count++;
	return ctf_stream_read(stream->path, &map->layouts[folder], &stream->stream);
}

static bool is_stream(const char *folder, const char *name)
{
	char path[4096];
	struct stat st;

	if (name[0] == '.' || !strcmp(name, "metadata"))
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static int folder_read(struct ctf_map *map, size_t folder)
{
	const char *path = map->folders->list[folder].path;
	const struct dirent *entry;
	char metadata[4096];
	DIR *dir;
	int r;

	snprintf(metadata, sizeof(metadata), "%s/metadata", path);
	r = ctf_layout_read(metadata, &map->layouts[folder]);
	if (r)
		return r;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!r && (entry = readdir(dir)))
		if (is_stream(path, entry->d_name))
			r = stream_add(map, folder, entry->d_name);
	closedir(dir);
	return r;
}

static void extent_note(struct ctf_map *map, const struct ctf_map_stream *stream)
{
	const struct ctf_stream *s = &stream->stream;
	uint64_t begin, end;

	map->bytes += s->bytes;
	map->damaged += s->damaged;
	if (!s->count)
		return;
	begin = unix_of(map, stream, s->packets[0].begin);
	end = unix_of(map, stream, s->packets[s->count - 1].end);
	if (!map->begin_unix_ns || begin < map->begin_unix_ns)
		map->begin_unix_ns = begin;
	if (end > map->end_unix_ns)
		map->end_unix_ns = end;
}

/* ---- Gaps ---- */

static int by_end(const void *a, const void *b)
{
	const struct ctf_map_gap *x = a, *y = b;

	return (x->end_unix_ns > y->end_unix_ns) - (x->end_unix_ns < y->end_unix_ns);
}

static void gaps_sort(struct ctf_map *map)
{
	if (map->gap_count)
		qsort(map->gaps, map->gap_count, sizeof(*map->gaps), by_end);
}

static int gap_add(struct ctf_map *map, const struct ctf_map_gap *gap)
{
	struct ctf_map_gap *list = realloc(map->gaps, (map->gap_count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	map->gaps = list;
	list[map->gap_count++] = *gap;
	return 0;
}

/* What is missing before a packet. before NULL: it is the first of its file. */
static int gap_note(struct ctf_map *map, const struct ctf_map_stream *stream,
		    const struct ctf_packet *before, const struct ctf_packet *packet)
{
	/* The first file of a stream starts with nothing lost; the next ones, rotated, go on. */
	uint64_t known = before ? before->discarded : packet->number ? packet->discarded : 0;
	struct ctf_map_gap gap = {
		.begin_unix_ns = unix_of(map, stream, before ? before->end : packet->begin),
		.end_unix_ns = unix_of(map, stream, packet->end),
		.events = packet->discarded > known ? packet->discarded - known : 0,
	};

	if (before && packet->number > before->number + 1) {
		gap.packets = packet->number - before->number - 1;
		if (!gap.events)
			gap.end_unix_ns = unix_of(map, stream, packet->begin);
	}
	return gap.events || gap.packets ? gap_add(map, &gap) : 0;
}

static int gaps_find(struct ctf_map *map, const struct ctf_map_stream *stream)
{
	const struct ctf_packet *packets = stream->stream.packets;
	int r = 0;

	for (size_t i = 0; !r && i < stream->stream.count; i++)
		r = gap_note(map, stream, i ? &packets[i - 1] : NULL, &packets[i]);
	return r;
}

int ctf_map_read(const struct ctf_folders *folders, struct ctf_map *ret_map)
{
	struct ctf_map *map = ret_map;
	int r = 0;

	memset(map, 0, sizeof(*map));
	map->folders = folders;
	map->layouts = calloc(folders->count ? folders->count : 1, sizeof(*map->layouts));
	if (!map->layouts)
		return -ENOMEM;
	for (size_t i = 0; !r && i < folders->count; i++)
		r = folder_read(map, i);
	for (size_t i = 0; !r && i < map->stream_count; i++) {
		extent_note(map, &map->streams[i]);
		r = gaps_find(map, &map->streams[i]);
	}
	if (!r && map->bytes && map->damaged == map->bytes)
		r = -ENOTSUP; /* not a packet in all of it */
	gaps_sort(map);
	if (r)
		ctf_map_free(map);
	return r;
}

void ctf_map_free(struct ctf_map *map)
{
	for (size_t i = 0; i < map->stream_count; i++) {
		ctf_stream_free(&map->streams[i].stream);
		free(map->streams[i].path);
	}
	free(map->streams);
	free(map->layouts);
	free(map->gaps);
	memset(map, 0, sizeof(*map));
}

int ctf_map_cut(struct ctf_map *map, struct ctf_map_stream *stream, size_t packet)
{
	struct ctf_stream *s = &stream->stream;
	const struct ctf_map_gap gap = {
		.begin_unix_ns = unix_of(map, stream, s->packets[packet].begin),
		.end_unix_ns = unix_of(map, stream, s->packets[packet].end),
		.packets = 1,
	};

	map->damaged += s->packets[packet].size;
	memmove(&s->packets[packet], &s->packets[packet + 1],
		(s->count - packet - 1) * sizeof(s->packets[0]));
	s->count--;
	if (gap_add(map, &gap))
		return -ENOMEM;
	gaps_sort(map);
	return 0;
}

/* ---- Spans ---- */

/* The first packet that ends at or after a time, on the trace's clock. */
static size_t packet_from(const struct ctf_stream *stream, uint64_t clock)
{
	size_t low = 0, high = stream->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stream->packets[middle].end < clock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first packet that begins after a time. */
static size_t packet_after(const struct ctf_stream *stream, uint64_t clock)
{
	size_t low = 0, high = stream->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stream->packets[middle].begin <= clock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ctf_map_packets(const struct ctf_map *map, const struct ctf_map_stream *stream,
		     uint64_t from_unix_ns, uint64_t to_unix_ns, size_t *ret_first,
		     size_t *ret_last)
{
	uint64_t offset = map->layouts[stream->folder].clock_offset;

	*ret_first =
		from_unix_ns > offset ? packet_from(&stream->stream, from_unix_ns - offset) : 0;
	*ret_last = to_unix_ns > offset ? packet_after(&stream->stream, to_unix_ns - offset) : 0;
}

static uint64_t span_bytes(const struct ctf_map *map, uint64_t from_unix_ns, uint64_t to_unix_ns)
{
	uint64_t bytes = 0;
	size_t first, last;

	for (size_t i = 0; i < map->stream_count; i++) {
		const struct ctf_packet *packets = map->streams[i].stream.packets;

		ctf_map_packets(map, &map->streams[i], from_unix_ns, to_unix_ns, &first, &last);
		if (first < last)
			bytes += packets[last - 1].offset + packets[last - 1].size -
				 packets[first].offset;
	}
	return bytes;
}

/* The earliest end of a packet after a time: a span reaches at least to there. */
static uint64_t next_end(const struct ctf_map *map, uint64_t unix_ns)
{
	uint64_t least = UINT64_MAX;
	size_t first, last;

	for (size_t i = 0; i < map->stream_count; i++) {
		const struct ctf_map_stream *stream = &map->streams[i];
		uint64_t end;

		ctf_map_packets(map, stream, unix_ns + 1, UINT64_MAX, &first, &last);
		if (first >= stream->stream.count)
			continue;
		end = unix_of(map, stream, stream->stream.packets[first].end) + 1;
		if (end < least)
			least = end;
	}
	return least;
}

uint64_t ctf_map_span(const struct ctf_map *map, uint64_t from_unix_ns, uint64_t bytes)
{
	uint64_t low = next_end(map, from_unix_ns), high = map->end_unix_ns + 1;

	if (span_bytes(map, from_unix_ns, UINT64_MAX) <= bytes || low >= high)
		return UINT64_MAX;
	/* low is always taken; the last time whose packets are not too many. */
	while (low + 1 < high) {
		uint64_t middle = low + (high - low) / 2;

		if (span_bytes(map, from_unix_ns, middle) <= bytes)
			low = middle;
		else
			high = middle;
	}
	return low;
}
