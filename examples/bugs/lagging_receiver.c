/* SPDX-License-Identifier: MIT */
/*
 * A receiver that lags: a chart draws a picture for each price, and in the time it takes for
 * one, eight come. The channel keeps 64; what is older is gone before the chart has seen it.
 *
 * --fixed: a picture shows all prices that have come since the last one.
 *
 * Look at `vigil resources`, or r in the console: subscriber "prices #1" has missed more and
 * more, task chart; broadcast "prices" has lagged as many.
 */
#include "../example.h"

#define KEPT 64
#define PRICES 8 /* that come while a picture is drawn: told by events, for any machine */
#define PICTURE (5 * RT_MS)
#define ROUNDS 200 /* of prices, in a round that is right */

static struct {
	struct rt_broadcast *prices;
	struct rt_subscriber *seen;
	struct rt_notify *drawn;
} market;

static int exchange(void *arg)
{
	static int price = 100;
	int code = 0;

	(void)arg;
	for (int i = 0; !code && !(example.is_fixed && i == ROUNDS); i++) {
		for (int n = 0; n < PRICES; n++)
			rt_broadcast_send(market.prices, &price);
		code = rt_notified(market.drawn);
	}
	return code;
}

static int chart(void *arg)
{
	unsigned seen = 0, missed = 0;
	void *price;
	int code = 0;

	(void)arg;
	while (!code && !(example.is_fixed && seen == ROUNDS * PRICES)) {
		code = rt_subscriber_recv(market.seen, &price);
		if (code == -EOVERFLOW) { /* on, with the oldest that is left */
			missed += rt_subscriber_missed(market.seen);
			scene_step();
			code = 0;
			continue;
		}
		for (seen++; example.is_fixed && !rt_subscriber_try_recv(market.seen, &price);)
			seen++;
		if (!code)
			code = rt_sleep(PICTURE);
		rt_notify_one(market.drawn);
	}
	printf("the chart %s\n", missed ? "missed prices" : "has shown every price");
	return code;
}

static int lagging_receiver(void)
{
	int code = -ENOMEM;

	memset(&market, 0, sizeof(market));
	market.drawn = rt_notify_new("picture drawn");
	market.prices = rt_broadcast_new("prices", KEPT, NULL, NULL);
	if (market.prices)
		market.seen = rt_subscribe(market.prices);
	if (market.drawn && market.seen)
		code = scene_spawn(1, chart, NULL, "chart");
	if (!code)
		code = scene_spawn(1, exchange, NULL, "exchange");
	if (!code)
		code = scene_stand(1, "task \"chart\" lags: prices are overwritten before it has "
				      "received them");
	scene_end();
	rt_subscriber_free(market.seen);
	rt_broadcast_free(market.prices);
	rt_notify_free(market.drawn);
	return code;
}

EXAMPLE_BUG(NULL, lagging_receiver)
