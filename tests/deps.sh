#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deps.sh GROUP...: sees to it that what the groups need is installed. Groups:
# build test demo lint fuzz. Quick and silent when nothing is missing.
#
# Installs with apt-get, as root or with a sudo that asks for nothing. Where it
# cannot, says what to do and exits with 2.
set -eu

missing=''

# need PACKAGE COMMAND...: the package is missing unless the command succeeds.
need()
{
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}

has_fuzzer()
{
	ls "$(clang -print-resource-dir)"/lib/linux/libclang_rt.fuzzer-*.a
}

for group; do
	case $group in
	build)
		need gcc command -v cc
		need libc6-dev test -e /usr/include/stdio.h
		need make command -v make
		need pkg-config command -v pkg-config
		need libncurses-dev pkg-config --exists ncursesw
		need liblttng-ust-dev pkg-config --exists lttng-ust
		need liblttng-ctl-dev pkg-config --exists lttng-ctl
		need libbabeltrace2-dev pkg-config --exists babeltrace2
		need libprotobuf-c-dev pkg-config --exists libprotobuf-c
		need protobuf-c-compiler command -v protoc-c
		need libsqlite3-dev pkg-config --exists sqlite3
		;;
	test)
		need g++ command -v c++
		need libcriterion-dev pkg-config --exists criterion
		need lttng-tools command -v lttng
		need babeltrace2 command -v babeltrace2
		need graphviz command -v dot
		need protobuf-compiler command -v protoc
		need python3 command -v python3
		;;
	demo)
		need wrk command -v wrk
		;;
	lint)
		need clang-format command -v clang-format
		need clang-tidy command -v clang-tidy
		need cppcheck command -v cppcheck
		need shellcheck command -v shellcheck
		need mandoc command -v mandoc
		# Tests are read too, with its headers.
		need libcriterion-dev pkg-config --exists criterion
		;;
	fuzz)
		need clang command -v clang
		need libclang-rt-dev has_fuzzer
		;;
	*)
		echo "deps.sh: unknown group $group; see its head" >&2
		exit 2
		;;
	esac
done

[ "$missing" ] || exit 0
missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
missing=${missing# }
missing=${missing% }

if ! command -v apt-get >/dev/null; then
	echo "vigil: missing, by their Debian names: $missing." >&2
	echo "There is no apt-get here: install them your system's way, then call make again." >&2
	exit 2
fi

if [ "$(id -u)" = 0 ]; then
	sudo=''
elif sudo -n true 2>/dev/null; then
	sudo='sudo -n'
else
	echo "vigil: missing: $missing. Install them with" >&2
	echo "    sudo sh -c 'apt-get update && apt-get install -y $missing'" >&2
	exit 2
fi

echo "vigil: installing $missing"
apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"
# Unquoted: lists of words.
# shellcheck disable=SC2086
{
	$apt update && $apt install -y --no-install-recommends $missing >/dev/null
} || {
	echo "vigil: apt-get could not install $missing; its words are above" >&2
	exit 2
}
