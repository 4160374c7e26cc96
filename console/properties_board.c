/* SPDX-License-Identifier: MIT */
/* Properties of boards that were found. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "console/boards.h"
#include "console/format.h"
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
	return less_of(now, found->created_unix_ns);
}

/* What cannot be read has no status of a process; and no board is of a trace. */
static const char *status_word(uint32_t value)
{
	return value == VIGIL_STATUS_RECORDED ? "damaged" : word_status((enum vigil_status)value);
}

P_NUMBER_OF(pid, FOUND, found->pid ? found->pid : PROPERTY_UNKNOWN)
P_WORDS_OF(status_text, FOUND, found->is_readable ? word_status(found->status) : "damaged")
P_WORDS_OF(name_text, FOUND, found->is_readable ? found->name : "-")
P_WORDS_OF(command_text, FOUND, found->is_readable ? found->command : "-")
P_WORDS_OF(path_text, FOUND, found->path)
P_NUMBER_OF(bytes, FOUND, found->bytes)
P_NUMBER_OF(uid, FOUND, found->uid)

static void age_text(const struct model *model, const void *row, char *buf, size_t size)
{
	uint64_t ns = age(model, row);
	char text[FORMAT_SIZE];

	if (ns == PROPERTY_UNKNOWN)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s ago", format_duration(text, sizeof(text), ns, 0));
}

static const struct property list[] = {
	P_COUNT("pid", "PID", pid),
	P_PLAIN("name", "NAME", name_text),
	P_ONE_OF_PLAIN("status", "STATUS", status_text, status_word),
	P_TIME_SAID("age", "STARTED", age, age_text),
	P_BYTES("size", "SIZE", bytes),
	P_PLAIN("path", "BOARD", path_text),
	P_PLAIN("command", "COMMAND", command_text),
	P_COUNT("uid", NULL, uid),
};

const struct properties board_properties = {
	.list = list,
	.count = sizeof(list) / sizeof(list[0]),
};
