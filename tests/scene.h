/* SPDX-License-Identifier: MIT */
/*
 * A scene: a small web server that does the same things at the same times each
 * time it is played, so that whole screens can be compared.
 *
 * The law of the file: the clock is the scene's own, threads take turns, and what
 * the kernel gives out (thread ids, the command line) is painted over.
 *
 * What is to be seen: conn 9 holds the async lock "cache" and waits for a pool
 * job that has been reading for 2.25 s; conns 10 to 12 wait for the lock; conn 13
 * has blocked http-2 for 330 ms; conn 14 has been runnable for 310 ms, behind it.
 */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vigil/vigil.h>

#define SCENE_LOOPS 3
#define SCENE_POOL 2
#define SCENE_THREADS (SCENE_LOOPS + SCENE_POOL)
#define SCENE_CONNS 8 /* of them serve requests all the time */
#define SCENE_MS UINT64_C(1000000)
#define SCENE_TICK (250 * SCENE_MS)

enum scene_act {
	ACT_BEGIN_LOOP,
	ACT_BEGIN_POOL,
	ACT_START, /* gets up and wakes the argument */
	ACT_RISE,  /* gets up, for somebody else woke it */
	ACT_SERVE, /* begins to poll the argument */
	ACT_REST,  /* ends the poll of the argument, which waits for its socket */
	ACT_LOCK,  /* polls the argument, which takes the lock and waits for the job */
	ACT_WAIT,  /* polls the argument, which waits for the lock */
	ACT_GRAB,  /* polls the argument, which takes the lock of the log */
	ACT_STALL, /* polls the argument, whose thread waits for that */
	ACT_DROP,  /* its poll gives the lock back, and ends */
	ACT_GET,   /* its poll gets the lock, gives it back, and ends */
};

struct scene_thread {
	pthread_t thread;
	sem_t go, done;
	int number;
	enum scene_act act;
	vigil_task task;
};

static struct {
	uint64_t now;
	uint64_t random;
	char dir[64];
	char path[256];
	unsigned char *board; /* its bytes: for painting, and to read from */
	size_t board_size;
	struct scene_thread threads[SCENE_THREADS];
	vigil_executor http, files;
	vigil_resource cache, config, log;
	vigil_task listener, reaper, job, holder, blocked, late;
	vigil_task conns[SCENE_CONNS];
	vigil_task waiters[3];
	vigil_task neighbour; /* woken by the conn that is served now */
} scene;

#define SCENE_SITE(file, line, function) vigil_site_find("src/" file, line, function, NULL)

static uint64_t scene_clock(void *arg)
{
	(void)arg;
	return __atomic_load_n(&scene.now, __ATOMIC_RELAXED);
}

static void scene_pass(uint64_t ns)
{
	__atomic_add_fetch(&scene.now, ns, __ATOMIC_RELAXED);
}

static uint64_t scene_random(uint64_t below)
{
	scene.random = scene.random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (scene.random >> 33) % below;
}

/* A time between 40 us and 5 ms. */
static uint64_t scene_length(void)
{
	return (UINT64_C(40000) << scene_random(7)) + scene_random(40000);
}

/* Open nowhere, so that nobody can find out what it is. */
static int scene_fd(vigil_task task)
{
	return 2000 + (int)vigil_ref_index(task);
}

/* ---- Threads ---- */

static void scene_begin_thread(struct scene_thread *thread, vigil_executor executor,
			       const char *name, int number)
{
	char text[32];

	snprintf(text, sizeof(text), "%s-%d", name, number);
	vigil_worker_begin(executor, text);
	vigil_worker_park();
	(void)thread;
}

static void scene_lock(vigil_task task)
{
	vigil_poll_begin(task);
	vigil_lock_acquired_at(SCENE_SITE("cache.c", 88, "cache_fill"), scene.cache,
			       VIGIL_MODE_EXCLUSIVE);
	scene.job = vigil_task_spawn_at(SCENE_SITE("pool.c", 61, "pool_read"), scene.files,
					VIGIL_TASK_BLOCKING, "read-file", 0);
	vigil_attr_text(scene.job, "path", "/srv/www/huge.iso");
	scene_pass(40000);
	vigil_task_wait(task, VIGIL_WAIT_JOB, scene.job);
	vigil_poll_end(task);
	vigil_worker_park();
}

/* Two polls and a lock between them. */
static void scene_log_act(enum scene_act act, vigil_task task)
{
	if (act == ACT_GRAB || act == ACT_STALL)
		vigil_poll_begin(task);
	if (act == ACT_STALL)
		vigil_lock_wait_at(SCENE_SITE("log.c", 47, "log_line"), scene.log,
				   VIGIL_MODE_EXCLUSIVE);
	if (act == ACT_GRAB || act == ACT_GET)
		vigil_lock_acquired_at(SCENE_SITE("log.c", 71, "log_rotate"), scene.log,
				       VIGIL_MODE_EXCLUSIVE);
	scene_pass(15000);
	if (act == ACT_GRAB || act == ACT_STALL)
		return;
	vigil_lock_released(scene.log);
	scene_pass(15000);
	vigil_poll_end(task);
}

static void scene_act(struct scene_thread *thread)
{
	struct vigil_site *ready = SCENE_SITE("loop.c", 152, "loop_collect");
	vigil_task task = thread->task;

	switch (thread->act) {
	case ACT_BEGIN_LOOP:
		scene_begin_thread(thread, scene.http, "http", thread->number);
		break;
	case ACT_BEGIN_POOL:
		scene_begin_thread(thread, scene.files, "file", thread->number - SCENE_LOOPS);
		break;
	case ACT_START:
		vigil_worker_unpark();
		vigil_wake_at(ready, task);
		break;
	case ACT_SERVE:
		vigil_poll_begin(task);
		break;
	case ACT_REST:
		if (scene.neighbour)
			vigil_wake_at(SCENE_SITE("conn.c", 204, "conn_forward"), scene.neighbour);
		vigil_task_wait_fd(task, VIGIL_WAIT_READABLE, scene_fd(task));
		vigil_poll_end(task);
		vigil_worker_park();
		break;
	case ACT_LOCK:
		scene_lock(task);
		break;
	case ACT_WAIT:
		vigil_poll_begin(task);
		vigil_lock_wait_at(SCENE_SITE("cache.c", 41, "cache_get"), scene.cache,
				   VIGIL_MODE_EXCLUSIVE);
		scene_pass(15000);
		vigil_poll_end(task);
		vigil_worker_park();
		break;
	case ACT_RISE:
		vigil_worker_unpark();
		break;
	default:
		scene_log_act(thread->act, task);
		break;
	}
}

static void *scene_main(void *arg)
{
	struct scene_thread *thread = arg;

	for (;;) {
		sem_wait(&thread->go);
		scene_act(thread);
		sem_post(&thread->done);
	}
	return NULL;
}

static void scene_on(int number, enum scene_act act, vigil_task task)
{
	struct scene_thread *thread = &scene.threads[number];

	thread->act = act;
	thread->task = task;
	sem_post(&thread->go);
	sem_wait(&thread->done);
}

static void scene_start_threads(void)
{
	int i;

	for (i = 0; i < SCENE_THREADS; i++) {
		struct scene_thread *thread = &scene.threads[i];

		thread->number = i;
		sem_init(&thread->go, 0, 0);
		sem_init(&thread->done, 0, 0);
		pthread_create(&thread->thread, NULL, scene_main, thread);
		scene_on(i, i < SCENE_LOOPS ? ACT_BEGIN_LOOP : ACT_BEGIN_POOL, 0);
		scene_pass(SCENE_MS);
	}
}

/* ---- The server ---- */

static vigil_task scene_conn(int peer)
{
	vigil_task conn = vigil_task_spawn_at(SCENE_SITE("conn.c", 120, "conn_open"), scene.http,
					      VIGIL_TASK_CALLBACK, "http-conn", VIGIL_SPAWN_IDLE);
	char text[32];

	snprintf(text, sizeof(text), "10.0.0.%d:52%03d", peer, 100 + peer * 7);
	vigil_attr_text(conn, "peer", text);
	vigil_attr_u64(conn, "requests", (uint64_t)(peer * 3), NULL);
	vigil_task_wait_fd(conn, VIGIL_WAIT_READABLE, scene_fd(conn));
	scene_pass(SCENE_MS);
	return conn;
}

static void scene_ended(const char *name, enum vigil_outcome outcome)
{
	vigil_task task = vigil_task_spawn_at(SCENE_SITE("resolve.c", 33, "resolve_start"),
					      scene.http, VIGIL_TASK_ASYNC, name, 0);

	scene_pass(70000);
	vigil_poll_begin(task);
	scene_pass(220000);
	if (outcome == VIGIL_OUTCOME_FAILED)
		vigil_task_fail(task, 5, "no such host");
	else
		vigil_task_end(task, outcome);
	vigil_poll_end(task);
	scene_pass(3 * SCENE_MS);
}

static void scene_locks(void)
{
	int i;

	scene.cache = vigil_resource_new_at(SCENE_SITE("cache.c", 20, "cache_init"),
					    VIGIL_RESOURCE_MUTEX, "rt_mutex", "cache", 0, 0);
	scene.config = vigil_resource_new_at(SCENE_SITE("config.c", 14, "config_load"),
					     VIGIL_RESOURCE_RWLOCK, "rt_rwlock", "config", 0, 0);
	scene.log = vigil_resource_new_at(SCENE_SITE("log.c", 9, "log_open"), VIGIL_RESOURCE_MUTEX,
					  "pthread_mutex", "log", 0, VIGIL_RESOURCE_THREAD);
	for (i = 0; i < 300; i++) {
		vigil_resource lock = i % 3 ? scene.log : scene.cache;
		struct vigil_site *site = i % 3 ? SCENE_SITE("log.c", 47, "log_line") :
						  SCENE_SITE("cache.c", 41, "cache_get");

		if (i % 5 == 0) {
			vigil_lock_wait_at(site, lock, VIGIL_MODE_EXCLUSIVE);
			scene_pass(scene_length() / 4);
		}
		vigil_lock_acquired_at(site, lock, VIGIL_MODE_EXCLUSIVE);
		scene_pass(scene_length() / 8);
		vigil_lock_released(lock);
	}
	vigil_lock_acquired_at(SCENE_SITE("config.c", 30, "config_get"), scene.config,
			       VIGIL_MODE_SHARED);
}

static void scene_spawn(void)
{
	int i;

	scene.listener =
		vigil_task_spawn_at(SCENE_SITE("listener.c", 87, "listener_open"), scene.http,
				    VIGIL_TASK_CALLBACK, "listener", VIGIL_SPAWN_IDLE);
	vigil_task_wait_fd(scene.listener, VIGIL_WAIT_ACCEPT, 1999);
	scene.reaper = vigil_task_spawn_at(SCENE_SITE("timers.c", 52, "timers_init"), scene.http,
					   VIGIL_TASK_CALLBACK, "idle-reaper", VIGIL_SPAWN_IDLE);
	for (i = 0; i < SCENE_CONNS; i++)
		scene.conns[i] = scene_conn(i + 1);
	scene.holder = scene_conn(20);
	for (i = 0; i < 3; i++)
		scene.waiters[i] = scene_conn(21 + i);
	scene.blocked = scene_conn(30);
	scene.late = scene_conn(31);
	scene_ended("resolve", VIGIL_OUTCOME_COMPLETED);
	scene_ended("resolve", VIGIL_OUTCOME_FAILED);
	scene_ended("resolve", VIGIL_OUTCOME_CANCELLED);
}

static uint64_t scene_start_ticks(uint32_t pid)
{
	char path[64];
	char stat[1024];
	char *at = NULL;
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "r");
	if (file && fgets(stat, sizeof(stat), file))
		at = strrchr(stat, ')');
	/* Field 22; the name, which may have spaces, is field 2. */
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (file)
		fclose(file);
	return at ? strtoull(at, NULL, 10) : 0;
}

static void *scene_record(enum vigil_table table, uint32_t index)
{
	const struct vigil_header *header = (void *)scene.board;
	const struct vigil_table_header *it =
		(void *)(scene.board + header->tables_offset + table * header->table_header_size);

	return index < it->used ? scene.board + it->offset + (size_t)index * it->record_size : NULL;
}

/*
 * What the kernel gives out differs from run to run; the board gets fixed words.
 * Its pid becomes that of the one process that is always there.
 */
static void scene_paint(void)
{
	int file = open(scene.path, O_RDWR | O_CLOEXEC);
	struct vigil_process_record *process;
	struct vigil_worker_record *worker;
	uint32_t i;

	scene.board_size = (size_t)lseek(file, 0, SEEK_END);
	scene.board = mmap(NULL, scene.board_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (file < 0 || scene.board == MAP_FAILED)
		abort();
	close(file);
	process = scene_record(VIGIL_TABLE_process, 0);
	if (!process)
		abort();
	strcpy(process->command, "httpd --port 8080 --workers 3");
	process->pid = 1;
	process->start_ticks = scene_start_ticks(1);
	for (i = 0; (worker = scene_record(VIGIL_TABLE_worker, i)); i++)
		worker->tid = 4242 + i;
}

/* The server as it is after its start. */
static void scene_begin(void)
{
	struct vigil_options options = {
		.struct_size = sizeof(options),
		.name = "httpd",
		.now_ns = scene_clock,
	};

	strcpy(scene.dir, "/tmp/vigil-scene-XXXXXX");
	if (!mkdtemp(scene.dir))
		abort();
	scene.now = UINT64_C(1000) * 1000 * SCENE_MS;
	scene.random = 42;
	options.dir = scene.dir;
	if (vigil_init(&options) || !vigil_board_path(scene.path, sizeof(scene.path)))
		abort();
	scene.http = vigil_executor_new_at(SCENE_SITE("main.c", 40, "main"),
					   VIGIL_EXECUTOR_EVENT_LOOP, "http");
	scene.files = vigil_executor_new_at(SCENE_SITE("pool.c", 19, "pool_init"),
					    VIGIL_EXECUTOR_BLOCKING_POOL, "files");
	scene_start_threads();
	scene_spawn();
	scene_locks();
	scene_paint();
}

static void scene_end(void)
{
	unlink(scene.path);
	rmdir(scene.dir);
}

/* ---- Time goes on ---- */

/* One round: up to three conns become readable, and are served one by one. */
static void scene_round(int round, int loops)
{
	vigil_task served[SCENE_LOOPS];
	int i;

	for (i = 0; i < loops; i++) {
		served[i] = scene.conns[(round * 3 + i) % SCENE_CONNS];
		scene_on(i, i == 0 && round % 2 ? ACT_RISE : ACT_START, served[i]);
		scene_pass(scene_random(90000));
	}
	for (i = 0; i < loops; i++)
		scene_on(i, ACT_SERVE, served[i]);
	for (i = 0; i < loops; i++) {
		scene_pass(scene_length());
		if (i == 0 && round % 2 == 0)
			scene.neighbour = scene.conns[(round + 1) * 3 % SCENE_CONNS];
		scene_on(i, ACT_REST, served[i]);
		scene.neighbour = 0;
	}
}

/* A quarter of a second. */
static void scene_tick(int tick, int loops)
{
	uint64_t end = scene.now + SCENE_TICK;
	int round;

	for (round = 0; round < 6 + tick % 6 * 4; round++) {
		scene_round(round, loops);
		scene_pass(SCENE_MS + scene_random(2 * SCENE_MS));
	}
	if (scene.now < end)
		scene.now = end;
}

/* Conn 9 takes the lock, its job begins, others queue up behind it. */
static void scene_trouble(void)
{
	int i;

	scene_on(0, ACT_START, scene.holder);
	scene_on(0, ACT_LOCK, scene.holder);
	scene_on(SCENE_LOOPS, ACT_RISE, 0);
	scene_on(SCENE_LOOPS, ACT_SERVE, scene.job);
	for (i = 0; i < 3; i++) {
		scene_pass(30 * SCENE_MS);
		scene_on(0, ACT_START, scene.waiters[i]);
		scene_on(0, ACT_WAIT, scene.waiters[i]);
	}
}

/* Conn 13 blocks its loop, conn 14 cannot run for it. */
static void scene_block(void)
{
	scene_on(2, ACT_START, scene.blocked);
	scene_on(2, ACT_SERVE, scene.blocked);
	scene_pass(20 * SCENE_MS);
	vigil_wake_at(SCENE_SITE("loop.c", 152, "loop_collect"), scene.late);
	vigil_task_wait_until(scene.reaper, VIGIL_WAIT_TIMER, 0, scene.now + 350 * SCENE_MS);
}

#endif
