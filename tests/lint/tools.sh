#!/bin/bash
# SPDX-License-Identifier: MIT
# What the field's own checkers say: clang-format, shellcheck, mandoc. usage: tools.sh ROOT
# Prints TAP, a check a tool; a tool that is not installed is skipped by name.
set -euo pipefail

cd "$1"
checks=0
failures=0

# check WHAT TOOL ARGUMENT...: passes when the tool is silent about every argument.
check() {
	local what=$1 tool=$2 said
	shift 2
	checks=$((checks + 1))
	if ! command -v "$tool" >/dev/null; then
		echo "ok $checks - $what # SKIP no $tool (./dev deps)"
	elif said=$("$tool" "$@" 2>&1) && [ -z "$said" ]; then
		echo "ok $checks - $what"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $what"
		head -n 40 <<<"$said" | sed 's/^/#   /'
	fi
}

# Files of ours that match the find(1) tests given.
ours() {
	find . \( -path './build*' -o -path ./.git \) -prune -o -type f "$@" -print | sort
}

mapfile -t c_files < <(ours \( -name '*.c' -o -name '*.h' \))
mapfile -t shell_files < <(ours ! -name '*.py' -exec grep -qIE -m1 '^#!/bin/(ba)?sh' {} \;)
mapfile -t pages < <(ours -path './man/*.[1-8]')

check "C is laid out as .clang-format says" clang-format --dry-run -Werror "${c_files[@]}"
check "shellcheck finds nothing in the scripts" shellcheck -x "${shell_files[@]}"
if [ ${#pages[@]} -gt 0 ]; then
	check "mandoc finds nothing in the pages" mandoc -T lint -W warning "${pages[@]}"
fi
echo "1..$checks"
[ "$failures" -eq 0 ]
