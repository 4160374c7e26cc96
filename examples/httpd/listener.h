/* SPDX-License-Identifier: MIT */
/*
 * A worker's listening socket; the kernel spreads connections over those of
 * all workers (SO_REUSEPORT).
 *
 * Law: lives on one loop and closes itself when that loop is stopped.
 */
#ifndef HTTPD_LISTENER_H
#define HTTPD_LISTENER_H

#include <stdint.h>
#include <sys/socket.h>

#include "loop.h"
#include "server.h"

struct listener {
	struct watch watch; /* first */
	struct server *server;
};

/*
 * Listens on `*address`; port 0 is replaced there by the one that was picked,
 * for the next worker. Returns 0 or -errno.
 */
int listener_open(struct listener *listener, struct loop *loop, struct server *server,
		  struct sockaddr_storage *address, socklen_t address_len);

#endif
