#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that each source unit and each public header has a unit test of its name: tests/unit/<layer>/<stem>_test.cpp.

A header and a unit of one stem share their test. A main.cpp is called by its folder. Headers that declare no function
and no class (settings, lists of numbers) need none. The test includes the header, where there is one, so that it is the
test of what it is called after.
"""

import re

import budget
import source

# Rooms whose tests have not been sorted yet.
PENDING = (
    "src/connection/", "src/family/", "src/object/", "src/process/", "src/queue/", "src/ring/",
    "src/shared/", "src/shm/", "src/subprocess/", "src/wait/", "src/watch/", "include/cohort/base/null_handle",
    "include/cohort/connection/", "include/cohort/family/", "include/cohort/object/", "include/cohort/pool/",
    "include/cohort/process/", "include/cohort/queue/", "include/cohort/ring/", "include/cohort/shared/",
    "include/cohort/shm/", "include/cohort/subprocess/", "include/cohort/wait/",
)


def declares_something(path):
    """True when a header has a function or a class."""
    found = []

    def visit(scopes, declaration, kind):
        if kind in ("function", "class", "struct") or (kind == "statement" and "(" in declaration):
            found.append(declaration)

    scopes = budget.Scopes()
    for row in source.lines(path):
        scopes.feed(row, visit)
    return bool(found)


def name_of(path):
    return path.parent.name if path.stem == "main" else path.stem


def check(root):
    offences, wanted = [], {}
    for path in source.files(root, ["src"], (".cpp",)):
        parts = path.relative_to(root / "src").parts
        wanted[path] = (parts[0], name_of(path))
    for path in source.files(root, ["include"], (".hpp",)):
        parts = path.relative_to(root / "include" / "cohort").parts
        if len(parts) == 2 and declares_something(path):
            wanted[path] = (parts[0], path.stem)
    headers = {path.relative_to(root / top).as_posix() for top in ("include", "src")
               for path in source.files(root, [top], (".hpp",))}
    for path, (layer, stem) in sorted(wanted.items()):
        short = path.relative_to(root).as_posix()
        if short.startswith(PENDING):
            continue
        test = root / "tests" / "unit" / layer / f"{stem}_test.cpp"
        if not test.is_file():
            offences.append(f"{short}: no test of its name: {test.relative_to(root).as_posix()}")
            continue
        names = {short.split("/", 1)[1].rsplit(".", 1)[0] + ".hpp", f"cohort/{layer}/{stem}.hpp", f"{layer}/{stem}.hpp"}
        text = test.read_text(encoding="utf-8")
        if names & headers and not any(f'#include "{name}"' in text for name in names):
            offences.append(f"{short}: {test.relative_to(root).as_posix()} does not include its header")
        elif not re.search(r"^(TYPED_)?TEST(_F|_P)?\(", text, re.MULTILINE):
            offences.append(f"{short}: {test.relative_to(root).as_posix()} has no test")
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
