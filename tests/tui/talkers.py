# SPDX-License-Identifier: MIT
"""Processes with names of our choice that talk on loopback, by tests/cli/talker.c."""
import os
import shutil
import subprocess
import tempfile
import threading

TIMEOUT_SECONDS = 60


class Talker:
    """One process with both ends of its connections. The kernel calls it as the file it was
    started from, whatever bytes that name has."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix="weir-talker.")
        os.chmod(self.folder, 0o755)
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
        os.symlink(os.environ["TALKER"], path)
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        ports = self.process.stdout.readline().split()
        self.client, self.server = int(ports[0]), int(ports[1])
        self.lock = threading.Lock()
        self.quiet = threading.Event()
        self.stream = None

    def tell(self, command):
        """Returns when it is done."""
        with self.lock:
            self.process.stdin.write(command.encode() + b"\n")
            self.process.stdin.flush()
            if self.process.stdout.readline() != b"done\n":
                raise RuntimeError("the talker ended")

    def talk(self, n_bytes):
        """From now on, so many bytes some fifty times a second."""
        def go_on():
            while not self.quiet.wait(0.02):
                self.tell("send %d" % n_bytes)
        self.stream = threading.Thread(target=go_on, daemon=True)
        self.stream.start()

    def close(self):
        self.quiet.set()
        if self.stream:
            self.stream.join(TIMEOUT_SECONDS)
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it was ended by the screen
        try:
            self.process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def own_prefix():
    """What the names of this run's talkers begin with, so that --process leaves all others of the
    host out. The kernel keeps 15 bytes of a name: up to four may follow."""
    return "tui%d-" % os.getpid()
