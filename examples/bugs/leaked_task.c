/* SPDX-License-Identifier: MIT */
/*
 * Tasks that leak: each request starts a collector, which receives the parts of its answer
 * until all senders are gone. The request sends through clones, frees those, and forgets the
 * sender it cloned them from: the channel is never closed, and with each request a task stays
 * that waits for a part which cannot come.
 *
 * --fixed: the first sender is freed too, and the collector ends.
 *
 * Look at `vigil sites`: of collectors 200 are LIVE and 0 DONE, of requests 0 and 200; in
 * `vigil tasks` each says "receive, mpsc "parts"", and their parents have ended.
 */
#include <errno.h>

#include "../example.h"

#define REQUESTS 200
#define PARTS 3

static struct {
	struct rt_join_set *collectors;
	struct rt_sender *forgotten[REQUESTS]; /* freed when all is over: this program leaks none */
} server;

static int collect(void *arg)
{
	struct rt_receiver *parts = arg;
	void *part;
	int code;

	do
		code = rt_recv(parts, &part);
	while (!code);
	rt_receiver_free(parts);
	return code == -EPIPE ? 0 : code; /* all are here */
}

static int send_part(struct rt_sender *of, const char *part)
{
	struct rt_sender *sender = rt_sender_clone(of);
	int code = sender ? rt_send(sender, (void *)part) : -ENOMEM;

	rt_sender_free(sender);
	return code;
}

static int request(void *arg)
{
	static const char *const parts[PARTS] = { "head", "body", "foot" };
	struct rt_sender **forgotten = arg, *sender;
	struct rt_receiver *receiver;
	int code = rt_mpsc_new("parts", PARTS, NULL, &sender, &receiver);

	if (code)
		return code;
	code = rt_join_set_spawn(server.collectors, collect, receiver, "collector");
	if (code)
		rt_receiver_free(receiver);
	for (int i = 0; !code && i < PARTS; i++)
		code = send_part(sender, parts[i]);
	if (code || example.is_fixed)
		rt_sender_free(sender);
	else
		*forgotten = sender;
	return code;
}

static int serve(void)
{
	struct rt_join_set *requests = rt_join_set_new("requests");
	int code = requests ? 0 : -ENOMEM;

	for (int i = 0; !code && i < REQUESTS; i++)
		code = rt_join_set_spawn(requests, request, &server.forgotten[i], "request");
	if (requests)
		example_join(requests);
	rt_join_set_free(requests);
	return code;
}

static int start(void *arg)
{
	int code = -ENOMEM;

	(void)arg;
	server.collectors = rt_join_set_new("collectors");
	if (server.collectors)
		code = serve();
	if (!code && !example.is_fixed)
		code = example_hold("200 tasks \"collector\" wait for what cannot come: the "
				    "requests that started them have ended");
	for (int i = 0; i < REQUESTS; i++) {
		rt_sender_free(server.forgotten[i]);
		server.forgotten[i] = NULL;
	}
	if (server.collectors)
		example_join(server.collectors);
	rt_join_set_free(server.collectors);
	if (!code)
		printf("%d requests answered, %s\n", REQUESTS,
		       example.is_fixed ? "no collector is left" : "the collectors let go by hand");
	return code;
}

EXAMPLE_BUG(NULL, start)
