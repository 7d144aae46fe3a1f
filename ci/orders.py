#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that every access to an atomic in include/ and src/ names its memory order, and says why it is that one.

- A statement with acquire, release, acq_rel or seq_cst carries `SYNC(name): ...`; one that is only relaxed carries
  `relaxed: why` (or a SYNC). The comment stands on one of the statement's lines, or above it with no blank line
  between, at most twelve lines away. `relaxed below: why` speaks for all that is only relaxed from there to the end of
  its block.
- Every SYNC name has a release side and an acquire side somewhere. A side that is no atomic (a futex call, fork, a
  mutex) is written out: `SYNC(name): ... (other side: fork)`.
- A function that a SYNC comment names, `like_this()` or `Class::like_this()`, is defined in include/ or src/.
- No order is left to the default: load, store, exchange, fetch_* and compare_exchange_* of what is declared as an
  atomic have one, and what is declared so in the file, or as a member in its header, is not read or changed by
  operators.
"""

import re

import budget
import source

ORDER = re.compile(r"\bmemory_order(?:_|::)(relaxed|consume|acquire|release|acq_rel|seq_cst)\b")
NAMED = re.compile(r"\b\w*(acquire|release)\w*\s*(?:<[^;()]*>)?\(")
SYNC = re.compile(r"SYNC\(([^)]+)\)")
RELAXED = re.compile(r"\brelaxed:")
RELAXED_BELOW = re.compile(r"\brelaxed below:")
REACH = 12
TYPE = r"\bstd::atomic(?:_flag|_ref)?\b(?:<[^;(){}]*?>)?"
ATOMIC = re.compile(TYPE + r">?[&*]*\s*(?:const\s+)?[&*]?\s*(\w+)\s*(?=[;,)={\[(]|$)")
ATOMIC_VALUE = re.compile(TYPE + r"\s+(\w+)\s*(?=[;={]|$)")
OPERATION = re.compile(r"\b(\w+)(?:\[[^\]]*\])?(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_\w+)\(")
# A bare use of {0}: changed, assigned, compared, or tested.
BARE = (
    r"(?:\+\+|--|!|[=!<>]= |&& |\|\| )(?:this->)?\b{0}\b(?!\s*(?:\.|->|\[|\())"
    r"|(?<![\w.>&*] )(?<![\w.>&*]){0}\s*(?:\+\+|--|&&|\|\||[-+|&^<>=!]?=(?!=)|==)|\bif \({0}\)"
    r"|(?:\.|->){0}\s*(?:\+\+|--|&&|\|\||[-+|&^<>=!]?=(?!=)|==)|!(?:\w+(?:\.|->))+{0}\b(?!\s*(?:\.|->|\[|\())"
)
CALL = re.compile(r"((?:\w+::)*~?\w+)\(\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
LAMBDA = re.compile(r"\bauto (\w+) = \[")
# Rooms in motion, for the two checks that are younger than they are.
PENDING = (
    "src/ring/", "src/watch/", "src/queue/", "src/connection/", "src/wait/", "src/shm/", "src/family/",
    "src/object/",
)
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


def covered(rows, index):
    """True when a `relaxed below:` stands before the line, in its block or one around it, within the same function."""
    depth = 0
    for row in reversed(rows[:index]):
        if depth == 0 and RELAXED_BELOW.search(row.comment):
            return True
        for character in reversed(row.code):
            depth += {"}": 1, "{": -1}.get(character, 0)
            depth = max(depth, 0) if character == "{" and depth < 0 else depth
        if row.text.startswith("}") or (row.text and not row.text[0].isspace() and row.code.rstrip().endswith("{")):
            return False
    return False


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
        elif not names and not any(RELAXED.search(text) for text in texts) and not covered(rows, first):
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


def functions(files):
    """What is defined: {name: {the classes that have it}}."""
    defined = {}

    def visit(scopes, declaration, kind):
        if kind == "statement" and not re.search(r"=\s*default\s*$", declaration):
            return
        if kind not in ("function", "statement"):
            return
        match = re.search(r"((?:\w+::)*~?\w+)\s*\(", declaration)
        if match and match.group(1) not in budget.KEYWORDS:
            *owners, name = match.group(1).split("::")
            classes = [re.search(r"\b(?:class|struct)\s+(?:[A-Z_]{4,}\s+)?(\w+)", text) for k, text, _ in scopes.stack
                       if k in ("class", "struct")]
            spaces = [part for k, text, _ in scopes.stack if k == "namespace" for part in text.split("::")]
            defined.setdefault(name, set()).update(owners, (c.group(1) for c in classes if c), spaces)

    for rows in files.values():
        scopes = budget.Scopes()
        for row in rows:
            scopes.feed(row, visit)
            for name in LAMBDA.findall(row.code):
                defined.setdefault(name, set())
    return defined


def closure(files, root):
    """For each file the names that it, or what it includes, declares as atomics."""
    known = {}
    by_name = {path.relative_to(root).as_posix().split("/", 1)[1]: path for path in files}

    def visit(path):
        if path not in known:
            known[path] = set()  # ends cycles
            names = {match.group(1) for row in files[path] for match in ATOMIC.finditer(row.code)}
            for row in files[path]:
                included = INCLUDE.match(row.code)
                if included and included.group(1) in by_name:
                    names |= visit(by_name[included.group(1)])
            known[path] = names
        return known[path]

    for path in files:
        visit(path)
    return known


def check_names(rows, short, defined, offences):
    """Functions that the SYNC comments name."""
    index = 0
    while index < len(rows):
        if SYNC.search(rows[index].comment):
            last = index
            while last + 1 < len(rows) and rows[last + 1].comment and not rows[last + 1].code.strip():
                last += 1
            text = " ".join(row.comment.lstrip("/ ") for row in rows[index : last + 1])
            for called in CALL.findall(text[text.index("SYNC(") :]):
                *owners, name = called.split("::")
                if owners[:1] == ["std"]:
                    continue
                if name not in defined or (owners and owners[-1] not in defined[name]):
                    offences.append(f"{short}:{rows[index].number}: SYNC names {called}(), which is not defined")
            index = last
        index += 1


def argument_text(rows, index, start):
    """The arguments of the call whose opening bracket stands before `start` in the line."""
    text = rows[index].code[start:] + " ".join(row.code for row in rows[index + 1 : index + REACH])
    depth = 1
    for end, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text[:end]
    return text


def check_implicit(rows, short, atomics, own, offences):
    bare = [re.compile(BARE.format(name)) for name in own]
    for index, row in enumerate(rows):
        for match in OPERATION.finditer(row.code):
            if match.group(1) in atomics and not re.search(r"order", argument_text(rows, index, match.end())):
                offences.append(f"{short}:{row.number}: {match.group(2)} of {match.group(1)} names no memory order")
        if not ATOMIC.search(row.code) and any(pattern.search(row.code) for pattern in bare):
            offences.append(f"{short}:{row.number}: an atomic is used with no memory order: {row.code.strip()}")


def is_also_plain(rows, name):
    """True when the file has something else of that name, as a local variable."""
    plain = re.compile(rf"(?<!return)(?<!\w->)[\w>]\s+[&*]?{name}\s*(?:=(?!=)|;|,|\)|{{)")
    return any(plain.search(row.code) and "atomic" not in row.code for row in rows)


def note(sides, name, where):
    return sides.setdefault(name, (where, set()))


def check(root):
    offences, sides = [], {}
    files = {path: source.lines(path) for path in source.files(root, ["include", "src"], (".hpp", ".cpp"))}
    defined, atomics = functions(files), closure(files, root)
    values = {path: {name for row in rows for name in ATOMIC_VALUE.findall(row.code)} for path, rows in files.items()}
    for path, rows in files.items():
        short = path.relative_to(root).as_posix()
        check_file(path, short, sides, offences)
        if not short.startswith(PENDING):
            check_names(rows, short, defined, offences)
            members = {name for name in values.get(path.with_suffix(".hpp"), ()) if name.endswith("_")}
            own = {name for name in values[path] | members if not is_also_plain(rows, name)}
            check_implicit(rows, short, atomics[path], own, offences)
    for name, (where, orders) in sorted(sides.items()):
        if not orders & RELEASE:
            offences.append(f"{where}: SYNC({name}) has no release side")
        if not orders & ACQUIRE:
            offences.append(f"{where}: SYNC({name}) has no acquire side")
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
