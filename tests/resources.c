/* SPDX-License-Identifier: MIT */
/* Resources: how their attributes read, who waits for them, which operations use them. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/own_board.h"

#include "console/attr.h"
#include "console/filter.h"
#include "console/listing.h"
#include "console/names.h"
#include "console/property.h"
#include "console/uses.h"

#define MS UINT64_C(1000000)

static vigil_executor loop;
static vigil_resource jobs;
static vigil_task sender;

static void begin(void)
{
	own_board_begin();
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "http");
	vigil_worker_begin(loop, "http-0");
	jobs = vigil_resource_new(VIGIL_RESOURCE_MPSC, "rt_mpsc", "jobs", 0, 0);
	sender = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "sender", 0);
}

TestSuite(resources, .init = begin, .fini = own_board_end);

static const struct vigil_resource_record *resource_at(uint64_t ref)
{
	const struct vigil_resource_record *record = VIGIL_FIND(own_model->reader, resource, ref);

	cr_assert_not_null(record);
	return record;
}

static void look(void)
{
	own_board_look();
	cr_assert_eq(model_want_uses(own_model), 0);
}

static const char *says_of(uint64_t ref, const char *property)
{
	static char text[PROPERTY_TEXT_SIZE];

	property_text(property_find(&resource_properties, property), own_model, resource_at(ref),
		      text, sizeof(text));
	return text;
}

static const char *attributes(void)
{
	look();
	return says_of(jobs, "attributes");
}

static bool matches(const char *words)
{
	struct vigil_problem problem;
	struct filter *filter;
	bool is_match;

	cr_assert_eq(filter_parse(words, &resource_properties, own_model, &filter, &problem), 0,
		     "%s", problem.text);
	is_match = filter_matches(filter, own_model, resource_at(jobs));
	filter_free(filter);
	return is_match;
}

/* The sender's poll ends, and it waits. */
static void wait_for(uint64_t object)
{
	vigil_poll_begin(sender);
	vigil_task_wait(sender, VIGIL_WAIT_SEND, object);
	vigil_poll_end(sender);
}

Test(resources, a_bound_stands_behind_what_it_bounds)
{
	vigil_attr_bool(jobs, "closed", false);
	vigil_attr_u64(jobs, "capacity", 16, NULL);
	vigil_attr_u64(jobs, "high water", 9, NULL);
	vigil_attr_u64(jobs, "permits.max", 4, NULL);
	vigil_attr_u64(jobs, "permits", 2, NULL);
	vigil_attr_u64(jobs, "length", 3, NULL);

	cr_expect_str_eq(attributes(), "length 3/16, permits 2/4, high water 9, not closed");
}

Test(resources, a_bound_in_words_bounds_nothing)
{
	vigil_attr_text(jobs, "capacity", "unbounded");
	vigil_attr_u64(jobs, "length", 3, NULL);

	cr_expect_str_eq(attributes(), "length 3, capacity unbounded");
}

Test(resources, times_and_sizes_have_the_unit_that_suits_them)
{
	vigil_attr_u64(jobs, "rate", 7, "conns");
	vigil_attr_u64(jobs, "read", 12 << 10, "B");
	vigil_attr_u64(jobs, "period", 250 * MS, "ns");

	cr_expect_str_eq(attributes(), "period 250 ms, read 12 KiB, rate 7 conns");
}

Test(resources, a_deadline_is_told_from_now)
{
	vigil_attr_u64(jobs, "deadline", own_now + 40 * MS, "ns");
	cr_expect_str_eq(attributes(), "deadline in 40 ms");

	own_board_pass(50 * MS);
	cr_expect_str_eq(attributes(), "deadline 10 ms ago");

	vigil_attr_u64(jobs, "deadline", 0, "ns");
	cr_expect_str_eq(attributes(), "deadline none");
}

Test(resources, attributes_that_do_not_fit_are_counted)
{
	char words[40];
	char key[16];

	for (int i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		vigil_attr_u64(jobs, key, 1, NULL);
	}
	look();
	resource_words(own_model, resource_at(jobs), words, sizeof(words));

	cr_expect_str_eq(words, "key 4 1, key 3 1, and 3 more");
}

Test(resources, whoever_waits_is_counted_and_named)
{
	wait_for(jobs);
	look();

	cr_expect_eq(resource_waiting(own_model, resource_at(jobs)), 1);
	cr_expect_eq(uses_waiter(own_model, jobs, 0), sender);
	cr_expect_eq(uses_waiter(own_model, jobs, sender), 0);
}

Test(resources, who_waits_for_an_operation_waits_for_what_it_uses)
{
	vigil_op op = vigil_op_new_at(VIGIL_HERE(), jobs, "Sender.send", 0);

	wait_for(op);
	look();

	cr_expect_eq(resource_waiting(own_model, resource_at(jobs)), 1);
	cr_expect_eq(waited_resource(own_model, own_task(sender)), resource_at(jobs));
}

Test(resources, who_is_polled_again_waits_no_more)
{
	wait_for(jobs);
	vigil_poll_begin(sender);
	look();

	cr_expect_null(waited_resource(own_model, own_task(sender)));
	vigil_poll_end(sender);
}

Test(resources, operations_that_ended_are_not_counted)
{
	vigil_op first = vigil_op_new_at(VIGIL_HERE(), jobs, "Sender.send", 0);
	vigil_op second = vigil_op_new_at(VIGIL_HERE(), jobs, "Receiver.recv", 0);

	vigil_op_free(first);
	look();

	cr_expect_str_eq(says_of(jobs, "ops"), "1");
	cr_expect_eq(uses_op(own_model, jobs, 0), second);
	cr_expect_eq(uses_op(own_model, jobs, second), 0);
}

Test(resources, a_record_that_serves_another_one_has_no_uses_of_the_old)
{
	vigil_resource other;

	wait_for(jobs);
	look();
	vigil_resource_free(jobs);
	other = vigil_resource_new(VIGIL_RESOURCE_MPSC, "rt_mpsc", "other", 0, 0);
	own_board_look();

	cr_expect_eq(resource_waiting(own_model, resource_at(other)), 0);
	cr_expect_eq(resource_ops(own_model, resource_at(other)), 0);
	cr_expect_eq(uses_waiter(own_model, other, 0), 0);
}

Test(resources, many_that_wait_are_all_gone_through)
{
	uint64_t waiter = 0;
	int count = 0;

	for (int i = 0; i < 100; i++) {
		sender = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, "sender", 0);
		wait_for(jobs);
	}
	look();
	while ((waiter = uses_waiter(own_model, jobs, waiter)))
		count++;

	cr_expect_eq(count, 100);
}

Test(resources, a_part_names_what_it_is_part_of)
{
	vigil_resource part =
		vigil_resource_new(VIGIL_RESOURCE_MPSC, "rt_receiver", "end", jobs, 0);

	look();

	cr_expect_str_eq(says_of(part, "parent"), "mpsc \"jobs\"");
	cr_expect_str_eq(says_of(jobs, "parent"), "");
}

Test(resources, are_filtered_by_attributes_kind_and_who_waits)
{
	vigil_attr_u64(jobs, "length", 3, NULL);
	wait_for(jobs);
	look();

	cr_expect(matches("length>2 kind=mpsc waiting=1"));
	cr_expect_not(matches("length>3"));
	cr_expect_not(matches("kind=mutex"));
}
