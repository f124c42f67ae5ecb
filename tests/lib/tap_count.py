#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sums every TAP check of Meson test logs.

In:  LABEL=testlog.json arguments (the JSON lines Meson writes beside testlog.txt).
Out: each skip with its reason, each failure with what its program said about it, and last, alone
     on its line, "N passed, N failed, N skipped". Exits 1 when anything failed.

A program is believed only as far as its TAP goes: one without a plan, with a plan that its checks
do not meet, killed by a signal, timed out, or with a bad exit status and no failed check to show
for it counts as one failed check more.
"""
import argparse
import fnmatch
import json
import re
import sys

CHECK = re.compile(r"^(?P<bad>not )?ok\b\s*(?P<number>\d+)?\s*(?:- )?(?P<rest>.*)$")
PLAN = re.compile(r"^1\.\.(?P<count>\d+)\s*(?:#\s*skip\b\s*(?P<reason>.*))?$", re.IGNORECASE)
SKIP = re.compile(r"^(?P<what>.*?)\s*#\s*skip\b:?\s*(?P<reason>.*)$", re.IGNORECASE)


NOTE_LINES_MAX = 40


class Totals:
    def __init__(self):
        self.passed = 0
        self.failures = []  # (what, lines said about it)
        self.skips = []  # (what, reason)

    def fail(self, what, notes=()):
        self.failures.append((what, list(notes)))


class Stream:
    """What one program's TAP says."""

    def __init__(self, text):
        self.checks = []  # (bad, what, skip reason or None, comment lines after it)
        self.plans = []
        self.skip_all = None
        self.bail_out = None
        for line in (text or "").splitlines():
            self.take(line.rstrip())

    def take(self, line):
        plan = PLAN.match(line)
        check = None if plan else CHECK.match(line)
        if plan:
            self.plans.append(int(plan["count"]))
            if plan["reason"] is not None and plan["count"] == "0":
                self.skip_all = plan["reason"]
        elif check:
            skip = SKIP.match(check["rest"])
            what = skip["what"] if skip else check["rest"]
            self.checks.append((bool(check["bad"]), what, skip["reason"] if skip else None, []))
        elif line.startswith("#") and self.checks:
            self.checks[-1][3].append(line)
        elif line.lower().startswith("bail out!"):
            self.bail_out = line

    def complaint(self):
        """What is wrong with the stream itself; None when it is whole."""
        if self.bail_out is not None:
            return self.bail_out
        if len(self.plans) != 1:
            return "no plan" if not self.plans else "more than one plan"
        if self.plans[0] != len(self.checks):
            return "planned %d checks, made %d" % (self.plans[0], len(self.checks))
        if not self.checks and self.skip_all is None:
            return "no check was made"
        return None


def process_complaint(record, failed_checks):
    """What is wrong with the process that printed the stream; None when it ended well."""
    status = record.get("returncode", 0)
    if record["result"] in ("TIMEOUT", "INTERRUPT"):
        return "timed out" if record["result"] == "TIMEOUT" else "interrupted"
    if status < 0:
        return "killed by signal %d" % -status
    if status > 0 and (not failed_checks or status != 1):
        return "exit status %d" % status
    if status == 0 and failed_checks:
        return "exit status 0 although %d checks failed" % failed_checks
    return None


def test_name(label, record):
    """LABEL: SUITE/NAME, from Meson's "project:suite / name"."""
    suite, _, name = record["name"].rpartition(" / ")
    suite = suite.rpartition(":")[2]
    if suite and not name.startswith(suite + "/"):
        name = suite + "/" + name
    return label + ": " + name if label else name


def count_record(label, record, totals):
    name = test_name(label, record)
    stream = Stream(record.get("stdout"))
    bad = 0
    for is_bad, what, skip_reason, notes in stream.checks:
        if skip_reason is not None and not is_bad:
            totals.skips.append((name + ": " + what, skip_reason))
        elif is_bad:
            bad += 1
            totals.fail(name + ": " + what, notes)
        else:
            totals.passed += 1
    if stream.skip_all is not None:
        totals.skips.append((name, stream.skip_all))
    for complaint in (stream.complaint(), process_complaint(record, bad)):
        if complaint:
            totals.fail(name + ": " + complaint, (record.get("stderr") or "").splitlines())


def count_log(label, path, totals):
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            records = [json.loads(line) for line in log if line.strip()]
    except (OSError, ValueError) as error:
        totals.fail("%s: no readable test log: %s" % (label or path, error))
        return
    if not records:
        totals.fail("%s: the test log is empty" % (label or path))
    for record in records:
        count_record(label, record, totals)


def refuse_new_skips(path, totals):
    """Each skip that no line of the list names becomes a failure as well."""
    with open(path, encoding="utf-8") as lines:
        allowed = [x.strip() for x in lines if x.strip() and not x.startswith("#")]
    for name, reason in totals.skips:
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed):
            totals.fail("%s: skipped (%s), not named in %s" % (name, reason, path))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--allowed-skips", metavar="FILE",
                        help="names (shell patterns) of skips; any other skip is a failure")
    parser.add_argument("--failed", metavar="WHAT", action="append", default=[],
                        help="count one more failure: a stage that left no log")
    parser.add_argument("logs", nargs="*", metavar="LABEL=LOG")
    arguments = parser.parse_args()

    totals = Totals()
    for what in arguments.failed:
        totals.fail(what)
    for log in arguments.logs:
        label, _, path = log.rpartition("=")
        count_log(label, path, totals)
    if arguments.allowed_skips:
        refuse_new_skips(arguments.allowed_skips, totals)

    for name, reason in totals.skips:
        print("skipped: %s: %s" % (name, reason or "no reason given"))
    for failure, notes in totals.failures:
        print("FAILED: %s" % failure)
        for line in notes[:NOTE_LINES_MAX]:
            print("    " + line)
        if len(notes) > NOTE_LINES_MAX:
            print("    (and %d lines more)" % (len(notes) - NOTE_LINES_MAX))
    print("%d passed, %d failed, %d skipped"
          % (totals.passed, len(totals.failures), len(totals.skips)))
    return 1 if totals.failures else 0


if __name__ == "__main__":
    sys.exit(main())
