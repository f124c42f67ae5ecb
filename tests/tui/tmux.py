# SPDX-License-Identifier: MIT
"""A terminal that tests can look at: one window of a tmux server of our own, a shell in it.

Keys go in by send-keys, the screen comes out by capture-pane. Every wait is a bounded number of
looks at the screen, and ends as soon as the screen is as it should be.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

LOOKS = 1500
LOOK_SECONDS = 0.02
# The shell says how many commands it has been given, and how the last one ended.
PROMPT = re.compile(r"<(\d+):(\d+)>")


def eventually(condition):
    """condition() until it is true: returns what it returned; None if it never was."""
    for _ in range(LOOKS):
        answer = condition()
        if answer:
            return answer
        time.sleep(LOOK_SECONDS)
    return None


def why_not():
    """What is missing for tests in a terminal; None: nothing."""
    return None if shutil.which("tmux") else "no tmux (./dev deps)"


class Tmux:
    """with Tmux() as terminal: …  The server is found by its socket, which only we know."""

    def __init__(self, width=80, height=24, term="tmux-256color", locale="C.UTF-8", env=None):
        self.folder = tempfile.mkdtemp(prefix="weir-tui.")
        os.chmod(self.folder, 0o755)
        self.commands = 1
        shell = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "SHELL": "/bin/sh", "TERM": term,
            "LC_ALL": locale, "PS1": r"<\#:$?> ", "XDG_CONFIG_HOME": self.folder + "/config",
            **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}, **(env or {}),
        }
        words = ["env", "-i"] + ["%s=%s" % x for x in shell.items()]
        words += ["bash", "--norc", "--noprofile"]
        with open(self.folder + "/tmux.conf", "w", encoding="ascii") as file:
            file.write("set -g status off\n"
                       "set -g set-clipboard on\nset -g default-terminal %s\n" % term)
        self.tmux("new-session", "-d", "-s", "t", "-c", self.folder, "-x", str(width),
                  "-y", str(height), *words)
        self.wait_prompt(0)
        self.shell("ulimit -c 0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def tmux(self, *words, check=True):
        """-u: this side speaks UTF-8 whatever the locale of the test run is."""
        done = subprocess.run(["tmux", "-u", "-S", self.folder + "/socket",
                               "-f", self.folder + "/tmux.conf", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if check and done.returncode:
            raise RuntimeError("tmux %s: %s" % (words[0], done.stderr.decode().strip()))
        return done.stdout.decode(errors="replace")

    # --- what goes in ---------------------------------------------------------------------------

    def keys(self, *names):
        """Names of tmux ("Enter", "C-c", "F10") or single characters."""
        self.tmux("send-keys", "-t", "t", *names)

    def text(self, text):
        self.tmux("send-keys", "-t", "t", "-l", "--", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    # --- what is to be seen ---------------------------------------------------------------------

    def lines(self, escapes=False):
        """The screen's lines without trailing blanks; with escapes: how they look, too."""
        text = self.tmux("capture-pane", "-p", "-t", "t", *(["-e"] if escapes else []))
        return [line.rstrip() for line in text.split("\n")[:-1]]

    def about(self, name):
        """One of tmux's formats: alternate_on, cursor_flag, pane_title, pane_pid …"""
        return self.tmux("display-message", "-p", "-t", "t", "#{%s}" % name).rstrip("\n")

    def wait(self, condition):
        """Until condition(lines) is true: what it returned, or None."""
        return eventually(lambda: condition(self.lines()))

    def wait_text(self, text):
        return self.wait(lambda lines: any(text in line for line in lines))

    def ok(self, condition, what):
        """One check of what will be on the screen; a failure shows what is there instead."""
        answer = self.wait(condition)
        tap.ok(answer, what, *([] if answer else ["the screen:"] + self.lines()))
        return answer

    def shows(self, text, what):
        return self.ok(lambda lines: any(text in line for line in lines), what)

    def stays(self, condition, what, looks=40):
        """It is so at every one of some looks: what must not happen has had time to happen."""
        for _ in range(looks):
            lines = self.lines()
            if not condition(lines):
                tap.ok(False, what, "the screen:", *lines)
                return
            time.sleep(LOOK_SECONDS)
        tap.ok(True, what)

    # --- the shell ------------------------------------------------------------------------------

    def prompt(self, lines):
        """(number of the next command, status of the last one) if the shell waits for one."""
        said = [PROMPT.search(line) for line in lines if line]
        if not said or not said[-1]:
            return None
        return int(said[-1][1]), int(said[-1][2])

    def wait_prompt(self, after):
        """The status of command number `after`; None: the shell did not come back."""
        def came(lines):
            found = self.prompt(lines)
            return found if found and found[0] == after + 1 else None
        found = self.wait(came)
        return found[1] if found else None

    def start(self, command):
        """Types a command line; the screen is empty but for what it will say."""
        self.keys("C-l")
        self.text(command)
        self.keys("Enter")
        self.commands += 1

    def ended(self):
        """The status of the command that was started last; None: it goes on."""
        return self.wait_prompt(self.commands - 1)

    def shell(self, command):
        self.start(command)
        return self.ended()

    def stopped(self):
        """A job was suspended: the shell does not count it as ended otherwise."""
        return self.ended() == 128 + signal.SIGTSTP

    def child(self):
        """The process that the shell runs now; None: there is none."""
        pid = self.about("pane_pid")
        with open("/proc/%s/task/%s/children" % (pid, pid), encoding="ascii") as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def modes(self):
        """What a program can leave changed in a terminal, beside the line's settings."""
        names = ["alternate_on", "cursor_flag", "insert_flag", "keypad_cursor_flag", "keypad_flag",
                 "mouse_any_flag", "origin_flag", "wrap_flag", "scroll_region_upper",
                 "scroll_region_lower"]
        return {name: self.about(name) for name in names}
