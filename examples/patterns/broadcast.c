/* SPDX-License-Identifier: MIT */
/*
 * A channel in which everybody gets every message: a chat room. The room keeps the last 8; who
 * is further behind is told how many were missed, and goes on with the oldest that is left, so
 * a slow reader holds nobody up. Messages are shared and counted, not copied.
 *
 * In the console: "reader anna" and "reader bert" wait to "receive" from broadcast "room"; "reader
 * carl", who is slow, for a timer. How many he missed stands among the messages of that task
 * (Enter), and of the worker that ran it (e, then Enter on rt-0 or rt-1).
 */
#include <stdatomic.h>

#include "../example.h"

#define MESSAGES 80
#define CAPACITY 8

struct message {
	_Atomic unsigned refs;
	unsigned number;
	char text[32];
};

static void *message_retain(void *arg)
{
	struct message *message = arg;

	atomic_fetch_add(&message->refs, 1);
	return message;
}

static void message_drop(void *arg)
{
	struct message *message = arg;

	if (atomic_fetch_sub(&message->refs, 1) == 1)
		free(message);
}

/* ---- Who listens ---- */

struct reader {
	const char *name;
	uint64_t pause_ns; /* after each message */
	struct rt_subscriber *room;
	unsigned read, missed, last;
};

static int reader_run(void *arg)
{
	struct reader *reader = arg;
	void *received;
	int code;

	for (;;) {
		code = rt_subscriber_recv(reader->room, &received);
		if (code == -EOVERFLOW) {
			reader->missed += (unsigned)rt_subscriber_missed(reader->room);
			rt_event(VIGIL_LEVEL_WARN, "%s missed %u so far", reader->name,
				 reader->missed);
			continue;
		}
		if (code)
			break;
		reader->read++;
		reader->last = ((struct message *)received)->number;
		message_drop(received);
		code = reader->pause_ns ? rt_sleep(reader->pause_ns) : 0;
		if (code)
			break;
	}
	rt_subscriber_free(reader->room);
	return code == -EPIPE ? 0 : code; /* the room was closed, and we have read all */
}

/* ---- Who speaks ---- */

static int speak(struct rt_broadcast *room)
{
	for (unsigned i = 1; i <= MESSAGES; i++) {
		struct message *message = calloc(1, sizeof(*message));
		int code;

		if (!message)
			return -ENOMEM;
		message->refs = 1; /* the room's */
		message->number = i;
		snprintf(message->text, sizeof(message->text), "message %u", i);
		if (rt_broadcast_send(room, message) < 0)
			message_drop(message);
		code = rt_sleep(12 * RT_MS);
		if (code)
			return code;
	}
	return 0;
}

static int chat(void *arg)
{
	struct reader readers[] = { { .name = "reader anna" },
				    { .name = "reader bert" },
				    { .name = "reader carl", .pause_ns = 60 * RT_MS } };
	struct rt_broadcast *room =
		rt_broadcast_new("room", CAPACITY, message_retain, message_drop);
	struct rt_handle tasks[3] = { 0 };
	int error = room ? 0 : -ENOMEM;

	(void)arg;
	for (unsigned i = 0; i < 3 && !error; i++) {
		readers[i].room = rt_subscribe(room);
		error = readers[i].room ?
				rt_spawn(&tasks[i], reader_run, &readers[i], readers[i].name) :
				-ENOMEM;
		if (error)
			rt_subscriber_free(readers[i].room);
	}
	if (!error)
		error = speak(room);
	/* They read what is in it, and end. */
	rt_broadcast_free(room);
	for (unsigned i = 0; i < 3; i++)
		if (tasks[i].task)
			rt_join(&tasks[i], NULL);
	for (unsigned i = 0; i < 3 && !error; i++)
		printf("%s: %s, %s, and the last: number %u\n", readers[i].name,
		       readers[i].missed ? "missed some" : "read all",
		       readers[i].read + readers[i].missed == MESSAGES ? "knows how many" :
									 "does not know",
		       readers[i].last);
	return error;
}

EXAMPLE_PATTERN(NULL, chat)
