/* SPDX-License-Identifier: MIT */
/* Where boards come from: what a target is, and what a model sees of a trace. */
#include <errno.h>

#include "console/source.h"
#include "tests/support/replayed.h"

static struct vigil_problem problem;

/* A model of the trace at a moment; NULL at its end. */
static struct model *model_at(const char *at, uint32_t pid)
{
	const struct cursor_options how = replayed_options();
	const struct source_options options = { .at = at, .pid = pid };
	struct source *source;
	struct model *model;

	if (source_trace_new(&how, &options, &source, &problem))
		return NULL;
	cr_assert_eq(model_new_of(source, &model, &problem), 0, "%s", problem.text);
	return model;
}

static void source_set_up(void)
{
	replayed_record();
}

TestSuite(source, .init = source_set_up, .fini = scene_end);

Test(source, a_trace_is_seen_at_its_end)
{
	struct model *model = model_at(NULL, 0);

	cr_expect_eq(model->status, VIGIL_STATUS_RECORDED);
	cr_expect_eq(model->totals.live, 17);
	cr_expect_str_eq(model->process->name, "httpd");
	model_free(model);
}

Test(source, a_trace_is_seen_at_any_moment)
{
	struct model *model = model_at("+100ms", 0);
	char words[160];

	source_words(model->source, words, sizeof(words));

	cr_expect_str_eq(words, "recorded at 22:13:20.100 (+100 ms of 5 s)");
	cr_expect_lt(model->totals.live, 17, "conns are still being opened");
	cr_expect_eq(model->now - model->process->created_ns, 100 * SCENE_MS);
	model_free(model);
}

Test(source, a_task_waits_in_a_trace_as_it_waited_live)
{
	struct model *model = model_at("end", 0);
	const struct vigil_task_record *waiter = VIGIL_FIND(model->reader, task, scene.waiters[0]);

	cr_assert_not_null(waiter);
	cr_expect_eq(waiter->wait_object, scene.cache);
	model_free(model);
}

Test(source, nonsense_is_refused_in_a_sentence)
{
	cr_expect_null(model_at("soon", 0));
	cr_expect_not_null(strstr(problem.text, "\"soon\" is no moment of a trace"));
	cr_expect_null(model_at(NULL, 99));
	cr_expect_not_null(strstr(problem.text, "there is no process 99 in /srv/traces/httpd"));
}

Test(source, of_several_processes_one_is_to_be_named)
{
	struct model *model;

	replayed_has_two = true;
	cr_expect_null(model_at(NULL, 0));
	cr_expect_not_null(strstr(problem.text, "4711 httpd (web1), 4712 httpd (web2)"), "%s",
			   problem.text);
	model = model_at(NULL, 4712);

	cr_assert_not_null(model);
	cr_expect_eq(vigil_reader_pid(model->reader), 4712);
	cr_expect(source_has_several(model->source));
	model_free(model);
}

Test(source, a_process_that_comes_late_is_waited_for_before_a_trace_is_played)
{
	const struct cursor_options how = replayed_options();
	struct source_options options = { .pid = 4712, .is_moved = true };
	struct source *source;

	replayed_has_two = true;
	cr_assert_eq(source_trace_new(&how, &options, &source, &problem), 0, "%s", problem.text);
	source_close(source);
	options.pid = 1;

	cr_expect_neq(source_trace_new(&how, &options, &source, &problem), 0);
	cr_expect_not_null(strstr(problem.text, "there is no process 1 in "), "%s", problem.text);
	cr_expect_not_null(strstr(problem.text, "4711 httpd (web1), 4712 httpd (web2)"), "%s",
			   problem.text);
}

Test(source, a_process_can_be_chosen_and_each_is_described)
{
	struct source_process process;
	struct model *model;

	replayed_has_two = true;
	model = model_at("end", 4711);
	cr_assert_not_null(model);
	cr_expect_eq(source_process_count(model->source), 2);
	cr_expect(source_process(model->source, 1, &process));
	cr_expect_str_eq(process.host, "web2");
	cr_expect_eq(process.live_tasks, 17);
	cr_expect_eq(model_choose(model, 1), 1);

	cr_expect_eq(vigil_reader_pid(model->reader), 4712);
	model_free(model);
}

Test(source, a_process_that_has_not_begun_has_an_empty_board)
{
	struct source_process process;
	struct model *model;

	replayed_has_two = true;
	model = model_at("+300ms", 4712);
	cr_assert_not_null(model);

	source_process(model->source, 1, &process);
	cr_expect_not(process.has_begun);
	cr_expect_eq(model->totals.live, 0);
	cr_expect_str_eq(model->process->name, "not begun yet");
	model_free(model);
}

Test(source, a_board_has_no_moments)
{
	const struct source_options options = { .at = "50%" };
	struct source *source;

	cr_expect_neq(source_open(scene.path, &options, &source, &problem), 0);
	cr_expect_not_null(strstr(problem.text, "is no trace"));
}

Test(source, a_board_is_a_source_like_any_other)
{
	struct model *model;

	cr_assert_eq(model_open(scene.path, NULL, &model, &problem), 0, "%s", problem.text);

	cr_expect_eq(source_process_count(model->source), 0);
	cr_expect_null(source_player(model->source));
	cr_expect_eq(model_refresh(model), 0);
	model_free(model);
}

Test(source, a_folder_without_a_trace_is_told_as_before)
{
	struct source *source;

	cr_expect_eq(source_open("/", NULL, &source, &problem), -EBADMSG);
}
