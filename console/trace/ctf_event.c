/* SPDX-License-Identifier: MIT */
/*
 * Messages become records. An event class is looked at once, when it is first met:
 * which of our tracepoints it is, and which of its fields goes where. After that an
 * event costs a look-up by its class's address and a read for each field.
 *
 * The law: what a trace declares is believed only as far as its types go. A field
 * of another type than ours is as if it were not there.
 */
#include "console/trace/ctf_event.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "vigil:"
#define PROCESSES_MAX 4096

/* ---- Event classes ---- */

static const char *const kind_names[TRACE_KINDS] = {
#define X(name, params) #name,
	TRACEPOINTS_ALL(X)
#undef X
};

static uint16_t kind_of(const char *name)
{
	if (!name || strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return TRACE_KINDS;
	name += strlen(PREFIX);
	for (int i = 0; i < TRACE_KINDS; i++)
		if (!strcmp(name, kind_names[i]))
			return (uint16_t)i;
	return TRACE_KINDS;
}

static const struct {
	uint16_t kind; /* TRACE_KINDS: all */
	const char *name;
	uint8_t offset;
	uint8_t size; /* 0: a text */
} known[] = {
#define MEMBER_SIZE(member)                                                                        \
	_Generic(((struct trace_event *)0)->member, const char * : 0, default                      \
		 : sizeof(((struct trace_event *)0)->member))
#define FIELD(tracepoint, field, member)                                                           \
	{ TRACE_##tracepoint, #field, offsetof(struct trace_event, member), MEMBER_SIZE(member) },
	{ TRACE_KINDS, "ns", offsetof(struct trace_event, ns), 8 },
	{ TRACE_KINDS, "worker", offsetof(struct trace_event, worker), 8 },
	TRACE_FIELDS(FIELD)
#undef FIELD
};

static bool is_unsigned(bt_field_class_type type)
{
	return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER);
}

static bool is_signed(bt_field_class_type type)
{
	return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER);
}

/* Notes how to read a member of the payload, if it is one of ours. */
static void field_add(struct ctf_class *class, uint64_t index, const char *name,
		      bt_field_class_type type)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		bool is_text = !known[i].size;

		if ((known[i].kind != class->kind && known[i].kind != TRACE_KINDS) ||
		    strcmp(known[i].name, name) != 0)
			continue;
		if (is_text ? type != BT_FIELD_CLASS_TYPE_STRING :
			      !is_unsigned(type) && !is_signed(type))
			return;
		if (class->fields < CTF_FIELDS && index <= UINT8_MAX)
			class->list[class->fields++] = (struct ctf_field){
				.index = (uint8_t)index,
				.offset = known[i].offset,
				.size = known[i].size,
				.is_signed = is_signed(type),
			};
		return;
	}
}

static bool is_words(const bt_field_class *type)
{
	return bt_field_class_type_is(bt_field_class_get_type(type),
				      BT_FIELD_CLASS_TYPE_DYNAMIC_ARRAY) &&
	       is_unsigned(bt_field_class_get_type(
		       bt_field_class_array_borrow_element_field_class_const(type)));
}

static void payload_learn(struct ctf_class *class, const bt_event_class *from)
{
	const bt_field_class *payload = bt_event_class_borrow_payload_field_class_const(from);
	uint64_t count = payload ? bt_field_class_structure_get_member_count(payload) : 0;

	for (uint64_t i = 0; i < count; i++) {
		const bt_field_class_structure_member *member =
			bt_field_class_structure_borrow_member_by_index_const(payload, i);

		const bt_field_class *type =
			bt_field_class_structure_member_borrow_field_class_const(member);
		const char *name = bt_field_class_structure_member_get_name(member);

		field_add(class, i, name, bt_field_class_get_type(type));
		if (is_words(type) && !strcmp(name, "words") && i <= INT16_MAX)
			class->words = (int16_t)i;
	}
}

/* Where lttng add-context put the process's pid; -1: it did not. */
static int8_t vpid_find(const bt_event_class *from)
{
	const bt_stream_class *stream = bt_event_class_borrow_stream_class_const(from);
	const bt_field_class *context =
		bt_stream_class_borrow_event_common_context_field_class_const(stream);
	uint64_t count = context ? bt_field_class_structure_get_member_count(context) : 0;

	for (uint64_t i = 0; i < count && i < INT8_MAX; i++) {
		const bt_field_class_structure_member *member =
			bt_field_class_structure_borrow_member_by_index_const(context, i);
		const bt_field_class *type =
			bt_field_class_structure_member_borrow_field_class_const(member);

		if (!strcmp(bt_field_class_structure_member_get_name(member), "vpid") &&
		    is_signed(bt_field_class_get_type(type)))
			return (int8_t)i;
	}
	return -1;
}

static void class_learn(struct ctf_class *class, const bt_event_class *from)
{
	memset(class, 0, sizeof(*class));
	class->key = from;
	bt_event_class_get_ref(from); /* a live trace may end: no other class gets its address */
	class->kind = kind_of(bt_event_class_get_name(from));
	class->words = -1;
	if (class->kind == TRACE_KINDS)
		return;
	class->vpid = vpid_find(from);
	payload_learn(class, from);
}

void ctf_classes_forget(struct ctf_reader *reader)
{
	for (size_t i = 0; i < CTF_CLASSES; i++)
		if (reader->classes[i].key)
			bt_event_class_put_ref(reader->classes[i].key);
	memset(reader->classes, 0, sizeof(reader->classes));
	reader->class_count = 0;
}

/* The class of an event, learnt now or before. A table that is full starts anew. */
static const struct ctf_class *class_of(struct ctf_reader *reader, const bt_event_class *from)
{
	size_t at = ((uintptr_t)from >> 4) * 0x9e3779b97f4a7c15u >> 32;

	for (;; at++) {
		struct ctf_class *class = &reader->classes[at % CTF_CLASSES];

		if (class->key == from)
			return class;
		if (class->key)
			continue;
		if (reader->class_count == CTF_CLASSES / 2)
			ctf_classes_forget(reader);
		reader->class_count++;
		class_learn(class, from);
		return class;
	}
}

/* ---- Processes ---- */

static const char *environment_text(const bt_trace *trace, const char *name)
{
	const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, name);

	return value && bt_value_is_string(value) ? bt_value_string_get(value) : "";
}

static int64_t environment_number(const bt_trace *trace, const char *name)
{
	const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, name);

	return value && bt_value_is_signed_integer(value) ? bt_value_integer_signed_get(value) : 0;
}

static bool process_put(struct ctf_reader *reader, uint32_t index, const bt_trace *trace)
{
	struct trace_event record = {
		.kind = FEED_PROCESS,
		.process = (uint16_t)index,
		.number = (int32_t)reader->processes[index].vpid,
		.name = environment_text(trace, "procname"),
		.text = environment_text(trace, "hostname"),
	};

	memcpy(&record.object, reader->uuid, sizeof(record.object));
	memcpy(&record.other, reader->uuid + 8, sizeof(record.other));
	return feed_put(reader->feed, &record);
}

/* A trace without a uuid is told by its place in memory. */
static void trace_meet(struct ctf_reader *reader, const bt_trace *trace)
{
	bt_uuid uuid = bt_trace_get_uuid(trace);

	reader->trace = trace;
	memset(reader->uuid, 0, sizeof(reader->uuid));
	if (uuid)
		memcpy(reader->uuid, uuid, sizeof(reader->uuid));
	else
		memcpy(reader->uuid, &trace, sizeof(trace));
}

static bool process_is(const struct ctf_reader *reader, uint32_t index, int64_t vpid)
{
	return reader->processes[index].vpid == vpid &&
	       !memcmp(reader->processes[index].uuid, reader->uuid, sizeof(reader->uuid));
}

/* The number of a process, told to the parent when it is new; FEED_NO_PROCESS: no more room. */
static uint16_t process_of(struct ctf_reader *reader, const bt_trace *trace, int64_t vpid)
{
	struct ctf_process *list;
	uint32_t i = reader->process_last;

	if (reader->trace != trace)
		trace_meet(reader, trace);
	if (i < reader->process_count && process_is(reader, i, vpid))
		return (uint16_t)i;
	for (i = 0; i < reader->process_count && !process_is(reader, i, vpid); i++)
		;
	if (i == reader->process_count) {
		list = i < PROCESSES_MAX ? realloc(reader->processes, (i + 1) * sizeof(*list)) :
					   NULL;
		if (!list)
			return FEED_NO_PROCESS;
		reader->processes = list;
		list[i].vpid = vpid;
		memcpy(list[i].uuid, reader->uuid, sizeof(list[i].uuid));
		reader->process_count++;
		process_put(reader, i, trace);
	}
	reader->process_last = i;
	return (uint16_t)i;
}

/* ---- Events ---- */

static uint64_t snapshot_ns(const bt_clock_snapshot *snapshot)
{
	int64_t ns = 0;

	if (!snapshot || bt_clock_snapshot_get_ns_from_origin(snapshot, &ns) !=
				 BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
		return 0;
	return ns > 0 ? (uint64_t)ns : 0;
}

static void field_read(const struct ctf_field *how, const bt_field *payload,
		       struct trace_event *event)
{
	const bt_field *field =
		bt_field_structure_borrow_member_field_by_index_const(payload, how->index);
	uint8_t *to = (uint8_t *)event + how->offset;
	const char *text;
	uint64_t value;
	uint32_t low;

	if (!how->size) {
		/* babeltrace2 2.0.4 leaves the text before it in an empty one. */
		text = bt_field_string_get_length(field) ? bt_field_string_get_value(field) : "";
		memcpy(to, &text, sizeof(text));
		return;
	}
	value = how->is_signed ? (uint64_t)bt_field_integer_signed_get_value(field) :
				 bt_field_integer_unsigned_get_value(field);
	low = (uint32_t)value;
	if (how->size == sizeof(low))
		memcpy(to, &low, sizeof(low));
	else
		memcpy(to, &value, sizeof(value));
}

/* Too many are none: feed_put says how many it takes. */
static void words_read(struct ctf_reader *reader, const bt_field *list, struct trace_event *event)
{
	uint64_t count = bt_field_array_get_length(list);

	for (uint64_t i = 0; i < count && count <= FEED_WORDS_MAX; i++)
		reader->words[i] = bt_field_integer_unsigned_get_value(
			bt_field_array_borrow_element_field_by_index_const(list, i));
	event->words = reader->words;
	event->word_count = count <= FEED_WORDS_MAX ? (uint32_t)count : 0;
}

static int64_t vpid_of(const struct ctf_class *class, const bt_event *event, const bt_trace *trace)
{
	const bt_field *context;

	if (class->vpid < 0)
		return environment_number(trace, "vpid");
	context = bt_event_borrow_common_context_field_const(event);
	return bt_field_integer_signed_get_value(
		bt_field_structure_borrow_member_field_by_index_const(context,
								      (uint64_t) class->vpid));
}

static bool part_put(struct ctf_reader *reader, const struct ctf_class *class,
		     const bt_event *event, const bt_trace *trace, struct trace_event *record)
{
	record->process = FEED_NO_PROCESS;
	record->text = environment_text(trace, "hostname");
	record->id = (uint64_t)vpid_of(class, event, trace);
	if (class->words >= 0)
		words_read(reader,
			   bt_field_structure_borrow_member_field_by_index_const(
				   bt_event_borrow_payload_field_const(event),
				   (uint64_t) class->words),
			   record);
	return feed_put(reader->feed, record);
}

static bool event_put(struct ctf_reader *reader, const bt_message *message)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	const struct ctf_class *class = class_of(reader, bt_event_borrow_class_const(event));
	const bt_trace *trace;
	const bt_field *payload;
	struct trace_event record = { .kind = class->kind };

	record.unix_ns = snapshot_ns(bt_message_event_borrow_default_clock_snapshot_const(message));
	if (record.unix_ns < reader->begin_unix_ns || record.unix_ns >= reader->end_unix_ns ||
	    (reader->last_unix_ns && record.unix_ns > reader->last_unix_ns))
		return true; /* the last of them: made of what is damaged */
	if (!ctf_gaps_until(reader, record.unix_ns, false))
		return false;
	reader->told_unix_ns = record.unix_ns;
	if (class->kind == TRACE_KINDS) {
		reader->foreign++;
		return true;
	}
	trace = bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event));
	payload = bt_event_borrow_payload_field_const(event);
	for (uint8_t i = 0; i < class->fields; i++)
		field_read(&class->list[i], payload, &record);
	if (class->kind == TRACE_board_part)
		return part_put(reader, class, event, trace, &record);
	record.process = process_of(reader, trace, vpid_of(class, event, trace));
	return record.process == FEED_NO_PROCESS || feed_put(reader->feed, &record);
}

/* ---- Gaps and silence ---- */

/* Whose events a stream of this trace holds, when it is one process's. */
static uint16_t gap_process(struct ctf_reader *reader, const bt_trace *trace)
{
	int64_t vpid = environment_number(trace, "vpid");

	return vpid ? process_of(reader, trace, vpid) : FEED_NO_PROCESS;
}

static bool gap_put(struct ctf_reader *reader, const bt_stream *stream,
		    const bt_clock_snapshot *begin, const bt_clock_snapshot *end, uint64_t events,
		    uint64_t packets)
{
	const bt_trace *trace = bt_stream_borrow_trace_const(stream);

	return feed_put(reader->feed, &(struct trace_event){
					      .kind = FEED_GAP,
					      .process = gap_process(reader, trace),
					      .other = snapshot_ns(begin),
					      .unix_ns = snapshot_ns(end),
					      .value = events,
					      .object = packets,
				      });
}

static bool discarded_events_put(struct ctf_reader *reader, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const bt_clock_snapshot *begin = NULL, *end = NULL;
	uint64_t count = 0;

	if (bt_stream_class_discarded_events_have_default_clock_snapshots(class)) {
		begin = bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(
			message);
		end = bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message);
	}
	(void)bt_message_discarded_events_get_count(message, &count);
	return gap_put(reader, stream, begin, end, count, 0);
}

static bool discarded_packets_put(struct ctf_reader *reader, const bt_message *message)
{
	const bt_stream *stream = bt_message_discarded_packets_borrow_stream_const(message);
	const bt_stream_class *class = bt_stream_borrow_class_const(stream);
	const bt_clock_snapshot *begin = NULL, *end = NULL;
	uint64_t count = 0;

	if (bt_stream_class_discarded_packets_have_default_clock_snapshots(class)) {
		begin = bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(
			message);
		end = bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message);
	}
	(void)bt_message_discarded_packets_get_count(message, &count);
	return gap_put(reader, stream, begin, end, 0, count);
}

bool ctf_gaps_until(struct ctf_reader *reader, uint64_t unix_ns, bool is_before)
{
	while (reader->gap_count && reader->gaps->end_unix_ns <= unix_ns) {
		const struct ctf_map_gap *gap = reader->gaps++;

		reader->gap_count--;
		if (!feed_put(reader->feed, &(struct trace_event){
						    .kind = FEED_GAP,
						    .process = FEED_NO_PROCESS,
						    .other = gap->begin_unix_ns,
						    .unix_ns = gap->end_unix_ns,
						    .value = gap->events,
						    .object = gap->packets,
						    .flags = is_before,
					    }))
			return false;
	}
	return true;
}

bool ctf_message(struct ctf_reader *reader, const bt_message *message)
{
	if (!reader->feed)
		return true;
	switch (bt_message_get_type(message)) {
	case BT_MESSAGE_TYPE_EVENT:
		return event_put(reader, message);
	case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
		return reader->has_map || discarded_events_put(reader, message);
	case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
		return reader->has_map || discarded_packets_put(reader, message);
	case BT_MESSAGE_TYPE_MESSAGE_ITERATOR_INACTIVITY:
		return feed_put(
			reader->feed,
			&(struct trace_event){
				.kind = FEED_TIME,
				.unix_ns = snapshot_ns(
					bt_message_message_iterator_inactivity_borrow_clock_snapshot_const(
						message)),
			});
	default: /* begins and ends of streams and packets */
		return true;
	}
}
