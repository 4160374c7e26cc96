/* SPDX-License-Identifier: MIT */
/*
 * Requests to a collector: a POST of HTTP/1.1 each, on a connection of its own.
 *
 * By hand, as a collector is asked for so little that a library, and the two dozen that
 * libcurl brings, would be loaded by every `vigil ps` for it. So there is no TLS: a
 * collector on the way to the world has it.
 *
 * The law: what the collector says is hostile; of it a status and a count are read.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "console/export/otlp.h"

#define PATIENCE_S 10 /* for each step of a request, and for all of the answer */
#define TRIES 3       /* while the collector says that it has too much to do */
#define ANSWER_SIZE 4096

static const char *const paths[OTLP_SIGNALS] = {
	[OTLP_SPANS] = "/v1/traces",
	[OTLP_LOGS] = "/v1/logs",
};

/* ---- URLs ---- */

static int url_refuse(struct vigil_problem *problem, const char *url, const char *why)
{
	snprintf(problem->text, sizeof(problem->text),
		 "%s is no collector that vigil can reach: %s; say http://HOST:PORT, such as "
		 "http://127.0.0.1:4318",
		 url, why);
	return -1;
}

static bool copy(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

/* Nothing that would end a line or a word of the request. */
static bool is_harmless(const char *text)
{
	for (; *text; text++)
		if (!isgraph((unsigned char)*text) || strchr("@?#\\", *text))
			return false;
	return true;
}

int collector_parse(const char *url, struct collector *ret, struct vigil_problem *ret_problem)
{
	static const char scheme[] = "http://";
	const char *host = url + sizeof(scheme) - 1, *end, *after;
	size_t host_length, base_length;
	bool is_v6;

	memset(ret, 0, sizeof(*ret));
	if (!strncmp(url, "https://", 8))
		return url_refuse(ret_problem, url,
				  "there is no TLS here, run a collector beside and let it "
				  "forward");
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 || !is_harmless(url))
		return url_refuse(ret_problem, url, "it is no URL of http");
	is_v6 = *host == '[';
	end = host + strcspn(host, is_v6 ? "]/" : ":/");
	after = end + (is_v6 && *end == ']');
	host_length = (size_t)(end - host);
	if (*after == ':') {
		size_t digits = strspn(after + 1, "0123456789");

		if (!digits || !copy(ret->port, sizeof(ret->port), after + 1, digits))
			return url_refuse(ret_problem, url, "its port is no number");
		after += 1 + digits;
	} else {
		memcpy(ret->port, "4318", 5);
	}
	base_length = strlen(after);
	while (base_length && after[base_length - 1] == '/')
		base_length--;
	if ((*after && *after != '/') || host_length <= is_v6 ||
	    !copy(ret->host, sizeof(ret->host), host + is_v6, host_length - is_v6) ||
	    !copy(ret->base, sizeof(ret->base), after, base_length) ||
	    !copy(ret->url, sizeof(ret->url), url, strlen(url)))
		return url_refuse(ret_problem, url, "it names no host");
	return 0;
}

/* ---- A request ---- */

/* Returns a connected socket, or -1 with errno or *ret_why. */
static int connect_to(const struct collector *collector, const char **ret_why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo *list = NULL;
	int fd = -1, r = getaddrinfo(collector->host, collector->port, &hints, &list);

	*ret_why = r ? gai_strerror(r) : NULL;
	for (const struct addrinfo *it = list; it && fd < 0; it = it->ai_next) {
		fd = socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC, it->ai_protocol);
		if (fd < 0)
			continue;
		/* Of connecting too. */
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (!connect(fd, it->ai_addr, it->ai_addrlen))
			break;
		r = errno;
		close(fd);
		errno = r == EINPROGRESS ? ETIMEDOUT : r;
		fd = -1;
	}
	if (list)
		freeaddrinfo(list);
	return fd;
}

static int send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* What fits of the answer, and comes in time. Returns -1 if none came. */
static int answer_read(int fd, char *answer)
{
	time_t end = now_s() + PATIENCE_S;
	size_t at = 0;
	ssize_t n;

	while (at < ANSWER_SIZE - 1 && now_s() < end) {
		n = recv(fd, answer + at, ANSWER_SIZE - 1 - at, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	answer[at] = '\0';
	return at ? 0 : -1;
}

/* Returns the status, or -1 with errno or *ret_why. */
static int request(const struct collector *collector, enum otlp_signal signal, const char *document,
		   size_t size, char *answer, const char **ret_why)
{
	char head[1024];
	int length, r, fd, status = -1;
	bool is_v6;

	errno = 0;
	fd = connect_to(collector, ret_why);
	if (fd < 0)
		return -1;
	is_v6 = strchr(collector->host, ':');
	length = snprintf(head, sizeof(head),
			  "POST %s%s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUser-Agent: vigil\r\n"
			  "Content-Type: application/json\r\nContent-Length: %zu\r\n"
			  "Connection: close\r\n\r\n",
			  collector->base, paths[signal], is_v6 ? "[" : "", collector->host,
			  is_v6 ? "]" : "", collector->port, size);
	r = send_all(fd, head, (size_t)length);
	if (!r)
		r = send_all(fd, document, size);
	/* One that has refused may not have read all. */
	if (!answer_read(fd, answer) && sscanf(answer, "HTTP/1.%*1[01] %d", &status) != 1) {
		*ret_why = "it does not speak HTTP";
		status = -1;
	} else if (status < 0 && !r && !errno) {
		*ret_why = "it closed the connection without an answer";
	}
	r = errno;
	close(fd);
	errno = r == EAGAIN ? ETIMEDOUT : r;
	return status;
}

/* A collector takes what it can and says how much it did not. */
static void rejected_count(struct collector *collector, const char *answer)
{
	const char *at = strstr(answer, "\"rejected");

	at = at ? strchr(at, ':') : NULL;
	if (at)
		collector->rejected += strtoull(at + 1 + strspn(at + 1, " \""), NULL, 10);
}

static bool is_busy(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

int collector_post(struct collector *collector, enum otlp_signal signal, const char *document,
		   size_t size, struct vigil_problem *ret_problem)
{
	char answer[ANSWER_SIZE] = "";
	const char *why = NULL;
	int status = -1;

	for (int i = 0; i < TRIES; i++) {
		status = request(collector, signal, document, size, answer, &why);
		if (!is_busy(status) || i + 1 == TRIES)
			break;
		nanosleep(&(struct timespec){ .tv_sec = 1 << i }, NULL);
	}
	if (status >= 200 && status < 300) {
		rejected_count(collector, answer);
		return 0;
	}
	if (status > 0)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "the collector at %s answered %d to %s%s; what it took before stays there",
			 collector->url, status, collector->base, paths[signal]);
	else
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot send to the collector at %s: %s", collector->url,
			 why ? why : strerror(errno));
	return -1;
}
