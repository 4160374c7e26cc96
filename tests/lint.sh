#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh BUILD: what `make lint` does. Every check runs, each says what it
# found, and the status is 1 if any found something. BUILD has the command, whose
# help is compared. Of a whole tree it takes a minute or two.
set -u
cd "$(dirname "$0")/.." || exit 2

headers_and_sources=$(find include libtrace console examples tests -name '*.[ch]' | sort)
sources=$(echo "$headers_and_sources" | grep '\.c$')
jobs=$(nproc)
build=${1:-build}
failed=''

# check NAME COMMAND...
check()
{
	name=$1
	shift
	printf '  %-8s%s\n' LINT "$name"
	"$@" || failed="$failed $name"
}

formatting()
{
	echo "$headers_and_sources" | xargs clang-format --dry-run --Werror
}

# One file a process: they take very different times. The description-only
# reader is compiled without our headers, and needs none here either.
tidy()
{
	mkdir "$logs/tidy"
	# shellcheck disable=SC2016 # the inner shell's
	echo "$sources" | xargs -P "$jobs" -n 1 sh -c '
		clang-tidy -quiet "$2" -- -std=c11 -D_GNU_SOURCE -Iinclude -I. -I"$1" \
			>"$0/$(echo "$2" | tr / _)" 2>&1 || exit 1' "$logs/tidy" "$build/proto/console/export"
	status=$?
	# Not the count of warnings in system headers, which is for every file.
	cat "$logs/tidy"/* | grep -Ev '^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header'
	return "$status"
}

# X-macro files are read with what includes them.
static_checks()
{
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "$jobs" \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=normalCheckLevelMaxBranches --suppress=unmatchedSuppression \
		-D_GNU_SOURCE -Iinclude -I. include libtrace console examples tests
}

scripts()
{
	grep -rlE '^#!.*sh' tests .ci | grep -v '/data/' | xargs shellcheck &&
		shellcheck -s bash console/completions/vigil.bash
}

pages()
{
	for page in console/*.1 libtrace/*.[357]; do
		[ ! -e "$page" ] || mandoc -T lint -W warning "$page" || return 1
	done
}

# What is installed, and goes again: each call of the headers has a page by its name,
# and no directory is made for nothing.
installed()
{
	root=$logs/root
	man=$root/usr/share/man
	make -s BUILD="$build" DESTDIR="$root" PREFIX=/usr install >"$logs/install" 2>&1 ||
		{ cat "$logs/install"; return 1; }
	for call in $(grep -ohE '\bvigil_[a-z0-9_]*[a-z0-9]\(' include/vigil/*.h | tr -d '(' | sort -u); do
		[ -e "$man/man3/$call.3" ] || echo "$call has no page: make install links none to it"
	done >"$logs/faults"
	find "$root" -type d -empty >>"$logs/faults"
	make -s BUILD="$build" DESTDIR="$root" PREFIX=/usr uninstall
	find "$root" ! -type d >>"$logs/faults"
	cat "$logs/faults"
	[ ! -s "$logs/faults" ]
}

# README.md shows the marked parts of examples/loop.c, each as a block of C.
readme()
{
	sed -n '/README from here/,/README up to here/{//d;p}' examples/loop.c >"$logs/shown"
	# shellcheck disable=SC2016 # no command, a block of C
	sed -n '/^```c$/,/^```$/{//d;p}' README.md | diff -u "$logs/shown" - || return 1
	[ -s "$logs/shown" ]
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

check includes tests/lint-includes
check completions tests/lint-completions "$build/vigil"
check page tests/lint-page "$build/vigil"
check clang-format formatting
check shellcheck scripts
check pages pages
check installed installed
check readme readme
check cppcheck static_checks
check clang-tidy tidy

[ -z "$failed" ] || {
	echo "lint: failed:$failed" >&2
	exit 1
}
