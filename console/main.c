/* SPDX-License-Identifier: MIT */
/*
 * The command: one table of verbs, from which options are read and help is made.
 *
 * The law: whatever is typed gets what was asked for or one sentence on stderr
 * and status 2.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vigil/vigil.h>

#include "console/options.h"
#include "console/slips.h"
#include "console/verb.h"

/* Options, and which verbs take them. */
enum takes {
	TAKES_NONE = 0,
	TAKES_JSON = 1,
	TAKES_FILTER = 2,
	TAKES_WATCH = 4,
	TAKES_DIR = 8,
	TAKES_PRUNE = 16,
	TAKES_SCREEN = 32,
	TAKES_OVER = 64,
	TAKES_TASK = 128,
	TAKES_LIMIT = 256,
	TAKES_ALL = 512, /* all verbs */
	TAKES_ENDED = 1024,
	TAKES_RECORD = 2048,
	TAKES_OUTPUT = 4096,
	TAKES_REPORT = 8192,
	TAKES_EXPORT = 16384,
	TAKES_MOMENT = 32768,
	TAKES_PLAY = 65536,
	TAKES_LIST = TAKES_JSON | TAKES_FILTER | TAKES_WATCH | TAKES_LIMIT,
};

/* What stands behind a verb: nothing, a target, a task, a command, a session. */
enum operands {
	OPERANDS_NONE,
	OPERANDS_TARGET,
	OPERANDS_TASK,
	OPERANDS_TARGET_TASK,
	OPERANDS_COMMAND,
	OPERANDS_SESSION,
	OPERANDS_TRACES,
	OPERANDS_TRACE
};

struct verb {
	const char *name;
	enum operands operands;
	unsigned takes;
	int (*run)(const struct verb_options *options);
	const char *help;
};

/* clang-format off */
static const struct verb verbs[] = {
	{ "top", OPERANDS_TARGET, TAKES_MOMENT | TAKES_SCREEN | TAKES_FILTER, verb_top,
	  "the console: tasks, locks, wakers, resources, executors, sites, live" },
	{ "replay", OPERANDS_TRACE, TAKES_MOMENT | TAKES_PLAY | TAKES_SCREEN | TAKES_FILTER,
	  verb_replay, "the console on a trace: play, step, rewind, jump, timeline" },
	{ "ps", OPERANDS_NONE, TAKES_LIST | TAKES_DIR, verb_ps,
	  "instrumented processes, living and dead, and their boards" },
	{ "prune", OPERANDS_NONE, TAKES_JSON | TAKES_DIR | TAKES_PRUNE, verb_prune,
	  "remove the boards of processes that are gone" },
	{ "tasks", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST | TAKES_ENDED, verb_tasks,
	  "what every task does, and what for" },
	{ "task", OPERANDS_TASK, TAKES_MOMENT | TAKES_JSON | TAKES_WATCH, verb_task,
	  "all about one task" },
	{ "executors", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST, verb_executors,
	  "executors and their workers: busy, parked, blocked" },
	{ "locks", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST, verb_locks,
	  "who holds which lock, for how long, and who waits" },
	{ "wakers", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST, verb_wakers,
	  "who wakes whom, how often, and how late" },
	{ "resources", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST, verb_resources,
	  "channels, locks, timers, sockets, ...: their attributes, who waits" },
	{ "sites", OPERANDS_TARGET, TAKES_MOMENT | TAKES_LIST, verb_sites,
	  "all tasks grouped by the line that spawned them" },
	{ "report", OPERANDS_TRACES, TAKES_JSON | TAKES_TASK | TAKES_REPORT, verb_report,
	  "what happened in a trace: what is slow, stuck, contended, lost" },
	{ "why", OPERANDS_TARGET_TASK,
	  TAKES_MOMENT | TAKES_JSON | TAKES_WATCH | TAKES_OVER | TAKES_TASK, verb_why,
	  "from a stuck task to the cause; without a task, every stuck one" },
	{ "record", OPERANDS_COMMAND, TAKES_RECORD | TAKES_OUTPUT, verb_record,
	  "record all that happens, with LTTng, into a folder or to a relay" },
	{ "snapshot", OPERANDS_SESSION, TAKES_NONE, verb_snapshot,
	  "write out what a flight recorder (record --snapshot) has in memory" },
	{ "export", OPERANDS_TRACE, TAKES_EXPORT, verb_export,
	  "a trace for other tools: Perfetto, Chrome, pprof, flame graphs, OTLP" },
};

static const struct {
	struct option option;
	unsigned takes;
	const char *value;
	const char *help;
} options_known[] = {
	{ { "json", no_argument, NULL, 'j' }, TAKES_JSON, "",
	  "print one JSON document; its schema is in vigil(1)" },
	{ { "filter", required_argument, NULL, 'f' }, TAKES_FILTER, "=EXPR",
	  "only rows that match: word key=value key~regex key>10ms" },
	{ { "sort", required_argument, NULL, 's' }, TAKES_FILTER, "=COLUMN[:asc|:desc]",
	  "sort by a column" },
	{ { "limit", required_argument, NULL, 'l' }, TAKES_LIMIT, "=N",
	  "print at most N rows" },
	{ { "all", no_argument, NULL, 'A' }, TAKES_ENDED, "",
	  "also tasks that ended more than 5 s ago; JSON has them anyway" },
	{ { "watch", optional_argument, NULL, 'w' }, TAKES_WATCH, "[=TIME]",
	  "print again and again, every 2 seconds or as said" },
	{ { "over", required_argument, NULL, 'O' }, TAKES_OVER, "=TIME",
	  "stuck is what has waited longer than this; 1s" },
	{ { "task", required_argument, NULL, 't' }, TAKES_TASK, "=TASK",
	  "this task's chain, without a TARGET before it; its critical path" },
	{ { "html", optional_argument, NULL, OPTION_HTML }, TAKES_REPORT, "[=FILE]",
	  "write a page that needs no network; report.html, - is stdout" },
	{ { "process", required_argument, NULL, OPTION_PROCESS },
	  TAKES_REPORT | TAKES_EXPORT | TAKES_MOMENT, "=PID",
	  "of a trace with several processes this one" },
	{ { "from", required_argument, NULL, OPTION_FROM }, TAKES_REPORT | TAKES_EXPORT, "=MOMENT",
	  "of a trace only from then on: 2.5s, -1s, 50%, 12:03:04.5, begin, end" },
	{ { "top", required_argument, NULL, OPTION_TOP }, TAKES_REPORT, "=N",
	  "rows of a table; 10" },
	{ { "dir", required_argument, NULL, 'd' }, TAKES_DIR, "=DIR",
	  "look for boards there, not in the usual place" },
	{ { "dead", no_argument, NULL, 'D' }, TAKES_PRUNE, "",
	  "only boards of processes that are gone: what prune does anyway" },
	{ { "dry-run", no_argument, NULL, 'n' }, TAKES_PRUNE, "",
	  "say what would be removed, remove nothing" },
	{ { "view", required_argument, NULL, 'v' }, TAKES_SCREEN, "=VIEW",
	  "tasks, locks, wakers, resources, executors, sites, why, timeline, all" },
	{ { "interval", required_argument, NULL, 'i' }, TAKES_SCREEN, "=TIME",
	  "time between two pictures" },
	{ { "color", required_argument, NULL, 'c' }, TAKES_SCREEN, "=WHEN",
	  "auto, never, 16 or 256 colours" },
	{ { "svg", required_argument, NULL, 'S' }, TAKES_SCREEN, "=FILE",
	  "no terminal: watch for 24 refreshes, save a picture, leave" },
	{ { "no-mouse", no_argument, NULL, 'm' }, TAKES_SCREEN, "",
	  "leave the mouse to the terminal" },
	{ { "output", required_argument, NULL, 'o' }, TAKES_OUTPUT, "=DIR",
	  "the folder to make; ./vigil-NAME-DATE" },
	{ { "for", required_argument, NULL, 'F' }, TAKES_RECORD, "=TIME",
	  "end after this time, such as 30s" },
	{ { "live", optional_argument, NULL, 'L' }, TAKES_RECORD, "[=URL]",
	  "send it to lttng-relayd, for vigil top; net://127.0.0.1" },
	{ { "snapshot", no_argument, NULL, 'N' }, TAKES_RECORD, "",
	  "a flight recorder: keep the latest in memory until asked for" },
	{ { "on", required_argument, NULL, 'B' }, TAKES_RECORD, "=TRIGGER",
	  "with --snapshot, write it on blocked=TIME: a worker is so long" },
	{ { "rotate", required_argument, NULL, 'R' }, TAKES_RECORD, "=SIZE",
	  "begin a new part after so much, such as 1G" },
	{ { "buffers", required_argument, NULL, 'b' }, TAKES_RECORD, "=SIZE",
	  "memory for each processor; 8M, with --snapshot 16M" },
	{ { "to", required_argument, NULL, OPTION_FORM }, TAKES_EXPORT, "=FORM",
	  "perfetto, chrome, folded, pprof, otlp, csv or dot" },
	{ { "output", required_argument, NULL, 'o' }, TAKES_EXPORT, "=FILE",
	  "write to this file; - is stdout" },
	{ { "until", required_argument, NULL, OPTION_UNTIL }, TAKES_REPORT | TAKES_EXPORT, "=MOMENT",
	  "of a trace only up to then: 2.5s, -1s, 50%, 12:03:04.5, begin, end" },
	{ { "what", required_argument, NULL, OPTION_WHAT }, TAKES_EXPORT, "=WHAT",
	  "folded: run, time that tasks ran, or wait; run" },
	{ { "collector", required_argument, NULL, OPTION_COLLECTOR }, TAKES_EXPORT, "=URL",
	  "otlp: send it there, such as http://127.0.0.1:4318" },
	{ { "at", required_argument, NULL, 'T' }, TAKES_MOMENT, "=MOMENT",
	  "of a trace as it was then: 2.5s, -1s, 50%, 12:03:04.5, begin, end" },
	{ { "speed", required_argument, NULL, 'x' }, TAKES_PLAY, "=N",
	  "play N seconds of the trace in one; 1" },
	{ { "paused", no_argument, NULL, 'p' }, TAKES_PLAY, "",
	  "do not play yet" },
	{ { "ascii", no_argument, NULL, 'a' }, TAKES_ALL, "",
	  "ASCII alone, whatever the terminal can show" },
	{ { "help", no_argument, NULL, 'h' }, TAKES_ALL, "",
	  "this help" },
	{ { "version", no_argument, NULL, 'V' }, TAKES_ALL, "",
	  "the version" },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Help ---- */

static const char *operands_words(enum operands operands)
{
	static const char *const words[] = { "",
					     " [TARGET]",
					     " [TARGET] TASK",
					     " [TARGET [TASK]]",
					     " [TARGET | -- CMD...]",
					     " [SESSION | DIR]",
					     " [TRACE [TRACE]]",
					     " DIR" };

	return words[operands];
}

static const char *const targets_help =
	"TARGET is a pid, the name of a process, a board's file, of a dead process too, the\n"
	"folder of a trace, or net://RELAY/host/NAME/SESSION, which is one as it is recorded.\n"
	"Without it: the only instrumented process alive.\n";

/* Of each kind of operands. */
static const char *operands_help(enum operands operands)
{
	switch (operands) {
	case OPERANDS_NONE:
		return "";
	case OPERANDS_COMMAND:
		return "TARGET is a pid, the name of a process, or the file of its board. CMD is "
		       "started.\nWithout both: every instrumented process, also those to come.\n";
	case OPERANDS_SESSION:
		return "SESSION is what record called it, DIR its folder. Without it: the only "
		       "one.\n";
	case OPERANDS_TRACE:
		return "DIR is the folder of a trace, as record makes it.\n";
	default:
		return targets_help;
	}
}

static int help_all(void)
{
	printf("usage: vigil [VERB] [OPTION]... [TARGET]\n"
	       "See what an asynchronous program is doing, why a task is stuck, who is to "
	       "blame.\n\n");
	for (size_t i = 0; i < COUNT(verbs); i++)
		printf("  %s%-*s %s\n", verbs[i].name, 26 - (int)strlen(verbs[i].name),
		       operands_words(verbs[i].operands), verbs[i].help);
	printf("\nWithout a verb: top.\n%s"
	       "`vigil VERB --help` shows the options of a verb, vigil(1) has all.\n",
	       targets_help);
	return EXIT_DONE;
}

/* Options that one letter means too. */
static const char *letter_words(int option)
{
	return option == 'n' ? ", -n" : option == 'o' ? ", -o" : "";
}

static int help_verb(const struct verb *verb)
{
	char left[64];

	printf("usage: vigil %s [OPTION]...%s\n%c%s.\n\n", verb->name,
	       operands_words(verb->operands), toupper((unsigned char)verb->help[0]),
	       verb->help + 1);
	for (size_t i = 0; i < COUNT(options_known); i++) {
		if (!(options_known[i].takes & (verb->takes | TAKES_ALL)))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", options_known[i].option.name,
			 options_known[i].value, letter_words(options_known[i].option.val));
		printf("  %-28s %s\n", left, options_known[i].help);
	}
	if (verb->operands)
		printf("\n%s", operands_help(verb->operands));
	return EXIT_DONE;
}

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; name && i < COUNT(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* " (did you mean tasks?)", or nothing: a verb of four letters forgives two slips, why one. */
static const char *verb_meant(const char *name, char *buf, size_t size)
{
	size_t least = strlen(name) > 3 ? 3 : 2;

	buf[0] = '\0';
	for (size_t i = 0; i < COUNT(verbs); i++) {
		size_t count = slips(name, verbs[i].name);

		if (count >= least)
			continue;
		least = count;
		snprintf(buf, size, " (did you mean %s?)", verbs[i].name);
	}
	return buf;
}

/* ---- A program without -- before it ---- */

static bool is_program_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Whether a shell would run it. */
static bool is_program(const char *word)
{
	const char *at = getenv("PATH");
	char path[PATH_MAX];

	if (strchr(word, '/'))
		return is_program_file(word);
	while (at && *at && *word) {
		size_t length = strcspn(at, ":");

		snprintf(path, sizeof(path), "%.*s/%s", (int)length, at, word);
		if (is_program_file(path))
			return true;
		at += length;
		at += *at == ':';
	}
	return false;
}

/*
 * What stands after a program is for the program: tells how to say so, if one stands in
 * argv from first to last. Returns whether one does.
 */
static bool command_meant(const struct verb *verb, char **argv, int first, int last)
{
	char words[400] = "";
	size_t used = 0;

	if (verb->operands != OPERANDS_COMMAND)
		return false;
	while (first <= last && (argv[first][0] == '-' || !is_program(argv[first])))
		first++;
	if (first > last)
		return false;
	for (int i = first; argv[i] && used < sizeof(words); i++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, " %s", argv[i]);
	refuse("put -- before the command: `vigil %s --%s%s` starts it and records it", verb->name,
	       words, used < sizeof(words) ? "" : "...");
	return true;
}

/* ---- Reading options ---- */

static bool takes(const struct verb *verb, int option)
{
	for (size_t i = 0; i < COUNT(options_known); i++)
		if (options_known[i].option.val == option &&
		    options_known[i].takes & (verb->takes | TAKES_ALL))
			return true;
	return false;
}

/* What getopt_long would not take, in a sentence. */
static int option_refuse(const struct verb *verb, int result, char **argv)
{
	const char *words = argv[optind - 1];

	if (command_meant(verb, argv, 1, optind - 1))
		return EXIT_CANNOT;
	if (result == ':')
		return refuse("%s needs a value; see `vigil %s --help`", words, verb->name);
	if (optopt && optopt < 128 && !takes(verb, optopt) && words[0] == '-' && words[1] != '-')
		return refuse("there is no option -%c; see `vigil %s --help`", optopt, verb->name);
	return refuse("%s does not take the option %s; see `vigil %s --help`", verb->name, words,
		      verb->name);
}

/* Returns -1 to go on, else the exit status. */
static int options_read(const struct verb *verb, int argc, char **argv,
			struct verb_options *options)
{
	struct option known[COUNT(options_known) + 1] = { { 0 } };
	const char *letters = verb->takes & (TAKES_OUTPUT | TAKES_EXPORT) ? ":no:hV" : ":nhV";
	int result, count = 0;

	for (size_t i = 0; i < COUNT(options_known); i++)
		if (options_known[i].takes & (verb->takes | TAKES_ALL))
			known[count++] = options_known[i].option;
	opterr = 0;
	while ((result = getopt_long(argc, argv, letters, known, NULL)) != -1) {
		if (result == 'h')
			return help_verb(verb);
		if (result == 'V') {
			printf("vigil %s\n", VIGIL_VERSION);
			return EXIT_DONE;
		}
		if (result == '?' || result == ':' || !takes(verb, result))
			return option_refuse(verb, result, argv);
		if (option_take(result, optarg, options))
			return EXIT_CANNOT;
	}
	return -1;
}

/* The rest: a target, a task. Returns -1 to go on, else the exit status. */
static int operands_read(const struct verb *verb, int count, char **operands,
			 struct verb_options *options)
{
	static const int most[] = { 0, 1, 2, 2, 1, 1, 2, 1 };

	if (count > most[verb->operands] && command_meant(verb, operands, 0, 0))
		return EXIT_CANNOT;
	if (count > most[verb->operands])
		return refuse("%s does not know what to do with \"%s\"; see `vigil %s --help`",
			      verb->name, operands[most[verb->operands]], verb->name);
	if (verb->operands == OPERANDS_TASK) {
		if (!count)
			return refuse("task needs the number of a task, as `vigil tasks` shows it");
		options->task = operands[count - 1];
		options->target = count > 1 ? operands[0] : NULL;
		return -1;
	}
	if (count > 0)
		options->target = operands[0];
	if (count > 1 && verb->operands == OPERANDS_TRACES)
		options->other = operands[1];
	else if (count > 1)
		options->task = operands[1];
	return -1;
}

static int verb_run(const struct verb *verb, int argc, char **argv)
{
	struct verb_options options = { .verb = verb->name };
	int r;

	/* getopt_long would mix what stands before it with what stands behind. */
	for (int i = 1; i < argc && verb->operands == OPERANDS_COMMAND && !options.command; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		options.command = argv + i + 1;
		argc = i;
	}
	r = options_read(verb, argc, argv, &options);

	if (r < 0)
		r = operands_read(verb, argc - optind, argv + optind, &options);
	return r < 0 ? verb->run(&options) : r;
}

/* ---- Signals ---- */

/*
 * A mapped file that is cut short raises SIGBUS where it ends. Nothing can be
 * trusted then, so this says so and leaves. The console has its own handler.
 */
static void bus_error(int number)
{
	static const char words[] =
		"vigil: the board was cut short while it was read; nothing more "
		"can be said\n";

	(void)number;
	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(EXIT_CANNOT);
	_exit(EXIT_CANNOT);
}

static void signals_set(void)
{
	/* Who started us may ignore it; `vigil tasks --watch | head` must end. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGBUS, bus_error);
}

/* A mistyped verb looks like a target that is not there. */
static bool is_nothing(const char *target)
{
	struct vigil_problem problem;
	struct vigil_reader *reader;
	int r = vigil_reader_open(target, &reader, &problem);

	if (!r)
		vigil_reader_close(reader);
	/* A relay's session has no file. */
	return r == -ENOENT && !strstr(target, "://");
}

int main(int argc, char **argv)
{
	const struct verb *verb = verb_find(argc > 1 ? argv[1] : NULL);
	char meant[64];

	setlocale(LC_ALL, "");
	/* Numbers are read and written with a point everywhere. */
	setlocale(LC_NUMERIC, "C");
	signals_set();
	if (verb)
		return verb_run(verb, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "help")) {
		verb = verb_find(argc > 2 ? argv[2] : NULL);
		if (argc > 2 && !verb)
			return refuse("there is no verb \"%s\"%s; `vigil --help` lists them",
				      argv[2], verb_meant(argv[2], meant, sizeof(meant)));
		return verb ? help_verb(verb) : help_all();
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help_all();
	if (argc > 1 && argv[1][0] != '-' && is_nothing(argv[1]))
		return refuse(
			"there is no verb \"%s\"%s, and no such process or board; `vigil --help` "
			"lists the verbs, `vigil ps` the rest",
			argv[1], verb_meant(argv[1], meant, sizeof(meant)));
	/* No verb: the console, on what may be a target. */
	return verb_run(&verbs[0], argc, argv);
}
