/* SPDX-License-Identifier: MIT */
/* The console, as main.c starts it. app.c is it. */
#ifndef CONSOLE_TOP_H
#define CONSOLE_TOP_H

#include <stdbool.h>
#include <stdint.h>

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
	const char *at;         /* a trace: the moment to begin at; NULL: its end */
	uint32_t process;       /* a trace: a pid; 0: the busiest */
	double speed;           /* a trace: seconds of it in one; 0: the usual */
	bool is_playing;        /* a trace: from the begin on */
};

/* Runs the console until the person leaves. Returns the exit status. */
int top_main(const struct top_options *options);

#endif
