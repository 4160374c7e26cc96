/* SPDX-License-Identifier: MIT */
/*
 * An actor: a task that alone has its state, a bank's account, and is asked by messages. A
 * request carries the sender of its reply (mpsc + oneshot), so callers read like calls; there is
 * no lock, as requests are handled one after the other. Each is entered in a ledger, a file.
 *
 * In the console: "account" is of the kind actor, with its balance as an attribute (Enter). It
 * waits to "receive" from mpsc "mailbox", or for a job; "client 2" from oneshot "reply", or a timer.
 */
#include "../example.h"

#define CLIENTS 4
#define VISITS 40 /* of each */

struct request {
	int64_t amount, balance;         /* amount 0: a question; balance: or a negative code */
	struct rt_oneshot_sender *reply; /* gets the request back, with its balance */
};

/* It will not be handled: who asked learns it. */
static void request_drop(void *arg)
{
	struct request *request = arg;

	rt_oneshot_sender_free(request->reply);
	free(request);
}

struct account {
	struct rt_receiver *mailbox;
	struct rt_file *ledger;
	off_t ledger_size; /* in bytes: an amount after the other */
	int64_t balance;
};

/* Returns the balance, or -EDQUOT: there is not so much. */
static int64_t account_book(struct account *account, int64_t amount)
{
	ssize_t n;

	if (account->balance + amount < 0)
		return -EDQUOT;
	if (!amount)
		return account->balance;
	n = rt_file_write(account->ledger, &amount, sizeof(amount), account->ledger_size);
	if (n < 0)
		return n;
	account->ledger_size += n;
	account->balance += amount;
	vigil_attr_i64(vigil_task_current(), "balance", account->balance, "EUR");
	return account->balance;
}

static int account_run(void *arg)
{
	struct account *account = arg;
	void *message;
	int code;

	while ((code = rt_recv(account->mailbox, &message)) == 0) {
		struct request *request = message;

		request->balance = account_book(account, request->amount);
		if (rt_oneshot_send(request->reply, request))
			free(request); /* who asked has gone */
	}
	rt_receiver_free(account->mailbox);
	account->mailbox = NULL;
	return code == -EPIPE ? 0 : code; /* nobody can ask any more */
}

/* ---- Who asks it ---- */

/* Returns the balance; -EDQUOT; -EPIPE: the actor is gone; or another negative code. */
static int64_t account_ask(struct rt_sender *account, int64_t amount)
{
	struct request *request = calloc(1, sizeof(*request));
	struct rt_oneshot_receiver *answer;
	void *received;
	int code = request ? rt_oneshot_new("reply", free, &request->reply, &answer) : -ENOMEM;

	if (code) {
		free(request);
		return code;
	}
	request->amount = amount;
	code = rt_send(account, request);
	if (code)
		request_drop(request);
	else
		code = rt_oneshot_recv(answer, &received);
	rt_oneshot_receiver_free(answer);
	if (code)
		return code;
	amount = ((struct request *)received)->balance;
	free(received);
	return amount;
}

static int client_run(void *arg)
{
	int64_t code = 0;

	for (unsigned i = 0; i < VISITS && code >= 0; i++) {
		code = account_ask(arg, i % 3 < 2 ? 10 : -15);
		if (code >= 0)
			code = rt_sleep((10 + i % 5 * 10) * RT_MS);
	}
	return (int)code;
}

static int bank(void *arg)
{
	struct rt_spawn_options actor = { .name = "account", .kind = VIGIL_TASK_ACTOR };
	struct rt_join_set *clients = rt_join_set_new("clients");
	struct account account = { 0 };
	struct rt_sender *ask = NULL;
	struct rt_handle task = { 0 };
	struct rt_result result = { 0 };
	int64_t amounts[CLIENTS * VISITS] = { 0 }, sum = 0;
	int error = example_file("ledger", &account.ledger);

	(void)arg;
	if (!error)
		error = rt_mpsc_new("mailbox", 8, request_drop, &ask, &account.mailbox);
	if (!error)
		error = rt_spawn_with(&task, account_run, &account, &actor);
	if (!error)
		error = example_spawn_each(clients, "client", client_run, ask, 0, CLIENTS);
	error = rt_join_set_finish(clients, error);
	if (!error && account_ask(ask, -1000000) == -EDQUOT)
		printf("1000000 EUR were not paid out, there are %lld\n",
		       (long long)account_ask(ask, 0));
	rt_sender_free(ask); /* with the last sender the actor ends */
	if (task.task)
		rt_join(&task, &result);
	error = error ? error : result.code;
	rt_result_free(&result);
	rt_receiver_free(account.mailbox);
	error = error ? error : (int)rt_file_read(account.ledger, amounts, sizeof(amounts), 0);
	for (unsigned i = 0; i < CLIENTS * VISITS; i++)
		sum += amounts[i];
	if (error >= 0)
		printf("the ledger says %lld EUR\n", (long long)sum);
	rt_file_free(account.ledger);
	return error < 0 ? error : 0;
}

EXAMPLE_PATTERN(NULL, bank)
