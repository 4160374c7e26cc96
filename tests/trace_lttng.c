/* SPDX-License-Identifier: MIT */
/*
 * The proof that one model serves both: programs run under a session, and what their
 * trace makes of a private board is, field by field, the board they leave behind.
 * babeltrace2 reads the same traces, and finds as many events.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include "console/trace/trace.h"
#include "tests/support/board_equal.h"
#include "tests/support/lttng.h"

#define CLOCK_TOLERANCE_NS 1000
#define TRIES 3000 /* of 10 ms: until a program is there */
#define CONNECTIONS 8
#define REQUESTS 40 /* on each */

static bool is_ready;
static char trace_path[128];

static void trace_begin(void)
{
	const char *lack;

	home_make();
	snprintf(trace_path, sizeof(trace_path), "%s/t", home);
	lack = missing_for_attaching();
	is_ready = !lack;
	if (lack)
		fprintf(stderr, "skipped: %s\n", lack);
	else
		cr_assert(daemon_start(), "lttng-sessiond did not come up");
}

TestSuite(trace_lttng, .init = trace_begin, .fini = home_remove, .timeout = 120);

/* ---- Boards that programs leave behind ---- */

/* The path of the board in home, its pid; waits until there is one. */
static pid_t board_find(char *ret_path, size_t size)
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	for (int i = 0; i < TRIES; i++) {
		const struct dirent *entry;
		DIR *dir = opendir(home);
		pid_t pid = 0;

		cr_assert_not_null(dir);
		while (!pid && (entry = readdir(dir)))
			if (strstr(entry->d_name, ".board")) {
				pid = (pid_t)strtol(entry->d_name, NULL, 10);
				snprintf(ret_path, size, "%s/%s", home, entry->d_name);
			}
		closedir(dir);
		if (pid)
			return pid;
		nanosleep(&moment, NULL);
	}
	cr_assert_fail("no board appeared");
	return 0;
}

static const void *board_map(void)
{
	char path[512];
	struct stat st;
	void *bytes;
	int fd;

	board_find(path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && !fstat(fd, &st));
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	cr_assert(bytes != MAP_FAILED);
	close(fd);
	return bytes;
}

/* ---- Replaying ---- */

/* A line is an event. */
static size_t events_of_babeltrace(void)
{
	char path[128], *line = NULL, *warnings;
	size_t count = 0, room = 0;
	FILE *file;

	cr_assert_eq(run("read", "babeltrace2", trace_path), 0);
	snprintf(path, sizeof(path), "%s/read.out", home);
	file = fopen(path, "re");
	cr_assert_not_null(file);
	/* The board's tables are told before there is a board to apply them to. */
	while (getline(&line, &room, file) > 0)
		count += strstr(line, " vigil:") && !strstr(line, " vigil:process_room:");
	free(line);
	fclose(file);
	warnings = output("read.err");
	cr_assert_str_empty(warnings, "babeltrace2 says: %s", warnings);
	free(warnings);
	return count;
}

/* Replays the trace and compares it with the board of the only program. */
static void expect_equal(bool is_from_its_start)
{
	const char *const path = trace_path;
	const struct trace_options options = { .paths = &path, .path_count = 1 };
	const void *live = board_map();
	const struct trace_event *event;
	struct vigil_problem problem;
	const struct trace_process *process;
	struct trace *trace;
	enum trace_result r;
	uint64_t count = 0;

	cr_assert_eq(trace_open(&options, &trace, &problem), 0, "%s", problem.text);
	while ((r = trace_next(trace, &event)) == TRACE_EVENT) {
		trace_apply(trace, event);
		count++;
	}
	cr_assert_eq(r, TRACE_END, "%s", trace_problem(trace));
	cr_assert_eq(trace_process_count(trace), 1);
	process = trace_process(trace, 0);
	cr_expect(process->is_whole);
	cr_expect_eq(process->adopted, 0);
	cr_expect_gt(count, 20);
	if (is_from_its_start)
		cr_expect_eq(count, events_of_babeltrace());
	cr_assert_eq(boards_differ(live, process->base, CLOCK_TOLERANCE_NS), 0);
	trace_close(trace);
}

static char *vigil_path(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/vigil", build);
	return path;
}

static char *example(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/examples/%s", build, name);
	return path;
}

static int finish(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- A client ---- */

static char port_words[16];

/* A port that is free now. */
static char *port_choose(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	snprintf(port_words, sizeof(port_words), "%d", ntohs(address.sin_port));
	return port_words;
}

static int connected(void)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)atoi(port_words)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < TRIES; i++) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		nanosleep(&moment, NULL);
	}
	cr_assert_fail("nobody listens");
	return -1;
}

/* Sends and waits for an answer. */
static void ask(int fd, const char *words)
{
	char answer[65536];

	cr_assert_eq(write(fd, words, strlen(words)), (ssize_t)strlen(words));
	cr_assert_gt(read(fd, answer, sizeof(answer)), 0);
}

static void requests_make(void)
{
	int fds[CONNECTIONS];

	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = connected();
	for (int request = 0; request < REQUESTS; request++)
		for (int i = 0; i < CONNECTIONS; i++)
			ask(fds[i], request % 8 ? "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" :
						  "GET /stats HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
}

/* ---- From the start ---- */

Test(trace_lttng, a_replay_of_every_call_makes_the_live_board)
{
	if (!is_ready)
		return;
	cr_assert_eq(
		run("record", vigil_path(), "record", "-o", trace_path, "--", helper("trace_all")),
		0);

	expect_equal(true);
}

Test(trace_lttng, a_replay_of_many_events_makes_the_live_board)
{
	if (!is_ready)
		return;
	cr_assert_eq(run("record", vigil_path(), "record", "-o", trace_path, "--",
			 helper("trace_load"), "100000"),
		     0);

	expect_equal(true);
}

Test(trace_lttng, a_replay_of_httpd_makes_the_live_board)
{
	char path[512];
	pid_t recorder;

	if (!is_ready)
		return;
	recorder = start("record", (char *[]){ vigil_path(), "record", "-o", trace_path, "--",
					       example("httpd"), "--port", port_choose(), NULL });
	requests_make();
	kill(board_find(path, sizeof(path)), SIGTERM);
	cr_assert_eq(finish(recorder), 0);

	expect_equal(true);
}

Test(trace_lttng, a_replay_of_the_loop_that_was_killed_makes_its_last_board)
{
	char path[512];
	pid_t recorder;
	int fd;

	if (!is_ready)
		return;
	recorder = start("record", (char *[]){ vigil_path(), "record", "-o", trace_path, "--",
					       example("loop"), port_choose(), NULL });
	fd = connected();
	for (int i = 0; i < REQUESTS; i++)
		ask(fd, "hello");
	kill(board_find(path, sizeof(path)), SIGKILL);
	finish(recorder);
	close(fd);

	expect_equal(true);
}

/* ---- From a board beside the trace ---- */

/* Until the recording says that it has copied the board. */
static void recording_wait(void)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	char path[256], line[512];

	snprintf(path, sizeof(path), "%s/vigil/recording", trace_path);
	for (int i = 0; i < TRIES; i++) {
		FILE *file = fopen(path, "re");
		bool is_there = false;

		while (file && !is_there && fgets(line, sizeof(line), file))
			is_there = !strncmp(line, "keyframe=", strlen("keyframe="));
		if (file)
			fclose(file);
		if (is_there)
			return;
		nanosleep(&moment, NULL);
	}
	cr_assert_fail("no board was copied");
}

Test(trace_lttng, a_program_that_ran_before_goes_on_from_its_board_beside_the_trace)
{
	char path[512], pid[16];
	pid_t program, recorder;

	if (!is_ready)
		return;
	program = start("httpd", (char *[]){ example("httpd"), "--port", port_choose(), NULL });
	requests_make();
	snprintf(pid, sizeof(pid), "%d", (int)board_find(path, sizeof(path)));
	recorder =
		start("record", (char *[]){ vigil_path(), "record", "-o", trace_path, pid, NULL });
	recording_wait();
	requests_make();
	kill(program, SIGTERM);
	finish(program);
	cr_assert_eq(finish(recorder), 0);

	expect_equal(false);
}
