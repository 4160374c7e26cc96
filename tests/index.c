/* SPDX-License-Identifier: MIT */
/* The index beside a trace: kept, found again, and not believed when it is another's. */
#include "console/trace/index.h"

#include <errno.h>

#include "tests/support/ctf_folder.h"

static const char *const path = ctf_folder;
static const struct trace_options options = { .paths = &path, .path_count = 1 };

static char *index_path(void)
{
	static char where[64];

	snprintf(where, sizeof(where), "%s/vigil/index", ctf_folder);
	return where;
}

static void end(void)
{
	char below[64];

	unlink(index_path());
	snprintf(below, sizeof(below), "%s/vigil", ctf_folder);
	rmdir(below);
	ctf_folder_remove();
}

TestSuite(index, .init = ctf_folder_make, .fini = end);

static const uint64_t keeps[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
static const struct index_frame frames[] = {
	{ keeps[0], sizeof(keeps[0]), 100, 1000 },
	{ keeps[1], sizeof(keeps[1]), 200, 2000 },
};
static const struct cursor_mark marks[] = {
	{ CURSOR_MARK_GAP, 0, 1100, 1200, 0 },
	{ CURSOR_MARK_POLL, 1, 1300, 1400, 77 },
};
static const struct cursor_process processes[] = { { .pid = 812, .host = "vm", .name = "httpd" } };
static const struct index whole = {
	.frames = frames,
	.frame_count = 2,
	.marks = marks,
	.mark_count = 2,
	.processes = processes,
	.process_count = 1,
	.begin_unix_ns = 900,
	.end_unix_ns = 2500,
	.passed = 250,
};

Test(index, what_was_kept_is_found_again)
{
	struct index_file file;

	cr_assert_eq(index_save(&options, &whole), 0);
	cr_assert_eq(index_load(&options, &file), 0);

	cr_assert_eq(file.index.frame_count, 2);
	cr_expect_eq(file.index.frames[1].passed, 200);
	cr_expect_eq(file.index.frames[1].unix_ns, 2000);
	cr_assert_eq(file.index.frames[1].size, sizeof(keeps[1]));
	cr_expect_eq(memcmp(file.index.frames[1].keep, keeps[1], sizeof(keeps[1])), 0);
	cr_assert_eq(file.index.mark_count, 2);
	cr_expect_eq(file.index.marks[1].task, 77);
	cr_assert_eq(file.index.process_count, 1);
	cr_expect_str_eq(file.index.processes[0].name, "httpd");
	cr_expect_eq(file.index.begin_unix_ns, 900);
	cr_expect_eq(file.index.end_unix_ns, 2500);
	cr_expect_eq(file.index.passed, 250);
	index_unload(&file);
}

Test(index, without_one_there_is_none)
{
	struct index_file file;

	cr_assert_eq(index_load(&options, &file), -ENOENT);
}

Test(index, of_a_trace_that_has_grown_it_is_not_believed)
{
	struct index_file file;
	uint8_t page[4096] = { 0 };

	cr_assert_eq(index_save(&options, &whole), 0);
	ctf_poke(1, ctf_size(1), page, sizeof(page));

	cr_assert_eq(index_load(&options, &file), -ENOENT);
}

Test(index, a_folder_that_cannot_be_written_to_is_left_alone)
{
	static const char *const nowhere = "/nonexistent";
	const struct trace_options elsewhere = { .paths = &nowhere, .path_count = 1 };

	cr_assert_lt(index_save(&elsewhere, &whole), 0);
}

Test(index, a_file_cut_short_is_none)
{
	struct index_file file;
	struct stat st;

	cr_assert_eq(index_save(&options, &whole), 0);
	cr_assert_eq(stat(index_path(), &st), 0);
	cr_assert_eq(truncate(index_path(), st.st_size - 8), 0);

	cr_assert_eq(index_load(&options, &file), -ENOENT);
}

Test(index, a_damaged_file_is_refused_or_harmless)
{
	uint8_t bytes[4096], copy[4096];
	unsigned seed = 3;
	int refused = 0, fd;
	ssize_t size;

	cr_assert_eq(index_save(&options, &whole), 0);
	fd = open(index_path(), O_RDWR | O_CLOEXEC);
	size = read(fd, bytes, sizeof(bytes));
	for (int round = 0; round < 500; round++) {
		struct index_file file;

		memcpy(copy, bytes, (size_t)size);
		copy[(size_t)rand_r(&seed) % (size_t)size] ^= (uint8_t)rand_r(&seed);
		cr_assert_eq(pwrite(fd, copy, (size_t)size, 0), size);
		if (index_load(&options, &file)) {
			refused++;
			continue;
		}
		for (size_t i = 0; i < file.index.frame_count; i++)
			cr_assert_leq(file.index.frames[i].size, (size_t)size);
		cr_assert_lt(strlen(file.index.processes[0].name), sizeof(processes[0].name));
		index_unload(&file);
	}
	close(fd);

	cr_expect_gt(refused, 100);
}
