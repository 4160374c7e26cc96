/* SPDX-License-Identifier: MIT */
/* What verbs share: opening, repeating, refusing, the heading, common JSON. */
#include "console/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "console/boards.h"
#include "console/format.h"
#include "console/names.h"
#include "console/source.h"

#define WATCH_BUFFER (1 << 16)

int refuse(const char *format, ...)
{
	char line[1024];
	struct text text;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fflush(stdout);
	/* File names and names of processes may hold anything; and no sentence is cut. */
	text_begin(&text, stderr, false);
	text.width = 0;
	text_line(&text, "vigil: %s", line);
	return EXIT_CANNOT;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

static struct model *open_from(const struct verb_options *options, bool takes_any)
{
	const struct source_options from = {
		.at = options->at,
		.pid = options->process,
		.takes_any = takes_any,
	};
	const char *target = options->target, *news;
	struct vigil_problem problem = { "" };
	struct model *model;
	int r;

	if (target && !*target) {
		refuse("\"\" is no target: give a pid, the name of a process or a board's file; "
		       "`vigil ps` lists what there is");
		return NULL;
	}
	if (verb_folder_check(target))
		return NULL;
	r = model_open(target, &from, &model, &problem);
	if (!r) {
		/* A trace that is damaged says so beside whatever follows from the rest. */
		news = source_news(model->source);
		if (news)
			refuse("%s", news);
		return model;
	}
	if (r == -ENOTUNIQ)
		candidates_tell(target, options->verb, options->task, &problem);
	if (r == -EBADMSG && is_directory(target))
		refuse("%s is a directory, not a board; `vigil ps --dir=%s` lists the boards in "
		       "it, `VIGIL_DIR=%s vigil %s` looks at them",
		       target, target, target, options->verb);
	else
		refuse("%s", problem.text);
	return NULL;
}

struct model *verb_open(const struct verb_options *options)
{
	return open_from(options, false);
}

struct model *verb_open_any(const struct verb_options *options)
{
	return open_from(options, true);
}

int verb_task_id(const char *words, uint64_t *ret_id)
{
	char *end;

	*ret_id = strtoull(words, &end, 10);
	if (*words >= '0' && *words <= '9' && !*end)
		return EXIT_DONE;
	return refuse("\"%s\" is no task: give the number in the first column of `vigil tasks`",
		      words);
}

int verb_window_check(const struct verb_options *options)
{
	if (!window_is_empty(&options->window))
		return EXIT_DONE;
	return refuse("--until must be later than --from: nothing is between them");
}

int verb_task_missing(const struct model *model, uint64_t id)
{
	return refuse("there is no task %" PRIu64 " on the board of pid %" PRIu32
		      "%s; `vigil tasks` lists those that are",
		      id, vigil_reader_pid(model->reader),
		      id <= model->totals.spawns ? " any more: its record serves a later one" : "");
}

/* Of several processes others may be there, or come. */
static bool is_gone(const struct model *model)
{
	return !status_is_there(model->status);
}

static bool is_over(const struct model *model)
{
	return model && is_gone(model) && !source_has_several(model->source);
}

static void pause_for(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000u),
			       .tv_nsec = (long)(ns % 1000000000u) };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Off a terminal a line is left free between two times; a document is its own line. */
static void between(const struct verb_options *options, bool is_first)
{
	struct text text;

	if (!options->is_repeated || options->is_json)
		return;
	text_begin(&text, stdout, options->is_ascii);
	if (text.is_terminal)
		text_redraw(&text);
	else if (!is_first)
		putchar('\n');
}

int verb_repeat(const struct verb_options *options, struct model *model,
		int (*look)(struct model *model, const struct verb_options *options, void *arg),
		void *arg)
{
	static char buffer[WATCH_BUFFER];
	bool is_first = true;
	int r;

	/* One write each time: nobody sees half of it. */
	if (options->is_repeated)
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	for (;; is_first = false) {
		between(options, is_first);
		r = look(model, options, arg);
		if (fflush(stdout) || ferror(stdout))
			return errno == EPIPE ? EXIT_DONE :
						refuse("cannot write: %s", strerror(errno));
		if (r != EXIT_DONE || !options->is_repeated || is_over(model))
			return r;
		pause_for(options->interval_ns);
		if (model && model_refresh(model) < 0)
			return refuse("out of memory");
	}
}

int verb_look(const struct verb_options *options,
	      int (*look)(struct model *model, const struct verb_options *options, void *arg),
	      void *arg)
{
	struct model *model = verb_open(options);
	int r;

	if (!model)
		return EXIT_CANNOT;
	r = verb_repeat(options, model, look, arg);
	model_free(model);
	return r;
}

/* ---- The heading ---- */

static const struct {
	const char *name;
	const char *words;
	size_t offset;
} lost[] = {
#define LOST(field, words)                                                                         \
	{                                                                                          \
#field, words, offsetof(struct vigil_counts_record, lost_##field)                  \
	}
	LOST(tasks, "tasks"),
	LOST(sites, "sites"),
	LOST(executors, "executors"),
	LOST(workers, "threads"),
	LOST(resources, "resources"),
	LOST(owners, "lock owners"),
	LOST(attrs, "attributes"),
	LOST(ops, "operations"),
	LOST(spans, "spans"),
	LOST(hists, "histograms"),
	LOST(cells, "events of sites"),
	LOST(edges, "wakes between sites"),
	LOST(messages, "messages"),
	LOST(polls, "nested polls"),
	LOST(events, "events of the trace"),
	{ "space", "requests for space", offsetof(struct vigil_counts_record, refused_space) },
};

static const struct {
	const char *name;
	const char *words;
	size_t offset;
} misused[] = {
#define MISUSED(field, words)                                                                      \
	{                                                                                          \
#field, words, offsetof(struct vigil_counts_record, misused_##field)               \
	}
	MISUSED(stale, "stale handles"),          MISUSED(ended, "calls on what had ended"),
	MISUSED(wakes, "wakes of ended tasks"),   MISUSED(balance, "ends without a begin"),
	MISUSED(owner, "releases by a stranger"), MISUSED(overlap, "overlapping polls"),
};

static uint64_t count_at(const struct model *model, size_t offset)
{
	uint64_t count;

	memcpy(&count, (const char *)model->counts + offset, sizeof(count));
	return count;
}

/* "not recorded: 12 tasks, 3 spans"; empty when all is well. */
#define COUNTS_PUT(model, list, head, buf, size)                                                   \
	do {                                                                                       \
		size_t at_ = 0;                                                                    \
                                                                                                   \
		(buf)[0] = '\0';                                                                   \
		for (size_t i_ = 0; i_ < sizeof(list) / sizeof((list)[0]); i_++) {                 \
			uint64_t count_ = count_at(model, (list)[i_].offset);                      \
                                                                                                   \
			if (count_ && at_ < (size))                                                \
				at_ += (size_t)snprintf((buf) + at_, (size)-at_,                   \
							"%s%" PRIu64 " %s", at_ ? ", " : (head),   \
							count_, (list)[i_].words);                 \
		}                                                                                  \
	} while (0)

static const char *status_words(enum vigil_status status)
{
	switch (status) {
	case VIGIL_STATUS_STOPPED:
		return "STOPPED (by a signal or a debugger; kill -CONT lets it go on)";
	case VIGIL_STATUS_DEAD:
		return "DEAD; this is its last state";
	case VIGIL_STATUS_FINISHED:
		return "finished; this is its last state";
	case VIGIL_STATUS_REPLACED:
		return "restarted by exec; this is the state before";
	default:
		return "alive";
	}
}

/* Of a moment of a trace: which one. */
static const char *how_words(const struct model *model, char *buf, size_t size)
{
	if (model->status != VIGIL_STATUS_RECORDED)
		return status_words(model->status);
	source_words(model->source, buf, size);
	return buf[0] ? buf : word_status(model->status);
}

static const char *age_of(const struct model *model, char buf[FORMAT_SIZE])
{
	return format_duration(buf, FORMAT_SIZE, less_of(model->now, model->process->created_ns),
			       0);
}

/* "up 3 s: "; of what was cut off nobody knows how long it ran. */
static void age_words(const struct model *model, char *buf, size_t size)
{
	char age[FORMAT_SIZE];

	buf[0] = '\0';
	if (!model_is_cut_off(model))
		snprintf(buf, size, "%s %s: ", is_gone(model) ? "ran" : "up", age_of(model, age));
}

static void last_record_words(const struct model *model, char *buf, size_t size)
{
	char age[FORMAT_SIZE];

	snprintf(buf, size,
		 "Times end at its last record, %s after its start; when it %s is not known.",
		 age_of(model, age), model->status == VIGIL_STATUS_DEAD ? "died" : "was restarted");
}

static void unsure_words(const struct model *model, char *buf, size_t size)
{
	char at[FORMAT_SIZE];

	snprintf(buf, size,
		 "Events were lost up to %s after its start: counts are at least so high, and what "
		 "has been so since before may have ended.",
		 format_duration(at, sizeof(at),
				 less_of(model->counts->unsure_ns, model->process->created_ns), 0));
}

void verb_heading(const struct text *text, const struct model *model)
{
	const struct model_totals *totals = &model->totals;
	bool is_one = totals->live == 1;
	struct source_member member;
	char words[400];

	model_member(model, &member);
	text_line(text, "%s, pid %" PRIu32 "%s%s, %s", model->process->name,
		  vigil_reader_pid(model->reader), member.host[0] ? " on " : "", member.host,
		  how_words(model, words, sizeof(words)));
	age_words(model, words, sizeof(words));
	text_line(text,
		  "%s%" PRIu64 " task%s %s (%" PRIu64 " running, %" PRIu64 " scheduled, %" PRIu64
		  " idle), %" PRIu64 " done on the board",
		  words, totals->live, is_one ? "" : "s",
		  !is_gone(model) ? "alive" :
		  is_one          ? "was alive" :
				    "were alive",
		  totals->running, totals->scheduled, totals->idle, totals->done);
	if (model_is_cut_off(model)) {
		last_record_words(model, words, sizeof(words));
		text_wrapped(text, 0, words);
	}
	COUNTS_PUT(model, lost, "not recorded: ", words, sizeof(words));
	if (words[0])
		text_line(text, "%s", words);
	if (model->counts->unsure_ns) {
		unsure_words(model, words, sizeof(words));
		text_wrapped(text, 0, words);
	}
	COUNTS_PUT(model, misused, "misused: ", words, sizeof(words));
	if (words[0])
		text_line(text, "%s", words);
	fputc('\n', text->file);
}

/* ---- The heading of several processes ---- */

/* "3 processes on 2 hosts, live, 1 ended". */
static void processes_words(struct source *source, const struct models *models, char *buf,
			    size_t size)
{
	char who[80], how[160], ended[40] = "", away[40] = "";

	models_words(models, who, sizeof(who));
	source_words(source, how, sizeof(how));
	if (models->ended)
		snprintf(ended, sizeof(ended), ", %" PRIu32 " ended", models->ended);
	if (models->away)
		snprintf(away, sizeof(away), ", %" PRIu32 " not connected", models->away);
	/* A stream that is live speaks for itself alone. */
	snprintf(buf, size, "%s, %s%s%s", who, source_fd(source) >= 0 ? "live" : how, ended, away);
}

static void unsure_print(const struct text *text, const struct models *models)
{
	char words[400], line[512];

	for (uint32_t i = 0; i < models->count; i++) {
		const struct model *model = models_at(models, i);

		if (!model || !model->counts->unsure_ns)
			continue;
		unsure_words(model, words, sizeof(words));
		snprintf(line, sizeof(line), "pid %" PRIu32 ": %s", vigil_reader_pid(model->reader),
			 words);
		text_wrapped(text, 0, line);
	}
}

void verb_heading_of_all(const struct text *text, struct source *source,
			 const struct models *models)
{
	const struct model_totals *totals = &models->sum.totals;
	char words[400];

	processes_words(source, models, words, sizeof(words));
	text_line(text, "%s", words);
	text_line(text,
		  "%" PRIu64 " task%s alive (%" PRIu64 " running, %" PRIu64 " scheduled, %" PRIu64
		  " idle), %" PRIu64 " done on the boards",
		  totals->live, totals->live == 1 ? "" : "s", totals->running, totals->scheduled,
		  totals->idle, totals->done);
	COUNTS_PUT(&models->sum, lost, "not recorded: ", words, sizeof(words));
	if (words[0])
		text_line(text, "%s", words);
	unsure_print(text, models);
	COUNTS_PUT(&models->sum, misused, "misused: ", words, sizeof(words));
	if (words[0])
		text_line(text, "%s", words);
	fputc('\n', text->file);
}

/* ---- Common JSON ---- */

void verb_json_process(struct json *json, const char *key, const struct model *model)
{
	const struct vigil_process_record *process = model->process;
	uint64_t end = process->ended_ns ? process->ended_ns : model->now;
	struct source_member member;

	model_member(model, &member);
	json_object_begin(json, key);
	json_u64(json, "pid", vigil_reader_pid(model->reader));
	json_text(json, "host", member.host[0] ? member.host : NULL);
	json_text(json, "name", process->name);
	json_text(json, "command", process->command);
	json_text(json, "status", word_status(model->status));
	json_text(json, "path",
		  model->source && model->source->target[0] ? model->source->target :
							      vigil_reader_path(model->reader));
	json_u64(json, "uid", process->uid);
	json_u64(json, "now_ns", model->now);
	if (model_is_cut_off(model))
		json_u64(json, "last_record_ns", model->now);
	else
		json_null(json, "last_record_ns");
	json_u64(json, "created_ns", process->created_ns);
	json_u64(json, "created_unix_ns", process->created_unix_ns);
	json_u64(json, "age_ns", end > process->created_ns ? end - process->created_ns : 0);
	json_text(json, "clock",
		  process->clock_source == VIGIL_CLOCK_TSC       ? "tsc" :
		  process->clock_source == VIGIL_CLOCK_MONOTONIC ? "clock_gettime" :
								   "caller");
	json_text(json, "libvigil", process->version);
	json_u64(json, "torn", model->totals.torn);
	if (model->counts->unsure_ns)
		json_u64(json, "unsure_ns", model->counts->unsure_ns);
	else
		json_null(json, "unsure_ns");
	json_object_begin(json, "not_recorded");
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		json_u64(json, lost[i].name, count_at(model, lost[i].offset));
	json_object_end(json);
	json_object_begin(json, "misused");
	for (size_t i = 0; i < sizeof(misused) / sizeof(misused[0]); i++)
		json_u64(json, misused[i].name, count_at(model, misused[i].offset));
	json_object_end(json);
	json_object_end(json);
}

void json_site(struct json *json, const struct model *model, const char *key, uint32_t index)
{
	const struct vigil_site_record *site = vigil_reader_site(model->reader, index);

	if (!site) {
		json_null(json, key);
		return;
	}
	json_object_begin(json, key);
	json_text(json, "file", site->file);
	json_u64(json, "line", site->line);
	json_text(json, "function", site->function);
	json_text(json, "name", site->name[0] ? site->name : NULL);
	json_object_end(json);
}

/* The kind of object and its serial number; both are null when it is gone. */
void json_object_ref(struct json *json, const struct model *model, const char *key, uint64_t ref)
{
	static const char *const kinds[VIGIL_TABLES] = {
		[VIGIL_TABLE_executor] = "executor",
		[VIGIL_TABLE_worker] = "worker",
		[VIGIL_TABLE_task] = "task",
		[VIGIL_TABLE_resource] = "resource",
		[VIGIL_TABLE_op] = "op",
		[VIGIL_TABLE_span] = "span",
	};
	uint32_t table = vigil_ref_table(ref);
	const void *record = vigil_reader_find(model->reader, (enum vigil_table)table, ref);
	char name[NAME_TEXT];
	uint64_t id = 0;

	if (!ref) {
		json_null(json, key);
		return;
	}
#define ID_OF(table_)                                                                              \
	if (record && table == VIGIL_TABLE_##table_)                                               \
	id = ((const struct vigil_##table_##_record *)record)->id
	ID_OF(executor);
	ID_OF(worker);
	ID_OF(task);
	ID_OF(resource);
	ID_OF(op);
	ID_OF(span);
#undef ID_OF
	name_object(model, ref, name, sizeof(name));
	json_object_begin(json, key);
	json_text(json, "type", table < VIGIL_TABLES ? kinds[table] : NULL);
	if (id)
		json_u64(json, "id", id);
	else
		json_null(json, "id");
	json_text(json, "text", name);
	json_object_end(json);
}

void json_hist(struct json *json, const char *key, const struct vigil_hist *hist)
{
	json_object_begin(json, key);
	json_u64(json, "count", hist->total);
	json_u64(json, "p50", vigil_hist_percentile(hist, 0.5));
	json_u64(json, "p90", vigil_hist_percentile(hist, 0.9));
	json_u64(json, "p99", vigil_hist_percentile(hist, 0.99));
	json_u64(json, "max", hist->max_ns);
	json_object_end(json);
}
