# SPDX-License-Identifier: MIT
"""B3: what a screen costs and how soon it answers, on a pseudo-terminal that this program reads.

CPU at one frame a second, with the bytes that go to the terminal; the time from a key to the first
byte that answers it, and to the last one, when the rows stand as the key wants them; the time from
exec to the first byte and to the first rows.
"""
import fcntl
import glob
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import termios
import threading
import time

WIDTH, HEIGHT = 80, 24
PATIENCE_SECONDS = 30
# Between two parts of one answer, at most.
ANSWER_PAUSE_SECONDS = 0.4
ROWS = b"127.0.0."


class Terminal:
    """A program on a terminal of its own; whoever calls reads what it writes."""

    def __init__(self, command, cpu):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
               "HOME": "/nonexistent", "HTOPRC": "/dev/null"}
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", cpu, *command], stdin=slave, stdout=slave, stderr=slave, env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.bytes = 0
        self.seen = b""  # the last of what until() has read

    def read(self, seconds):
        """What comes within so many seconds, at most one buffer; b"": nothing."""
        if not select.select([self.master], [], [], max(0, seconds))[0]:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # EIO: the other side is closed
            data = b""
        if not data:
            raise RuntimeError("the program on the terminal ended")
        self.bytes += len(data)
        return data

    def drain(self, seconds):
        """Reads for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(end - time.monotonic())

    def until(self, text):
        """Seconds from the start until this has been written."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if text in self.seen:
                return time.monotonic() - self.begun
            self.seen = self.seen[-len(text):] + self.read(end - time.monotonic())
        raise RuntimeError("%r was not written within %d s" % (text, PATIENCE_SECONDS))

    def quiet(self):
        """Until nothing has come for a while."""
        while self.read(0.03):
            pass

    def press(self, key):
        """Seconds from a key to the first byte that answers it, and to the last one before a pause.
        Nothing else may be due on the screen meanwhile."""
        self.quiet()
        begun = time.monotonic()
        os.write(self.master, key)
        if not self.read(2):
            raise RuntimeError("no answer to %r" % key)
        first = last = time.monotonic() - begun
        while self.read(ANSWER_PAUSE_SECONDS):
            last = time.monotonic() - begun
        return first, last

    def cpu_seconds(self):
        """Of all its threads, by the scheduler's own account."""
        total = 0
        for path in glob.glob("/proc/%d/task/*/schedstat" % self.process.pid):
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.read(0.05)
            except RuntimeError:
                break
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class Holder:
    """Connections on loopback, some of which talk, so many times a second."""

    def __init__(self, program, sockets, cpu):
        self.process = subprocess.Popen(["taskset", "-c", cpu, program, str(sockets)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("bench-hold ended")
        self.over = threading.Event()
        self.thread = None

    def talk(self, per_second):
        def go_on():
            while not self.over.wait(1 / per_second):
                self.process.stdin.write(b"t\n")
                self.process.stdin.flush()
                self.process.stdout.readline()
        self.thread = threading.Thread(target=go_on, daemon=True)
        self.thread.start()

    def close(self):
        self.over.set()
        if self.thread:
            self.thread.join()
        self.process.stdin.close()
        self.process.wait()


def cost(command, seconds, cpu):
    """CPU and bytes of one program while it shows what goes on."""
    terminal = Terminal(command, cpu)
    try:
        terminal.until(b"\x1b[")
        terminal.drain(min(3, seconds))  # what it does once
        begun, used, written = time.monotonic(), terminal.cpu_seconds(), terminal.bytes
        terminal.drain(seconds)
        took = time.monotonic() - begun
        return {"cpu_percent": 100 * (terminal.cpu_seconds() - used) / took,
                "bytes_per_second": (terminal.bytes - written) / took}
    finally:
        terminal.close()


def start_up(command, cpu):
    terminal = Terminal(command, cpu)
    try:
        return {"first_byte_ms": 1e3 * terminal.until(b"\x1b["),
                "first_rows_ms": 1e3 * terminal.until(ROWS)}
    finally:
        terminal.close()


# What is pressed, and what undoes it.
KEYS = {
    "down": (b"j", None), "page down": (b"\x04", None), "end": (b"G", b"g"),
    "sort by a number": (b">", None), "sort by a text": (b">", b"<<"), "reverse": (b"R", b"R"),
    "detail": (b"\r", b"\r"), "group by process": (b"t", b"tttt"), "totals": (b"T", b"T"),
}
FILTER = b"127.0.0.2"


def press_all(terminal, rounds, found):
    def add(what, times):
        found.setdefault(what, []).append([1e3 * seconds for seconds in times])

    for _ in range(rounds):
        for what, (key, undo) in KEYS.items():
            add(what, terminal.press(key))
            for one in undo or b"":
                terminal.press(bytes([one]))
        terminal.press(b"/")
        for one in FILTER:
            add("a letter of a filter", terminal.press(bytes([one])))
        terminal.press(b"\x1b")


def answers(command, rounds, cpus):
    """Key to paint: median and worst by what is pressed, in milliseconds. No tick falls between, so
    that every byte after a key is an answer to it; the threads may stand side by side."""
    terminal = Terminal([*command, "--interval", "3600"], ",".join(cpus))
    found = {}
    try:
        terminal.until(ROWS)
        terminal.quiet()
        press_all(terminal, rounds, found)
    finally:
        terminal.close()
    return {what: {part: {"median": statistics.median(ms), "worst": max(ms), "n": len(ms)}
                   for part, ms in zip(("first", "settled"), zip(*times))}
            for what, times in found.items()}


def peers(bench):
    """name -> command; those that do not run here are named and left out."""
    found = {}
    for name, command in (("htop", ["htop", "-d", "10"]),
                          ("nethogs", ["nethogs", "-a", "-d", "1", "lo"]),
                          ("iftop", ["iftop", "-n", "-N", "-P", "-i", "lo"])):
        if bench.installed(command[0]):
            found[name] = command
        else:
            print("# %s is left out: not installed (./dev deps bench)" % name)
    return found


def measure(bench, cpus, sockets, active, plan):
    """One number of connections: everything is measured in turn, so many rounds."""
    rounds, seconds, presses = plan
    monitor, work = cpus
    sides = {"tcptop": [bench.tcptop], **peers(bench)}
    costs = {name: [] for name in sides}
    ups = []
    for _ in range(rounds):
        ups.append(start_up(sides["tcptop"], monitor))
        names = list(sides)
        random.shuffle(names)
        for name in names:
            costs[name].append(cost(sides[name], seconds, monitor))
    keys = answers(sides["tcptop"], presses, cpus)
    middle = {name: {key: statistics.median([c[key] for c in taken]) for key in taken[0]}
              for name, taken in costs.items()}
    ups = {key: statistics.median([u[key] for u in ups]) for key in ups[0]}
    print("B3: %d sockets, %d of them active every second" % (sockets, active))
    for name, taken in middle.items():
        print("  %-10s %7.2f %% of a core %9.0f bytes/s" %
              (name, taken["cpu_percent"], taken["bytes_per_second"]))
    print("  first byte after %.0f ms, first rows after %.0f ms" %
          (ups["first_byte_ms"], ups["first_rows_ms"]))
    for what, ms in keys.items():
        print("  key to paint, %-24s %7.2f ms, all of it %7.2f, worst %7.2f" % (
            what, ms["first"]["median"], ms["settled"]["median"], ms["settled"]["worst"]))
    return {"sockets": sockets, "active_per_second": active, "sides": middle, "start": ups,
            "key_to_paint_ms": keys, "rounds": rounds, "work_cpu": work}


def open_sockets():
    """TCP sockets of this host, which ought to be few before a run."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("TCP:")).split()[2])


def run(bench, cpus):
    before = open_sockets()
    sizes = [(100, 20)] if bench.tiny else [(1000, 100), (100000, 1000)]
    plan = (1, 1, 1) if bench.tiny else (3, 10, 5)
    hold = os.path.join(bench.build, "bench", "bench-hold")
    rows = []
    for sockets, active in sizes:
        idle = Holder(hold, sockets - active, cpus[1])
        busy = Holder(hold, active, cpus[1])
        busy.talk(1)
        try:
            rows.append(measure(bench, cpus, sockets, active, plan))
        finally:
            busy.close()
            idle.close()
    bench.keep("b3", {"rows": rows, "sockets_before": before, "width": WIDTH, "height": HEIGHT})
