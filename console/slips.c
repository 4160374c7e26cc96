/* SPDX-License-Identifier: MIT */
/* Slips of the fingers: the distance of Damerau and Levenshtein, of which three rows are kept. */
#include "console/slips.h"

#include <stdint.h>
#include <string.h>

#define LONGEST 15

size_t slips(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], x = strlen(a), y = strlen(b);

	if (x > LONGEST || y > LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= y; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= x; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= y; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < row[j])
				row[j] = above[j] + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two_above[j - 2] + 1 < row[j])
				row[j] = two_above[j - 2] + 1;
		}
	}
	return rows[x % 3][y];
}
