/* SPDX-License-Identifier: MIT */
/*
 * Locks, semaphores, and what else tasks meet at.
 * Part of rt.h, whose head has the promise that holds here too.
 */
#ifndef RT_PART_LOCKS_H
#define RT_PART_LOCKS_H

#ifndef RT_H
#error "include rt.h instead"
#endif

/* ---- Locks (mutex.c, rwlock.c, semaphore.c, conn_pool.c) ---- */

/*
 * A task that ends while it holds a lock or permits leaves them held: what they guard may be
 * half done. Who waits goes on waiting, nobody else can unlock, and vigil names the task
 * that had it. RT_GUARD gives back whatever happens.
 */

/*
 * First come, first served; unlock hands it to the first in line. A task that asks for what it
 * holds gets -EDEADLK.
 */
struct rt_mutex;
struct rt_mutex *rt_mutex_new_at(struct vigil_site *site, const char *name);
#define rt_mutex_new(name) rt_mutex_new_at(VIGIL_HERE(), name)
void rt_mutex_free(struct rt_mutex *mutex); /* nobody may hold it or wait */
struct rt_op rt_mutex_lock_op_at(struct vigil_site *site, struct rt_mutex *mutex);
#define rt_mutex_lock_op(mutex) rt_mutex_lock_op_at(VIGIL_HERE(), mutex)
#define rt_mutex_lock(mutex) rt_do(rt_mutex_lock_op(mutex))
#define rt_mutex_try_lock(mutex) rt_try(rt_mutex_lock_op(mutex))
/* Returns -EPERM, and does nothing, when this task does not hold it. */
int rt_mutex_unlock_at(struct vigil_site *site, struct rt_mutex *mutex);
#define rt_mutex_unlock(mutex) rt_mutex_unlock_at(VIGIL_HERE(), mutex)
/* For RT_GUARD(rt_mutex_guard) struct rt_mutex *held = ...: unlocks unless NULL. */
void rt_mutex_guard(struct rt_mutex **held);

/*
 * Many readers or one writer. Fair: first come, first served, so a reader that comes
 * while a writer waits stands behind it. A task that holds it to read and asks again may
 * therefore wait for itself.
 */
struct rt_rwlock;
struct rt_rwlock *rt_rwlock_new_at(struct vigil_site *site, const char *name);
#define rt_rwlock_new(name) rt_rwlock_new_at(VIGIL_HERE(), name)
void rt_rwlock_free(struct rt_rwlock *lock); /* nobody may wait */
struct rt_op rt_rwlock_read_op_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_read_op(lock) rt_rwlock_read_op_at(VIGIL_HERE(), lock)
#define rt_rwlock_read(lock) rt_do(rt_rwlock_read_op(lock))
#define rt_rwlock_try_read(lock) rt_try(rt_rwlock_read_op(lock))
struct rt_op rt_rwlock_write_op_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_write_op(lock) rt_rwlock_write_op_at(VIGIL_HERE(), lock)
#define rt_rwlock_write(lock) rt_do(rt_rwlock_write_op(lock))
#define rt_rwlock_try_write(lock) rt_try(rt_rwlock_write_op(lock))
/* Of either. Returns -EPERM, and does nothing, when this task does not hold it. */
int rt_rwlock_unlock_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_unlock(lock) rt_rwlock_unlock_at(VIGIL_HERE(), lock)
/* Writer to reader, and nobody writes between. -EPERM when this task does not write. */
int rt_rwlock_downgrade_at(struct vigil_site *site, struct rt_rwlock *lock);
#define rt_rwlock_downgrade(lock) rt_rwlock_downgrade_at(VIGIL_HERE(), lock)
void rt_rwlock_guard(struct rt_rwlock **held);

/* Permits. First come, first served, also when a later one asks for less. */
struct rt_semaphore;
struct rt_semaphore *rt_semaphore_new_at(struct vigil_site *site, const char *name, size_t permits);
#define rt_semaphore_new(name, permits) rt_semaphore_new_at(VIGIL_HERE(), name, permits)
void rt_semaphore_free(struct rt_semaphore *semaphore);
/*
 * -EPIPE when closed; -EINVAL for more permits than there ever were, unless it was made with
 * none: then it is a signal, and nobody knows how many will come. 0 permits are had at once.
 */
struct rt_op rt_semaphore_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
					size_t permits);
#define rt_semaphore_acquire_op(semaphore, permits)                                                \
	rt_semaphore_acquire_op_at(VIGIL_HERE(), semaphore, permits)
#define rt_semaphore_acquire(semaphore, permits) rt_do(rt_semaphore_acquire_op(semaphore, permits))
#define rt_semaphore_try_acquire(semaphore, permits)                                               \
	rt_try(rt_semaphore_acquire_op(semaphore, permits))
/*
 * Gives permits back, whoever took them; also more than were taken: it grows. For vigil those
 * of the calling task end first, then the oldest that were taken, which is a guess: pass an
 * rt_permit on where it matters who holds. Any thread.
 */
void rt_semaphore_release_at(struct vigil_site *site, struct rt_semaphore *semaphore,
			     size_t permits);
#define rt_semaphore_release(semaphore, permits)                                                   \
	rt_semaphore_release_at(VIGIL_HERE(), semaphore, permits)
void rt_semaphore_close(struct rt_semaphore *semaphore); /* who waits gets -EPIPE */
size_t rt_semaphore_available(const struct rt_semaphore *semaphore);

/* Permits with their semaphore: owned, may be passed to another task; vigil names who took them. */
struct rt_permit {
	struct rt_semaphore *semaphore;
	size_t permits;
	vigil_task owner;
};
struct rt_op rt_permit_acquire_op_at(struct vigil_site *site, struct rt_semaphore *semaphore,
				     size_t permits, struct rt_permit *ret_permit);
#define rt_permit_acquire_op(semaphore, permits, ret_permit)                                       \
	rt_permit_acquire_op_at(VIGIL_HERE(), semaphore, permits, ret_permit)
#define rt_permit_acquire(semaphore, permits, ret_permit)                                          \
	rt_do(rt_permit_acquire_op(semaphore, permits, ret_permit))
void rt_permit_release(struct rt_permit *permit); /* zeroed is legal: for RT_GUARD */
/* They are used up: nobody holds them, and they do not come back (a token bucket's). */
void rt_permit_forget(struct rt_permit *permit);

/* Up to max things made by open on demand, lent to tasks: database connections. */
struct rt_conn_pool;
struct rt_conn_pool_type {
	int (*open)(void *arg, void **ret_connection); /* in the task that asks; may await */
	void (*close)(void *arg, void *connection);    /* awaits nothing, as is_good */
	bool (*is_good)(void *arg,
			void *connection); /* NULL: all are; else closed when given back bad */
};
/* max 0 is misuse: NULL. There is room for max from the start: a limit, not SIZE_MAX. */
struct rt_conn_pool *rt_conn_pool_new_at(struct vigil_site *site, const char *name, size_t max,
					 const struct rt_conn_pool_type *type, void *arg);
#define rt_conn_pool_new(name, max, type, arg)                                                     \
	rt_conn_pool_new_at(VIGIL_HERE(), name, max, type, arg)
/* Closes them; none may be lent: then it stays as it is, with a sentence. */
void rt_conn_pool_free(struct rt_conn_pool *pool);
/* A connection that goes back by rt_conn_give_back: for RT_GUARD. Zeroed: none. */
struct rt_conn {
	struct rt_conn_pool *pool;
	void *connection;
	struct rt_permit permit;
};
/* Waits ns for one to be free, UINT64_MAX: as long as it takes. open's errors are returned. */
int rt_conn_take_at(struct vigil_site *site, struct rt_conn_pool *pool, uint64_t ns,
		    struct rt_conn *ret_conn);
#define rt_conn_take(pool, ns, ret_conn) rt_conn_take_at(VIGIL_HERE(), pool, ns, ret_conn)
void rt_conn_give_back(struct rt_conn *conn);

/* ---- Notify, barrier, once (notify.c, barrier.c, once.c) ---- */

/* A wake without a message: notify_one stores one permit when nobody waits. */
struct rt_notify;
struct rt_notify *rt_notify_new_at(struct vigil_site *site, const char *name);
#define rt_notify_new(name) rt_notify_new_at(VIGIL_HERE(), name)
void rt_notify_free(struct rt_notify *notify);
void rt_notify_one_at(struct vigil_site *site, struct rt_notify *notify);
#define rt_notify_one(notify) rt_notify_one_at(VIGIL_HERE(), notify)
void rt_notify_all_at(struct vigil_site *site, struct rt_notify *notify); /* stores nothing */
#define rt_notify_all(notify) rt_notify_all_at(VIGIL_HERE(), notify)
struct rt_op rt_notified_op_at(struct vigil_site *site, struct rt_notify *notify);
#define rt_notified_op(notify) rt_notified_op_at(VIGIL_HERE(), notify)
#define rt_notified(notify) rt_do(rt_notified_op(notify))

/*
 * Awaits until count tasks do; reusable. Returns 1 to one of them, the leader, 0 to the
 * others. Who gives up before the last comes was not there; the others go without
 * knowing who gives up after that.
 */
struct rt_barrier;
struct rt_barrier *rt_barrier_new_at(struct vigil_site *site, const char *name, size_t count);
#define rt_barrier_new(name, count) rt_barrier_new_at(VIGIL_HERE(), name, count)
void rt_barrier_free(struct rt_barrier *barrier);
struct rt_op rt_barrier_wait_op_at(struct vigil_site *site, struct rt_barrier *barrier);
#define rt_barrier_wait_op(barrier) rt_barrier_wait_op_at(VIGIL_HERE(), barrier)
#define rt_barrier_wait(barrier) rt_do(rt_barrier_wait_op(barrier))

/*
 * A value made once, by whoever comes first; others wait for it. A maker that fails or is
 * cancelled leaves it to the next. -EDEADLK for a maker that asks for what it makes.
 */
struct rt_once;
struct rt_once *rt_once_new_at(struct vigil_site *site, const char *name);
#define rt_once_new(name) rt_once_new_at(VIGIL_HERE(), name)
void rt_once_free(struct rt_once *once); /* the value is the program's */
int rt_once_get_or_make_at(struct vigil_site *site, struct rt_once *once,
			   int (*make)(void *arg, void **ret_value), void *arg, void **ret_value);
#define rt_once_get_or_make(once, make, arg, ret_value)                                            \
	rt_once_get_or_make_at(VIGIL_HERE(), once, make, arg, ret_value)
void *rt_once_get(const struct rt_once *once);      /* NULL: not made yet */
int rt_once_set(struct rt_once *once, void *value); /* -EINVAL: it is made, or being made */

#endif
