/* SPDX-License-Identifier: MIT */
/*
 * A channel of many senders and one receiver: four workers log, one writer puts their lines
 * into a file. The writer gathers lines for a moment, so that one write and one sync serve
 * many. The channel holds 16: who is faster than the disk waits until there is room, and
 * memory stays bounded (backpressure).
 *
 * In the console: tasks "worker 0" to "worker 3" wait to "send" into mpsc "log lines", "log writer"
 * for a timer or for a job "sync". `vigil why` of a worker goes on to the writer, and to its job.
 */
#include "../example.h"

#define WORKERS 4
#define LINES 200 /* of each */
#define CAPACITY 16
#define GATHER (20 * RT_MS)

struct worker {
	struct rt_sender *log; /* the same for all */
	unsigned number;
};

static int worker_run(void *arg)
{
	struct worker *worker = arg;
	int error = 0;

	for (unsigned i = 0; i < LINES && !error; i++) {
		char *line = NULL;

		if (asprintf(&line, "worker %u: did step %u\n", worker->number, i) < 0)
			error = -ENOMEM;
		else if ((error = rt_send(worker->log, line)))
			free(line); /* it is still ours */
	}
	return error;
}

/* ---- The writer ---- */

struct writer {
	struct rt_receiver *lines;
	struct rt_file *file;
	off_t size;
	unsigned syncs;
};

/* Awaits a line, and takes those that are there by then. Returns how many bytes. */
static int gather(struct writer *writer, char *buf, size_t size)
{
	void *line;
	size_t length = 0;
	int error = rt_recv(writer->lines, &line);

	if (error)
		return error;
	error = rt_sleep(GATHER);
	do {
		length += (size_t)snprintf(buf + length, size - length, "%s", (char *)line);
		free(line);
	} while (!error && size - length > 64 && rt_try_recv(writer->lines, &line) == 0);
	return error ? error : (int)length;
}

static int writer_run(void *arg)
{
	struct writer *writer = arg;
	char buf[4096];
	int size, error = 0;

	while (!error && (size = gather(writer, buf, sizeof(buf))) > 0) {
		ssize_t n = rt_file_write(writer->file, buf, (size_t)size, writer->size);

		error = n < 0 ? (int)n : rt_file_sync(writer->file);
		writer->size += size;
		writer->syncs++;
	}
	rt_receiver_close(writer->lines);
	if (!error && size != -EPIPE)
		error = size;
	return rt_context(error, "cannot write the log");
}

/* ---- Both ---- */

/* Each worker's lines must be in the order it sent them. */
static unsigned lines_in_order(const char *text)
{
	unsigned next[WORKERS] = { 0 }, good = 0, number, step;

	for (; sscanf(text, "worker %u: did step %u", &number, &step) == 2;
	     text = strchr(text, '\n') + 1)
		good += number < WORKERS && next[number]++ == step;
	return good;
}

static int report(const struct writer *writer)
{
	char *text = calloc(1, (size_t)writer->size + 1);
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = rt_file_read(writer->file, text, (size_t)writer->size, 0);
	printf("%d lines were sent, %u are in the file in order; the disk was synced %s\n",
	       WORKERS * LINES, lines_in_order(text),
	       writer->syncs < WORKERS * LINES ? "less often" : "for each");
	free(text);
	return n < 0 ? (int)n : 0;
}

static int log_all(void *arg)
{
	struct rt_join_set *set = rt_join_set_new("workers");
	struct worker workers[WORKERS];
	struct writer writer = { 0 };
	struct rt_handle writer_task = { 0 };
	struct rt_result result = { 0 };
	struct rt_sender *log = NULL;
	int error = example_file("app.log", &writer.file);

	(void)arg;
	if (!error)
		error = rt_mpsc_new("log lines", CAPACITY, free, &log, &writer.lines);
	if (!error)
		error = rt_spawn(&writer_task, writer_run, &writer, "log writer");
	for (unsigned i = 0; i < WORKERS; i++)
		workers[i] = (struct worker){ log, i };
	if (!error)
		error = example_spawn_each(set, "worker", worker_run, workers, sizeof(workers[0]),
					   WORKERS);
	error = rt_join_set_finish(set, error);
	rt_sender_free(log); /* the writer takes what is in it, and ends */
	if (writer_task.task)
		rt_join(&writer_task, &result);
	rt_receiver_free(writer.lines);
	if (result.code)
		error = result.error ? rt_fail_with(result.error) : result.code;
	if (!error)
		error = report(&writer);
	rt_file_free(writer.file);
	return error;
}

EXAMPLE_PATTERN(NULL, log_all)
