/* SPDX-License-Identifier: MIT */
/*
 * Views: folders of symbolic links. The metadata's leads to the trace's own, each
 * stream's to a file in memory with the packets of the span.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/ctf_map.h"

#define CHUNK (1u << 20)

/* Copies a range of a file into another. Returns 0 or -errno. */
static int range_copy(int from, uint64_t offset, uint64_t size, int to)
{
	uint8_t *buffer = malloc(CHUNK);
	int r = buffer ? 0 : -ENOMEM;

	while (!r && size) {
		size_t want = size < CHUNK ? (size_t)size : CHUNK;
		ssize_t got = pread(from, buffer, want, (off_t)offset);

		if (got <= 0)
			r = got < 0 ? -errno : -EIO;
		else if (write(to, buffer, (size_t)got) != got)
			r = -ENOSPC;
		offset += (uint64_t)(got > 0 ? got : 0);
		size -= (uint64_t)(got > 0 ? got : 0);
	}
	free(buffer);
	return r;
}

/* Packets [first, last) without what is damaged between them, into a file in memory. */
static int packets_copy(const struct ctf_map_stream *stream, size_t first, size_t last, int to)
{
	const struct ctf_packet *packets = stream->stream.packets;
	int from = open(stream->path, O_RDONLY | O_CLOEXEC);
	int r = from < 0 ? -errno : 0;

	while (!r && first < last) {
		uint64_t offset = packets[first].offset, size = 0;

		for (; first < last && packets[first].offset == offset + size; first++)
			size += packets[first].size;
		r = range_copy(from, offset, size, to);
	}
	if (from >= 0)
		close(from);
	return r;
}

static int stream_link(const struct ctf_map_stream *stream, const char *folder, size_t first,
		       size_t last, struct ctf_view *view)
{
	const char *name = strrchr(stream->path, '/') + 1;
	char target[64], link[4096];
	int fd = memfd_create("vigil-view", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	view->fds[view->fd_count++] = fd;
	r = packets_copy(stream, first, last, fd);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	snprintf(link, sizeof(link), "%s/%s", folder, name);
	return r ? r : symlink(target, link) ? -errno : 0;
}

static int metadata_link(const char *from, const char *folder)
{
	char target[4200], link[4096];
	char *whole = realpath(from, NULL);

	if (!whole)
		return -errno;
	snprintf(target, sizeof(target), "%s/metadata", whole);
	snprintf(link, sizeof(link), "%s/metadata", folder);
	free(whole);
	return symlink(target, link) ? -errno : 0;
}

/* A folder of the trace has its part in the view from its first stream on. */
static int piece_begin(const struct ctf_map *map, size_t folder, const char *scratch,
		       struct ctf_view *view, const char **ret_path)
{
	struct ctf_folder *piece = &view->folders.list[view->folders.count];

	if (asprintf(&piece->path, "%s/%zu", scratch, folder) < 0)
		return -ENOMEM;
	view->folders.count++;
	memcpy(piece->uuid, map->folders->list[folder].uuid, 16);
	*ret_path = piece->path;
	return mkdir(piece->path, 0700) ?
		       -errno :
		       metadata_link(map->folders->list[folder].path, piece->path);
}

struct span {
	uint64_t from_unix_ns, to_unix_ns;
};

static int folder_make(const struct ctf_map *map, size_t folder, const char *scratch,
		       const struct span *span, struct ctf_view *view)
{
	const char *path = NULL;
	size_t first, last;
	int r = 0;

	for (size_t i = 0; !r && i < map->stream_count; i++) {
		const struct ctf_map_stream *stream = &map->streams[i];

		if (stream->folder != folder)
			continue;
		ctf_map_packets(map, stream, span->from_unix_ns, span->to_unix_ns, &first, &last);
		if (first >= last)
			continue;
		if (!path)
			r = piece_begin(map, folder, scratch, view, &path);
		if (!r)
			r = stream_link(stream, path, first, last, view);
	}
	return r;
}

int ctf_view_make(const struct ctf_map *map, const char *scratch, uint64_t from_unix_ns,
		  uint64_t to_unix_ns, struct ctf_view *ret_view)
{
	const struct span span = { from_unix_ns, to_unix_ns };
	int r = 0;

	memset(ret_view, 0, sizeof(*ret_view));
	if (mkdir(scratch, 0700))
		return -errno;
	ret_view->scratch = scratch;
	ret_view->folders.list = calloc(map->folders->count + 1, sizeof(struct ctf_folder));
	ret_view->fds = calloc(map->stream_count + 1, sizeof(int));
	if (!ret_view->folders.list || !ret_view->fds)
		return -ENOMEM;
	for (size_t i = 0; !r && i < map->folders->count; i++)
		r = folder_make(map, i, scratch, &span, ret_view);
	return r;
}

static void piece_remove(const char *path)
{
	const struct dirent *entry;
	char below[4096];
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlink(below);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

void ctf_view_drop(struct ctf_view *view)
{
	for (size_t i = 0; i < view->folders.count; i++)
		piece_remove(view->folders.list[i].path);
	for (size_t i = 0; i < view->fd_count; i++)
		close(view->fds[i]);
	if (view->scratch)
		rmdir(view->scratch);
	free(view->fds);
	ctf_folders_free(&view->folders);
	memset(view, 0, sizeof(*view));
}
