/* SPDX-License-Identifier: MIT */
/*
 * What a recording needs of LTTng: a session of its own, and the session daemon.
 *
 *	session_daemon_ensure(&is_started, &problem);
 *	session_open(&options, &session, &problem);
 *	session_start(session, &problem);
 *	... session_counts(session, &counts, &problem) now and then ...
 *	session_stop(session, &problem);
 *	session_close(session);
 *
 * Calls return 0 or -errno with a sentence. -ENOTCONN: the session daemon, or the
 * session in it, is gone; -ENOSYS: vigil was built without LTTng (no_session.c).
 *
 * The law: no type of LTTng's is seen outside session*.c. One thread.
 */
#ifndef CONSOLE_TRACE_SESSION_H
#define CONSOLE_TRACE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vigil/reader.h>

#define SESSION_NAME_MAX 128

/* Programs whose pids a filter can name: it is gone through at every event. */
#define SESSION_NOT_MAX 1024

/* Whose events: everybody's; those of the pids alone; everybody's but theirs. */
enum session_whom { SESSION_ALL, SESSION_ONLY, SESSION_NOT };

enum session_mode {
	SESSION_FILES,   /* into a folder */
	SESSION_LIVE,    /* to a relay, from where it is watched */
	SESSION_SNAPSHOT /* into memory, oldest overwritten, until session_snapshot */
};

/*
 * Buffers for a processor that fit: measured with tests/helpers/poll_storm on two
 * processors. Of a million events a second (33 MB), both busy with other work, 512 KiB
 * lost 3 in 100, 2 MiB (LTTng's own) none; of three million, both idle, 2 MiB lost 3 in
 * 1000, 8 MiB none. A flight recorder keeps what it has room for, so its buffers are all it can
 * show: half a million events on each processor.
 */
#define SESSION_BUFFER_BYTES (UINT64_C(8) << 20)
#define SESSION_SNAPSHOT_BYTES (UINT64_C(16) << 20)

/* Of a processor's buffer: what is written at once. */
uint64_t session_part_bytes(uint64_t buffer_bytes);

struct session_options {
	const char *name;
	enum session_mode mode;
	const char *folder;    /* absolute; of files, and where snapshots go */
	const char *url;       /* of a relay, "net://HOST"; live */
	uint64_t buffer_bytes; /* for each processor, of each user */
	uint64_t rotate_bytes; /* begin a new part after so many; 0: never */
	enum session_whom whom;
	const uint32_t *pids; /* as the processes themselves see them */
	size_t pid_count;     /* of SESSION_NOT the first SESSION_NOT_MAX are taken */
};

struct session;

/* Sees to it that a session daemon answers; starts one like lttng(1) does. */
int session_daemon_ensure(bool *ret_is_started, struct vigil_problem *ret_problem);

int session_open(const struct session_options *options, struct session **ret_session,
		 struct vigil_problem *ret_problem);

/*
 * Waits until the processes have registered with the daemon, as they do by themselves
 * some milliseconds after it is there. Only then session_start reaches them all.
 * -ETIMEDOUT names one that has not.
 */
int session_await(const uint32_t *pids, size_t count, struct vigil_problem *ret_problem);

/*
 * The processes that have registered with the daemon and have our tracepoints, of all
 * users it serves, as they see themselves. The caller frees. 0 or -errno.
 */
int session_registered(uint32_t **ret_pids, size_t *ret_count, struct vigil_problem *ret_problem);

/* From its return on every event of a registered process is recorded. */
int session_start(struct session *session, struct vigil_problem *ret_problem);

/* What LTTng could not keep, so far. After session_stop: in all. */
struct session_counts {
	uint64_t discarded_events; /* buffers were full: the newest were not written */
	uint64_t lost_packets;     /* buffers were overwritten before they were read */
};
int session_counts(const struct session *session, struct session_counts *ret_counts,
		   struct vigil_problem *ret_problem);

/* Stops, and waits until all that was recorded is written. */
int session_stop(struct session *session, struct vigil_problem *ret_problem);

/* Takes the session out of the daemon. What was recorded stays. NULL is fine. */
void session_close(struct session *session);

/*
 * Writes out what a session of mode SNAPSHOT, of whatever process, has in memory:
 * folder/ust, in an absolute folder that exists.
 */
int session_snapshot(const char *name, const char *folder, struct vigil_problem *ret_problem);

/*
 * The folder of a flight recorder that runs, by its session's name; NULL: of the only
 * one. -ENOENT there is none, -ENOTUNIQ several; the sentence names them.
 */
int session_folder(const char *name, char *ret_folder, size_t size,
		   struct vigil_problem *ret_problem);

#endif
