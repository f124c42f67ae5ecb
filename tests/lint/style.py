#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a text search can tell of the style. usage: style.py ROOT; prints TAP, a check a rule.

Licence lines, lengths of files and functions, marks of unfinished work, paths of one machine.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 50
COLUMNS_MAX = 100
TAB = 8

C_FILES = (".c", ".h")
SCRIPTS = (".py", ".sh")
DOCUMENTS = (".md", ".1", ".5", ".7", ".8", ".build", ".txt")
# Written in pieces, so that this file does not find itself.
MARKS = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]) + r")\b|"
                   + r"(?i:\b(not yet " "implemented|for " r"now)\b)")
HOMES = re.compile(r"(?<![\w.$}])/(home/\w|ro" r"ot/)")


def is_script(path):
    if path.endswith(SCRIPTS):
        return True
    if "." in os.path.basename(path):
        return False
    with open(path, "rb") as head:
        return head.read(2) == b"#!"


def tree(root):
    """(path from the root, lines) of each text file of ours."""
    for folder, folders, names in os.walk(root):
        inner = os.path.relpath(folder, root)
        folders[:] = sorted(x for x in folders
                            if x not in (".git", "__pycache__", "corpus", "LICENSES")
                            and not (inner == "." and x.startswith("build")))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(C_FILES + DOCUMENTS) or is_script(path):
                with open(path, encoding="utf-8", errors="replace") as text:
                    yield os.path.relpath(path, root), text.read().split("\n")


def licence_of(path):
    """The kernel takes BPF programs under the GPL; what both sides include is under both."""
    if path.endswith((".bpf.c", ".bpf.h")):
        return "GPL-2.0-only"
    return "GPL-2.0-only OR MIT" if path.startswith("src/bpf/") else "MIT"


def spdx_complaints(path, lines):
    licence = licence_of(path)
    if path.endswith(C_FILES):
        if lines[0] != "/* SPDX-License-Identifier: %s */" % licence:
            yield "%s:1: not /* SPDX-License-Identifier: %s */" % (path, licence)
    elif not path.endswith(DOCUMENTS):
        if "# SPDX-License-Identifier: MIT" not in lines[:2]:
            yield "%s: no # SPDX-License-Identifier: MIT in the first two lines" % path


def length_complaints(path, lines):
    if not path.endswith(DOCUMENTS) and len(lines) - 1 > FILE_LINES_MAX:
        yield "%s: %d lines" % (path, len(lines) - 1)


def function_complaints(path, lines):
    """In our format a function's body stands between a lone { and a lone } in column 1."""
    if not path.endswith(C_FILES):
        return
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_LINES_MAX:
                yield "%s:%d: a function of %d lines" % (path, start, number - start - 1)
            start = None


def width_complaints(path, lines):
    if not path.endswith(C_FILES + SCRIPTS):
        return
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(TAB)) > COLUMNS_MAX:
            yield "%s:%d: %d columns" % (path, number, len(line.expandtabs(TAB)))


def mark_complaints(path, lines):
    for number, line in enumerate(lines, 1):
        match = MARKS.search(line)
        if match:
            yield "%s:%d: %s" % (path, number, match[0])


def place_complaints(root):
    """Any home directory, and wherever this copy of the tree happens to lie."""
    def complaints(path, lines):
        for number, line in enumerate(lines, 1):
            if HOMES.search(line) or (len(root) > len("/src") and root in line):
                yield "%s:%d: a path of one machine: %s" % (path, number, line.strip())
    return complaints


def main(root):
    root = os.path.abspath(root)
    files = list(tree(root))
    rules = [
        ("each source names its licence in its first line", spdx_complaints),
        ("no file is longer than %d lines" % FILE_LINES_MAX, length_complaints),
        ("no function is longer than %d lines" % FUNCTION_LINES_MAX, function_complaints),
        ("no line is wider than %d columns" % COLUMNS_MAX, width_complaints),
        ("no mark of unfinished work", mark_complaints),
        ("no path of one machine", place_complaints(root)),
    ]
    for what, rule in rules:
        complaints = [c for path, lines in files for c in rule(path, lines)]
        tap.ok(not complaints, what, *complaints)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
