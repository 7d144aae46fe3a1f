#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that every explicit memory order in include/ and src/ says why it is there.

- A statement with acquire, release, acq_rel or seq_cst carries `SYNC(name): ...`; one that is only relaxed carries
  `relaxed: why` (or a SYNC). The comment stands on one of the statement's lines, or above it with no blank line
  between, at most twelve lines away.
- Every SYNC name has a release side and an acquire side somewhere. A side that is no atomic (a futex call, fork, a
  mutex) is written out: `SYNC(name): ... (other side: fork)`.
"""

import re

import source

ORDER = re.compile(r"\bmemory_order(?:_|::)(relaxed|consume|acquire|release|acq_rel|seq_cst)\b")
NAMED = re.compile(r"\b\w*(acquire|release)\w*\s*(?:<[^;()]*>)?\(")
SYNC = re.compile(r"SYNC\(([^)]+)\)")
RELAXED = re.compile(r"\brelaxed:")
REACH = 12
RELEASE = {"release", "acq_rel", "seq_cst"}
ACQUIRE = {"acquire", "consume", "acq_rel", "seq_cst"}


def statement(rows, index):
    """First and last index of the statement that holds the line."""
    first = index
    while first > 0 and index - first < REACH:
        above = rows[first - 1].code.strip()
        if not above or above[-1] in ";{}:" or above.startswith("#"):
            break
        first -= 1
    last = index
    while last + 1 < len(rows) and last - index < REACH:
        code = rows[last].code.strip()
        if code and code[-1] in ";{}":
            break
        last += 1
    return first, last


def comments_for(rows, first, last):
    """The comments that speak for lines first..last, nearest first: their own, then those above."""
    texts = [row.comment for row in rows[first : last + 1] if row.comment]
    index = first - 1
    while index >= 0 and first - index <= REACH and rows[index].text.strip():
        if rows[index].comment:
            texts.append(rows[index].comment)
        index -= 1
    return texts


def check_file(path, short, sides, offences):
    rows = source.lines(path)
    for index, row in enumerate(rows):
        if not ORDER.search(row.code) or re.match(r"\s*using\b", row.code):
            continue
        first, last = statement(rows, index)
        orders = {m.group(1) for r in rows[first : last + 1] for m in ORDER.finditer(r.code)}
        texts = comments_for(rows, first, last)
        names = [n for text in texts for n in SYNC.findall(text)]
        where = f"{short}:{row.number}"
        if orders - {"relaxed"}:
            if not names:
                offences.append(f"{where}: {'/'.join(sorted(orders))} without a SYNC(name) comment")
                continue
        elif not names and not any(RELAXED.search(text) for text in texts):
            offences.append(f"{where}: relaxed without a `relaxed: why` comment")
        for name in names:
            note(sides, name, where)[1].update(orders - {"relaxed"})
    # A tag on a call of a named helper (load_acquire(x)), or one that writes its other side out.
    for index, row in enumerate(rows):
        for name in SYNC.findall(row.comment):
            entry = note(sides, name, f"{short}:{row.number}")
            paragraph = row.comment + " ".join(r.comment for r in rows[index + 1 : index + 4] if not r.code.strip())
            if "other side:" in paragraph:
                entry[1].update({"acquire", "release"})
            for near in rows[index : index + 4]:
                entry[1].update(m.group(1) for m in NAMED.finditer(near.code))


def note(sides, name, where):
    return sides.setdefault(name, (where, set()))


def check(root):
    offences, sides = [], {}
    for path in source.files(root, ["include", "src"], (".hpp", ".cpp")):
        check_file(path, path.relative_to(root).as_posix(), sides, offences)
    for name, (where, orders) in sorted(sides.items()):
        if not orders & RELEASE:
            offences.append(f"{where}: SYNC({name}) has no release side")
        if not orders & ACQUIRE:
            offences.append(f"{where}: SYNC({name}) has no acquire side")
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
