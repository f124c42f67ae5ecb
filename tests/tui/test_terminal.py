#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The terminal is left as it was found: at the end, however that comes, and at ^Z. It may have any
size, and may not be one at all."""
import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

import tmux
from tmux import tap
from talkers import Talker, own_prefix
from tcptop import TcpTop, backend, is_up, rows, rows_of

NAME = own_prefix() + "term"
COLOR = re.compile("\x1b\\[([0-9;]*;)?(3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
ENDS = [
    ("q", lambda s: s.keys("q"), 0),
    ("^C", lambda s: s.keys("C-c"), 0),
    ("F10", lambda s: s.keys("F10"), 0),
    ("SIGTERM", lambda s: os.kill(s.program(), signal.SIGTERM), 0),
    ("SIGINT", lambda s: os.kill(s.program(), signal.SIGINT), 0),
    ("SIGHUP", lambda s: os.kill(s.program(), signal.SIGHUP), 0),
    ("SIGSEGV", lambda s: os.kill(s.program(), signal.SIGSEGV), 128 + signal.SIGSEGV),
    ("SIGABRT", lambda s: os.kill(s.program(), signal.SIGABRT), 128 + signal.SIGABRT),
    ("SIGQUIT", lambda s: os.kill(s.program(), signal.SIGQUIT), 128 + signal.SIGQUIT),
    ("SIGUSR1", lambda s: os.kill(s.program(), signal.SIGUSR1), 128 + signal.SIGUSR1),
]


class Wrapped(TcpTop):
    """The program in a script without job control, which mends nothing that it leaves behind, as
    an interactive shell would."""

    def wrapped(self, *arguments):
        command = self.command("--backend", backend(), *arguments)
        with open(self.folder + "/script", "w", encoding="ascii") as file:
            file.write("stty -a >before\n%s\nstatus=$?\nstty -a >after\nexit $status\n" % command)
        self.start("(cd '%s' && exec sh ./script)" % self.folder)

    def program(self):
        """The child of the script."""
        script = self.child()
        with open("/proc/%d/task/%d/children" % (script, script), encoding="ascii") as file:
            return int(file.read())

    def line_settings(self):
        texts = []
        for name in ("before", "after"):
            with open(os.path.join(self.folder, name), encoding="ascii") as file:
                texts.append(file.read())
        return texts


def endings():
    with Wrapped() as screen:
        before = screen.modes()
        for name, end, status in ENDS:
            screen.wrapped("--interval", "0.2")
            screen.ok(is_up, name + ": the screen is up")
            tap.ok(screen.about("alternate_on") == "1", name + ": on the alternate screen")
            end(screen)
            got = screen.ended()
            # AddressSanitizer has a status, and a word to say, of a crash of its own.
            tap.ok(got == status or status and got == 1, "%s ends it with %d" % (name, status),
                   got, *screen.lines())
            old, new = screen.line_settings()
            tap.ok(old == new, name + ": the line's settings are as they were", old, new)
            tap.ok(screen.modes() == before, name + ": so are the terminal's modes",
                   before, screen.modes())
            # A busy host's losses are told in the end, and no fault of ours.
            if status == 0:
                left = [line for line in screen.lines()
                        if line and not line.startswith("tcptop: lost ")]
                tap.ok(len(left) == 2 and screen.prompt(left[1:]), name + ": nothing is left",
                       *left)


def suspending():
    with TcpTop() as screen:
        before = screen.modes()
        screen.live("--process", own_prefix())
        screen.keys("C-z")
        tap.ok(screen.stopped(), "^Z: the shell is back", *screen.lines())
        tap.ok(screen.modes() == before, "^Z: the terminal's modes are as before", before,
               screen.modes())
        screen.start("fg")
        screen.ok(lambda lines: is_up(lines) and rows_of(lines, NAME), "fg: the screen is back")
        screen.keys("?")
        screen.shows("what to sort by", "and takes keys")
        screen.keys("Escape")
        screen.ok(is_up, "Escape leaves the help")
        # As by another's hand; the program goes on and finds a terminal it has to take anew.
        os.kill(screen.child(), signal.SIGSTOP)
        tap.ok(screen.ended() == 128 + signal.SIGSTOP, "SIGSTOP: the shell is back")
        screen.start("fg")
        screen.ok(is_up, "fg after SIGSTOP: the screen is whole again")
        screen.keys("C-l")
        screen.ok(is_up, "^L draws it anew")
        screen.quit()


def sizes():
    with TcpTop() as screen:
        screen.live("--process", own_prefix())
        for width, height in ((40, 8), (20, 4), (10, 2), (1, 1), (200, 60), (80, 24)):
            screen.resize(width, height)
            if width >= 40:
                screen.ok(lambda lines: len(lines) == height and rows_of(lines, "tui"),
                          "%d x %d: the connection is there" % (width, height))
            else:
                screen.ok(lambda lines: len(lines) == height and (width == 1 or lines[0]),
                          "%d x %d: something is" % (width, height))
        screen.resize(160, 40)
        screen.ok(lambda lines: any("LOCAL" in line and "USER" in line for line in lines),
                  "160 x 40: more columns")
        screen.resize(80, 24)
        screen.ok(lambda lines: rows(lines) and not any("LOCAL" in line for line in lines),
                  "80 x 24: as many as before")
        screen.quit()


def is_colored(lines):
    """Any colour but the terminal's own (39 and 49)."""
    return any(COLOR.search(line) for line in lines)


def uncolored(screen, what):
    screen.ok(lambda lines: rows_of(lines, NAME), what + ": the connection is there")
    lines = screen.lines(escapes=True)
    tap.ok(not is_colored(lines), what + ": there are no colours", *map(repr, lines))


def looks():
    with TcpTop() as screen:
        screen.live("--process", own_prefix())
        screen.ok(lambda lines: rows_of(lines, NAME), "the connection is there")
        tap.ok(is_colored(screen.lines(escapes=True)), "there are colours")
        screen.quit()
        screen.live("--color", "never", "--process", own_prefix())
        uncolored(screen, "--color never")
        screen.quit()
    with TcpTop(env={"NO_COLOR": "1"}) as screen:
        screen.live("--process", own_prefix())
        uncolored(screen, "NO_COLOR")
        screen.quit()
    with TcpTop(locale="C") as screen:
        screen.live("--process", own_prefix())
        tap.ok(all(ord(c) < 128 for line in screen.lines() for c in line),
               "locale C: only ASCII is sent")
        screen.quit()


def read_until(fd, text):
    """What comes from the terminal up to there, or in 20 s."""
    seen = b""
    end = time.monotonic() + 20
    while text not in seen and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 65536)
    return seen


def catching_up():
    """A picture that found no room is painted when there is some, without another key."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen([os.environ["TCPTOP"], "--backend", backend(), "--interval", "3600"],
                          stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                          env=dict(os.environ, TERM="xterm-256color")) as program:
        tap.ok(b"PROCESS" in read_until(master, b"PROCESS"), "on a terminal of our own: up")
        os.write(master, b"?")
        tap.ok(b"what to sort by" in read_until(master, b"what to sort by"), "the help is shown")
        os.write(master, b"q")
        read_until(master, b"PROCESS")
        termios.tcflow(slave, termios.TCOOFF)
        os.write(master, b"?")
        unread = struct.pack("i", 1)
        while struct.unpack("i", unread)[0]:
            unread = fcntl.ioctl(slave, termios.FIONREAD, bytes(4))
        # It has read the key, and paints; too early here is as good as no stop.
        time.sleep(0.3)
        termios.tcflow(slave, termios.TCOON)
        seen = read_until(master, b"what to sort by")
        tap.ok(b"what to sort by" in seen, "stopped and going on: the help is shown", seen[-500:])
        program.terminate()
        read_until(master, b"\x1b[?1049l")
        tap.ok(program.wait(20) == 0, "SIGTERM ends it")
    os.close(master)
    os.close(slave)


def no_screen():
    """Where there can be none, lines come, and a word of why."""
    for what, before in (("TERM=dumb", "TERM=dumb "), ("no TERM", "env -u TERM "),
                         ("an unknown TERM", "TERM=weir-unknown ")):
        with TcpTop(width=200) as screen:
            screen.start(before + screen.command("--backend", backend(), "--interval", "0.2",
                                                 "--process", own_prefix()))
            screen.ok(lambda lines: any(line.startswith("PROTO ") for line in lines),
                      what + ": lines are printed")
            screen.ok(lambda lines: any(line.startswith("tcptop: ") and "TERM" in line
                                        for line in lines), what + ": and it says why")
            screen.keys("C-c")
            tap.ok(screen.ended() == 0, what + ": ^C ends it", *screen.lines())
    with TcpTop() as screen:
        out = screen.folder + "/out"
        screen.start(screen.command("--backend", backend(), "-n", "1", "--interval", "0.2") +
                     " >'%s'" % out)
        tap.ok(screen.ended() == 0, "standard output is a file: it ends well")
        with open(out, "rb") as file:
            text = file.read()
        tap.ok(text.startswith(b"PROTO ") and b"\x1b" not in text, "and gets lines", text[:200])


def no_privilege():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        tap.skip("without privilege it exits 77 and leaves the screen alone", "not root, or no "
                 "setpriv (util-linux)")
        return
    with TcpTop() as screen:
        # The build folder may be closed to others.
        program = shutil.copy(os.environ["TCPTOP"], screen.folder)
        screen.start("setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "
                     "--bounding-set=-all '%s'" % program)
        tap.ok(screen.ended() == 77, "without privilege it exits 77", *screen.lines())
        tap.ok(any("CAP_BPF" in line for line in screen.lines()), "and says what it lacks",
               *screen.lines())


def main():
    why = tmux.why_not()
    if why:
        print("1..0 # SKIP " + why)
        return 0
    endings()
    with Talker(NAME) as talker:
        talker.talk(100)
        suspending()
        sizes()
        looks()
        catching_up()
    no_screen()
    no_privilege()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
