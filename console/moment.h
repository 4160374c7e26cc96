/* SPDX-License-Identifier: MIT */
/*
 * Times as people type them: durations, and moments of a trace.
 *
 *	500ms 1.5s 2m 2      a duration: a number and its unit, which is one of
 *	                     ns us ms s m h d; seconds without
 *	1.5s +1.5s           a moment: so long after the begin of the trace,
 *	-1s                  before its end,
 *	50%                  so much of it,
 *	12:03:04.5           by the clock of this place,
 *	begin end            its begin, its end
 *
 * The law: every option and every prompt that takes a time takes it through here, and
 * vigil(1) says the same under TIMES.
 */
#ifndef CONSOLE_MOMENT_H
#define CONSOLE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <vigil/reader.h>

enum moment_kind {
	MOMENT_NONE, /* not said */
	MOMENT_AFTER_BEGIN,
	MOMENT_BEFORE_END,
	MOMENT_SHARE,
	MOMENT_CLOCK
};

struct moment {
	enum moment_kind kind;
	uint64_t ns; /* after the begin, before the end, after midnight */
	double share;
};

/* Whether it is a duration. */
bool duration_read(const char *words, uint64_t *ret_ns);

/* Returns 0 or -EINVAL with a sentence. */
int moment_read(const char *words, struct moment *ret_moment, struct vigil_problem *ret_problem);

/* A moment of a trace from begin to end; a time of day, or after the begin, may be outside. */
uint64_t moment_unix(const struct moment *moment, uint64_t begin_unix_ns, uint64_t end_unix_ns);

/*
 * The same of a trace that is called what, as it was asked for: "--at", "99s". Returns 0,
 * or -EINVAL with a sentence when it is outside; the length as it is shown is its end.
 */
int moment_find(const struct moment *moment, const char *asked, const char *what,
		uint64_t begin_unix_ns, uint64_t end_unix_ns, uint64_t *ret_unix_ns,
		struct vigil_problem *ret_problem);

/* What is wanted of a trace: --from and --until. */
struct window {
	struct moment from, until;
};

/* Whether nothing can be in it, whatever the trace. */
bool window_is_empty(const struct window *window);

/* The same since the begin of the trace. */
struct window_ns {
	uint64_t from_ns;
	uint64_t until_ns; /* UINT64_MAX: its end */
};

/*
 * Finds a window in a trace that is called what; its end is 0 when it is not known yet.
 * Returns 0, or -EINVAL with a sentence when nothing can be in it.
 */
int window_find(const struct window *window, const char *what, uint64_t begin_unix_ns,
		uint64_t end_unix_ns, struct window_ns *ret_window,
		struct vigil_problem *ret_problem);

#endif
