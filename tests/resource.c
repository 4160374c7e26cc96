/* SPDX-License-Identifier: MIT */
/* Resources, operations on them, attributes, spans and messages. Locks: lock.c. */
#include "tests/support/live.h"

#include <stdio.h>

TestSuite(resource, .init = live_start, .fini = live_stop);
TestSuite(op, .init = live_start, .fini = live_stop);
TestSuite(attr, .init = live_start, .fini = live_stop);
TestSuite(span, .init = live_start, .fini = live_stop);

static vigil_resource channel_new(void)
{
	return vigil_resource_new(VIGIL_RESOURCE_MPSC, "chan_t", "jobs", 0, 0);
}

/* ---- Resources ---- */

Test(resource, a_resource_is_recorded_with_its_type_name_kind_and_parent)
{
	vigil_resource pool = vigil_resource_new(VIGIL_RESOURCE_POOL, "pool_t", "pool", 0, 0);
	vigil_resource io = vigil_resource_new(VIGIL_RESOURCE_IO, "conn_t", "peer", pool,
					       VIGIL_RESOURCE_INTERNAL);
	const struct vigil_resource_record *r = look_resource(io);

	cr_assert_str_eq(r->type, "conn_t");
	cr_assert_str_eq(r->name, "peer");
	cr_assert_eq(r->kind, VIGIL_RESOURCE_IO);
	cr_assert_eq(r->parent, pool);
	cr_assert_eq(r->flags, VIGIL_RESOURCE_INTERNAL);
	cr_assert_eq(r->id, 2);
}

Test(resource, a_freed_resource_keeps_its_record_and_the_time)
{
	vigil_resource resource = channel_new();

	time_passes(20);
	vigil_resource_free(resource);

	cr_assert_eq(look_resource(resource)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(look_resource(resource)->ended_ns, LIVE_START + 20);
}

Test(resource, a_second_free_changes_nothing_and_is_counted)
{
	vigil_resource resource = channel_new();

	vigil_resource_free(resource);
	time_passes(20);
	vigil_resource_free(resource);

	cr_assert_eq(look_resource(resource)->ended_ns, LIVE_START);
	cr_assert_eq(look_counts()->misused_ended, 1);
}

Test(resource, the_last_1024_freed_resources_stay_visible)
{
	uint32_t ended = 0;

	for (int i = 0; i < 3000; i++)
		vigil_resource_free(channel_new());
	look();

	for (uint32_t i = 0; i < vigil_reader_count(live_reader, VIGIL_TABLE_resource); i++)
		ended += VIGIL_AT(live_reader, resource, i)->life == VIGIL_LIFE_ENDED;
	cr_assert_eq(ended, 1024);
}

/* ---- Operations ---- */

static const struct vigil_op_record *look_op(vigil_op op)
{
	const struct vigil_op_record *record = VIGIL_FIND(look(), op, op);

	cr_assert_not_null(record);
	return record;
}

Test(op, an_operation_names_its_resource_its_task_and_its_call)
{
	vigil_resource channel = channel_new();
	vigil_task task = SPAWN("a", 0);
	vigil_op outer, op;

	vigil_poll_begin(task);
	outer = vigil_op_new(channel, "Chan.recv", 0);
	op = vigil_op_new(channel, "Sem.acquire", outer);

	cr_assert_eq(look_op(op)->resource, channel);
	cr_assert_eq(look_op(op)->task, task);
	cr_assert_eq(look_op(op)->parent, outer);
	cr_assert_str_eq(look_op(op)->source, "Sem.acquire");
	cr_assert_eq(look_resource(channel)->ops, 2);
}

Test(op, polls_of_an_operation_add_up)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	vigil_op_poll_begin(op);
	time_passes(10);
	vigil_op_poll_end(op, false);
	cr_assert_eq(look_op(op)->is_ready, 0);
	time_passes(100);
	vigil_op_poll_begin(op);
	time_passes(10);
	vigil_op_poll_end(op, true);

	cr_assert_eq(look_op(op)->polls, 2);
	cr_assert_eq(look_op(op)->busy_ns, 20);
	cr_assert_eq(look_op(op)->is_ready, 1);
}

Test(op, a_poll_that_begins_in_the_nanosecond_the_last_one_ended_is_a_poll)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	for (int i = 0; i < 3; i++) {
		vigil_op_poll_begin(op);
		vigil_op_poll_end(op, false);
	}

	cr_assert_eq(look_op(op)->polls, 3);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

Test(op, an_end_without_a_begin_is_counted_even_the_first)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	vigil_op_poll_end(op, true);

	cr_assert_eq(look_op(op)->polls, 0);
	cr_assert_eq(look_counts()->misused_balance, 1);
}

Test(op, one_that_is_freed_inside_its_poll_was_ready)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	vigil_op_poll_begin(op);
	time_passes(10);
	vigil_op_free(op);

	cr_assert_eq(look_op(op)->polls, 1);
	cr_assert_eq(look_op(op)->busy_ns, 10);
	cr_assert_eq(look_op(op)->is_ready, 1);
	cr_assert_eq(look_op(op)->ended_ns, LIVE_START + 10);
	cr_assert_eq(look_op(op)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(look_counts()->misused_balance, 0);
}

Test(op, an_end_is_no_earlier_than_the_poll_that_it_ends)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	for (int i = 0; i < 3; i++) {
		vigil_op_poll_begin(op);
		vigil_op_poll_end(op, false);
	}
	vigil_op_poll_begin(op);
	vigil_op_free(op);

	cr_assert_eq(look_op(op)->ended_ns, look_op(op)->poll_end_ns);
}

Test(op, one_that_is_freed_outside_a_poll_was_given_up)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	vigil_op_poll_begin(op);
	vigil_op_poll_end(op, false);
	vigil_op_free(op);

	cr_assert_eq(look_op(op)->polls, 1);
	cr_assert_eq(look_op(op)->is_ready, 0);
}

Test(op, a_freed_operation_keeps_its_times)
{
	vigil_op op = vigil_op_new(channel_new(), "Chan.recv", 0);

	time_passes(9);
	vigil_op_free(op);
	vigil_op_free(op);

	cr_assert_eq(look_op(op)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(look_op(op)->ended_ns, LIVE_START + 9);
	cr_assert_eq(look_counts()->misused_ended, 1);
}

/* ---- Attributes ---- */

static struct vigil_attr_record attrs[80];

static size_t attrs_of(vigil_object object, uint32_t first)
{
	return vigil_reader_attrs(live_reader, object, first, attrs, 80);
}

Test(attr, attributes_keep_their_type_value_and_unit)
{
	vigil_resource resource = channel_new();
	double half = 0.5, there;

	vigil_attr_u64(resource, "capacity", 128, "items");
	vigil_attr_i64(resource, "delta", -7, NULL);
	vigil_attr_bool(resource, "closed", true);
	vigil_attr_f64(resource, "load", half, NULL);
	vigil_attr_text(resource, "peer", "10.0.0.1");

	/* The newest stands first. */
	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 5);
	cr_assert_str_eq(attrs[0].words, "10.0.0.1");
	cr_assert_eq(attrs[0].type, VIGIL_ATTR_TEXT);
	memcpy(&there, &attrs[1].value, sizeof(there));
	cr_assert(there == half);
	cr_assert_eq(attrs[2].value, 1);
	cr_assert_eq(attrs[2].type, VIGIL_ATTR_BOOL);
	cr_assert_eq((int64_t)attrs[3].value, -7);
	cr_assert_eq(attrs[4].value, 128);
	cr_assert_str_eq(attrs[4].key, "capacity");
	cr_assert_str_eq(attrs[4].unit, "items");
}

Test(attr, setting_a_key_again_replaces_its_value)
{
	vigil_resource resource = channel_new();

	vigil_attr_u64(resource, "used", 1, "items");
	time_passes(10);
	vigil_attr_u64(resource, "used", 2, NULL);

	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 1);
	cr_assert_eq(attrs[0].value, 2);
	cr_assert_eq(attrs[0].changed_ns, LIVE_START + 10);
	cr_assert_str_eq(attrs[0].unit, "items");
}

Test(attr, a_key_cut_within_a_character_is_the_same_key)
{
	vigil_task task = SPAWN("a", 0);

	for (int i = 0; i < 3; i++)
		vigil_attr_i64(task, "123456789012345678901234567890\xc3\xa9zz", i, NULL);

	cr_assert_eq(vigil_reader_attrs(look(), task, look_task(task)->attrs, attrs, 4), 1);
	cr_assert_eq(attrs[0].value, 2);
}

Test(attr, of_what_has_ended_they_are_counted_so)
{
	vigil_task task = SPAWN("a", 0);

	vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	vigil_attr_i64(task, "size", 1, NULL);
	vigil_attr_i64(task, NULL, 1, NULL);

	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_ended, 1);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_stale, 0);
}

Test(attr, a_value_is_set_by_its_handle)
{
	vigil_resource resource = channel_new();
	vigil_attr length = vigil_attr_u64(resource, "length", 1, "items");
	vigil_attr load = vigil_attr_f64(resource, "load", 0.25, NULL);
	double half = 0.5, there;

	vigil_attr_text(resource, "peer", "10.0.0.1");
	time_passes(10);
	vigil_attr_set_u64(length, 2);
	vigil_attr_set_f64(load, half);

	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 3);
	memcpy(&there, &attrs[1].value, sizeof(there));
	cr_assert(there == half);
	cr_assert_eq(attrs[2].value, 2);
	cr_assert_eq(attrs[2].changed_ns, LIVE_START + 10);
	cr_assert_str_eq(attrs[2].key, "length");
	cr_assert_str_eq(attrs[2].unit, "items");
	vigil_attr_set_i64(length, -2);
	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 3);
	cr_assert_eq((int64_t)attrs[2].value, -2);
	cr_assert_eq(attrs[2].type, VIGIL_ATTR_I64);
	vigil_attr_set_bool(length, true);
	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 3);
	cr_assert_eq(attrs[2].type, VIGIL_ATTR_BOOL);
	cr_assert_eq(attrs[2].value, 1);
}

Test(attr, a_key_has_one_handle)
{
	vigil_resource resource = channel_new();
	vigil_attr length = vigil_attr_u64(resource, "length", 1, NULL);

	cr_assert_neq(length, 0);
	cr_assert_neq(vigil_attr_u64(resource, "capacity", 1, NULL), length);
	cr_assert_eq(vigil_attr_u64(resource, "length", 2, NULL), length);
}

Test(attr, a_handle_of_what_is_gone_sets_nothing_and_is_counted)
{
	vigil_resource first = channel_new(), second;
	vigil_attr old = vigil_attr_u64(first, "length", 1, NULL);

	vigil_resource_free(first);
	vigil_attr_set_u64(old, 2);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_ended, 1);
	/* Its record has another owner, in the end. */
	do {
		second = channel_new();
		vigil_resource_free(second);
		second = channel_new();
	} while (vigil_ref_index(vigil_attr_u64(second, "length", 3, NULL)) !=
		 vigil_ref_index(old));
	vigil_attr_set_u64(old, 4);
	vigil_attr_set_u64(UINT64_MAX / 7, 5);
	vigil_attr_set_u64(0, 6);

	cr_assert_eq(attrs_of(second, look_resource(second)->attrs), 1);
	cr_assert_eq(attrs[0].value, 3);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_ended, 1);
	cr_assert_eq(VIGIL_AT(look(), counts, 0)->misused_stale, 2);
}

Test(attr, executors_tasks_operations_and_spans_have_attributes_too)
{
	vigil_executor executor = vigil_executor_new(VIGIL_EXECUTOR_OTHER, "e");
	vigil_task task = SPAWN("a", 0);
	vigil_op op = vigil_op_new(channel_new(), "f", 0);
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");

	vigil_attr_u64(executor, "k", 1, NULL);
	vigil_attr_u64(task, "k", 2, NULL);
	vigil_attr_u64(op, "k", 3, NULL);
	vigil_attr_u64(span, "k", 4, NULL);
	look();

	cr_assert_eq(attrs_of(executor, VIGIL_FIND(live_reader, executor, executor)->attrs), 1);
	cr_assert_eq(attrs[0].value, 1);
	cr_assert_eq(attrs_of(task, VIGIL_FIND(live_reader, task, task)->attrs), 1);
	cr_assert_eq(attrs[0].value, 2);
	cr_assert_eq(attrs_of(op, VIGIL_FIND(live_reader, op, op)->attrs), 1);
	cr_assert_eq(attrs[0].value, 3);
	cr_assert_eq(attrs_of(span, VIGIL_FIND(live_reader, span, span)->attrs), 1);
	cr_assert_eq(attrs[0].value, 4);
}

Test(attr, the_first_attribute_of_an_idle_task_is_seen_at_once)
{
	vigil_task task = SPAWN("a", 0);

	poll_once(task, 5);
	look();
	vigil_attr_text(task, "peer", "10.0.0.1");

	cr_assert_eq(attrs_of(task, look_task(task)->attrs), 1);
}

Test(attr, an_object_has_at_most_64_keys)
{
	vigil_resource resource = channel_new();
	char key[8];

	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		vigil_attr_u64(resource, key, 0, NULL);
	}

	cr_assert_eq(attrs_of(resource, look_resource(resource)->attrs), 64);
	cr_assert_eq(look_counts()->lost_attrs, 6);
}

static void few_attrs(void)
{
	live_start_with((struct vigil_options){ .resources = 16, .attrs = 64 });
}

TestSuite(few, .init = few_attrs, .fini = live_stop);

Test(few, attributes_are_given_back_with_their_owner)
{
	for (int i = 0; i < 500; i++) {
		vigil_resource resource = channel_new();

		vigil_attr_u64(resource, "a", 1, NULL);
		vigil_attr_u64(resource, "b", 1, NULL);
		vigil_resource_free(resource);
	}

	cr_assert_eq(look_counts()->lost_attrs, 0);
	cr_assert_eq(look_counts()->lost_resources, 0);
}

Test(few, attributes_beyond_the_capacity_are_counted)
{
	vigil_resource a = channel_new(), b = channel_new();
	char key[8];

	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		vigil_attr_u64(a, key, 0, NULL);
		vigil_attr_u64(b, key, 0, NULL);
	}

	cr_assert_eq(look_counts()->lost_attrs, 16);
}

/* ---- Spans ---- */

static const struct vigil_span_record *look_span(vigil_span span)
{
	const struct vigil_span_record *record = VIGIL_FIND(look(), span, span);

	cr_assert_not_null(record);
	return record;
}

Test(span, a_span_adds_up_the_time_between_enter_and_leave)
{
	vigil_span span = vigil_span_new(VIGIL_LEVEL_DEBUG, "request");

	vigil_span_enter(span);
	time_passes(30);
	vigil_span_leave(span);
	time_passes(1000);
	vigil_span_enter(span);
	time_passes(30);
	vigil_span_leave(span);

	cr_assert_eq(look_span(span)->busy_ns, 60);
	cr_assert_eq(look_span(span)->entries, 2);
	cr_assert_eq(look_span(span)->depth, 0);
	cr_assert_eq(look_span(span)->level, VIGIL_LEVEL_DEBUG);
}

Test(span, one_that_is_begun_is_entered)
{
	vigil_span span = vigil_span_begin(VIGIL_LEVEL_DEBUG, "request");
	vigil_span inner = vigil_span_begin(VIGIL_LEVEL_INFO, "inner");

	cr_assert_eq(look_span(inner)->parent, span);
	cr_assert_eq(look_worker(0)->span, inner);
	time_passes(30);
	vigil_span_free(inner);
	vigil_span_free(span);

	cr_assert_eq(look_span(span)->busy_ns, 30);
	cr_assert_eq(look_span(span)->entries, 1);
	cr_assert_eq(look_worker(0)->span, 0);
}

Test(span, the_parent_is_the_span_entered_innermost_in_the_task)
{
	vigil_task task = SPAWN("a", 0);
	vigil_span outside = vigil_span_new(VIGIL_LEVEL_INFO, "outside"), outer, inner;

	vigil_span_enter(outside);
	vigil_poll_begin(task);
	outer = vigil_span_new(VIGIL_LEVEL_INFO, "outer");
	vigil_span_enter(outer);
	inner = vigil_span_new(VIGIL_LEVEL_INFO, "inner");
	vigil_span_enter(inner);

	cr_assert_eq(look_span(outer)->parent, 0);
	cr_assert_eq(look_span(outer)->task, task);
	cr_assert_eq(look_span(inner)->parent, outer);
	cr_assert_eq(look_task(task)->span, inner);
	cr_assert_eq(look_worker(0)->span, outside);
}

Test(span, a_task_stays_in_its_span_across_polls)
{
	vigil_task task = SPAWN("a", 0);
	vigil_span span;

	vigil_poll_begin(task);
	span = vigil_span_new(VIGIL_LEVEL_INFO, "s");
	vigil_span_enter(span);
	vigil_poll_end(task);
	cr_assert_eq(look_task(task)->span, span);
	vigil_poll_begin(task);
	vigil_span_leave(span);
	vigil_poll_end(task);

	cr_assert_eq(look_task(task)->span, 0);
}

Test(span, a_span_that_is_entered_twice_is_left_twice)
{
	vigil_span span = vigil_span_new(VIGIL_LEVEL_INFO, "s");

	vigil_span_enter(span);
	vigil_span_enter(span);
	time_passes(5);
	vigil_span_leave(span);
	cr_assert_eq(look_span(span)->depth, 1);
	time_passes(5);
	vigil_span_leave(span);
	vigil_span_leave(span);

	cr_assert_eq(look_span(span)->busy_ns, 10);
	cr_assert_eq(look_counts()->misused_balance, 1);
}

Test(span, freeing_a_span_leaves_it)
{
	vigil_span outer = vigil_span_new(VIGIL_LEVEL_INFO, "outer"), inner;

	vigil_span_enter(outer);
	inner = vigil_span_new(VIGIL_LEVEL_INFO, "inner");
	vigil_span_enter(inner);
	time_passes(5);
	vigil_span_free(inner);

	cr_assert_eq(look_span(inner)->busy_ns, 5);
	cr_assert_eq(look_span(inner)->life, VIGIL_LIFE_ENDED);
	cr_assert_eq(look_worker(0)->span, outer);
}

Test(span, spans_left_out_of_order_do_not_stay_current)
{
	vigil_span outer = vigil_span_new(VIGIL_LEVEL_INFO, "outer");
	vigil_span inner = vigil_span_new(VIGIL_LEVEL_INFO, "inner");

	vigil_span_enter(outer);
	vigil_span_enter(inner);
	vigil_span_leave(outer);
	vigil_span_leave(inner);

	cr_assert_eq(look_worker(0)->span, 0);
}

Test(span, a_message_knows_its_span_and_its_task)
{
	vigil_task task = SPAWN("a", 0);
	struct vigil_message_record message;
	vigil_span span;

	vigil_poll_begin(task);
	span = vigil_span_new(VIGIL_LEVEL_INFO, "s");
	vigil_span_enter(span);
	vigil_event(VIGIL_LEVEL_WARN, "slow query");

	cr_assert_eq(vigil_reader_messages(look(), 0, &message, 1), 1);
	cr_assert_str_eq(message.words, "slow query");
	cr_assert_eq(message.level, VIGIL_LEVEL_WARN);
	cr_assert_eq(message.task, task);
	cr_assert_eq(message.span, span);
}

Test(span, the_last_63_messages_of_a_thread_stay)
{
	struct vigil_message_record messages[64];
	char text[16];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "message %d", i);
		vigil_event(VIGIL_LEVEL_INFO, text);
	}

	cr_assert_eq(vigil_reader_messages(look(), 0, messages, 64), 63);
	cr_assert_str_eq(messages[0].words, "message 137");
	cr_assert_str_eq(messages[62].words, "message 199");
}
