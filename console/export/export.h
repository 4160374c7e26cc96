/* SPDX-License-Identifier: MIT */
/*
 * Exporting a trace for other tools: one loop over events and slices, and one ops
 * structure for each form that is written.
 *
 *	export.c		the loop: window, processes, gaps
 *	export_NAME.c		what stands in a file of the form NAME
 *	label.c			what things are called, read off a board
 *	notes.c, sums.c		what a form may remember: by record, by stack
 *	tally.c			how many tasks live, are runnable, wait for locks
 *	writer.c		the file
 *	*.proto			the few fields that are written of other tools' formats
 *
 * The law: a form writes as it goes and remembers no more than what is alive, or sums
 * that have a bound. Names come from strangers: each form makes them harmless in its
 * own way.
 */
#ifndef CONSOLE_EXPORT_EXPORT_H
#define CONSOLE_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "console/export/notes.h"
#include "console/export/tally.h"
#include "console/moment.h"
#include "console/trace/slice.h"
#include "console/trace/trace.h"

enum export_what { EXPORT_RUN, EXPORT_WAIT };

struct export_options {
	const char *path;      /* of the trace */
	const char *output;    /* what is written, for people; NULL: none */
	bool is_file;          /* output is the name of a file */
	const char *collector; /* http://host:port; NULL: none */
	uint32_t pid;          /* this process alone; 0: all */
	struct window window;
	enum export_what what;
};

/* What is known of a process of the trace. */
struct export_process {
	uint64_t unix_offset_ns; /* what its clock lacks to be the trace's; wraps */
	bool is_met;
	bool is_left_out; /* another one is wanted */
	struct tally tally;
	uint64_t boards; /* as of the trace's process: how often it became another */
	struct notes notes[VIGIL_TABLES]; /* by table */
};

struct export
{
	const struct export_format *format;
	const struct export_options *options;
	struct trace *trace;
	struct writer *writer;
	FILE *file;                       /* the writer's; NULL: a collector gets it all */
	void *state;                      /* the form's own, `size` bytes that were 0 */
	struct export_process *processes; /* by index */
	uint32_t process_count;
	struct window_ns window;            /* since the first event */
	uint64_t begin_unix_ns;             /* of the trace */
	uint64_t from_unix_ns;              /* of what is written */
	uint64_t until_unix_ns;             /* the same */
	uint64_t end_unix_ns;               /* the same; known at the end */
	uint64_t cut_ns;                    /* how much earlier the slice that is told began */
	uint64_t slices;                    /* that were told, for the last word */
	char also[512];                     /* a second file that was written; "": none */
	uint64_t lost_events, lost_packets; /* known at the end */
	size_t gaps;                        /* told so far */
	struct vigil_problem problem;       /* "": none yet */
};

/*
 * What a form writes. All but name, suffix, help and end may be NULL. event is called
 * before the event is applied to its board and after it; slice with what the event
 * ends, before both; at the end slice is called with what is still open.
 */
struct export_format {
	const char *name;   /* as --to has it */
	const char *suffix; /* of a file without a name */
	const char *help;
	bool is_binary;
	bool has_collector;
	bool cuts_at_begin; /* of the trace: what lasted before it is not shown */
	size_t size;        /* of its state */
	size_t note_size;   /* of what it remembers of an object; begins with a struct note */
	void (*note_empty)(void *note);
	int (*begin)(struct export *export);
	void (*event)(struct export *export, const struct trace_event *event);
	void (*after)(struct export *export, const struct trace_event *event);
	void (*slice)(struct export *export, const struct slice *slice, bool is_open);
	void (*gap)(struct export *export, const struct trace_gap *gap);
	void (*end)(struct export *export);
	void (*free)(struct export *export);
};

/* Something of a process that is no object of its own, for a note. */
#define EXPORT_PROCESS_REF vigil_ref_make(VIGIL_TABLE_process, 0, 1)

extern const struct export_format export_perfetto, export_chrome, export_folded, export_pprof,
	export_otlp, export_csv, export_dot;

/* All, in the order of the help. NULL ends them. */
extern const struct export_format *const export_formats[];

/*
 * Reads the trace and writes it all. Returns 0; or -1 with a sentence in
 * export->problem, what was read before that being written.
 */
int export_run(struct export *export);

/* Frees what export_run made. */
void export_fini(struct export *export);

/* Says why nothing more can be done. The first one counts. Returns -1. */
int export_fail(struct export *export, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int export_out_of_memory(struct export *export);

static inline bool export_has_failed(const struct export *export)
{
	return export->problem.text[0];
}

/* ---- What forms ask ---- */

static inline const struct board *export_board(const struct export *export, uint32_t process)
{
	return trace_process(export->trace, process)->board;
}

/* Whether a task was woken since its last poll began. */
static inline bool export_is_woken(const struct vigil_task_record *task)
{
	return task->wakes != task->wakes_seen;
}

/* Whether a process is met and wanted. */
bool export_has_process(const struct export *export, uint32_t index);

/* Where what is wanted begins, and, at the end, where a process ends: on its clock. */
uint64_t export_from_ns(const struct export *export, uint32_t process);
uint64_t export_end_ns(const struct export *export, uint32_t process);

/* A time of a process on the clock that all share. */
static inline uint64_t export_unix_ns(const struct export *export, uint32_t process, uint64_t ns)
{
	return ns + export->processes[process].unix_offset_ns;
}

/* The note of an object, as in notes.h; without memory NULL, and the export has failed. */
void *export_note(struct export *export, uint32_t process, uint64_t ref);

/* The name of a process: its own, else "process". */
const char *export_process_name(const struct trace_process *process);

/* "12 events and 1 packet lost". */
void export_gap_words(const struct trace_gap *gap, char *buf, size_t size);

/* A number for an object that no other of the trace has, as far as 64 bits go; never 0. */
uint64_t export_hash(uint32_t process, uint64_t a, uint64_t b);

#endif
