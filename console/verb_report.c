/* SPDX-License-Identifier: MIT */
/*
 * vigil report: what happened in a trace, or in two compared; of a live process or a
 * board's file what that alone can tell.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console/report/report.h"
#include "console/verb.h"

#define HTML_FILE "report.html"

static bool is_directory(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* ---- Making it ---- */

static int options_fill(const struct verb_options *options, struct report_options *ret_wanted)
{
	*ret_wanted = (struct report_options){
		.window = options->window,
		.pid = options->process,
		.top = (size_t)options->top,
	};
	if (verb_window_check(options))
		return EXIT_CANNOT;
	return options->task ? verb_task_id(options->task, &ret_wanted->task) : EXIT_DONE;
}

static int trace_report(const char *path, const struct report_options *wanted,
			struct report **ret_report)
{
	struct vigil_problem problem = { "" };

	if (verb_folder_check(path))
		return EXIT_CANNOT;
	if (report_read(path, wanted, ret_report, &problem))
		return refuse("%s", problem.text);
	if ((*ret_report)->process_count)
		return EXIT_DONE;
	if ((*ret_report)->problem[0])
		refuse("%s", (*ret_report)->problem);
	else
		refuse("there is no event of Vigil in %s: no instrumented program did anything "
		       "while it was recorded, or the session had not the events vigil:*; the "
		       "boards of those that ran before are in %s/vigil",
		       path, path);
	report_free(*ret_report);
	*ret_report = NULL;
	return EXIT_CANNOT;
}

static int board_report(const struct verb_options *options, const struct report_options *wanted,
			struct report **ret_report)
{
	struct model *model;
	char what[600];
	int r;

	if (options->task || options->window.from.kind || options->window.until.kind ||
	    options->process)
		return refuse("--task, --from, --until and --process need a trace: record one with "
			      "`vigil record`; a board has sums alone");
	model = verb_open(options);
	if (!model)
		return EXIT_CANNOT;
	snprintf(what, sizeof(what), "pid %" PRIu32, vigil_reader_pid(model->reader));
	r = report_of_model(what, model, wanted, ret_report);
	model_free(model);
	return r ? refuse("out of memory") : EXIT_DONE;
}

static int report_make(const struct verb_options *options, const char *target,
		       const struct report_options *wanted, struct report **ret_report)
{
	if (is_directory(target))
		return trace_report(target, wanted, ret_report);
	if (options->other)
		return refuse("only traces can be compared, and %s is none: give two folders that "
			      "`vigil record` made",
			      target);
	return board_report(options, wanted, ret_report);
}

/* ---- Printing it ---- */

static int html_write(const struct report *report, const char *path)
{
	FILE *file = fopen(path, "w");
	int r;

	if (!file)
		return refuse("cannot write %s: %s; name another file with --html=FILE", path,
			      strerror(errno));
	report_html(report, file);
	r = ferror(file) ? EIO : 0;
	if (fclose(file) && !r)
		r = errno;
	if (r)
		return refuse("cannot write %s: %s; it is not whole", path, strerror(r));
	printf("%s\n", path);
	return EXIT_DONE;
}

static int report_print(const struct verb_options *options, const struct report *report)
{
	struct json json;
	struct text text;

	if (options->html && !strcmp(options->html, "-")) {
		report_html(report, stdout);
		return EXIT_DONE;
	}
	if (options->html)
		return html_write(report, options->html[0] ? options->html : HTML_FILE);
	if (options->is_json) {
		json_begin(&json, stdout, false);
		report_json(report, &json);
		json_end(&json);
		return EXIT_DONE;
	}
	text_begin(&text, stdout, options->is_ascii);
	report_text(report, &text);
	return EXIT_DONE;
}

static int compare_print(const struct verb_options *options, const struct report *a,
			 const struct report *b)
{
	struct json json;
	struct text text;

	if (options->is_json) {
		json_begin(&json, stdout, false);
		report_compare_json(a, b, &json);
		json_end(&json);
		return EXIT_DONE;
	}
	text_begin(&text, stdout, options->is_ascii);
	report_compare_text(a, b, &text);
	return EXIT_DONE;
}

/* What is damaged is told last, after all that could be read. */
static int problem_tell(const struct report *report)
{
	return report && report->problem[0] ? refuse("%s", report->problem) : EXIT_DONE;
}

/* Refused before a long trace is read for nothing. */
static int form_check(const struct verb_options *options)
{
	if (options->html && options->is_json)
		return refuse("--html and --json are two forms of a report: give one of them, and "
			      "the other in a second call");
	if (options->html && options->other)
		return refuse("--html is of one trace; two are compared as text or with --json");
	return EXIT_DONE;
}

int verb_report(const struct verb_options *options)
{
	struct report *report = NULL, *other = NULL;
	struct report_options wanted;
	int r = form_check(options);

	if (r == EXIT_DONE)
		r = options_fill(options, &wanted);
	if (r == EXIT_DONE)
		r = report_make(options, options->target, &wanted, &report);
	if (r != EXIT_DONE)
		return r;
	if (options->other)
		r = report_make(options, options->other, &wanted, &other);
	if (r == EXIT_DONE)
		r = other ? compare_print(options, report, other) : report_print(options, report);
	if (r == EXIT_DONE && (fflush(stdout) || ferror(stdout)))
		r = errno == EPIPE ? EXIT_DONE : refuse("cannot write: %s", strerror(errno));
	if (r == EXIT_DONE)
		r = problem_tell(report) | problem_tell(other);
	report_free(report);
	report_free(other);
	return r;
}
