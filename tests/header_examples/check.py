#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the examples in the purpose comments and the doc comments of headers: check.py COMPILER SOURCE [LAYER...]

An example is a run of lines that begin with "//" and three blanks in the comment above `#pragma once`, or with "///"
and three blanks below it. All of a layer make one translation unit, each a function in a namespace of its own, after
what surroundings.hpp declares for the layer. A line that says "does not compile" is left out, an ellipsis is an empty
statement, and with co_await the function is a coroutine. Definitions of functions, structs and templates that begin a
line stand before the function, up to the line that closes them.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

SURROUNDINGS = pathlib.Path(__file__).resolve().parent / "surroundings.hpp"


def examples(header: pathlib.Path):
    """Pairs of a line number and the lines of an example."""
    found, lines = [], []
    mark, indented = "//", r"//   +\S"
    for number, line in enumerate(header.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("#pragma once"):
            mark, indented = "///", r"///   +\S"
        line = line.lstrip() if mark == "///" else line
        if re.match(indented, line) or (lines and line == mark):
            if not lines:
                start = number
            lines.append(line[len(mark) + 3:])
        elif lines:
            found.append((start, lines))
            lines = []
    if lines:
        found.append((start, lines))
    # Prose that is indented as in a list is no code.
    return [(start, text) for start, text in found if any(re.search(r"[;{}]\s*(//.*)?$", line) for line in text)]


DEFINITION = re.compile(r"(template\b|struct \w+ \{|(void|int|bool) \w+\(.*\{|namespace )")


def arranged(lines: list[str], start: int, header: pathlib.Path) -> str:
    """Specialisations and definitions first, then the function around what is left; each line keeps its number."""
    name = "_".join(header.parts[-2:])[:-4] + f"_{start}"
    outermost, outside, inside, depth = [], [], [], 0
    for offset, line in enumerate(lines):
        line = "" if "does not compile" in line else line.replace("…", ";")
        numbered = f'#line {start + offset} "{header}"\n{line}\n'
        if depth > 0 or DEFINITION.match(line):
            if depth == 0:
                special = line.startswith("template <>")
            (outermost if special else outside).append(numbered.replace("int main(", "int program("))
            code = line.split("//")[0]
            depth += code.count("{") - code.count("}")
        else:
            inside.append(numbered)
    result = "Coroutine" if any("co_await" in line for line in lines) else "void"
    return "".join(outermost) + f"namespace {name} {{\n" + "".join(outside) + f"{result} example() {{\n" + "".join(
        inside) + "}\n}\n"


def unit(layer: str, include: pathlib.Path) -> tuple[str, int]:
    headers = sorted((include / "cohort" / layer).glob("*.hpp"))
    single = include / "cohort" / f"{layer}.hpp"
    headers += [single] if single.exists() else []
    parts = [f'#define COHORT_EXAMPLES_OF_{layer.upper()}\n#include "{SURROUNDINGS}"\n']
    count = 0
    for header in headers:
        for start, lines in examples(header):
            count += 1
            parts.append(arranged(lines, start, header))
    return "".join(parts), count


def main() -> int:
    compiler, source, layers = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    include = source / "include"
    failed = 0
    for layer in layers:
        text, count = unit(layer, include)
        if count == 0:
            print(f"{layer}: no examples found")
            failed += 1
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".cpp", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(
                [compiler, "-std=c++20", "-fsyntax-only", "-w", f"-I{include}", file.name], check=False)
        print(f"{layer}: {count} examples {'compile' if done.returncode == 0 else 'DO NOT COMPILE'}")
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
