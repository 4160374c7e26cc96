/* SPDX-License-Identifier: MIT */
/*
 * Notes: what a form remembers of the objects of a table that are there now, by their
 * records. A record's next object finds its note empty, so notes take the memory of the
 * most objects that ever lived at once.
 */
#ifndef CONSOLE_EXPORT_NOTES_H
#define CONSOLE_EXPORT_NOTES_H

#include <stddef.h>
#include <stdint.h>

/* What every note begins with. */
struct note {
	uint64_t ref;
};

struct notes {
	size_t size;               /* of one note */
	void (*empty)(void *note); /* lets go of what a note holds; NULL: nothing */
	unsigned char *list;
	uint32_t count;
};

/*
 * The note of an object that has a record; of an object met for the first time all of it
 * is 0 but ref. Valid until the next call. NULL without memory.
 */
void *note_of(struct notes *notes, uint64_t ref);

/* The same if there is one, else NULL. */
void *note_find(const struct notes *notes, uint64_t ref);

/* The object is gone. */
void note_drop(struct notes *notes, uint64_t ref);

void notes_free(struct notes *notes);

#endif
