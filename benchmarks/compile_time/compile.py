# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""compile.py cohort|limit ROOT: seconds to compile use.cpp, or a file with only the standard headers that it gets
through Cohort."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMPILERS = ["g++", "clang++-19"]
LEVELS = ["-O0", "-O2"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def standard_headers(root, name, seen):
    """All <...> headers behind a public header of Cohort."""
    result = set()
    for _, included in INCLUDE.findall((root / "include" / name).read_text()):
        if not included.startswith("cohort/"):
            result.add(included)
        elif included not in seen:
            seen.add(included)
            result |= standard_headers(root, included, seen)
    return result


def seconds(compiler, level, root, source, folder):
    start = time.perf_counter()
    subprocess.run(
        [compiler, "-std=c++20", level, "-I", root / "include", "-c", source, "-o", folder / "out.o"], check=True
    )
    return time.perf_counter() - start


def main():
    variant, root = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = Path(__file__).with_name("use.cpp")
        if variant == "limit":
            source = folder / "standard.cpp"
            headers = sorted(standard_headers(root, "cohort/cohort.hpp", set()))
            source.write_text("".join(f"#include <{header}>\n" for header in headers) + "int main() {}\n")
        for compiler in filter(shutil.which, COMPILERS):
            for level in LEVELS:
                print(f"{compiler} {level}", "s", seconds(compiler, level, root, source, folder), sep="\t", flush=True)


main()
