/* SPDX-License-Identifier: MIT */
/*
 * A channel for one value, once: the answer to a request. Numbers are given to solvers to be
 * factored, each with the sender of its answer. One is answered. One is refused: the asker
 * learns it when the sender goes without a value. One takes too long: the asker goes, the
 * solver learns that, and stops.
 *
 * In the console: the main task waits to "receive" from oneshot "answer", "1.4 s to go". A task
 * "factor 2305843009213693951" runs and is never idle, as it yields after each slice of its work;
 * `vigil task` counts that, and its attribute says how far it came.
 */
#include "../example.h"

#define SLICE 500000 /* divisions between two looks at who waits */
#define PATIENCE (2 * RT_S)

struct request {
	uint64_t number;
	struct rt_oneshot_sender *answer;
};

/* Returns the smallest factor; 0 when there is none, or nobody waits for the answer any more. */
static uint64_t smallest_factor(const struct request *request)
{
	for (uint64_t n = 2; n <= request->number / n; n++) {
		if (request->number % n == 0)
			return n;
		if (n % SLICE)
			continue;
		vigil_attr_u64(vigil_task_current(), "tried up to", n, NULL);
		if (rt_yield() || rt_try(rt_oneshot_closed_op(request->answer)) == 0)
			break;
	}
	return 0;
}

static int solver_run(void *arg)
{
	struct request request = *(struct request *)arg;
	uint64_t factor = smallest_factor(&request);
	char *text = NULL;

	free(arg);
	if (!factor || asprintf(&text, "%llu x %llu", (unsigned long long)factor,
				(unsigned long long)(request.number / factor)) < 0) {
		rt_oneshot_sender_free(request.answer);
		return 0;
	}
	if (rt_oneshot_send(request.answer, text))
		free(text); /* the asker has just gone: it is still ours */
	return 0;
}

/* The request goes to a solver, who frees it. Returns what the answer is received from. */
static int ask(uint64_t number, struct rt_handle *ret_solver,
	       struct rt_oneshot_receiver **ret_receiver)
{
	struct request *request = calloc(1, sizeof(*request));
	char name[40];
	int error =
		request ? rt_oneshot_new("answer", free, &request->answer, ret_receiver) : -ENOMEM;

	if (error) {
		free(request);
		return error;
	}
	request->number = number;
	snprintf(name, sizeof(name), "factor %llu", (unsigned long long)number);
	error = rt_spawn(ret_solver, solver_run, request, name);
	if (error) {
		rt_oneshot_sender_free(request->answer);
		rt_oneshot_receiver_free(*ret_receiver);
		free(request);
	}
	return error;
}

static int ask_and_tell(uint64_t number)
{
	struct rt_oneshot_receiver *receiver;
	struct rt_handle solver;
	void *answer = NULL;
	int code = ask(number, &solver, &receiver);

	if (code)
		return code;
	code = rt_timeout(PATIENCE, rt_oneshot_recv_op(receiver, &answer));
	/* From now on the solver knows that nobody waits. */
	rt_oneshot_receiver_free(receiver);
	if (rt_join(&solver, NULL))
		rt_drop(&solver);
	if (code && code != -EPIPE && code != -ETIMEDOUT)
		return code;
	printf("%llu: %s\n", (unsigned long long)number,
	       !code          ? (char *)answer :
	       code == -EPIPE ? "refused, it is prime" :
				"not in time, its solver has stopped");
	free(answer);
	return 0;
}

static int ask_all(void *arg)
{
	static const uint64_t numbers[] = { 399998880000703, 2147483647, 2305843009213693951 };
	int error = 0;

	(void)arg;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !error; i++)
		error = ask_and_tell(numbers[i]);
	return error;
}

EXAMPLE_PATTERN(NULL, ask_all)
