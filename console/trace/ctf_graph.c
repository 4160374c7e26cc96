/* SPDX-License-Identifier: MIT */
/* Graphs: made, run once through, taken down. */
#include "console/trace/ctf_graph.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define ROUNDS 1024    /* of a few messages each, between two looks at the timer */
#define AGAIN_US 10000 /* a live source has nothing: the time until it is asked again */

/* ---- Problems ---- */

/* What babeltrace2 says first, which is nearest to the cause. Returns buf. */
static const char *error_words(char *buf, size_t size)
{
	const bt_error *error = bt_current_thread_take_error();

	snprintf(buf, size, "babeltrace2 gives no reason");
	if (!error)
		return buf;
	if (bt_error_get_cause_count(error))
		snprintf(buf, size, "%s",
			 bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
	bt_error_release(error);
	return buf;
}

/* Notes a problem and what babeltrace2 says of it. Returns false. */
static bool refused(struct ctf_graph *graph, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool refused(struct ctf_graph *graph, const char *format, ...)
{
	char what[200], words[380];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(graph->problem, sizeof(graph->problem), "%s: %s", what,
		 error_words(words, sizeof(words)));
	return false;
}

/* ---- Patience ---- */

/* Over damaged files babeltrace2 may go round for ever. Waiting does not count. */
void ctf_patience(unsigned seconds)
{
	static unsigned last;
	struct itimerval timer = { .it_value.tv_sec = last };

	if (seconds)
		timer.it_value.tv_sec = last = seconds;
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

/* ---- The sink ---- */

static bt_graph_simple_sink_component_consume_func_status sink_run(bt_message_iterator *iterator,
								   void *data)
{
	struct ctf_graph *graph = data;
	bt_message_array_const messages;
	uint64_t count;
	bt_message_iterator_next_status r = bt_message_iterator_next(iterator, &messages, &count);

	/* Messages without end at one moment are no progress. */
	if (graph->rounds++ % ROUNDS == 0 && graph->reader->told_unix_ns > graph->seen_unix_ns) {
		graph->seen_unix_ns = graph->reader->told_unix_ns;
		ctf_patience(0);
	}

	/* They have the same numbers on purpose. */
	if (r != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return (bt_graph_simple_sink_component_consume_func_status)r;
	for (uint64_t i = 0; i < count; i++) {
		graph->is_unheard = graph->is_unheard || !ctf_message(graph->reader, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	return graph->is_unheard ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END :
				   BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* ---- Making ---- */

/* Each is looked for once, and kept. */
static const bt_plugin *plugin_find(struct ctf_graph *graph, const char *name)
{
	static const bt_plugin *found[2];
	const bt_plugin *plugin = NULL;

	for (int i = 0; i < 2; i++)
		if (found[i] && !strcmp(bt_plugin_get_name(found[i]), name))
			return found[i];
	if (bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_FALSE, &plugin) ==
	    BT_PLUGIN_FIND_STATUS_OK)
		return found[found[0] ? 1 : 0] = plugin;
	snprintf(graph->problem, sizeof(graph->problem),
		 "babeltrace2 has no plugin \"%s\" here: install the package that has it "
		 "(Debian: libbabeltrace2-0)",
		 name);
	return NULL;
}

bool ctf_graph_begin(struct ctf_graph *graph, struct ctf_reader *reader)
{
	const bt_plugin *utils;
	const bt_component_class_filter *class;
	const bt_component_sink *sink;

	memset(graph, 0, sizeof(*graph));
	graph->reader = reader;
	utils = plugin_find(graph, "utils");
	if (!utils)
		return false;
	class = bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer");
	graph->graph = bt_graph_create(0);
	if (graph->graph && class &&
	    bt_graph_add_filter_component(graph->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
					  &graph->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
	    bt_graph_add_simple_sink_component(graph->graph, "vigil", NULL, sink_run, NULL, graph,
					       &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
	    bt_graph_connect_ports(
		    graph->graph,
		    bt_component_filter_borrow_output_port_by_name_const(graph->muxer, "out"),
		    bt_component_sink_borrow_input_port_by_name_const(sink, "in"),
		    NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK)
		return true;
	return refused(graph, "babeltrace2 cannot begin");
}

static bool ports_connect(struct ctf_graph *graph, const bt_component_source *source)
{
	uint64_t count = bt_component_source_get_output_port_count(source);
	char name[32];

	for (uint64_t i = 0; i < count; i++) {
		const bt_port_output *from =
			bt_component_source_borrow_output_port_by_index_const(source, i);
		const bt_port_input *to;

		snprintf(name, sizeof(name), "in%" PRIu64, graph->muxed++);
		to = bt_component_filter_borrow_input_port_by_name_const(graph->muxer, name);
		if (!to || bt_graph_connect_ports(graph->graph, from, to, NULL) !=
				   BT_GRAPH_CONNECT_PORTS_STATUS_OK)
			return refused(graph, "babeltrace2 cannot join the streams");
	}
	return true;
}

static bool source_add(struct ctf_graph *graph, const char *class_name, const bt_value *params,
		       const char *what)
{
	const bt_plugin *ctf = plugin_find(graph, "ctf");
	const bt_component_class_source *class;
	const bt_component_source *source = NULL;
	char name[48];

	if (!ctf)
		return false;
	snprintf(name, sizeof(name), "source%" PRIu64, graph->muxed);
	class = bt_plugin_borrow_source_component_class_by_name_const(ctf, class_name);
	if (!class ||
	    bt_graph_add_source_component(graph->graph, class, name, params, BT_LOGGING_LEVEL_NONE,
					  &source) != BT_GRAPH_ADD_COMPONENT_STATUS_OK)
		return refused(graph, "cannot read %.150s", what);
	return ports_connect(graph, source);
}

/* A source's parameters, with the list of what it reads. NULL without memory. */
static bt_value *params_new(bt_value **ret_inputs)
{
	bt_value *params = bt_value_map_create();

	if (params && bt_value_map_insert_empty_array_entry(params, "inputs", ret_inputs) !=
			      BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK) {
		bt_value_put_ref(params);
		return NULL;
	}
	return params;
}

/* Adds the folders [first, last), which are pieces of one trace. */
static bool trace_add(struct ctf_graph *graph, const struct ctf_folders *folders, size_t first,
		      size_t last)
{
	bt_value *inputs, *params = params_new(&inputs);
	bool is_fine = params != NULL;

	for (size_t i = first; is_fine && i < last; i++)
		is_fine = bt_value_array_append_string_element(inputs, folders->list[i].path) ==
			  BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK;
	if (!is_fine)
		return refused(graph, "out of memory");
	is_fine = source_add(graph, "fs", params, folders->list[first].path);
	bt_value_put_ref(params);
	return is_fine;
}

static bool is_same_trace(const struct ctf_folder *a, const struct ctf_folder *b)
{
	static const uint8_t none[16];

	return memcmp(a->uuid, none, 16) != 0 && !memcmp(a->uuid, b->uuid, 16);
}

bool ctf_graph_add_folders(struct ctf_graph *graph, const struct ctf_folders *folders)
{
	size_t last;

	for (size_t i = 0; i < folders->count; i = last) {
		last = i + 1;
		while (last < folders->count &&
		       is_same_trace(&folders->list[i], &folders->list[last]))
			last++;
		if (!trace_add(graph, folders, i, last))
			return false;
	}
	return true;
}

bool ctf_graph_add_live(struct ctf_graph *graph, const char *url)
{
	bt_value *inputs, *params = params_new(&inputs);
	bool is_fine;

	if (!params ||
	    bt_value_array_append_string_element(inputs, url) !=
		    BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK ||
	    bt_value_map_insert_string_entry(params, "session-not-found-action", "fail") !=
		    BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK)
		return refused(graph, "out of memory");
	is_fine = source_add(graph, "lttng-live", params, url);
	bt_value_put_ref(params);
	return is_fine;
}

/* ---- Running ---- */

enum ctf_run ctf_graph_run(struct ctf_graph *graph)
{
	bt_graph_run_once_status r = BT_GRAPH_RUN_ONCE_STATUS_OK;

	graph->is_begun = true;
	while (!graph->is_unheard) {
		r = bt_graph_run_once(graph->graph);
		if (r == BT_GRAPH_RUN_ONCE_STATUS_AGAIN) {
			/* Once: there is a relay, and it has the session. */
			if (!graph->has_waited)
				feed_put(graph->reader->feed,
					 &(struct trace_event){ .kind = FEED_TIME });
			graph->has_waited = true;
			graph->is_unheard = !feed_flush(graph->reader->feed);
			usleep(AGAIN_US);
		} else if (r != BT_GRAPH_RUN_ONCE_STATUS_OK) {
			break;
		}
	}
	if (graph->is_unheard)
		return CTF_RUN_UNHEARD;
	if (r == BT_GRAPH_RUN_ONCE_STATUS_END)
		return CTF_RUN_END;
	refused(graph, "babeltrace2 cannot go on");
	return CTF_RUN_PROBLEM;
}

void ctf_graph_end(struct ctf_graph *graph)
{
	ctf_classes_forget(graph->reader);
	bt_graph_put_ref(graph->graph);
	graph->graph = NULL;
}
