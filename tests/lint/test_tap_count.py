#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/lib/tap_count.py believes nothing it is not shown: each way a test can go wrong counts."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

COUNTER = os.path.join(HERE, "..", "lib", "tap_count.py")

# (what, stdout of the program, Meson's result, exit status, the last line expected)
CASES = [
    ("two good checks", "ok 1 - a\nok 2 - b\n1..2\n", "OK", 0,
     "2 passed, 0 failed, 0 skipped"),
    ("a plan that comes first", "1..1\nok 1 - a\n", "OK", 0, "1 passed, 0 failed, 0 skipped"),
    ("a failed check", "ok 1 - a\nnot ok 2 - b\n1..2\n", "ERROR", 1,
     "1 passed, 1 failed, 0 skipped"),
    ("a skipped check", "ok 1 - a\nok 2 - b # SKIP no CAP_BPF\n1..2\n", "OK", 0,
     "1 passed, 0 failed, 1 skipped"),
    ("a skipped program", "1..0 # SKIP no qemu\n", "SKIP", 0, "0 passed, 0 failed, 1 skipped"),
    ("a crash after good checks", "ok 1 - a\n", "ERROR", -11, "1 passed, 2 failed, 0 skipped"),
    ("a plan that is not met", "ok 1 - a\n1..3\n", "ERROR", 0, "1 passed, 1 failed, 0 skipped"),
    ("no output", "", "SKIP", 0, "0 passed, 1 failed, 0 skipped"),
    ("an empty plan", "1..0\n", "SKIP", 0, "0 passed, 1 failed, 0 skipped"),
    ("a bail out", "ok 1 - a\nBail out! no memory\n", "ERROR", 1,
     "1 passed, 2 failed, 0 skipped"),
    ("a time-out", "ok 1 - a\n1..1\n", "TIMEOUT", 0, "1 passed, 1 failed, 0 skipped"),
    ("a leak found at exit", "ok 1 - a\n1..1\n", "ERROR", 23, "1 passed, 1 failed, 0 skipped"),
    ("a program that hides its failure", "not ok 1 - a\n1..1\n", "FAIL", 0,
     "0 passed, 2 failed, 0 skipped"),
    ("the word okay is no check", "okay then\nok 1 - a\n1..1\n", "OK", 0,
     "1 passed, 0 failed, 0 skipped"),
]


def run(*arguments):
    return subprocess.run([sys.executable, COUNTER, *arguments], capture_output=True, text=True)


def write_log(folder, stdout, result, status):
    path = os.path.join(folder, "testlog.json")
    with open(path, "w", encoding="utf-8") as log:
        log.write(json.dumps({"name": "weir:unit / x", "stdout": stdout, "result": result,
                              "returncode": status}) + "\n")
    return path


def check_cases(folder):
    for what, stdout, result, status, want in CASES:
        got = run("=" + write_log(folder, stdout, result, status))
        lines = got.stdout.splitlines()
        tap.ok(lines and lines[-1] == want, what, "got " + got.stdout, got.stderr)
        tap.ok(got.returncode == (0 if " 0 failed" in want else 1), what + ": exit status",
               got.returncode)


def check_skip_list(folder):
    log = write_log(folder, "ok 1 - a # SKIP no CAP_BPF\n1..1\n", "OK", 0)
    allowed = os.path.join(folder, "allowed")
    for names, want in (("unit/x: a\n", 0), ("unit/x: *\n", 0), ("# unit/x: a\nunit/y\n", 1)):
        with open(allowed, "w", encoding="utf-8") as out:
            out.write(names)
        got = run("--allowed-skips", allowed, "=" + log)
        tap.ok(got.returncode == want, "a skip against the list %r" % names, got.stdout)


def check_missing(folder):
    got = run("asan=" + os.path.join(folder, "nowhere.json"))
    tap.ok(got.returncode == 1, "a log that is not there is a failure", got.stdout)
    got = run("--failed", "build: it failed")
    tap.ok(got.stdout.endswith("FAILED: build: it failed\n0 passed, 1 failed, 0 skipped\n"),
           "a stage that failed without a log is named and counted", got.stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_cases(folder)
        check_skip_list(folder)
        check_missing(folder)
    return tap.done()


sys.exit(main())
