/* SPDX-License-Identifier: MIT */
/* Models of several processes: all here are of the scene's board. */
#include "console/listing.h"
#include "tests/support/app.h"

#define MEMBERS 3

static struct source_member members[MEMBERS];
static uint32_t member_count;
static struct models models;

static bool fake_member(struct source *source, uint32_t index, struct source_member *ret_member)
{
	(void)source;
	if (index >= member_count)
		return false;
	*ret_member = members[index];
	return true;
}

static int fake_open(struct source *source, uint32_t index, struct vigil_reader **ret_reader,
		     struct vigil_problem *ret_problem)
{
	(void)source;
	(void)index;
	return vigil_reader_open_memory(scene.board, scene.board_size, ret_reader, ret_problem);
}

static void fake_fix(struct source *source, uint32_t index, struct vigil_reader *reader)
{
	(void)source;
	(void)index;
	vigil_reader_fix_now(reader, scene.now);
}

static const struct source_ops fake_ops = {
	.member = fake_member,
	.member_open = fake_open,
	.member_fix = fake_fix,
};
static struct source source = { .ops = &fake_ops };

static void models_set_up(void)
{
	set_up();
	members[0] = (struct source_member){ 1, "web1", "httpd", 1, true, false, true };
	members[1] = (struct source_member){ 2, "web1", "httpd", 2, true, false, true };
	members[2] = (struct source_member){ 1, "web2", "httpd", 0, false, false, true };
	member_count = MEMBERS;
	models_refresh(&models, &source);
}

static void models_tear_down(void)
{
	models_fini(&models);
	tear_down();
}

TestSuite(models, .init = models_set_up, .fini = models_tear_down);

static void expect_words(const char *expected)
{
	char words[80];

	models_words(&models, words, sizeof(words));
	cr_expect_str_eq(words, expected);
}

Test(models, are_of_processes_that_have_begun)
{
	expect_words("2 processes on 1 host");
	cr_expect_null(models_at(&models, 2));
	members[2].board = 3;
	models_refresh(&models, &source);

	expect_words("3 processes on 2 hosts");
	cr_expect(models.list[2].is_other);
	cr_expect_not(models.list[0].is_other);
}

Test(models, have_sums)
{
	const struct model_totals *one = &models_at(&models, 0)->totals;

	cr_expect_gt(one->live, 0);
	cr_expect_eq(models.sum.totals.live, 2 * one->live);
	cr_expect_eq(models.sum.totals.running, 2 * one->running);
	cr_expect_eq(models.sum.counts->lost_hists, 2 * models_at(&models, 0)->counts->lost_hists);
}

Test(models, one_that_has_another_board_is_read_anew)
{
	members[1].board = 9;
	models_refresh(&models, &source);

	cr_expect(models.list[1].is_other);
}

Test(models, one_that_has_not_begun_any_more_is_let_go)
{
	members[1].board = 0;
	models_refresh(&models, &source);

	expect_words("1 process on 1 host");
	cr_expect_null(models_at(&models, 1));
}

Test(models, one_that_is_lost_is_kept_until_it_is_found_in_another_session)
{
	members[0].is_away = true;
	models_refresh(&models, &source);
	cr_expect_eq(models.away, 1);
	cr_expect_not(models_is_there(&models.list[0]));
	/* The same pid on another host is another process. */
	members[2].board = 3;
	models_refresh(&models, &source);
	expect_words("3 processes on 2 hosts");
	members[2].host = "web1";
	models_refresh(&models, &source);

	expect_words("2 processes on 1 host");
	cr_expect_eq(models.away, 0);
	cr_expect_null(models_at(&models, 0));
}

Test(models, a_host_that_is_not_known_is_not_counted)
{
	members[0].host = members[1].host = "";
	models_refresh(&models, &source);

	expect_words("2 processes");
}

static int take(struct model *model, struct rows *rows)
{
	return rows_add(rows, model, VIGIL_AT(model->reader, task, 0));
}

Test(models, their_rows_are_filtered_and_sorted_by_process)
{
	const struct listing listing = { .properties = &member_task_properties,
					 .then = "id",
					 .rows = take };
	const struct verb_options options = { .sort = "pid:desc", .filter = "pid>1" };
	struct rows rows = { 0 };
	struct vigil_problem problem;

	members[1].pid = 7;
	members[2] = (struct source_member){ 9, "web2", "httpd", 3, true, false, true };
	models_refresh(&models, &source);
	for (uint32_t i = 0; i < MEMBERS; i++)
		take(models_at(&models, i), &rows);
	cr_assert_eq(
		listing_choose(&listing, &options, models_at(&models, 0), &models, &rows, &problem),
		0, "%s", problem.text);

	cr_assert_eq(rows.count, 2);
	cr_expect_eq(rows.list[0].model, models_at(&models, 2));
	cr_expect_eq(rows.list[1].model, models_at(&models, 1));
	free(rows.list);
}
