/* SPDX-License-Identifier: MIT */
/*
 * A pool of things that are dear to make: database connections.
 *
 * The law: who has a permit of the semaphore has a place. A connection is opened, lent and
 * closed by who has the place; so there are never more than max, and whatever becomes of
 * an open, the place is given back with the permit.
 */
#include "core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "semaphore.h"

struct rt_conn_pool {
	struct rt_conn_pool_type type;
	void *arg;
	struct rt_semaphore *places;
	pthread_mutex_t lock;
	size_t open, lent;
	size_t idle_count; /* the one that was given back last is lent first */
	vigil_resource resource;
	char name[32];
	void *idle[];
};

struct rt_conn_pool *rt_conn_pool_new_at(struct vigil_site *site, const char *name, size_t max,
					 const struct rt_conn_pool_type *type, void *arg)
{
	struct rt_conn_pool *pool = NULL;
	char places[48];

	if (!max)
		misuse(-EINVAL,
		       "connection pool \"%s\" of none would lend nothing: give it 1 at least",
		       name ? name : "");
	else if (max <= (SIZE_MAX - sizeof(*pool)) / sizeof(pool->idle[0]))
		pool = calloc(1, sizeof(*pool) + max * sizeof(pool->idle[0]));
	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	snprintf(pool->name, sizeof(pool->name), "%s", name ? name : "");
	pool->type = *type;
	pool->arg = arg;
	pool->resource =
		vigil_resource_new_at(site, VIGIL_RESOURCE_POOL, "rt_conn_pool", name, 0, 0);
	vigil_attr_u64(pool->resource, "max", max, NULL);
	vigil_attr_u64(pool->resource, "open", 0, NULL);
	vigil_attr_u64(pool->resource, "lent", 0, NULL);
	snprintf(places, sizeof(places), "%s places", pool->name);
	pool->places = semaphore_new_in(site, places, max, pool->resource);
	if (!pool->places) {
		rt_conn_pool_free(pool);
		return NULL;
	}
	return pool;
}

void rt_conn_pool_free(struct rt_conn_pool *pool)
{
	if (!pool)
		return;
	if (pool->lent) {
		misuse(-EINVAL,
		       "connection pool \"%s\" is freed while %zu are lent: it stays; "
		       "await their tasks first",
		       pool->name, pool->lent);
		return;
	}
	while (pool->idle_count)
		pool->type.close(pool->arg, pool->idle[--pool->idle_count]);
	rt_semaphore_free(pool->places);
	vigil_resource_free(pool->resource);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* ---- Under the lock ---- */

static void tell_counts(const struct rt_conn_pool *pool)
{
	vigil_attr_u64(pool->resource, "open", pool->open, NULL);
	vigil_attr_u64(pool->resource, "lent", pool->lent, NULL);
}

static bool lend_idle(struct rt_conn_pool *pool, void **ret_connection)
{
	if (!pool->idle_count)
		return false;
	*ret_connection = pool->idle[--pool->idle_count];
	pool->lent++;
	tell_counts(pool);
	return true;
}

/* ---- Take, give back ---- */

/* In this task, which has a place. */
static int lend(struct rt_conn_pool *pool, void **ret_connection)
{
	bool is_lent;
	int error;

	pthread_mutex_lock(&pool->lock);
	is_lent = lend_idle(pool, ret_connection);
	pthread_mutex_unlock(&pool->lock);
	if (is_lent)
		return 0;
	error = pool->type.open(pool->arg, ret_connection);
	if (error < 0)
		return error;
	pthread_mutex_lock(&pool->lock);
	pool->open++;
	pool->lent++;
	tell_counts(pool);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

int rt_conn_take_at(struct vigil_site *site, struct rt_conn_pool *pool, uint64_t ns,
		    struct rt_conn *ret_conn)
{
	struct rt_conn conn = { .pool = pool };
	struct rt_op op = rt_permit_acquire_op_at(site, pool->places, 1, &conn.permit);
	int error = ns == UINT64_MAX ? rt_await(&op) : rt_timeout(ns, op);

	if (error)
		return error;
	error = lend(pool, &conn.connection);
	if (error) {
		rt_permit_release(&conn.permit);
		return error;
	}
	*ret_conn = conn;
	return 0;
}

void rt_conn_give_back(struct rt_conn *conn)
{
	struct rt_conn_pool *pool = conn->pool;
	bool is_good;

	if (!pool)
		return;
	is_good = !pool->type.is_good || pool->type.is_good(pool->arg, conn->connection);
	if (!is_good)
		pool->type.close(pool->arg, conn->connection);
	pthread_mutex_lock(&pool->lock);
	pool->lent--;
	if (is_good)
		pool->idle[pool->idle_count++] = conn->connection;
	else
		pool->open--;
	tell_counts(pool);
	pthread_mutex_unlock(&pool->lock);
	rt_permit_release(&conn->permit);
	*conn = (struct rt_conn){ 0 };
}
