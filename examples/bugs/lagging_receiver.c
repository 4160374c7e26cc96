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
#include <errno.h>
#include <stdatomic.h>

#include "../example.h"

#define KEPT 64
#define PRICES 8 /* that come while a picture is drawn: told by events, for any machine */
#define PICTURE (5 * RT_MS)
#define PICTURES 200

static struct {
	struct rt_broadcast *prices;
	struct rt_notify *drawn, *lags;
	atomic_bool is_over;
} market;

static int exchange(void *arg)
{
	static int price = 100;
	int code = 0;

	(void)arg;
	for (int i = 0; !code && !atomic_load(&market.is_over); i++) {
		if (example.is_fixed && i == PICTURES)
			break;
		for (int n = 0; n < PRICES; n++)
			rt_broadcast_send(market.prices, &price);
		code = rt_notified(market.drawn);
	}
	rt_broadcast_free(market.prices);
	return code;
}

static int chart(void *arg)
{
	struct rt_subscriber *prices = arg;
	unsigned long missed = 0;
	void *price;
	int code;

	while ((code = rt_subscriber_recv(prices, &price)) == 0 || code == -EOVERFLOW) {
		if (code == -EOVERFLOW) { /* on, with the oldest that is left */
			missed += rt_subscriber_missed(prices);
			rt_notify_one(market.lags);
			continue;
		}
		while (example.is_fixed && !rt_subscriber_try_recv(prices, &price))
			;
		rt_sleep(PICTURE);
		rt_notify_one(market.drawn);
	}
	printf("the chart %s\n", missed ? "missed prices" : "has shown every price");
	rt_subscriber_free(prices);
	return code == -EPIPE ? 0 : code; /* no more will come */
}

static int trade(struct rt_subscriber *prices)
{
	struct rt_handle watching, trading = { 0 };
	int code = rt_spawn(&watching, chart, prices, "chart");

	if (code) {
		rt_subscriber_free(prices);
		rt_broadcast_free(market.prices);
		return code;
	}
	code = rt_spawn(&trading, exchange, NULL, "exchange");
	if (code)
		rt_broadcast_free(market.prices);
	if (!code && !example.is_fixed)
		code = rt_notified(market.lags);
	if (!code && !example.is_fixed)
		code = example_hold("task \"chart\" lags: prices are overwritten before it has "
				    "received them");
	atomic_store(&market.is_over, !example.is_fixed);
	if (trading.task)
		rt_join(&trading, NULL);
	rt_join(&watching, NULL);
	return code;
}

static int start(void *arg)
{
	struct rt_subscriber *prices = NULL;
	int code = -ENOMEM;

	(void)arg;
	atomic_store(&market.is_over, false);
	market.drawn = rt_notify_new("picture drawn");
	market.lags = rt_notify_new("chart lags");
	market.prices = rt_broadcast_new("prices", KEPT, NULL, NULL);
	if (market.prices)
		prices = rt_subscribe(market.prices);
	if (market.drawn && market.lags && prices) {
		code = trade(prices);
	} else {
		rt_subscriber_free(prices);
		rt_broadcast_free(market.prices);
	}
	rt_notify_free(market.lags);
	rt_notify_free(market.drawn);
	return code;
}

EXAMPLE_BUG(NULL, start)
