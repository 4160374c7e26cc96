/* SPDX-License-Identifier: MIT */
/*
 * A task that ignores its cancellation: an import writes its rows under a shield, as none may
 * be half written, and between them does not look at what its await returns. The token is
 * cancelled, and the task goes on as before: who awaits its end waits for ever.
 *
 * --fixed: -ECANCELED ends it, after the row it is at.
 *
 * Look at `vigil resources`, or r in the console: cancel token "shutdown" has live since cancel 1.
 * `vigil tasks --filter cancelled=true` names the task; its polls go on.
 */
#include <errno.h>
#include <stdatomic.h>

#include "../example.h"

#define ROWS 10 /* before the cancel, and after it */
#define ROW (5 * RT_MS)
#define PAUSE (RT_MS) /* between rows: others need the disk too */

static struct {
	struct rt_token *shutdown;
	struct rt_notify *works, *ignores;
	atomic_bool is_over; /* or it would never end */
} server;

static void write_row(void)
{
	rt_shield_begin();
	rt_sleep(ROW);
	rt_shield_end();
}

static int import(void *arg)
{
	unsigned rows = 0, late = 0;
	int code = 0;

	(void)arg;
	while (!atomic_load(&server.is_over)) {
		write_row();
		if (++rows == ROWS)
			rt_notify_one(server.works);
		code = rt_sleep(PAUSE);
		if (code && example.is_fixed)
			break;
		if (code && ++late == ROWS)
			rt_notify_one(server.ignores);
	}
	printf("the import %s\n", late ? "went on after it was cancelled" : "ended when told to");
	return code;
}

static int cancel_it(struct rt_handle *job)
{
	int code = rt_notified(server.works);

	rt_token_cancel(server.shutdown);
	if (!code && !example.is_fixed)
		code = rt_notified(server.ignores);
	if (!code && !example.is_fixed)
		code = example_hold("task \"import\" is cancelled, and goes on: it ignores "
				    "-ECANCELED");
	atomic_store(&server.is_over, code || !example.is_fixed);
	rt_join(job, NULL);
	return code;
}

static int start(void *arg)
{
	struct rt_handle job;
	int code = -ENOMEM;

	(void)arg;
	atomic_store(&server.is_over, false);
	server.shutdown = rt_token_new("shutdown");
	server.works = rt_notify_new("import works");
	server.ignores = rt_notify_new("import ignores");
	if (server.shutdown && server.works && server.ignores)
		code = rt_token_spawn(server.shutdown, &job, import, NULL, "import");
	if (!code)
		code = cancel_it(&job);
	rt_notify_free(server.ignores);
	rt_notify_free(server.works);
	rt_token_free(server.shutdown);
	return code;
}

EXAMPLE_BUG(NULL, start)
