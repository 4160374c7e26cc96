/* SPDX-License-Identifier: MIT */
/*
 * Exports: what each form says of a scene, and whether readers that are not ours can read
 * it. A reader that is not installed is said to be missing, and its test passes; more of
 * them, which Debian has not, are in tests/export-readers.sh.
 */
#include "tests/support/command.h"
#include "tests/support/exported.h"

TestSuite(export, .init = exported_begin, .fini = exported_end, .timeout = 60);

/* ---- CSV ---- */

Test(export, csv_has_a_row_for_each_slice)
{
	lock_wait_scene("db");
	exported(&export_csv);

	cr_expect_eq(count_of("\nrun,"), 4, "%s", text);
	cr_expect(has("wait,\"wait lock \"\"db\"\"\",") && has(",30000,4711,"), "%s", text);
	cr_expect(has("hold,\"hold lock \"\"db\"\"\","), "%s", text);
	cr_expect(has("span,\"db\","), "%s", text);
}

Test(export, csv_is_read_by_python_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_csv);

	cr_expect_null(strchr(text, '\x1b'));
	cr_expect(has(",\"'=a"), "what begins like a formula: %s", text);
	if (is_there("python3"))
		expect_read(PYTHON("import csv,sys\n"
				   "rows = list(csv.DictReader(sys.stdin, strict=True))\n"
				   "assert len(rows) > 15, rows\n"
				   "assert all(None not in r and None not in r.values() "
				   "for r in rows)\n"
				   "assert all(int(r[\"duration_ns\"]) >= 0 for r in rows)\n"));
}

/* ---- Chrome ---- */

Test(export, chrome_events_are_json_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_chrome);

	cr_expect_null(strchr(text, '\x1b'));
	if (is_there("python3"))
		expect_read(PYTHON(
			"import json,sys\n"
			"events = json.load(sys.stdin)[\"traceEvents\"]\n"
			"ids = lambda ph: [e[\"id\"] for e in events if e[\"ph\"] == ph]\n"
			"assert set(ids(\"f\")) <= set(ids(\"s\")) and ids(\"f\"), ids(\"f\")\n"
			"assert sorted(ids(\"b\")) == sorted(ids(\"e\"))\n"
			"assert all(e[\"dur\"] >= 0 for e in events if e[\"ph\"] == \"X\")\n"));
}

Test(export, chrome_counts_tasks_that_live)
{
	whole_scene("db");
	exported(&export_chrome);

	cr_expect(has("\"name\":\"live tasks\""));
	cr_expect(has("{\"value\":3}") && !has("{\"value\":4}"), "%s", text);
}

/* ---- Folded stacks ---- */

Test(export, folded_running_time_names_the_span_it_was_spent_in)
{
	lock_wait_scene("db");
	exported(&export_folded);

	cr_expect(has(";exported.h:"), "%s", text);
	cr_expect(has(" server_start;span db 5\n"), "%s", text);
	cr_expect(has(" lock_wait_scene 12\n"), "%s", text);
}

Test(export, folded_waiting_time_names_who_held_the_lock)
{
	lock_wait_scene("db");
	wanted.what = EXPORT_WAIT;
	exported(&export_folded);

	cr_expect(has("db;exported.h:") && has(";wait lock \"db\";held by exported.h:"), "%s",
		  text);
	cr_expect(has(" 30\n"), "%s", text);
}

Test(export, a_folded_frame_ends_no_frame_and_no_line)
{
	whole_scene(HOSTILE);
	wanted.what = EXPORT_WAIT;
	exported(&export_folded);

	cr_expect_null(strchr(text, '\x1b'));
	if (is_there("python3"))
		expect_read(PYTHON("import re,sys\n"
				   "lines = sys.stdin.read().splitlines()\n"
				   "assert lines\n"
				   "for l in lines: "
				   "assert re.fullmatch(r\"[^;]+(;[^;]+){3,4} [0-9]+\", l), l\n"));
}

/* ---- Perfetto and pprof ---- */

/* The protobuf compiler shows any message, with numbers for fields. */
Test(export, perfetto_packets_are_read_by_the_protobuf_compiler)
{
	whole_scene("db");
	exported(&export_perfetto);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "2: \"wait lock \\\"db\\\"\""), "%s", said);
	cr_expect_not_null(strstr(said, "2: \"3 db\""), "the track of a task: %s", said);
	cr_expect_not_null(strstr(said, "2: \"runnable tasks\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"server\""), "%s", said);
}

Test(export, perfetto_takes_names_of_any_bytes)
{
	whole_scene(HOSTILE);
	exported(&export_perfetto);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "wake =a\\\",\\\\;"), "%s", said);
	cr_expect_null(strstr(said, "\\033"), "%s", said);
}

Test(export, perfetto_forgets_texts_before_they_are_too_many)
{
	char name[32];

	server_start("db");
	for (int i = 0; i < 9000; i++) {
		vigil_task task;

		snprintf(name, sizeof(name), "conn %d", i);
		task = vigil_task_spawn(loop, VIGIL_TASK_ASYNC, name, 0);
		poll_once(task, 10);
		vigil_task_end(task, VIGIL_OUTCOME_COMPLETED);
	}
	snprintf(path, sizeof(path), "%s/out", folder);
	cr_assert_eq(exported_to(&export_perfetto, path), 0, "%s", export.problem.text);

	if (is_there("protoc"))
		expect_read("test \"$(protoc --decode_raw | grep -c '^  13: 3$')\" -gt 2");
}

Test(export, a_profile_is_read_by_the_protobuf_compiler)
{
	lock_wait_scene("db");
	exported(&export_pprof);

	if (!is_there("protoc"))
		return;
	expect_read("protoc --decode_raw");
	cr_expect_not_null(strstr(said, "6: \"nanoseconds\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"wait lock \\\"db\\\"\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"span db\""), "%s", said);
	cr_expect_not_null(strstr(said, "6: \"held by lock_wait_scene\""), "%s", said);
}

/* ---- DOT ---- */

Test(export, dot_draws_who_wakes_whom_and_who_waits_for_whom)
{
	lock_wait_scene("db");
	vigil_poll_begin(holder);
	vigil_lock_acquired(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(holder);
	vigil_poll_begin(waiter);
	vigil_lock_wait(lock, VIGIL_MODE_EXCLUSIVE);
	vigil_poll_end(waiter);
	exported(&export_dot);

	cr_expect(has("label=\"2 db\"") && has("label=\"lock \\\"db\\\"\""), "%s", text);
	cr_expect(has("label=\"held by\"") && has("label=\"lock\""), "%s", text);
	cr_expect(has(" -> p0s"), "%s", text);
}

Test(export, dot_is_drawn_by_graphviz_whatever_names_say)
{
	whole_scene(HOSTILE);
	exported(&export_dot);

	if (is_there("dot"))
		expect_read("dot -Tsvg");
}

/* ---- What all have ---- */

Test(export, every_form_says_what_was_lost)
{
	lock_wait_scene("db");
	told_gap_from = traced_count - 6;
	told_gap_to = traced_count - 4;

	for (size_t i = 0; export_formats[i]; i++) {
		exported(export_formats[i]);
		cr_expect_eq(export.lost_events, 2, "%s", export_formats[i]->name);
	}
	exported(&export_csv);
	cr_expect(has("\ngap,\"2 events lost\","), "%s", text);
	exported(&export_chrome);
	cr_expect(has("\"2 events lost\""), "%s", text);
	exported(&export_dot);
	cr_expect(has("label=\"2 events lost\""), "%s", text);
}

Test(export, no_form_breaks_where_a_trace_begins_in_the_middle)
{
	whole_scene("db");

	for (told_first = 0; told_first < traced_count; told_first += 3)
		for (size_t i = 0; export_formats[i]; i++)
			exported(export_formats[i]);
}

/* How long after its first event the n-th last one of a trace is. */
static uint64_t since_begin(size_t last)
{
	exported(&export_csv);
	return told_unix(traced_count - last) - export.from_unix_ns;
}

static struct moment after_begin(uint64_t ns)
{
	return (struct moment){ .kind = MOMENT_AFTER_BEGIN, .ns = ns };
}

Test(export, only_what_is_wanted_is_written)
{
	uint64_t middle;

	lock_wait_scene("db");
	middle = since_begin(3);

	wanted.window.from = after_begin(middle);
	exported(&export_csv);
	cr_expect_eq(count_of("\nrun,"), 1, "%s", text);
	wanted.window = (struct window){ .until = after_begin(middle) };
	exported(&export_csv);
	cr_expect_eq(count_of("\nrun,"), 4, "%s", text);
	cr_expect_eq(count_of(",1\n"), 2, "what is open then: %s", text);
}

Test(export, a_process_that_is_not_there_is_asked_for_in_vain)
{
	lock_wait_scene("db");
	wanted.pid = 5;
	snprintf(path, sizeof(path), "%s/out", folder);

	cr_expect_eq(exported_to(&export_csv, path), -1);
	cr_expect_str_eq(export.problem.text, "there is no process 5 in told: there are 4711");
}

Test(export, a_disk_that_is_full_is_said)
{
	if (access("/dev/full", W_OK))
		return;
	whole_scene("db");

	for (size_t i = 0; export_formats[i]; i++) {
		if (export_formats[i]->has_collector)
			continue; /* would make /dev/full.logs.jsonl */
		cr_expect_eq(exported_to(export_formats[i], "/dev/full"), -1);
		cr_expect_not_null(strstr(export.problem.text, "No space left on device"), "%s: %s",
				   export_formats[i]->name, export.problem.text);
	}
}

/* ---- The command ---- */

Test(export, the_command_refuses_what_it_cannot_do_in_a_sentence)
{
	expect_refused(vigil("export", folder, NULL), "export needs --to=perfetto, chrome");
	expect_refused(vigil("export", "--to=svg", folder, NULL), "no form \"svg\"");
	expect_refused(vigil("export", "--to=csv", NULL), "needs the folder of a trace");
	expect_refused(vigil("export", "--to=csv", "--what=wait", folder, NULL), "folded alone");
	expect_refused(vigil("export", "--to=csv", "--collector=http://a", folder, NULL),
		       "--collector is for --to=otlp alone");
	expect_refused(vigil("export", "--to=csv", "--from=2s", "--until=1s", folder, NULL),
		       "--until must be later");
	expect_refused(vigil("export", "--to=csv", "--process=x", folder, NULL),
		       "--process needs the pid");
	expect_refused(vigil("export", "--to=csv", "-o", "/nowhere/x", folder, NULL),
		       "cannot write /nowhere/x");
	expect_refused(vigil("export", "--to=csv", folder, NULL), folder);
}

/* What was exported before is worth more than nothing. */
Test(export, the_command_replaces_no_file_by_nothing)
{
	char file[96], logs[128], output[128];

	snprintf(file, sizeof(file), "%s/before", folder);
	snprintf(logs, sizeof(logs), "%s.logs.jsonl", file);
	snprintf(output, sizeof(output), "--output=%s", file);
	cr_assert_eq(vigil("export", "--to=csv", output, folder, NULL), 2);
	cr_expect_neq(access(file, F_OK), 0, "nothing was made either");
	cr_assert_eq(vigil("export", "--to=otlp", output, folder, NULL), 2);
	cr_expect_neq(access(logs, F_OK), 0, "nor beside it");
	file_write(file, "kept", 4);

	cr_assert_eq(vigil("export", "--to=csv", output, folder, NULL), 2);

	file_read(file);
	cr_expect_str_eq(text, "kept");
}
