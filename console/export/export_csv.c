/* SPDX-License-Identifier: MIT */
/*
 * CSV: a row for each slice, for spreadsheets and data frames.
 *
 * Fields are quoted as RFC 4180 has it. A name that a spreadsheet would take for a
 * formula, as it begins with one of = + - @, a tab or a carriage return, gets a ' before
 * it; numbers are written as they are.
 */
#include <inttypes.h>
#include <string.h>

#include "console/canvas.h"
#include "console/export/export.h"
#include "console/export/label.h"

static const char *const kinds[SLICE_KINDS] = {
	[SLICE_RUN] = "run",   [SLICE_RUNNABLE] = "runnable",
	[SLICE_WAIT] = "wait", [SLICE_LOCK_WAIT] = "lock wait",
	[SLICE_HOLD] = "hold", [SLICE_BLOCKED] = "blocked",
	[SLICE_PARK] = "park", [SLICE_OP] = "operation",
	[SLICE_SPAN] = "span",
};

static const char head[] = "kind,what,begin_unix_ns,duration_ns,pid,process,task,task_name,worker,"
			   "object,other,file,line,function,fd,is_open\n";

/* ---- Fields ---- */

static void field_put(FILE *file, const char *text)
{
	char clean[4 * LABEL_SIZE];
	bool is_formula = text[0] && strchr("=+-@\t\r", text[0]);

	text_clean(clean, sizeof(clean), text);
	fputs(is_formula ? ",\"'" : ",\"", file);
	for (const char *c = clean; *c; c++) {
		if (*c == '"')
			putc('"', file);
		putc(*c, file);
	}
	putc('"', file);
}

static void text_put_field(FILE *file, const char *text)
{
	if (*text)
		field_put(file, text);
	else
		putc(',', file);
}

static void task_put(FILE *file, const struct board *board, uint64_t ref)
{
	const struct vigil_task_record *task = RECORD_OF(board, task, ref);
	char name[LABEL_SIZE] = "";

	if (task) {
		label_task(board, ref, name, sizeof(name));
		fprintf(file, ",%" PRIu64, task->id);
	} else {
		putc(',', file);
	}
	text_put_field(file, name);
}

static void object_put(FILE *file, const struct board *board, uint64_t ref)
{
	char name[LABEL_SIZE];

	label_object(board, ref, name, sizeof(name));
	text_put_field(file, name);
}

static void site_put(FILE *file, const struct board *board, uint32_t index)
{
	const struct vigil_site_record *site = label_site(board, index);

	if (!site) {
		fputs(",,,", file);
		return;
	}
	text_put_field(file, site->file);
	fprintf(file, ",%" PRIu32, site->line);
	text_put_field(file, site->function);
}

/* ---- Rows ---- */

static int csv_begin(struct export *export)
{
	fputs(head, export->file);
	return 0;
}

static void csv_slice(struct export *export, const struct slice *slice, bool is_open)
{
	const struct trace_process *process = trace_process(export->trace, slice->process);
	const struct board *board = process->board;
	FILE *file = export->file;
	char what[LABEL_SIZE];

	label_slice(board, slice, what, sizeof(what));
	fputs(kinds[slice->kind], file);
	text_put_field(file, what);
	fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu32,
		export_unix_ns(export, slice->process, slice->begin_ns),
		slice->end_ns - slice->begin_ns, process->pid);
	text_put_field(file, export_process_name(process));
	task_put(file, board, slice->task);
	object_put(file, board, slice->worker);
	object_put(file, board, slice->object);
	object_put(file, board, slice->other);
	site_put(file, board, slice->site);
	if (slice->fd >= 0)
		fprintf(file, ",%" PRId32, slice->fd);
	else
		putc(',', file);
	fputs(is_open ? ",1\n" : ",0\n", file);
}

static void csv_gap(struct export *export, const struct trace_gap *gap)
{
	const struct trace_process *process = trace_process(export->trace, gap->process);
	char what[LABEL_SIZE];

	export_gap_words(gap, what, sizeof(what));
	fprintf(export->file, "gap,\"%s\",%" PRIu64 ",%" PRIu64 ",", what, gap->begin_unix_ns,
		gap->end_unix_ns > gap->begin_unix_ns ? gap->end_unix_ns - gap->begin_unix_ns : 0);
	if (process)
		fprintf(export->file, "%" PRIu32, process->pid);
	text_put_field(export->file, process ? export_process_name(process) : "");
	fputs(",,,,,,,,,,0\n", export->file);
}

static void csv_end(struct export *export)
{
	(void)export;
}

const struct export_format export_csv = {
	.name = "csv",
	.suffix = ".csv",
	.help = "a row for each slice",
	.begin = csv_begin,
	.slice = csv_slice,
	.gap = csv_gap,
	.end = csv_end,
};
