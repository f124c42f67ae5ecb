#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""clang-tidy and gcc -fanalyzer over the libraries and programs. usage: analyze.py ROOT BUILD

Prints TAP, two checks a source. What clang-tidy looks for stands in .clang-tidy; how a source is
compiled, in BUILD/compile_commands.json.
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

# gcc 12 loses track of what a container holds, and of what __attribute__((cleanup)) frees: leaks
# are for ASan and the fault suite. That -errno is never 0 it does not know either.
ANALYZER = ["-fanalyzer", "-Werror", "-fdiagnostics-color=never",
            "-Wno-analyzer-malloc-leak",
            "-Wno-analyzer-use-of-uninitialized-value"]


def commands(root, build):
    """{path from the root: (folder, command)} of the sources in src/ and programs/."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as database:
        entries = json.load(database)
    found = {}
    for entry in entries:
        path = os.path.relpath(os.path.realpath(os.path.join(entry["directory"], entry["file"])),
                               os.path.realpath(root))
        if path.startswith(("src/", "programs/")):
            found[path] = (entry["directory"], shlex.split(entry["command"]))
    return found


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def tidy(root, build, path):
    return run(["clang-tidy", "--quiet", "-p", build, path], root)


def analyze(folder, command):
    """The build's own command, but for what it writes."""
    command = list(command)
    command[command.index("-o") + 1] = "/dev/null"
    kept = [word for word in command if word not in ("-MD", "-Werror")]
    while "-MF" in kept or "-MQ" in kept:
        at = kept.index("-MF" if "-MF" in kept else "-MQ")
        del kept[at:at + 2]
    return run(kept + ANALYZER, folder)


def main(root, build):
    found = commands(root, build)
    jobs = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for path in sorted(found):
            if shutil.which("clang-tidy"):
                jobs.append(("clang-tidy", path, pool.submit(tidy, root, build, path)))
            else:
                tap.skip("clang-tidy finds nothing in " + path, "no clang-tidy (./dev deps)")
            jobs.append(("gcc -fanalyzer", path, pool.submit(analyze, *found[path])))
    tap.ok(found, "the build has sources")
    for tool, path, job in jobs:
        got = job.result()
        tap.ok(got.returncode == 0, "%s finds nothing in %s" % (tool, path), got.stdout,
               got.stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
