/* SPDX-License-Identifier: MIT */
/* Interning texts. */
#include "console/export/intern.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * INTERN_MAX)

struct interned {
	uint64_t iid;
	uint32_t hash;
	unsigned kind;
	char text[];
};

static uint32_t hash_of(unsigned kind, const char *text)
{
	uint32_t hash = 2166136261u ^ kind;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 16777619u;
	return hash;
}

static struct interned *interned_new(uint32_t hash, unsigned kind, const char *text)
{
	size_t size = strlen(text) + 1;
	struct interned *interned = malloc(sizeof(*interned) + size);

	if (!interned)
		return NULL;
	interned->hash = hash;
	interned->kind = kind;
	memcpy(interned->text, text, size);
	return interned;
}

uint64_t intern(struct intern *intern, unsigned kind, const char *text, bool *ret_is_new)
{
	uint32_t hash = hash_of(kind, text);
	size_t at = hash % SLOTS;
	struct interned *it;

	while ((it = intern->slots[at]) &&
	       (it->hash != hash || it->kind != kind || strcmp(it->text, text) != 0))
		at = (at + 1) % SLOTS;
	*ret_is_new = !it;
	if (it)
		return it->iid;
	it = intern->used < INTERN_MAX ? interned_new(hash, kind, text) : NULL;
	if (!it)
		return 0;
	it->iid = ++intern->last;
	intern->slots[at] = it;
	intern->used++;
	return it->iid;
}

void intern_clear(struct intern *intern)
{
	for (size_t i = 0; i < SLOTS; i++) {
		free(intern->slots[i]);
		intern->slots[i] = NULL;
	}
	intern->used = 0;
}
