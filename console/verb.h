/* SPDX-License-Identifier: MIT */
/*
 * Verbs: what stands behind `vigil NAME`. main.c has their table and reads their
 * options; each verb has a file of its own.
 */
#ifndef CONSOLE_VERB_H
#define CONSOLE_VERB_H

#include <stdbool.h>
#include <stdint.h>

#include "console/json.h"
#include "console/models.h"
#include "console/moment.h"
#include "console/screen.h"
#include "console/text.h"

enum exit_status { EXIT_DONE = 0, EXIT_FOUND = 1, EXIT_CANNOT = 2 };

/* What the person asked for. All zero: nothing special. */
struct verb_options {
	const char *verb; /* its name, for what to type */
	const char *target;
	const char *task; /* a serial number, as typed */
	bool is_json;
	bool is_dry_run;
	bool is_all; /* also what has ended */
	bool is_ascii;
	bool has_no_mouse;
	bool is_repeated; /* --watch */
	enum color_choice color;
	const char *filter;
	const char *sort;
	const char *dir;
	const char *view;
	const char *at;    /* a moment of a trace */
	const char *speed; /* of replay; NULL: 1 */
	uint32_t process;  /* of a trace that has several: a pid; 0: the only one, or all */
	bool is_paused;
	const char *svg; /* top: a picture into this file */
	uint64_t interval_ns;
	uint64_t limit; /* rows; 0: all */
	uint64_t over_ns;
	bool has_over;
	/* record and snapshot */
	char *const *command; /* what stands after --; NULL: nothing */
	const char *output;
	const char *live; /* the relay's address */
	bool is_snapshot;
	uint64_t for_ns; /* 0: until it is ended */
	uint64_t rotate_bytes;
	uint64_t buffer_bytes;
	uint64_t blocked_ns;   /* --on blocked=TIME; 0: not asked for */
	const char *other;     /* report: the trace that is compared with target */
	const char *html;      /* report: a page into this file; "": its usual name */
	struct window window;  /* report, export: what is wanted of the trace */
	uint64_t top;          /* report: rows of a table; 0: as usual */
	const char *form;      /* export: what --to says */
	const char *what;      /* export: run, wait */
	const char *collector; /* export: its URL */
};

int verb_top(const struct verb_options *options);
int verb_replay(const struct verb_options *options);
int verb_ps(const struct verb_options *options);
int verb_prune(const struct verb_options *options);
int verb_tasks(const struct verb_options *options);
int verb_task(const struct verb_options *options);
int verb_executors(const struct verb_options *options);
int verb_locks(const struct verb_options *options);
int verb_resources(const struct verb_options *options);
int verb_wakers(const struct verb_options *options);
int verb_sites(const struct verb_options *options);
int verb_report(const struct verb_options *options);
int verb_why(const struct verb_options *options);
int verb_record(const struct verb_options *options);
int verb_snapshot(const struct verb_options *options);
int verb_export(const struct verb_options *options);

/* ---- What verbs share: verb.c ---- */

/* Prints "vigil: SENTENCE." on stderr. Returns EXIT_CANNOT. */
int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Opens the target, or refuses; then NULL. */
struct model *verb_open(const struct verb_options *options);

/* The same for who lists several processes: of a trace none need be named. */
struct model *verb_open_any(const struct verb_options *options);

/*
 * Runs look once, or again every interval for --watch, with the model refreshed
 * in between. Stops when look returns other than EXIT_DONE, when the process is
 * gone, and when nobody reads the output any more. model may be NULL.
 */
int verb_repeat(const struct verb_options *options, struct model *model,
		int (*look)(struct model *model, const struct verb_options *options, void *arg),
		void *arg);

/* Opens the target and repeats so. */
int verb_look(const struct verb_options *options,
	      int (*look)(struct model *model, const struct verb_options *options, void *arg),
	      void *arg);

/*
 * Refuses a folder that is not of one recording with a trace: that of a flight recorder,
 * of what went to a relay, or with several below it. Returns an exit status; EXIT_DONE also
 * of what is no folder, or has nothing of a trace. In verb_folder.c.
 */
int verb_folder_check(const char *target);

/* Reads a task's serial number; refuses what is none. Returns an exit status. */
int verb_task_id(const char *words, uint64_t *ret_id);

/* Refuses --from and --until with nothing between them. Returns an exit status. */
int verb_window_check(const struct verb_options *options);

/* Refuses a serial number that no visible task has. */
int verb_task_missing(const struct model *model, uint64_t id);

/* The line above every table: who, how, since when; what was not recorded. */
void verb_heading(const struct text *text, const struct model *model);

/* The same of all processes of a source. */
void verb_heading_of_all(const struct text *text, struct source *source,
			 const struct models *models);

/* The member "process" of every JSON document. key NULL inside an array. */
void verb_json_process(struct json *json, const char *key, const struct model *model);

/* Members that several documents have. key NULL inside an array. */
void json_site(struct json *json, const struct model *model, const char *key, uint32_t site);
void json_object_ref(struct json *json, const struct model *model, const char *key, uint64_t ref);
void json_hist(struct json *json, const char *key, const struct vigil_hist *hist);

#endif
