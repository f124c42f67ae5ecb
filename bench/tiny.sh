#!/bin/bash
# SPDX-License-Identifier: MIT
# Each bench once and tiny, as TAP: to see that it works, not how fast anything is.
set -u

if [ "$(id -u)" -ne 0 ]; then
	echo "1..0 # SKIP the benches need root"
	exit 0
fi
n=0
failed=0
for bench in b1 b2 b3 b4; do
	n=$((n + 1))
	if said=$("$1" "$(dirname "$0")/run.py" "$2" /nowhere --tiny "$bench" 2>&1); then
		echo "ok $n - $bench runs"
	else
		echo "not ok $n - $bench runs"
		failed=1
		printf '%s\n' "$said" | tail -5 | sed 's/^/# /'
	fi
done
echo "1..$n"
exit $failed
