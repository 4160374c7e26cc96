/* SPDX-License-Identifier: MIT */
/*
 * What a board claims and what its file has: at open, while it is read, off memory,
 * and in copies whose pages of zeros have become holes.
 */
#include "tests/support/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libtrace/live.h"

#define PAGE 4096u
#define SOME 3000u

TestSuite(reader_storage, .init = live_start, .fini = live_stop);

static struct vigil_table_header *table(enum vigil_table which)
{
	return &live_board->tables[which];
}

/* A table says that all its records are there and in use. */
static struct vigil_table_header lie(enum vigil_table which)
{
	struct vigil_table_header honest = *table(which);

	table(which)->claimed = table(which)->used = table(which)->capacity;
	return honest;
}

static blkcnt_t blocks(void)
{
	struct stat st;

	cr_assert_eq(stat(vigil_reader_path(live_reader), &st), 0);
	return st.st_blocks;
}

static void use_sums(void)
{
	struct vigil_edge_record *edges;
	struct vigil_site_stats *stats = vigil_reader_site_stats(live_reader);

	vigil_reader_edges(live_reader, &edges);
	free(edges);
	free(stats);
}

Test(reader_storage, a_board_that_claims_holes_while_it_is_read_is_not_filled)
{
	vigil_task task = SPAWN("a", 0);
	blkcnt_t before;

	look();
	before = blocks();
	lie(VIGIL_TABLE_task);
	lie(VIGIL_TABLE_cell);
	lie(VIGIL_TABLE_edge);
	look();
	use_sums();

	cr_assert_eq(vigil_reader_count(live_reader, VIGIL_TABLE_task), 1);
	cr_assert_str_eq(VIGIL_FIND(live_reader, task, task)->name, "a");
	cr_assert_eq(blocks(), before);
}

Test(reader_storage, a_board_that_takes_its_claims_back_is_read_on)
{
	struct vigil_table_header honest;

	look();
	honest = lie(VIGIL_TABLE_task);
	look();
	*table(VIGIL_TABLE_task) = honest;
	for (uint32_t i = 0; i < SOME; i++)
		SPAWN("a", 0);

	cr_assert_eq(vigil_reader_count(look(), VIGIL_TABLE_task), SOME);
}

/* ---- Off memory ---- */

static char copy_path[64];

/* Copies the board to a disk; pages of zeros become holes. */
static int copy_open(void)
{
	char page[PAGE], zeros[PAGE] = { 0 };
	int from = open(vigil_reader_path(live_reader), O_RDONLY), to;
	struct stat st;

	snprintf(copy_path, sizeof(copy_path), "/var/tmp/vigil-copy-XXXXXX");
	to = mkstemp(copy_path);
	cr_assert(from >= 0 && to >= 0 && !fstat(from, &st));
	cr_assert_eq(ftruncate(to, st.st_size), 0);
	for (off_t at = 0; at < st.st_size; at += PAGE) {
		cr_assert_eq(pread(from, page, PAGE, at), PAGE);
		if (memcmp(page, zeros, PAGE))
			cr_assert_eq(pwrite(to, page, PAGE, at), PAGE);
	}
	close(from);
	return to;
}

Test(reader_storage, a_copy_whose_pages_of_zeros_are_holes_is_read)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	for (uint32_t i = 0; i < 8 * SOME; i++)
		SPAWN("a", 0);
	close(copy_open());
	cr_expect_eq(vigil_reader_open_file(copy_path, 0, &reader, &problem), 0, "%s",
		     problem.text);
	unlink(copy_path);

	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 8 * SOME);
	cr_assert_str_eq(VIGIL_AT(reader, task, 8 * SOME - 1)->name, "a");
	vigil_reader_close(reader);
}

Test(reader_storage, a_file_on_a_disk_that_claims_holes_is_refused)
{
	struct vigil_table_header tasks = *table(VIGIL_TABLE_task);
	size_t at = (size_t)((uint8_t *)table(VIGIL_TABLE_task) - live_board->base);
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem = { "" };
	int fd = copy_open();

	tasks.claimed = tasks.used = tasks.capacity;
	cr_assert_eq(pwrite(fd, &tasks, sizeof(tasks), (off_t)at), sizeof(tasks));
	close(fd);

	cr_expect_eq(vigil_reader_open_file(copy_path, 0, &reader, &problem), -EBADMSG);
	cr_expect(strstr(problem.text, "more storage"), "%s", problem.text);
	unlink(copy_path);
}
