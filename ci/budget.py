#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks sizes, file heads, names and doc comments.

- Headers have at most 350 lines, sources and tests 700, functions 60. No line has more than 120 columns, comments and
  the checks themselves included.
- Each file starts with the two SPDX lines; a header goes on with a purpose comment and `#pragma once`.
- The tag for errors in doc comments is @throws; a sentence may say "Throws X".
- No file is named util, helper, misc or common; no `TODO(now)`.
- What a public header declares for users has a doc comment (`///`): types, functions, members. Those that stand
  together with no blank line between share one; the class that a file is named after has the purpose comment.
  Constructors, destructors, operators, getters without parameters, specialisations, deleted functions and
  namespace detail need none.
"""

import re

import source

HEADER_LINES, SOURCE_LINES, FUNCTION_LINES, COLUMNS = 350, 700, 60, 120
# Texts that the scan's tests read as others wrote them.
FOREIGN = "tests/scan/corpus/"
# Rooms in motion, whose comments are laid out when they rest.
PENDING = (
    "include/cohort/ring", "include/cohort/queue", "include/cohort/connection", "include/cohort/wait",
    "include/cohort/process", "include/cohort/shared", "include/cohort/subprocess",
    "include/cohort/sync", "tests/faults",
)
SPDX = ("SPDX-FileCopyrightText: 2026 The Cohort authors", "SPDX-License-Identifier: Apache-2.0")
DRAWER = re.compile(r"^(util|utils|helper|helpers|misc|common)(_|\.|$)")
KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "alignas", "decltype", "noexcept", "requires"}
# A function longer than the limit, with its reason.
LONG_FUNCTIONS = {}


def check_head(path, short, rows, offences):
    for row, expected in zip(rows, SPDX):
        if expected not in row.text:
            offences.append(f"{short}:{row.number}: the two SPDX lines do not stand first")
            return
    if path.suffix != ".hpp":
        return
    pragma = next((i for i, row in enumerate(rows) if row.code.strip() == "#pragma once"), None)
    if pragma is None:
        offences.append(f"{short}:1: no #pragma once")
    elif not any(row.comment.strip("/ ") for row in rows[2:pragma]):
        offences.append(f"{short}:3: no purpose comment before #pragma once")


def check_columns(short, texts, offences):
    if short.startswith((FOREIGN, *PENDING)):
        return
    for number, text in enumerate(texts, 1):
        if len(text) > COLUMNS:
            offences.append(f"{short}:{number}: {len(text)} columns, the limit is {COLUMNS}")


class Scopes:
    """Walks the braces of a file; knows what each scope is by the text before its brace."""

    def __init__(self):
        self.stack = []  # (kind, name, first line)
        self.head = ""
        self.head_line = 0
        self.closed = []  # functions: (name, first, last)

    def feed(self, row, visit):
        if row.code.lstrip().startswith("#"):
            return
        for character in row.code + "\n":
            if character == "{" and self.is_value():
                self.stack.append(("value", self.head, self.head_line))
            elif character == "}" and self.stack and self.stack[-1][0] == "value":
                _, self.head, self.head_line = self.stack.pop()
                self.head += "{}"
            elif character == "{":
                kind, name = self.classify()
                visit(self, self.head.strip() + " {", kind)
                self.stack.append((kind, name, self.head_line or row.number))
                self.head, self.head_line = "", 0
            elif character == "}":
                if self.stack:
                    kind, name, first = self.stack.pop()
                    if kind == "function":
                        self.closed.append((name, first, row.number))
                self.head, self.head_line = "", 0
            elif character == ";" and not (self.stack and self.stack[-1][0] == "value"):
                if self.head.count("(") <= self.head.count(")"):
                    visit(self, self.head.strip(), "statement")
                    self.head, self.head_line = "", 0
            elif character == ":" and re.fullmatch(r"\s*(public|protected|private)\s*", self.head):
                if self.stack and self.stack[-1][0] in ("class", "struct"):
                    kind, name, first = self.stack.pop()
                    public = self.head.strip() == "public"
                    self.stack.append(("struct" if public else "class", name, first))
                self.head, self.head_line = "", 0
            else:
                if not self.head.strip() and not character.isspace():
                    self.head_line = row.number
                self.head += character

    def is_value(self):
        """True for the brace of an initialiser: in an argument list, or after a member in a constructor's list."""
        if self.stack and self.stack[-1][0] == "value":
            return True
        head = self.head.rstrip()
        if head.count("(") > head.count(")"):
            return not re.search(r"\)\s*(mutable|noexcept|->\s*[\w:<>]+)?\s*$", head) and not head.endswith("]")
        listed = re.search(r"\)\s*(noexcept\s*)?:(?!:)", head)
        return bool(listed and re.search(r"[\w>]$", head) and not head.endswith("noexcept"))

    def classify(self):
        template = r"^\s*template\s*<.*?>\s*(requires\s*\([^{}]*?\)\s*)?(?=\w)"
        head = re.sub(template, "", self.head.strip(), flags=re.DOTALL)
        match = re.search(r"\bnamespace\b\s*([\w:]*)", head)
        if match and "(" not in head:
            return "namespace", match.group(1) or "(anonymous)"
        if re.search(r'\bextern\s*"', head) and "(" not in head:
            return "namespace", "extern"
        if re.search(r"\benum\b", head) and "(" not in head:
            return "enum", ""
        match = re.match(r"(?:[\w\[\]]+\s+)*?\b(class|struct|union)\b", head)
        if match and not re.search(r"\)\s*(const|noexcept|override|->.*)?\s*$", head):
            return ("class" if match.group(1) == "class" else "struct"), head
        inside = any(kind in ("function", "block") for kind, _, _ in self.stack)
        match = re.search(r"(~?[\w:]+|operator\s*\S+)\s*\(", head)
        if match and not inside and match.group(1) not in KEYWORDS and not re.search(r"=\s*$", head):
            return "function", match.group(1)
        return "block", ""


def documented(rows, number):
    """True when the declaration that starts at that line, or the first one of its paragraph, has a doc comment."""
    index = number - 1
    if "///<" in rows[index].text:
        return True
    index -= 1
    while index >= 0 and rows[index].text.strip():
        if rows[index].text.strip().startswith("///"):
            return True
        if re.match(r"\s*(public|protected|private):|.*\b(class|struct|enum|namespace)\b.*\{\s*$", rows[index].code):
            return False
        index -= 1
    return False


def needs_doc(scopes, declaration, kind):
    if any(k not in ("namespace", "struct") for k, _, _ in scopes.stack):
        return False
    if any("<" in re.sub(r"^template\s*<.*?>\s*(?=\w)", "", name) for k, name, _ in scopes.stack if k == "struct"):
        return False  # a specialisation; the primary template says what it is
    if any("detail" in name.split("::") for k, name, _ in scopes.stack if k == "namespace"):
        return False
    if re.match(r"(friend|using|typedef|static_assert|namespace|extern)\b", declaration) or not declaration:
        return False
    if kind == "namespace" or kind == "block":
        return False
    if kind in ("class", "struct", "enum"):
        if any(k == "struct" for k, _, _ in scopes.stack):
            return False  # a nested type
        return "<>" not in declaration and not re.search(r"\bstruct\s+Codec<|\btemplate\s*<\s*>", declaration)
    if "(" not in declaration:
        return False
    if re.search(r"\b(\w+)\((const )?\1(<[^()]*>)?\s*&&?\s*\w*\)", declaration):
        return False  # copy and move constructors
    if re.search(r"=\s*(default|delete)\s*$", declaration) or re.search(r"\boperator\b|~\w+\s*\(", declaration):
        return False
    signature = re.sub(r"^template\s*<.*?>\s*(requires.*?\)\s*)?(?=[\w\[])", "", declaration)
    class_name = re.compile(r"\b(?:class|struct)\s+(?:\[\[\w+\]\]\s*)?(?:[A-Z_]{4,}\s+)?(\w+)")
    owner = next((class_name.search(name) for k, name, _ in reversed(scopes.stack) if k == "struct"), None)
    if owner and re.match(r"(explicit(\(.*?\))?\s+|constexpr\s+|consteval\s+)*" + owner.group(1) + r"\s*\(", signature):
        return False  # the class's comment speaks for its constructors
    if re.search(r"\w\(\)\s*(const\s*&?|&&)\s*(noexcept)?\s*(\{|$)|\b(begin|end|await_\w+)\(", signature):
        return False  # a getter
    if re.match(r"[^(]*\w::~?\w+\s*\(", signature):
        return False  # a definition outside its class
    return not re.match(r"template\s*<\s*>", declaration) and not re.match(r"[A-Z_]+\(", declaration)


def check_file(path, short, offences):
    rows = source.lines(path)
    if rows and not rows[-1].text:
        rows.pop()
    public = short.startswith("include/")
    limit = HEADER_LINES if path.suffix == ".hpp" and not short.startswith("tests/") else SOURCE_LINES
    if len(rows) > limit:
        offences.append(f"{short}: {len(rows)} lines, the limit is {limit}")
    if DRAWER.match(path.name):
        offences.append(f"{short}: the name says nothing about what is within")
    check_head(path, short, rows, offences)
    for row in rows:
        if "TODO(now)" in row.comment:
            offences.append(f"{short}:{row.number}: TODO(now)")
        if re.search(r"\bThrows:", row.comment) and not short.startswith(PENDING):
            offences.append(f"{short}:{row.number}: the tag for errors is @throws")
    check_columns(short, [row.text for row in rows], offences)

    def visit(scopes, declaration, kind):
        if public and needs_doc(scopes, declaration, kind):
            name = re.search(r"\b(?:class|struct)\s+(?:[A-Z_]{4,}\s+)?(\w+)", declaration)
            if name and re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.group(1)).lower() == path.stem:
                return  # the purpose comment speaks for the class that the file is named after
            number = scopes.head_line
            if number and not documented(rows, number):
                offences.append(f"{short}:{number}: no doc comment: {' '.join(declaration.split())[:70]}")

    scopes = Scopes()
    for row in rows:
        scopes.feed(row, visit)
    for name, first, last in scopes.closed:
        if last - first + 1 > FUNCTION_LINES and (short, name) not in LONG_FUNCTIONS and not name.startswith("TEST"):
            offences.append(f"{short}:{first}: {name} has {last - first + 1} lines, the limit is {FUNCTION_LINES}")


def check(root):
    offences = []
    for path in source.files(root, ["include", "src", "tests", "examples", "benchmarks", "tools"]):
        check_file(path, path.relative_to(root).as_posix(), offences)
    for path in source.files(root, ["ci", "tests", "benchmarks", "tools"], (".py",)):
        check_columns(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8").split("\n"), offences)
    return offences


if __name__ == "__main__":
    source.main(check, __doc__)
