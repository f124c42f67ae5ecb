#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who may include whom (ARCHITECTURE.md). usage: includes.py ROOT; prints TAP, a check a folder.

Data goes down the page: a layer knows only the layers its row names. collect and model never
meet, so that a recording, a test or a fuzzer can stand in for the kernel.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

# What a layer may include beside itself and <weir/...>: folders under src/, or single headers.
LAYERS = {
    "base": [],
    "bpf": [],
    "collect": ["base/", "bpf/records.h"],
    "decode": ["base/"],
    "model": ["base/", "decode/"],
    "export": ["base/", "model/"],
    "ship": ["base/", "export/"],
    "view": ["base/", "model/"],
    "proto": ["base/"],
    "work": ["base/", "proto/", "model/rate.h", "model/token_bucket.h"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCE = (".c", ".h")


def sources(root, folder):
    for path, folders, names in os.walk(os.path.join(root, folder)):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SOURCE):
                yield os.path.relpath(os.path.join(path, name), root)


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1], match[2]


def resolve(root, path, target):
    """The included file's path from the root, as the compiler would find it; None if nowhere."""
    for folder in (os.path.dirname(path), "src", "include"):
        candidate = os.path.normpath(os.path.join(folder, target))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def layer_complaint(root, path, layer, quote, target):
    """Why the layer may not include the target; None when it may."""
    if quote == "<":
        return None  # the system's, or include/weir, which is everyone's
    if target.endswith(".skel.h"):
        return None if layer == "collect" else "a BPF skeleton outside collect"
    found = resolve(root, path, target)
    if found is None:
        return "there is no such file"
    if not found.startswith("src/"):
        return "it is outside src/ (public headers are included as <weir/...>)"
    inner = found[len("src/"):]
    allowed = [layer + "/"] + LAYERS[layer]
    if any(inner == a or (a.endswith("/") and inner.startswith(a)) for a in allowed):
        return None
    return "%s may include only %s" % (layer, ", ".join(allowed))


def public_complaint(root, target):
    """A public header stands on the C library and on other public headers alone."""
    if target.startswith("weir/"):
        found = os.path.isfile(os.path.join(root, "include", target))
        return None if found else "there is no such file"
    if os.path.isfile(os.path.join(root, "src", target)):
        return "a public header may not include an internal one"
    return None


def program_complaint(root, path, quote, target):
    """A program may use every layer, but not another program and not the tests."""
    if quote == "<" or target.endswith(".inc.h"):
        return None
    found = resolve(root, path, target)
    own = "/".join(path.split("/")[:2]) + "/"
    if found is None:
        return "there is no such file"
    if not found.startswith(("src/", own)):
        return "a program may include only its own files and src/"
    return None


def check_folder(root, folder, complaint_of):
    complaints = []
    n = 0
    for path in sources(root, folder):
        n += 1
        for number, quote, target in includes(root, path):
            why = complaint_of(path, quote, target)
            if why:
                complaints.append("%s:%d: %s: %s" % (path, number, target, why))
    if n:
        tap.ok(not complaints, "%s/ includes only what it may (%d files)" % (folder, n),
               *complaints)


def folders_of(root, folder):
    top = os.path.join(root, folder)
    if not os.path.isdir(top):
        return []
    return sorted(x for x in os.listdir(top) if os.path.isdir(os.path.join(top, x)))


def main(root):
    for layer in folders_of(root, "src"):
        if layer not in LAYERS:
            tap.ok(False, "src/%s/ is a layer that the rules know" % layer)
            continue
        check_folder(root, "src/" + layer,
                     lambda path, quote, target, layer=layer:
                     layer_complaint(root, path, layer, quote, target))
    check_folder(root, "include", lambda path, quote, target: public_complaint(root, target))
    for program in folders_of(root, "programs"):
        check_folder(root, "programs/" + program,
                     lambda path, quote, target: program_complaint(root, path, quote, target))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
