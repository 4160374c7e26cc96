/* SPDX-License-Identifier: MIT */
/*
 * Start, end, fork: which board is live, and each thread's lane on it.
 *
 * The law: a board that was live is never unmapped in its own process, since
 * another thread may be inside a call. In a forked child nobody can be.
 */
#include "libtrace/live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libtrace/clock.h"
#include "libtrace/home.h"
#include "libtrace/tracepoints.h"

#define BOARDS 64
#define SMALLEST_BOARD 512    /* tasks */
#define REFUSED_CALLS 1024    /* of a thread without a worker record, before it asks again */
#define KEPT_BOARDS 16        /* of dead processes, in one directory */
#define CHILDREN_PER_SWEEP 16 /* a server that forks for each request has many */
#define CALLS_UNDER_WAY 64    /* of other threads, on a board that goes */

int vigil_live_;
struct board *live_board;
__thread struct lane *this_lane __attribute__((tls_model("initial-exec")));

/* The board on which this thread found no free worker record. */
static __thread struct board *this_refusal __attribute__((tls_model("initial-exec")));
static __thread uint32_t this_refusals __attribute__((tls_model("initial-exec")));

static struct board boards[BOARDS];
static uint32_t boards_used;
static uint32_t turns; /* boards that were live, here and in those who forked us */
static struct board_shape shape;
static uint32_t gens[VIGIL_TABLES]; /* given out by earlier boards of this process */
static char home_dir[HOME_PATH_MAX];
static bool has_home_dir;
static char board_name[32];
static char board_path[HOME_PATH_MAX];
static pthread_key_t lane_key;
static bool has_lane_key;
static pthread_once_t lane_key_once = PTHREAD_ONCE_INIT;
static bool is_child;
static uint32_t starting; /* the pid of who starts or ends a board, 0 nobody */

static void lane_exit(void *arg)
{
	struct lane *lane = arg;
	struct board *board = load_acquire(&live_board);
	uint64_t now;

	this_lane = NULL;
	if (!board || lane->board != board)
		return;
	now = clock_now();
	TRACE(thread_end, now, lane->ref);
	lane_close(lane, now);
}

static void lane_key_make(void)
{
	has_lane_key = !pthread_key_create(&lane_key, lane_exit);
}

/* A plugin that holds libvigil.a is unloaded: no thread may come back to us. */
__attribute__((destructor)) static void lane_key_drop(void)
{
	if (has_lane_key)
		pthread_key_delete(lane_key);
	has_lane_key = false;
}

/* ---- options ---- */

static const char *env_of(const char *name)
{
	return secure_getenv(name);
}

/* A number from the environment, else the option. Returns 0 or -EINVAL. */
static int number_read(const char *env, uint32_t option, uint32_t most, uint32_t *ret_number)
{
	const char *text = env_of(env);
	unsigned long value = option;
	char *end;

	if (text && *text) {
		value = strtoul(text, &end, 10);
		if (*end || *text == '-')
			return -EINVAL;
	}
	if (value > most)
		return -EINVAL;
	if (value)
		*ret_number = (uint32_t)value;
	return 0;
}

static int capacity_set(uint32_t table, const char *env, uint32_t option)
{
	uint32_t most = table == VIGIL_TABLE_worker ? WORKERS_MAX :
			table == VIGIL_TABLE_site   ? SITES_MAX :
						      VIGIL_REF_MAX_INDEX;

	return number_read(env, option, most, &shape.capacity[table]);
}

/* Of a program built with a newer header we know only what we know. */
static int options_copy(const struct vigil_options *given, struct vigil_options *ret_options)
{
	const char *bytes = (const char *)given;

	if (!given->struct_size)
		return -EINVAL;
	for (size_t i = sizeof(*given); i < given->struct_size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(ret_options, given,
	       given->struct_size < sizeof(*given) ? given->struct_size : sizeof(*given));
	return 0;
}

static int options_read(const struct vigil_options *given)
{
	struct vigil_options options = { 0 };
	const char *dir = env_of("VIGIL_DIR");
	uint32_t tasks;
	int r = 0;

	if (given)
		r = options_copy(given, &options);
	if (r)
		return r;
	board_shape_default(&shape);
	r |= capacity_set(VIGIL_TABLE_task, "VIGIL_TASKS", options.tasks);
	r |= capacity_set(VIGIL_TABLE_resource, "VIGIL_RESOURCES", options.resources);
	r |= capacity_set(VIGIL_TABLE_op, "VIGIL_OPS", options.ops);
	r |= capacity_set(VIGIL_TABLE_span, "VIGIL_SPANS", options.spans);
	r |= capacity_set(VIGIL_TABLE_attr, "VIGIL_ATTRS", options.attrs);
	r |= capacity_set(VIGIL_TABLE_worker, "VIGIL_WORKERS", options.workers);
	r |= capacity_set(VIGIL_TABLE_site, "VIGIL_SITES", options.sites);
	r |= number_read("VIGIL_FINISHED", options.finished, VIGIL_REF_MAX_INDEX,
			 &shape.retain[VIGIL_TABLE_task]);
	if (r)
		return -EINVAL;
	tasks = shape.capacity[VIGIL_TABLE_task];
	if (shape.retain[VIGIL_TABLE_task] > tasks / 2 + 1)
		shape.retain[VIGIL_TABLE_task] = tasks / 2 + 1;
	shape.capacity[VIGIL_TABLE_hist] = tasks + tasks / 4 + 64;
	if (shape.capacity[VIGIL_TABLE_hist] > VIGIL_REF_MAX_INDEX)
		shape.capacity[VIGIL_TABLE_hist] = VIGIL_REF_MAX_INDEX;
	if (!dir || !*dir)
		dir = options.dir;
	has_home_dir = dir && *dir;
	if (has_home_dir)
		text_put(home_dir, sizeof(home_dir), dir);
	text_put(board_name, sizeof(board_name),
		 options.name ? options.name : program_invocation_short_name);
	clock_init(options.now_ns, options.now_arg);
	return 0;
}

static bool env_says_off(void)
{
	const char *vigil = env_of("VIGIL");

	return vigil && (!strcmp(vigil, "off") || !strcmp(vigil, "0") || !strcmp(vigil, "no"));
}

/* ---- making a board live ---- */

static void command_put(struct vigil_process_record *process)
{
	char *text = process->command;
	size_t length = home_read("/proc/self/cmdline", text, sizeof(process->command));

	for (size_t i = 0; i + 1 < length; i++)
		if (!text[i])
			text[i] = ' ';
}

static void process_put(struct board *board, uint32_t pid, uint64_t start_ticks)
{
	struct vigil_process_record *process = board->process;
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	process->pid = pid;
	process->parent_pid = (uint32_t)getppid();
	process->uid = (uint32_t)geteuid();
	process->clock_source = the_clock.source;
	process->tsc_hz = clock_tsc_hz();
	process->start_ticks = start_ticks;
	process->created_ns = clock_now();
	process->created_unix_ns = (uint64_t)wall.tv_sec * 1000000000ull + (uint64_t)wall.tv_nsec;
	home_read("/proc/sys/kernel/random/boot_id", process->boot_id, 37);
	text_put(process->name, sizeof(process->name), board_name);
	text_put(process->version, sizeof(process->version), VIGIL_VERSION);
	command_put(process);
	process->life = VIGIL_LIFE_LIVE;
}

/* Moves a descriptor out of the way of programs that count on low numbers. */
static int fd_raise(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 500);

	if (high < 0)
		high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Makes the file and the board in it. Returns 0 or -errno. */
static int board_open(struct board *board)
{
	uint32_t pid = (uint32_t)getpid();
	uint64_t start_ticks = home_start_ticks(0);
	int home = home_open(has_home_dir ? home_dir : NULL, board_path);
	int fd, r;

	if (home < 0)
		return home;
	/* A child may have changed its directory before it makes its own. */
	text_put(home_dir, sizeof(home_dir), board_path);
	has_home_dir = true;
	fd = home_create(home, pid, start_ticks, board_path);
	if (fd >= 0 && (!is_child || pid % CHILDREN_PER_SWEEP == 0))
		home_sweep(home, KEPT_BOARDS);
	close(home);
	if (fd < 0)
		return fd;
	fd = fd_raise(fd);
	r = board_init(board, fd, &shape);
	if (r) {
		unlink(board_path);
		close(fd);
		return r;
	}
	process_put(board, pid, start_ticks);
	board_publish(board);
	return 0;
}

/*
 * A limit on file size or address space (ulimit -f, -v) wants a smaller board.
 * Returns false when it would become too small to be of use.
 */
static bool shape_halve(void)
{
	static const uint32_t big[] = { VIGIL_TABLE_task, VIGIL_TABLE_hist,  VIGIL_TABLE_resource,
					VIGIL_TABLE_op,   VIGIL_TABLE_span,  VIGIL_TABLE_attr,
					VIGIL_TABLE_cell, VIGIL_TABLE_worker };

	if (shape.capacity[VIGIL_TABLE_task] < SMALLEST_BOARD)
		return false;
	for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++)
		if (shape.capacity[big[i]] > 32)
			shape.capacity[big[i]] /= 2;
	if (shape.retain[VIGIL_TABLE_task] > shape.capacity[VIGIL_TABLE_task] / 2)
		shape.retain[VIGIL_TABLE_task] /= 2;
	return true;
}

/*
 * Handles of a board that goes must stay strangers on the next one. A call that
 * another thread has under way may still take one generation more.
 */
static void gens_carry(const struct board *board)
{
	for (uint32_t i = 0; i < VIGIL_TABLES; i++) {
		uint32_t high = load(&board->pools[i].gen_high) + CALLS_UNDER_WAY;

		if (high > gens[i])
			gens[i] = high;
	}
}

/* For replays: how large the board is, on which clock, and last of which process. */
static void process_trace(const struct board *board)
{
	const struct vigil_process_record *process = board->process;
	uint64_t now = process->created_ns;

	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		TRACE(process_room, now, 0, table_kinds[i].name, board->tables[i].capacity,
		      board->pools[i].ring_size);
	TRACE(process_clock, now, 0, process->clock_source, process->tsc_hz, process->boot_id);
	TRACE(process_begin, now, 0, process->pid, process->parent_pid, process->uid,
	      process->start_ticks, process->created_unix_ns, process->name, process->command,
	      process->version);
}

static int board_start(void)
{
	struct board *board;
	struct rlimit space;
	int r;

	if (boards_used == BOARDS)
		return -EBUSY;
	board = &boards[boards_used];
	for (uint32_t i = 0; i < VIGIL_TABLES; i++)
		shape.gen_first[i] = gens[i] + 1;
	/* The address space is the program's: a board takes an eighth at most. */
	while (!getrlimit(RLIMIT_AS, &space) && board_size(&shape) > space.rlim_cur / 8)
		if (!shape_halve())
			break;
	do
		r = board_open(board);
	while ((r == -EFBIG || r == -ENOMEM) && shape_halve());
	if (r) {
		board_path[0] = '\0';
		return r;
	}
	boards_used++;
	/* Sites of other turns are not believed; 0 is "never registered". */
	turns = turns % SITE_TURNS + 1;
	board->turn = turns;
	process_trace(board);
	store_release(&live_board, board);
	store_release(&vigil_live_, 1);
	return 0;
}

/*
 * We are a forked child: the parent's board is the parent's. Its mark stays
 * mapped, for other threads of ours that look at it just now.
 */
static void fork_leave(struct board *parent)
{
	is_child = true;
	gens_carry(parent);
	clock_after_fork();
	store(&vigil_live_, 0);
	store_release(&live_board, NULL);
	board_leave(parent);
	boards_used = parent == &boards[0] ? 1 : 0;
	this_lane = NULL;
	this_refusal = NULL;
	if (has_lane_key)
		pthread_setspecific(lane_key, NULL);
}

/*
 * One thread at a time makes or ends a board. The mark is a pid, so that a
 * child forked in the middle of another thread's turn does not wait for it.
 */
static bool turn_take(void)
{
	uint32_t pid = (uint32_t)getpid(), holder = load(&starting);

	return holder != pid && compare_swap(&starting, &holder, pid);
}

static void turn_give(void)
{
	store_release(&starting, 0);
}

/* In our turn. */
static int start(const struct vigil_options *options)
{
	struct board *board = load(&live_board);
	int r;

	if (board && load(board->fork_mark))
		return -EALREADY;
	if (board)
		fork_leave(board);
	if (env_says_off())
		return 0;
	pthread_once(&lane_key_once, lane_key_make);
	r = has_lane_key ? options_read(options) : -EAGAIN;
	/* Before the board is live, so that a session misses no thread and no site. */
	if (!r)
		tracepoints_init(env_of("VIGIL_LTTNG"));
	return r ? r : board_start();
}

int(vigil_init)(const struct vigil_options *options)
{
	int saved = errno, cancel, r;

	/* A thread that is to be cancelled must not end in its turn. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	r = -EALREADY;
	if (turn_take()) {
		r = start(options);
		turn_give();
	}
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
	return r;
}

void(vigil_fini)(void)
{
	struct board *board;
	uint64_t now;

	if (!load(&live_board) || !turn_take())
		return;
	board = load_acquire(&live_board);
	if (!board) {
		turn_give();
		return;
	}
	if (load(board->fork_mark)) {
		now = clock_now();
		TRACE(process_end, now, 0);
		store(&board->process->ended_ns, now);
		store_release(&board->process->life, VIGIL_LIFE_ENDED);
		gens_carry(board);
		store_release(&vigil_live_, 0);
		store_release(&live_board, NULL);
	} else {
		/* A child that made no call: the board is its parent's. */
		fork_leave(board);
	}
	board_path[0] = '\0';
	turn_give();
}

/* ---- threads and children ---- */

/* Returns the child's board or NULL. */
static struct board *fork_adopt(struct board *parent)
{
	if (!turn_take())
		return NULL; /* another thread of the child is at it */
	/* It may have been, a moment ago. */
	if (load(&live_board) == parent) {
		fork_leave(parent);
		board_start();
	}
	turn_give();
	return load(&live_board);
}

/* Gives this thread a lane on the board, or remembers that there is none. */
static struct lane *lane_begin(struct board *board)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid);
	uint64_t now = clock_now();
	struct lane *lane = lane_open(board, now, tid, ANY);
	/* A record that nobody would give back when the thread exits is not kept. */
	bool is_kept = lane && has_lane_key && !pthread_setspecific(lane_key, lane);

	this_lane = is_kept ? lane : NULL;
	this_refusal = is_kept ? NULL : board;
	this_refusals = 0;
	tracepoints_thread();
	/* One that found no record is told of too: a replay counts it. */
	TRACE(thread_begin, now, lane ? lane->ref : 0, lane ? load(&lane->record->id) : 0, tid);
	if (lane && !is_kept) {
		TRACE(thread_end, now, lane->ref);
		lane_close(lane, now);
	}
	return this_lane;
}

struct call call_begin_slow(bool makes_board)
{
	struct call call = { load_acquire(&live_board), NULL };
	int saved = errno, cancel;

	if (!call.board)
		return call;
	/* A thread that is to be cancelled must not end in here. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	/* The mark is wiped on fork. A vfork child shares it, and our memory. */
	if (!load(call.board->fork_mark)) {
		call.board = makes_board ? fork_adopt(call.board) : NULL;
		this_refusal = NULL;
	}
	/* Other threads end, and leave room: ask again once in a while. */
	if (call.board && (this_refusal != call.board || ++this_refusals >= REFUSED_CALLS))
		call.lane = lane_begin(call.board);
	pthread_setcancelstate(cancel, NULL);
	errno = saved;
	return call;
}

bool(vigil_is_live)(void)
{
	return load_acquire(&live_board) != NULL;
}

uint64_t(vigil_now)(void)
{
	return load_acquire(&live_board) ? clock_now() : 0;
}

size_t(vigil_board_path)(char *buf, size_t size)
{
	char path[sizeof(board_path)];
	size_t length;

	/* A forked child's board is made by its first call: let it be this one. */
	if (!load(&vigil_live_) || !call_begin().board)
		return 0;
	text_put(path, sizeof(path), board_path);
	length = strlen(path);
	if (size)
		text_put(buf, size, path);
	return length;
}
