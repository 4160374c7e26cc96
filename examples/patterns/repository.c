/* SPDX-License-Identifier: MIT */
/*
 * A repository: what signs people up knows an interface, not that there is SQLite behind it.
 * SQLite blocks, so each call is a job of the blocking pool; and its one connection is used by
 * one at a time, which a lock of the runtime sees to: who waits for it blocks no thread.
 *
 * In the console locks (l) has mutex "people.db", and how long clerks held it and waited; jobs
 * "INSERT person" and "SELECT person" (t, with D those that ended) are the statements.
 */
#include <sqlite3.h>

#include "../example.h"

#define CLERKS 4
#define NAMES 6 /* of each */

struct people {
	void *self; /* whatever is behind this interface */
	int (*add)(void *self, const char *name, int64_t *ret_id);  /* -EEXIST */
	int (*find)(void *self, const char *name, int64_t *ret_id); /* -ENOENT */
};

/* ---- SQLite behind it ---- */

struct database {
	sqlite3 *sqlite;
	struct rt_mutex *lock;
};

/* A statement with one parameter, that returns an id. */
struct query {
	sqlite3 *sqlite;
	const char *sql, *name;
	int64_t *ret_id;
};

/* On a thread of the pool. -ENOENT: no row. */
static int query_run(void *arg)
{
	struct query *query = arg;
	sqlite3_stmt *statement;
	int step;

	if (sqlite3_prepare_v2(query->sqlite, query->sql, -1, &statement, NULL))
		return rt_fail("db", -EIO, "%s", sqlite3_errmsg(query->sqlite));
	sqlite3_bind_text(statement, 1, query->name, -1, SQLITE_STATIC);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		*query->ret_id = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (step == SQLITE_ROW)
		return 0;
	if (step == SQLITE_DONE)
		return -ENOENT;
	if (step == SQLITE_CONSTRAINT)
		return -EEXIST;
	return rt_fail("db", -EIO, "%s", sqlite3_errmsg(query->sqlite));
}

static int ask(struct database *database, const char *sql, const char *name, int64_t *ret_id,
	       const char *job)
{
	struct query query = { database->sqlite, sql, name, ret_id };
	int code = rt_mutex_lock(database->lock);

	if (code)
		return code;
	code = rt_call_blocking(query_run, &query, job);
	rt_mutex_unlock(database->lock);
	return code;
}

static int add(void *self, const char *name, int64_t *ret_id)
{
	return ask(self, "INSERT INTO people (name) VALUES (?) RETURNING rowid", name, ret_id,
		   "INSERT person");
}

static int find(void *self, const char *name, int64_t *ret_id)
{
	return ask(self, "SELECT rowid FROM people WHERE name = ?", name, ret_id, "SELECT person");
}

static int open_job(void *arg)
{
	static const char schema[] =
		"PRAGMA journal_mode = MEMORY; CREATE TABLE people (name UNIQUE)";
	struct database *database = arg;
	char path[] = "/tmp/vigil-people-XXXXXX";
	int error, fd = mkstemp(path);

	if (fd < 0)
		return rt_fail("io", -errno, "cannot make %s", path);
	close(fd);
	/* In memory what would be files beside it: so it can lose its name at once. */
	error = sqlite3_open(path, &database->sqlite);
	if (!error)
		error = sqlite3_exec(database->sqlite, schema, NULL, NULL, NULL);
	unlink(path);
	return error ? rt_fail("db", -EIO, "%s", sqlite3_errmsg(database->sqlite)) : 0;
}

static _Atomic unsigned clerks, added, known;

/* Who uses the interface: clerks. Half of the names of each are also those of the next. */
static int sign_up(void *arg)
{
	const struct people *people = arg;
	unsigned first = clerks++ * NAMES / 2;
	int code = 0;

	for (unsigned i = 0; i < NAMES && !code; i++) {
		char name[32];
		int64_t id;

		snprintf(name, sizeof(name), "person %u", (first + i) % (CLERKS * NAMES / 2));
		code = people->add(people->self, name, &id);
		added += !code;
		if (code == -EEXIST) {
			code = people->find(people->self, name, &id);
			known += !code;
		}
		if (!code)
			code = rt_sleep(150 * RT_MS);
	}
	return code;
}

static int run(void *arg)
{
	struct database db = { .lock = rt_mutex_new("people.db") };
	struct people people = { &db, add, find };
	struct rt_join_set *set = rt_join_set_new("clerks");
	int code = db.lock ? rt_call_blocking(open_job, &db, "open people.db") : -ENOMEM;

	(void)arg;
	added = 0;
	known = 0;
	if (!code)
		code = example_spawn_each(set, "clerk", sign_up, &people, 0, CLERKS);
	code = rt_join_set_finish(set, code);
	if (!code)
		printf("%d clerks: %u people added, %u known already; %d in the database\n", CLERKS,
		       added, known, sqlite3_total_changes(db.sqlite));
	sqlite3_close(db.sqlite);
	rt_mutex_free(db.lock);
	return code;
}

EXAMPLE_PATTERN(NULL, run)
