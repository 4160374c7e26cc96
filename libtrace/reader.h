/* SPDX-License-Identifier: MIT */
/*
 * A reader from the inside: the mapping, what was checked of it, the copies.
 *
 * The law of the reader's files: nothing writes to a board; whatever comes out
 * of the mapping is used only after a check, each time it is read.
 */
#ifndef LIBTRACE_READER_H
#define LIBTRACE_READER_H

#include <vigil/reader.h>

#define RECORD_TRIES 200 /* to copy one record */

/* A table of the board, checked once by reader_check. */
struct reader_table {
	const struct vigil_table_header *header; /* only used and claimed change */
	const uint8_t *records;
	uint32_t step;     /* from record to record in the board */
	uint32_t copied;   /* bytes of a record that both sides know */
	uint32_t capacity; /* records that lie inside the file */
	uint32_t used;     /* that storage_check let pass: no others are looked at */
	uint32_t size;     /* bytes of a record here */
	uint32_t count;    /* at the last refresh */
	uint8_t *copies;
	uint8_t *torn;
	uint32_t room; /* records in copies */
	uint32_t *changed;
	uint32_t changed_count;
};

struct vigil_reader {
	const uint8_t *base;
	size_t size;
	bool is_mapped;
	int fd; /* of the file, for its lock and storage; below 0: none */
	char path[512];
	uint64_t file[2]; /* device and inode */
	uint32_t pid;
	uint64_t now;
	uint64_t fixed_now;
	enum vigil_status status;
	bool is_status_fixed;
	uint64_t maps_read_ns; /* when we last asked whether the process has the file mapped */
	bool is_replaced;      /* it had not */
	uint64_t lock_read_ns; /* when we last looked for who holds the file's lock */
	bool is_held;          /* it was its writer */
	uint32_t tries;        /* left, to copy records that are being written */
	struct reader_table tables[VIGIL_TABLES];
};

/*
 * Between the copy of something and the second look at the word that vouches
 * for it. ThreadSanitizer knows no fences and gcc says so; every load before it
 * is atomic, so it has nothing to miss.
 */
static inline void copy_fence(void)
{
#if !defined(__SANITIZE_THREAD__)
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/* ---- reader.c ---- */

/* Whence we have a path. In a directory anybody may have put a link to anything. */
enum origin {
	ORIGIN_NAMED, /* from a person, or from /proc: links are followed */
	ORIGIN_LISTED /* from a directory: they are not */
};

/*
 * Opens a file that may be a board: sets path, fd (below 0: none), file and size.
 * What is not a regular file is refused unopened. 0 or -errno.
 */
int file_open(struct vigil_reader *reader, const char *path, enum origin origin,
	      struct vigil_problem *ret_problem);

/* vigil_reader_open_file for a path of either origin. */
int reader_open(const char *path, enum origin origin, uint32_t pid,
		struct vigil_reader **ret_reader, struct vigil_problem *ret_problem);

/* ---- reader_check.c ---- */

/* Whether there is room for a header at all. 0 or -errno. */
int size_check(const struct vigil_reader *reader, struct vigil_problem *ret_problem);

/*
 * The two halves of reader_check, on copies: the header, then a table's header,
 * which fills reader->tables[i] all but records. 0 or -errno.
 */
int header_check(const struct vigil_reader *reader, const struct vigil_header *header,
		 struct vigil_problem *ret_problem);
int table_check(struct vigil_reader *reader, const struct vigil_header *header, uint32_t i,
		const struct vigil_table_header *there, struct vigil_problem *ret_problem);

/* A board that does not say whose it is. */
int owner_check(const struct vigil_reader *reader, struct vigil_problem *ret_problem);

/* Checks the header, tables and fields of a mapped board. 0 or -errno. */
int reader_check(struct vigil_reader *reader, struct vigil_problem *ret_problem);

/* Says that a board is damaged, and how. Returns -EBADMSG. */
int damaged(const struct vigil_reader *reader, struct vigil_problem *ret_problem, const char *what);

/* ---- reader_storage.c ---- */

/* Records that the board says a table has at this moment, at most its capacity. */
uint32_t table_used(const struct reader_table *table);

/*
 * Lets all tables' claims pass (table->used) if the file has storage for them, or
 * none. Costs nothing while they do not rise. 0 or -errno.
 */
int storage_check(struct vigil_reader *reader, struct vigil_problem *ret_problem);

/* ---- reader_copy.c ---- */

/* Copies out of the board, each word loaded once; size is a multiple of 8. */
void words_copy(void *to, const void *from, size_t size);

/*
 * Copies one record: steady when its writer paused long enough. Returns false
 * when it was being written at every look (the copy may be a mixture). Looks
 * again at most as often as *tries says, and takes that off it.
 */
bool record_copy(const struct reader_table *table, uint32_t index, uint32_t *tries,
		 void *ret_record);

/* A record in the board itself, NULL past its end: for rings, cells and edges. */
const void *record_peek(const struct vigil_reader *reader, enum vigil_table table, uint32_t index);

/* Whether readers keep copies of a table's records. */
bool is_kept(uint32_t which);

/* Ends a record's texts. */
void texts_close(uint32_t which, uint8_t *copy);

/* ---- reader_holders.c ---- */

/* Which processes have which files mapped to write. All zero: not asked yet. */
struct holders {
	bool is_read;
	struct holder *all;
	size_t count;
	size_t room;
};

void holders_fini(struct holders *holders);

/*
 * A lock passes on to forked children, with the mapping. When all who hold the
 * board in their hands are others than its maker, the maker is gone.
 */
bool is_left_to_others(struct holders *holders, const uint64_t file[2],
		       const struct vigil_process_record *process);

/* ---- reader_status.c ---- */

/* Looks at the process behind a board, and if that is gone at who holds the board. */
enum vigil_status status_of(struct vigil_reader *reader, struct holders *holders);

/*
 * The state letter of a process, 0 when it is not there. ret_thread is a thread
 * whose /proc still tells something: another one when the main thread has ended.
 */
char proc_look(uint32_t pid, uint32_t *ret_thread);

/* Whether that letter is of a process that has let go of everything. */
static inline bool has_ended(char state)
{
	return !state || state == 'Z' || state == 'X';
}

/* Whether a process, a pid as we see it, is the one that made a board. */
bool proc_is_maker(uint32_t pid, const struct vigil_process_record *process);

/* ---- reader_peek.c ---- */

/* What a board says of its process, read without mapping it. */
struct peek {
	struct vigil_process_record process;
	enum vigil_status status;
};

/*
 * Reads no more than the header, the list of tables and one record: whatever a
 * board claims, that is what a look at it costs. 0 or -errno.
 */
int board_peek(const char *path, enum origin origin, struct holders *holders, struct peek *ret_peek,
	       struct vigil_problem *ret_problem);

/* ---- reader_pid.c ---- */

/*
 * The path of the board a live process has mapped and made itself. Returns 1
 * found, 0 it has none, or -errno with the reason.
 */
int pid_board(uint32_t pid, char *ret_path, size_t size, struct vigil_problem *ret_problem);

/* Whether a file's name is that of a board. */
bool has_suffix(const char *name);

/* Writes a problem's sentence and returns error. */
int problem(struct vigil_problem *ret_problem, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
