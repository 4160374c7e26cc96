/* SPDX-License-Identifier: MIT */
/*
 * Names: getaddrinfo(3) on the blocking pool.
 *
 * A name server may take half a minute, so a task that is cancelled does not await the job:
 * what the job works on is both's, and whoever lets go last frees it. The task waits for a
 * name lookup, of that job, which is called by the name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

struct lookup {
	_Atomic unsigned refs;
	_Atomic bool is_left; /* nobody waits any more */
	char address[INET6_ADDRSTRLEN];
	char name[];
};

static void lookup_release(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->refs, 1) == 1)
		free(lookup);
}

static int error_of(int code)
{
	switch (code) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return -ENOENT;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_SYSTEM:
		return errno ? -errno : -EIO;
	case EAI_AGAIN: /* no name server answers */
		return -EHOSTUNREACH;
	default:
		return -EIO;
	}
}

static int lookup_job(void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct lookup *lookup = arg;
	struct addrinfo *found;
	int code = getaddrinfo(lookup->name, NULL, &hints, &found);

	if (code)
		return atomic_load(&lookup->is_left) ? 0 : error_of(code);
	code = getnameinfo(found->ai_addr, found->ai_addrlen, lookup->address,
			   sizeof(lookup->address), NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(found);
	return code ? error_of(code) : 0;
}

static void lookup_ended(struct rt_task *job, void *arg)
{
	(void)job;
	lookup_release(arg);
}

static int lookup_await(struct vigil_site *site, struct lookup *lookup)
{
	struct rt_result result = { 0 };
	struct rt_handle job;
	int code = job_spawn(site, &job, lookup_job, lookup, lookup->name, lookup_ended);

	if (code) {
		atomic_store(&lookup->refs, 1); /* there is no job */
		return code;
	}
	code = job_join(site, "lookup_host", VIGIL_WAIT_RESOLVE, &job, &result);
	if (!code)
		return result.code;
	atomic_store(&lookup->is_left, true);
	rt_cancel_at(site, &job); /* unless it runs */
	rt_drop(&job);
	return code;
}

int rt_resolve_at(struct vigil_site *site, const char *name, char *ret_address, size_t size)
{
	struct rt_task *task = task_here();
	bool may_block = !task || task->is_in_place;
	size_t length = strlen(name);
	struct lookup *lookup = calloc(1, sizeof(*lookup) + length + 1);
	int code;

	if (!lookup)
		return -ENOMEM;
	memcpy(lookup->name, name, length + 1);
	lookup->refs = may_block ? 1 : 2;
	code = may_block ? lookup_job(lookup) : lookup_await(site, lookup);
	if (!code && (size_t)snprintf(ret_address, size, "%s", lookup->address) >= size)
		code = -ENOSPC;
	lookup_release(lookup);
	return code;
}
