/* SPDX-License-Identifier: MIT */
/*
 * Spans: what a task is about, from the request down to the third attempt at a payment, with
 * fields, kept across every await; and events, which know the span they were told in.
 *
 * `vigil task PID ID` of a task "order 504" ends with its last events: span enter handle_order,
 * charge, attempt at every poll, as the runtime enters and leaves them around it.
 */
#include <errno.h>

#include "../example.h"

#define ORDERS 3
#define ATTEMPTS 3

struct order {
	int number;
	const char *customer;
	int cents;
	unsigned attempts;
};

/* A function as a span, with its arguments as fields. */
static int reserve(int number)
{
	RT_INSTRUMENT(VIGIL_LEVEL_DEBUG, RT_ARG(number));
	int code = rt_sleep(300 * RT_MS);

	if (!code)
		rt_event(VIGIL_LEVEL_DEBUG, "reserved in warehouse %d", number % 2);
	return code;
}

/* Part of a function: the guard leaves it at the end of the block, however that comes. */
static int attempt(const struct order *order, unsigned number)
{
	RT_GUARD(rt_span_leave)
	struct rt_span span = rt_span_enter(VIGIL_LEVEL_TRACE, "attempt");
	int code;

	(void)span;
	rt_span_i64("number", number);
	code = rt_sleep(300 * RT_MS);
	if (code)
		return code;
	if ((int)number < order->number % 10) {
		rt_span_text("result", "busy");
		rt_event(VIGIL_LEVEL_WARN, "the terminal is busy");
		return -EBUSY;
	}
	rt_span_text("result", "paid");
	return 0;
}

static int charge(struct order *order)
{
	const char *customer = order->customer;
	int cents = order->cents;
	int code = -EBUSY;

	RT_INSTRUMENT(VIGIL_LEVEL_INFO, RT_ARG(customer), RT_ARG(cents));
	for (unsigned i = 1; i <= ATTEMPTS && code == -EBUSY; i++) {
		order->attempts++;
		code = attempt(order, i);
	}
	return rt_context(code, "cannot charge %s", order->customer);
}

static int handle_order(void *arg)
{
	struct order *order = arg;
	int number = order->number;
	int code;

	RT_INSTRUMENT(VIGIL_LEVEL_INFO, RT_ARG(number));
	rt_event(VIGIL_LEVEL_INFO, "order %d of %s", order->number, order->customer);
	code = reserve(order->number);
	if (!code)
		code = charge(order);
	if (!code)
		rt_event(VIGIL_LEVEL_INFO, "order %d is on its way", order->number);
	else if (code != -ECANCELED)
		rt_event(VIGIL_LEVEL_ERROR, "order %d failed", order->number);
	return code;
}

static int handle_orders(void *arg)
{
	struct order orders[ORDERS] = { { 501, "Ada", 1250, 0 },
					{ 502, "Brian", 990, 0 },
					{ 504, "Edsger", 4200, 0 } };
	struct rt_handle tasks[ORDERS] = { 0 };
	int code = 0;

	(void)arg;
	for (unsigned i = 0; i < ORDERS && !code; i++) {
		char name[32];

		snprintf(name, sizeof(name), "order %d", orders[i].number);
		code = rt_spawn(&tasks[i], handle_order, &orders[i], name);
	}
	for (unsigned i = 0; i < ORDERS && tasks[i].task; i++) {
		struct rt_result result = { 0 };
		char why[128] = "";

		rt_join(&tasks[i], &result);
		rt_error_print(result.error, why, sizeof(why));
		printf("order %d: %s, attempts: %u%s%s\n", orders[i].number,
		       result.code ? "failed" : "paid", orders[i].attempts, *why ? ": " : "", why);
		rt_result_free(&result);
	}
	return code;
}

EXAMPLE_PATTERN(NULL, handle_orders)
