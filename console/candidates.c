/* SPDX-License-Identifier: MIT */
/* When several processes could be meant: which they are, and what to type. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/boards.h"
#include "console/names.h"

#define NAMED 6 /* the rest is counted: one sentence holds no more */

static bool is_there(const struct vigil_found *found)
{
	return found->is_readable &&
	       (found->status == VIGIL_STATUS_ALIVE || found->status == VIGIL_STATUS_STOPPED);
}

/* Whether the file that a command line begins with is called so. */
static bool has_file(const char *command, const char *name)
{
	size_t length = strcspn(command, " ");
	size_t wanted = strlen(name);

	return wanted <= length && !strncmp(command + length - wanted, name, wanted) &&
	       (wanted == length || command[length - wanted - 1] == '/');
}

static bool is_meant(const struct vigil_found *found, const char *name)
{
	return is_there(found) &&
	       (!name || !strcmp(found->name, name) || has_file(found->command, name));
}

void candidates_tell(const char *name, const char *verb, const char *task,
		     struct vigil_problem *problem)
{
	struct vigil_found *list = NULL;
	int count = vigil_find(NULL, &list), alive = 0;
	char names[400] = "", more[64] = "";
	uint32_t first = 0;
	size_t at = 0;

	for (int i = 0; list && i < count; i++) {
		if (!is_meant(&list[i], name))
			continue;
		if (!alive++)
			first = list[i].pid;
		if (alive > NAMED)
			continue;
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%" PRIu32 " %.20s (%s)",
				       at ? ", " : "", list[i].pid, list[i].name,
				       word_status(list[i].status));
	}
	free(list);
	/* One has gone since they were counted. */
	if (alive < 2)
		return;
	if (alive > NAMED)
		snprintf(more, sizeof(more), " and %d more (`vigil ps` lists all)", alive - NAMED);
	snprintf(problem->text, sizeof(problem->text),
		 "%d processes could be meant: %s%s; say which by its pid, as in `vigil %s %" PRIu32
		 "%s%.20s`",
		 alive, names, more, verb, first, task ? " " : "", task ? task : "");
}
