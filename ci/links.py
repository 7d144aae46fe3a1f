#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that each relative link in a Markdown file leads to a file, and each #anchor to a heading."""

import re

import source

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def anchors(path):
    found = set()
    for line in without_code(path.read_text(encoding="utf-8")).split("\n"):
        match = re.match(r"#+\s+(.*)", line)
        if match:
            text = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match.group(1)).lower())
            found.add(text.strip().replace(" ", "-"))
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
        found.update(re.findall(r"^\(([\w-]+)\)=$", line))
    return found


def without_code(text):
    return re.sub(r"^```.*?^```", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def check(root):
    offences = []
    pages = sorted(root.glob("*.md")) + source.files(root, ["docs", "examples", "benchmarks", "tests"], (".md",))
    for page in pages:
        short = page.relative_to(root).as_posix()
        for number, line in enumerate(without_code(page.read_text(encoding="utf-8")).split("\n"), 1):
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                other = (page.parent / name).resolve() if name else page
                if not other.exists():
                    offences.append(f"{short}:{number}: {target}: no such file")
                elif anchor and other.suffix == ".md" and anchor not in anchors(other):
                    offences.append(f"{short}:{number}: {target}: no such heading")
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
