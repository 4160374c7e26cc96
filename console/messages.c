/* SPDX-License-Identifier: MIT */
/* The last messages: found in the rings, in the order of their times. */
#include "console/messages.h"

#include <stdlib.h>
#include <string.h>

#define RING_MOST 65536u /* messages taken from one ring */

/* Puts a message in its place by time; the oldest falls out when all places are taken. */
static void insert(struct vigil_message_record *messages, size_t *count,
		   const struct vigil_message_record *message)
{
	size_t at = *count;

	while (at && messages[at - 1].time_ns > message->time_ns)
		at--;
	if (*count < MESSAGES_SHOWN) {
		memmove(&messages[at + 1], &messages[at], (*count - at) * sizeof(*messages));
		messages[at] = *message;
		++*count;
	} else if (at) {
		memmove(&messages[0], &messages[1], (at - 1) * sizeof(*messages));
		messages[at - 1] = *message;
	}
}

static size_t ring_most(const struct model *model)
{
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	uint32_t most = 0;

	for (uint32_t i = 0; i < workers; i++) {
		uint32_t size = VIGIL_AT(model->reader, worker, i)->message_size;

		most = size > most ? size : most;
	}
	return most < RING_MOST ? most : RING_MOST;
}

size_t messages_of_task(const struct model *model, uint64_t task,
			struct vigil_message_record messages[MESSAGES_SHOWN])
{
	uint32_t workers = vigil_reader_count(model->reader, VIGIL_TABLE_worker);
	size_t most = ring_most(model), count = 0;
	struct vigil_message_record *ring = most ? malloc(most * sizeof(*ring)) : NULL;

	for (uint32_t i = 0; ring && i < workers; i++) {
		size_t read = vigil_reader_messages(model->reader, i, ring, most);

		for (size_t m = 0; m < read; m++)
			if (ring[m].task == task)
				insert(messages, &count, &ring[m]);
	}
	free(ring);
	return count;
}
