/* SPDX-License-Identifier: MIT */
/*
 * Live sessions through a real relay daemon: its own, on ports of its own, under the
 * test's user. What is missing makes a test say so and pass.
 */
#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>

#include "console/model.h"
#include "console/source.h"
#include "console/verb.h"
#include "console/waits.h"
#include "tests/support/record.h"

#define LOOKS_MOST 3000 /* of 10 ms */
#define BRIDGE "10.213.77.1"

static pid_t relay_pid;
static int control_port, data_port, live_port;
static struct model *model;
static char said[512];
static pid_t host_pids[2];
static int host_in[2] = { -1, -1 };

/* ---- The relay ---- */

/* A port that is free at this moment. */
static int free_port(const char *address)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &at.sin_addr);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0, "%s", strerror(errno));
	getsockname(fd, (struct sockaddr *)&at, &size);
	close(fd);
	return ntohs(at.sin_port);
}

static bool accepts(const char *address, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there;

	inet_pton(AF_INET, address, &at.sin_addr);
	is_there = !connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return is_there;
}

static void relay_start(const char *address)
{
	char control[64], data[64], live[64], out[128];
	char *argv[] = { "lttng-relayd", "-C", control,    "-D", data,
			 "-L",           live, "--output", out,  NULL };

	snprintf(control, sizeof(control), "tcp://%s:%d", address, control_port);
	snprintf(data, sizeof(data), "tcp://%s:%d", address, data_port);
	snprintf(live, sizeof(live), "tcp://%s:%d", address, live_port);
	snprintf(out, sizeof(out), "%s/relay", home);
	relay_pid = start("relayd", argv);
	for (int i = 0; i < LOOKS_MOST && !accepts(address, live_port); i++)
		poll(NULL, 0, 10);
	cr_assert(accepts(address, live_port), "lttng-relayd did not come up");
}

static void relay_stop(void)
{
	if (!relay_pid)
		return;
	kill(relay_pid, SIGKILL);
	waitpid(relay_pid, NULL, 0);
	relay_pid = 0;
}

static void ports_choose(const char *address)
{
	control_port = free_port(address);
	data_port = free_port(address);
	live_port = free_port(address);
}

/* ---- A session, and the console on it ---- */

static void session_start(void)
{
	char url[96];

	snprintf(url, sizeof(url), "--set-url=net://127.0.0.1:%d:%d", control_port, data_port);
	cr_assert_eq(run("create", "lttng", "-n", "create", "live", "--live=100000", url), 0);
	cr_assert_eq(run("enable", "lttng", "-n", "enable-event", "-u", "vigil:*"), 0);
	cr_assert_eq(run("context", "lttng", "-n", "add-context", "-u", "-t", "vpid"), 0);
	cr_assert_eq(run("start", "lttng", "-n", "start"), 0);
}

static void console_open(const char *address)
{
	const struct source_options options = { .is_moved = true };
	struct vigil_problem problem = { "" };
	char url[96];

	snprintf(url, sizeof(url), "net://%s:%d", address, live_port);
	cr_assert_eq(model_open(url, &options, &model, &problem), 0, "%s", problem.text);
}

/* Refreshes until something is so. */
static bool comes_to(bool (*is_so)(void))
{
	for (int i = 0; i < LOOKS_MOST; i++) {
		const char *news;

		model_refresh(model);
		news = source_news(model->source);
		if (news)
			snprintf(said, sizeof(said), "%s", news);
		if (is_so())
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

/* All that trace_all does has come. */
static bool is_finished(void)
{
	return model->status == VIGIL_STATUS_FINISHED && model->totals.spawns == 4;
}

/* What the console is left with, for who reads of a failure. */
static const char *seen(void)
{
	static char text[900];
	char words[160];

	source_words(model->source, words, sizeof(words));
	snprintf(text, sizeof(text), "%s: %s, spawned %lu, %u processes; said: %s",
		 model->process->name, words, (unsigned long)model->totals.spawns,
		 source_process_count(model->source), said);
	return text;
}

static bool is_gone(void)
{
	return strstr(said, "is gone, or its relay");
}

static bool is_there_again(void)
{
	return strstr(said, "is there again after");
}

static bool has_two_hosts(void)
{
	struct source_process process;
	bool has[2] = { false, false };

	for (uint32_t i = 0; source_process(model->source, i, &process); i++) {
		has[0] |= !strcmp(process.host, "web1") && process.is_over;
		has[1] |= !strcmp(process.host, "web2") && process.is_over;
	}
	return has[0] && has[1];
}

/* All is known of a process that has made no event since we joined: names and places too. */
static bool has_deadlock(void)
{
	struct chain *chains = NULL;
	int count = waits_stuck(model, 0, &chains);
	bool is_there = count > 0 && strstr(chains[0].summary, "audit (taken at deadlock_two_lo");

	free(chains);
	return is_there;
}

/*
 * ---- Hosts ----
 *
 * The test moves into a network namespace of its own, with a bridge that leads nowhere
 * else; each host is another one. All of it is gone with the last process in it.
 */

static bool command(const char *format, ...) __attribute__((format(printf, 1, 2)));

static bool command(const char *format, ...)
{
	char words[512];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return system(words) == 0;
}

static bool bridge_make(void)
{
	return !geteuid() && !unshare(CLONE_NEWNET) &&
	       command("ip link set lo up && ip link add bridge0 type bridge && "
		       "ip addr add " BRIDGE "/24 dev bridge0 && ip link set bridge0 up");
}

static void host_exec(int i, int in)
{
	char host[8], place[128], relay[64], address[32];

	snprintf(host, sizeof(host), "web%d", i + 1);
	snprintf(place, sizeof(place), "%s/%s", home, host);
	snprintf(relay, sizeof(relay), BRIDGE ":%d:%d", control_port, data_port);
	snprintf(address, sizeof(address), "10.213.77.%d/24", 2 + i);
	dup2(in, STDIN_FILENO);
	dup2(output_make(host, "out"), STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("VIGIL_LTTNG", probes, 1);
	execlp("unshare", "unshare", "--uts", "--net", "tests/live-host.sh", host, address, place,
	       relay, helper("trace_all"), NULL);
	_exit(CANNOT_RUN);
}

/* Whether a process is in another network than we are. */
static bool is_elsewhere(pid_t pid)
{
	char path[64], ours[64] = "", its[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) > 0 &&
	       readlink(path, its, sizeof(its) - 1) > 0 && strcmp(ours, its) != 0;
}

static void host_tell(int i, const char *line)
{
	cr_assert_eq(write(host_in[i], line, strlen(line)), (ssize_t)strlen(line));
}

static void host_start(int i)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	host_pids[i] = fork();
	if (!host_pids[i])
		host_exec(i, ends[0]);
	close(ends[0]);
	host_in[i] = ends[1];
	for (int tries = 0; tries < LOOKS_MOST && !is_elsewhere(host_pids[i]); tries++)
		poll(NULL, 0, 10);
	cr_assert(command("ip link add host%d type veth peer name eth0 netns %d && "
			  "ip link set host%d master bridge0 up",
			  i, (int)host_pids[i], i));
	host_tell(i, "net\n");
}

static void hosts_end(void)
{
	for (int i = 0; i < 2; i++) {
		if (host_in[i] >= 0)
			close(host_in[i]);
		for (int tries = 0; host_pids[i] && tries < LOOKS_MOST; tries++) {
			if (waitpid(host_pids[i], NULL, WNOHANG) == host_pids[i])
				host_pids[i] = 0;
			poll(NULL, 0, 10);
		}
	}
}

static bool host_is_ready(int i)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/web%d/ready", home, i + 1);
	for (int tries = 0; tries < LOOKS_MOST && access(path, R_OK); tries++)
		poll(NULL, 0, 10);
	return !access(path, R_OK);
}

/* ---- Tests ---- */

static void live_end(void)
{
	model_free(model);
	hosts_end();
	record_end();
	relay_stop();
}

static const char *lacks(void)
{
	lack = missing_for_attaching();

	if (!lack && run("which", "lttng-relayd", "--version"))
		lack = "lttng-relayd is not installed";
	if (lack)
		fprintf(stderr, "skipped: %s\n", lack);
	return lack;
}

static void watch_start(void)
{
	ports_choose("127.0.0.1");
	relay_start("127.0.0.1");
	cr_assert(daemon_start(), "lttng-sessiond did not come up");
	session_start();
	console_open("127.0.0.1");
}

/* "trace_all, pid 812 on web1, finished" */
static void expect_heading_has_host(void)
{
	char host[65] = "", words[96], *heading = NULL;
	size_t size;
	struct text text = { .file = open_memstream(&heading, &size) };

	gethostname(host, sizeof(host) - 1);
	snprintf(words, sizeof(words), " on %s, ", host);
	verb_heading(&text, model);
	fclose(text.file);
	cr_expect(strstr(heading, words), "%s", heading);
	free(heading);
}

TestSuite(live, .init = home_make, .fini = live_end, .timeout = 120);

Test(live, a_process_is_watched_through_a_relay)
{
	if (lacks())
		return;
	watch_start();

	cr_assert_eq(run("helper", helper("trace_all")), 0);

	cr_assert(comes_to(is_finished), "%s", seen());
	cr_expect_str_eq(model->process->name, "trace_all");
	cr_expect_eq(model->totals.lost, 0);
	expect_heading_has_host();
}

Test(live, who_joins_late_sees_what_was_there_before)
{
	char live[96];

	if (lacks())
		return;
	ports_choose("127.0.0.1");
	relay_start("127.0.0.1");
	cr_assert(daemon_start(), "lttng-sessiond did not come up");
	storm = start("scene", (char *[]){ helper("deadlock_two_locks"), NULL });
	await_words("scene.out", "ready");
	snprintf(trace, sizeof(trace), "%s/t", home);
	snprintf(live, sizeof(live), "--live=net://127.0.0.1:%d:%d", control_port, data_port);
	record_start(live, "deadlock");
	console_open("127.0.0.1");

	cr_assert(comes_to(has_deadlock), "%s", seen());
	kill(recorder, SIGTERM);
	cr_expect_eq(status_of(&recorder), 0);
}

/* What the relay has on its disk; one session. */
static char *relay_folder(void)
{
	static char path[512];
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/relay/*/*", home);
	cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
	cr_assert_eq(found.gl_pathc, 1);
	snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
	return path;
}

static char *trace_beside(void)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/beside", home);
	return path;
}

static bool is_whole(void)
{
	return source_is_whole(model->source) && model->process->pid == (uint32_t)storm;
}

/* Its states are in it, and make it as good as one that was seen from its start. */
Test(live, what_a_relay_keeps_can_be_read_like_any_trace)
{
	char live[96], *text;

	if (lacks())
		return;
	ports_choose("127.0.0.1");
	relay_start("127.0.0.1");
	cr_assert(daemon_start(), "lttng-sessiond did not come up");
	storm = storm_start("storm");
	snprintf(trace, sizeof(trace), "%s/t", home);
	snprintf(live, sizeof(live), "--live=net://127.0.0.1:%d:%d", control_port, data_port);
	record_start(live);
	console_open("127.0.0.1");
	cr_assert(comes_to(is_whole), "%s", seen());
	cr_expect_eq(run("beside", vigil_path(), "record", "-o", trace_beside(), "--",
			 helper("trace_all")),
		     0);
	kill(recorder, SIGTERM);
	cr_expect_eq(status_of(&recorder), 0);

	cr_expect_eq(run("report", vigil_path(), "report", relay_folder()), 0);
	cr_expect_eq(
		run("export", vigil_path(), "export", "--to=csv", "--output=-", relay_folder()), 0);
	text = output("report.out");
	cr_expect_not_null(strstr(text, "poll_storm.c:"), "%s", text);
	free(text);
	text = read_back(trace_beside());
	cr_expect_null(strstr(text, "board_part"), "the states are another session's");
	free(text);
}

Test(live, a_relay_that_dies_is_found_again_when_it_is_back)
{
	if (lacks())
		return;
	watch_start();
	cr_assert_eq(run("helper", helper("trace_all")), 0);
	cr_assert(comes_to(is_finished), "%s", seen());

	relay_stop();
	cr_assert(comes_to(is_gone), "%s", said);
	cr_expect(is_finished(), "what was there stays");
	run("destroy", "lttng", "-n", "destroy", "--no-wait", "live");
	relay_start("127.0.0.1");
	session_start();
	for (int i = 0; i < 20 && !is_there_again(); i++) {
		cr_assert_eq(run("helper", helper("trace_all")), 0);
		for (int look = 0; look < 50 && !is_there_again(); look++) {
			const char *news;

			model_refresh(model);
			news = source_news(model->source);
			if (news)
				snprintf(said, sizeof(said), "%s", news);
			poll(NULL, 0, 10);
		}
	}

	cr_assert(is_there_again(), "%s", said);
}

Test(live, two_hosts_are_in_one_console)
{
	if (lacks())
		return;
	if (!bridge_make()) {
		fprintf(stderr, "skipped: network namespaces need root, and ip of iproute2\n");
		return;
	}
	ports_choose(BRIDGE);
	relay_start(BRIDGE);
	host_start(0);
	host_start(1);
	cr_assert(host_is_ready(0) && host_is_ready(1), "a host did not come up");
	console_open(BRIDGE);
	host_tell(0, "run\n");
	host_tell(1, "run\n");

	cr_assert(comes_to(has_two_hosts));
}
