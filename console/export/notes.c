/* SPDX-License-Identifier: MIT */
/* Notes by record. */
#include "console/export/notes.h"

#include <stdlib.h>
#include <string.h>

#include <vigil/board.h>

static struct note *note_at(const struct notes *notes, uint32_t index)
{
	return (struct note *)(notes->list + index * notes->size);
}

static void note_empty(const struct notes *notes, struct note *note)
{
	if (note->ref && notes->empty)
		notes->empty(note);
	memset(note, 0, notes->size);
}

static int notes_grow(struct notes *notes, uint32_t index)
{
	uint32_t count = notes->count ? notes->count : 64;
	unsigned char *more;

	while (count <= index)
		count *= 2;
	more = reallocarray(notes->list, count, notes->size);
	if (!more)
		return -1;
	memset(more + notes->count * notes->size, 0, (count - notes->count) * notes->size);
	notes->list = more;
	notes->count = count;
	return 0;
}

void *note_of(struct notes *notes, uint64_t ref)
{
	uint32_t index = vigil_ref_index(ref);
	struct note *note;

	if (index >= notes->count && notes_grow(notes, index))
		return NULL;
	note = note_at(notes, index);
	if (note->ref != ref)
		note_empty(notes, note);
	note->ref = ref;
	return note;
}

void *note_find(const struct notes *notes, uint64_t ref)
{
	uint32_t index = vigil_ref_index(ref);

	if (!ref || index >= notes->count || note_at(notes, index)->ref != ref)
		return NULL;
	return note_at(notes, index);
}

void note_drop(struct notes *notes, uint64_t ref)
{
	struct note *note = note_find(notes, ref);

	if (note)
		note_empty(notes, note);
}

void notes_free(struct notes *notes)
{
	for (uint32_t i = 0; i < notes->count; i++)
		note_empty(notes, note_at(notes, i));
	free(notes->list);
	notes->list = NULL;
	notes->count = 0;
}
