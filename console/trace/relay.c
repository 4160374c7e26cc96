/* SPDX-License-Identifier: MIT */
#include "console/trace/relay.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_PORT "5342" /* LTTng's defaults */
#define DATA_PORT "5343"
#define SCHEME "net://"

/* ":PORT" or nothing, then the usual one. Returns what comes after it, NULL if it is none. */
static const char *port_take(const char *at, const char *usual, char port[RELAY_PORT])
{
	size_t length;

	snprintf(port, RELAY_PORT, "%s", usual);
	if (*at != ':')
		return at;
	length = strspn(++at, "0123456789");
	if (!length || length >= RELAY_PORT)
		return NULL;
	memcpy(port, at, length);
	port[length] = '\0';
	return at + length;
}

/* HOST, or [HOST] with colons in it; then perhaps :PORT, or :PORT:PORT. */
bool relay_read(const char *url, struct relay_address *ret_address)
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
	if (!length || length >= sizeof(ret_address->host))
		return false;
	memcpy(ret_address->host, at, length);
	ret_address->host[length] = '\0';
	at += length + (at[length] == ']');
	ret_address->is_usual = *at != ':';
	at = port_take(at, CONTROL_PORT, ret_address->control);
	return at && port_take(at, DATA_PORT, ret_address->data);
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
	struct relay_address address;
	int r, fd;

	if (!relay_read(url, &address)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "\"%.200s\" is no address of a relay: give net://HOST, or "
			 "net://HOST:PORT:PORT with the ports for control and data",
			 url);
		return -EINVAL;
	}
	r = getaddrinfo(address.host, address.control, &hints, &all);
	if (r) {
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "cannot find the relay's host %.200s: %s", address.host, gai_strerror(r));
		return -EHOSTUNREACH;
	}
	fd = connect_any(all);
	freeaddrinfo(all);
	if (fd < 0)
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			 "no relay answers at %.200s port %s: %s; start `lttng-relayd` there, or "
			 "name another with --live=net://HOST",
			 address.host, address.control, strerror(-fd));
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
