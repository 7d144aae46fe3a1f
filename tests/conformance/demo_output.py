#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a program and compares its standard output with a file.

  demo_output.py [--any-order] EXPECTED PROGRAM [ARGUMENT...]

With --any-order the lines are compared as a bag. The head comment of the program's source must show the same output;
that is looked up beside EXPECTED, as ../NAME.cpp.
"""
import difflib
import pathlib
import subprocess
import sys


def head_comment_shows(expected, source):
    """Whether the comment at the top of the source has the lines of the output, one after the other."""
    comment = []
    for line in source.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        comment.append(line.removeprefix("//   "))
    text = expected.read_text(encoding="utf-8").splitlines()
    return any(comment[i:i + len(text)] == text for i in range(len(comment)))


def main():
    arguments = sys.argv[1:]
    any_order = arguments[0] == "--any-order"
    if any_order:
        arguments.pop(0)
    expected = pathlib.Path(arguments[0])
    done = subprocess.run(arguments[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=150, check=False)
    want = expected.read_text(encoding="utf-8").splitlines()
    got = done.stdout.decode("utf-8", "replace").splitlines()
    if any_order:
        want.sort()
        got.sort()
    if want != got:
        print("\n".join(difflib.unified_diff(want, got, "expected", "printed", lineterm="")))
    if done.returncode != 0:
        print(f"it ended with {done.returncode}")
    source = expected.parent.parent / (expected.stem + ".cpp")
    shown = head_comment_shows(expected, source)
    if not shown:
        print(f"the comment at the top of {source} shows another output")
    return 0 if want == got and done.returncode == 0 and shown else 1


if __name__ == "__main__":
    sys.exit(main())
