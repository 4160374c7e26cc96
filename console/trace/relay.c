/* SPDX-License-Identifier: MIT */
#include "console/trace/relay.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_PORT "5342" /* LTTng's default */
#define SCHEME "net://"

/* HOST, or [HOST] with colons in it; then perhaps :PORT. */
static bool url_split(const char *url, char *host, size_t host_size, char *port, size_t port_size)
{
	const char *at = url + strlen(SCHEME);
	size_t length;

	if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return false;
	if (*at == '[') {
		length = strcspn(++at, "]");
		if (at[length] != ']')
			return false;
	} else {
		length = strcspn(at, ":/");
	}
	if (!length || length >= host_size)
		return false;
	memcpy(host, at, length);
	host[length] = '\0';
	at += length + (at[length] == ']');
	snprintf(port, port_size, "%s", CONTROL_PORT);
	if (*at == ':') {
		length = strspn(++at, "0123456789");
		if (!length || length >= port_size)
			return false;
		memcpy(port, at, length);
		port[length] = '\0';
	}
	return true;
}

bool relay_host(const char *url, char *buf, size_t size)
{
	char port[8];

	return url_split(url, buf, size, port, sizeof(port));
}

static int connect_any(const struct addrinfo *all)
{
	int r = -EHOSTUNREACH;

	for (const struct addrinfo *one = all; one; one = one->ai_next) {
		int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && !connect(fd, one->ai_addr, one->ai_addrlen))
			return fd;
		r = -errno;
		if (fd >= 0)
			close(fd);
	}
	return r;
}

int relay_connect(const char *url, struct vigil_problem *ret_problem)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	char host[256], port[8];
	int r, fd;

	if (!url_split(url, host, sizeof(host), port, sizeof(port))) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "\"%.200s\" is no address of a relay: give net://HOST, or "
			 "net://HOST:PORT:PORT with the ports for control and data",
			 url);
		return -EINVAL;
	}
	r = getaddrinfo(host, port, &hints, &all);
	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot find the relay's host %.200s: %s", host, gai_strerror(r));
		return -EHOSTUNREACH;
	}
	fd = connect_any(all);
	freeaddrinfo(all);
	if (fd < 0)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "no relay answers at %.200s port %s: %s; start `lttng-relayd` there, or "
			 "name another with --live=net://HOST",
			 host, port, strerror(-fd));
	return fd;
}

bool relay_is_gone(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t got;
	char byte;

	if (poll(&poll_fd, 1, 0) <= 0)
		return false;
	got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	return !got || (got < 0 && errno != EAGAIN && errno != EINTR);
}
