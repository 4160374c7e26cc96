/* SPDX-License-Identifier: MIT */
/*
 * An actor: a task that alone has its state, a bank's account, and is asked by messages. A
 * request carries the sender of its reply (mpsc + oneshot), so callers read like calls; there is
 * no lock, as requests are handled one after the other. Each is entered in a ledger, a file.
 *
 * In the console: "account" is a task of the kind actor, with its balance as an attribute (Enter on
 * it). It waits to "receive" from mpsc "mailbox", or for the job that writes the ledger; "client 2"
 * waits to "receive" from oneshot "reply", or for a timer.
 */
#include "../example.h"

#define CLIENTS 4
#define VISITS 40 /* of each */
#define MAILBOX 8

struct request {
	int64_t amount; /* below 0: a withdrawal; 0: a question */
	struct rt_oneshot_sender *reply;
};

struct reply {
	int code; /* -EDQUOT: there is not so much */
	int64_t balance;
};

/* A request that will not be handled: who asked learns it. */
static void request_drop(void *arg)
{
	struct request *request = arg;

	rt_oneshot_sender_free(request->reply);
	free(request);
}

/* ---- The actor ---- */

struct account {
	struct rt_receiver *mailbox;
	struct rt_file *ledger;
	off_t ledger_size;
	int64_t balance;
};

static int account_book(struct account *account, int64_t amount)
{
	char line[64];
	int length;
	ssize_t n;

	if (account->balance + amount < 0)
		return -EDQUOT;
	if (!amount)
		return 0;
	length = snprintf(line, sizeof(line), "%+lld\n", (long long)amount);
	n = rt_file_write(account->ledger, line, (size_t)length, account->ledger_size);
	if (n < 0)
		return (int)n;
	account->ledger_size += n;
	account->balance += amount;
	vigil_attr_i64(vigil_task_current(), "balance", account->balance, "EUR");
	return 0;
}

static int account_run(void *arg)
{
	struct account *account = arg;
	void *message;
	int code;

	while ((code = rt_recv(account->mailbox, &message)) == 0) {
		struct request *request = message;
		struct reply *reply = malloc(sizeof(*reply));

		if (!reply) {
			request_drop(request);
			continue;
		}
		reply->code = account_book(account, request->amount);
		reply->balance = account->balance;
		if (rt_oneshot_send(request->reply, reply))
			free(reply); /* who asked has gone */
		free(request);
	}
	rt_receiver_free(account->mailbox);
	return code == -EPIPE ? 0 : code; /* nobody can ask any more */
}

/* ---- A call ---- */

/* Returns 0, -EDQUOT, -EPIPE when the actor is gone, or another negative code. */
static int account_ask(struct rt_sender *account, int64_t amount, int64_t *ret_balance)
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
	code = ((struct reply *)received)->code;
	*ret_balance = ((struct reply *)received)->balance;
	free(received);
	return code;
}

static int client_run(void *arg)
{
	struct rt_sender *account = arg;
	int64_t balance;
	int code = 0;

	for (unsigned i = 0; i < VISITS && !code; i++) {
		code = account_ask(account, i % 3 < 2 ? 10 : -15, &balance);
		if (!code)
			code = rt_sleep((10 + i % 5 * 10) * RT_MS);
	}
	rt_sender_free(account);
	return code;
}

static int clients_run(struct rt_sender *account)
{
	struct rt_handle clients[CLIENTS] = { 0 };
	struct rt_sender *clone;
	char name[16];
	int error = 0;

	for (unsigned i = 0; i < CLIENTS && !error; i++) {
		snprintf(name, sizeof(name), "client %u", i);
		clone = rt_sender_clone(account);
		error = clone ? rt_spawn(&clients[i], client_run, clone, name) : -ENOMEM;
		if (error)
			rt_sender_free(clone);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		if (clients[i].task)
			rt_join(&clients[i], NULL);
	return error;
}

/* ---- All of it ---- */

static int64_t ledger_sum(const struct account *account)
{
	char *text = calloc(1, (size_t)account->ledger_size + 1);
	int64_t sum = 0;

	if (!text || rt_file_read(account->ledger, text, (size_t)account->ledger_size, 0) < 0) {
		free(text);
		return -1;
	}
	for (char *line = text; *line; line = strchr(line, '\n') + 1)
		sum += strtoll(line, NULL, 10);
	free(text);
	return sum;
}

static int bank(void *arg)
{
	struct rt_spawn_options actor = { .name = "account", .kind = VIGIL_TASK_ACTOR };
	struct account account = { 0 };
	struct rt_sender *ask;
	struct rt_handle task;
	int64_t balance = 0;
	int error = example_file("ledger", &account.ledger);

	(void)arg;
	if (!error)
		error = rt_mpsc_new("mailbox", MAILBOX, request_drop, &ask, &account.mailbox);
	if (error)
		return error;
	error = rt_spawn_with(&task, account_run, &account, &actor);
	if (!error) {
		error = clients_run(ask);
		if (!error && account_ask(ask, -1000000, &balance) == -EDQUOT)
			printf("1000000 EUR were not paid out, there are %lld\n",
			       (long long)balance);
		/* With the last sender the actor ends. */
		rt_sender_free(ask);
		rt_join(&task, NULL);
		printf("the ledger says %lld EUR\n", (long long)ledger_sum(&account));
	}
	rt_file_free(account.ledger);
	return error;
}

EXAMPLE_PATTERN(NULL, bank)
