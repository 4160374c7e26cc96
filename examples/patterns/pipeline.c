/* SPDX-License-Identifier: MIT */
/*
 * A pipeline: one stage reads an access log in blocks, one makes its addresses anonymous, one
 * writes what is left of it, at a limited rate. Between them are channels of 4 blocks. The
 * last stage is the slowest, so the channels fill up and the stages before it wait: all go
 * at its pace, and no more than 8 blocks are ever on their way.
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

/* A stage owns its ends of the channels, and closes them when it ends: so the next one ends. */
struct stage {
	struct rt_receiver *from;
	struct rt_sender *to;
	struct rt_file *file;
	size_t lines;
	off_t size;
};

static int stage_end(struct stage *stage, int code)
{
	rt_receiver_free(stage->from);
	rt_sender_free(stage->to);
	return code == -EPIPE ? 0 : code;
}

/* ---- The stages ---- */

static int read_stage(void *arg)
{
	struct stage *stage = arg;
	int code = 0;

	while (!code) {
		struct block *block = malloc(sizeof(*block));
		ssize_t n = block ? rt_file_read(stage->file, block->bytes, BLOCK, stage->size) :
				    -ENOMEM;

		if (n > 0) {
			block->size = (size_t)n;
			stage->size += n;
			code = rt_send(stage->to, block);
		}
		if (n <= 0 || code) {
			free(block);
			return stage_end(stage, n < 0 ? (int)n : code);
		}
	}
	return stage_end(stage, code);
}

/* "192.0.2.17 GET ..." becomes "192.0.2.xx GET ...". All lines are as long. */
static size_t anonymise(struct block *block)
{
	size_t lines = 0;

	for (size_t at = 0; at + LINE <= block->size; at += LINE, lines++) {
		char *line = block->bytes + at;
		char *space = memchr(line, ' ', LINE);
		char *dot = space ? memrchr(line, '.', (size_t)(space - line)) : NULL;

		if (dot)
			memset(dot + 1, 'x', (size_t)(space - dot - 1));
	}
	return lines;
}

static int anonymise_stage(void *arg)
{
	struct stage *stage = arg;
	void *block;
	int code;

	while ((code = rt_recv(stage->from, &block)) == 0) {
		stage->lines += anonymise(block);
		code = rt_send(stage->to, block);
		if (code) {
			free(block);
			break;
		}
	}
	return stage_end(stage, code);
}

static int write_stage(void *arg)
{
	struct stage *stage = arg;
	uint64_t begun_ns = rt_now();
	void *message;
	int code;

	while ((code = rt_recv(stage->from, &message)) == 0) {
		struct block *block = message;
		ssize_t n = rt_file_write(stage->file, block->bytes, block->size, stage->size);

		free(block);
		if (n < 0)
			return stage_end(stage, (int)n);
		stage->size += n;
		code = rt_sleep_until(begun_ns + (uint64_t)stage->size * RT_S / RATE);
		if (code)
			break;
	}
	return stage_end(stage, code);
}

/* ---- All of it ---- */

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

static int run_stages(struct stage *stages)
{
	static const struct {
		rt_fn run;
		const char *name;
	} does[] = { { read_stage, "read" },
		     { anonymise_stage, "anonymise" },
		     { write_stage, "write" } };
	struct rt_handle tasks[3] = { 0 };
	int error = rt_mpsc_new("raw", CAPACITY, free, &stages[0].to, &stages[1].from);

	if (!error)
		error = rt_mpsc_new("clean", CAPACITY, free, &stages[1].to, &stages[2].from);
	for (unsigned i = 0; i < 3; i++)
		if (error || (error = rt_spawn(&tasks[i], does[i].run, &stages[i], does[i].name)))
			stage_end(&stages[i], error);
	for (unsigned i = 0; i < 3; i++) {
		struct rt_result result;

		if (!tasks[i].task || rt_join(&tasks[i], &result))
			continue;
		error = error ? error : result.code;
		rt_result_free(&result);
	}
	return error;
}

static int run(void *arg)
{
	struct stage stages[3] = { 0 };
	char line[LINE + 1] = "";
	int error = example_file("access.log", &stages[0].file);

	(void)arg;
	if (!error)
		error = example_file("anonymous.log", &stages[2].file);
	if (!error)
		error = log_write(stages[0].file);
	if (!error)
		error = run_stages(stages);
	if (!error && rt_file_read(stages[2].file, line, LINE - 1, stages[2].size - LINE) > 0)
		printf("%zu lines, %lld bytes; the last is \"%s\"\n", stages[1].lines,
		       (long long)stages[2].size, line);
	rt_file_free(stages[0].file);
	rt_file_free(stages[2].file);
	return error;
}

EXAMPLE_PATTERN(NULL, run)
