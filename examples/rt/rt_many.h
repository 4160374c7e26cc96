/* SPDX-License-Identifier: MIT */
/*
 * Many tasks at once: their end in good order, join sets, streams.
 * Part of rt.h, whose head has the promise that holds here too.
 */
#ifndef RT_PART_MANY_H
#define RT_PART_MANY_H

#ifndef RT_H
#error "include rt.h instead"
#endif

/* ---- Cancellation and shutdown (token.c, shutdown.c) ---- */

/* Cancelled once, for good; its children with it. Counted: each clone is freed by itself. */
struct rt_token;
struct rt_token *rt_token_new_at(struct vigil_site *site, const char *name);
#define rt_token_new(name) rt_token_new_at(VIGIL_HERE(), name)
struct rt_token *rt_token_child_at(struct vigil_site *site, struct rt_token *parent,
				   const char *name);
#define rt_token_child(parent, name) rt_token_child_at(VIGIL_HERE(), parent, name)
struct rt_token *rt_token_clone(struct rt_token *token);
void rt_token_free(struct rt_token *token);
void rt_token_cancel_at(struct vigil_site *site, struct rt_token *token);
#define rt_token_cancel(token) rt_token_cancel_at(VIGIL_HERE(), token)
void rt_token_guard(struct rt_token **token); /* for RT_GUARD: cancels and frees */
bool rt_token_is_cancelled(const struct rt_token *token);
/* It holds the token while it waits, not before: give another task a clone of its own. */
struct rt_op rt_token_cancelled_op_at(struct vigil_site *site, struct rt_token *token);
#define rt_token_cancelled_op(token) rt_token_cancelled_op_at(VIGIL_HERE(), token)
#define rt_token_cancelled(token) rt_do(rt_token_cancelled_op(token))
/*
 * Spawns a task that is cancelled with the token, and holds it. Until it ends the token
 * counts it: its attributes on the board say how many live, and how many live on since the
 * cancel.
 */
int rt_token_spawn_at(struct vigil_site *site, struct rt_token *token, struct rt_handle *ret_handle,
		      rt_fn fn, void *arg, const char *name);
#define rt_token_spawn(token, ret_handle, fn, arg, name)                                           \
	rt_token_spawn_at(VIGIL_HERE(), token, ret_handle, fn, arg, name)

/* Tasks of a program that ends when told to: a signal, a token, a drain, a report. */
struct rt_shutdown;
struct rt_shutdown *rt_shutdown_new_at(struct vigil_site *site, const char *name);
#define rt_shutdown_new(name) rt_shutdown_new_at(VIGIL_HERE(), name)
void rt_shutdown_free(struct rt_shutdown *shutdown);
struct rt_token *rt_shutdown_token(struct rt_shutdown *shutdown); /* lent */
/*
 * Starts a task the drain waits for. It is asked by the token, and cancelled at the deadline;
 * one that is started later than that is cancelled before it runs.
 */
int rt_shutdown_spawn_at(struct vigil_site *site, struct rt_shutdown *shutdown, rt_fn fn, void *arg,
			 const char *name);
#define rt_shutdown_spawn(shutdown, fn, arg, name)                                                 \
	rt_shutdown_spawn_at(VIGIL_HERE(), shutdown, fn, arg, name)
/* Begins it, as a signal does. */
void rt_shutdown_begin_at(struct vigil_site *site, struct rt_shutdown *shutdown);
#define rt_shutdown_begin(shutdown) rt_shutdown_begin_at(VIGIL_HERE(), shutdown)
struct rt_shutdown_report {
	size_t drained;   /* ended by themselves after it began */
	size_t cancelled; /* had to be cancelled at the deadline, and ended */
	size_t left;      /* would not end even so */
	/* What was still running at the deadline, a line each, and why:
	   task 3 "conn" waits in Mutex::lock at server.c:42 */
	char names[512];
};
/*
 * Waits for one of the signals (a list that ends with 0; NULL: only rt_shutdown_begin),
 * cancels the token, waits until all tasks have ended, for drain_ns at most, cancels what is
 * left and gives it grace_ns. A signal that comes while it drains ends that. Returns the
 * signal, 0, or a negative code.
 */
int rt_shutdown_wait_at(struct vigil_site *site, struct rt_shutdown *shutdown, const int *signals,
			uint64_t drain_ns, uint64_t grace_ns,
			struct rt_shutdown_report *ret_report);
#define rt_shutdown_wait(shutdown, signals, drain_ns, grace_ns, ret_report)                        \
	rt_shutdown_wait_at(VIGIL_HERE(), shutdown, signals, drain_ns, grace_ns, ret_report)

/* ---- Many at once (join_set.c, bounded.c) ---- */

/*
 * Tasks whose results are taken as they end; any task may spawn into it and take. Values of
 * results that nobody took are the program's to free.
 */
struct rt_join_set;
struct rt_join_set *rt_join_set_new_at(struct vigil_site *site, const char *name);
#define rt_join_set_new(name) rt_join_set_new_at(VIGIL_HERE(), name)
/* Aborts what is left and does not wait for it: use cancel_all or abort_all, and next, for that. */
void rt_join_set_free(struct rt_join_set *set);
int rt_join_set_spawn_at(struct vigil_site *site, struct rt_join_set *set, rt_fn fn, void *arg,
			 const char *name);
#define rt_join_set_spawn(set, fn, arg, name) rt_join_set_spawn_at(VIGIL_HERE(), set, fn, arg, name)
/* Takes the next result as they complete. Returns 0, or -EPIPE when the set is empty. */
struct rt_op rt_join_set_next_op_at(struct vigil_site *site, struct rt_join_set *set,
				    struct rt_result *ret_result);
#define rt_join_set_next_op(set, ret_result) rt_join_set_next_op_at(VIGIL_HERE(), set, ret_result)
#define rt_join_set_next(set, ret_result) rt_do(rt_join_set_next_op(set, ret_result))
#define rt_join_set_try_next(set, ret_result) rt_try(rt_join_set_next_op(set, ret_result))
/* The tasks stay in the set: next gives their results. */
void rt_join_set_cancel_all(struct rt_join_set *set);
void rt_join_set_abort_all(struct rt_join_set *set);
size_t rt_join_set_count(const struct rt_join_set *set); /* not taken yet */
/*
 * Ends a set whose tasks use what is on the caller's stack: awaits them all, whatever happens,
 * and frees it. A negative code (the caller could not go on), the first task that fails, and
 * a cancel of the caller cancel the rest. Returns the first negative code, with its error, or
 * 0; -ENOMEM for NULL. Values are the program's to free.
 */
int rt_join_set_finish_at(struct vigil_site *site, struct rt_join_set *set, int code);
#define rt_join_set_finish(set, code) rt_join_set_finish_at(VIGIL_HERE(), set, code)

/*
 * Runs work on every item that next gives, each in a task, at most `limit` at once. next
 * returns false when there are no more. take gets the results in the order they complete, or
 * (is_ordered) of the items: then those that wait for their turn count as running. A negative
 * return ends all: what runs is cancelled and awaited, also when the caller is aborted.
 * next, take and drop run in the caller's task. Returns 0, take's code (with the error of
 * the result, if it is that one's), -ECANCELED, -ENOMEM.
 */
struct rt_bounded {
	bool (*next)(void *arg, void **ret_item);
	int (*work)(void *item); /* rt_set_value gives a value */
	int (*take)(void *arg, void *item, const struct rt_result *result); /* the error is lent */
	/* Frees an item, and the value of its result, that take did not get; may be NULL. */
	void (*drop)(void *arg, void *item, const struct rt_result *result);
	void *arg;
	size_t limit;
	bool is_ordered;
	const char *name; /* of the tasks */
};
int rt_bounded_run_at(struct vigil_site *site, const struct rt_bounded *bounded);
#define rt_bounded_run(bounded) rt_bounded_run_at(VIGIL_HERE(), bounded)

/* ---- Streams (stream.c, stream_shape.c, stream_merge.c) ---- */

/*
 * Items, one after the other; drawn by one task at a time. Constructors take the streams they
 * are made of, and free them. They return NULL for no memory, and take it for a stream: so
 * only the last of a chain need be looked at, or its next, which returns -ENOMEM.
 */
struct rt_stream;
/*
 * make runs in a task from now on; it calls rt_stream_put and ends when it returns. drop (may
 * be NULL) frees items nobody took.
 */
struct rt_stream *rt_stream_new_at(struct vigil_site *site, const char *name,
				   int (*make)(struct rt_stream *stream, void *arg), void *arg,
				   void (*drop)(void *item));
#define rt_stream_new(name, make, arg, drop) rt_stream_new_at(VIGIL_HERE(), name, make, arg, drop)
/*
 * In make: gives an item to whoever calls next, and returns when he has come for it. So make
 * is no more than one item ahead, the one it is about to put. On an error (-EPIPE: nobody
 * will come) the item stays make's; ending with this -EPIPE is no failure.
 */
int rt_stream_put_at(struct vigil_site *site, struct rt_stream *stream, void *item);
#define rt_stream_put(stream, item) rt_stream_put_at(VIGIL_HERE(), stream, item)
/*
 * Returns 0 and an item; -EPIPE at the end; before it, once, the negative code make returned,
 * whose error is this task's then. Cancelled, it has taken nothing.
 */
int rt_stream_next_at(struct vigil_site *site, struct rt_stream *stream, void **ret_item);
#define rt_stream_next(stream, ret_item) rt_stream_next_at(VIGIL_HERE(), stream, ret_item)
/*
 * Also before its end: cancels make, and in a task awaits it, cancelled or not, so that make's
 * arg may go then.
 */
void rt_stream_free(struct rt_stream *stream);
/* These are drawn in the task that draws them. Items that filter does not keep are dropped. */
struct rt_stream *rt_stream_map(struct rt_stream *of, void *(*map)(void *arg, void *item),
				void *arg, void (*drop)(void *item)); /* of what map returned */
struct rt_stream *rt_stream_filter(struct rt_stream *of, bool (*keep)(void *arg, void *item),
				   void *arg);
struct rt_stream *rt_stream_take(struct rt_stream *of, size_t count);
struct rt_chunk {
	size_t count;
	void *items[]; /* the chunk is the caller's: free() */
};
/* Of struct rt_chunk, full ones but before an error and the end. */
struct rt_stream *rt_stream_chunks(struct rt_stream *of, size_t count);
/* An item is drawn ns after the last one was taken, at the earliest. */
struct rt_stream *rt_stream_throttle(struct rt_stream *of, uint64_t ns);
/*
 * Of several, as they come; each is drawn by a task. The error of one comes out of next as it
 * comes, and the others go on. Items nobody took are dropped as those of the first.
 */
struct rt_stream *rt_stream_merge_at(struct vigil_site *site, const char *name,
				     struct rt_stream **of, size_t count);
#define rt_stream_merge(name, of, count) rt_stream_merge_at(VIGIL_HERE(), name, of, count)
/*
 * These use the stream up, and free it; items are use's. The first negative code, of the
 * stream or of use, ends it and is returned; tasks that still run are cancelled and awaited.
 */
int rt_stream_for_each_at(struct vigil_site *site, struct rt_stream *stream,
			  int (*use)(void *arg, void *item), void *arg);
#define rt_stream_for_each(stream, use, arg) rt_stream_for_each_at(VIGIL_HERE(), stream, use, arg)
/* The same, each item in a task of that name, at most `limit` at once. */
int rt_stream_for_each_bounded_at(struct vigil_site *site, struct rt_stream *stream, size_t limit,
				  int (*use)(void *arg, void *item), void *arg, const char *name);
#define rt_stream_for_each_bounded(stream, limit, use, arg, name)                                  \
	rt_stream_for_each_bounded_at(VIGIL_HERE(), stream, limit, use, arg, name)

#endif
