#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the screen does to the world: the clipboard, a file, a signal, the end of a socket; and only
when it was asked for twice."""
import csv
import os
import sys

import tmux
from tmux import tap
from talkers import Talker, own_prefix
from tcptop import TcpTop, is_up, rows, rows_of

NAME = own_prefix() + "act"


def copying(screen, talker):
    screen.keys("y")
    # tmux keeps what a program hands to the clipboard.
    text = tmux.eventually(lambda: screen.tmux("show-buffer", check=False))
    tap.ok(text and str(talker.pid) in text and "127.0.0.1:" in text,
           "y: the row is on the clipboard", text)


def exporting(screen):
    def files():
        return [name for name in os.listdir(screen.folder) if name.endswith(".csv")]

    screen.keys("e")
    screen.shows(".csv", "e: proposes a name")
    screen.keys("Enter")
    tap.ok(tmux.eventually(files), "Enter: the file is there", *screen.lines())
    with open(os.path.join(screen.folder, files()[0]), encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    tap.ok([row["process_name"] for row in table] == [NAME] * 2, "with the rows in view", table)
    screen.keys("e", "C-u")
    screen.text(files()[0])
    screen.keys("Enter")
    screen.ok(lambda lines: any("there already" in line for line in lines),
              "the same name again is refused")
    screen.keys("Escape")
    screen.ok(lambda lines: is_up(lines) and not any(".csv" in line for line in lines),
              "Escape leaves it")
    with open(os.path.join(screen.folder, files()[0]), encoding="utf-8", newline="") as file:
        tap.ok(len(list(csv.DictReader(file))) == len(table), "the file is as it was")


def interval(screen):
    screen.keys("d", "C-u")
    screen.text("0.3")
    screen.keys("Enter")
    screen.ok(lambda lines: " 0.3s " in lines[0], "d: the interval is another")


def listening(screen):
    """Three states: closed ones, as it begins; listening ones too; neither."""
    screen.keys("L")
    screen.ok(lambda lines: any("LISTEN" in line for line in rows_of(lines, NAME)),
              "L: its listening socket is there")
    screen.keys("L")
    screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "L: it is gone")


def signalling(screen, talker):
    screen.keys("K")
    screen.shows("SIGTERM", "K: asks which signal")
    screen.keys("Enter")
    screen.ok(lambda lines: any("SIGTERM" in line and str(talker.pid) in line for line in lines),
              "and asks again, naming signal and process")
    screen.keys("n")
    screen.ok(lambda lines: is_up(lines) and not any("SIGTERM" in line for line in lines),
              "n: no")
    tap.ok(talker.process.poll() is None, "nothing was sent")
    screen.keys("K", "Enter")
    screen.shows("yes", "K again")
    screen.keys("y")
    tap.ok(tmux.eventually(lambda: talker.process.poll() is not None), "y: the process is ended",
           *screen.lines())


def destroying(screen, talker):
    screen.keys("X")
    screen.ok(lambda lines: any("127.0.0.1:%d" % talker.server in line and str(talker.pid) in line
                                for line in lines), "X: asks, naming connection and process")
    screen.keys("n")
    screen.ok(lambda lines: is_up(lines) and not any("destroy" in line for line in lines),
              "n: no")
    talker.tell("send 1")  # which needs a connection that lives
    screen.keys("X", "y")
    said = screen.ok(lambda lines: [line for line in lines[1:] if "destroyed" in line or
                                    "kernel" in line or "cannot" in line],
                     "y: it says what became of it")
    if said and "destroyed" in said[0]:
        screen.ok(lambda lines: not any(" EST " in line for line in rows(lines)),
                  "the connection is over")
    else:
        tap.skip("the connection is over", "this kernel does not destroy sockets")


def main():
    why = tmux.why_not()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    with Talker(NAME) as talker, TcpTop() as screen:
        screen.live("--process", own_prefix())
        screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "the connection is there")
        copying(screen, talker)
        exporting(screen)
        interval(screen)
        listening(screen)
        signalling(screen, talker)
        screen.quit()
    if os.geteuid() == 0:
        with Talker(NAME) as talker, TcpTop() as screen:
            screen.live("--process", own_prefix())
            screen.ok(lambda lines: len(rows_of(lines, NAME)) == 2, "the connection is there")
            destroying(screen, talker)
            screen.quit()
    else:
        tap.skip("X destroys a connection", "not root")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
