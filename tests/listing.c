/* SPDX-License-Identifier: MIT */
/* Listings on a terminal that is narrower than they are. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/own_board.h"

#include "console/canvas.h"
#include "console/listing.h"

#define S UINT64_C(1000000000)

static char *out;
static vigil_resource lock;
static vigil_task holder, waiter;

static void begin(void)
{
	vigil_executor loop;

	own_board_begin();
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
	lock = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "mutex", "accounts", 0, 0);
	holder = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "transfer", 0);
	waiter = vigil_task_spawn_at(vigil_site_find("src/deadlock_two_locks.c", 32, "main", NULL),
				     loop, VIGIL_TASK_ASYNC, "audit", 0);
	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	own_board_pass(3 * S);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	own_board_pass(2 * S);
	own_board_look();
}

static void end(void)
{
	free(out);
	own_board_end();
}

TestSuite(listing, .init = begin, .fini = end);

static int columns_of(const char *words, size_t length)
{
	char line[1024];

	snprintf(line, sizeof(line), "%.*s", (int)length, words);
	return text_columns(&(struct text){ .width = 0 }, line);
}

/* Prints rows on a terminal of so many columns; 0: into a file. */
static void print(const struct properties *properties, const void *const *records, size_t count,
		  const char *sorted, int width)
{
	struct rows rows = { .sorted = sorted ? property_find(properties, sorted) : NULL };
	struct listing listing = { .properties = properties };
	struct text text = { .width = width };
	size_t size;

	free(out);
	text.file = open_memstream(&out, &size);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(rows_add(&rows, own_model, records[i]), 0);
	cr_assert_eq(listing_print(&listing, &rows, &text), 0);
	fclose(text.file);
	free(rows.list);
	for (const char *at = out; width && *at; at += strcspn(at, "\n") + 1)
		cr_expect_leq(columns_of(at, strcspn(at, "\n")), width, "%s", out);
}

static void print_tasks(const char *sorted, int width)
{
	const void *records[] = { own_task(holder), own_task(waiter) };

	print(&task_properties, records, 2, sorted, width);
}

static bool shows(const char *words)
{
	return strstr(out, words) != NULL;
}

Test(listing, a_narrow_terminal_keeps_why_and_says_what_it_goes_without)
{
	print_tasks(NULL, 70);

	cr_expect(shows("  WHY\n"), "%s", out);
	cr_expect(shows("lock \"accounts\" held 5 s by 1 trans"), "%s", out);
	cr_expect(shows("no room for AGE, SCHED, IDLE, P99"), "%s", out);
	cr_expect(shows("\u2026"), "what is cut is marked: %s", out);
}

Test(listing, a_column_that_is_sorted_by_stays)
{
	print_tasks("idle", 70);

	cr_expect(shows("  IDLE  "), "%s", out);
	cr_expect(shows("  WHY\n"), "%s", out);
}

Test(listing, a_file_gets_all_columns)
{
	print_tasks(NULL, 0);

	cr_expect(shows("AGE") && shows("P99") && shows("SITE"), "%s", out);
	cr_expect_not(shows("no room"));
	cr_expect_not(shows("\u2026"));
}

Test(listing, a_place_that_is_cut_keeps_its_line)
{
	print_tasks(NULL, 160);
	cr_expect(shows("  deadlock_two_locks.c:32  "), "%s", out);
	print_tasks(NULL, 80);
	cr_expect(shows("  \u2026") && shows("_locks.c:32  "), "%s", out);
}

Test(listing, locks_keep_their_holder_and_their_longest_times)
{
	const void *records[] = { VIGIL_AT(own_model->reader, resource, 0) };

	print(&lock_properties, records, 1, NULL, 80);

	cr_expect(shows("  OWNER") && shows("  HELD") && shows("  WAITERS"), "%s", out);
	cr_expect(shows("  HOLD MAX  WAIT MAX"), "%s", out);
	cr_expect(shows("  1 transfer  "), "%s", out);
}

Test(listing, resources_keep_their_name_who_waits_and_how_they_stand)
{
	const void *records[] = { VIGIL_FIND(own_model->reader, resource, lock) };

	vigil_attr_u64(lock, "high water", 12, NULL);
	own_board_look();
	print(&resource_properties, records, 1, NULL, 60);

	cr_expect(shows("accounts"), "%s", out);
	cr_expect(shows("WAITING") && shows("high water 12"), "%s", out);
	cr_expect(shows("no room for "), "%s", out);
}

Test(listing, a_terminal_too_narrow_for_numbers_still_has_lines_of_its_width)
{
	print_tasks(NULL, 20);

	cr_expect_not_null(out);
}
