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
#include "../example.h"

#define SIZE 128
#define BANDS 4
#define WIDTH 4 /* of a line of the pattern */
#define GENERATIONS 500
#define PACE (2 * RT_MS)

static const char pattern[] = ".OO\nOO.\n.O.\n"; /* the R-pentomino */

struct life {
	struct rt_once *pattern;
	struct rt_barrier *generation;
	struct rt_notify *ended;
	_Atomic unsigned generations;
	struct rt_file *file;
	unsigned made;
};

static char cells[2][SIZE][SIZE]; /* of even and of odd generations */

struct band {
	struct life *life;
	unsigned from, to;
};

/* Called once, whoever comes first. */
static int pattern_make(void *arg, void **ret_pattern)
{
	struct life *life = arg;
	char text[sizeof(pattern)];
	ssize_t n = rt_file_read(life->file, text, sizeof(text), 0);

	if (n < 0)
		return rt_context((int)n, "cannot read the pattern");
	memset(cells, 0, sizeof(cells));
	for (unsigned i = 0; i < n; i++)
		cells[0][SIZE / 2 + i / WIDTH][SIZE / 2 + i % WIDTH] = text[i] == 'O';
	life->made++;
	*ret_pattern = cells[0];
	return 0;
}

static char next_cell(char now[SIZE][SIZE], unsigned y, unsigned x)
{
	unsigned around = 0;

	for (unsigned dy = SIZE - 1; dy <= SIZE + 1; dy++)
		for (unsigned dx = SIZE - 1; dx <= SIZE + 1; dx++)
			around += (unsigned)now[(y + dy) % SIZE][(x + dx) % SIZE];
	return around == 3 || (around == 4 && now[y][x]);
}

static int band_run(void *arg)
{
	const struct band *band = arg;
	struct life *life = band->life;
	void *made;
	int code = rt_once_get_or_make(life->pattern, pattern_make, life, &made);

	for (unsigned i = 0; i < GENERATIONS && !code; i++) {
		for (unsigned y = band->from; y < band->to; y++)
			for (unsigned x = 0; x < SIZE; x++)
				cells[(i + 1) % 2][y][x] = next_cell(cells[i % 2], y, x);
		/* Behind it nobody reads the old generation any more: it is overwritten next. */
		code = rt_barrier_wait(life->generation);
		if (code == 1) { /* the leader: one of those who came */
			life->generations++;
			rt_notify_one(life->ended);
			code = rt_sleep(PACE);
		}
	}
	return code;
}

static int progress_run(void *arg)
{
	struct life *life = arg;
	unsigned seen = 0;
	int code = 0;

	while (seen < GENERATIONS && !code) {
		code = rt_notified(life->ended);
		seen = life->generations;
		vigil_attr_u64(vigil_task_current(), "generation", seen, NULL);
		if (!code)
			code = rt_sleep(50 * RT_MS);
	}
	return code;
}

static unsigned population(void)
{
	unsigned count = 0;

	for (unsigned y = 0; y < SIZE; y++)
		for (unsigned x = 0; x < SIZE; x++)
			count += (unsigned)cells[GENERATIONS % 2][y][x];
	return count;
}

static int live(void *arg)
{
	static const unsigned ends[BANDS + 1] = { 0, 20, 40, 60, SIZE };
	struct rt_join_set *set = rt_join_set_new("bands");
	struct band bands[BANDS];
	struct life life = { .pattern = rt_once_new("pattern"),
			     .generation = rt_barrier_new("generation", BANDS),
			     .ended = rt_notify_new("generation ended") };
	int error = set && life.pattern && life.generation && life.ended ? 0 : -ENOMEM;

	(void)arg;
	if (!error)
		error = example_file("pattern.txt", &life.file);
	if (!error)
		error = (int)rt_file_write(life.file, pattern, sizeof(pattern), 0);
	if (error >= 0)
		error = rt_join_set_spawn(set, progress_run, &life, "progress");
	for (unsigned i = 0; i < BANDS; i++)
		bands[i] = (struct band){ &life, ends[i], ends[i + 1] };
	if (!error)
		error = example_spawn_each(set, "band", band_run, bands, sizeof(bands[0]), BANDS);
	error = rt_join_set_finish(set, error);
	if (!error)
		printf("the pattern was read %u time; %u cells live after %u generations\n",
		       life.made, population(), life.generations);
	rt_file_free(life.file);
	rt_notify_free(life.ended);
	rt_barrier_free(life.generation);
	rt_once_free(life.pattern);
	return error;
}

EXAMPLE_PATTERN(NULL, live)
