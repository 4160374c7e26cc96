/* SPDX-License-Identifier: MIT */
/*
 * The last messages of a worker, or those a task said, from the rings of workers.
 * Rings forget: what was said long ago may have left none.
 */
#ifndef CONSOLE_MESSAGES_H
#define CONSOLE_MESSAGES_H

#include "console/model.h"

#define MESSAGES_SHOWN 16

/* The last ones a task said, on any worker, oldest first. Returns how many; none without memory. */
size_t messages_of_task(const struct model *model, uint64_t task,
			struct vigil_message_record messages[MESSAGES_SHOWN]);

#endif
