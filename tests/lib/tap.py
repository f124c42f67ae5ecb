# SPDX-License-Identifier: MIT
"""TAP for the few tests written in Python: ok(), skip(), done()."""
import sys


class Tap:
    """A stream of its own; a program has one, which the functions of this module print."""

    def __init__(self, out=None):
        self.out = out
        self.checks = 0
        self.failures = 0

    def say(self, line):
        print(line, file=self.out or sys.stdout, flush=True)

    def ok(self, condition, what, *notes):
        """One check; notes are printed as comments when it failed."""
        self.checks += 1
        self.say("%sok %d - %s" % ("" if condition else "not ", self.checks, what))
        if not condition:
            self.failures += 1
            for note in notes:
                for line in str(note).splitlines():
                    self.say("#   " + line)

    def skip(self, what, reason):
        self.checks += 1
        self.say("ok %d - %s # SKIP %s" % (self.checks, what, reason))

    def done(self):
        """Prints the plan; returns the exit status."""
        self.say("1..%d" % self.checks)
        return 1 if self.failures else 0


program = Tap()
ok = program.ok
skip = program.skip
done = program.done
