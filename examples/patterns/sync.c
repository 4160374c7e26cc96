/* SPDX-License-Identifier: MIT */
/*
 * Notify, barrier and once: the game of life on a torus, in bands. The pattern is read from a file
 * by the band that comes first; the others wait for it (once). No band begins a generation
 * before all have ended the one before (barrier). The leader of each barrier counts the
 * generation, wakes who shows progress (notify), and keeps the pace. Wakes that come while
 * he is busy are one, so showing never holds up the work.
 *
 * In the console: three of "band 0" to "band 3" wait for a notification of barrier "generation",
 * the leader for a timer: `vigil why` of one goes on to it. "progress" waits for a timer
 * or notify "generation ended"; its attribute is the generation it shows. Among the locks is once
 * "pattern", last held by the band that read it.
 */
#include <stdatomic.h>

#include "../example.h"

#define SIZE 128
#define BANDS 4
#define GENERATIONS 500
#define PACE (2 * RT_MS)

struct life {
	struct rt_once *pattern;
	struct rt_barrier *generation;
	struct rt_notify *ended;
	_Atomic unsigned generations;
	struct rt_file *file;
	unsigned made;
	char cells[2][SIZE][SIZE]; /* of even and of odd generations */
};

struct band {
	struct life *life;
	unsigned from, to;
};

/* ---- Once ---- */

/* Called once, whoever comes first. */
static int pattern_make(void *arg, void **ret_pattern)
{
	struct life *life = arg;
	char text[SIZE] = "";
	ssize_t n = rt_file_read(life->file, text, sizeof(text) - 1, 0);
	unsigned x = 0, y = 0;

	if (n < 0)
		return rt_context((int)n, "cannot read the pattern");
	for (const char *c = text; *c; c++) {
		if (*c == '\n') {
			y++;
			x = 0;
		} else {
			life->cells[0][SIZE / 2 + y][SIZE / 2 + x++] = *c == 'O';
		}
	}
	life->made++;
	*ret_pattern = life->cells[0];
	return 0;
}

/* ---- A band ---- */

static char next_cell(char cells[SIZE][SIZE], unsigned y, unsigned x)
{
	unsigned around = 0;

	for (unsigned dy = SIZE - 1; dy <= SIZE + 1; dy++)
		for (unsigned dx = SIZE - 1; dx <= SIZE + 1; dx++)
			around += (unsigned)cells[(y + dy) % SIZE][(x + dx) % SIZE];
	return around == 3 || (around == 4 && cells[y][x]);
}

static int generation_run(const struct band *band, unsigned generation)
{
	struct life *life = band->life;
	char(*now)[SIZE] = life->cells[generation % 2];
	char(*next)[SIZE] = life->cells[(generation + 1) % 2];
	int code;

	for (unsigned y = band->from; y < band->to; y++)
		for (unsigned x = 0; x < SIZE; x++)
			next[y][x] = next_cell(now, y, x);
	/* Behind it nobody reads the old generation any more: it is overwritten next. */
	code = rt_barrier_wait(life->generation);
	if (code != 1)
		return code;
	/* The leader: one of those who came. */
	atomic_fetch_add(&life->generations, 1);
	rt_notify_one(life->ended);
	return rt_sleep(PACE);
}

static int band_run(void *arg)
{
	const struct band *band = arg;
	void *pattern;
	int code = rt_once_get_or_make(band->life->pattern, pattern_make, band->life, &pattern);

	for (unsigned i = 0; i < GENERATIONS && !code; i++)
		code = generation_run(band, i);
	return code;
}

/* ---- Progress ---- */

static int progress_run(void *arg)
{
	struct life *life = arg;
	unsigned seen = 0;
	int code = 0;

	while (seen < GENERATIONS && !code) {
		code = rt_notified(life->ended);
		seen = atomic_load(&life->generations);
		vigil_attr_u64(vigil_task_current(), "generation", seen, NULL);
		if (!code)
			code = rt_sleep(50 * RT_MS);
	}
	return code;
}

/* ---- All of it ---- */

static unsigned population(const struct life *life)
{
	unsigned count = 0;

	for (unsigned y = 0; y < SIZE; y++)
		for (unsigned x = 0; x < SIZE; x++)
			count += (unsigned)life->cells[GENERATIONS % 2][y][x];
	return count;
}

static int bands_run(struct life *life)
{
	static const unsigned ends[BANDS + 1] = { 0, 20, 40, 60, SIZE };
	struct rt_join_set *set = rt_join_set_new("bands");
	struct band bands[BANDS];
	struct rt_result result;
	char name[16];
	int error = set ? rt_join_set_spawn(set, progress_run, life, "progress") : -ENOMEM;

	for (unsigned i = 0; i < BANDS && !error; i++) {
		bands[i] = (struct band){ life, ends[i], ends[i + 1] };
		snprintf(name, sizeof(name), "band %u", i);
		error = rt_join_set_spawn(set, band_run, &bands[i], name);
	}
	while (!error && rt_join_set_next(set, &result) == 0)
		error = result.error ? rt_fail_with(result.error) : result.code;
	/* With one band less the others would wait for it for ever. */
	example_end(set);
	return error;
}

static int live(void *arg)
{
	static const char pattern[] = ".OO\nOO.\n.O.\n"; /* the R-pentomino */
	struct life *life = calloc(1, sizeof(*life));
	int error = life ? example_file("pattern.txt", &life->file) : -ENOMEM;
	ssize_t n = error ? error : rt_file_write(life->file, pattern, strlen(pattern), 0);

	(void)arg;
	if (n > 0) {
		life->pattern = rt_once_new("pattern");
		life->generation = rt_barrier_new("generation", BANDS);
		life->ended = rt_notify_new("generation ended");
		error = life->pattern && life->generation && life->ended ? bands_run(life) :
									   -ENOMEM;
		if (!error)
			printf("the pattern was read %u time; %u cells live after %u generations\n",
			       life->made, population(life), atomic_load(&life->generations));
		rt_notify_free(life->ended);
		rt_barrier_free(life->generation);
		rt_once_free(life->pattern);
	}
	if (life)
		rt_file_free(life->file);
	free(life);
	return n < 0 ? (int)n : error;
}

EXAMPLE_PATTERN(NULL, live)
