#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside the guest: is this the world the tests were promised? Prints TAP.
checks=0
failures=0

check() {
	what=$1
	shift
	checks=$((checks + 1))
	if "$@" >/dev/null; then
		echo "ok $checks - $what"
	else
		failures=$((failures + 1))
		echo "not ok $checks - $what"
	fi
}

is_kernel() {
	case $(uname -r) in "$1".*) ;; *) return 1 ;; esac
}

check "the kernel is a $VM_KERNEL: $(uname -r)" is_kernel "$VM_KERNEL"
check "the kernel describes its types (BTF)" test -r /sys/kernel/btf/vmlinux
check "lo is up" ping -c 1 127.0.0.1
check "cgroup2 is mounted" test -f /sys/fs/cgroup/cgroup.procs
check "sock_diag is there for TCP" grep -q '^tcp_diag ' /proc/modules
check "sock_diag is there for UDP" grep -q '^udp_diag ' /proc/modules
check "tcptop starts" "$TCPTOP" --version
echo "1..$checks"
[ "$failures" -eq 0 ]
