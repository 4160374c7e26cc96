/* SPDX-License-Identifier: MIT */
/*
 * DOT, for Graphviz: who wakes whom, by place, over the whole trace; and who waits for
 * whom where it ends. Of each the most are drawn, and how many are not is said.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "console/export/export.h"
#include "console/export/label.h"
#include "console/model.h"
#include "console/names.h"

#define EDGES_DRAWN 500
#define WAITS_DRAWN 500

/* ---- Text ---- */

/* Inside quotes; a backslash would be an escape, \N the name of the node. */
static void text_write(FILE *file, const char *text)
{
	char clean[4 * LABEL_SIZE];

	text_clean(clean, sizeof(clean), text);
	for (const char *c = clean; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', file);
		putc(*c, file);
	}
}

static void object_write(FILE *file, const struct board *board, uint64_t ref)
{
	char label[LABEL_SIZE];

	label_object(board, ref, label, sizeof(label));
	text_write(file, label);
}

static void place_write(FILE *file, const struct board *board, uint32_t site)
{
	char place[LABEL_SIZE];

	site_place_long(label_site(board, site), place, sizeof(place));
	text_write(file, place);
}

/* ---- Who wakes whom ---- */

static int edge_compare(const void *a, const void *b)
{
	const struct vigil_edge_record *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static void site_node(struct export *export, uint32_t process, uint32_t site, const char *shape)
{
	fprintf(export->file, "\t\tp%" PRIu32 "s%" PRIu32 " [shape=%s, label=\"", process, site,
		shape);
	place_write(export->file, export_board(export, process), site);
	fputs("\"];\n", export->file);
}

static void edge_put(struct export *export, uint32_t process, const struct vigil_edge_record *edge,
		     uint64_t most)
{
	fprintf(export->file,
		"\t\tp%" PRIu32 "s%" PRIu32 " -> p%" PRIu32 "s%" PRIu32 " [label=\"%" PRIu64
		"\", penwidth=%.1f, color=\"#4060a0\"];\n",
		process, edge->from, process, edge->to, edge->count,
		1 + 4 * share_of(edge->count, most));
}

/* Sites that are spawned at are boxes, those that only wake are not. */
static void wakes_put(struct export *export, uint32_t process, const struct model *model)
{
	const struct vigil_edge_record *edges = model->edges;
	size_t drawn = model->edge_count < EDGES_DRAWN ? model->edge_count : EDGES_DRAWN;

	for (size_t i = 0; i < drawn; i++) {
		site_node(export, process, edges[i].from, "ellipse");
		edge_put(export, process, &edges[i], edges[0].count);
	}
	for (size_t i = 0; i < drawn; i++)
		site_node(export, process, edges[i].to, "box");
	if (drawn < model->edge_count)
		fprintf(export->file,
			"\t\tp%" PRIu32
			"more [shape=plaintext, label=\"and %zu pairs more that woke "
			"less\"];\n",
			process, model->edge_count - drawn);
}

/* ---- Who waits for whom ---- */

static void node_id(FILE *file, uint32_t process, uint64_t ref)
{
	fprintf(file, "p%" PRIu32 "o%" PRIx64, process, ref);
}

static void object_node(struct export *export, uint32_t process, uint64_t ref, const char *shape)
{
	fputs("\t\t", export->file);
	node_id(export->file, process, ref);
	fprintf(export->file, " [shape=%s, label=\"", shape);
	object_write(export->file, export_board(export, process), ref);
	fputs("\"];\n", export->file);
}

static void arrow_put(struct export *export, uint32_t process, uint64_t from, uint64_t to,
		      const char *words)
{
	fputs("\t\t", export->file);
	node_id(export->file, process, from);
	fputs(" -> ", export->file);
	node_id(export->file, process, to);
	fprintf(export->file, " [label=\"%s\", color=\"#b03020\"];\n", words);
}

static void owners_put(struct export *export, uint32_t process, uint64_t lock)
{
	const struct vigil_resource_record *resource =
		RECORD_OF(export_board(export, process), resource, lock);

	for (int i = 0; resource && resource->holders && i < VIGIL_OWNERS; i++) {
		if (!resource->owner[i])
			continue;
		object_node(export, process, resource->owner[i], "box");
		arrow_put(export, process, lock, resource->owner[i], "held by");
	}
}

/* From who waits to what it waits for, and from a lock on to who holds it. */
static void wait_put(struct export *export, uint32_t process, uint64_t who, uint64_t what,
		     uint32_t kind)
{
	bool is_task = vigil_ref_table(what) == VIGIL_TABLE_task;

	object_node(export, process, who, "box");
	object_node(export, process, what, is_task ? "box" : "octagon");
	arrow_put(export, process, who, what, is_task ? "waits for" : word_wait(kind));
	if (vigil_ref_table(what) == VIGIL_TABLE_resource)
		owners_put(export, process, what);
}

static void waits_put(struct export *export, uint32_t process)
{
	const struct board *board = export_board(export, process);
	size_t count = 0;

	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_task].used; i++) {
		const struct vigil_task_record *task = RECORD_AT(board, task, i);

		if (task->life != VIGIL_LIFE_LIVE || !task->wait_kind || !task->wait_object)
			continue;
		if (count++ < WAITS_DRAWN)
			wait_put(export, process, vigil_ref_make(VIGIL_TABLE_task, i, task->gen),
				 task->wait_object, task->wait_kind);
	}
	for (uint32_t i = 0; i < board->tables[VIGIL_TABLE_worker].used; i++) {
		const struct vigil_worker_record *worker = RECORD_AT(board, worker, i);

		if (worker->life != VIGIL_LIFE_LIVE || !worker->wait_object)
			continue;
		if (count++ < WAITS_DRAWN)
			wait_put(export, process,
				 worker->task ? worker->task :
						vigil_ref_make(VIGIL_TABLE_worker, i, worker->gen),
				 worker->wait_object, worker->wait_kind);
	}
	if (count > WAITS_DRAWN)
		fprintf(export->file,
			"\t\tp%" PRIu32 "waits [shape=plaintext, label=\"and %zu waits more\"];\n",
			process, count - WAITS_DRAWN);
}

/* ---- The file ---- */

/* The board as readers see it, for the sums that they make. NULL: export has failed. */
static struct model *model_of(struct export *export, uint32_t index)
{
	const struct trace_process *process = trace_process(export->trace, index);
	struct vigil_reader *reader = NULL;
	struct vigil_problem problem;
	struct model *model = NULL;

	if (vigil_reader_open_memory(process->base, process->size, &reader, &problem)) {
		export_fail(export, "%s", problem.text);
		return NULL;
	}
	vigil_reader_fix_now(reader, process->last_ns);
	model = model_new(reader);
	if (!model || model_refresh(model) || model_want_edges(model)) {
		model_free(model);
		export_out_of_memory(export);
		return NULL;
	}
	return model;
}

static void process_put(struct export *export, uint32_t index)
{
	const struct trace_process *process = trace_process(export->trace, index);
	struct model *model = model_of(export, index);

	if (!model)
		return;
	if (model->edge_count)
		qsort(model->edges, model->edge_count, sizeof(*model->edges), edge_compare);
	fprintf(export->file, "\tsubgraph cluster_p%" PRIu32 "wakes {\n\t\tlabel=\"", index);
	text_write(export->file, export_process_name(process));
	fprintf(export->file, " (%" PRIu32 "): who wakes whom, how often\";\n", process->pid);
	wakes_put(export, index, model);
	fprintf(export->file, "\t}\n\tsubgraph cluster_p%" PRIu32 "waits {\n\t\tlabel=\"", index);
	text_write(export->file, export_process_name(process));
	fprintf(export->file, " (%" PRIu32 "): who waits for whom at the end\";\n", process->pid);
	waits_put(export, index);
	fputs("\t}\n", export->file);
	model_free(model);
}

static void dot_end(struct export *export)
{
	const struct trace_gap lost = { .events = export->lost_events,
					.packets = export->lost_packets };
	char words[LABEL_SIZE];

	fputs("digraph vigil {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\", fontsize=10];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=9];\n",
	      export->file);
	if (lost.events || lost.packets) {
		export_gap_words(&lost, words, sizeof(words));
		fprintf(export->file, "\tlabel=\"%s\";\n", words);
	}
	for (uint32_t i = 0; i < export->process_count && !export_has_failed(export); i++)
		if (export_has_process(export, i))
			process_put(export, i);
	fputs("}\n", export->file);
}

const struct export_format export_dot = {
	.name = "dot",
	.suffix = ".dot",
	.help = "graphs of who wakes whom and who waits for whom, for Graphviz",
	.end = dot_end,
};
