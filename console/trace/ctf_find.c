/* SPDX-License-Identifier: MIT */
/*
 * The traces below a folder: LTTng puts metadata and streams some levels down, each
 * user's, each process's, each rotation's apart.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/ctf.h"

#define DEPTH_MAX 12 /* folders below each other */
#define FOLDERS_MAX 65536
#define METADATA_MAGIC UINT32_C(0x75d11d57)

/* The uuid at the start of packeted metadata; zeros where it is plain text. */
static void uuid_read(const char *path, uint8_t ret_uuid[16])
{
	uint32_t magic = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(ret_uuid, 0, 16);
	if (fd < 0)
		return;
	if (read(fd, &magic, sizeof(magic)) != sizeof(magic) ||
	    (magic != METADATA_MAGIC && magic != __builtin_bswap32(METADATA_MAGIC)) ||
	    read(fd, ret_uuid, 16) != 16)
		memset(ret_uuid, 0, 16);
	close(fd);
}

static int folder_add(const char *path, const char *metadata, struct ctf_folders *folders)
{
	struct ctf_folder *list;

	if (folders->count == FOLDERS_MAX)
		return -E2BIG;
	list = realloc(folders->list, (folders->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	folders->list = list;
	list[folders->count].path = strdup(path);
	if (!list[folders->count].path)
		return -ENOMEM;
	uuid_read(metadata, list[folders->count].uuid);
	folders->count++;
	return 0;
}

static int folder_look(const char *path, int depth, struct ctf_folders *folders);

static int entries_look(const char *path, int depth, struct ctf_folders *folders)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (!r && (entry = readdir(dir))) {
		char below[4096];
		struct stat st;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "index"))
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(below))
			continue;
		if (!lstat(below, &st) && S_ISDIR(st.st_mode))
			r = folder_look(below, depth + 1, folders);
	}
	closedir(dir);
	return r;
}

static int folder_look(const char *path, int depth, struct ctf_folders *folders)
{
	char metadata[4096];
	struct stat st;

	if (depth > DEPTH_MAX)
		return 0;
	if (snprintf(metadata, sizeof(metadata), "%s/metadata", path) >= (int)sizeof(metadata))
		return -ENAMETOOLONG;
	if (!stat(metadata, &st) && S_ISREG(st.st_mode))
		return folder_add(path, metadata, folders);
	return entries_look(path, depth, folders);
}

int ctf_find(const char *path, struct ctf_folders *folders)
{
	return folder_look(path, 0, folders);
}

static int by_uuid(const void *a, const void *b)
{
	const struct ctf_folder *x = a, *y = b;
	int order = memcmp(x->uuid, y->uuid, sizeof(x->uuid));

	return order ? order : strcmp(x->path, y->path);
}

void ctf_folders_sort(struct ctf_folders *folders)
{
	if (folders->count)
		qsort(folders->list, folders->count, sizeof(*folders->list), by_uuid);
}

void ctf_folders_free(struct ctf_folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		free(folders->list[i].path);
	free(folders->list);
	folders->list = NULL;
	folders->count = 0;
}
