/* SPDX-License-Identifier: MIT */
/*
 * A task that ignores its cancellation: an import writes its rows under a shield, as none may
 * be half written, and between them does not look at what its await returns. The token is
 * cancelled, and the task goes on as before: who awaits its end waits for ever.
 *
 * --fixed: -ECANCELED ends it, after the row it is at.
 *
 * Look at `vigil resources`, or r in the console: cancel token "shutdown" has live since cancel 1.
 * `vigil tasks --filter "cancelled=true state=idle"` names the task; its polls go on.
 */
#include "../example.h"

#define ROWS 10 /* before the cancel, and after it */
#define ROW (5 * RT_MS)
#define PAUSE (RT_MS) /* between rows: others need the disk too */

static atomic_bool is_over; /* or it would never end */

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
	while (!atomic_load(&is_over)) {
		write_row();
		if (++rows == ROWS)
			scene_step();
		code = rt_sleep(PAUSE);
		if (code && example.is_fixed)
			break;
		if (code && ++late == ROWS)
			scene_step();
	}
	printf("the import %s\n", late ? "went on after it was cancelled" : "ended when told to");
	return code;
}

static int cancelled_goes_on(void)
{
	struct rt_token *token = rt_token_new("shutdown");
	struct rt_handle job;
	int code = -ENOMEM;

	atomic_store(&is_over, false);
	if (token)
		code = rt_token_spawn(token, &job, import, NULL, "import");
	if (!code) {
		code = scene_await(1);
		rt_token_cancel(token);
		if (!code)
			code = scene_stand(1, "task \"import\" is cancelled, and goes on: it "
					      "ignores -ECANCELED");
		atomic_store(&is_over, code || !example.is_fixed);
		rt_join(&job, NULL);
	}
	rt_token_free(token);
	return code;
}

EXAMPLE_BUG(NULL, cancelled_goes_on)
