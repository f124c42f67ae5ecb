#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Looking around: who is heavy, sorting, filtering, grouping, detail, hold and pause."""
import os
import pty
import signal
import statistics
import sys

import tmux
from tmux import tap
from talkers import Talker, own_prefix
from tcptop import TcpTop, backend, column, is_up, rows, rows_of, selected

HEAVY, LIGHT = own_prefix() + "big", own_prefix() + "low"


def first_is(name):
    return lambda lines: rows(lines) and name in rows(lines)[0]


def heaviest(screen):
    """The question people start it with."""
    screen.ok(first_is(HEAVY), "the process that talks most is on top")
    screen.ok(lambda lines: len(rows_of(lines, HEAVY)) == 2 and len(rows_of(lines, LIGHT)) == 2,
              "both ends of both connections are there")
    screen.ok(lambda lines: any(cell[-1:] in "KM" for cell in column(lines, "RX/s") if cell),
              "its rate is told with a unit")
    screen.ok(lambda lines: "conn" in lines[0] and "down" in lines[0] and "up" in lines[0],
              "the header counts and sums")


def sorted_by(lines):
    """The word after "sort" in the second line."""
    words = lines[1].split()
    return words[words.index("sort") + 1] if "sort" in words[:-1] else ""


def sorting(screen):
    screen.keys(">")
    screen.ok(lambda lines: sorted_by(lines) not in ("", "rate"), "> takes a column")
    first = sorted_by(screen.lines())
    screen.keys(">")
    screen.ok(lambda lines: sorted_by(lines) not in ("", "rate", first), "> takes the next one")
    screen.keys("<")
    screen.ok(lambda lines: sorted_by(lines) == first, "< takes the one before")
    screen.keys("s")
    screen.shows("process", "s opens the menu of sort keys")
    screen.keys("Escape")
    screen.ok(lambda lines: is_up(lines) and sorted_by(lines) == first, "Escape leaves it")
    screen.keys("s", "g", "Enter")
    screen.ok(lambda lines: sorted_by(lines) == "rate", "what is chosen there is sorted by")
    screen.ok(first_is(HEAVY), "which puts the heavy process on top again")
    screen.keys("R")
    screen.ok(first_is(LIGHT), "R turns the order round")
    screen.keys("R")
    screen.ok(first_is(HEAVY), "and back")


def selecting(screen):
    screen.ok(lambda lines: selected(lines) == rows(lines)[0], "the first row is selected")
    screen.keys("G")
    screen.ok(lambda lines: selected(lines) == rows(lines)[-1], "G: the last one is")
    followed = LIGHT
    screen.ok(lambda lines: followed in selected(lines), "which is the light process's")
    screen.keys("R")
    screen.ok(lambda lines: first_is(LIGHT)(lines) and followed in selected(lines),
              "the selection follows the connection, not the row")
    screen.keys("R")
    screen.ok(first_is(HEAVY), "the order is as it was")
    screen.keys("g")
    screen.ok(lambda lines: selected(lines) == rows(lines)[0], "g: the first one again")
    screen.keys("j")
    screen.ok(lambda lines: selected(lines) == rows(lines)[1], "j: the next")
    screen.keys("k", "Down", "Up")
    screen.ok(lambda lines: selected(lines) == rows(lines)[0], "k, Down, Up")


def filtering(screen):
    screen.keys("/")
    screen.text("process = " + LIGHT)
    screen.ok(lambda lines: rows_of(lines, LIGHT) and not rows_of(lines, HEAVY),
              "/ filters while it is typed")
    screen.keys("Enter")
    screen.ok(lambda lines: "filter process = " + own_prefix() in lines[1] and is_up(lines),
              "Enter keeps it, and the screen says it is in force")
    screen.keys("/")
    screen.text(" and ((")
    screen.ok(lambda lines: rows_of(lines, LIGHT) and not rows_of(lines, HEAVY),
              "a filter that is wrong leaves the last good one in force")
    screen.shows("expected", "and it is said what is wrong")
    screen.keys("Enter")
    screen.ok(lambda lines: lines[-1].startswith("/") and " and ((" in lines[-1],
              "Enter does not take it")
    screen.keys("Escape")
    screen.ok(lambda lines: rows_of(lines, HEAVY) and rows_of(lines, LIGHT), "Escape clears it")
    screen.keys("/")
    screen.text("nobody-is-called-this")
    screen.ok(lambda lines: is_up(lines) and not rows_of(lines, HEAVY) and
              not rows_of(lines, LIGHT), "a bare word that nothing matches")
    screen.keys("Escape")
    screen.ok(lambda lines: rows_of(lines, HEAVY), "and all are back")


def grouping(screen):
    screen.keys("t")
    screen.ok(lambda lines: len(rows_of(lines, HEAVY)) == 1 and "by process" in lines[1],
              "t groups by process: a line each")
    screen.keys("g", "Right")
    screen.ok(lambda lines: len(rows_of(lines, HEAVY)) >= 1 and len(rows(lines)) == 4,
              "Right unfolds the group")
    screen.keys("Left")
    screen.ok(lambda lines: len(rows(lines)) == 2, "Left folds it")
    for name in ("remote", "port", "cgroup"):
        screen.keys("t")
        screen.ok(lambda lines, name=name: "by " + name in lines[1], "t again: by " + name)
    screen.keys("t")
    screen.ok(lambda lines: len(rows_of(lines, HEAVY)) == 2 and len(rows_of(lines, LIGHT)) == 2,
              "and at last by nothing")


def detail(screen, heavy):
    screen.keys("g", "Enter")
    screen.ok(lambda lines: any(line.startswith("--") and str(heavy.pid) in line
                                for line in lines), "Enter: the detail of the process")
    screen.ok(lambda lines: any("local" in line and "127.0.0.1:" in line for line in lines),
              "with its own address")
    screen.keys("Enter")
    screen.ok(lambda lines: is_up(lines) and not any(line.startswith("--") for line in lines),
              "Enter again: it goes")


def standing_still(screen, light):
    light.tell("hold 1")
    screen.ok(lambda lines: len(rows_of(lines, LIGHT)) == 4, "a new connection comes by itself")
    screen.keys("Space")
    screen.shows("PAUSED", "Space: paused, and it says so")
    light.tell("hold 1")
    screen.stays(lambda lines: len(rows_of(lines, LIGHT)) == 4, "nothing comes while it is paused")
    screen.keys("R")
    screen.ok(first_is(LIGHT), "but it can be sorted")
    screen.keys("R", "Space")
    screen.ok(lambda lines: len(rows_of(lines, LIGHT)) == 6 and
              "PAUSED" not in "\n".join(lines), "Space again: it goes on with what came")
    screen.keys("o")
    screen.ok(lambda lines: "HELD" in lines[1], "o: the order is held, and it says so")
    light.tell("hold 1")
    screen.ok(lambda lines: len(rows_of(lines, LIGHT)) == 8 and first_is(HEAVY)(lines),
              "what is new still comes")
    screen.keys("o")


def steady():
    """No check, a number to look at: what goes to a terminal on which only numbers change. Each
    frame begins with the mark of a synchronized update."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(os.environ["TCPTOP"],
                  ["tcptop", "--backend", backend(), "--interval", "0.2", "--process",
                   own_prefix()], {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
    sizes = []
    while len(sizes) < 15:
        parts = os.read(terminal, 65536).split(b"\x1b[?2026h")
        sizes += [len(part) for part in parts[1:]]
    os.kill(pid, signal.SIGTERM)
    os.set_blocking(terminal, False)
    tmux.eventually(lambda: drained(terminal) and os.waitpid(pid, os.WNOHANG)[0] == pid)
    os.close(terminal)
    tap.program.say("# a frame on which only numbers change: %d bytes, the first one %d" %
                    (statistics.median(sizes[-8:]), max(sizes)))


def drained(terminal):
    """A program cannot end while it waits for its last words to be read."""
    try:
        os.read(terminal, 65536)
    except OSError:
        pass
    return True


def main():
    why = tmux.why_not()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    with Talker(HEAVY) as heavy, Talker(LIGHT) as light, TcpTop() as screen:
        heavy.talk(50000)
        light.talk(100)
        screen.live("--process", own_prefix())
        heaviest(screen)
        steady()
        sorting(screen)
        selecting(screen)
        filtering(screen)
        grouping(screen)
        detail(screen, heavy)
        standing_still(screen, light)
        screen.quit()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
