/* SPDX-License-Identifier: MIT */
/*
 * A repository: what signs people up knows an interface, not that there is SQLite behind it.
 * SQLite blocks, so each call is a job of the blocking pool; and its one connection is used by
 * one at a time, which a lock of the runtime sees to: who waits for it blocks no thread.
 *
 * In the console locks (l) has mutex "people.db", and how long clerks held it and waited; jobs
 * "INSERT person" and "SELECT person" (t, with D those that ended) are the statements.
 */
#include <errno.h>
#include <sqlite3.h>

#include "../example.h"

#define CLERKS 4
#define NAMES 6 /* of each */

/* ---- The interface ---- */

struct people {
	void *self;
	int (*add)(void *self, const char *name, int64_t *ret_id);  /* -EEXIST */
	int (*find)(void *self, const char *name, int64_t *ret_id); /* -ENOENT */
	int (*count)(void *self, int64_t *ret_count);
};

/* ---- SQLite behind it ---- */

struct database {
	sqlite3 *sqlite;
	struct rt_mutex *lock;
};

/* A statement with one parameter, and a number that it returns. */
struct query {
	sqlite3 *sqlite;
	const char *sql, *name;
	int64_t number;
};

/* On a thread of the pool. -ENOENT: no row. */
static int query_run(void *arg)
{
	struct query *query = arg;
	sqlite3_stmt *statement;
	int step;

	if (sqlite3_prepare_v2(query->sqlite, query->sql, -1, &statement, NULL))
		return rt_fail("db", -EIO, "%s", sqlite3_errmsg(query->sqlite));
	if (query->name)
		sqlite3_bind_text(statement, 1, query->name, -1, SQLITE_STATIC);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		query->number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (step == SQLITE_ROW)
		return 0;
	if (step == SQLITE_DONE)
		return -ENOENT;
	if (step == SQLITE_CONSTRAINT)
		return -EEXIST;
	return rt_fail("db", -EIO, "%s", sqlite3_errmsg(query->sqlite));
}

static int ask(struct database *database, const char *sql, const char *name, int64_t *ret_number,
	       const char *job)
{
	struct query query = { database->sqlite, sql, name, 0 };
	int code = rt_mutex_lock(database->lock);

	if (code)
		return code;
	code = rt_call_blocking(query_run, &query, job);
	rt_mutex_unlock(database->lock);
	if (!code)
		*ret_number = query.number;
	return code;
}

static int add(void *self, const char *name, int64_t *ret_id)
{
	return ask(self, "INSERT INTO people (name) VALUES (?) RETURNING id", name, ret_id,
		   "INSERT person");
}

static int find(void *self, const char *name, int64_t *ret_id)
{
	return ask(self, "SELECT id FROM people WHERE name = ?", name, ret_id, "SELECT person");
}

static int count(void *self, int64_t *ret_count)
{
	return ask(self, "SELECT count(*) FROM people", NULL, ret_count, "SELECT count");
}

static int open_job(void *arg)
{
	struct database *database = arg;
	char dir[] = "/tmp/vigil-people-XXXXXX", path[64];
	int error;

	if (!mkdtemp(dir))
		return rt_fail("io", -errno, "cannot make %s", dir);
	snprintf(path, sizeof(path), "%s/people.db", dir);
	/* In memory what would be files beside it: so it can lose its name at once, too. */
	error = sqlite3_open(path, &database->sqlite);
	if (!error)
		error = sqlite3_exec(database->sqlite,
				     "PRAGMA journal_mode = MEMORY;"
				     "CREATE TABLE people (id INTEGER PRIMARY KEY, name UNIQUE)",
				     NULL, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return error ? rt_fail("db", -EIO, "%s", sqlite3_errmsg(database->sqlite)) : 0;
}

/* ---- Who uses the interface ---- */

struct clerk {
	const struct people *people;
	unsigned number, added, known;
};

/* Half of the names of each clerk are also those of the next. */
static int sign_up(void *arg)
{
	struct clerk *clerk = arg;
	int code = 0;

	for (unsigned i = 0; i < NAMES && !code; i++) {
		unsigned n = (clerk->number * NAMES / 2 + i) % (CLERKS * NAMES / 2);
		char name[32];
		int64_t id;

		snprintf(name, sizeof(name), "person %u", n);
		code = clerk->people->add(clerk->people->self, name, &id);
		clerk->added += !code;
		if (code == -EEXIST) {
			code = clerk->people->find(clerk->people->self, name, &id);
			clerk->known += !code;
		}
		if (!code)
			code = rt_sleep(150 * RT_MS);
	}
	return code;
}

static int sign_all_up(const struct people *people)
{
	struct rt_join_set *set = rt_join_set_new("clerks");
	struct clerk clerks[CLERKS] = { 0 };
	unsigned added = 0, known = 0;
	int64_t rows = 0;
	int code = set ? 0 : -ENOMEM;

	for (unsigned i = 0; i < CLERKS && !code; i++) {
		char name[32];

		clerks[i] = (struct clerk){ people, i, 0, 0 };
		snprintf(name, sizeof(name), "clerk %u", i);
		code = rt_join_set_spawn(set, sign_up, &clerks[i], name);
	}
	code = rt_join_set_finish(set, code);
	if (!code)
		code = people->count(people->self, &rows);
	if (code)
		return code;
	for (unsigned i = 0; i < CLERKS; i++) {
		added += clerks[i].added;
		known += clerks[i].known;
	}
	printf("%d clerks: %u people added, %u known already; %lld in the database\n", CLERKS,
	       added, known, (long long)rows);
	return 0;
}

static int run(void *arg)
{
	struct database database = { .lock = rt_mutex_new("people.db") };
	struct people people = { &database, add, find, count };
	int code = database.lock ? 0 : -ENOMEM;

	(void)arg;
	if (!code)
		code = rt_call_blocking(open_job, &database, "open people.db");
	if (!code)
		code = sign_all_up(&people);
	sqlite3_close(database.sqlite);
	rt_mutex_free(database.lock);
	return code;
}

EXAMPLE_PATTERN(NULL, run)
