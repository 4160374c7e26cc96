/* SPDX-License-Identifier: MIT */
/*
 * From what a person types to a board: a pid, a path, a name, nothing.
 *
 * The law: a live process is asked (through /proc) which board it has mapped;
 * names of files are only a hint.
 */
#include "libtrace/reader.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".board"

/* A growing list of what was found. */
struct list {
	struct vigil_found *found;
	size_t count;
	size_t room;
	struct holders holders; /* asked for once */
};

bool has_suffix(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(SUFFIX) && !strcmp(name + length - strlen(SUFFIX), SUFFIX);
}

static struct vigil_found *list_add(struct list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 16;
		struct vigil_found *found = realloc(list->found, room * sizeof(*found));

		if (!found)
			return NULL;
		list->found = found;
		list->room = room;
	}
	memset(&list->found[list->count], 0, sizeof(*list->found));
	return &list->found[list->count++];
}

static void found_fill(struct vigil_found *found, struct holders *holders)
{
	struct peek peek;
	struct stat st;

	if (!lstat(found->path, &st)) {
		found->bytes = (uint64_t)st.st_blocks * 512;
		found->uid = st.st_uid;
	}
	if (board_peek(found->path, ORIGIN_LISTED, holders, &peek, &found->problem))
		return;
	found->is_readable = true;
	found->pid = peek.process.pid;
	found->created_unix_ns = peek.process.created_unix_ns;
	found->status = peek.status;
	snprintf(found->name, sizeof(found->name), "%s", peek.process.name);
	snprintf(found->command, sizeof(found->command), "%s", peek.process.command);
}

/* Adds the boards of a directory. Returns 0 or -errno. */
static int dir_list(struct list *list, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		struct vigil_found *found;

		if (!has_suffix(entry->d_name))
			continue;
		found = list_add(list);
		if (!found)
			break;
		if (snprintf(found->path, sizeof(found->path), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(found->path)) {
			list->count--;
			continue;
		}
		/* A name from the directory is unknown until its board is read. */
		found->pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		found_fill(found, &list->holders);
	}
	closedir(dir);
	return entry ? -ENOMEM : 0;
}

/* Root sees every user's. */
static int shm_list(struct list *list)
{
	char path[64];
	const struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (geteuid()) {
		snprintf(path, sizeof(path), "/dev/shm/vigil-%u", (unsigned)geteuid());
		return dir_list(list, path);
	}
	dir = opendir("/dev/shm");
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char full[300];

		if (strncmp(entry->d_name, "vigil-", 6))
			continue;
		snprintf(full, sizeof(full), "/dev/shm/%s", entry->d_name);
		/* Nor do we follow a link to somebody's directory of another thing. */
		if (!lstat(full, &st) && S_ISDIR(st.st_mode))
			dir_list(list, full);
	}
	closedir(dir);
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct vigil_found *x = a, *y = b;

	if (x->created_unix_ns != y->created_unix_ns)
		return x->created_unix_ns > y->created_unix_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

int vigil_find(const char *dir, struct vigil_found **ret_list)
{
	struct list list = { 0 };
	const char *env = getenv("VIGIL_DIR");
	int r;

	if (dir || (env && *env))
		r = dir_list(&list, dir ? dir : env);
	else
		r = shm_list(&list);
	holders_fini(&list.holders);
	if (r == -ENOENT)
		r = 0; /* nobody made a board here yet */
	if (r) {
		free(list.found);
		return r;
	}
	if (list.count)
		qsort(list.found, list.count, sizeof(*list.found), newest_first);
	*ret_list = list.found;
	return (int)list.count;
}

static bool is_there(const struct vigil_found *found)
{
	return found->is_readable &&
	       (found->status == VIGIL_STATUS_ALIVE || found->status == VIGIL_STATUS_STOPPED);
}

/* Why a pid that lives has no board we can read. */
static int pid_problem(uint32_t pid, struct vigil_problem *ret_problem)
{
	char path[64], owner[64] = "";
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (stat(path, &st))
		return problem(ret_problem, -ENOENT,
			       "there is no process %u, and no board of one; `vigil ps` lists what "
			       "there is",
			       pid);
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	snprintf(owner, sizeof(owner), "uid %u", (unsigned)st.st_uid);
	if (access(path, R_OK) || (geteuid() && geteuid() != st.st_uid))
		return problem(ret_problem, -EACCES,
			       "cannot read pid %u: it belongs to %s; run as that user or with "
			       "CAP_SYS_PTRACE",
			       pid, owner);
	return problem(ret_problem, -ENOENT,
		       "pid %u has no board: it was not built with libvigil, has not called "
		       "vigil_init, or runs with VIGIL=off",
		       pid);
}

static int open_pid(uint32_t pid, struct vigil_reader **ret_reader,
		    struct vigil_problem *ret_problem)
{
	struct vigil_found *list = NULL;
	char path[PATH_MAX];
	int count, r;

	r = pid_board(pid, path, sizeof(path), ret_problem);
	if (r)
		return r < 0 ? r : vigil_reader_open_file(path, pid, ret_reader, ret_problem);
	count = vigil_find(NULL, &list);
	for (int i = 0; list && i < count; i++) {
		if (list[i].pid != pid)
			continue;
		r = reader_open(list[i].path, ORIGIN_LISTED, 0, ret_reader, ret_problem);
		free(list);
		return r;
	}
	free(list);
	return pid_problem(pid, ret_problem);
}

static const char *base_of(const char *command, char *buf, size_t size)
{
	size_t length = strcspn(command, " ");
	const char *slash;

	snprintf(buf, size, "%.*s", (int)length, command);
	slash = strrchr(buf, '/');
	return slash ? slash + 1 : buf;
}

static bool has_name(const struct vigil_found *found, const char *name)
{
	char buf[256];

	return !name || !strcmp(found->name, name) ||
	       !strcmp(base_of(found->command, buf, sizeof(buf)), name);
}

static void names_put(const struct vigil_found *list, int count, const char *name, char *ret_text,
		      size_t size)
{
	size_t at = 0;

	ret_text[0] = '\0';
	for (int i = 0; list && i < count && at + 40 < size; i++)
		if (is_there(&list[i]) && has_name(&list[i], name))
			at += (size_t)snprintf(ret_text + at, size - at, "%s%u %.20s",
					       at ? ", " : "", list[i].pid, list[i].name);
}

/* Live ones first; of the dead, for a name, the newest. NULL name: any live one. */
static int open_name(const char *name, struct vigil_reader **ret_reader,
		     struct vigil_problem *ret_problem)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(NULL, &list);
	int alive = 0, first = -1, r;
	char names[300];

	for (int i = 0; list && i < count; i++) {
		if (!list[i].is_readable || !has_name(&list[i], name))
			continue;
		if (is_there(&list[i]) && !alive++)
			first = i;
		else if (first < 0 && name)
			first = i;
	}
	names_put(list, count, name, names, sizeof(names));
	if (alive > 1)
		r = problem(ret_problem, -ENOTUNIQ,
			    "%d instrumented processes%s%s: %s; name one by pid", alive,
			    name ? " are called " : "", name ? name : "", names);
	else if (first >= 0)
		r = reader_open(list[first].path, ORIGIN_LISTED, 0, ret_reader, ret_problem);
	else if (name)
		r = problem(
			ret_problem, -ENOENT,
			"no instrumented process is called \"%.100s\", and no board is; `vigil ps` "
			"lists what there is",
			name);
	else
		r = problem(ret_problem, -ENOENT, "no instrumented process is alive%s",
			    count > 0 ? "; `vigil ps` lists the boards of dead ones" :
					"; start a program that calls vigil_init");
	free(list);
	return r;
}

static bool is_number(const char *text)
{
	size_t length = strlen(text);

	return length && length < 10 && strspn(text, "0123456789") == length;
}

int vigil_reader_open(const char *target, struct vigil_reader **ret_reader,
		      struct vigil_problem *ret_problem)
{
	struct stat st;
	int r;

	if (!target)
		return open_name(NULL, ret_reader, ret_problem);
	if (is_number(target))
		return open_pid((uint32_t)strtoul(target, NULL, 10), ret_reader, ret_problem);
	if (strchr(target, '/') || has_suffix(target))
		return vigil_reader_open_file(target, 0, ret_reader, ret_problem);
	/* A program is often called like its file in the directory we stand in. */
	r = open_name(target, ret_reader, ret_problem);
	if (r == -ENOENT && !stat(target, &st))
		return vigil_reader_open_file(target, 0, ret_reader, ret_problem);
	return r;
}
