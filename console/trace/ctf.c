/* SPDX-License-Identifier: MIT */
/*
 * The child that reads a trace: finds its pieces, joins them in a graph of
 * babeltrace2, and runs that to its end.
 *
 *	ctf.fs, one for each trace (its folders have one uuid) \
 *	or ctf.lttng-live                                       > muxer > our sink > feed
 *
 * The law: it ends by saying how, FEED_END or FEED_PROBLEM with a sentence; who finds
 * neither knows that it crashed.
 */
#include "console/trace/ctf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console/trace/ctf_event.h"

#define AGAIN_US 10000 /* a live source has nothing: the time until it is asked again */

struct child {
	struct ctf_reader reader;
	const struct ctf_options *options;
	bt_graph *graph;
	const bt_component_filter *muxer;
	uint64_t muxed;
	bt_message_iterator *iterator;
	bool is_done; /* the sentence, or nobody listens */
};

/* ---- Problems ---- */

static void problem_put(struct child *child, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void problem_put(struct child *child, const char *format, ...)
{
	char words[FEED_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	feed_put(child->reader.feed, &(struct trace_event){ .kind = FEED_PROBLEM, .text = words });
	feed_flush(child->reader.feed);
	child->is_done = true;
}

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

/* ---- The graph ---- */

static const bt_plugin *plugin_find(struct child *child, const char *name)
{
	const bt_plugin *plugin = NULL;

	if (bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_FALSE, BT_FALSE, &plugin) ==
	    BT_PLUGIN_FIND_STATUS_OK)
		return plugin;
	problem_put(child,
		    "babeltrace2 has no plugin \"%s\" on this machine: install the package "
		    "that has it (on Debian libbabeltrace2-0)",
		    name);
	return NULL;
}

static bool ports_connect(struct child *child, const bt_component_source *source)
{
	uint64_t count = bt_component_source_get_output_port_count(source);
	char name[32], words[400];

	for (uint64_t i = 0; i < count; i++) {
		const bt_port_output *from =
			bt_component_source_borrow_output_port_by_index_const(source, i);
		const bt_port_input *to;

		snprintf(name, sizeof(name), "in%" PRIu64, child->muxed++);
		to = bt_component_filter_borrow_input_port_by_name_const(child->muxer, name);
		if (to && bt_graph_connect_ports(child->graph, from, to, NULL) ==
				  BT_GRAPH_CONNECT_PORTS_STATUS_OK)
			continue;
		problem_put(child, "cannot join the streams of the trace: %s",
			    error_words(words, sizeof(words)));
		return false;
	}
	return true;
}

static bt_graph_simple_sink_component_initialize_func_status sink_begin(
	bt_message_iterator *iterator, void *data)
{
	struct child *child = data;

	child->iterator = iterator;
	bt_message_iterator_get_ref(iterator);
	return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status sink_run(bt_message_iterator *iterator,
								   void *data)
{
	struct child *child = data;
	bt_message_array_const messages;
	uint64_t count;
	bt_message_iterator_next_status r = bt_message_iterator_next(iterator, &messages, &count);
	bool is_heard = true;

	/* They have the same numbers on purpose. */
	if (r != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return (bt_graph_simple_sink_component_consume_func_status)r;
	for (uint64_t i = 0; i < count; i++) {
		is_heard = is_heard && ctf_message(&child->reader, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	child->is_done |= !is_heard;
	return child->is_done ? BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END :
				BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* Graph, muxer and sink; sources come later. */
static bool graph_begin(struct child *child)
{
	const bt_plugin *utils = plugin_find(child, "utils");
	const bt_component_class_filter *class;
	const bt_component_sink *sink;
	char words[400];

	if (!utils)
		return false;
	class = bt_plugin_borrow_filter_component_class_by_name_const(utils, "muxer");
	child->graph = bt_graph_create(0);
	if (child->graph && class &&
	    bt_graph_add_filter_component(child->graph, class, "muxer", NULL, BT_LOGGING_LEVEL_NONE,
					  &child->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
	    bt_graph_add_simple_sink_component(child->graph, "vigil", sink_begin, sink_run, NULL,
					       child, &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
	    bt_graph_connect_ports(
		    child->graph,
		    bt_component_filter_borrow_output_port_by_name_const(child->muxer, "out"),
		    bt_component_sink_borrow_input_port_by_name_const(sink, "in"),
		    NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK)
		return true;
	problem_put(child, "babeltrace2 refuses to begin: %s", error_words(words, sizeof(words)));
	return false;
}

/* Adds a source for what is in inputs, whose reference it takes. */
static bool source_add(struct child *child, const char *class_name, bt_value *inputs,
		       const char *what)
{
	static int count;
	const bt_plugin *ctf = plugin_find(child, "ctf");
	const bt_component_source *source = NULL;
	bt_value *params = bt_value_map_create();
	char name[32], words[400];

	if (!ctf)
		return false;
	snprintf(name, sizeof(name), "source%d", count++);
	if (!params ||
	    bt_value_map_insert_entry(params, "inputs", inputs) !=
		    BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK ||
	    (child->options->is_live &&
	     bt_value_map_insert_string_entry(params, "session-not-found-action", "continue") !=
		     BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK)) {
		problem_put(child, "out of memory");
		return false;
	}
	bt_value_put_ref(inputs);
	if (bt_graph_add_source_component(
		    child->graph,
		    bt_plugin_borrow_source_component_class_by_name_const(ctf, class_name), name,
		    params, BT_LOGGING_LEVEL_NONE, &source) != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
		problem_put(child, "cannot read %s: %s", what, error_words(words, sizeof(words)));
		return false;
	}
	bt_value_put_ref(params);
	return ports_connect(child, source);
}

/* ---- Files ---- */

/* Adds the folders [first, last), which are pieces of one trace. */
static bool trace_add(struct child *child, const struct ctf_folders *folders, size_t first,
		      size_t last)
{
	bt_value *inputs = bt_value_array_create();

	for (size_t i = first; inputs && i < last; i++)
		if (bt_value_array_append_string_element(inputs, folders->list[i].path) !=
		    BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
			inputs = NULL;
	if (inputs)
		return source_add(child, "fs", inputs, folders->list[first].path);
	problem_put(child, "out of memory");
	return false;
}

static bool is_same_trace(const struct ctf_folder *a, const struct ctf_folder *b)
{
	static const uint8_t none[16];

	return memcmp(a->uuid, none, 16) != 0 && !memcmp(a->uuid, b->uuid, 16);
}

static bool files_find(struct child *child, struct ctf_folders *folders)
{
	const struct ctf_options *options = child->options;

	for (size_t i = 0; i < options->path_count; i++) {
		size_t before = folders->count;
		int r = ctf_find(options->paths[i], folders);

		if (r)
			problem_put(child, "cannot read %s: %s", options->paths[i], strerror(-r));
		else if (folders->count == before)
			problem_put(child,
				    "%s is no trace: there is no file \"metadata\" in it or below "
				    "it; give the folder that `vigil record` or `lttng create` "
				    "made",
				    options->paths[i]);
		if (child->is_done)
			return false;
	}
	ctf_folders_sort(folders);
	return true;
}

static bool files_add(struct child *child)
{
	struct ctf_folders folders = { NULL, 0 };
	bool is_fine = files_find(child, &folders);
	size_t last;

	for (size_t i = 0; is_fine && i < folders.count; i = last) {
		last = i + 1;
		while (last < folders.count && is_same_trace(&folders.list[i], &folders.list[last]))
			last++;
		is_fine = trace_add(child, &folders, i, last);
	}
	ctf_folders_free(&folders);
	return is_fine;
}

/* ---- Live ---- */

static bool live_add(struct child *child)
{
	bt_value *inputs = bt_value_array_create();

	if (inputs && bt_value_array_append_string_element(inputs, child->options->paths[0]) ==
			      BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK)
		return source_add(child, "lttng-live", inputs, child->options->paths[0]);
	problem_put(child, "out of memory");
	return false;
}

/* ---- Running ---- */

static void graph_run(struct child *child)
{
	bt_graph_run_once_status r = BT_GRAPH_RUN_ONCE_STATUS_OK;
	char words[400];

	while (!child->is_done) {
		r = bt_graph_run_once(child->graph);
		if (r == BT_GRAPH_RUN_ONCE_STATUS_AGAIN) {
			child->is_done |= !feed_flush(child->reader.feed);
			usleep(AGAIN_US);
		} else if (r != BT_GRAPH_RUN_ONCE_STATUS_OK) {
			break;
		}
	}
	if (child->is_done)
		return;
	if (r == BT_GRAPH_RUN_ONCE_STATUS_END) {
		feed_put(child->reader.feed,
			 &(struct trace_event){ .kind = FEED_END, .value = child->reader.foreign });
		feed_flush(child->reader.feed);
	} else {
		problem_put(child, "%s", error_words(words, sizeof(words)));
	}
}

void ctf_read(struct feed *feed, const struct ctf_options *options)
{
	static struct child child;

	child.reader.feed = feed;
	child.options = options;
	if (graph_begin(&child) && (options->is_live ? live_add(&child) : files_add(&child)))
		graph_run(&child);
}
