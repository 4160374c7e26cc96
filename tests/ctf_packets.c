/* SPDX-License-Identifier: MIT */
/* Packets of LTTng's files, made here byte by byte, whole and damaged; and spans of them. */
#include "console/trace/ctf_packets.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/trace/ctf_map.h"

#define PACKET 4096
#define OFFSET UINT64_C(1700000000000000000) /* of the clock */

static char folder[] = "/tmp/vigil-packets-XXXXXX";
static char metadata[64], stream[64];
static const uint8_t uuid[16] = "vigil-test-uuid";

static void folder_make(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(metadata, sizeof(metadata), "%s/metadata", folder);
	snprintf(stream, sizeof(stream), "%s/channel_0", folder);
}

static void folder_remove(void)
{
	unlink(metadata);
	unlink(stream);
	rmdir(folder);
}

TestSuite(ctf_packets, .init = folder_make, .fini = folder_remove);

/* ---- Making files ---- */

static const char known_text[] =
	"/* CTF 1.8 */\n"
	"typealias integer { size = 64; align = 8; signed = false; } := unsigned long;\n"
	"trace {\n\tpacket.header := struct {\n\t\tuint32_t magic;\n\t\tuint8_t  uuid[16];\n"
	"\t\tuint32_t stream_id;\n\t\tuint64_t stream_instance_id;\n\t};\n};\n"
	"clock {\n\tname = \"monotonic\";\n\tfreq = 1000000000;\n"
	"\toffset = 1700000000000000000;\n};\n"
	"struct packet_context {\n\tuint64_clock_monotonic_t timestamp_begin;\n"
	"\tuint64_clock_monotonic_t timestamp_end;\n\tuint64_t content_size;\n"
	"\tuint64_t packet_size;\n\tuint64_t packet_seq_num;\n\tunsigned long events_discarded;\n"
	"\tuint32_t cpu_id;\n};\n";

static void file_put(const char *path, const void *bytes, size_t size, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, size, at), (ssize_t)size);
	close(fd);
}

static void put32(uint8_t *at, uint32_t word)
{
	memcpy(at, &word, sizeof(word));
}

static void put64(uint8_t *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
}

/* Metadata in two packets, cut in the middle of a word. */
static void metadata_put(const char *text)
{
	size_t half = strlen(text) / 2, at = 0;

	for (int i = 0; i < 2; i++) {
		uint8_t packet[8192] = { 0 };
		size_t size = i ? strlen(text) - half : half;

		put32(packet, 0x75d11d57);
		memcpy(packet + 4, uuid, 16);
		put32(packet + 24, (uint32_t)(37 + size) * 8);
		put32(packet + 28, (uint32_t)(37 + size + 5) * 8); /* padded */
		memcpy(packet + 37, text + (i ? half : 0), size);
		file_put(metadata, packet, 37 + size + 5, (off_t)at);
		at += 37 + size + 5;
	}
}

static void packet_put(uint64_t at, uint64_t begin, uint64_t end, uint64_t number,
		       uint64_t discarded)
{
	uint8_t packet[PACKET] = { 0 };

	put32(packet, 0xc1fc1fc1);
	memcpy(packet + 4, uuid, 16);
	put64(packet + 32, begin);
	put64(packet + 40, end);
	put64(packet + 48, 1000 * 8);
	put64(packet + 56, PACKET * 8);
	put64(packet + 64, number);
	put64(packet + 72, discarded);
	file_put(stream, packet, PACKET, (off_t)(at * PACKET));
}

static struct ctf_layout layout;

static struct ctf_stream read_stream(void)
{
	struct ctf_stream ret;

	metadata_put(known_text);
	cr_assert_eq(ctf_layout_read(metadata, &layout), 0);
	cr_assert_eq(ctf_stream_read(stream, &layout, &ret), 0);
	return ret;
}

/* ---- Metadata ---- */

Test(ctf_packets, the_layout_and_the_clock_stand_in_the_metadata)
{
	metadata_put(known_text);

	cr_assert_eq(ctf_layout_read(metadata, &layout), 0);
	cr_expect_eq(layout.clock_offset, OFFSET);
	cr_expect_not(layout.is_swapped);
	cr_expect_not(layout.has_short_long);
	cr_expect_eq(memcmp(layout.uuid, uuid, 16), 0);
}

Test(ctf_packets, another_tracer_s_layout_is_not_guessed)
{
	metadata_put("/* CTF 1.8 */\ntrace { packet.header := struct { uint32_t magic; }; };\n");

	cr_assert_eq(ctf_layout_read(metadata, &layout), -ENOTSUP);
}

Test(ctf_packets, metadata_that_is_none_is_refused)
{
	file_put(metadata, "not at all", 10, 0);

	cr_assert_eq(ctf_layout_read(metadata, &layout), -ENOTSUP);
	unlink(metadata);
	cr_assert_eq(ctf_layout_read(metadata, &layout), -ENOENT);
}

Test(ctf_packets, metadata_that_was_cut_short_is_damaged)
{
	struct stat st;

	metadata_put(known_text);
	cr_assert_eq(stat(metadata, &st), 0);
	cr_assert_eq(truncate(metadata, st.st_size - 1), 0);

	cr_assert_eq(ctf_layout_read(metadata, &layout), -EBADMSG);
}

Test(ctf_packets, metadata_with_a_packet_of_no_size_is_damaged)
{
	const uint32_t none = 0;

	metadata_put(known_text);
	file_put(metadata, &none, sizeof(none), 28);

	cr_assert_eq(ctf_layout_read(metadata, &layout), -EBADMSG);
}

/* ---- Streams ---- */

Test(ctf_packets, every_packet_of_a_whole_stream_is_found)
{
	struct ctf_stream s;

	for (uint64_t i = 0; i < 5; i++)
		packet_put(i, 100 * i, 100 * i + 90, i, 0);
	s = read_stream();

	cr_assert_eq(s.count, 5);
	cr_expect_eq(s.damaged, 0);
	cr_expect_eq(s.packets[3].offset, 3 * PACKET);
	cr_expect_eq(s.packets[3].size, PACKET);
	cr_expect_eq(s.packets[3].begin, 300);
	cr_expect_eq(s.packets[3].end, 390);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_packet_that_was_cut_short_is_damage)
{
	struct ctf_stream s;

	packet_put(0, 0, 90, 0, 0);
	packet_put(1, 100, 190, 1, 0);
	cr_assert_eq(truncate(stream, PACKET + 1000), 0);
	s = read_stream();

	cr_assert_eq(s.count, 1);
	cr_expect_eq(s.damaged, 1000);
	ctf_stream_free(&s);
}

Test(ctf_packets, after_a_damaged_packet_the_next_whole_one_is_found)
{
	static const uint8_t noise[PACKET] = { 0xff };
	struct ctf_stream s;

	for (uint64_t i = 0; i < 3; i++)
		packet_put(i, 100 * i, 100 * i + 90, i, 0);
	file_put(stream, noise, PACKET, PACKET);
	s = read_stream();

	cr_assert_eq(s.count, 2);
	cr_expect_eq(s.packets[1].offset, 2 * PACKET);
	cr_expect_eq(s.damaged, PACKET);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_packet_that_claims_more_than_the_file_has_is_damage)
{
	const uint64_t size = UINT64_MAX & ~UINT64_C(63);
	struct ctf_stream s;

	packet_put(0, 0, 90, 0, 0);
	packet_put(1, 100, 190, 1, 0);
	file_put(stream, &size, sizeof(size), PACKET + 56);
	s = read_stream();

	cr_assert_eq(s.count, 1);
	cr_expect_eq(s.damaged, PACKET);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_packet_from_before_the_last_one_is_damage)
{
	struct ctf_stream s;

	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 50, 290, 1, 0);
	packet_put(2, 200, 290, 2, 0);
	s = read_stream();

	cr_assert_eq(s.count, 2);
	cr_expect_eq(s.packets[1].begin, 200);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_packet_that_ends_beyond_all_time_is_damage)
{
	struct ctf_stream s;

	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 200, UINT64_MAX - 5, 1, 0);
	s = read_stream();

	cr_assert_eq(s.count, 1);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_packet_without_size_ends_nothing)
{
	const uint64_t none = 0;
	struct ctf_stream s;

	packet_put(0, 0, 90, 0, 0);
	packet_put(1, 100, 190, 1, 0);
	file_put(stream, &none, sizeof(none), 56);
	s = read_stream();

	cr_assert_eq(s.count, 1);
	cr_expect_eq(s.packets[0].begin, 100);
	ctf_stream_free(&s);
}

Test(ctf_packets, a_file_without_any_packet_is_all_damage)
{
	struct ctf_stream s;

	metadata_put(known_text);
	cr_assert_eq(ctf_layout_read(metadata, &layout), 0);
	file_put(stream, known_text, sizeof(known_text), 0);

	cr_assert_eq(ctf_stream_read(stream, &layout, &s), 0);
	cr_expect_eq(s.count, 0);
	cr_expect_eq(s.damaged, sizeof(known_text));
	ctf_stream_free(&s);
}

/* ---- Maps ---- */

static struct ctf_folders folders;
static struct ctf_map map;

static void map_make(void)
{
	metadata_put(known_text);
	cr_assert_eq(ctf_find(folder, &folders), 0);
	cr_assert_eq(folders.count, 1);
	cr_assert_eq(ctf_map_read(&folders, &map), 0);
}

static void map_drop(void)
{
	ctf_map_free(&map);
	ctf_folders_free(&folders);
}

Test(ctf_packets, a_map_has_the_extent_of_its_trace)
{
	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 200, 290, 1, 0);
	map_make();

	cr_expect_eq(map.begin_unix_ns, OFFSET + 100);
	cr_expect_eq(map.end_unix_ns, OFFSET + 290);
	cr_expect_eq(map.bytes, 2 * PACKET);
	cr_expect_eq(map.gap_count, 0);
	map_drop();
}

Test(ctf_packets, discarded_events_are_a_gap_up_to_the_packet_that_counts_them)
{
	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 200, 290, 1, 7);
	packet_put(2, 300, 390, 2, 7);
	map_make();

	cr_assert_eq(map.gap_count, 1);
	cr_expect_eq(map.gaps[0].begin_unix_ns, OFFSET + 190);
	cr_expect_eq(map.gaps[0].end_unix_ns, OFFSET + 290);
	cr_expect_eq(map.gaps[0].events, 7);
	map_drop();
}

Test(ctf_packets, a_number_left_out_is_a_lost_packet)
{
	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 300, 390, 3, 0);
	map_make();

	cr_assert_eq(map.gap_count, 1);
	cr_expect_eq(map.gaps[0].packets, 2);
	cr_expect_eq(map.gaps[0].end_unix_ns, OFFSET + 300);
	map_drop();
}

Test(ctf_packets, a_rotated_file_does_not_count_again_what_was_lost_before_it)
{
	packet_put(0, 100, 190, 5, 1000);
	packet_put(1, 200, 290, 6, 1000);
	map_make();

	cr_expect_eq(map.gap_count, 0);
	map_drop();
}

Test(ctf_packets, spans_of_a_map_cover_it_without_a_hole_and_end)
{
	uint64_t from, to;
	int spans = 0;

	for (uint64_t i = 0; i < 64; i++)
		packet_put(i, 100 * i, 100 * i + 90, i, 0);
	map_make();
	for (from = map.begin_unix_ns; from < UINT64_MAX && spans < 1000; from = to, spans++) {
		to = ctf_map_span(&map, from, 8 * PACKET);
		cr_assert_gt(to, from);
	}

	cr_expect_geq(spans, 8);
	cr_expect_leq(spans, 64);
	map_drop();
}

Test(ctf_packets, a_packet_larger_than_a_span_is_one)
{
	uint64_t to;

	packet_put(0, 100, 190, 0, 0);
	packet_put(1, 200, 290, 1, 0);
	map_make();
	to = ctf_map_span(&map, map.begin_unix_ns, 1);

	cr_expect_gt(to, OFFSET + 190);
	cr_expect_leq(to, OFFSET + 290);
	map_drop();
}

Test(ctf_packets, a_packet_that_was_cut_out_is_a_gap_and_damage)
{
	for (uint64_t i = 0; i < 3; i++)
		packet_put(i, 100 * i, 100 * i + 90, i, 0);
	map_make();

	cr_assert_eq(ctf_map_cut(&map, &map.streams[0], 1), 0);
	cr_expect_eq(map.streams[0].stream.count, 2);
	cr_expect_eq(map.damaged, PACKET);
	cr_assert_eq(map.gap_count, 1);
	cr_expect_eq(map.gaps[0].packets, 1);
	map_drop();
}
