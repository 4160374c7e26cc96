/* SPDX-License-Identifier: MIT */
/*
 * Concurrent tasks and a join set: many files are read at once and compared with the checksums
 * noted when they were written; one of them has decayed. Results come as the files are done.
 *
 * A task is cheap, so each file has one. It reads a piece, which is a job of the blocking pool,
 * and rests after it, to leave the disk to others.
 *
 * In the console: tasks "scrub part-07.dat" wait for a timer, or for their job, which is named
 * "read" and the file; the main task waits for the oldest of them. The list of tasks shows the
 * one that failed, and why: "failed -74: part-13.dat is damaged: ...".
 */
#include "../example.h"

#define PARTS 24
#define DECAYED 13
#define PIECE (16 * 1024)
#define REST (25 * RT_MS)

struct part {
	char name[16];
	struct rt_file *file;
	size_t size;
	uint32_t crc; /* when it was written */
};

static uint32_t crc_add(uint32_t crc, const unsigned char *bytes, size_t size)
{
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static int part_write(struct part *part, unsigned number)
{
	unsigned char piece[PIECE];
	ssize_t n = 0;
	int error;

	snprintf(part->name, sizeof(part->name), "part-%02u.dat", number);
	error = example_file(part->name, &part->file);
	for (unsigned i = 0; i < 4 * (1 + number * 5 % 8) && !error; i++) {
		for (size_t at = 0; at < PIECE; at++)
			piece[at] = (unsigned char)(at * number + i);
		part->crc = crc_add(part->crc, piece, PIECE);
		if (number == DECAYED && i == 2)
			piece[100] ^= 1;
		n = rt_file_write(part->file, piece, PIECE, (off_t)part->size);
		part->size += PIECE;
		error = n == PIECE ? 0 : n < 0 ? (int)n : -ENOSPC;
	}
	return rt_context(error, "cannot write %s", part->name);
}

static int scrub(void *arg)
{
	struct part *part = arg;
	unsigned char piece[PIECE];
	uint32_t crc = 0;
	off_t at = 0;
	ssize_t n;
	int error;

	while ((n = rt_file_read(part->file, piece, sizeof(piece), at)) > 0) {
		crc = crc_add(crc, piece, (size_t)n);
		at += n;
		error = rt_sleep(REST);
		if (error)
			return error;
	}
	if (n < 0)
		return rt_context((int)n, "cannot read %s", part->name);
	if (crc != part->crc)
		return rt_fail("checksum", -EBADMSG, "%s is damaged: checksum %08x, noted was %08x",
			       part->name, crc, part->crc);
	rt_set_value(part);
	return 0;
}

/* Takes the results as they come, until the set is empty. */
static void tell_results(struct rt_join_set *set)
{
	struct rt_result result;
	size_t sound = 0, bytes = 0;
	char words[128];

	while (rt_join_set_next(set, &result) == 0) {
		const struct part *part = result.value;

		if (part) {
			sound++;
			bytes += part->size;
		} else {
			rt_error_print(result.error, words, sizeof(words));
			printf("%s\n", words);
		}
		rt_result_free(&result);
	}
	printf("%zu of %d files are sound, %zu bytes\n", sound, PARTS, bytes);
}

static int scrub_all(void *arg)
{
	struct rt_join_set *set = rt_join_set_new("scrub");
	struct part parts[PARTS] = { 0 };
	int error = set ? 0 : -ENOMEM;
	char name[32];

	(void)arg;
	for (unsigned i = 0; i < PARTS && !error; i++)
		error = part_write(&parts[i], i);
	for (unsigned i = 0; i < PARTS && !error; i++) {
		snprintf(name, sizeof(name), "scrub %.15s", parts[i].name);
		error = rt_join_set_spawn(set, scrub, &parts[i], name);
	}
	if (!error)
		tell_results(set);
	/* None may run on: they use our stack. */
	example_end(set);
	for (unsigned i = 0; i < PARTS; i++)
		rt_file_free(parts[i].file);
	return error;
}

EXAMPLE_PATTERN(NULL, scrub_all)
