/* SPDX-License-Identifier: MIT */
/*
 * How many bytes went through a descriptor, on the board as attributes.
 *
 * What it costs: an attribute takes longer to set than the counter that it shows. So a
 * stream that has moved something stands in a list, and the board is told of all in it when
 * a worker has had nothing to do for a nap (park.c); while all are busy every 100 ms, when
 * one of them looks outside. A program that crashes leaves counts as old as that.
 */
#include "io.h"

#define TELL_EVERY (100 * RT_MS)

/* Of all runtimes: a file may outlive its own. Nothing else is locked under the lock. */
static struct {
	pthread_mutex_t lock;
	struct io_bytes *first;
	_Atomic bool is_any;
	_Atomic uint64_t told_ns;
} late = { .lock = PTHREAD_MUTEX_INITIALIZER };

void io_bytes_show(struct io_bytes *bytes, vigil_resource resource)
{
	bytes->attr_read = vigil_attr_u64(resource, "bytes read", 0, "B");
	bytes->attr_written = vigil_attr_u64(resource, "bytes written", 0, "B");
}

/* ---- The list ---- */

static void tell_one(vigil_attr attr, _Atomic uint64_t *now, uint64_t *told)
{
	uint64_t value = atomic_load(now);

	if (value == *told)
		return;
	*told = value;
	vigil_attr_set_u64(attr, value);
}

/* Not late any more, then the counters. Partner: count, which adds first. */
static void tell(struct io_bytes *bytes)
{
	atomic_store(&bytes->is_late, false);
	tell_one(bytes->attr_read, &bytes->read, &bytes->told_read);
	tell_one(bytes->attr_written, &bytes->written, &bytes->told_written);
}

static void list_remove(struct io_bytes *bytes)
{
	*bytes->link = bytes->next;
	if (bytes->next)
		bytes->next->link = bytes->link;
}

static void list_add(struct io_bytes *bytes)
{
	pthread_mutex_lock(&late.lock);
	if (!atomic_exchange(&bytes->is_late, true)) {
		bytes->next = late.first;
		bytes->link = &late.first;
		if (bytes->next)
			bytes->next->link = &bytes->next;
		late.first = bytes;
		atomic_store(&late.is_any, true);
	}
	pthread_mutex_unlock(&late.lock);
}

/* This one alone. */
static void tell_now(struct io_bytes *bytes)
{
	pthread_mutex_lock(&late.lock);
	if (atomic_load(&bytes->is_late))
		list_remove(bytes);
	tell(bytes);
	pthread_mutex_unlock(&late.lock);
}

void io_bytes_close(struct io_bytes *bytes)
{
	tell_now(bytes);
}

bool io_bytes_are_late(void)
{
	return atomic_load_explicit(&late.is_any, memory_order_relaxed);
}

void io_bytes_tell(void)
{
	struct io_bytes *bytes;

	if (!io_bytes_are_late())
		return;
	pthread_mutex_lock(&late.lock);
	while ((bytes = late.first)) {
		list_remove(bytes);
		tell(bytes);
	}
	atomic_store(&late.is_any, false);
	atomic_store(&late.told_ns, clock_ns());
	pthread_mutex_unlock(&late.lock);
}

void io_bytes_tell_if_due(void)
{
	uint64_t told_ns = atomic_load(&late.told_ns);

	if (io_bytes_are_late() && clock_ns() > told_ns + TELL_EVERY)
		io_bytes_tell();
}

/* ---- Counting ---- */

/* Whether this thread looks after the list before it sleeps: a worker, if nothing blocks it. */
static bool is_on_worker(void)
{
	const struct rt_task *task = task_here();

	return task && !task->is_in_place;
}

static void count(struct io_bytes *bytes, _Atomic uint64_t *which, int moved)
{
	if (moved <= 0)
		return;
	atomic_fetch_add(which, (uint64_t)moved);
	/* Partner: tell. */
	if (!vigil_is_live() || atomic_load(&bytes->is_late))
		return;
	if (is_on_worker())
		list_add(bytes);
	else
		tell_now(bytes);
}

void io_bytes_read(struct io_bytes *bytes, int moved)
{
	count(bytes, &bytes->read, moved);
}

void io_bytes_written(struct io_bytes *bytes, int moved)
{
	count(bytes, &bytes->written, moved);
}
