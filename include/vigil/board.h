/* SPDX-License-Identifier: MIT */
/*
 * The board: the live state of an instrumented program, in a file that the
 * program maps and any number of readers map too.
 *
 * This header is the binary interface. A board describes itself, so a reader
 * needs only three structures below, vigil_header, vigil_table_header and
 * vigil_field; the records are here for those who would rather have C.
 *
 * The promise:
 *  - All numbers are in the byte order of the machine that runs the program.
 *  - Offsets count bytes from the start of the file. There are no pointers.
 *  - Each vigil_* structure starts with its own size or stands in a table that
 *    names its record size. Readers step by that size and read no further.
 *  - Records grow at their end only; a field never moves or changes meaning
 *    while VIGIL_ABI_MAJOR stands (fields.def has the rule).
 *  - A reader never writes. It treats every byte as hostile.
 *
 * Consistency: a record with a seq word is being written while seq is odd. Read
 * seq, copy, read seq again: equal and even means that what its one writer
 * writes belongs together. Counters any thread may raise (wakes) and histograms
 * stand outside that rule and may be newer than the rest of their record.
 *
 * This header compiles as C11 and C++17.
 */
#ifndef VIGIL_BOARD_H
#define VIGIL_BOARD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define VIGIL_STATIC_ASSERT static_assert
#else
#define VIGIL_STATIC_ASSERT _Static_assert
#endif

#define VIGIL_MAGIC "VIGILBRD" /* 8 characters, no NUL */
#define VIGIL_ABI_MAJOR 1      /* readers of another major refuse the file */
#define VIGIL_ABI_MINOR 0      /* raised when fields or tables are appended */

#define VIGIL_OWNERS 4 /* owners of one lock that are named; more are counted */

/*
 * References. A 64-bit word names an object: which table, which record, and
 * which generation of that record. 0 names nothing. A reference whose
 * generation is not the record's is stale: its object is gone.
 */
#define VIGIL_REF_INDEX_BITS 27
#define VIGIL_REF_MAX_INDEX ((1u << VIGIL_REF_INDEX_BITS) - 1)

static inline uint64_t vigil_ref_make(uint32_t table, uint32_t index, uint32_t gen)
{
	return (uint64_t)gen << 32 | (uint64_t)table << VIGIL_REF_INDEX_BITS | index;
}

static inline uint32_t vigil_ref_index(uint64_t ref)
{
	return (uint32_t)ref & VIGIL_REF_MAX_INDEX;
}

/* Returns one of enum vigil_table, unchecked. */
static inline uint32_t vigil_ref_table(uint64_t ref)
{
	return (uint32_t)ref >> VIGIL_REF_INDEX_BITS;
}

static inline uint32_t vigil_ref_gen(uint64_t ref)
{
	return (uint32_t)(ref >> 32);
}

/*
 * Histograms. Log-linear: values below 32 ns have buckets of their own, every
 * octave above is cut into equal parts: 32 for a site, 4 for a task or lock,
 * whose bucket number is the site's divided by 8. Taking the middle of its
 * bucket for a value errs by at most 1.6 % and 12.5 %; of a task's or lock's
 * times below 32 ns by at most 4 ns. Values of 17.2 s and more share the last
 * bucket; the peak beside each histogram is exact.
 *
 * Counts are 32 bits wide. When one would overflow, every count of its
 * histogram is halved: shapes and percentiles stay, weights fade.
 */
#define VIGIL_OCTAVES 29
#define VIGIL_SITE_BUCKETS (32 + 32 * VIGIL_OCTAVES)
#define VIGIL_TASK_BUCKETS (VIGIL_SITE_BUCKETS / 8)

/* Returns the site bucket of a time in nanoseconds. */
static inline uint32_t vigil_bucket(uint64_t ns)
{
	uint32_t octave, bucket;

	if (ns < 32)
		return (uint32_t)ns;
	octave = 63u - (uint32_t)__builtin_clzll(ns);
	bucket = 32 * (octave - 4) + ((uint32_t)(ns >> (octave - 5)) & 31);
	return bucket < VIGIL_SITE_BUCKETS ? bucket : VIGIL_SITE_BUCKETS - 1;
}

/* Returns the smallest time, in nanoseconds, of a site bucket. */
static inline uint64_t vigil_bucket_low(uint32_t bucket)
{
	if (bucket < 32)
		return bucket;
	return (uint64_t)(32 + bucket % 32) << (bucket / 32 - 1);
}

/*
 * Enumerations. The words are what people read; a board carries them in the
 * description of every field that uses them, in order, separated by '|'.
 */
#define VIGIL_ENUM_(e, NAME, word) VIGIL_##e##_##NAME,

#define VIGIL_LIVES(X) X(LIFE, FREE, "free") X(LIFE, LIVE, "live") X(LIFE, ENDED, "ended")
enum vigil_life { VIGIL_LIVES(VIGIL_ENUM_) };

#define VIGIL_CLOCKS(X)                                                                            \
	X(CLOCK, TSC, "tsc") X(CLOCK, MONOTONIC, "clock_gettime") X(CLOCK, CALLER, "caller")
enum vigil_clock_source { VIGIL_CLOCKS(VIGIL_ENUM_) };

#define VIGIL_EXECUTORS(X)                                                                         \
	X(EXECUTOR, OTHER, "other")                                                                \
	X(EXECUTOR, EVENT_LOOP, "event loop")                                                      \
	X(EXECUTOR, MULTI_THREAD, "multi thread")                                                  \
	X(EXECUTOR, CURRENT_THREAD, "current thread")                                              \
	X(EXECUTOR, BLOCKING_POOL, "blocking pool")
enum vigil_executor_kind { VIGIL_EXECUTORS(VIGIL_ENUM_) };

#define VIGIL_TASKS(X)                                                                             \
	X(TASK, OTHER, "other")                                                                    \
	X(TASK, ASYNC, "task")                                                                     \
	X(TASK, LOCAL, "local")                                                                    \
	X(TASK, CALLBACK, "callback")                                                              \
	X(TASK, BLOCKING, "blocking")                                                              \
	X(TASK, BLOCK_ON, "block_on")                                                              \
	X(TASK, ACTOR, "actor")
enum vigil_task_kind { VIGIL_TASKS(VIGIL_ENUM_) };

#define VIGIL_OUTCOMES(X)                                                                          \
	X(OUTCOME, NONE, "none")                                                                   \
	X(OUTCOME, COMPLETED, "completed")                                                         \
	X(OUTCOME, FAILED, "failed")                                                               \
	X(OUTCOME, CANCELLED, "cancelled")                                                         \
	X(OUTCOME, ABORTED, "aborted")
enum vigil_outcome { VIGIL_OUTCOMES(VIGIL_ENUM_) };

#define VIGIL_JOINS(X)                                                                             \
	X(JOIN, NONE, "none")                                                                      \
	X(JOIN, HELD, "held")                                                                      \
	X(JOIN, AWAITED, "awaited")                                                                \
	X(JOIN, JOINED, "joined")                                                                  \
	X(JOIN, DETACHED, "detached")
enum vigil_join { VIGIL_JOINS(VIGIL_ENUM_) };

#define VIGIL_RESOURCES(X)                                                                         \
	X(RESOURCE, OTHER, "other")                                                                \
	X(RESOURCE, MUTEX, "mutex")                                                                \
	X(RESOURCE, RWLOCK, "rwlock")                                                              \
	X(RESOURCE, SEMAPHORE, "semaphore")                                                        \
	X(RESOURCE, BARRIER, "barrier")                                                            \
	X(RESOURCE, NOTIFY, "notify")                                                              \
	X(RESOURCE, CONDITION, "condition")                                                        \
	X(RESOURCE, ONCE, "once")                                                                  \
	X(RESOURCE, MPSC, "mpsc")                                                                  \
	X(RESOURCE, BROADCAST, "broadcast")                                                        \
	X(RESOURCE, ONESHOT, "oneshot")                                                            \
	X(RESOURCE, WATCH, "watch")                                                                \
	X(RESOURCE, TIMER, "timer")                                                                \
	X(RESOURCE, INTERVAL, "interval")                                                          \
	X(RESOURCE, IO, "io")                                                                      \
	X(RESOURCE, QUEUE, "queue")                                                                \
	X(RESOURCE, POOL, "pool")                                                                  \
	X(RESOURCE, CANCEL_TOKEN, "cancel token")                                                  \
	X(RESOURCE, JOIN_SET, "join set")                                                          \
	X(RESOURCE, SIGNAL, "signal")                                                              \
	X(RESOURCE, CHILD, "child process")
enum vigil_resource_kind { VIGIL_RESOURCES(VIGIL_ENUM_) };

#define VIGIL_MODES(X)                                                                             \
	X(MODE, NONE, "none") X(MODE, EXCLUSIVE, "exclusive") X(MODE, SHARED, "shared")
enum vigil_mode { VIGIL_MODES(VIGIL_ENUM_) };

/* What a task, or a thread, waits on. */
#define VIGIL_WAITS(X)                                                                             \
	X(WAIT, NONE, "none")                                                                      \
	X(WAIT, OTHER, "other")                                                                    \
	X(WAIT, LOCK, "lock")                                                                      \
	X(WAIT, LOCK_SHARED, "shared lock")                                                        \
	X(WAIT, PERMIT, "permit")                                                                  \
	X(WAIT, SEND, "send")                                                                      \
	X(WAIT, RECEIVE, "receive")                                                                \
	X(WAIT, NOTIFIED, "notification")                                                          \
	X(WAIT, TIMER, "timer")                                                                    \
	X(WAIT, READABLE, "readable")                                                              \
	X(WAIT, WRITABLE, "writable")                                                              \
	X(WAIT, ACCEPT, "accept")                                                                  \
	X(WAIT, CONNECT, "connect")                                                                \
	X(WAIT, RESOLVE, "name lookup")                                                            \
	X(WAIT, TASK, "task")                                                                      \
	X(WAIT, JOB, "pool job")                                                                   \
	X(WAIT, CANCEL, "cancellation")                                                            \
	X(WAIT, SIGNAL, "signal")                                                                  \
	X(WAIT, CHILD, "child process")
enum vigil_wait_kind { VIGIL_WAITS(VIGIL_ENUM_) };

#define VIGIL_LEVELS(X)                                                                            \
	X(LEVEL, ERROR, "error")                                                                   \
	X(LEVEL, WARN, "warn")                                                                     \
	X(LEVEL, INFO, "info")                                                                     \
	X(LEVEL, DEBUG, "debug")                                                                   \
	X(LEVEL, TRACE, "trace")
enum vigil_level { VIGIL_LEVELS(VIGIL_ENUM_) };

#define VIGIL_ATTRS(X)                                                                             \
	X(ATTR, I64, "i64")                                                                        \
	X(ATTR, U64, "u64")                                                                        \
	X(ATTR, F64, "f64")                                                                        \
	X(ATTR, BOOL, "bool")                                                                      \
	X(ATTR, TEXT, "text")
enum vigil_attr_type { VIGIL_ATTRS(VIGIL_ENUM_) };

/* What the rings hold. value is a length in ns, or another object. */
#define VIGIL_EVENTS(X)                                                                            \
	X(EVENT, NONE, "none")                                                                     \
	X(EVENT, SPAWN, "spawn")                                                                   \
	X(EVENT, POLL, "poll")                                                                     \
	X(EVENT, WAKE, "wake")                                                                     \
	X(EVENT, END, "end")                                                                       \
	X(EVENT, PARK, "park")                                                                     \
	X(EVENT, LOCK_WAIT, "lock wait")                                                           \
	X(EVENT, LOCK, "lock")                                                                     \
	X(EVENT, UNLOCK, "unlock")                                                                 \
	X(EVENT, SPAN_ENTER, "span enter")                                                         \
	X(EVENT, SPAN_LEAVE, "span leave")                                                         \
	X(EVENT, RESOURCE, "resource")                                                             \
	X(EVENT, OP, "operation")
enum vigil_event_kind { VIGIL_EVENTS(VIGIL_ENUM_) };

/* Site kinds: what a site was first seen doing. */
#define VIGIL_SITES(X)                                                                             \
	X(SITE, OTHER, "other")                                                                    \
	X(SITE, SPAWN, "spawn")                                                                    \
	X(SITE, WAKE, "wake")                                                                      \
	X(SITE, RESOURCE, "resource")                                                              \
	X(SITE, LOCK, "lock")                                                                      \
	X(SITE, OP, "operation")                                                                   \
	X(SITE, SPAN, "span")                                                                      \
	X(SITE, MESSAGE, "message")                                                                \
	X(SITE, EXECUTOR, "executor")
enum vigil_site_kind { VIGIL_SITES(VIGIL_ENUM_) };

#define VIGIL_RESOURCE_INTERNAL 1u /* resource flags: belongs to the runtime */
#define VIGIL_RESOURCE_THREAD 2u   /* waiting for it blocks the thread */

/* Types, units and meanings of fields: fields.def explains them. */
#define VIGIL_TYPES(X)                                                                             \
	X(TYPE, u8, "u8")                                                                          \
	X(TYPE, u16, "u16")                                                                        \
	X(TYPE, u32, "u32")                                                                        \
	X(TYPE, u64, "u64")                                                                        \
	X(TYPE, i32, "i32") X(TYPE, i64, "i64") X(TYPE, text, "text") X(TYPE, ref, "ref")
enum vigil_type { VIGIL_TYPES(VIGIL_ENUM_) };

#define VIGIL_UNITS(X)                                                                             \
	X(UNIT, none, "") X(UNIT, count, "count") X(UNIT, ns, "ns") X(UNIT, bytes, "bytes")
enum vigil_unit { VIGIL_UNITS(VIGIL_ENUM_) };

#define VIGIL_MEANINGS(X)                                                                          \
	X(MEANS, seq, "seq")                                                                       \
	X(MEANS, id, "id")                                                                         \
	X(MEANS, index, "index")                                                                   \
	X(MEANS, state, "state")                                                                   \
	X(MEANS, instant, "instant")                                                               \
	X(MEANS, counter, "counter")                                                               \
	X(MEANS, gauge, "gauge")                                                                   \
	X(MEANS, peak, "peak")                                                                     \
	X(MEANS, hist, "hist") X(MEANS, words, "words") X(MEANS, spare, "spare")
enum vigil_meaning { VIGIL_MEANINGS(VIGIL_ENUM_) };

/* How a table's records are used. */
#define VIGIL_HOWS(X)                                                                              \
	X(HOW, single, "single") /* one record */                                                  \
	X(HOW, fixed, "fixed")   /* taken once, never given back */                                \
	X(HOW, pool, "pool")     /* taken, ended, and after a while recycled */                    \
	X(HOW, ring, "ring")     /* equal parts, one a worker, each overwritten in turn */
enum vigil_how { VIGIL_HOWS(VIGIL_ENUM_) };

/* A program's own macros of the names that fields.def uses come back below. */
#pragma push_macro("TABLE")
#pragma push_macro("FIELD")
#pragma push_macro("END")
#undef TABLE
#undef FIELD
#undef END

/* Tables, in the order of fields.def. */
enum vigil_table {
#define TABLE(record, table, how, help) VIGIL_TABLE_##record,
#define FIELD(record, type, name, dim, unit, meaning, help)
#define END(record, size)
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
	VIGIL_TABLES
};

/* Records: struct vigil_task_record and the like. */
typedef uint8_t vigil_u8_;
typedef uint16_t vigil_u16_;
typedef uint32_t vigil_u32_;
typedef uint64_t vigil_u64_;
typedef int32_t vigil_i32_;
typedef int64_t vigil_i64_;
typedef uint64_t vigil_ref_;
typedef char vigil_text_;

#define TABLE(record, table, how, help) struct vigil_##record##_record {
#define FIELD(record, type, name, dim, unit, meaning, help) vigil_##type##_ name dim;
#define END(record, size)                                                                          \
	}                                                                                          \
	;                                                                                          \
	VIGIL_STATIC_ASSERT(sizeof(struct vigil_##record##_record) == (size),                      \
			    "the size of " #record " is part of the ABI");
#include <vigil/fields.def>
#undef TABLE
#undef FIELD
#undef END
#pragma pop_macro("TABLE")
#pragma pop_macro("FIELD")
#pragma pop_macro("END")

/* A table of the board. 96 bytes. */
struct vigil_table_header {
	char name[16];        /* "tasks" */
	uint64_t offset;      /* of record 0 */
	uint32_t record_size; /* step from record to record */
	uint32_t capacity;    /* records there is address room for */
	uint32_t used;        /* records that have ever been used: [0, used) */
	uint32_t claimed;     /* records that have storage: used <= claimed */
	uint32_t how;         /* enum vigil_how */
	uint32_t first_field; /* of its fields in the field list */
	uint32_t fields;      /* how many */
	uint32_t help;        /* offset of its NUL-terminated help */
	uint32_t finished;    /* of a pool: ended records that stay visible; 0 not known */
	uint32_t spare0;
	uint64_t spare[4];
};
VIGIL_STATIC_ASSERT(sizeof(struct vigil_table_header) == 96, "part of the ABI");

/* A field of a table's records. 48 bytes. */
struct vigil_field {
	char name[24];
	uint16_t table;  /* index of its table */
	uint8_t type;    /* enum vigil_type */
	uint8_t unit;    /* enum vigil_unit */
	uint8_t meaning; /* enum vigil_meaning */
	uint8_t spare;
	uint16_t offset; /* in the record */
	uint32_t size;   /* bytes in all */
	uint32_t count;  /* elements: 1, or those of the array */
	uint32_t help;   /* offset of its NUL-terminated help */
	uint32_t words;  /* offset of the NUL-terminated words of a state, or 0 */
};
VIGIL_STATIC_ASSERT(sizeof(struct vigil_field) == 48, "part of the ABI");

/*
 * The start of the file. Written before magic is; magic is stored last, with
 * release, so a file without it is being made or is none of ours.
 */
struct vigil_header {
	char magic[8];
	uint32_t header_size; /* bytes of this structure */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t byte_order; /* 0x01020304 as written by the program */
	uint32_t tables;     /* table headers at tables_offset */
	uint64_t file_size;
	uint32_t tables_offset;
	uint32_t table_header_size; /* step from table header to table header */
	uint32_t fields_offset;
	uint32_t fields;     /* fields at fields_offset */
	uint32_t field_size; /* step from field to field */
	uint32_t words_offset;
	uint32_t words_size; /* the texts that help and words point into */
	uint32_t spare;
	uint64_t spares[8];
};
VIGIL_STATIC_ASSERT(sizeof(struct vigil_header) == 128, "part of the ABI");

#define VIGIL_BYTE_ORDER 0x01020304u

#ifdef __cplusplus
}
#endif
#endif
