/* SPDX-License-Identifier: MIT */
/*
 * Finds libvigil-lttng.so and takes its switches and functions into the table.
 *
 * The law: no LTTng header, no output, errno as it was, and no failure that the
 * program could see. A tracepoint may run on any thread while the table changes.
 *
 * What the load costs a program (read in LTTng-UST 2.13.5, lttng-ust-comm.c):
 *
 *  - Threads: two, detached, all signals blocked, named after the program with
 *    "-ust" appended: one for root's session daemon, one for the user's (which a
 *    set-user-id program, or one without HOME, goes without). They sleep on a
 *    futex until a daemon appears, then in recv.
 *  - Waiting: the constructor waits until each daemon that accepted the
 *    connection has sent what it records. With no daemon that is nothing (the
 *    whole load takes 1 to 3 ms), with an idle one about a millisecond more, with
 *    one that records some ten; with one that is stopped or overloaded, and so
 *    accepts without answering, it ends after LTTNG_UST_REGISTER_TIMEOUT
 *    milliseconds: 3,000 unless the user says otherwise, 0 not to wait, -1 for
 *    ever. That is why only vigil_init comes here, the call that may block. The
 *    timeout is not lowered behind the user's back: setenv is not safe beside
 *    threads, and LTTng uses the same number for its later conversations.
 *  - A child: the first traced program of a user since boot makes
 *    /dev/shm/lttng-ust-wait-8* in a child made by fork, and waits for it: the
 *    program's atfork handlers run, and it gets a SIGCHLD.
 *  - Signals: none taken. Mappings and descriptors: a page for each daemon now,
 *    two sockets for each one that runs, ring buffers once one records.
 *  - Output: none, unless LTTNG_UST_DEBUG is set, or memory runs out as the probes
 *    are registered: then LTTng's own header prints a line and aborts.
 *  - For good: LTTng cannot be unloaded.
 *
 * LTTng does not survive fork by itself: the child would write events into the
 * buffers under its parent's pid. So the child's switches are off, unless
 * liblttng-ust-fork.so, which repairs LTTng there, was preloaded.
 */
#include "libtrace/tracepoints.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#define FORK_SONAME "liblttng-ust-fork.so.1"

static const int never;

/* clang-format off */
struct tracepoints tracepoints = {
	.struct_size = sizeof(struct tracepoints),
#define X(name, params) .name##_on = &never,
	TRACEPOINTS_ALL(X)
#undef X
};
/* clang-format on */

static struct tracepoints found; /* what the object gave; struct_size 0: not loaded */
static int entered;              /* a thread is inside tracepoints_init */
static int is_lost;              /* a child of fork whose LTTng is its parent's */

/* Readers see a switch only after its function: the partner is in TRACE. */
static void switch_on(void)
{
#define X(name, params) store_release(&tracepoints.name##_on, found.name##_on);
	TRACEPOINTS_ALL(X)
#undef X
}

static void switch_off(void)
{
#define X(name, params) store_release(&tracepoints.name##_on, &never);
	TRACEPOINTS_ALL(X)
#undef X
}

static void child_after_fork(void)
{
	store(&is_lost, 1);
	switch_off();
	store(&tracepoints.thread_ready, NULL);
}

/* Opens an object for good, NULL if it cannot be. */
static void *object_open(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!object)
		(void)dlerror(); /* not the program's to find */
	return object;
}

/*
 * Opens the probes that stand beside libvigil.so. Linked statically we are in
 * some program's directory, where nobody put them.
 */
static void *object_open_beside(const char *name)
{
	char path[PATH_MAX];
	Dl_info here;
	const char *slash;
	int len;

	if (!dladdr(&never, &here) || !here.dli_fname)
		return NULL;
	slash = strrchr(here.dli_fname, '/');
	if (!slash || strncmp(slash, "/libvigil.so", strlen("/libvigil.so")))
		return NULL;
	len = snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - here.dli_fname), here.dli_fname,
		       name);
	return len > 0 && (size_t)len < sizeof(path) ? object_open(path) : NULL;
}

static void *probes_open(const char *how)
{
	static const char *const names[] = { "libvigil-lttng.so.0", "libvigil-lttng.so" };
	void *object = NULL;

	if (how && strchr(how, '/') && !getauxval(AT_SECURE))
		return object_open(how);
	for (int i = 0; !object && i < 2; i++)
		object = object_open_beside(names[i]);
	for (int i = 0; !object && i < 2; i++)
		object = object_open(names[i]);
	return object;
}

/* Makes the child of a fork silent if nobody repairs LTTng in it. */
static void fork_prepare(void)
{
	void *repairs = dlopen(FORK_SONAME, RTLD_LAZY | RTLD_NOLOAD);

	if (repairs) {
		dlclose(repairs);
		return;
	}
	(void)dlerror();
	(void)pthread_atfork(NULL, NULL, child_after_fork);
}

/* Returns whether there is now something to switch on. */
static bool probes_load(const char *how)
{
	struct tracepoints table = tracepoints;
	tracepoints_fill fill = NULL;
	void *object = probes_open(how);
	void *symbol;

	if (!object)
		return false;
	symbol = dlsym(object, TRACEPOINTS_SYMBOL);
	if (!symbol) {
		(void)dlerror();
		return false;
	}
	memcpy(&fill, &symbol, sizeof(fill));
	table.struct_size = sizeof(table);
	fill(&table);
	table.struct_size = sizeof(table);
	found = table;

#define X(name, params) tracepoints.name = found.name;
	TRACEPOINTS_ALL(X)
#undef X
	store_release(&tracepoints.thread_ready, found.thread_ready);
	fork_prepare();
	return true;
}

void tracepoints_init(const char *how)
{
	int saved_errno = errno;

	if (swap(&entered, 1))
		return;
	if (how && !strcmp(how, "0"))
		switch_off();
	else if (!load(&is_lost) && (found.struct_size || probes_load(how)))
		switch_on();
	store_release(&entered, 0);
	errno = saved_errno;
}

void tracepoints_thread(void)
{
	void (*ready)(void) = load_acquire(&tracepoints.thread_ready);
	int saved_errno = errno;

	if (!ready)
		return;
	ready();
	errno = saved_errno;
}
