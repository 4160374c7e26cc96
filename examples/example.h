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

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt/rt.h"

#define EXAMPLE_HOLD (2 * RT_S) /* how long a fault stands when it need not for ever */
#define EXAMPLE_PAUSE (100 * RT_MS)

static struct {
	bool is_forever, is_fixed;
	rt_fn fn;
	void *arg;
} example;

/* Says what stands there to be seen. Returns until when it is to stand, of rt_now(). */
static inline uint64_t example_say(const char *sentence)
{
	printf("%s\n", sentence);
	fflush(stdout);
	return example.is_forever ? UINT64_MAX : rt_now() + EXAMPLE_HOLD;
}

/* The same, and lets it stand. Returns 0 or -ECANCELED. */
static inline int example_hold(const char *sentence)
{
	return rt_sleep_until(example_say(sentence));
}

/* The same on a thread that may block, where no worker is left to await with. */
static inline void example_hold_blocking(const char *sentence)
{
	uint64_t until = example_say(sentence);
	struct timespec ts = { .tv_sec = (time_t)(until / RT_S), .tv_nsec = (long)(until % RT_S) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Waits for all tasks of the set. */
static inline void example_join(struct rt_join_set *set)
{
	while (rt_join_set_next(set, NULL) == 0)
		;
}

/* Cancels what is left of the set, waits for it, and frees it. NULL is legal. */
static inline void example_end(struct rt_join_set *set)
{
	if (!set)
		return;
	rt_join_set_cancel_all(set);
	example_join(set);
	rt_join_set_free(set);
}

/*
 * A new, empty file to work with. It has lost its name already, so that nothing is left of it,
 * however the program ends; the console shows it as name. Returns 0 or a negative code.
 */
static inline int example_file(const char *name, struct rt_file **ret_file)
{
	char dir[] = "/tmp/vigil-XXXXXX", path[64];
	int error;

	if (!mkdtemp(dir))
		return rt_context(-errno, "cannot make a directory in /tmp");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	error = rt_file_open(path, O_RDWR | O_CREAT | O_EXCL, 0600, ret_file);
	unlink(path);
	rmdir(dir);
	return rt_context(error, "cannot make %s", path);
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
	int code;

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
	code = rt_run(options, example_round, NULL);
	vigil_fini();
	return code < 0 ? 1 : 0;
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
