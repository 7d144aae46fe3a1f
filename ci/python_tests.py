#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the pages docs/internals/python-*-tests.md, which set tests of CPython beside ours.

Each heading `## Class (N)` has N rows, no test twice. A row names tests of ours as `Suite.name`, and each of them is in
the sources; or it says "none: " and why."""

import re

import source

ROW = re.compile(r"\| `(?P<python>test\w+)` \| (?P<here>.+) \|$")
HEADING = re.compile(r"## (?P<name>\w+) \((?P<count>\d+)\)$")
OURS = re.compile(r"`([A-Z]\w*\.[a-z]\w+)`")
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
SHORTEST_REASON = 15


def tests_of(root):
    found = set()
    for path in source.files(root, ["tests"], (".cpp", ".hpp")):
        found.update(f"{suite}.{name}" for suite, name in TEST.findall(path.read_text(encoding="utf-8")))
    return found


def offences_of_row(here, tests):
    named = OURS.findall(here)
    wrong = [f"there is no test {name}" for name in named if name not in tests]
    if here.startswith("none:"):
        if len(here) - len("none: ") < SHORTEST_REASON:
            wrong.append("the reason is missing")
    elif not named:
        wrong.append("names no test, and does not say 'none: ' and why")
    return wrong


def offences_of(page, tests):
    name, expected, rows = None, 0, {}

    def too_many_or_few():
        if name is not None and len(rows) != expected:
            yield f"{name} has {len(rows)} rows, its heading says {expected}"

    for number, line in enumerate(page.read_text(encoding="utf-8").split("\n"), 1):
        heading = HEADING.match(line)
        row = ROW.match(line)
        if heading:
            yield from too_many_or_few()
            name, expected, rows = heading["name"], int(heading["count"]), {}
        elif row:
            if row["python"] in rows:
                yield f"line {number}: {row['python']} is there twice"
            rows[row["python"]] = number
            for wrong in offences_of_row(row["here"], tests):
                yield f"line {number}: {row['python']}: {wrong}"
        elif line.startswith("| `"):
            yield f"line {number}: not a row of this table"
    if name is None:
        yield "has no heading with a class and its number of tests"
    yield from too_many_or_few()


def check(root):
    tests = tests_of(root)
    offences = []
    for page in sorted((root / "docs" / "internals").glob("python-*-tests.md")):
        offences += [f"{page.relative_to(root)}: {offence}" for offence in offences_of(page, tests)]
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
