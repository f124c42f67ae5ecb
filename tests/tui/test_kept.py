#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What outlives a run: a recording, looked at again, and the columns that were chosen."""
import os
import signal
import sys

import tmux
from tmux import tap
from talkers import Talker, own_prefix
from tcptop import TcpTop, is_up, rows_of, titles_at

NAME = own_prefix() + "kept"


def recorded(screen, talker, path):
    """A recording of two seconds in which a second connection comes."""
    screen.live("--record", path, "--process", own_prefix())
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "one connection, both ends")
    clock = screen.lines()[0]
    screen.ok(lambda lines: lines[0] != clock, "time goes on")
    talker.tell("hold 1")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 4, "a second one")
    screen.quit()
    tap.ok(os.stat(path).st_mode & 0o777 == 0o600, "the recording is for its owner only")


def seek(screen, moment):
    screen.keys("@")
    screen.keys("C-u")
    screen.text(moment)
    screen.keys("Enter")


def step(screen, key):
    screen.keys(key)
    return True


def replayed(screen, path):
    screen.open("--replay", path, "--process", own_prefix())
    screen.ok(lambda lines: rows_of(lines, NAME), "the recorded connections are there")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 4, "it plays to its end")
    seek(screen, "+0s")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "@ goes back to its beginning")
    screen.keys("Space")
    screen.keys("}")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 4, "} goes far on: to its end")
    screen.keys("{")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "{ far back")
    screen.ok(lambda lines: step(screen, ".") and len(rows_of(lines, NAME)) == 4,
              ". steps on, picture by picture")
    screen.ok(lambda lines: step(screen, ",") and len(rows_of(lines, NAME)) == 2,
              ", back, picture by picture")
    screen.keys("t")
    screen.ok(lambda lines: "by process" in lines[1], "it can be grouped")
    screen.keys("/")
    screen.text("port = 1")
    screen.ok(lambda lines: not rows_of(lines, NAME), "and filtered")
    screen.keys("Escape")
    screen.quit()


def killed(screen, talker, path):
    """kill -9 takes the tick that was being written at most."""
    screen.live("--record", path, "--process", own_prefix())
    screen.ok(lambda lines: rows_of(lines, NAME), "it records")
    size = os.stat(path).st_size
    tap.ok(tmux.eventually(lambda: os.stat(path).st_size > size), "the file grows")
    os.kill(screen.child(), signal.SIGKILL)
    tap.ok(tmux.eventually(lambda: not screen.child()), "it is killed")
    screen.shell("reset")  # a terminal that nobody gave back
    screen.start(screen.command("--replay", path, "--once", "--csv"))
    tap.ok(screen.ended() == 0, "what was recorded can be read", *screen.lines())


def columns(screen, talker):
    screen.live("--process", own_prefix())
    screen.keys("f")
    screen.shows("[~]", "f: the columns, those that are shown as they fit marked")
    screen.keys("Space", "Escape")
    screen.ok(is_up, "Escape leaves the chooser")
    without = screen.lines()[titles_at(screen.lines())]
    screen.quit()
    path = screen.folder + "/config/weir/tcptop.conf"
    tap.ok(os.path.exists(path), "the choice is kept")
    screen.live("--process", own_prefix())
    screen.ok(lambda lines: lines[titles_at(lines)] == without, "the next run knows it")
    screen.quit()


def main():
    why = tmux.why_not()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    with Talker(NAME) as talker, TcpTop() as screen:
        talker.talk(100)
        path = screen.folder + "/recording"
        recorded(screen, talker, path)
        replayed(screen, path)
        killed(screen, talker, screen.folder + "/killed")
        columns(screen, talker)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
