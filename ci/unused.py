#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that each function declared in a private header, or in a namespace detail of a public one, is used somewhere.

A use is the function's name in any source, test, example, benchmark or tool, outside of declarations and definitions of
that name. So of two functions with one name either makes the other one used: the check finds what nobody names at all.
What the language calls by itself (constructors, operators, overriding functions, hooks of ranges and coroutines) and
what a tool calls by its name is not looked for.
"""

import collections
import re

import budget
import source

FOLDERS = ["include", "src", "tests", "examples", "benchmarks", "tools"]
NAME = re.compile(r"(?<![\w:~.>])(?:[\w:]+::)?(\w+)\s*(?:<[^<>()]*>)?\(")
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
# Called by the compiler, the standard library, the linker or a tool.
CALLED_BY_NAME = re.compile(
    r"begin|end|size|data|get_return_object|return_\w+|unhandled_exception|initial_suspend|final_suspend|await_\w+|main"
    r"|(?:try_)?lock(?:_shared)?(?:_for|_until)?|unlock(?:_shared)?|LLVMFuzzer\w+|__\w+"
)
ATTRIBUTES = re.compile(
    r"\[\[.*?\]\]|\b(?:alignas|noexcept|explicit|requires|decltype|__attribute__)\s*\((?:[^()]|\([^()]*\))*\)"
)
TEMPLATE = re.compile(r"^\s*template\s*<.*?>\s*(requires\s*(\([^{}]*?\)|[\w:<>, ]+?)\s*)?(?=[\w\[~])", re.DOTALL)
# In rooms that are in motion, which take it out.
PENDING = {"wait_for_items"}


def declared_name(declaration):
    """The function that a declaration or definition at class or namespace level introduces, or None."""
    text = TEMPLATE.sub("", declaration.strip())
    text = ATTRIBUTES.sub(" ", text)
    if re.match(r"(using|typedef|static_assert|namespace)\b", text) or "operator" in text.split("(")[0]:
        return None
    match = NAME.search(text)
    if not match or re.search(r"=|\{", text[: match.start(1)]) or match.group(1) in budget.KEYWORDS:
        return None
    before = text[: match.start()].strip()
    # A constructor or a macro's call has nothing before its name.
    return match.group(1) if re.search(r"[\w>&*\]]$", before) else None


def read(path):
    """(names declared as (name, line, is_private_or_detail, overrides), words counted) of one file."""
    rows, found = source.lines(path), []

    def visit(scopes, declaration, kind):
        if kind not in ("statement", "function") or any(k in ("function", "block") for k, _, _ in scopes.stack):
            return
        name = declared_name(declaration.removesuffix(" {"))
        if name:
            detail = any("detail" in n.split("::") for k, n, _ in scopes.stack if k == "namespace")
            found.append((name, scopes.head_line, detail, bool(re.search(r"\b(override|friend)\b", declaration))))

    scopes = budget.Scopes()
    for row in rows:
        scopes.feed(row, visit)
    words = collections.Counter(word for row in rows for word in WORD.findall(row.code))
    return found, words


def check(root):
    words, declared, candidates = collections.Counter(), collections.Counter(), []
    for path in source.files(root, FOLDERS):
        found, counted = read(path)
        words.update(counted)
        short = path.relative_to(root).as_posix()
        for name, line, detail, excused in found:
            declared[name] += 1
            private = path.suffix == ".hpp" and (short.startswith("src/") or (short.startswith("include/") and detail))
            if private and not excused and not CALLED_BY_NAME.fullmatch(name):
                candidates.append((short, line, name))
    return [
        f"{short}:{line}: {name}() is declared, and nothing uses it"
        for short, line, name in candidates
        if words[name] <= declared[name] and name not in PENDING
    ]


if __name__ == "__main__":
    source.main(check, __doc__)
