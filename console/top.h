/* SPDX-License-Identifier: MIT */
/* The console, as main.c starts it. app.c is it. */
#ifndef CONSOLE_TOP_H
#define CONSOLE_TOP_H

#include <stdbool.h>

#include "console/screen.h"

struct top_options {
	const char *target; /* NULL: the only one alive */
	enum color_choice color;
	bool is_ascii;
	bool has_no_mouse;
	unsigned interval_ms;   /* 0: the usual one */
	const char *filter;     /* NULL: none */
	const char *sort;       /* "COLUMN" or "COLUMN:desc"; NULL: the view's own */
	const char *view;       /* "tasks", "locks", ...; NULL: tasks */
	const char *svg;        /* no terminal: one picture into this file; NULL: none */
	unsigned svg_refreshes; /* before it is taken */
};

/* Runs the console until the person leaves. Returns the exit status. */
int top_main(const struct top_options *options);

#endif
