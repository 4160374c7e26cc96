/* SPDX-License-Identifier: MIT */
/*
 * Example programs, run as people run them: what they say, what they leave on their boards,
 * and, with --forever, what a reader sees there meanwhile. Each test has a directory of
 * boards of its own.
 *
 * Nothing is timed: a look waits as long as the test may take.
 */
#ifndef TESTS_SUPPORT_EXAMPLE_H
#define TESTS_SUPPORT_EXAMPLE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vigil/reader.h>

static char example_dir[512];
static pid_t example_pid; /* of what runs; 0: nothing */
static char example_said[1 << 16];
static struct vigil_reader *example_reader;

/* For TestSuite(..., .init = example_begin, .fini = example_end). */
static inline void example_begin(void)
{
	const char *above = getenv("VIGIL_DIR"); /* the runner removes it */

	snprintf(example_dir, sizeof(example_dir), "%s/example-XXXXXX", above ? above : "/tmp");
	cr_assert(mkdtemp(example_dir));
	setenv("VIGIL_DIR", example_dir, 1);
	unsetenv("VIGIL");
}

static inline void example_kill(void)
{
	if (!example_pid)
		return;
	kill(example_pid, SIGKILL);
	waitpid(example_pid, NULL, 0);
	example_pid = 0;
}

/* Closes the board and removes it. */
static inline void example_forget(void)
{
	if (!example_reader)
		return;
	unlink(vigil_reader_path(example_reader));
	vigil_reader_close(example_reader);
	example_reader = NULL;
}

static inline void example_end(void)
{
	struct vigil_found *list = NULL;
	int count;

	example_kill();
	example_forget();
	count = vigil_find(example_dir, &list);
	for (int i = 0; i < count; i++)
		unlink(list[i].path);
	free(list);
	rmdir(example_dir);
}

/* ---- Running ---- */

/* Starts build/examples/NAME; its standard output goes into fd. */
static inline void example_start(const char *name, const char *option, int fd)
{
	const char *build = getenv("VIGIL_BUILD");
	char path[512];

	snprintf(path, sizeof(path), "%s/examples/%s", build ? build : "build", name);
	example_pid = fork();
	cr_assert_geq(example_pid, 0);
	if (!example_pid) {
		/* A test that takes too long is killed, and cannot kill it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 1);
		execl(path, path, option, (char *)NULL);
		_exit(127);
	}
}

/* Opens the only board there is. Returns whether there is one yet. */
static inline bool example_open(void)
{
	struct vigil_found *list = NULL;
	struct vigil_problem problem;
	int count = vigil_find(example_dir, &list);

	cr_assert_leq(count, 1, "%d boards where one program ran", count);
	if (count == 1 && list[0].is_readable)
		vigil_reader_open_file(list[0].path, 0, &example_reader, &problem);
	free(list);
	return example_reader;
}

/* Runs it to its end. Returns its exit status, 128 + signal; its words are in example_said. */
static inline int example_run(const char *name, const char *option)
{
	size_t at = 0;
	ssize_t got;
	int fds[2], status;

	example_forget();
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	example_start(name, option, fds[1]);
	close(fds[1]);
	while ((got = read(fds[0], example_said + at, sizeof(example_said) - 1 - at)) > 0)
		at += (size_t)got;
	example_said[at] = '\0';
	close(fds[0]);
	cr_assert_eq(waitpid(example_pid, &status, 0), example_pid);
	example_pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline bool example_says(const char *words)
{
	return strstr(example_said, words);
}

#define EXAMPLE_SAYS(words) cr_expect(example_says(words), "no \"%s\" in:\n%s", words, example_said)

/* ---- What is left on the board ---- */

#define EXAMPLE_LIVE(record)                                                                       \
	do {                                                                                       \
		const struct vigil_##record##_record *r_;                                          \
		for (uint32_t i_ = 0; (r_ = VIGIL_AT(example_reader, record, i_)); i_++)           \
			cr_expect_neq(r_->life, VIGIL_LIFE_LIVE, #record " \"%s\" is left",        \
				      r_->name);                                                   \
	} while (0)

/* The program has ended: nothing of its own lives there, and nothing was misused. */
static inline void example_expect_clean(void)
{
	const struct vigil_counts_record *counts;

	cr_assert(example_reader || example_open(), "it left no board in %s", example_dir);
	EXAMPLE_LIVE(task);
	EXAMPLE_LIVE(resource);
	EXAMPLE_LIVE(span);
	EXAMPLE_LIVE(executor);
	counts = VIGIL_AT(example_reader, counts, 0);
	cr_expect_eq(counts->misused_stale, 0);
	cr_expect_eq(counts->misused_ended, 0);
	cr_expect_eq(counts->misused_wakes, 0);
	cr_expect_eq(counts->misused_balance, 0);
	cr_expect_eq(counts->misused_owner, 0);
	cr_expect_eq(counts->misused_overlap, 0);
}

/* Runs it once: it succeeds and leaves nothing. */
static inline void example_runs(const char *name)
{
	int status = example_run(name, NULL);

	cr_assert_eq(status, 0, "%s: status %d, after it said:\n%s", name, status, example_said);
	example_expect_clean();
}

/* ---- What is seen on the board ---- */

/* A task that waits. task is the beginning of its name, on the name of what it waits for. */
struct example_wait {
	const char *task;
	enum vigil_wait_kind kind;
	const char *on; /* NULL: whatever it is, if anything */
	bool is_seen;
};

/* EXAMPLE_WAIT("worker 1", SEND, "log lines") */
#define EXAMPLE_WAIT(name, waits, object)                                                          \
	{                                                                                          \
		.task = (name), .kind = VIGIL_WAIT_##waits, .on = (object)                         \
	}

/* A resource's or task's name, by its reference. */
static inline const char *example_name(uint64_t ref)
{
	const struct vigil_resource_record *r = VIGIL_FIND(example_reader, resource, ref);
	const struct vigil_task_record *t = VIGIL_FIND(example_reader, task, ref);

	return r ? r->name : t ? t->name : "";
}

static inline bool example_is_wait(const struct vigil_task_record *t, const struct example_wait *w)
{
	return t->life == VIGIL_LIFE_LIVE && !strncmp(t->name, w->task, strlen(w->task)) &&
	       t->wait_kind == w->kind &&
	       (!w->on || !strncmp(example_name(t->wait_object), w->on, strlen(w->on)));
}

/* Marks what is seen now. Returns how many were not seen yet. */
static inline size_t example_look(struct example_wait *waits, size_t count)
{
	const struct vigil_task_record *t;
	size_t unseen = 0;

	cr_assert_eq(vigil_reader_refresh(example_reader), 0);
	for (uint32_t i = 0; (t = VIGIL_AT(example_reader, task, i)); i++)
		for (size_t w = 0; w < count; w++)
			waits[w].is_seen |= example_is_wait(t, &waits[w]);
	for (size_t w = 0; w < count; w++)
		unseen += !waits[w].is_seen;
	return unseen;
}

static inline bool example_is_over(void)
{
	return waitpid(example_pid, NULL, WNOHANG) == example_pid;
}

/* Runs it with --forever until each of the waits was seen, then kills it. */
static inline void example_shows(const char *name, struct example_wait *waits, size_t count)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool is_over = false;

	example_forget();
	example_start(name, "--forever", fd);
	close(fd);
	while (!is_over && !example_reader) {
		is_over = example_is_over();
		if (!example_open())
			usleep(1000);
	}
	while (!is_over && example_look(waits, count)) {
		is_over = example_is_over();
		usleep(500);
	}
	if (is_over)
		example_pid = 0;
	cr_assert_not(is_over, "%s --forever ended", name);
	example_kill();
}

/* EXAMPLE_SHOWS("patterns/mpsc", EXAMPLE_WAIT(...), ...); */
#define EXAMPLE_SHOWS(name, ...)                                                                   \
	do {                                                                                       \
		struct example_wait waits_[] = { __VA_ARGS__ };                                    \
		example_shows(name, waits_, sizeof(waits_) / sizeof(waits_[0]));                   \
	} while (0)

#endif
