/* SPDX-License-Identifier: MIT */
/*
 * What the programs in patterns/ and bugs/ have in common: their options, and that they
 * can be watched.
 *
 *	PROGRAM              runs once, in seconds, and prints what it found
 *	PROGRAM --forever    goes on until it is interrupted
 *	PROGRAM --fixed      a program of bugs/: the same without the fault
 *	PROGRAM --help       says so
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt/rt.h"

#define EXAMPLE_HOLD (2 * RT_S) /* how long a fault stands when it need not for ever */
#define EXAMPLE_PAUSE (100 * RT_MS)

/* Behind the usage. */
#define EXAMPLE_PATTERN_HELP                                                                       \
	"Runs once, in seconds; with --forever again and again until interrupted.\n"
#define EXAMPLE_BUG_HELP                                                                           \
	"Its fault stands for 2 s, with --forever until interrupted; with --fixed it has none.\n"

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

/* Takes this task's error, and prints it with what it came from. */
static inline void example_print_error(void)
{
	struct rt_error *error = rt_error_take();
	char words[256];

	rt_error_print(error, words, sizeof(words));
	rt_error_free(error);
	printf("%s\n", words);
}

/* Waits for all tasks of the set. */
static inline void example_join(struct rt_join_set *set)
{
	while (rt_join_set_next(set, NULL) == 0)
		;
}

/*
 * Spawns count tasks into the set, "name 0", "name 1" and so on, each with an item of its own,
 * size bytes behind the last; size 0: with the same one. Returns 0 or a negative code, for
 * rt_join_set_finish.
 */
static inline int example_spawn_each_at(struct vigil_site *site, struct rt_join_set *set,
					const char *name, rt_fn fn, void *items, size_t size,
					unsigned count)
{
	int code = set ? 0 : -ENOMEM;

	for (unsigned i = 0; i < count && !code; i++) {
		char task[32];

		snprintf(task, sizeof(task), "%s %u", name, i);
		code = rt_join_set_spawn_at(site, set, fn, (char *)items + i * size, task);
	}
	return code;
}
#define example_spawn_each(set, name, fn, items, size, count)                                      \
	example_spawn_each_at(VIGIL_HERE(), set, name, fn, items, size, count)

/* Cancels a task and awaits it, whatever it returns. A zeroed handle is legal. */
static inline void example_stop(struct rt_handle *task)
{
	struct rt_result result = { 0 };

	rt_cancel(task);
	if (task->task)
		rt_join(task, &result);
	rt_result_free(&result);
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

/* ---- The scene of a program in bugs/ ---- */

/*
 * Its tasks; and how many steps were done, by which they say that they have come to where the
 * fault is. Both are made before the program's fn is called, and freed after it.
 */
static struct {
	int (*fn)(void);
	struct rt_join_set *tasks;
	struct rt_notify *step;
	atomic_uint steps, awaited;
} scene;

/* Any thread. Wakes who awaits steps when it is the last of them. */
static inline void scene_step(void)
{
	if (atomic_fetch_add(&scene.steps, 1) + 1 >= atomic_load(&scene.awaited))
		rt_notify_one(scene.step);
}

/* Waits for so many steps, and takes them. One task at a time. Returns 0 or -ECANCELED. */
static inline int scene_await(unsigned steps)
{
	int code = 0;

	atomic_store(&scene.awaited, steps);
	while (!code && atomic_load(&scene.steps) < steps)
		code = rt_notified(scene.step);
	atomic_store(&scene.awaited, 0);
	if (!code)
		atomic_fetch_sub(&scene.steps, steps);
	return code;
}

/* Starts so many tasks, of one name and all with this arg. Returns 0 or a negative code. */
static inline int scene_spawn_at(struct vigil_site *site, unsigned count, rt_fn fn, void *arg,
				 const char *name)
{
	int code = 0;

	for (unsigned i = 0; !code && i < count; i++)
		code = rt_join_set_spawn_at(site, scene.tasks, fn, arg, name);
	return code;
}
#define scene_spawn(count, fn, arg, name) scene_spawn_at(VIGIL_HERE(), count, fn, arg, name)

/* Waits until all tasks have ended. Returns the first negative code of theirs, or 0. */
static inline int scene_join(void)
{
	struct rt_result result = { 0 };
	int code = 0;

	while (rt_join_set_next(scene.tasks, &result) == 0) {
		code = code ? code : result.code;
		rt_result_free(&result);
	}
	return code;
}

/* Lets the fault stand, after so many steps. With --fixed there is none: waits for all tasks. */
static inline int scene_stand(unsigned steps, const char *sentence)
{
	int code;

	if (example.is_fixed)
		return scene_join();
	code = scene_await(steps);
	return code ? code : example_hold(sentence);
}

/* Cancels the tasks that are left, and waits for them: before what they use is freed. */
static inline void scene_end(void)
{
	rt_join_set_cancel_all(scene.tasks);
	example_join(scene.tasks);
}

static inline int scene_round(void *arg)
{
	int code = -ENOMEM;

	(void)arg;
	atomic_store(&scene.steps, 0);
	atomic_store(&scene.awaited, 0);
	scene.tasks = rt_join_set_new("tasks");
	scene.step = rt_notify_new("step");
	if (scene.tasks && scene.step)
		code = scene.fn();
	example_end(scene.tasks);
	rt_notify_free(scene.step);
	return code;
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

/* The same as rt_run; says why it failed. Frees what came of it. */
static inline int example_run(const char *program, const struct rt_options *options)
{
	struct rt_options how = options ? *options : (struct rt_options){ 0 };
	struct rt_error *error = NULL;
	char words[512] = "";
	int code;

	how.ret_error = &error;
	code = rt_run(&how, example_round, NULL);
	if (code < 0) {
		rt_error_print(error, words, sizeof(words));
		fprintf(stderr, "%s: %s\n", program, words[0] ? words : strerror(-code));
	}
	rt_error_free(error);
	return code;
}

/* Takes the options. Returns whether that was all: ret_status is the exit status then. */
static inline bool example_is_over(int argc, char **argv, bool has_fixed, int *ret_status)
{
	const char *fixed = has_fixed ? " [--fixed]" : "";

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--forever")) {
			example.is_forever = true;
		} else if (has_fixed && !strcmp(argv[i], "--fixed")) {
			example.is_fixed = true;
		} else if (!strcmp(argv[i], "--help")) {
			printf("usage: %s [--forever]%s\n%s", argv[0], fixed,
			       has_fixed ? EXAMPLE_BUG_HELP : EXAMPLE_PATTERN_HELP);
			*ret_status = 0;
			return true;
		} else {
			fprintf(stderr, "%s: there is no %s; usage: %s [--forever]%s\n", argv[0],
				argv[i], argv[0], fixed);
			*ret_status = 2;
			return true;
		}
	}
	return false;
}

/* Runs fn, in rounds with --forever. Returns the exit status: 0, 1 when it failed, 2. */
static inline int example_main(int argc, char **argv, const struct rt_options *options, rt_fn fn,
			       bool has_fixed)
{
	int code;

	if (example_is_over(argc, argv, has_fixed, &code))
		return code;
	example.fn = fn;
	/* Who listens to it does so in rounds: between them it is not to end the program. */
	signal(SIGUSR1, SIG_IGN);
	vigil_init(NULL);
	code = example_run(argv[0], options);
	vigil_fini();
	return code < 0 ? 1 : 0;
}

/* The main of a program in patterns/, and of one in bugs/. */
#define EXAMPLE_PATTERN(options, fn)                                                               \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return example_main(argc, argv, options, fn, false);                               \
	}
#define EXAMPLE_BUG(options, bug)                                                                  \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		scene.fn = (bug);                                                                  \
		return example_main(argc, argv, options, scene_round, true);                       \
	}

#endif
