/* SPDX-License-Identifier: MIT */
/*
 * loop: a small event loop, instrumented. It echoes what it is sent:
 *
 *	build/examples/loop 7000 &
 *	bash -c 'exec 3<>/dev/tcp/127.0.0.1/7000; sleep 60' &
 *	build/vigil tasks loop
 *
 * Law: the callbacks, echo and greet, know nothing of Vigil. README.md shows
 * the parts between the marks as they are here.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* README from here */
#include <vigil/vigil.h>

static struct watch {
	void (*run)(int fd);
	enum vigil_wait_kind waits_for;
	vigil_task task;
} watches[1024];

static int epoll;
static vigil_executor loop;

static void loop_init(void)
{
	vigil_init(NULL);
	loop = vigil_executor_new(VIGIL_EXECUTOR_EVENT_LOOP, "echo loop");
	epoll = epoll_create1(EPOLL_CLOEXEC);
}

/* A task's site is the line that opens the watch, not one in here. */
#define watch_open(fd, run, name, waits_for) watch_open_at(VIGIL_HERE(), fd, run, name, waits_for)

static void watch_open_at(struct vigil_site *site, int fd, void (*run)(int), const char *name,
			  enum vigil_wait_kind waits_for)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	vigil_task task =
		vigil_task_spawn_at(site, loop, VIGIL_TASK_CALLBACK, name, VIGIL_SPAWN_IDLE);

	vigil_task_wait_fd(task, waits_for, fd);
	watches[fd] = (struct watch){ run, waits_for, task };
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void watch_close(int fd)
{
	vigil_task_end(watches[fd].task, VIGIL_OUTCOME_COMPLETED);
	watches[fd].run = NULL;
	close(fd);
}

static void watch_run(int fd)
{
	vigil_task task = watches[fd].task; /* run may close the watch */

	vigil_poll_begin(task);
	watches[fd].run(fd);
	if (watches[fd].run)
		vigil_task_wait_fd(watches[fd].task, watches[fd].waits_for, fd);
	vigil_poll_end(task);
}

static void loop_run(void)
{
	struct epoll_event events[64];

	vigil_worker_begin(loop, "main");
	for (;;) {
		int n;

		vigil_worker_park();
		n = epoll_wait(epoll, events, 64, -1);
		vigil_worker_unpark();
		for (int i = 0; i < n; i++) /* from here on all n are runnable */
			vigil_wake(watches[events[i].data.fd].task);
		for (int i = 0; i < n; i++)
			watch_run(events[i].data.fd);
	}
}
/* README up to here */

/* README from here */
static pthread_mutex_t db_mutex = PTHREAD_MUTEX_INITIALIZER;
static vigil_resource db_resource;

static void db_init(void)
{
	db_resource = vigil_resource_new(VIGIL_RESOURCE_MUTEX, "pthread_mutex", "db", 0,
					 VIGIL_RESOURCE_THREAD);
}

#define db_lock() db_lock_at(VIGIL_HERE())

static void db_lock_at(struct vigil_site *site)
{
	if (pthread_mutex_trylock(&db_mutex)) {
		vigil_lock_wait_at(site, db_resource, VIGIL_MODE_EXCLUSIVE);
		pthread_mutex_lock(&db_mutex);
	}
	vigil_lock_acquired_at(site, db_resource, VIGIL_MODE_EXCLUSIVE);
}

static void db_unlock(void)
{
	vigil_lock_released(db_resource);
	pthread_mutex_unlock(&db_mutex);
}
/* README up to here */

static uint64_t db_bytes; /* all there is in the database */

static void echo(int fd)
{
	char buf[4096];
	ssize_t got = read(fd, buf, sizeof(buf));

	if (got <= 0 || write(fd, buf, (size_t)got) != got)
		watch_close(fd);
	db_lock();
	db_bytes += got > 0 ? (uint64_t)got : 0;
	db_unlock();
}

static void greet(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= 0 && fd < 1024)
		watch_open(fd, echo, "echo", VIGIL_WAIT_READABLE);
	else if (fd >= 0)
		close(fd);
}

static const char usage[] = "usage: loop [PORT]\n"
			    "Echoes what it is sent on 127.0.0.1, port 7000 or PORT, for ever.\n";

int main(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : "7000";
	char *end;
	unsigned long port = strtoul(text, &end, 10);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)port) };
	int listener;

	if (argc > 2 || end == text || *end || port > 65535) {
		bool is_help = !strcmp(text, "--help");

		fputs(usage, is_help ? stdout : stderr);
		return is_help ? 0 : 2;
	}
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	loop_init();
	db_init();
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 64)) {
		perror("loop: cannot listen");
		return 1;
	}
	watch_open(listener, greet, "listener", VIGIL_WAIT_ACCEPT);
	loop_run();
}
