# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""What the checks share: which files there are, and a source file with comments and literals told apart."""

import argparse
import dataclasses
import pathlib
import re
import sys

CODE_SUFFIXES = (".hpp", ".cpp", ".S")
SKIPPED_FOLDERS = {"build", ".git", "_build", "__pycache__"}


@dataclasses.dataclass
class Line:
    """One line: `code` without comments and with literals emptied, `comment` the text of its comments."""

    number: int
    text: str
    code: str
    comment: str


def files(root, folders, suffixes=CODE_SUFFIXES):
    """All files below root/folder with one of the suffixes, sorted, without build trees."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                if not SKIPPED_FOLDERS.intersection(path.relative_to(root).parts):
                    found.append(path)
    return found


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r"""|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def lines(path):
    """The lines of a C++ file, each split into code and comment."""
    text = path.read_text(encoding="utf-8", errors="replace")
    code, comment = [], []

    def keep_lines(part):
        return "".join(c if c == "\n" else " " for c in part)

    position = 0
    for match in _TOKEN.finditer(text):
        code.append(text[position : match.start()])
        comment.append(keep_lines(text[position : match.start()]))
        token = match.group()
        if token.startswith("/"):
            code.append(keep_lines(token))
            comment.append(token)
        else:
            # An include's file name is code; any other literal is emptied.
            head = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            is_include = re.match(r"\s*#\s*include\s*$", head)
            code.append(token if is_include else token[0] + keep_lines(token[1:-1]) + token[-1])
            comment.append(keep_lines(token))
        position = match.end()
    code.append(text[position:])
    comment.append(keep_lines(text[position:]))
    rows = zip(text.split("\n"), "".join(code).split("\n"), "".join(comment).split("\n"))
    return [Line(i + 1, t, c, m.strip()) for i, (t, c, m) in enumerate(rows)]


def main(check, description):
    """Runs check(root) -> list of offences; prints them and exits with 1 when there are any."""
    parser = argparse.ArgumentParser(description=description)
    here = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--root", type=pathlib.Path, default=here, help="the tree to check (default: this one)")
    offences = check(parser.parse_args().root.resolve())
    for offence in offences:
        print(offence)
    sys.exit(1 if offences else 0)
