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

caps=cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace,cap_dac_read_search,cap_sys_admin
for backend in auto bpf; do
	run --backend "$backend" --once
	is "$status" 77 "$backend: exit status"
	is "$out" "" "$backend: nothing on stdout"
	is "$(wc -l <"$dir/err")" 1 "$backend: one line"
	for word in CAP_BPF CAP_PERFMON "CAP_NET_ADMIN for UDP" "CAP_SYS_PTRACE for other users" \
		"CAP_DAC_READ_SEARCH for control groups" "sudo" "setcap $caps\+ep $dir/tcptop" "--backend diag"; do
		like "$err" "$word" "$backend: it names $word"
	done
done

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
finish
