#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that public templates are thin: a body in include/ has at most five statements.

Looked at are function templates and the members of class templates, those in namespace detail included. Each statement
that ends with a semicolon counts, those of nested blocks and of lambdas included; of the alternatives of an
`if constexpr`, which never are in one function together, the longest counts. using, typedef and static_assert are no
statements, and what only the compiler runs (consteval) is not looked at.
"""

import re

import budget
import source

MOST = 5
TEMPLATE = re.compile(r"^\s*template\s*<.*?>\s*(requires\s*\([^{}]*?\)\s*)?(?=\w)", re.DOTALL)
# Rooms in motion.
PENDING = ("include/cohort/queue/", "include/cohort/connection/", "include/cohort/wait/")


class Frame:
    """A body, or a block within one."""

    def __init__(self, depth, is_alternative=False, line=0, name=""):
        self.depth, self.is_alternative, self.line, self.name = depth, is_alternative, line, name
        self.count = 0
        self.longest = None  # of the alternatives so far

    def end_alternatives(self):
        self.count += self.longest or 0
        self.longest = None

    def add_alternative(self, count):
        self.longest = max(self.longest or 0, count)


class Bodies(budget.Scopes):
    """Counts the statements of each body of a template: `counted` has them as (line, name, statements)."""

    def __init__(self):
        super().__init__()
        self.classes = []  # the depths of the class templates around
        self.frames = []
        self.counted = []

    def close(self, depth):
        while self.frames and self.frames[-1].depth >= depth:
            frame = self.frames.pop()
            frame.end_alternatives()
            if not self.frames:
                self.counted.append((frame.line, frame.name, frame.count))
            elif frame.is_alternative:
                self.frames[-1].add_alternative(frame.count)
            else:
                self.frames[-1].count += frame.count

    def visit(self, _, declaration, kind):
        depth = len(self.stack)
        self.close(depth)
        while self.classes and self.classes[-1] >= depth:
            self.classes.pop()
        if self.frames:
            self.visit_within(declaration, kind)
        elif kind in ("class", "struct") and re.match(r"template\s*<", declaration):
            self.classes.append(depth)
        elif kind == "function" and self.is_template(declaration):
            text = TEMPLATE.sub("", declaration)
            name = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", text)
            self.frames.append(Frame(depth, line=self.head_line, name=name.group(1) if name else "?"))

    def is_template(self, declaration):
        if re.search(r"\bconsteval\b", declaration):
            return False
        parameters = declaration[: declaration.rfind(")")]
        abbreviated = re.search(r"\(.*\bauto\b", parameters, re.DOTALL)
        return bool(self.classes or abbreviated or re.match(r"template\s*<", declaration))

    def visit_within(self, declaration, kind):
        frame = self.frames[-1]
        continues = declaration.startswith("else") and frame.longest is not None
        if not continues:
            frame.end_alternatives()
        if kind != "statement":
            alternative = continues or bool(re.match(r"if constexpr\b", declaration))
            if alternative and not continues:
                frame.longest = 0
            self.frames.append(Frame(len(self.stack), alternative))
        elif declaration and not re.match(r"(using|typedef|static_assert)\b", declaration):
            if continues:
                frame.add_alternative(1)
            else:
                frame.count += 1


def check(root):
    offences = []
    for path in source.files(root, ["include"], (".hpp",)):
        short = path.relative_to(root).as_posix()
        if short.startswith(PENDING):
            continue
        bodies = Bodies()
        for row in source.lines(path):
            bodies.feed(row, bodies.visit)
        bodies.close(0)
        for line, name, statements in bodies.counted:
            if statements > MOST:
                offences.append(f"{short}:{line}: {name} has {statements} statements, a template has at most {MOST}")
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
