#!/bin/bash
# SPDX-License-Identifier: MIT
# A recording gives back what was shown when it was made, and says so when it cannot.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

run --record "$dir/probe" --backend diag --once
[ "$status" -ne 2 ] || skip_all "${err#tcptop: }"
is "$status" 0 "--record with --once: exit status"

start_talker || { echo "Bail out! the talker does not talk"; exit 1; }
talk "hold 5" || { echo "Bail out! no connections"; exit 1; }
ours="port in ($client_port,$server_port)"

for backend in $(backends); do
	recording=$dir/$backend.weir
	start --backend "$backend" --csv --log-columns all --interval 0.2 --record "$recording" \
		--filter "$ours"
	eventually has_header "$dir/out"
	# Some that live through a tick, and some that do not.
	talk "short 20"
	eventually grep -q ',closed,' "$dir/out"
	talk "short 5"
	kill -TERM "$pid"
	reap "$pid"
	is "$status" 0 "$backend: recording beside CSV: exit status"
	cp "$dir/out" "$dir/live.csv"
	like "$(stat -c %a "$recording")" '^600$' "$backend: it is for its owner only"

	# Whatever was chosen to be shown, all was kept; the same choice gives the same rows.
	run --replay "$recording" --csv --log-columns all --filter "$ours"
	is "$status" 0 "$backend: replay as CSV: exit status"
	is "$err" "" "$backend: and nothing on stderr"
	sort "$dir/live.csv" >"$dir/live.sorted"
	sort "$dir/out" >"$dir/replayed.sorted"
	is "$(diff "$dir/live.sorted" "$dir/replayed.sorted" | head -n 5)" "" \
		"$backend: every row is as it was shown, to the last digit"
	ticks=$(cut -d, -f1 "$dir/live.csv" | tail -n +2 | sort -u | wc -l)

	run --replay "$recording" --json
	is "$(grep -c '"type":"tick"' "$dir/out")" "$(grep -c '"interval_ms":200' "$dir/out")" \
		"$backend: ticks have the interval they were made with"
	run --replay "$recording" --json -n 2
	is "$(grep -c '"type":"tick"' "$dir/out")" 2 "$backend: -n 2 is two ticks"
	run --replay "$recording" --once --filter "port $server_port"
	like "$out" "^PROTO" "$backend: --once is lines"
	run --replay "$recording" --csv --from +0 --to +0
	is "$(cut -d, -f1 "$dir/out" | tail -n +2 | sort -u | wc -l)" 1 \
		"$backend: --from and --to can leave one tick"
	[ "$ticks" -gt 1 ]
	ok $? "$backend: of several"
	run --replay "$recording" --csv --redact remote=hash
	like "$out" ',h-[0-9a-f]{16},' "$backend: what is replayed can be redacted"
done

# What is cut short ends with its last whole tick, and says so.
size=$(stat -c %s "$recording")
head -c $((size - 3)) "$recording" >"$dir/cut.weir"
run --replay "$dir/cut.weir" --csv
is "$status" 0 "a recording that was cut: exit status"
like "$err" 'cut short' "and a line"
# What is damaged is passed over.
cp "$recording" "$dir/bad.weir"
printf '\xff\xff\xff\xff' | dd of="$dir/bad.weir" bs=1 seek=$((size / 2)) conv=notrunc status=none
run --replay "$dir/bad.weir" --csv
is "$status" 1 "a damaged recording: exit status"
lost='(the frames .* are missing|no frame)'
like "$err" "^tcptop: '.*bad.weir' is damaged (at|before) byte [0-9]+: $lost" \
	"and a line that says where, and what is missing"

run --replay "$dir/nothing.weir" --csv
is "$status" 1 "a recording that is not there: exit status"
is "$(wc -l <"$dir/err")" 1 "one line on stderr"
echo "no recording" >"$dir/text"
run --replay "$dir/text" --csv
is "$status" 1 "a file that is none: exit status"
run --replay "$recording" --csv --from 2001-01-01T00:00:00Z --to 2001-01-02T00:00:00Z
is "$status" 1 "a time it is not about: exit status"
like "$err" 'nothing between' "and a line"
run --backend diag --record "$dir/no/such" --once
is "$status" 1 "a folder that is not there: exit status"
is "$out" "" "and nothing is shown"
if [ -e /dev/full ]; then
	run --backend diag --record /dev/full -n 3 --interval 0.1 --json
	is "$status" 1 "a full disk: exit status"
	like "$err" 'No space left' "and a line"
else
	skip "a full disk" "no /dev/full"
fi

# Without a terminal there is no screen, and its options say so before anything is done.
run --replay "$recording" --group port --csv
is "$status" 2 "--group with CSV: exit status"
run --replay "$recording"
like "$out" '^PROTO' "a replay without a terminal is lines"

finish
