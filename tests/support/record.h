/* SPDX-License-Identifier: MIT */
/*
 * `vigil record` under a session daemon of the test's own, of programs that poll all
 * the time; and what it recorded as babeltrace2 reads it.
 */
#ifndef TESTS_SUPPORT_RECORD_H
#define TESTS_SUPPORT_RECORD_H

#include "tests/support/lttng.h"

#include <sys/mount.h>

#include "console/trace/recording.h"

#define STORM "20000", "2" /* events a second, threads */

static char trace[96];
static char disk[64]; /* where a test mounts one */
static const char *lack;
static pid_t recorder, storm;
static struct recording last_read;

static inline void record_begin(void)
{
	home_make();
	lack = missing_for_attaching();
	if (!lack && !daemon_start())
		lack = "lttng-sessiond did not come up";
	if (lack)
		fprintf(stderr, "skipped: %s\n", lack);
	snprintf(trace, sizeof(trace), "%s/t", home);
	snprintf(disk, sizeof(disk), "%s/disk", home);
}

static inline void end_by_pid(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static inline void record_end(void)
{
	end_by_pid(&recorder);
	end_by_pid(&storm);
	recording_fini(&last_read);
	umount2(disk, MNT_DETACH);
	home_remove();
}

/* ---- Arranging ---- */

static char *vigil_path(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/vigil", build);
	return path;
}

/* Waits until a condition holds; false when it does not in half a minute. */
#define await(condition)                                                                           \
	({                                                                                         \
		const struct timespec moment_ = { .tv_nsec = 10000000 };                           \
		int tries_ = READY_SECONDS * 100;                                                  \
                                                                                                   \
		while (!(condition) && --tries_)                                                   \
			nanosleep(&moment_, NULL);                                                 \
		tries_ > 0;                                                                        \
	})

static inline bool wrote(const char *file, const char *words)
{
	char *text = output(file);
	bool has = strstr(text, words) != NULL;

	free(text);
	return has;
}

#define await_words(file, words)                                                                   \
	cr_assert(await(wrote(file, words)), "%s: no \"%s\" in \"%s\"", file, words, output(file))

/* A program that polls all the time, under no recorder. Its pid. */
static inline pid_t storm_start(const char *name)
{
	char file[64];
	pid_t pid = start(name, (char *[]){ helper("poll_storm"), STORM, NULL });

	snprintf(file, sizeof(file), "%s.out", name);
	await_words(file, "ready");
	return pid;
}

/* Starts `vigil record -o TRACE ...` and waits until it records. */
#define record_start(...)                                                                          \
	do {                                                                                       \
		recorder = start("record", (char *[]){ vigil_path(), "record", "-o", trace,        \
						       __VA_ARGS__, NULL });                       \
		await_words("record.err", "vigil: recording ");                                    \
	} while (0)

/* The same, of a storm of its own. */
#define record_storm(...)                                                                          \
	do {                                                                                       \
		record_start(__VA_ARGS__, "--", helper("poll_storm"), STORM);                      \
		await_words("record.out", "ready");                                                \
	} while (0)

/* What a recording says of itself now; its keyframes until the next call. */
static inline struct recording recording_of(const char *folder)
{
	struct vigil_problem problem = { "" };

	recording_fini(&last_read);
	cr_assert_eq(recording_read(folder, &last_read, &problem), 0, "%s", problem.text);
	return last_read;
}

/* The program that the recorder started; it is no child of ours. */
static inline pid_t started(void)
{
	struct recording recording = recording_of(trace);

	cr_assert_gt(recording.pid, 0);
	return (pid_t)recording.pid;
}

static inline int status_of(pid_t *pid)
{
	int status = 0;

	waitpid(*pid, &status, 0);
	*pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- Asserting ---- */

/* The trace as babeltrace2 tells it, which it must do without a word of its own. */
static char *read_back(const char *folder)
{
	char *warnings;

	cr_assert_eq(run("read", "babeltrace2", (char *)folder), 0, "%s", output("read.err"));
	warnings = output("read.err");
	cr_expect_str_empty(warnings, "babeltrace2 says: %s", warnings);
	free(warnings);
	return output("read.out");
}

static inline bool has_events_of(const char *text, pid_t pid)
{
	char words[32];

	snprintf(words, sizeof(words), "{ vpid = %d }", (int)pid);
	return strstr(text, words) != NULL;
}

static inline void expect_said(const char *words)
{
	cr_expect(wrote("record.err", words), "no \"%s\" in \"%s\"", words, output("record.err"));
}

static inline void expect_polls(const char *folder)
{
	char *text = read_back(folder);

	cr_expect(strstr(text, " vigil:poll_end: "), "no polls in %s", folder);
	free(text);
}

#endif
