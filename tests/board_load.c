/* SPDX-License-Identifier: MIT */
/*
 * Boards made of bytes: of a file that another version wrote, or of anything. A
 * board that was loaded can be gone on with, and stays sound. That it goes on as the
 * live one did: replay_board.c. Random bytes without end: fuzz/board_load.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libtrace/board_image.h"
#include "tests/support/go_on.h"
#include "tests/support/sound.h"

#define SEED "tests/data/reader/busy.board"

static uint8_t *bytes; /* of a good board, in exactly as many bytes as it has */
static size_t size;
static uint64_t seed = 4711;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static void bytes_read(void)
{
	struct stat st;
	int fd = open(SEED, O_RDONLY);

	cr_assert(fd >= 0 && !fstat(fd, &st), "run the tests in the top folder: no " SEED);
	size = (size_t)st.st_size;
	bytes = malloc(size);
	cr_assert_eq(read(fd, bytes, size), (ssize_t)size);
	close(fd);
}

static void bytes_free(void)
{
	free(bytes);
}

TestSuite(board_load, .init = bytes_read, .fini = bytes_free);

static struct vigil_header *header(void)
{
	return (void *)bytes;
}

static struct vigil_table_header *table(enum vigil_table which)
{
	return (void *)(bytes + header()->tables_offset + which * header()->table_header_size);
}

/* Room for what is to happen, which a file cut down to what is used has not. */
static const struct board_shape *room(void)
{
	static struct board_shape shape;

	board_shape_default(&shape);
	return &shape;
}

/* Loads what the bytes have become, and goes on. Whether they were taken for a board. */
static bool is_accepted(size_t length)
{
	uint8_t *copy = malloc(length ? length : 1); /* a sanitizer sees a byte too many */
	struct board board;
	int r;

	memcpy(copy, bytes, length);
	r = board_load(&board, copy, length, draw(2) ? room() : NULL);
	free(copy);
	if (r) {
		cr_assert(r == -EBADMSG || r == -EPROTONOSUPPORT || r == -ENOMEM, "%d", r);
		cr_assert_null(board.base);
		return false;
	}
	cr_assert_null(unsound(&board), "loaded: %s", unsound(&board));
	go_on(&board);
	cr_assert_null(unsound(&board), "gone on: %s", unsound(&board));
	board_fini(&board);
	return true;
}

/* The good board. */
static void good_load(struct board *board)
{
	cr_assert_eq(board_load(board, bytes, size, room()), 0);
}

/* ---- What is loaded ---- */

Test(board_load, takes_all_records_as_they_are)
{
	const struct vigil_task_record *tasks = (void *)(bytes + table(VIGIL_TABLE_task)->offset);
	struct board board;

	good_load(&board);

	cr_assert_eq(board.tables[VIGIL_TABLE_task].used, table(VIGIL_TABLE_task)->used);
	for (uint32_t i = 0; i < table(VIGIL_TABLE_task)->used; i++) {
		cr_assert_eq(RECORD_AT(&board, task, i)->id, tasks[i].id);
		cr_assert_str_eq(RECORD_AT(&board, task, i)->name, tasks[i].name);
	}
	board_fini(&board);
}

Test(board_load, goes_on_with_the_next_serial_number)
{
	struct board board;

	good_load(&board);

	cr_assert_eq(pool_serial(&board, NULL, VIGIL_TABLE_task, 0),
		     table(VIGIL_TABLE_task)->used + 1);
	board_fini(&board);
}

Test(board_load, has_at_least_the_room_that_is_asked_for)
{
	struct board tight, roomy;

	cr_assert_eq(board_load(&tight, bytes, size, NULL), 0);
	good_load(&roomy);

	cr_assert_eq(tight.tables[VIGIL_TABLE_task].capacity, table(VIGIL_TABLE_task)->used);
	cr_assert_eq(roomy.tables[VIGIL_TABLE_task].capacity, room()->capacity[VIGIL_TABLE_task]);
	board_fini(&tight);
	board_fini(&roomy);
}

Test(board_load, keeps_as_many_finished_ones_as_the_file_says)
{
	struct board board;

	table(VIGIL_TABLE_task)->finished = 3;
	cr_assert_eq(board_load(&board, bytes, size, NULL), 0);

	cr_assert_eq(board.pools[VIGIL_TABLE_task].ring_size, 3);
	board_fini(&board);
}

/* ---- Other versions ---- */

/* Lays each table out anew with records that many bytes longer or shorter. */
static void records_resize(int more)
{
	uint8_t *other = calloc(1, size * 2);
	size_t at = table(0)->offset;

	memcpy(other, bytes, at);
	for (uint32_t i = 0; i < header()->tables; i++) {
		struct vigil_table_header *old = table(i);
		struct vigil_table_header *new = (void *)(other + ((uint8_t *)old - bytes));
		uint32_t step = (uint32_t)((int)old->record_size + more);

		for (uint32_t k = 0; k < old->used; k++)
			memcpy(other + at + (size_t)k * step,
			       bytes + old->offset + (size_t)k * old->record_size,
			       more < 0 ? step : old->record_size);
		new->offset = at;
		new->record_size = step;
		at += (size_t)old->used * step;
	}
	free(bytes);
	bytes = other;
	size = at;
	header()->file_size = size;
}

Test(board_load, takes_longer_records_of_a_newer_version)
{
	struct board board;

	records_resize(64);
	good_load(&board);

	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(RECORD_AT(&board, task, i)->id, i + 1);
	cr_assert_null(unsound(&board));
	board_fini(&board);
}

Test(board_load, takes_shorter_records_of_an_older_version)
{
	struct board board;

	records_resize(-16);
	good_load(&board);

	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(RECORD_AT(&board, task, i)->id, i + 1);
	cr_assert_null(unsound(&board));
	board_fini(&board);
}

Test(board_load, takes_fewer_tables_of_an_older_version)
{
	struct board board;

	header()->tables = VIGIL_TABLE_edge;
	good_load(&board);

	cr_assert_eq(board.tables[VIGIL_TABLE_edge].used, 0);
	cr_assert_gt(board.tables[VIGIL_TABLE_edge].capacity, 0);
	board_fini(&board);
}

Test(board_load, refuses_another_format_and_byte_order)
{
	header()->abi_major++;
	cr_expect_not(is_accepted(size));
	header()->abi_major--;
	header()->byte_order = 0x04030201;

	cr_assert_not(is_accepted(size));
}

/* ---- What cannot be ---- */

static struct vigil_task_record *tasks(void)
{
	return (void *)(bytes + table(VIGIL_TABLE_task)->offset);
}

/* A task with attributes, and the first of them. */
static struct vigil_task_record *attributed(struct vigil_attr_record **ret_first)
{
	for (uint32_t i = 0; i < table(VIGIL_TABLE_task)->used; i++) {
		struct vigil_attr_record *attrs = (void *)(bytes + table(VIGIL_TABLE_attr)->offset);

		if (!tasks()[i].attrs)
			continue;
		*ret_first = &attrs[tasks()[i].attrs - 1];
		return &tasks()[i];
	}
	cr_assert_fail("no task of " SEED " has attributes");
	return NULL;
}

/* The first attribute that the task has once it is loaded, an index plus one. */
static uint32_t attr_loaded(const struct vigil_task_record *task)
{
	struct board board;
	uint32_t attrs;

	good_load(&board);
	attrs = RECORD_AT(&board, task, task - tasks())->attrs;
	board_fini(&board);
	return attrs;
}

Test(board_load, leaves_out_attributes_that_are_free_or_another_s)
{
	struct vigil_attr_record *attr;
	const struct vigil_task_record *task = attributed(&attr);

	cr_assert_neq(attr_loaded(task), 0);
	attr->life = VIGIL_LIFE_FREE;
	cr_expect_eq(attr_loaded(task), 0);
	attr->life = VIGIL_LIFE_LIVE;
	attr->owner++;

	cr_assert_eq(attr_loaded(task), 0);
}

Test(board_load, ends_a_list_of_attributes_that_bites_its_tail)
{
	struct vigil_attr_record *attr;
	const struct vigil_task_record *task = attributed(&attr);

	attr->sibling = task->attrs;

	cr_assert(is_accepted(size));
}

Test(board_load, puts_right_a_life_that_is_none_a_torn_record_and_a_text_without_end)
{
	struct board board;

	tasks()[0].life = 77;
	tasks()[1].seq = 5;
	memset(tasks()[2].name, 'x', sizeof(tasks()[2].name));
	good_load(&board);

	cr_assert_eq(RECORD_AT(&board, task, 0)->life, VIGIL_LIFE_FREE);
	cr_assert_eq(RECORD_AT(&board, task, 1)->seq, 6);
	cr_assert_eq(strlen(RECORD_AT(&board, task, 2)->name), sizeof(tasks()[2].name) - 1);
	board_fini(&board);
}

Test(board_load, believes_polls_only_where_a_worker_that_lives_has_them)
{
	struct vigil_worker_record *w = (void *)(bytes + table(VIGIL_TABLE_worker)->offset);
	struct board board;

	w->life = VIGIL_LIFE_LIVE;
	w->depth = 3;
	w->task = 0;
	for (uint32_t i = 0; i < table(VIGIL_TABLE_task)->used; i++) {
		tasks()[i].depth = 1;
		tasks()[i].worker = vigil_ref_make(VIGIL_TABLE_worker, 77, 1);
	}
	good_load(&board);

	cr_assert_eq(RECORD_AT(&board, worker, 0)->depth, 0);
	cr_assert_eq(board.lanes[0].depth, 0);
	for (uint32_t i = 0; i < table(VIGIL_TABLE_task)->used; i++)
		cr_assert_eq(RECORD_AT(&board, task, i)->depth, 0);
	board_fini(&board);
}

Test(board_load, begins_rings_of_another_size_anew)
{
	struct vigil_worker_record *w = (void *)(bytes + table(VIGIL_TABLE_worker)->offset);
	struct board board;

	w->ring_size = RING_EVENTS / 2;
	w->message_size = 0;
	good_load(&board);

	cr_assert_eq(RECORD_AT(&board, worker, 0)->ring_head, 0);
	cr_assert_eq(RECORD_AT(&board, worker, 0)->ring_size, RING_EVENTS);
	cr_assert_null(board.lanes[0].messages);
	board_fini(&board);
}

/* ---- Damage ---- */

Test(board_load, refuses_what_was_cut)
{
	for (size_t length = 0; length < size; length += 64)
		cr_assert_not(is_accepted(length), "cut at %zu", length);
}

Test(board_load, survives_any_flip_in_the_header_and_the_table_list)
{
	size_t end =
		header()->tables_offset + (size_t)header()->tables * header()->table_header_size;

	for (size_t at = 0; at < end; at++) {
		bytes[at] ^= 1 << at % 8;
		is_accepted(size);
		bytes[at] ^= 1 << at % 8;
		bytes[at] ^= 0xff;
		is_accepted(size);
		bytes[at] ^= 0xff;
	}
}

/* Words of used records become other small numbers, indexes mostly, or anything. */
static void records_damage(uint8_t *board, int words)
{
	for (int i = 0; i < words; i++) {
		const struct vigil_table_header *t = table(draw(VIGIL_TABLES));
		uint32_t value = draw(2) ? draw(12) : draw(UINT32_MAX);
		size_t at;

		if (!t->used)
			continue;
		at = t->offset + (size_t)draw(t->used) * t->record_size +
		     draw(draw(2) ? 32 : t->record_size / 4) % (t->record_size / 4) * 4;
		memcpy(board + at, &value, sizeof(value));
	}
}

Test(board_load, survives_damage_to_records)
{
	uint8_t *whole = malloc(size);
	int accepted = 0;

	memcpy(whole, bytes, size);
	for (int round = 0; round < 1000; round++) {
		records_damage(bytes, 1 + (int)draw(60));
		accepted += is_accepted(size);
		memcpy(bytes, whole, size);
	}
	free(whole);

	cr_assert_gt(accepted, 900);
}

/* ---- Images ---- */

/* The bytes become an image of the good board with something going on. */
static void image_make(void)
{
	struct board board;
	struct lane *lane;

	good_load(&board);
	lane = lane_open(&board, 1ull << 39, 7,
			 (struct wanted){ vigil_ref_make(VIGIL_TABLE_worker, 40, 1), 40 });
	cr_assert_not_null(lane);
	for (uint32_t i = 50; i < 58; i++) {
		uint64_t task = vigil_ref_make(VIGIL_TABLE_task, i, 3);

		board_task_spawn(&board, lane, 1ull << 39,
				 &(struct task_birth){ .want = { task, i } });
		board_poll_begin(&board, lane, 1ull << 39, task);
		if (i % 3 == 0)
			board_task_end(&board, lane, 1ull << 39, task, 0, 0, NULL);
	}
	free(bytes);
	size = board_image_size(&board);
	bytes = malloc(size);
	board_image_save(&board, bytes);
	board_fini(&board);
}

Test(board_load, makes_the_same_image_again)
{
	struct board board;
	uint8_t *again;

	image_make();
	cr_assert_eq(board_load(&board, bytes, size, NULL), 0);
	cr_assert_eq(board_image_size(&board), size);
	again = malloc(size);
	board_image_save(&board, again);

	cr_assert_arr_eq(again, bytes, size);
	free(again);
	board_fini(&board);
}

Test(board_load, stands_a_record_in_its_ring_once_whatever_the_image_says)
{
	const uint32_t ended = 51 + 1; /* of image_make's tasks, an index plus one */
	struct image_head head;
	size_t rings;

	image_make();
	memcpy(&head, bytes + header()->file_size, sizeof(head));
	rings = header()->file_size + sizeof(head) + head.lanes * sizeof(struct image_lane);
	for (size_t at = rings; at < size; at += sizeof(ended))
		memcpy(bytes + at, &ended, sizeof(ended));

	cr_assert_gt(head.pools[VIGIL_TABLE_task].ended, 1);
	cr_assert(is_accepted(size));
}

Test(board_load, survives_damage_to_an_image_behind_its_tables)
{
	uint8_t *whole;
	size_t from;

	image_make();
	whole = malloc(size);
	memcpy(whole, bytes, size);
	from = header()->file_size;
	for (int round = 0; round < 1000; round++) {
		for (uint32_t i = 0, flips = 1 + draw(8); i < flips; i++) {
			uint32_t value = draw(2) ? draw(100) : draw(UINT32_MAX);

			memcpy(bytes + from + draw((uint32_t)(size - from) / 4) * 4, &value,
			       sizeof(value));
		}
		is_accepted(size);
		memcpy(bytes, whole, size);
	}
	for (size_t length = from; length < size; length += 4)
		is_accepted(length);
	free(whole);
}
