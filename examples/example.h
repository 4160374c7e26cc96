/* SPDX-License-Identifier: MIT */
/*
 * What the programs in patterns/ and bugs/ have in common: their options, and that they
 * can be watched.
 *
 *	PROGRAM              runs once, in seconds, and prints what it found
 *	PROGRAM --forever    goes on until it is interrupted
 *	PROGRAM --fixed      a program of bugs/: the same without the fault
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <string.h>

#include "rt/rt.h"

#define EXAMPLE_HOLD (2 * RT_S) /* how long a fault stands when it need not for ever */
#define EXAMPLE_PAUSE (100 * RT_MS)

static struct {
	bool is_forever, is_fixed;
	rt_fn fn;
	void *arg;
} example;

/* Says what stands there to be seen, and lets it stand. Returns 0 or -ECANCELED. */
static inline int example_hold(const char *sentence)
{
	printf("%s\n", sentence);
	fflush(stdout);
	return rt_sleep(example.is_forever ? UINT64_MAX : EXAMPLE_HOLD);
}

static inline int example_round(void *arg)
{
	int code;

	do {
		code = example.fn(arg);
		fflush(stdout);
	} while (code >= 0 && example.is_forever && (code = rt_sleep(EXAMPLE_PAUSE)) >= 0);
	return code;
}

/* Runs fn, in rounds with --forever. Returns the exit status: 0, 1 when it failed, 2. */
static inline int example_main(int argc, char **argv, const struct rt_options *options, rt_fn fn,
			       bool has_fixed)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--forever")) {
			example.is_forever = true;
		} else if (has_fixed && !strcmp(argv[i], "--fixed")) {
			example.is_fixed = true;
		} else {
			fprintf(stderr, "%s: there is no %s; usage: %s [--forever]%s\n", argv[0],
				argv[i], argv[0], has_fixed ? " [--fixed]" : "");
			return 2;
		}
	}
	example.fn = fn;
	vigil_init(NULL);
	return rt_run(options, example_round, NULL) < 0 ? 1 : 0;
}

/* The main of a program in patterns/, and of one in bugs/. */
#define EXAMPLE_PATTERN(options, fn)                                                               \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return example_main(argc, argv, options, fn, false);                               \
	}
#define EXAMPLE_BUG(options, fn)                                                                   \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return example_main(argc, argv, options, fn, true);                                \
	}

#endif
