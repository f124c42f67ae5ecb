#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boots one kernel under qemu, runs tests/vm/programs in it, prints what they said as one TAP.

usage: run.py KERNEL SOURCE_ROOT BUILD_ROOT
Needs no privilege and no network of the host. The guest's console and the raw TAP stay in
BUILD_ROOT/meson-logs/vm-KERNEL.{console,tap}. A guest that ends before its last mark, or does not
end within TIMEOUT_S, is a failure.
"""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402
from tap_count import Stream  # noqa: E402

TIMEOUT_S = 600
# Beside busybox, where the host has them: busybox's own tc knows no netem.
TOOLS = ["tc"]
MARK = re.compile(r"^@(begin|end|all) (\d+)(?: (\d+))?$")


def reason_to_skip(kernels):
    """Why no guest can be booted here; None when one can."""
    if platform.machine() != "x86_64":
        return "the guest kernels are for x86-64"
    for tool in ("qemu-system-x86_64", "busybox"):
        if not shutil.which(tool):
            return "no %s (./dev deps)" % tool
    if not os.path.isfile(os.path.join(kernels, "vmlinuz")):
        return "no guest kernel, tests/vm/fetch.sh could not get it"
    return None


def read_list(kernel, source, build):
    """The lines for the guest and the files they need."""
    lines, files = [], {os.path.join(build, "bin", "tcptop")}
    files.update(path for path in map(shutil.which, TOOLS) if path)
    with open(os.path.join(HERE, "programs"), encoding="utf-8") as listed:
        for line in listed:
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            at = next(i for i, word in enumerate(words) if "=" not in word)
            places = [os.path.join(root, words[at]) for root in (build, source)]
            files.add(next((p for p in places if os.path.isfile(p)), places[0]))
            words[at] = os.path.basename(words[at])
            lines.append(" ".join(["VM_KERNEL=" + kernel] + words))
    return lines, sorted(files)


def boot(kernel, source, build, console, serial):
    """Runs the guest to its end. Returns the guest's lines and why the run is void, or None."""
    kernels = os.path.join(build, "vm-kernels", kernel)
    lines, files = read_list(kernel, source, build)
    missing = [f for f in files if not os.path.isfile(f)]
    if missing:
        return lines, "not built: " + ", ".join(missing)
    with tempfile.TemporaryDirectory(dir=build) as work:
        listed, initrd = os.path.join(work, "programs"), os.path.join(work, "initrd")
        with open(listed, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
        subprocess.run([os.path.join(HERE, "mkinitrd.sh"), initrd, kernels,
                        os.path.join(HERE, "init"), listed, *files], check=True)
        try:
            subprocess.run(
                ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1",
                 "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
                 "-serial", "file:" + console, "-serial", "file:" + serial,
                 "-kernel", os.path.join(kernels, "vmlinuz"), "-initrd", initrd,
                 # on a busy host the guest's check of its timer fails by chance
                 "-append", "console=ttyS0 panic=-1 quiet no_timer_check"],
                stdin=subprocess.DEVNULL, check=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return lines, "the guest did not end within %d s" % TIMEOUT_S
        except subprocess.CalledProcessError as error:
            return lines, "qemu: exit status %d" % error.returncode
    return lines, None


def split_streams(path):
    """{number: [text, exit status or None]} of the programs that began, and whether all ended."""
    streams, current, is_whole = {}, None, False
    if not os.path.isfile(path):
        return streams, False
    with open(path, encoding="utf-8", errors="replace") as serial:
        for line in serial:
            mark = MARK.match(line.strip())
            if not mark:
                if current is not None:
                    streams[current][0] += line
            elif mark[1] == "begin":
                current = int(mark[2])
                streams[current] = ["", None]
            elif mark[1] == "end" and current is not None:
                streams[current][1] = int(mark[3])
                current = None
            else:
                is_whole = mark[1] == "all" and int(mark[2]) == len(streams)
    return streams, is_whole


def status_complaint(status, failed):
    """What is wrong with how the program ended; None when its status fits its checks."""
    if status is None:
        return "it did not end"
    return None if status == (1 if failed else 0) else "exit status %d" % status


def report(out, label, text, status):
    """The checks of one program, under its name."""
    stream = Stream(text)
    failed = 0
    for is_bad, what, skip_reason, notes in stream.checks:
        if skip_reason is not None and not is_bad:
            out.skip("%s: %s" % (label, what), skip_reason)
        else:
            failed += is_bad
            out.ok(not is_bad, "%s: %s" % (label, what), *notes)
    if stream.skip_all is not None:
        out.skip(label, stream.skip_all)
    complaints = [c for c in (stream.complaint(), status_complaint(status, failed)) if c]
    for complaint in complaints:
        out.ok(False, "%s: %s" % (label, complaint))
    if complaints:
        for line in text.splitlines():
            out.say("#   " + line)


def print_tail(path, lines=30):
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="replace") as console:
            for line in console.read().splitlines()[-lines:]:
                print("#   " + line)


def main(kernel, source, build):
    reason = reason_to_skip(os.path.join(build, "vm-kernels", kernel))
    if reason:
        print("1..0 # SKIP " + reason)
        return 0
    logs = os.path.join(build, "meson-logs", "vm-" + kernel)
    console, serial = logs + ".console", logs + ".tap"
    for path in (console, serial):
        if os.path.exists(path):
            os.unlink(path)
    lines, void = boot(kernel, source, build, console, serial)
    streams, is_whole = split_streams(serial)
    for number, line in enumerate(lines, 1):
        name = " ".join(line.split()[1:])
        if number in streams:
            report(tap.program, "%s: %s" % (kernel, name), *streams[number])
        else:
            tap.ok(False, "%s: %s: it was never begun" % (kernel, name))
    is_good = void is None and is_whole
    tap.ok(is_good, "%s: the guest ran to its end" % kernel, void or "it ended early")
    if not is_good:
        print_tail(console)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
