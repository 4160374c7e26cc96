/* SPDX-License-Identifier: MIT */
/* The N largest. An insertion costs a move of N items at most, and few are made. */
#include "console/report/report_top.h"

#include <stdlib.h>
#include <string.h>

static uint64_t key_at(const struct top *top, size_t index)
{
	uint64_t key;

	memcpy(&key, top->items + index * top->size, sizeof(key));
	return key;
}

bool top_init(struct top *top, size_t item_size, size_t room)
{
	*top = (struct top){ .items = calloc(room, item_size), .size = item_size, .room = room };
	return top->items != NULL;
}

void top_fini(struct top *top)
{
	free(top->items);
	*top = (struct top){ 0 };
}

bool top_wants(const struct top *top, uint64_t key)
{
	return key && (top->count < top->room || (top->room && key > key_at(top, top->room - 1)));
}

void *top_put(struct top *top, uint64_t key)
{
	size_t at = top->count < top->room ? top->count : top->room - 1;
	unsigned char *place;

	if (!top_wants(top, key))
		return NULL;
	if (top->count < top->room)
		top->count++;
	while (at && key_at(top, at - 1) < key)
		at--;
	place = top->items + at * top->size;
	memmove(place + top->size, place, (top->count - 1 - at) * top->size);
	memset(place, 0, top->size);
	memcpy(place, &key, sizeof(key));
	return place;
}

void *top_at(const struct top *top, size_t index)
{
	return top->items + index * top->size;
}
