#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that the tutorial and the guides show code that is compiled and run.

Each block of C++ in docs/tutorial follows a comment that names a file; its lines must stand in that file, one after the
other. So must those of a block in docs/guides that follows such a comment.
And docs/internals/source-documents.md names each example that there is, and no other.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- (\S+) -->\n)?```cpp\n(.*?)```", re.DOTALL)


def count_misnamed_examples():
    page = (ROOT / "docs/internals/source-documents.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\d\d_\w+)`", page))
    there = {path.stem for path in (ROOT / "examples").glob("[0-9][0-9]_*.cpp")}
    for name in sorted(named ^ there):
        print(f"source-documents.md: {name} is {'not in examples/' if name in named else 'not named'}")
    return len(named ^ there)


def main():
    wrong, count = count_misnamed_examples(), 0
    for page in sorted((ROOT / "docs").glob("tutorial/*.md")) + sorted((ROOT / "docs").glob("guides/*.md")):
        for source, code in BLOCK.findall(page.read_text(encoding="utf-8")):
            first = code.splitlines()[0]
            if not source and page.parent.name == "guides":
                continue
            count += 1
            if not source:
                print(f"{page.name}: no file is named for the block that starts with: {first}")
                wrong += 1
            elif code not in (ROOT / source).read_text(encoding="utf-8"):
                print(f"{page.name}: not in {source}: the block that starts with: {first}")
                wrong += 1
    print(f"{count} blocks, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
