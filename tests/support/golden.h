/* SPDX-License-Identifier: MIT */
/*
 * Golden files: what is compared whole. UPDATE_SCREENS=1 accepts what there is now. Run
 * from the top of the repository, as make test does.
 */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline const char *golden_read(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	size_t size = 0;

	if (file) {
		size = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[size] = '\0';
	return text;
}

/* The program of tests/app.c is app. */
#define GOLDEN_PROGRAM (__BASE_FILE__ + sizeof("tests/") - 1)

static inline void expect_golden(const char *path, const char *text)
{
	FILE *file;

	if (getenv("UPDATE_SCREENS")) {
		file = fopen(path, "w");
		cr_assert_not_null(file, "cannot write %s", path);
		fputs(text, file);
		fclose(file);
	}
	cr_assert(strcmp(text, golden_read(path)) == 0,
		  "%s differs. It is now:\n%s\n"
		  "To accept it: UPDATE_SCREENS=1 make test TESTS=%.*s\n",
		  path, text, (int)strlen(GOLDEN_PROGRAM) - 2, GOLDEN_PROGRAM);
}

#endif
