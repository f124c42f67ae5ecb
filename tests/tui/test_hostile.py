#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Names from outside never do anything to the terminal; keys and sizes at any speed neither."""
import os
import random
import sys
import unicodedata

import tmux
from tmux import tap
from talkers import Talker
from tcptop import TcpTop, is_up, rows, rows_of, titles_at

# What the kernel takes as a process's name: 15 bytes, any but 0 and '/'.
NAMES = [
    ("an escape sequence", b"tui\x1b]0;pwn\x07", "tui"),
    ("a clear screen", b"tui\x1b[2J\x1b[H", "tui"),
    ("a C1 control", "tui\u009b2Jx".encode(), "tui"),
    ("a bidi override", "tui\u202eevil".encode(), "tui"),
    ("wide characters", "tui日本語".encode(), "tui日本語"),
    ("half a character", b"tui\xe6\x97", "tui"),
    ("a new line", b"tui\nx\ry\tz", "tui"),
    ("combining marks", "tuie\u0301\u0301\u0301".encode(), "tui"),
]
KEYS = ("q? jkgG\x04\x15/tsRonpTbBcdfLye<>\x0c\x1a\x1b\r\t\x7f\x01\x0512340abc()=~"
        "\u00e9\u65e5\x80").translate({ord("q"): None, 0x1a: None})


def columns_to(line, text):
    """How many columns of the terminal stand before a text."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c)
               else 1 for c in line[:line.index(text)])


def is_straight(lines):
    at = columns_to(lines[titles_at(lines)], "REMOTE")
    return {columns_to(line, "127.0.0.1") for line in rows(lines)} == {at}


def names():
    for what, name, shown in NAMES:
        with Talker(name) as talker, TcpTop() as screen:
            title = screen.about("pane_title")
            talker.talk(100)
            screen.live("--pid", str(talker.pid))
            screen.ok(lambda lines, shown=shown: len(rows_of(lines, shown)) == 2,
                      what + ": both rows are there")
            bad = [line for line in screen.lines() if not line.isprintable()]
            tap.ok(not bad, what + ": and all that is there can be printed", *map(repr, bad))
            tap.ok(is_straight(screen.lines()), what + ": the columns stand straight",
                   *screen.lines())
            screen.keys("Enter")
            screen.shows("local", what + ": the detail")
            tap.ok(is_up(screen.lines()) and screen.about("pane_title") == title,
                   what + ": the terminal did nothing it was told by the name",
                   screen.about("pane_title"), *screen.lines())
            screen.quit()


def random_key(chance):
    return chance.choice([chance.choice(KEYS), "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\x1bOP",
                          "\x1b[99;99R", "\x1b[<0;1;1M", "\x1b]", "\x1b[200~"])


def recovers(screen, what):
    """Whatever is open is left by Escape, however often that takes; then q ends it."""
    def leave(_lines):
        screen.keys("Escape")
        return is_up(screen.lines())
    tap.ok(screen.wait(leave), what + ": the screen is there", *screen.lines())
    tap.ok(screen.child(), what + ": the program lives")


def garbage(talker):
    """Keys that nobody means, at speed, all but those that end or suspend it. Never a signal or a
    reset is sent: both are asked for by K and X, which are not among them."""
    chance = random.Random(20261121)
    with TcpTop() as screen:
        screen.live("--pid", str(talker.pid))
        for _ in range(30):
            screen.text("".join(random_key(chance) for _ in range(40)))
        recovers(screen, "garbage")
        for _ in range(20):
            screen.keys("/")
            screen.text("".join(chance.choice("port =1()~<and not'\"\\") for _ in range(20)))
            screen.keys("Enter")
        recovers(screen, "twenty filters")
        for _ in range(60):
            screen.resize(chance.randint(1, 200), chance.randint(1, 60))
        screen.resize(80, 24)
        recovers(screen, "sizes that change all the time")
        screen.start("")  # what is typed next goes to whatever is there
        tap.ok(os.path.exists("/proc/%s" % screen.about("pane_pid")), "the shell was never left")


def main():
    why = tmux.why_not()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    names()
    with Talker("tui-garbage") as talker:
        talker.talk(100)
        garbage(talker)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
