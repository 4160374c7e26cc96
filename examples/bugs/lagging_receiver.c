/* SPDX-License-Identifier: MIT */
/*
 * A receiver that lags: a chart draws a picture for each price, and in the time it takes for
 * one, eight come. The channel keeps 64; what is older is gone before the chart has seen it.
 * --fixed: a picture shows all prices that have come since the last one.
 *
 * Look at `vigil resources`: subscriber "prices #1" has missed more and more, task chart;
 * broadcast "prices" has lagged as many.
 */
#include "../example.h"

#define KEPT 64
#define PRICES 8 /* that come while a picture is drawn: told by events, for any machine */
#define PICTURE (5 * RT_MS)
#define ROUNDS 200 /* of prices, in a round that is right */

static struct rt_broadcast *prices;
static struct rt_subscriber *subscriber; /* the chart */
static struct rt_notify *drawn;

static int exchange(void *arg)
{
	int code = 0;

	(void)arg;
	for (int i = 0; !code && !(example.is_fixed && i == ROUNDS); i++) {
		for (int n = 0; n < PRICES; n++)
			rt_broadcast_send(prices, "100");
		code = rt_notified(drawn);
	}
	return code;
}

static int chart(void *arg)
{
	unsigned seen = 0;
	void *price;
	int code = 0;

	(void)arg;
	while (!code && !(example.is_fixed && seen == ROUNDS * PRICES)) {
		while ((code = rt_subscriber_recv(subscriber, &price)) == -EOVERFLOW)
			scene_step(); /* on, with the oldest that is left */
		if (code)
			break;
		for (seen++; example.is_fixed && !rt_subscriber_try_recv(subscriber, &price);)
			seen++;
		code = rt_sleep(PICTURE);
		rt_notify_one(drawn);
	}
	printf("the chart %s\n",
	       rt_subscriber_missed(subscriber) ? "missed prices" : "has shown every price");
	return code;
}

static int lagging_receiver(void)
{
	int code = -ENOMEM;

	drawn = rt_notify_new("picture drawn");
	prices = rt_broadcast_new("prices", KEPT, NULL, NULL);
	subscriber = prices ? rt_subscribe(prices) : NULL;
	if (drawn && subscriber)
		code = scene_spawn(1, chart, NULL, "chart");
	if (!code)
		code = scene_spawn(1, exchange, NULL, "exchange");
	if (!code)
		code = scene_stand(1, "task \"chart\" lags: prices are overwritten before it has "
				      "received them");
	scene_end();
	rt_subscriber_free(subscriber);
	rt_broadcast_free(prices);
	rt_notify_free(drawn);
	return code;
}

EXAMPLE_BUG(NULL, lagging_receiver)
