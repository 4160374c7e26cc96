/* SPDX-License-Identifier: MIT */
/* A live session as a source: how it comes, goes, and is found again. */
#include <poll.h>
#include <sys/mman.h>

#include "console/source_live.h"
#include "console/streams.h"
#include "tests/support/replayed.h"

#define URL "net://relay/host/web1/httpd"
#define LOOKS_MOST 3000 /* of 5 ms, for a child to do its part */

enum part { PART_ALL_AND_END, PART_ALL_AND_STAY, PART_PROBLEM, PART_NOTHING };

/* What the first, second ... child does. Shared with them. */
static struct script {
	enum part parts[8];
	unsigned children;
} * script;

static struct model *model;
static struct vigil_problem problem;
static char said[512];

/* In a child: waits to be killed. */
static void stay(struct feed *feed)
{
	feed_put(feed, &(struct trace_event){ .kind = FEED_TIME });
	feed_flush(feed);
	for (;;)
		pause();
}

static void told_read(struct feed *feed, uint64_t begin_unix_ns)
{
	unsigned child = __atomic_fetch_add(&script->children, 1, __ATOMIC_RELAXED);

	switch (script->parts[child]) {
	case PART_PROBLEM:
		feed_put(feed, &(struct trace_event){ .kind = FEED_PROBLEM, .text = "no way" });
		feed_flush(feed);
		break;
	case PART_NOTHING:
		stay(feed);
		break;
	case PART_ALL_AND_STAY:
		replayed_tell_all(feed, begin_unix_ns);
		stay(feed);
		break;
	default:
		replayed_read(feed, begin_unix_ns);
		break;
	}
}

static void streams_set_up(void)
{
	replayed_record();
	script = mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	cr_assert_neq(script, MAP_FAILED);
}

static void streams_tear_down(void)
{
	model_free(model);
	scene_end();
}

TestSuite(streams, .init = streams_set_up, .fini = streams_tear_down);

static int open_pid(enum part first, enum part second, uint32_t pid)
{
	const struct trace_options how = { .read = told_read };
	const struct source_options options = { .is_moved = true, .pid = pid };
	struct source *source;
	int r;

	script->parts[0] = first;
	script->parts[1] = second;
	r = source_live_new(URL, &how, &options, &source, &problem);
	if (!r)
		cr_assert_eq(model_new_of(source, &model, &problem), 0);
	return r;
}

static int open_with(enum part first, enum part second)
{
	return open_pid(first, second, 0);
}

static bool has_tasks(void)
{
	return model->totals.live == 17;
}

static bool has_news(void)
{
	const char *news = source_news(model->source);

	if (news)
		snprintf(said, sizeof(said), "%s", news);
	return news;
}

/* Refreshes until something is so. */
static bool comes_to(bool (*is_so)(void))
{
	for (int i = 0; i < LOOKS_MOST; i++) {
		model_refresh(model);
		if (is_so())
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

Test(streams, a_session_that_is_not_there_is_refused)
{
	cr_expect_neq(open_with(PART_PROBLEM, PART_PROBLEM), 0);
	cr_expect_str_eq(problem.text, "no way");
}

Test(streams, a_session_without_events_is_waited_for)
{
	cr_assert_eq(open_with(PART_NOTHING, PART_NOTHING), 0);
	model_refresh(model);

	cr_expect_str_eq(model->process->name, "not begun yet");
	cr_expect_eq(source_process_count(model->source), 0);
}

Test(streams, events_make_the_board_as_they_come)
{
	cr_assert_eq(open_with(PART_ALL_AND_STAY, PART_NOTHING), 0);

	cr_assert(comes_to(has_tasks));
	cr_expect_str_eq(model->process->name, "httpd");
	cr_expect_eq(source_process_count(model->source), 1);
	cr_expect_not_null(source_history(model->source));
}

Test(streams, what_was_there_stays_when_the_session_ends)
{
	char words[160];

	cr_assert_eq(open_with(PART_ALL_AND_END, PART_NOTHING), 0);
	cr_assert(comes_to(has_news));
	source_words(model->source, words, sizeof(words));

	cr_expect_not_null(strstr(said, "web1/httpd has ended"), "%s", said);
	cr_expect_eq(strncmp(words, "not connected for ", 18), 0, "%s", words);
	cr_expect(has_tasks());
}

Test(streams, a_session_that_begins_again_is_found_with_the_same_process)
{
	cr_assert_eq(open_with(PART_ALL_AND_END, PART_ALL_AND_STAY), 0);
	cr_assert(comes_to(has_news));
	cr_assert(comes_to(has_news));

	cr_expect_not_null(strstr(said, "web1/httpd is there again after"), "%s", said);
	cr_expect_not_null(strstr(said, "what happened meanwhile is not known"), "%s", said);
	cr_expect_eq(source_process_count(model->source), 1);
	cr_expect(comes_to(has_tasks));
}

static bool is_the_second(void)
{
	return vigil_reader_pid(model->reader) == REPLAYED_PID + 1 && model->totals.live == 17;
}

Test(streams, the_process_that_was_asked_for_is_shown_though_another_came_first)
{
	replayed_has_two = true;
	cr_assert_eq(open_pid(PART_ALL_AND_STAY, PART_NOTHING, REPLAYED_PID + 1), 0);

	cr_expect(comes_to(is_the_second));
}

Test(streams, tasks_of_a_session_that_ended_are_told_to_be_lost)
{
	replayed_has_two = true;
	cr_assert_eq(open_with(PART_ALL_AND_END, PART_NOTHING), 0);
	cr_assert(comes_to(has_news));
	app = app_new(model, SCENE_TICK);
	model = NULL;
	press("a");

	cr_expect(shows("2 processes on 2 hosts  2 not connected"));
	cr_expect(shows("lost: running "));
	press("T");
	cr_expect(shows("lost: 17 tasks: "));
	app_free(app);
}

Test(streams, a_relay_is_told_from_a_session)
{
	cr_expect(sessions_is_one(URL));
	cr_expect_not(sessions_is_one("net://relay"));
	cr_expect_not(sessions_is_one("net://relay:5344/host/web1"));
	cr_expect_not(sessions_is_one("net://relay/host/web1/"));
}
