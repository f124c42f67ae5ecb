# SPDX-License-Identifier: MIT
"""tcptop's screen, as a user reads it. Wants $TCPTOP (the program)."""
import os
import re

from tmux import Tmux, tap

CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF = 12, 38, 39


def backend():
    """The best source that this user may have."""
    with open("/proc/self/status", encoding="ascii") as file:
        caps = int(re.search(r"^CapEff:\s*(\w+)", file.read(), re.M)[1], 16)
    may = all(caps >> cap & 1 for cap in (CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF))
    return "bpf" if may and os.path.exists("/sys/kernel/btf/vmlinux") else "diag"


def titles_at(lines):
    """The number of the line with the columns' names; None: there is none."""
    for number, line in enumerate(lines):
        if "PROCESS" in line and "REMOTE" in line:
            return number
    return None


def is_up(lines):
    return lines[0].startswith(("tcptop ", "REPLAY ")) and titles_at(lines) is not None


def rows(lines):
    """The table's lines, blank ones left out: from the titles to the detail or the hints."""
    top = titles_at(lines)
    if top is None:
        return []
    table = lines[top + 1:-1]
    for number, line in enumerate(table):
        if line.startswith("--"):
            table = table[:number]
            break
    return [line for line in table if line.strip()]


def rows_of(lines, name):
    return [line for line in rows(lines) if name in line]


def selected(lines):
    """The line under the cursor; "" if none is."""
    found = [line for line in rows(lines) if line.startswith(">")]
    return found[0] if len(found) == 1 else ""


def column(lines, title):
    """What stands in one column, by row: cells are found by where they touch the title."""
    top = titles_at(lines)
    at = lines[top].index(title)
    cells = []
    for line in rows(lines):
        found = [m[0] for m in re.finditer(r"\S+", line)
                 if m.start() < at + len(title) and m.end() > at]
        cells.append(found[0] if found else "")
    return cells


class TcpTop(Tmux):
    """A terminal with the program in it."""

    def command(self, *arguments):
        quoted = " ".join("'%s'" % argument for argument in arguments)
        return "'%s' %s" % (os.environ["TCPTOP"], quoted)

    def open(self, *arguments):
        self.start(self.command(*arguments))
        return self.ok(is_up, "the screen comes up" +
                       (" with " + " ".join(arguments) if arguments else ""))

    def live(self, *arguments):
        return self.open("--backend", backend(), "--interval", "0.2", *arguments)

    def quit(self):
        self.keys("q")
        status = self.ended()
        tap.ok(status == 0, "q ends it with 0", "it ended with %s" % status, *self.lines())
