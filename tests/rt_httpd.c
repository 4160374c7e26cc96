/* SPDX-License-Identifier: MIT */
/* The example server of tasks, as a program: what it answers, how it ends. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void server_start(void);
static void server_end(void);

TestSuite(rt_httpd, .init = server_start, .fini = server_end);

#define BIG 300000

static pid_t server;
static FILE *said;
static unsigned port;
static char root[64];
static char got[2 * BIG];

static void root_write(const char *name, size_t size, char byte)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	cr_assert(file);
	for (size_t i = 0; i < size; i++)
		fputc(byte, file);
	fclose(file);
}

/* It stands in dir. Without an option it serves what is there. */
static void server_run(const char *dir, const char *option)
{
	char program[512], line[128];
	int out[2];

	cr_assert_eq(pipe(out), 0);
	snprintf(program, sizeof(program), "%s/examples/rt_httpd", getenv("VIGIL_BUILD"));
	server = fork();
	if (!server) {
		dup2(out[1], 1);
		close(out[0]);
		if (!chdir(dir))
			execl(program, "rt_httpd", "--port", "0", option, option ? root : NULL,
			      (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	said = fdopen(out[0], "r");
	cr_assert(fgets(line, sizeof(line), said), "%s does not start", program);
	cr_assert_eq(sscanf(line, "listening on 127.0.0.1:%u", &port), 1, "%s", line);
}

static void server_start(void)
{
	snprintf(root, sizeof(root), "/tmp/rt_httpd-XXXXXX");
	cr_assert(mkdtemp(root));
	root_write("small", 5, 's');
	root_write("big", BIG, 'b');
	server_run("/", "--root");
}

/* Returns its exit code; -1 when it was over before. */
static int server_stop(int signal_number)
{
	int status = -1;

	if (!server)
		return -1;
	kill(server, signal_number);
	cr_assert_eq(waitpid(server, &status, 0), server);
	server = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void server_end(void)
{
	char path[128];

	server_stop(SIGKILL);
	fclose(said);
	snprintf(path, sizeof(path), "%s/small", root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/big", root);
	unlink(path);
	rmdir(root);
}

static int ask(const char *words)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(send(fd, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
	return fd;
}

/* All that comes until it closes. */
static const char *answer_of(int fd)
{
	size_t size = 0;
	ssize_t n;

	while ((n = recv(fd, got + size, sizeof(got) - 1 - size, 0)) > 0)
		size += (size_t)n;
	cr_assert_eq(n, 0);
	got[size] = '\0';
	close(fd);
	return got;
}

static int status_of(const char *words)
{
	int status = 0;

	cr_assert_eq(sscanf(answer_of(ask(words)), "HTTP/1.1 %d ", &status), 1, "%s: %s", words,
		     got);
	return status;
}

Test(rt_httpd, answers_one_request_after_the_other)
{
	const char *second;

	answer_of(ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
		      "GET /slow?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n"
		      "GET /work?us=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));

	second = strstr(got, "Hello, world!\nHTTP/1.1 200 OK");
	cr_assert(second, "%s", got);
	cr_assert(strstr(second, "slow\nHTTP/1.1 200 OK"), "%s", got);
	cr_assert_str_eq(got + strlen(got) - 5, "done\n");
}

Test(rt_httpd, refuses_what_is_no_request)
{
	cr_assert_eq(status_of("garbage\r\n"), 400);
	cr_assert_eq(status_of("GET /hello HTTP/1.1\n\n"), 400);
	cr_assert_eq(status_of("GET /hello HTTP/1.1\r\n\r\n"), 400);
	cr_assert_eq(status_of("POST /hello HTTP/1.0\r\n\r\n"), 405);
	/* More than it will read: the answer must survive the close. */
	cr_assert_eq(status_of("x \r\nfor all that there is behind it\r\n\r\n\r\n"), 400);
}

Test(rt_httpd, serves_files_below_its_root_alone)
{
	const char *body;

	cr_assert_eq(status_of("GET /small HTTP/1.0\r\n\r\n"), 200);
	cr_assert_str_eq(got + strlen(got) - 5, "sssss");
	cr_assert_eq(status_of("GET /big HTTP/1.0\r\n\r\n"), 200);
	body = strstr(got, "\r\n\r\n") + 4;
	cr_assert_eq(strspn(body, "b"), BIG);
	cr_assert_eq(strlen(body), BIG);
	cr_assert_eq(status_of("HEAD /big HTTP/1.0\r\n\r\n"), 200);
	cr_assert_str_eq(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	cr_assert_eq(status_of("GET /none HTTP/1.0\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET / HTTP/1.0\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET /../../etc/passwd HTTP/1.0\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n"), 404);
	cr_assert_eq(status_of("GET /%00 HTTP/1.0\r\n\r\n"), 400);
}

Test(rt_httpd, answers_what_was_asked_and_says_so_when_it_is_told_to_end)
{
	/* In this order they are accepted. */
	int slow = ask("GET /slow?ms=200 HTTP/1.1\r\nHost: a\r\n\r\n");
	int idle = ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	char line[256] = "";

	cr_assert_gt(recv(idle, got, sizeof(got), 0), 0);

	cr_assert_eq(server_stop(SIGTERM), 0);

	cr_assert_str_eq(answer_of(idle), "");
	cr_assert(strstr(answer_of(slow), "slow\n"), "%s", got);
	cr_assert(fgets(line, sizeof(line), said));
	cr_assert_str_eq(line, "SIGTERM: answered 2 requests; of 2 connections 2 drained, 0 cut\n");
}

Test(rt_httpd, serves_what_is_where_it_stands_when_no_root_is_said)
{
	char line[256] = "";

	server_stop(SIGKILL);
	fclose(said);
	server_run(root, NULL);

	cr_assert_eq(status_of("GET /small HTTP/1.0\r\n\r\n"), 200);
	cr_assert_eq(server_stop(SIGTERM), 0);
	cr_assert(fgets(line, sizeof(line), said));
	cr_assert_str_eq(line, "SIGTERM: answered 1 request; of 0 connections 0 drained, 0 cut\n");
}
