/* SPDX-License-Identifier: MIT */
/* Properties of boards that were found. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "console/boards.h"
#include "console/names.h"
#include "console/property.h"

#define FOUND const struct vigil_found *found = row

void boards_where(const char *dir, char *buf, size_t size)
{
	const char *env = getenv("VIGIL_DIR");

	if (dir || (env && *env))
		snprintf(buf, size, "%s", dir ? dir : env);
	else if (geteuid())
		snprintf(buf, size, "/dev/shm/vigil-%u", (unsigned)geteuid());
	else
		snprintf(buf, size, "/dev/shm/vigil-*");
}

bool boards_missing(const char *dir, char *buf, size_t size)
{
	const char *env = getenv("VIGIL_DIR");
	const char *it = dir ? dir : env;

	if (!it || !*it || !access(it, F_OK))
		return false;
	snprintf(buf, size, "%s%s does not exist", dir ? "" : "VIGIL_DIR=", it);
	return true;
}

static uint64_t pid(const struct model *model, const void *row)
{
	FOUND;

	(void)model;
	return found->pid ? found->pid : PROPERTY_UNKNOWN;
}

static void status_text(const struct model *model, const void *row, char *buf, size_t size)
{
	FOUND;

	(void)model;
	snprintf(buf, size, "%s", found->is_readable ? word_status(found->status) : "damaged");
}

static void name_text(const struct model *model, const void *row, char *buf, size_t size)
{
	FOUND;

	(void)model;
	snprintf(buf, size, "%s", found->is_readable ? found->name : "-");
}

static void command_text(const struct model *model, const void *row, char *buf, size_t size)
{
	FOUND;

	(void)model;
	snprintf(buf, size, "%s", found->is_readable ? found->command : "-");
}

static void path_text(const struct model *model, const void *row, char *buf, size_t size)
{
	FOUND;

	(void)model;
	snprintf(buf, size, "%s", found->path);
}

/* Since the board was made, by the wall clock. */
static uint64_t age(const struct model *model, const void *row)
{
	FOUND;
	struct timespec ts;
	uint64_t now;

	(void)model;
	if (!found->is_readable)
		return PROPERTY_UNKNOWN;
	clock_gettime(CLOCK_REALTIME, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	return now > found->created_unix_ns ? now - found->created_unix_ns : 0;
}

static uint64_t bytes(const struct model *model, const void *row)
{
	FOUND;

	(void)model;
	return found->bytes;
}

static uint64_t uid(const struct model *model, const void *row)
{
	FOUND;

	(void)model;
	return found->uid;
}

static const struct property list[] = {
	P_COUNT("pid", "PID", pid),
	P_PLAIN("name", "NAME", name_text),
	P_PLAIN("status", "STATUS", status_text),
	P_TIME("age", "STARTED", age),
	P_BYTES("size", "SIZE", bytes),
	P_PLAIN("path", "BOARD", path_text),
	P_PLAIN("command", "COMMAND", command_text),
	P_COUNT("uid", NULL, uid),
};

const struct properties board_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
};
