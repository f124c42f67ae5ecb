#!/bin/bash
# SPDX-License-Identifier: MIT
# As a user without capabilities: the refusal and the two ways on, and the source that needs none.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

command -v setpriv >/dev/null || skip_all "no setpriv (util-linux)"
[ "$(id -u)" -eq 0 ] || skip_all "not root, so there is no one to become"

# The build folder may be closed to others.
install -m 755 "$TCPTOP" "$dir/tcptop"
cat >"$dir/as-nobody" <<END
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	"$dir/tcptop" "\$@"
END
chmod 755 "$dir/as-nobody"
TCPTOP=$dir/as-nobody

caps=cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search
caps+=,cap_sys_admin
for backend in auto bpf; do
	run --backend "$backend" --once
	is "$status" 77 "$backend: exit status"
	is "$out" "" "$backend: nothing on stdout"
	is "$(wc -l <"$dir/err")" 1 "$backend: one line"
	for word in CAP_BPF CAP_PERFMON "CAP_NET_ADMIN for UDP" "CAP_SYS_PTRACE for other users" \
		"CAP_DAC_READ_SEARCH for control groups" "sudo" \
		"setcap $caps\+ep $dir/tcptop" "--backend diag"; do
		like "$err" "$word" "$backend: it names $word"
	done
done

# The talker is to hold thousands of connections later.
ulimit -n 16384 2>/dev/null
many=$?
start_talker || { echo "Bail out! no connection on loopback"; exit 1; }
talk "send 1000"
run --backend diag --once --csv --filter "port $client_port and port $server_port"
is "$status" 0 "diag: exit status"
is "$(complaints)" "" "diag: nothing to say"
is "$(wc -l <"$dir/out")" 3 "diag: header and both ends"
row=$(grep ",127.0.0.1,$client_port,127.0.0.1,$server_port," "$dir/out")
is "$(cut -d, -f7-11 <<<"$row")" ",no-cap,ESTABLISHED,0,1000" \
	"diag: another user's process is no-cap, the bytes are exact"
run --backend diag --once --netns all
is "$status" 77 "diag --netns all: exit status"
like "$err" "CAP_SYS_ADMIN" "diag --netns all: what is missing"

# After the start only what the next ticks need is kept, and it is enough for them.
TCPTOP=$dir/tcptop

# caps_of FIELD PID: that set of capabilities, in hexadecimal.
caps_of() {
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$2/status"
}

# mask NUMBER...: the capabilities of these numbers that this test has too.
mask() {
	local bit sum=0
	for bit in "$@"; do
		sum=$((sum | 1 << bit))
	done
	printf '%016x' $((sum & 16#$(caps_of CapEff self)))
}

# shellcheck disable=SC2317 # eventually calls it
keeps() {
	[ "$(caps_of CapPrm "$pid")" = "$1" ] && [ "$(caps_of CapEff "$pid")" = "$1" ]
}

# kept WHAT MASK ARGUMENT...: the program keeps this mask, and its last look works with it.
kept() {
	local what=$1 want=$2
	shift 2
	start --interval 0.1 "$@"
	eventually keeps "$want"
	ok $? "$what: it keeps $want"
	kill -TERM "$pid"
	reap "$pid"
	is "$status $(complaints)" "0 " "$what: and ends well"
}

# include/uapi/linux/capability.h
CHOWN=0 DAC_OVERRIDE=1 DAC_READ_SEARCH=2 FOWNER=3 NET_ADMIN=12 SYS_PTRACE=19 SYS_ADMIN=21 BPF=39
names="$DAC_READ_SEARCH $SYS_PTRACE"
files="$CHOWN $DAC_OVERRIDE $FOWNER"
# shellcheck disable=SC2086 # lists of numbers
{
	diag=$(mask $names)
	diag_inside=$(mask $names $NET_ADMIN $SYS_ADMIN)
	bpf=$(mask $names $BPF)
	bpf_inside=$(mask $names $BPF $SYS_ADMIN)
	bpf_files=$(mask $names $BPF $files)
}
kept "diag, one namespace" "$diag" --backend diag --csv --netns self
kept "diag, all namespaces" "$diag_inside" --backend diag --csv --netns all

# shellcheck disable=SC2317 # has_rows calls it
# last_rows FILE: how many rows the last whole tick has at the talker's server.
last_rows() {
	grep -F "127.0.0.1,$server_port," "$1" | cut -d, -f1 | sort | uniq -c |
		awk '{ n = last; last = $1 } END { print n + 0 }'
}

# shellcheck disable=SC2317 # eventually calls it
has_rows() {
	[ "$(last_rows "$dir/out")" -ge "$1" ]
}

with_bpf() {
	local netns=tcptop-cli-$$ file
	kept "bpf" "$bpf" --backend bpf --csv
	kept "bpf, --rotate" "$bpf_files" --backend bpf --log "$dir/kept.csv" --rotate 1M
	if ip netns add "$netns" 2>/dev/null; then
		kept "bpf, -i inside a namespace" "$bpf_inside" --backend bpf --csv -i lo \
			--netns "$netns"
		ip netns delete "$netns"
	else
		skip "bpf, -i inside a namespace" "no ip netns"
	fi
	# A log of another user's, in a directory of the same: it stays that user's.
	mkdir "$dir/theirs"
	: >"$dir/theirs/log.csv"
	chown -R 65534:65533 "$dir/theirs"
	start --backend bpf --interval 0.1 --log "$dir/theirs/log.csv" --rotate 1K,2
	eventually test -e "$dir/theirs/log.csv.2"
	ok $? "another user's log is rotated"
	kill -TERM "$pid"
	reap "$pid"
	is "$status $(complaints)" "0 " "and nothing is said"
	for file in log.csv log.csv.1 log.csv.2; do
		is "$(stat -c %u:%g "$dir/theirs/$file")" 65534:65533 "$file is still theirs"
	done
	if [ "$many" -ne 0 ]; then
		skip "bpf: thousands of connections" "no 16384 descriptors"
		return
	fi
	# More rows than there was room for at the start: new maps and iterators.
	start --backend bpf --interval 0.2 --csv --netns self --port "$server_port"
	eventually has_header "$dir/out"
	eventually keeps "$bpf"
	talk "hold 3000"
	eventually has_rows 6000
	ok $? "bpf: without the rest it goes on when thousands of connections come"
	kill -TERM "$pid"
	reap "$pid"
	is "$status $(complaints)" "0 " "and ends well"
}

if backends | grep -qx bpf; then
	with_bpf
else
	skip "bpf: what is kept" "no CAP_BPF, or no BTF"
fi
finish
