#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/vm/run.py makes one TAP of a guest's serial line, and a failure of whatever is missing."""
import io
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "vm")]
import run  # noqa: E402
import tap  # noqa: E402

# (what, the serial line, numbers of the programs that began, whether the guest ran to its end)
SERIALS = [
    ("two programs", "@begin 1\nok 1 - a\n@end 1 0\n@begin 2\n@end 2 0\n@all 2\n", [1, 2], True),
    ("a guest that died in a program", "@begin 1\nok 1 - a\n", [1], False),
    ("a guest that died between two", "@begin 1\n@end 1 0\n", [1], False),
    ("a guest that never came up", "", [], False),
    ("more announced than begun", "@begin 1\n@end 1 0\n@all 2\n", [1], False),
]
# (what, a program's TAP, its exit status, lines of the one TAP that must be there)
PROGRAMS = [
    ("a good program", "ok 1 - a\n1..1\n", 0, ["ok - L: a"]),
    ("a failed check", "not ok 1 - a\n# got 1\n1..1\n", 1, ["not ok - L: a", "#   # got 1"]),
    ("a skipped program", "1..0 # SKIP no veth\n", 0, ["ok - L # SKIP no veth"]),
    ("a skipped check", "ok 1 - a # SKIP why\n1..1\n", 0, ["ok - L: a # SKIP why"]),
    ("a crash", "ok 1 - a\n", 139, ["ok - L: a", "not ok - L: no plan",
                                    "not ok - L: exit status 139"]),
    ("a bad exit status", "ok 1 - a\n1..1\n", 3, ["ok - L: a", "not ok - L: exit status 3"]),
    ("a hidden failure", "not ok 1 - a\n1..1\n", 0, ["not ok - L: exit status 0"]),
    ("a program cut off", "ok 1 - a\n", None,
     ["not ok - L: no plan", "not ok - L: it did not end"]),
]


def check_serials():
    for what, text, begun, is_whole in SERIALS:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as serial:
            serial.write(text)
            serial.flush()
            streams, got_whole = run.split_streams(serial.name)
        tap.ok(sorted(streams) == begun, what + ": what began", streams)
        tap.ok(got_whole == is_whole, what + ": whether it ended", got_whole)
    tap.ok(run.split_streams("/nowhere/at/all") == ({}, False), "no serial line at all")


def report_of(text, status):
    """What run.report() prints, with the numbers of the checks taken out."""
    printed = io.StringIO()
    run.report(tap.Tap(printed), "L", text, status)
    return [re.sub(r"^((?:not )?ok) \d+", r"\1", line) for line in printed.getvalue().splitlines()]


def check_reports():
    for what, text, status, wanted in PROGRAMS:
        got = report_of(text, status)
        tap.ok(all(line in got for line in wanted), what + ": what it said is passed on", *got)
        bad = any(line.startswith("not ok") for line in wanted)
        tap.ok(bad == any(line.startswith("not ok") for line in got),
               what + (": is a failure" if bad else ": is no failure"), *got)


def main():
    check_serials()
    check_reports()
    return tap.done()


sys.exit(main())
