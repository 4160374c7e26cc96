/* SPDX-License-Identifier: MIT */
/* Which kind of source a target is, and what those that cannot do something say. */
#include "console/source.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/player.h"

#define DEPTH_MAX 8 /* folders below each other, as LTTng makes them */
#define ENTRIES_MOST 10000

static bool is_url(const char *target)
{
	return !strncmp(target, "net://", 6) || !strncmp(target, "net4://", 7) ||
	       !strncmp(target, "net6://", 7);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Whether there is a trace's metadata in a folder or below it. *left: entries to look at. */
static bool has_trace(const char *path, int depth, int *left)
{
	char below[4096];
	const struct dirent *entry;
	bool is_found;
	DIR *dir;

	if (snprintf(below, sizeof(below), "%s/metadata", path) >= (int)sizeof(below))
		return false;
	is_found = !access(below, F_OK);
	dir = is_found || depth == DEPTH_MAX ? NULL : opendir(path);
	while (dir && !is_found && (entry = readdir(dir)) && --*left > 0) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
			    (int)sizeof(below))
			continue;
		is_found = is_folder(below) && has_trace(below, depth + 1, left);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

bool source_is_trace(const char *path)
{
	int left = ENTRIES_MOST;

	return is_folder(path) && has_trace(path, 0, &left);
}

int source_open(const char *target, const struct source_options *options,
		struct source **ret_source, struct vigil_problem *ret_problem)
{
	static const struct source_options none;

	if (!options)
		options = &none;
	if (target && is_url(target))
		return source_live_open(target, options, ret_source, ret_problem);
	if (target && source_is_trace(target))
		return source_trace_open(target, options, ret_source, ret_problem);
	return source_shm_open(target, options, ret_source, ret_problem);
}

void source_close(struct source *source)
{
	if (source)
		source->ops->close(source);
}

/* ---- What not every source has ---- */

void source_words(struct source *source, char *buf, size_t size)
{
	buf[0] = '\0';
	if (source && source->ops->words)
		source->ops->words(source, buf, size);
}

uint32_t source_process_count(struct source *source)
{
	struct source_process process;
	uint32_t count = 0;

	while (source_process(source, count, &process))
		count++;
	return count;
}

bool source_process(struct source *source, uint32_t index, struct source_process *ret_process)
{
	return source && source->ops->process && source->ops->process(source, index, ret_process);
}

bool source_member(struct source *source, uint32_t index, struct source_member *ret_member)
{
	return source && source->ops->member && source->ops->member(source, index, ret_member);
}

bool source_past(struct source *source, struct past *ret_past)
{
	return source && source->ops->past &&
	       source->ops->past(source, source_chosen(source), ret_past);
}

bool source_has_members(struct source *source)
{
	return source && source->ops->member;
}

bool source_has_several(struct source *source)
{
	struct source_member member;
	unsigned count = 0;

	for (uint32_t i = 0; count < 2 && source_member(source, i, &member); i++)
		count += member.is_known;
	return count == 2;
}

bool source_is_blank(struct source *source)
{
	struct source_member member;

	return source_has_members(source) &&
	       (!source_member(source, source_chosen(source), &member) || !member.board);
}

bool source_is_early(struct source *source)
{
	const struct player *player = source_player(source);

	return source_is_blank(source) || (player && !cursor_is_indexed(player->cursor));
}

void source_blank_words(struct source *source, char *buf, size_t size)
{
	const struct player *player = source_player(source);
	struct source_member member;

	if (source_fd(source) >= 0)
		snprintf(buf, size, "waiting for the first events");
	else if (player && !cursor_is_indexed(player->cursor))
		snprintf(buf, size, "reading the trace");
	else if (source_member(source, source_chosen(source), &member) && member.pid)
		snprintf(buf, size, "%s  pid %" PRIu32 "  not begun yet", member.name, member.pid);
	else
		snprintf(buf, size, "not begun yet");
}

bool source_is_working(struct source *source)
{
	const struct player *player = source_player(source);

	return player && player_is_working(player);
}

void source_choose(struct source *source, uint32_t index)
{
	if (source && source->ops->choose)
		source->ops->choose(source, index);
}

uint32_t source_chosen(struct source *source)
{
	return source && source->ops->chosen ? source->ops->chosen(source) : 0;
}

bool source_is_partial(struct source *source)
{
	return source && source->ops->is_partial && source->ops->is_partial(source);
}

bool source_is_whole(struct source *source)
{
	struct source_member member;

	return !source_member(source, source_chosen(source), &member) || !member.board ||
	       member.is_whole;
}

const struct history *source_history(struct source *source)
{
	return source && source->ops->history ? source->ops->history(source) : NULL;
}

struct player *source_player(struct source *source)
{
	return source && source->ops->player ? source->ops->player(source) : NULL;
}

uint64_t source_unix_of(struct source *source, uint64_t ns)
{
	return source && source->ops->unix_of ? source->ops->unix_of(source, ns) : 0;
}

const char *source_news(struct source *source)
{
	return source && source->ops->news ? source->ops->news(source) : NULL;
}

int source_fd(struct source *source)
{
	return source && source->ops->fd ? source->ops->fd(source) : -1;
}

void source_pump(struct source *source)
{
	if (source && source->ops->pump)
		source->ops->pump(source);
}
