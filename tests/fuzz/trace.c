/* SPDX-License-Identifier: MIT */
/*
 * A folder with hostile metadata and streams: it is refused or read, as far as it goes,
 * and the boards it makes are sound. What babeltrace2 does over it is the child's
 * affair; that our own part of the child is sound is seen by calling it here too.
 *
 * An input is a list of files, each its size in 4 bytes and its bytes: the metadata,
 * then streams.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/ctf_map.h"
#include "console/trace/trace.h"
#include "tests/support/sound.h"

#define FILES 4
#define SPANS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static char folder[] = "/dev/shm/vigil-fuzz-XXXXXX";

static void must(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

static const char *file_path(int i)
{
	static char path[64];

	if (i)
		snprintf(path, sizeof(path), "%s/c_%d", folder, i);
	else
		snprintf(path, sizeof(path), "%s/metadata", folder);
	return path;
}

static void file_write(int i, const uint8_t *bytes, size_t size)
{
	int fd = open(file_path(i), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		must("cannot write a file");
	close(fd);
}

static void folder_write(const uint8_t *data, size_t size)
{
	size_t at = 0;

	for (int i = 0; i < FILES; i++) {
		uint32_t length = 0;

		unlink(file_path(i));
		if (size - at < sizeof(length))
			continue;
		memcpy(&length, data + at, sizeof(length));
		at += sizeof(length);
		if (length > size - at)
			length = (uint32_t)(size - at);
		file_write(i, data + at, length);
		at += length;
	}
}

/* What the child does before babeltrace2. */
static void map_try(void)
{
	struct ctf_folders folders = { NULL, 0 };
	struct ctf_map map;

	if (!ctf_find(folder, &folders) && !ctf_map_read(&folders, &map)) {
		uint64_t from = map.begin_unix_ns;

		for (int i = 0; i < SPANS && from < UINT64_MAX; i++) {
			uint64_t to = ctf_map_span(&map, from, 1 << 12);

			if (to <= from)
				must("a span has no length");
			from = to;
		}
		ctf_map_free(&map);
	}
	ctf_folders_free(&folders);
}

static void trace_try(void)
{
	const char *path = folder;
	const struct trace_options options = { .paths = &path, .path_count = 1, .patience_s = 2 };
	const struct trace_event *event;
	struct vigil_problem problem;
	struct trace *trace;
	enum trace_result r;

	if (trace_open(&options, &trace, &problem))
		return;
	while ((r = trace_next(trace, &event)) == TRACE_EVENT || r == TRACE_GAP)
		if (r == TRACE_EVENT)
			trace_apply(trace, event);
	if (r == TRACE_DAMAGED && !trace_problem(trace)[0])
		must("damage without a sentence");
	for (uint32_t i = 0; i < trace_process_count(trace); i++)
		if (trace_process(trace, i)->board)
			must(unsound(trace_process(trace, i)->board));
	trace_close(trace);
}

/* ---- Mutations that get past the first check ---- */

static void poke(uint8_t *data, size_t size, size_t at, unsigned seed)
{
	static const uint64_t odd[] = { 0, 1, 7, 8, 63, 4096, UINT32_MAX, 1ull << 63, UINT64_MAX };
	uint64_t value = odd[seed % 9];
	size_t width = (size_t)1 << (seed >> 4) % 4;

	if (at + width <= size)
		memcpy(data + at, &value, width);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	unsigned more = seed * 2654435761u;
	uint32_t metadata = 0;
	size_t streams;

	if (size > sizeof(metadata))
		memcpy(&metadata, data, sizeof(metadata));
	streams = sizeof(metadata) + metadata + sizeof(uint32_t);
	if (seed % 8 == 0 || streams >= size)
		return LLVMFuzzerMutate(data, size, max_size);
	switch (seed % 8) {
	case 1: /* a letter of the text; 37 bytes at the start are of the packet */
		if (metadata > 37 && metadata < size - sizeof(metadata))
			data[sizeof(metadata) + 37 + more % (metadata - 37)] =
				(uint8_t)(more >> 24);
		break;
	case 2:
	case 3: /* a packet's header */
		poke(data, size, streams + more % 3 * 4096 + more / 4 % 84, more >> 10);
		break;
	case 4: /* the last stream cut short */
		return streams + (size - streams) * (more % 100) / 100;
	default: /* an event */
		poke(data, size, streams + 84 + more % (size - streams), more >> 3);
		break;
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int has_folder;

	if (!has_folder && !mkdtemp(folder))
		must("cannot make a folder");
	has_folder = 1;
	folder_write(data, size);
	map_try();
	trace_try();
	return 0;
}
