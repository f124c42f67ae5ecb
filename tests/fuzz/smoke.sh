#!/bin/bash
# SPDX-License-Identifier: MIT
# A fuzzer's bounded run, as TAP: its corpus once, then new inputs. usage: smoke.sh TARGET CORPUS
# What the fuzzer grows stays in a folder that is removed; a crash is printed with its input.
set -euo pipefail

target=$1
corpus=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/grown"
if "$target" -runs=200000 -max_total_time=10 -print_final_stats=1 -artifact_prefix="$work/" \
	"$work/grown" "$corpus" >"$work/said" 2>&1; then
	runs=$(sed -nE 's/^stat::number_of_executed_units: *//p' "$work/said")
	echo "ok 1 - $(basename "$target") holds for its corpus and new inputs"
	echo "# $runs runs"
	echo "1..1"
else
	echo "not ok 1 - $(basename "$target") holds for its corpus and new inputs"
	tail -n 60 "$work/said" | sed 's/^/#   /'
	for input in "$work"/{crash,leak,oom,timeout}-*; do
		[ ! -f "$input" ] || base64 -w 90 "$input" | sed 's/^/#   input, base64: /'
	done
	echo "1..1"
	exit 1
fi
