/* SPDX-License-Identifier: MIT */
/* vigil export: a trace in the form of another tool. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/export/export.h"
#include "console/export/writer.h"
#include "console/format.h"
#include "console/verb.h"

/* ---- What is asked for ---- */

static const struct export_format *format_find(const char *name)
{
	for (size_t i = 0; export_formats[i]; i++)
		if (!strcmp(export_formats[i]->name, name))
			return export_formats[i];
	return NULL;
}

/* "perfetto, chrome, csv or dot". */
static const char *formats_words(char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; export_formats[i] && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s",
				       !i                    ? "" :
				       export_formats[i + 1] ? ", " :
							       " or ",
				       export_formats[i]->name);
	return buf;
}

/* Returns NULL after a sentence. */
static const struct export_format *format_take(const struct verb_options *options)
{
	const struct export_format *format = options->form ? format_find(options->form) : NULL;
	char words[128];

	if (format)
		return format;
	formats_words(words, sizeof(words));
	if (options->form)
		refuse("there is no form \"%s\" to export to: --to is %s", options->form, words);
	else
		refuse("export needs --to=%s", words);
	return NULL;
}

static int what_take(const struct verb_options *options, const struct export_format *format,
		     enum export_what *ret_what)
{
	const char *what = options->what ? options->what : "run";

	if (options->what && strcmp(format->name, "folded") != 0)
		return refuse("--what is for --to=folded alone; %s has both", format->name);
	if (strcmp(what, "run") != 0 && strcmp(what, "wait") != 0)
		return refuse("--what is run or wait, not \"%s\"", what);
	*ret_what = what[0] == 'r' ? EXPORT_RUN : EXPORT_WAIT;
	return EXIT_DONE;
}

/* What other verbs look at as it runs has no events to export. */
static int target_check(const char *target)
{
	struct vigil_problem problem = { "" };
	struct vigil_reader *reader = NULL;
	struct stat st;
	int r;

	if (!stat(target, &st) && S_ISDIR(st.st_mode))
		return EXIT_DONE;
	if (strstr(target, "://"))
		return refuse("export takes the folder of a trace, not %s: a relay keeps one "
			      "below its --output",
			      target);
	r = vigil_reader_open(target, &reader, &problem);
	vigil_reader_close(reader);
	if (!r || r == -ENOTUNIQ || !target[strspn(target, "0123456789")])
		return refuse("export takes the folder of a trace; record it first: `vigil record "
			      "%s`",
			      target);
	return EXIT_DONE;
}

static int options_take(const struct verb_options *options, const struct export_format *format,
			struct export_options *ret)
{
	ret->path = options->target;
	ret->pid = options->process;
	ret->window = options->window;
	ret->collector = options->collector;
	if (!options->target || !*options->target)
		return refuse("export needs the folder of a trace, as `vigil record -o DIR` makes "
			      "one");
	if (target_check(options->target))
		return EXIT_CANNOT;
	if (verb_window_check(options))
		return EXIT_CANNOT;
	if (ret->collector && !format->has_collector)
		return refuse("--collector is for --to=otlp alone");
	if (ret->collector && options->output)
		return refuse("export writes to --output or to --collector, not to both");
	return what_take(options, format, &ret->what);
}

/* ---- Where it goes ---- */

/* "httpd.json" of "/tmp/httpd/". */
static void name_make(const char *path, const char *suffix, char *buf, size_t size)
{
	size_t end = strlen(path), begin;

	while (end > 1 && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	/* ".", ".." and "/" name nothing. */
	if (begin == end || path[end - 1] == '.')
		snprintf(buf, size, "trace%s", suffix);
	else
		snprintf(buf, size, "%.*s%s", (int)(end - begin), path + begin, suffix);
}

struct place {
	char name[256]; /* for people */
	bool is_file;
	bool is_new; /* it was not there before */
};

/* What is in it stays until something else can be written. */
static int file_open(struct place *place, bool may_replace)
{
	const char *path = place->name;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	place->is_file = true;
	place->is_new = fd >= 0;
	if (fd < 0 && errno == EEXIST && may_replace)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == EEXIST)
		refuse("%s is there already: --output=%s replaces it, or name another", path, path);
	else if (fd < 0)
		refuse("cannot write %s: %s", path, strerror(errno));
	return fd;
}

/*
 * The file that was named, else the standard output, else (it is a terminal) a file
 * named after the trace. Returns a descriptor, or -1 after a sentence.
 */
static int place_open(const struct verb_options *options, const struct export_format *format,
		      struct place *ret_place)
{
	const char *output = options->output;
	bool is_terminal = isatty(STDOUT_FILENO);

	if (output && strcmp(output, "-") != 0) {
		snprintf(ret_place->name, sizeof(ret_place->name), "%s", output);
		return file_open(ret_place, true);
	}
	if (!output && is_terminal) {
		name_make(options->target, format->suffix, ret_place->name,
			  sizeof(ret_place->name));
		return file_open(ret_place, false);
	}
	snprintf(ret_place->name, sizeof(ret_place->name), "the standard output");
	if (is_terminal && format->is_binary) {
		refuse("%s is no text for a terminal: name a file with -o, or send it to a "
		       "program",
		       format->name);
		return -1;
	}
	return dup(STDOUT_FILENO);
}

/* A device or a pipe has no place for a second file beside it. */
static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

/* ---- The last word ---- */

/* A line on stderr; file names may hold anything. */
static void tell(const char *line)
{
	struct text text;

	text_begin(&text, stderr, false);
	text.width = 0;
	text_line(&text, "vigil: %s", line);
}

static void lost_tell(const struct export *export)
{
	const struct trace_gap sum = { .events = export->lost_events,
				       .packets = export->lost_packets };
	char words[128], line[256];

	if (!sum.events && !sum.packets)
		return;
	export_gap_words(&sum, words, sizeof(words));
	snprintf(line, sizeof(line),
		 "%s while it was recorded: times around there may be wrong, tasks missing", words);
	tell(line);
}

static void done_tell(const struct export *export, const struct place *place)
{
	char line[1024], count[FORMAT_SIZE];

	lost_tell(export);
	if (!place->is_file)
		return;
	format_count(count, sizeof(count), export->slices);
	snprintf(line, sizeof(line), "wrote %s%s%s%s%s%s", place->name,
		 export->also[0] ? " and " : "", export->also, export->slices ? ", from " : "",
		 export->slices ? count : "", export->slices ? " slices" : "");
	tell(line);
}

static int run(struct export *export, const struct place *place)
{
	struct vigil_problem problem = { "" };
	const struct trace_options trace = { .paths = &export->options->path, .path_count = 1 };
	struct writer *writer = export->writer;
	int r = trace_open(&trace, &export->trace, &problem);

	if (r)
		return refuse("%s", problem.text);
	export_run(export);
	if (writer && writer->is_void && place->is_new)
		unlink(place->name);
	if (writer && writer_close(writer) && !export_has_failed(export))
		export_fail(export, "cannot write %s: %s", place->name, strerror(writer->error));
	if (export_has_failed(export)) {
		lost_tell(export);
		r = refuse("%s", export->problem.text);
	} else {
		done_tell(export, place);
	}
	export_fini(export);
	trace_close(export->trace);
	return r;
}

int verb_export(const struct verb_options *options)
{
	const struct export_format *format = format_take(options);
	struct export_options wanted = { 0 };
	struct place place = { .is_file = false };
	struct writer writer = { .fd = -1 };
	struct export export = { .format = format, .options = &wanted };

	if (!format || options_take(options, format, &wanted) || verb_folder_check(wanted.path))
		return EXIT_CANNOT;
	if (!wanted.collector) {
		int fd = place_open(options, format, &place);

		if (fd < 0)
			return EXIT_CANNOT;
		wanted.is_file = place.is_file && is_regular(fd);
		if (writer_open(&writer, fd, wanted.is_file))
			return refuse("out of memory for a buffer of %s", place.name);
		wanted.output = place.name;
		export.writer = &writer;
		export.file = writer.file;
	}
	return run(&export, &place);
}
