/* SPDX-License-Identifier: MIT */
/* Packets of a Perfetto trace, packed with protobuf-c. */
#include "console/export/proto_perfetto.h"

#include <stdlib.h>
#include <string.h>

#include "console/export/intern.h"
#include "console/export/label.h"
#include "perfetto.pb-c.h"

/* Numbers of Perfetto's. */
#define SEQUENCE 1
#define CLOCK_REAL 1 /* BUILTIN_CLOCK_REALTIME */
#define CLOCK_BOOT 6 /* BUILTIN_CLOCK_BOOTTIME, what a reader takes by default */
#define STATE_CLEARED 1
#define STATE_NEEDED 2
#define ORDER_OF_TIME 2 /* of TrackDescriptor.child_ordering */

#define TEXTS (2 + 2 * PACKET_ARGS) /* one event interns at most */
#define TEXT_SIZE (4 * LABEL_SIZE)

enum interned_kind { NAME, CATEGORY, ARG_NAME, ARG_VALUE, PLACE };

struct packets {
	FILE *file;
	bool has_failed;
	bool is_cleared; /* the state, for the next event to say so */
	struct intern intern;
	uint8_t *bytes; /* a packet, packed */
	size_t size;
};

/* An event being made: its parts must stand somewhere until it is packed. */
struct draft {
	Perfetto__TrackEvent event;
	Perfetto__InternedData data;
	Perfetto__EventName name, *names[1];
	Perfetto__EventCategory category, *categories[1];
	Perfetto__SourceLocation place, *places[1];
	Perfetto__DebugAnnotationName arg_name[PACKET_ARGS], *arg_names[PACKET_ARGS];
	Perfetto__InternedString arg_value[PACKET_ARGS], *arg_values[PACKET_ARGS];
	Perfetto__DebugAnnotation arg[PACKET_ARGS], *args[PACKET_ARGS];
	uint64_t category_iid, flow, flow_end;
	size_t text_count;
	char texts[TEXTS + 2][TEXT_SIZE]; /* and the two of a place */
};

struct packets *packets_new(FILE *file)
{
	struct packets *packets = calloc(1, sizeof(*packets));

	if (!packets)
		return NULL;
	packets->file = file;
	packets->is_cleared = true;
	return packets;
}

void packets_free(struct packets *packets)
{
	if (!packets)
		return;
	intern_clear(&packets->intern);
	free(packets->bytes);
	free(packets);
}

bool packets_have_failed(const struct packets *packets)
{
	return packets->has_failed;
}

/* A trace is a sequence of such messages: each with one packet can be written alone. */
static void write_packet(struct packets *packets, Perfetto__TracePacket *packet)
{
	Perfetto__TracePacket *list[] = { packet };
	Perfetto__Trace trace = PERFETTO__TRACE__INIT;
	uint8_t *more;
	size_t size;

	packet->has_trusted_packet_sequence_id = true;
	packet->trusted_packet_sequence_id = SEQUENCE;
	trace.n_packet = 1;
	trace.packet = list;
	size = perfetto__trace__get_packed_size(&trace);
	if (size > packets->size) {
		more = realloc(packets->bytes, 2 * size);
		if (!more) {
			packets->has_failed = true;
			return;
		}
		packets->bytes = more;
		packets->size = 2 * size;
	}
	perfetto__trace__pack(&trace, packets->bytes);
	fwrite(packets->bytes, 1, size, packets->file);
}

/* ---- Clock and tracks ---- */

void packets_clock(struct packets *packets, uint64_t unix_ns)
{
	Perfetto__ClockSnapshot__Clock real = PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT;
	Perfetto__ClockSnapshot__Clock boot = PERFETTO__CLOCK_SNAPSHOT__CLOCK__INIT;
	Perfetto__ClockSnapshot__Clock *clocks[] = { &real, &boot };
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	real.has_clock_id = boot.has_clock_id = true;
	real.clock_id = CLOCK_REAL;
	boot.clock_id = CLOCK_BOOT;
	real.has_timestamp = boot.has_timestamp = true;
	real.timestamp = boot.timestamp = unix_ns;
	snapshot.n_clocks = 2;
	snapshot.clocks = clocks;
	snapshot.has_primary_trace_clock = true;
	snapshot.primary_trace_clock = CLOCK_REAL;
	packet.clock_snapshot = &snapshot;
	packet.has_timestamp = true;
	packet.timestamp = unix_ns;
	packet.has_first_packet_on_sequence = true;
	packet.first_packet_on_sequence = true;
	write_packet(packets, &packet);
}

void packets_track(struct packets *packets, const struct track *track)
{
	Perfetto__ProcessDescriptor process = PERFETTO__PROCESS_DESCRIPTOR__INIT;
	Perfetto__ThreadDescriptor thread = PERFETTO__THREAD_DESCRIPTOR__INIT;
	Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;
	Perfetto__TrackDescriptor descriptor = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;
	char name[TEXT_SIZE];

	text_clean(name, sizeof(name), track->name);
	process.has_pid = thread.has_pid = thread.has_tid = true;
	process.pid = thread.pid = (int32_t)track->pid;
	process.process_name = thread.thread_name = name;
	thread.tid = track->tid;
	descriptor.has_uuid = true;
	descriptor.uuid = track->uuid;
	descriptor.name = track->kind == TRACK_PROCESS ? NULL : name;
	descriptor.process = track->kind == TRACK_PROCESS ? &process : NULL;
	descriptor.thread = track->kind == TRACK_THREAD ? &thread : NULL;
	descriptor.counter = track->kind == TRACK_COUNTER ? &counter : NULL;
	descriptor.has_parent_uuid = track->parent;
	descriptor.parent_uuid = track->parent;
	descriptor.has_child_ordering = track->has_order;
	descriptor.child_ordering = ORDER_OF_TIME;
	packet.track_descriptor = &descriptor;
	write_packet(packets, &packet);
}

/* ---- Events ---- */

static char *text_keep(struct draft *draft, const char *text)
{
	return text_clean(draft->texts[draft->text_count++], TEXT_SIZE, text);
}

static uint64_t number_of(struct packets *packets, enum interned_kind kind, const char *text,
			  bool *ret_is_new)
{
	uint64_t iid = intern(&packets->intern, kind, text, ret_is_new);

	if (!iid)
		packets->has_failed = true;
	return iid;
}

static void name_put(struct packets *packets, struct draft *draft, const char *name)
{
	bool is_new;

	draft->name.name = text_keep(draft, name);
	draft->event.has_name_iid = draft->name.has_iid = true;
	draft->event.name_iid = draft->name.iid =
		number_of(packets, NAME, draft->name.name, &is_new);
	draft->names[0] = &draft->name;
	draft->data.event_names = draft->names;
	draft->data.n_event_names = is_new;
}

static void category_put(struct packets *packets, struct draft *draft, const char *name)
{
	bool is_new;

	draft->category.name = text_keep(draft, name);
	draft->category.has_iid = true;
	draft->category.iid = draft->category_iid =
		number_of(packets, CATEGORY, draft->category.name, &is_new);
	draft->event.n_category_iids = 1;
	draft->event.category_iids = &draft->category_iid;
	draft->categories[0] = &draft->category;
	draft->data.event_categories = draft->categories;
	draft->data.n_event_categories = is_new;
}

static void place_put(struct packets *packets, struct draft *draft, const struct packet *packet)
{
	Perfetto__SourceLocation *place = &draft->place;
	char key[3 * TEXT_SIZE];
	bool is_new;

	place->file_name = text_keep(draft, packet->file);
	place->function_name = text_keep(draft, packet->function);
	place->has_line_number = place->has_iid = true;
	place->line_number = packet->line;
	snprintf(key, sizeof(key), "%s\n%s\n%u", place->file_name, place->function_name,
		 packet->line);
	place->iid = draft->event.source_location_iid = number_of(packets, PLACE, key, &is_new);
	draft->event.has_source_location_iid = true;
	draft->places[0] = place;
	draft->data.source_locations = draft->places;
	draft->data.n_source_locations = is_new;
}

static void arg_put(struct packets *packets, struct draft *draft, const struct packet_arg *arg)
{
	size_t at = draft->event.n_debug_annotations++;
	Perfetto__DebugAnnotation *annotation = &draft->arg[at];
	Perfetto__DebugAnnotationName *name = &draft->arg_name[at];
	Perfetto__InternedString *value = &draft->arg_value[at];
	bool is_new;

	perfetto__debug_annotation__init(annotation);
	perfetto__debug_annotation_name__init(name);
	perfetto__interned_string__init(value);
	draft->args[at] = annotation;
	name->name = text_keep(draft, arg->key);
	name->has_iid = annotation->has_name_iid = true;
	name->iid = annotation->name_iid = number_of(packets, ARG_NAME, name->name, &is_new);
	if (is_new)
		draft->arg_names[draft->data.n_debug_annotation_names++] = name;
	annotation->has_int_value = !arg->text;
	annotation->int_value = arg->number;
	if (!arg->text)
		return;
	value->str.data = (uint8_t *)text_keep(draft, arg->text);
	value->str.len = strlen((char *)value->str.data);
	value->has_str = value->has_iid = annotation->has_string_value_iid = true;
	value->iid = annotation->string_value_iid =
		number_of(packets, ARG_VALUE, (char *)value->str.data, &is_new);
	if (is_new)
		draft->arg_values[draft->data.n_debug_annotation_string_values++] = value;
}

static void draft_init(struct draft *draft)
{
	perfetto__track_event__init(&draft->event);
	perfetto__interned_data__init(&draft->data);
	perfetto__event_name__init(&draft->name);
	perfetto__event_category__init(&draft->category);
	perfetto__source_location__init(&draft->place);
	draft->event.debug_annotations = draft->args;
	draft->data.debug_annotation_names = draft->arg_names;
	draft->data.debug_annotation_string_values = draft->arg_values;
	draft->text_count = 0;
}

static void draft_fill(struct packets *packets, struct draft *draft, const struct packet *packet)
{
	Perfetto__TrackEvent *event = &draft->event;

	event->has_type = event->has_track_uuid = true;
	event->type = (Perfetto__TrackEvent__Type)packet->type;
	event->track_uuid = packet->track;
	event->has_counter_value = packet->type == PACKET_COUNTER;
	event->counter_value = packet->value;
	draft->flow = packet->flow;
	draft->flow_end = packet->flow_end;
	event->flow_ids = &draft->flow;
	event->n_flow_ids = packet->flow != 0;
	event->terminating_flow_ids = &draft->flow_end;
	event->n_terminating_flow_ids = packet->flow_end != 0;
	if (packet->name)
		name_put(packets, draft, packet->name);
	if (packet->category)
		category_put(packets, draft, packet->category);
	if (packet->file)
		place_put(packets, draft, packet);
	for (size_t i = 0; i < packet->arg_count; i++)
		arg_put(packets, draft, &packet->args[i]);
}

static bool has_data(const Perfetto__InternedData *data)
{
	return data->n_event_names || data->n_event_categories || data->n_source_locations ||
	       data->n_debug_annotation_names || data->n_debug_annotation_string_values;
}

void packets_put(struct packets *packets, const struct packet *packet)
{
	Perfetto__TracePacketDefaults defaults = PERFETTO__TRACE_PACKET_DEFAULTS__INIT;
	Perfetto__TracePacket out = PERFETTO__TRACE_PACKET__INIT;
	struct draft draft;

	if (intern_is_full(&packets->intern, TEXTS + 1)) {
		intern_clear(&packets->intern);
		packets->is_cleared = true;
	}
	draft_init(&draft);
	draft_fill(packets, &draft, packet);
	out.has_timestamp = true;
	out.timestamp = packet->ns;
	out.track_event = &draft.event;
	out.interned_data = has_data(&draft.data) ? &draft.data : NULL;
	out.has_sequence_flags = true;
	out.sequence_flags = STATE_NEEDED;
	if (packets->is_cleared) {
		defaults.has_timestamp_clock_id = true;
		defaults.timestamp_clock_id = CLOCK_REAL;
		out.trace_packet_defaults = &defaults;
		out.sequence_flags |= STATE_CLEARED;
		packets->is_cleared = false;
	}
	write_packet(packets, &out);
}
