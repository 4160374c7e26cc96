/* SPDX-License-Identifier: MIT */
/*
 * What the scenes of tests/helpers share. A scene is a program that gets itself
 * into a state, says "ready" on stdout, and stays as it is until it is killed.
 */
#ifndef TESTS_HELPERS_SCENE_H
#define TESTS_HELPERS_SCENE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vigil/vigil.h>

static inline void scene_begin(const char *name)
{
	struct vigil_options options = { .struct_size = sizeof(options), .name = name };

	if (vigil_init(&options)) {
		fputs("no board\n", stderr);
		exit(1);
	}
}

static inline void scene_hold(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* Runs a thread up to where it posts `there`; then it may block for ever. */
static inline void scene_thread(void *(*body)(void *), sem_t *there)
{
	pthread_t thread;

	sem_init(there, 0, 0);
	if (pthread_create(&thread, NULL, body, NULL))
		exit(1);
	sem_wait(there);
}

#endif
