/* SPDX-License-Identifier: MIT */
/*
 * Stack overflows, told.
 *
 * Law: the handler allocates nothing, takes no lock, and leaves errno. It never
 * decides how the process ends: it steps aside, and the fault happens again.
 */
#include "stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Reports of sanitizers, which may come after ours, take much. */
#define ALTERNATE_SIZE ((size_t)256 << 10)
#define LINE_SIZE 256

typedef size_t (*describe_fn)(struct stack stack, char *buf, size_t size);

static const int signals[] = { SIGSEGV, SIGBUS };
#define N_SIGNALS (sizeof(signals) / sizeof(*signals))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_watchers;
static struct sigaction previous[N_SIGNALS]; /* changes while no handler of ours is installed */
static _Atomic(describe_fn) describer;
static _Thread_local void *alternate; /* this thread's, if it is ours */

/* ---- In the handler ---- */

struct line {
	char text[LINE_SIZE];
	size_t len;
};

static void put(struct line *line, const char *text)
{
	while (*text && line->len < LINE_SIZE)
		line->text[line->len++] = *text++;
}

static void put_number(struct line *line, size_t number)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(line, digits + at);
}

static void tell(struct stack stack)
{
	struct line line = { .len = 0 };
	char who[96];
	size_t len = atomic_load(&describer)(stack, who, sizeof(who) - 1);

	who[len < sizeof(who) ? len : sizeof(who) - 1] = '\0';
	put(&line, "rt: ");
	put(&line, who);
	put(&line, " overflowed its stack of ");
	put_number(&line, stack.size / 1024);
	put(&line, " KiB; give it a larger one "
		   "(rt_options.stack_size, or rt_spawn_options.stack_size)\n");
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return; /* nobody listens */
}

/* Does with a signal what is done where we do not stand in the way. */
static void hand_on(const struct sigaction *to, int signal, siginfo_t *info, void *ucontext)
{
	bool is_fault = info->si_code > 0; /* sent by the kernel: it comes again */

	if (to->sa_handler == SIG_DFL || (to->sa_handler == SIG_IGN && is_fault)) {
		sigaction(signal, to, NULL);
		if (!is_fault)
			raise(signal); /* delivered when we return */
	} else if (to->sa_handler != SIG_IGN) {
		if (to->sa_flags & SA_SIGINFO)
			to->sa_sigaction(signal, info, ucontext);
		else
			to->sa_handler(signal);
	}
}

static void on_fault(int signal, siginfo_t *info, void *ucontext)
{
	const struct sigaction *to = &previous[signal == signals[0] ? 0 : 1];
	int saved_errno = errno;
	struct stack stack;

	if (info->si_code > 0 && stack_guard_hit(info->si_addr, &stack)) {
		tell(stack);
		sigaction(signal, to, NULL);
	} else {
		hand_on(to, signal, info, ucontext);
	}
	errno = saved_errno;
}

/* ---- Watching ---- */

static void handler_install(size_t n)
{
	struct sigaction ours = { .sa_sigaction = on_fault };

	/* As the previous one would have been called. */
	sigaction(signals[n], NULL, &previous[n]);
	ours.sa_mask = previous[n].sa_mask;
	ours.sa_flags =
		SA_SIGINFO | SA_ONSTACK | (previous[n].sa_flags & (SA_NODEFER | SA_RESTART));
	sigaction(signals[n], &ours, NULL);
}

/* Not if it is someone else's by now. */
static void handler_remove(size_t n)
{
	struct sigaction now;

	sigaction(signals[n], NULL, &now);
	if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault)
		sigaction(signals[n], &previous[n], NULL);
}

/* Without memory for it there is no stack, and an overflow is only a crash. */
static void alternate_install(void)
{
	stack_t old, ours = { .ss_size = ALTERNATE_SIZE };

	if (sigaltstack(NULL, &old) || !(old.ss_flags & SS_DISABLE))
		return;
	ours.ss_sp = mmap(NULL, ALTERNATE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (ours.ss_sp == MAP_FAILED)
		return;
	if (sigaltstack(&ours, NULL))
		munmap(ours.ss_sp, ALTERNATE_SIZE);
	else
		alternate = ours.ss_sp;
}

static void alternate_remove(void)
{
	stack_t none = { .ss_flags = SS_DISABLE }, now;

	if (!alternate)
		return;
	if (!sigaltstack(NULL, &now) && now.ss_sp == alternate)
		sigaltstack(&none, NULL);
	munmap(alternate, ALTERNATE_SIZE);
	alternate = NULL;
}

void overflow_watch_begin(describe_fn describe)
{
	alternate_install();
	pthread_mutex_lock(&mutex);
	atomic_store(&describer, describe);
	for (size_t n = 0; !n_watchers && n < N_SIGNALS; n++)
		handler_install(n);
	n_watchers++;
	pthread_mutex_unlock(&mutex);
}

void overflow_watch_end(void)
{
	pthread_mutex_lock(&mutex);
	n_watchers--;
	for (size_t n = 0; !n_watchers && n < N_SIGNALS; n++)
		handler_remove(n);
	pthread_mutex_unlock(&mutex);
	alternate_remove();
}
