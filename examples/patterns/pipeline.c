/* SPDX-License-Identifier: MIT */
/*
 * A pipeline: one stage reads an access log in blocks, one makes its addresses anonymous, one
 * writes what is left of it, at a limited rate. Between them are channels of 4 blocks. The
 * last stage is the slowest, so the channels fill up and the stages before it wait: all go
 * at its pace, and no more than 8 blocks are in channels, and one in the hands of each stage.
 *
 * In the console: "read" waits to "send" into mpsc "raw", "anonymise" to "send" into mpsc "clean",
 * "write" for a timer. Who stands in front of a full channel is not the one to blame: `vigil why`
 * of "anonymise" goes on to "write", which sleeps.
 */
#include "../example.h"

#define BLOCKS 100
#define BLOCK (8 * 1024)
#define LINE 32
#define CAPACITY 4
#define RATE (800 * 1024) /* bytes a second */

struct block {
	size_t size;
	char bytes[BLOCK];
};

struct stage {
	const char *name;
	int (*run)(struct stage *stage);
	struct rt_receiver *from;
	struct rt_sender *to;
	struct rt_file *file;
	off_t size;
};

static int stage_run(void *arg)
{
	struct stage *stage = arg;
	int code = stage->run(stage);

	rt_sender_free(stage->to); /* so that the next one ends, too */
	stage->to = NULL;
	return code == -EPIPE ? 0 : code;
}

/* ---- The stages ---- */

static int read_log(struct stage *stage)
{
	for (;;) {
		struct block *block = malloc(sizeof(*block));
		ssize_t n = block ? rt_file_read(stage->file, block->bytes, BLOCK, stage->size) :
				    -ENOMEM;
		int code = (int)n;

		if (n > 0) {
			block->size = (size_t)n;
			stage->size += n;
			code = rt_send(stage->to, block);
		}
		if (n <= 0 || code) {
			free(block);
			return code;
		}
	}
}

/* "192.0.2.117 GET ..." becomes "192.0.2.xxx GET ...". All lines are as long. */
static int anonymise(struct stage *stage)
{
	void *message;
	int code = 0;

	while (!code && !(code = rt_recv(stage->from, &message))) {
		struct block *block = message;

		for (size_t at = 0; at < block->size; at += LINE)
			memset(block->bytes + at + strlen("192.0.2."), 'x', 3);
		code = rt_send(stage->to, block);
		if (code)
			free(block);
	}
	return code;
}

static int write_log(struct stage *stage)
{
	uint64_t begun_ns = rt_now();
	void *message;
	int code = 0;

	while (!code && !(code = rt_recv(stage->from, &message))) {
		struct block *block = message;
		ssize_t n = rt_file_write(stage->file, block->bytes, block->size, stage->size);

		free(block);
		if (n < 0)
			return (int)n;
		stage->size += n;
		code = rt_sleep_until(begun_ns + (uint64_t)stage->size * RT_S / RATE);
	}
	return code;
}

static int log_write(struct rt_file *file)
{
	char text[BLOCK + 1];
	ssize_t n = 0;

	for (size_t block = 0; block < BLOCKS && n >= 0; block++) {
		for (size_t i = 0; i < BLOCK / LINE; i++)
			snprintf(text + i * LINE, LINE + 1, "192.0.2.%zu GET /page%-*zu\n",
				 100 + i % 100, 10, block);
		n = rt_file_write(file, text, BLOCK, (off_t)(block * BLOCK));
	}
	return n < 0 ? (int)n : 0;
}

static int run(void *arg)
{
	struct rt_join_set *set = rt_join_set_new("stages");
	struct stage stages[] = { { .name = "read", .run = read_log },
				  { .name = "anonymise", .run = anonymise },
				  { .name = "write", .run = write_log } };
	char line[LINE + 1] = "";
	int error = set ? example_file("access.log", &stages[0].file) : -ENOMEM;

	(void)arg;
	if (!error)
		error = example_file("anonymous.log", &stages[2].file);
	if (!error)
		error = log_write(stages[0].file);
	if (!error)
		error = rt_mpsc_new("raw", CAPACITY, free, &stages[0].to, &stages[1].from);
	if (!error)
		error = rt_mpsc_new("clean", CAPACITY, free, &stages[1].to, &stages[2].from);
	for (unsigned i = 0; i < 3 && !error; i++)
		error = rt_join_set_spawn(set, stage_run, &stages[i], stages[i].name);
	error = rt_join_set_finish(set, error);
	if (!error && rt_file_read(stages[2].file, line, LINE - 1, stages[2].size - LINE) > 0)
		printf("%lld lines, %lld bytes; the last is \"%s\"\n",
		       (long long)stages[2].size / LINE, (long long)stages[2].size, line);
	for (unsigned i = 0; i < 3; i++) {
		rt_receiver_free(stages[i].from);
		rt_sender_free(stages[i].to);
		rt_file_free(stages[i].file);
	}
	return error;
}

EXAMPLE_PATTERN(NULL, run)
