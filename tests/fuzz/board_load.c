/* SPDX-License-Identifier: MIT */
/*
 * Loading a board from hostile bytes: it is refused, or can be gone on with and stays
 * sound. Where the bytes come from a file, reader.c is the first door; not here.
 */
#include "tests/fuzz/aimed.h"
#include "tests/support/go_on.h"
#include "tests/support/sound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct board_shape room;
	struct board board;

	board_shape_default(&room);
	if (board_load(&board, data, size, size % 2 ? &room : NULL))
		return 0;
	must(unsound(&board));
	go_on(&board);
	must(unsound(&board));
	board_fini(&board);
	return 0;
}
