/* SPDX-License-Identifier: MIT */
/*
 * Sums by key: how often and how long, for each of at most SUMS_MAX keys of bytes.
 * What more keys there are is added up as one.
 */
#ifndef CONSOLE_EXPORT_SUMS_H
#define CONSOLE_EXPORT_SUMS_H

#include <stddef.h>
#include <stdint.h>

#define SUMS_MAX 65536

struct sum {
	uint64_t count, ns;
	uint32_t hash;
	uint32_t length;
	unsigned char key[]; /* a NUL follows it */
};

struct sums {
	struct sum **slots; /* by hash; a power of two */
	size_t size, used;
	struct sum others; /* of the keys that found no room */
};

/*
 * The sum of a key, made if there is none; &sums->others without room, NULL without
 * memory. It does not move.
 */
struct sum *sums_get(struct sums *sums, const void *key, size_t length);

/* Adds to it. Returns 0 or -1 without memory. */
int sums_add(struct sums *sums, const void *key, size_t length, uint64_t count, uint64_t ns);

/* Puts the sums into the order of their keys' bytes, at the front: [0, used). Ends adding. */
void sums_sort(struct sums *sums);

void sums_free(struct sums *sums);

#endif
