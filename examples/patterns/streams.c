/* SPDX-License-Identifier: MIT */
/*
 * Streams: two sensors' readings; the broken ones are filtered out, the good ones become lines of
 * text, both are merged, put in packets, throttled, and uploaded two at a time. Nothing is made
 * that nobody draws: each generator is one reading ahead, no more.
 *
 * In the console (t) this pressure from behind is seen: "thermometer" and "barometer" send to
 * their queues, "both sensors" to its own, since "next upload" waits out the throttle's timer.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../example.h"

#define READINGS 36 /* of each sensor */
#define PACKET 4
#define GAP_NS (120 * RT_MS) /* between packets, at least */

struct sensor {
	const char *name;
	int first, step, worst; /* of tenths */
};

struct reading {
	const struct sensor *sensor;
	int tenths;
};

struct totals {
	_Atomic unsigned packets, lines, characters;
	_Atomic unsigned now, most; /* uploads */
};

/* ---- The stages ---- */

static int measure(struct rt_stream *stream, void *arg)
{
	const struct sensor *sensor = arg;
	int code = 0;

	for (int i = 0; i < READINGS && !code; i++) {
		struct reading *reading = malloc(sizeof(*reading));

		if (!reading)
			return -ENOMEM;
		reading->sensor = sensor;
		reading->tenths = i % 6 == 5 ? sensor->worst : sensor->first + i * sensor->step;
		code = rt_stream_put(stream, reading);
		if (code)
			free(reading);
	}
	return code;
}

static bool is_plausible(void *arg, void *item)
{
	const struct reading *reading = item;

	(void)arg;
	return reading->tenths != reading->sensor->worst;
}

/* NULL, no memory, is an item too: the upload fails. */
static void *describe(void *arg, void *item)
{
	struct reading *reading = item;
	char *line = NULL;

	(void)arg;
	if (asprintf(&line, "%s %d.%d", reading->sensor->name, reading->tenths / 10,
		     reading->tenths % 10) < 0)
		line = NULL;
	free(reading);
	return line;
}

static int upload(void *arg, void *item)
{
	struct totals *totals = arg;
	struct rt_chunk *packet = item;
	unsigned now = atomic_fetch_add(&totals->now, 1) + 1;
	int code = rt_sleep(200 * RT_MS);

	if (now > totals->most)
		totals->most = now;
	totals->packets++;
	for (size_t i = 0; i < packet->count; i++) {
		char *line = packet->items[i];

		code = line ? code : -ENOMEM;
		totals->lines++;
		totals->characters += line ? (unsigned)strlen(line) : 0;
		free(line);
	}
	free(packet);
	totals->now--;
	return code;
}

/* ---- Put together ---- */

static struct rt_stream *lines_of(struct sensor *sensor)
{
	struct rt_stream *stream = rt_stream_new(sensor->name, measure, sensor, free);

	stream = rt_stream_filter(stream, is_plausible, NULL);
	return rt_stream_map(stream, describe, NULL, free);
}

static int upload_all(void *arg)
{
	struct sensor sensors[] = { { "thermometer", 180, 3, 9999 },
				    { "barometer", 10132, -2, 0 } };
	struct rt_stream *lines[] = { lines_of(&sensors[0]), lines_of(&sensors[1]) };
	struct rt_stream *packets = rt_stream_merge("both sensors", lines, 2);
	struct totals totals = { 0 };
	int code;

	(void)arg;
	packets = rt_stream_throttle(rt_stream_chunks(packets, PACKET), GAP_NS);
	code = rt_stream_for_each_bounded(packets, 2, upload, &totals, "upload");
	if (!code)
		printf("%d readings, %u plausible, in %u packets, uploaded %u at a time: "
		       "%u characters\n",
		       2 * READINGS, totals.lines, totals.packets, totals.most, totals.characters);
	return code;
}

EXAMPLE_PATTERN(NULL, upload_all)
