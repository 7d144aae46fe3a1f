#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks commit messages: `room: what it does`, at most 80 characters (60 read better), no full stop, then a blank
line and a body.

Looks at the commits that the upstream branch does not have, or at the newest one when there is no upstream.
`commits.py --message FILE` checks one message (for a commit-msg hook)."""

import pathlib
import re
import subprocess
import sys

import source

SUBJECT = re.compile(r"[a-z][a-z0-9_]*([/,] ?[a-z0-9_]+)*: \S")
MOST = 80


def check_message(name, message):
    lines = [line for line in message.rstrip("\n").split("\n") if not line.startswith("#")]
    subject = lines[0] if lines else ""
    offences = []
    if not SUBJECT.match(subject):
        offences.append(f"{name}: the subject does not begin with a room and a colon: {subject!r}")
    if len(subject) > MOST:
        offences.append(f"{name}: the subject has {len(subject)} characters, the limit is {MOST}: {subject!r}")
    if subject.endswith("."):
        offences.append(f"{name}: the subject ends with a full stop: {subject!r}")
    if len(lines) > 1 and lines[1].strip():
        offences.append(f"{name}: no blank line after the subject")
    return offences


def check(root):
    def git(*arguments):
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)

    if git("rev-parse", "--git-dir").returncode:
        return []  # an unpacked archive has no history
    has_upstream = git("rev-parse", "--verify", "-q", "@{upstream}").returncode == 0
    span = ["@{upstream}..HEAD"] if has_upstream else ["-1", "HEAD"]
    log = git("log", "--no-merges", "-z", "--format=%h%n%B", *span)
    if log.returncode:
        return []
    offences = []
    for entry in filter(None, log.stdout.split("\0")):
        name, _, message = entry.partition("\n")
        offences += check_message(name, message)
    return offences


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--message":
        found = check_message(sys.argv[2], pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
        print("\n".join(found), end="\n" if found else "")
        sys.exit(1 if found else 0)
    source.main(check, __doc__)
