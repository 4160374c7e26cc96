/* SPDX-License-Identifier: MIT */
/*
 * The child that reads a trace. A whole one goes through one graph of babeltrace2
 * from its start. One that is damaged, or that is to be read from a moment on, goes
 * through a graph for each span of its map, whose views have whole packets only.
 *
 * The law: it ends by saying how, FEED_END or FEED_PROBLEM with a sentence; who finds
 * neither knows that it crashed.
 */
#include "console/trace/ctf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/ctf_damage.h"
#include "console/trace/ctf_graph.h"

#define SPAN_BYTES (64u << 20)
#define PATIENCE_S 60
#define MENDS_MAX 1024 /* then so much is damaged that the rest is not worth the time */

struct child {
	struct ctf_reader reader;
	const struct ctf_options *options;
	struct ctf_folders folders;
	struct ctf_map map;
	struct ctf_graph graph;
	unsigned mends; /* spans that were read again without what is damaged */
};

/* ---- How it ends ---- */

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
}

static void end_put(struct child *child, enum ctf_run how)
{
	if (how == CTF_RUN_UNHEARD)
		return;
	if (how == CTF_RUN_PROBLEM && child->reader.told_unix_ns && child->map.begin_unix_ns) {
		problem_put(child, "%s can be read up to %.6f s after its start: %s",
			    child->options->paths[0],
			    (double)(child->reader.told_unix_ns - child->map.begin_unix_ns) / 1e9,
			    child->graph.problem);
		return;
	}
	if (how == CTF_RUN_PROBLEM) {
		problem_put(child, "%s", child->graph.problem);
		return;
	}
	ctf_gaps_until(&child->reader, UINT64_MAX, false);
	if (child->map.damaged)
		problem_put(child,
			    "%" PRIu64 " of %" PRIu64
			    " bytes of %s are damaged; the packets around "
			    "them were read",
			    child->map.damaged, child->map.bytes, child->options->paths[0]);
	feed_put(child->reader.feed,
		 &(struct trace_event){ .kind = FEED_END, .value = child->reader.foreign });
	feed_flush(child->reader.feed);
}

/* ---- Files ---- */

/* The folder of a flight recorder: its snapshots overlap. */
static bool has_snapshots(const char *path)
{
	char below[4096];
	struct stat st;

	snprintf(below, sizeof(below), "%s/snapshot-1", path);
	return !stat(below, &st) && S_ISDIR(st.st_mode);
}

static bool files_find(struct child *child)
{
	const struct ctf_options *options = child->options;

	for (size_t i = 0; i < options->path_count; i++) {
		size_t before = child->folders.count;
		int r;

		if (has_snapshots(options->paths[i])) {
			problem_put(child,
				    "%s has snapshots, each a trace of its own: give one, such as "
				    "%s/snapshot-1",
				    options->paths[i], options->paths[i]);
			return false;
		}
		r = ctf_find(options->paths[i], &child->folders);
		if (!r && child->folders.count > before)
			continue;
		if (r)
			problem_put(child, "cannot read %s: %s", options->paths[i], strerror(-r));
		else
			problem_put(child,
				    "%s is no trace: there is no file \"metadata\" in it or below "
				    "it; give the folder that `vigil record` or `lttng create` "
				    "made",
				    options->paths[i]);
		return false;
	}
	ctf_folders_sort(&child->folders);
	return true;
}

static enum ctf_run folders_run(struct child *child, const struct ctf_folders *folders)
{
	enum ctf_run r = CTF_RUN_PROBLEM;

	if (ctf_graph_begin(&child->graph, &child->reader) &&
	    ctf_graph_add_folders(&child->graph, folders))
		r = ctf_graph_run(&child->graph);
	ctf_graph_end(&child->graph);
	return r;
}

/* One span, in a view of its own. */
static enum ctf_run span_run(struct child *child, uint64_t from_unix_ns, uint64_t to_unix_ns)
{
	struct ctf_view view;
	int error = ctf_view_make(&child->map, child->options->scratch, from_unix_ns, to_unix_ns,
				  &view);
	enum ctf_run r = CTF_RUN_END;

	child->reader.begin_unix_ns = from_unix_ns;
	child->reader.end_unix_ns = to_unix_ns;
	if (error)
		snprintf(child->graph.problem, sizeof(child->graph.problem),
			 "cannot lay out a part of %.300s in %.100s: %s", child->options->paths[0],
			 child->options->scratch, strerror(-error));
	if (error)
		r = CTF_RUN_PROBLEM;
	else if (view.folders.count)
		r = folders_run(child, &view.folders);
	ctf_view_drop(&view);
	return r;
}

/* Tells what there is; gaps that are not told yet are told later, in their place. */
static void map_put(struct child *child)
{
	const struct ctf_map *map = &child->map;

	child->reader.has_map = true;
	child->reader.last_unix_ns = map->end_unix_ns;
	child->reader.gaps = map->gaps;
	child->reader.gap_count = map->gap_count;
	feed_put(child->reader.feed, &(struct trace_event){ .kind = FEED_EXTENT,
							    .other = map->begin_unix_ns,
							    .unix_ns = map->end_unix_ns,
							    .value = map->bytes,
							    .object = map->damaged });
}

/*
 * A span that could not be read to its end: what cannot be read is cut out of the
 * map, and the rest of the span is another one. CTF_RUN_END: go on from *ret_from.
 */
static enum ctf_run span_mend(struct child *child, uint64_t from_unix_ns, uint64_t to_unix_ns,
			      uint64_t *ret_from)
{
	uint64_t told = child->reader.told_unix_ns;
	uint64_t from = told >= from_unix_ns && told < to_unix_ns ? told + 1 : from_unix_ns;

	if (++child->mends > MENDS_MAX ||
	    ctf_damage_cut(&child->map, child->options->scratch, from, to_unix_ns) <= 0)
		return CTF_RUN_PROBLEM;
	map_put(child);
	while (child->reader.gap_count && child->reader.gaps->end_unix_ns < from) {
		child->reader.gaps++;
		child->reader.gap_count--;
	}
	*ret_from = from;
	return CTF_RUN_END;
}

static enum ctf_run spans_run(struct child *child, uint64_t from)
{
	uint64_t bytes = child->options->span_bytes ? child->options->span_bytes : SPAN_BYTES;
	enum ctf_run r = CTF_RUN_END;

	if (from < child->map.begin_unix_ns)
		from = child->map.begin_unix_ns;
	while (r == CTF_RUN_END && from < UINT64_MAX) {
		uint64_t to = ctf_map_span(&child->map, from, bytes);

		r = span_run(child, from, to);
		if (r == CTF_RUN_PROBLEM && child->graph.is_begun)
			r = span_mend(child, from, to, &from);
		else
			from = to;
	}
	return r;
}

static bool can_make(const char *scratch)
{
	return scratch && !mkdir(scratch, 0700) && !rmdir(scratch);
}

static enum ctf_run whole_run(struct child *child)
{
	bool has_views = child->reader.has_map && can_make(child->options->scratch);
	enum ctf_run r;

	if (has_views &&
	    (child->options->begin_unix_ns || child->options->span_bytes || child->map.damaged)) {
		ctf_gaps_until(&child->reader, child->options->begin_unix_ns, true);
		return spans_run(child, child->options->begin_unix_ns);
	}
	/* Without a place for views all is read, and what was before is not told. */
	child->reader.begin_unix_ns = child->options->begin_unix_ns;
	ctf_gaps_until(&child->reader, child->options->begin_unix_ns, true);
	r = folders_run(child, &child->folders);
	if (r == CTF_RUN_PROBLEM && has_views)
		r = spans_run(child,
			      child->reader.told_unix_ns ? child->reader.told_unix_ns + 1 : 0);
	return r;
}

static void files_read(struct child *child)
{
	int r;

	if (!files_find(child))
		return;
	r = ctf_map_read(&child->folders, &child->map);
	if (!r)
		map_put(child);
	if (r == -EBADMSG)
		problem_put(child,
			    "%s cannot be read: its file \"metadata\", which says what the rest "
			    "means, is damaged; put it back from a copy",
			    child->options->paths[0]);
	else if (r && child->options->begin_unix_ns)
		problem_put(child,
			    "%s can be read from its start only: its packets are not LTTng-UST's",
			    child->options->paths[0]);
	else
		end_put(child, whole_run(child));
}

/* ---- Live ---- */

static void live_read(struct child *child)
{
	enum ctf_run r = CTF_RUN_PROBLEM;

	if (ctf_graph_begin(&child->graph, &child->reader) &&
	    ctf_graph_add_live(&child->graph, child->options->paths[0]))
		r = ctf_graph_run(&child->graph);
	end_put(child, r);
}

void ctf_read(struct feed *feed, const struct ctf_options *options)
{
	static struct child child;

	child.reader.feed = feed;
	child.reader.end_unix_ns = UINT64_MAX;
	child.options = options;
	ctf_patience(options->patience_s ? options->patience_s : PATIENCE_S);
	if (options->is_live)
		live_read(&child);
	else
		files_read(&child);
}
