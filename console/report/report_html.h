/* SPDX-License-Identifier: MIT */
/*
 * The page of a report: what its files share.
 *
 *	report_html.c		the page: style, summary, tables
 *	report_svg.c		time from left to right: workers, queues, tasks alive
 *	report_svg_hist.c	histograms of times
 *	report_svg_flame.c	what was waited for
 *
 * The law: the page needs nothing else, no script, font or picture of another place.
 * Text goes through html_text, which makes it harmless; colours are classes, so that
 * the style alone knows light from dark. A picture's size does not grow with the trace.
 */
#ifndef CONSOLE_REPORT_HTML_H
#define CONSOLE_REPORT_HTML_H

#include "console/report/report.h"

#define PICTURE_WIDTH 1160
#define PICTURE_LEFT 118 /* names stand there */
#define PICTURE_ROOM (PICTURE_WIDTH - PICTURE_LEFT - 2)

/* ---- report_html.c ---- */

/* Text as it is, whatever is in it. */
void html_text(FILE *file, const char *text);
void html_format(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* <text> at a place, cut to a width in px (0: not cut). */
void html_label(FILE *file, const char *class_name, double x, double y, double width,
		const char *text);

/* <svg> for people who cannot see it, too. */
void html_svg_begin(FILE *file, const char *class_name, int height, const char *label);

/* ---- pictures ---- */

void html_timeline(FILE *file, const struct report_process *process);
void html_queues(FILE *file, const struct report_process *process);
void html_hists(FILE *file, const struct report_process *process);
void html_flame(FILE *file, const struct report_process *process);

#endif
