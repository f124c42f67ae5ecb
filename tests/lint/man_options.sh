#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual page names the same options as the option table, and the same keys as the screen's.
# usage: man_options.sh PAGE COMPLETIONS-PROGRAM
set -euo pipefail

page=$1
program=$2

# The options an mdoc page tells: each Fl of its .It lines between OPTIONS and the next section.
told() {
	awk '/^\.Sh/ { inside = /OPTIONS$/ }
		inside && /^\.It Fl/ {
			for (i = 2; i < NF; i++)
				if ($i == "Fl")
					print "-" $(i + 1)
		}' "$1" | sort -u
}

# The keys it tells: what stands behind each Ic in the lists of the section on the screen, up to
# the end of the line; a comma or a full stop there is a key only with \& before it.
keys_told() {
	awk '/^\.Sh/ { inside = /THE SCREEN$/ }
		inside && (/^\.It Ic / || /^\.Ic /) {
			for (i = /^\.It/ ? 3 : 2; i <= NF; i++) {
				if ($i == "," || $i == "." || $i == "Fl")
					continue
				if ($(i - 1) == "Fl" || $i == "ss")
					continue
				key = $i
				gsub(/\\&/, "", key)
				gsub(/\\-/, "-", key)
				print key
			}
		}' "$1" | sort -u
}

# differs PAGE LIST [FUNCTION]: prints what stands in one of the two only.
differs() {
	diff <("${3:-told}" "$1") <(sort -u "$2") || true
}

list=$(mktemp)
trap 'rm -f "$list" "$list.1"' EXIT
"$program" options >"$list"

echo "1..8"
failures=0
# check FOUND WANTED-TO-FIND-SOMETHING WHAT
check() {
	if { [ -n "$1" ] && [ "$2" = yes ]; } || { [ -z "$1" ] && [ "$2" = no ]; }; then
		echo "ok $3"
	else
		failures=$((failures + 1))
		echo "not ok $3"
		while read -r line; do echo "# $line"; done <<<"$1"
	fi
}

check "$(cat "$list")" yes "1 - the table has options"
check "$(differs "$page" "$list")" no "2 - the page and the table name the same options"

# The check itself must notice either side's lack.
grep -v '^--port$' "$list" >"$list.1"
check "$(differs "$page" "$list.1")" yes "3 - an option that only the page has is noticed"
{ cat "$list"; echo "--only-in-table"; } >"$list.1"
check "$(differs "$page" "$list.1")" yes "4 - an option that only the table has is noticed"

"$program" keys >"$list"
check "$(cat "$list")" yes "5 - the screen has keys"
check "$(differs "$page" "$list" keys_told)" no "6 - the page and the screen name the same keys"
grep -vx 'o' "$list" >"$list.1"
check "$(differs "$page" "$list.1" keys_told)" yes "7 - a key that only the page has is noticed"
{ cat "$list"; echo "F12"; } >"$list.1"
check "$(differs "$page" "$list.1" keys_told)" yes "8 - a key that only the screen has is noticed"
[ "$failures" -eq 0 ]
