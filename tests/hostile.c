/* SPDX-License-Identifier: MIT */
/*
 * Boards that were cut, damaged, forged, or written by another version. Each is
 * refused with a sentence, or every accessor returns something bounded. The same,
 * without end and from random bytes: fuzz/reader.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vigil/reader.h>

#define SEED "tests/data/reader/busy.board"

static uint8_t *board; /* a good one, in exactly as many bytes as it has */
static size_t size;

static void board_load(void)
{
	struct stat st;
	int fd = open(SEED, O_RDONLY);

	cr_assert(fd >= 0 && !fstat(fd, &st), "run the tests in the top folder: no " SEED);
	size = (size_t)st.st_size;
	board = malloc(size);
	cr_assert_not_null(board);
	cr_assert_eq(read(fd, board, size), (ssize_t)size);
	close(fd);
}

static void board_free(void)
{
	free(board);
}

TestSuite(hostile, .init = board_load, .fini = board_free);

static struct vigil_header *header(void)
{
	return (void *)board;
}

static struct vigil_table_header *table(enum vigil_table which)
{
	return (void *)(board + header()->tables_offset + which * header()->table_header_size);
}

/* ---- Using all there is ---- */

static void use_tasks(const struct vigil_reader *reader)
{
	static struct vigil_attr_record attrs[64];
	static struct vigil_hist hist;
	const struct vigil_task_record *t;
	struct vigil_task_times times;

	for (uint32_t i = 0; (t = VIGIL_AT(reader, task, i)); i++) {
		vigil_task_times(t, vigil_reader_now(reader), &times);
		cr_assert(times.is_impossible ||
			  times.busy_ns + times.scheduled_ns + times.idle_ns == times.age_ns);
		cr_assert_lt(strlen(t->name), sizeof(t->name));
		if (vigil_reader_task_hist(reader, t, VIGIL_HIST_BUSY, &hist))
			(void)vigil_hist_percentile(&hist, 0.99);
		cr_assert_leq(vigil_reader_attrs(reader,
						 vigil_reader_ref(reader, VIGIL_TABLE_task, i),
						 t->attrs, attrs, 64),
			      64);
		(void)VIGIL_FIND(reader, resource, t->wait_object);
		(void)vigil_reader_site(reader, t->site);
	}
}

static void use_rings(const struct vigil_reader *reader)
{
	static struct vigil_event_record events[512];
	static struct vigil_message_record messages[512];

	for (uint32_t i = 0; i < vigil_reader_count(reader, VIGIL_TABLE_worker) + 1; i++) {
		cr_assert_leq(vigil_reader_events(reader, i, events, 512), 512);
		cr_assert_leq(vigil_reader_messages(reader, i, messages, 512), 512);
	}
}

static void use_sums(const struct vigil_reader *reader)
{
	static struct vigil_hist hist;
	struct vigil_edge_record *edges = NULL;
	struct vigil_site_stats *stats = vigil_reader_site_stats(reader);

	vigil_reader_edges(reader, &edges);
	vigil_reader_site_hist(reader, 1, VIGIL_HIST_BUSY, &hist);
	vigil_reader_site_hist(reader, UINT32_MAX, VIGIL_HIST_DELAY, &hist);
	free(edges);
	free(stats);
}

/* Opens what the board has become. True when it was taken for one. */
static bool is_accepted(size_t bytes)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem = { "" };

	if (vigil_reader_open_memory(board, bytes, &reader, &problem)) {
		cr_assert_neq(problem.text[0], '\0', "refused without a word");
		cr_assert_null(reader);
		return false;
	}
	for (int i = 0; i < 2; i++) {
		use_tasks(reader);
		use_rings(reader);
		use_sums(reader);
		cr_assert_lt(strlen(VIGIL_AT(reader, process, 0)->command), 256);
		cr_assert_eq(vigil_reader_refresh(reader), 0);
	}
	vigil_reader_close(reader);
	return true;
}

/* Why the board is refused. */
static const char *refusal(int error)
{
	static struct vigil_problem problem;
	struct vigil_reader *reader = NULL;

	cr_assert_eq(vigil_reader_open_memory(board, size, &reader, &problem), error, "%s",
		     problem.text);
	return problem.text;
}

Test(hostile, a_good_board_is_accepted)
{
	cr_assert(is_accepted(size));
}

/* ---- Cut ---- */

Test(hostile, a_board_cut_at_any_64th_byte_is_refused)
{
	for (size_t bytes = 0; bytes < size; bytes += 64) {
		uint8_t *whole = board;

		board = malloc(bytes + 8); /* so that a sanitizer sees one byte too many */
		memcpy(board, whole, bytes);
		board = realloc(board, bytes ? bytes : 1);
		cr_assert_not(is_accepted(bytes), "cut at %zu", bytes);
		free(board);
		board = whole;
	}
}

Test(hostile, a_cut_board_says_that_it_was_cut)
{
	size -= 64;

	cr_assert(strstr(refusal(-EBADMSG), "cut short"));
}

Test(hostile, zeros_are_refused)
{
	memset(board, 0, size);

	cr_assert(strstr(refusal(-EBADMSG), "empty board"));
}

Test(hostile, a_board_whose_magic_is_not_written_yet_is_refused)
{
	memset(board, 0, 8);

	refusal(-EBADMSG);
}

Test(hostile, zeros_behind_the_description_are_survived)
{
	for (uint32_t i = 0; i < header()->tables; i++) {
		uint8_t *whole = board;

		board = malloc(size);
		memcpy(board, whole, size);
		memset(board + table(i)->offset, 0, size - table(i)->offset);
		is_accepted(size);
		free(board);
		board = whole;
	}
}

/* ---- Damaged ---- */

Test(hostile, any_byte_of_the_header_and_the_table_list_may_flip)
{
	size_t end =
		header()->tables_offset + (size_t)header()->tables * header()->table_header_size;

	for (size_t at = 0; at < end; at++) {
		for (int bit = 0; bit < 8; bit++) {
			board[at] ^= 1 << bit;
			is_accepted(size);
			board[at] ^= 1 << bit;
		}
		board[at] ^= 0xff;
		is_accepted(size);
		board[at] ^= 0xff;
	}
}

Test(hostile, random_damage_anywhere_is_survived)
{
	uint64_t seed = 4711;
	uint8_t *whole = malloc(size);

	memcpy(whole, board, size);
	for (int round = 0; round < 3000; round++) {
		for (int i = 0; i < 200; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			/* Records, mostly: a damaged list of tables ends the story early. */
			board[2048 + (seed >> 33) % (size - 2048)] = (uint8_t)(seed >> 20);
		}
		is_accepted(size);
		memcpy(board, whole, size);
	}
	free(whole);
}

Test(hostile, a_name_without_an_end_is_given_one)
{
	struct vigil_task_record *task = (void *)(board + table(VIGIL_TABLE_task)->offset);
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	memset(task->name, 'x', sizeof(task->name));
	cr_assert_eq(vigil_reader_open_memory(board, size, &reader, &problem), 0);

	cr_assert_eq(strnlen(VIGIL_AT(reader, task, 0)->name, sizeof(task->name)),
		     sizeof(task->name) - 1);
	vigil_reader_close(reader);
}

Test(hostile, lists_that_bite_their_tail_end)
{
	struct vigil_attr_record *attrs = (void *)(board + table(VIGIL_TABLE_attr)->offset);

	for (uint32_t i = 0; i < table(VIGIL_TABLE_attr)->used; i++)
		attrs[i].sibling = i + 1;

	cr_assert(is_accepted(size));
}

Test(hostile, rings_with_impossible_heads_are_survived)
{
	struct vigil_worker_record *w = (void *)(board + table(VIGIL_TABLE_worker)->offset);
	static const uint64_t heads[] = { 0,         1, 255, 256, 257, UINT32_MAX, UINT64_MAX - 1,
					  UINT64_MAX };
	static const uint32_t rings[] = { 0, 1, 255, 65536, 65537, UINT32_MAX };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		for (size_t k = 0; k < sizeof(rings) / sizeof(rings[0]); k++) {
			w->ring_head = w->message_head = heads[i];
			w->ring_size = w->message_size = rings[k];
			cr_assert(is_accepted(size));
		}
	}
}

Test(hostile, times_that_cannot_be_are_marked_impossible)
{
	struct vigil_task_record task = { .life = VIGIL_LIFE_LIVE,
					  .busy_ns = UINT64_MAX,
					  .depth = 1,
					  .created_ns = 5,
					  .poll_begin_ns = 10 };
	struct vigil_task_times times;

	vigil_task_times(&task, 100, &times);
	cr_assert(times.is_impossible);
	task.busy_ns = 3;
	task.scheduled_ns = UINT64_MAX;
	vigil_task_times(&task, 100, &times);

	cr_assert(times.is_impossible);
}

Test(hostile, a_board_that_does_not_begin_at_a_multiple_of_8_is_refused)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	uint8_t *shifted = malloc(size + 8);

	memcpy(shifted + 4, board, size);

	cr_assert_eq(vigil_reader_open_memory(shifted + 4, size, &reader, &problem), -EBADMSG);
	free(shifted);
}

Test(hostile, a_live_writer_that_takes_its_tables_back_is_survived)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert_eq(vigil_reader_open_memory(board, size, &reader, &problem), 0);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		table(i)->used = 0;
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 6);
	use_tasks(reader);
	use_sums(reader);
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		table(i)->used = table(i)->claimed = table(i)->capacity = UINT32_MAX;
	cr_assert_eq(vigil_reader_refresh(reader), 0);
	use_tasks(reader);
	use_sums(reader);

	cr_assert_not_null(VIGIL_AT(reader, process, 0));
	vigil_reader_close(reader);
}

/* ---- More claimed than there is ---- */

#define FORGED_RECORDS 1000000u

/* Writes the board as a file in memory whose tasks, a million, are a hole. */
static void forge(char path[64], char dir[32])
{
	struct vigil_table_header *tasks = table(VIGIL_TABLE_task);
	size_t hole = (size + 4095) & ~(size_t)4095;
	int fd;

	tasks->offset = hole;
	tasks->used = tasks->claimed = tasks->capacity = FORGED_RECORDS;
	header()->file_size = hole + (size_t)FORGED_RECORDS * tasks->record_size;
	snprintf(dir, 32, "/dev/shm/vigil-forged-XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, 64, "%s/1-1.board", dir);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	cr_assert_eq(write(fd, board, size), (ssize_t)size);
	cr_assert_eq(ftruncate(fd, (off_t)header()->file_size), 0);
	close(fd);
}

Test(hostile, a_board_that_claims_holes_is_refused_and_not_filled)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	struct vigil_found *list = NULL;
	char path[64], dir[32];
	struct stat before, after;

	forge(path, dir);
	cr_assert_eq(stat(path, &before), 0);
	cr_expect_eq(vigil_reader_open_file(path, 0, &reader, &problem), -EBADMSG);
	cr_expect(strstr(problem.text, "more storage"), "%s", problem.text);
	cr_assert_eq(vigil_find(dir, &list), 1);
	cr_expect_not(list[0].is_readable);
	cr_assert_eq(stat(path, &after), 0);

	cr_expect_leq(after.st_blocks, before.st_blocks + 64);
	free(list);
	unlink(path);
	rmdir(dir);
}

/* ---- Foreign ---- */

Test(hostile, files_that_are_no_boards_are_refused)
{
	static const char *const paths[] = {
		"/etc/passwd", "/dev/null",       "/dev/zero",
		"/",           "/proc/self/maps", "/nonexistent.board"
	};
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		problem.text[0] = '\0';
		cr_assert_lt(vigil_reader_open_file(paths[i], 0, &reader, &problem), 0);
		cr_assert_neq(problem.text[0], '\0');
		cr_assert_null(reader);
	}
}

Test(hostile, a_pipe_does_not_hold_us_up)
{
	char path[] = "/tmp/vigil-hostile-XXXXXX";
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert(mkdtemp(path));
	rmdir(path);
	cr_assert_eq(mkfifo(path, 0600), 0);

	cr_assert_eq(vigil_reader_open_file(path, 0, &reader, &problem), -EBADMSG);
	cr_assert(strstr(problem.text, "not a regular file"), "%s", problem.text);
	unlink(path);
}

Test(hostile, another_major_is_refused_by_name)
{
	header()->abi_major = 2;

	cr_assert(strstr(refusal(-EPROTONOSUPPORT), "format 2"));
}

Test(hostile, the_other_byte_order_is_refused)
{
	header()->byte_order = 0x04030201;

	cr_assert(strstr(refusal(-EPROTONOSUPPORT), "byte order"));
}

/* ---- Older and newer ---- */

/* Lays each table out anew with records that many bytes longer or shorter. */
static void records_resize(int more)
{
	uint8_t *other = calloc(1, size * 2);
	size_t at = table(0)->offset;

	memcpy(other, board, at);
	for (uint32_t i = 0; i < header()->tables; i++) {
		struct vigil_table_header *old = table(i);
		struct vigil_table_header *new = (void *)(other + ((uint8_t *)old - board));
		uint32_t step = (uint32_t)((int)old->record_size + more);

		for (uint32_t k = 0; k < old->used; k++)
			memcpy(other + at + (size_t)k * step,
			       board + old->offset + (size_t)k * old->record_size,
			       more < 0 ? step : old->record_size);
		new->offset = at;
		new->record_size = step;
		at += (size_t)old->used * step;
	}
	free(board);
	board = other;
	size = at;
	header()->file_size = size;
}

static struct vigil_reader *opened(void)
{
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;

	cr_assert(is_accepted(size));
	cr_assert_eq(vigil_reader_open_memory(board, size, &reader, &problem), 0);
	return reader;
}

Test(hostile, a_newer_minor_with_longer_records_is_read)
{
	struct vigil_reader *reader;

	header()->abi_minor = 9;
	records_resize(64);
	reader = opened();

	cr_assert_str_eq(VIGIL_AT(reader, task, 0)->name, "task");
	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 6);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(VIGIL_AT(reader, task, i)->id, i + 1);
	vigil_reader_close(reader);
}

Test(hostile, an_older_minor_with_shorter_records_is_read_with_zeros_at_the_end)
{
	struct vigil_reader *reader;

	records_resize(-16);
	reader = opened();

	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 6);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(VIGIL_AT(reader, task, i)->id, i + 1);
	cr_assert_eq(VIGIL_AT(reader, task, 0)->name[sizeof(VIGIL_AT(reader, task, 0)->name) - 16],
		     0);
	vigil_reader_close(reader);
}

Test(hostile, an_older_minor_with_fewer_tables_is_read)
{
	struct vigil_reader *reader;
	struct vigil_edge_record *edges;

	header()->tables = VIGIL_TABLE_edge;
	reader = opened();

	cr_assert_eq(vigil_reader_edges(reader, &edges), 0);
	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 6);
	free(edges);
	vigil_reader_close(reader);
}

Test(hostile, a_newer_minor_with_more_tables_and_longer_headers_is_read)
{
	size_t step = header()->table_header_size + 32, count = header()->tables + 3u;
	uint8_t *longer = calloc(1, size + step * count + 8);
	size_t at = (size + 7) & ~(size_t)7;
	struct vigil_reader *reader;

	memcpy(longer, board, size);
	for (uint32_t i = 0; i < header()->tables; i++)
		memcpy(longer + at + i * step, table(i), header()->table_header_size);
	free(board);
	board = longer;
	header()->tables_offset = (uint32_t)at;
	header()->table_header_size = (uint32_t)step;
	header()->tables = (uint32_t)count;
	header()->file_size = size = at + step * count;
	reader = opened();

	cr_assert_eq(vigil_reader_count(reader, VIGIL_TABLE_task), 6);
	vigil_reader_close(reader);
}
