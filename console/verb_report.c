/* SPDX-License-Identifier: MIT */
/* vigil report: what happened, of a trace or as far as a board alone can tell. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "console/report/report.h"
#include "console/verb.h"

static bool is_directory(const char *path)
{
	struct stat st;

	return path && !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int print(const struct verb_options *options, const struct report *report)
{
	struct text text;

	text_begin(&text, stdout, options->is_ascii);
	report_text(report, &text);
	return EXIT_DONE;
}

int verb_report(const struct verb_options *options)
{
	struct report_options wanted = { 0 };
	struct vigil_problem problem = { "" };
	struct report *report;
	int r;

	if (!is_directory(options->target))
		return refuse("no trace");
	r = report_read(options->target, &wanted, &report, &problem);
	if (r)
		return refuse("%s", problem.text);
	r = print(options, report);
	if (report->problem[0])
		r = refuse("%s", report->problem);
	report_free(report);
	return r;
}
