#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No writable variable outlives a call. usage: globals.py OBJECT|FOLDER...; prints TAP.

The compiler's own symbol tables are asked, so static variables inside functions are found too.
Tables of constants are in .rodata or .data.rel.ro and pass.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss)(?!\.rel\.ro)(\.|$)|^\*COM\*$")
SYMBOL = re.compile(r"^[0-9a-f]+ .{7} (?P<section>\S+)\t[0-9a-f]+ +(?:\.hidden )?(?P<name>\S+)$")
# Ours by right, each with its reason.
ALLOWED = {
    "argp_program_version": "argp's interface is a variable of this name",
    "argp_program_version_hook": "argp's interface is a variable of this name",
    "terminal_guard": "a handler of SIGSEGV has no argument to find the terminal's state by",
}


def writable_symbols(path):
    table = subprocess.run(["objdump", "-t", path], check=True, capture_output=True, text=True)
    for line in table.stdout.splitlines():
        match = SYMBOL.match(line)
        # A section's own symbol carries the section's name.
        if match and WRITABLE.match(match["section"]) and match["name"] != match["section"]:
            yield match["section"], match["name"]


def objects(path):
    """The object itself, or those below a folder; BPF objects have maps, which are no variables."""
    if not os.path.isdir(path):
        yield path
    for folder, _, names in os.walk(path):
        for name in sorted(names):
            if name.endswith(".o") and not name.endswith(".bpf.o"):
                yield os.path.join(folder, name)


def main(places):
    paths = [path for place in places for path in objects(place)]
    complaints = ["%s: %s (%s)" % (path, name, section) for path in paths
                  for section, name in writable_symbols(path) if name not in ALLOWED]
    tap.ok(paths, "there are objects to look at")
    tap.ok(not complaints, "no writable variable in %d objects" % len(paths), *complaints)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
