#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The lints themselves: each rule is shown a tree that keeps it and one that breaks it."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

MIT = "/* SPDX-License-Identifier: MIT */\n"
GPL = "/* SPDX-License-Identifier: GPL-2.0-only */\n"
GOOD = {
    "include/weir/addr.h": MIT,
    "include/weir/conn.h": MIT + "#include <stdint.h>\n#include <weir/addr.h>\n",
    "src/base/str_buf.h": MIT + "#include <weir/addr.h>\n",
    "src/base/str_buf.c": MIT + '#include "str_buf.h"\n#include <stdio.h>\n',
    "src/bpf/records.h": "/* SPDX-License-Identifier: GPL-2.0-only OR MIT */\n",
    "src/bpf/kernel_types.bpf.h": GPL,
    "src/bpf/conn.bpf.c": GPL + '#include "kernel_types.bpf.h"\n#include "records.h"\n',
    "src/collect/source.h": MIT + "#include <weir/conn.h>\n",
    "src/collect/source.c": MIT + '#include "collect/source.h"\n#include "base/str_buf.h"\n'
                            '#include "bpf/records.h"\n#include "conn.skel.h"\n',
    "src/model/table.h": MIT,
    "src/model/table.c": MIT + '#include "table.h"\n#include "base/str_buf.h"\n',
    "src/export/csv.c": MIT + '#include "model/table.h"\n',
    "programs/tcptop/app.h": MIT,
    "programs/tcptop/main.c": MIT + '#include "app.h"\n#include "collect/source.h"\n'
                              '#include "model/table.h"\n',
    "programs/netwatch/other.h": MIT,
    "tool": "#!/bin/sh\n# SPDX-License-Identifier: MIT\n",
}
# (lint, what is wrong, file, its text)
BAD = [
    ("includes", "model meets collect", "src/model/x.c", MIT + '#include "collect/source.h"\n'),
    ("includes", "collect meets model", "src/collect/x.c", MIT + '#include "model/table.h"\n'),
    ("includes", "base looks up", "src/base/x.c", MIT + '#include "model/table.h"\n'),
    ("includes", "export asks the kernel", "src/export/x.c", MIT + '#include "bpf/records.h"\n'),
    ("includes", "a way round by ..", "src/model/x.c", MIT + '#include "../collect/source.h"\n'),
    ("includes", "collect takes more of bpf than the records", "src/collect/x.c",
     MIT + '#include "bpf/kernel_types.bpf.h"\n'),
    ("includes", "a skeleton outside collect", "src/model/x.c", MIT + '#include "conn.skel.h"\n'),
    ("includes", "a header that is nowhere", "src/base/x.c", MIT + '#include "nowhere.h"\n'),
    ("includes", "a public header in quotes", "src/base/x.c", MIT + '#include "weir/addr.h"\n'),
    ("includes", "a public header over an internal one", "include/weir/x.h",
     MIT + '#include "base/str_buf.h"\n'),
    ("includes", "a program uses another", "programs/tcptop/x.c",
     MIT + '#include "../netwatch/other.h"\n'),
    ("includes", "a layer without a rule", "src/misc/x.c", MIT),
    ("style", "no licence", "src/base/x.c", "#include <stdio.h>\n"),
    ("style", "MIT on a BPF program", "src/bpf/x.bpf.c", MIT),
    ("style", "GPL outside the BPF programs", "src/base/x.c", GPL),
    ("style", "a script without a licence", "x.sh", "#!/bin/sh\n"),
    ("style", "a long file", "src/base/x.c", MIT + "int x;\n" * 600),
    ("style", "a long function", "src/base/x.c",
     MIT + "int f(void)\n{\n" + "\tg();\n" * 51 + "}\n"),
    ("style", "a wide line", "src/base/x.c", MIT + "\t" * 12 + "/* xx */\n"),
    ("style", "unfinished work", "src/base/x.c", MIT + "/* TO" "DO */\n"),
    ("style", "unfinished work in a document", "README.md", "Not yet " "implemented.\n"),
    ("style", "somebody's home", "README.md", "cd /home" "/me/weir\n"),
]
# (what, C source, whether globals.py must complain)
OBJECTS = [
    ("constants", "static const char *const names[] = {\"a\"}; const int one = 1;"
     "const char *name(int i) { return names[i]; }", False),
    ("a variable", "int calls;", True),
    ("a variable with a value", "int calls = 1;", True),
    ("a static inside a function", "int f(void) { static int n; return ++n; }", True),
    ("a thread's variable", "_Thread_local int n;", True),
]


def write(root, path, text):
    os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
    with open(os.path.join(root, path), "w", encoding="utf-8") as out:
        out.write(text)


def run(lint, *arguments):
    return subprocess.run([sys.executable, os.path.join(HERE, lint + ".py"), *arguments],
                          capture_output=True, text=True)


def check_trees(folder):
    root = os.path.join(folder, "tree")
    for path, text in GOOD.items():
        write(root, path, text)
    for lint in ("includes", "style"):
        got = run(lint, root)
        tap.ok(got.returncode == 0, "%s: a good tree passes" % lint, got.stdout, got.stderr)
    for lint, what, path, text in BAD:
        bad = os.path.join(folder, "bad")
        shutil.copytree(root, bad)
        write(bad, path, text)
        got = run(lint, bad)
        named = any(line.startswith(("#   " + path, "not ok")) and os.path.dirname(path) in line
                    for line in got.stdout.splitlines())
        tap.ok(got.returncode == 1 and named, "%s: %s is refused and named" % (lint, what),
               got.stdout, got.stderr)
        shutil.rmtree(bad)


def check_objects(folder, compiler):
    for what, source, is_bad in OBJECTS:
        write(folder, "x.c", source)
        target = os.path.join(folder, "x.o")
        subprocess.run([*compiler, "-c", "-fPIE", os.path.join(folder, "x.c"), "-o", target],
                       check=True)
        got = run("globals", target)
        tap.ok(got.returncode == (1 if is_bad else 0),
               "globals: %s %s" % (what, "is refused" if is_bad else "passes"), got.stdout)
    tap.ok(run("globals").returncode == 1, "globals: nothing to look at is a failure")


def main(compiler):
    with tempfile.TemporaryDirectory() as folder:
        check_trees(folder)
        check_objects(folder, compiler)
    return tap.done()


sys.exit(main(sys.argv[1:]))
