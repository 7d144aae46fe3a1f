#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Proves that each check can fail: every planted offence below must be found, and the clean tree must pass."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "// SPDX-FileCopyrightText: 2026 The Cohort authors\n// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "//\n// What it is for.\n#pragma once\n\n"

CLEAN = {
    "CMakeLists.txt": "cohort_layer(base)\ncohort_layer(os DEPENDS base)\ncohort_layer(wire DEPENDS os base)\n"
    "cohort_layer(family DEPENDS base)\n",
    "include/cohort/base/a.hpp": HEADER + "#include <cstdint>\n\nnamespace cohort {\n\n"
    "/// A number.\nint number(int x);\n\n"
    "/// Thin.\ntemplate <class T>\nint thin(T x) {\n  if constexpr (sizeof(T) == 1) {\n    ++x;\n    ++x;\n    ++x;\n"
    "  } else {\n    --x;\n    --x;\n    --x;\n  }\n  ++x;\n  return x;\n}\n\n"
    "/// A thing.\nclass Thing {\n public:\n  /// Makes it of `x`.\n  explicit Thing(int x = {}) noexcept : x_{x} {}\n"
    "  Thing(const Thing&) = default;\n  /// Reads it.\n  [[nodiscard]] int get() const noexcept { return x_; }\n"
    "  int twice() const { return 2 * x_; }\n\n private:\n  int hidden();\n  int x_;\n};\n\n}  // namespace cohort\n",
    "src/os/b.hpp": HEADER + '#include <unistd.h>\n\n#include "cohort/base/a.hpp"\n#ifdef __linux__\n#endif\n',
    "src/os/d.hpp": HEADER + '#include "os/d_part.hpp"\n',
    "src/os/d_part.hpp": HEADER + '#include "os/d.hpp"\n',
    "src/wire/c.cpp": SPDX + '#include "os/b.hpp"\n\nvoid f(std::atomic<int>& x) {\n'
    "  // SYNC(flag): this store -> the load in g(); carries the value\n  x.store(1, std::memory_order_release);\n}\n\n"
    "int g(std::atomic<int>& x) {\n  x.load(std::memory_order_relaxed);  // relaxed: a hint\n\n"
    "  // relaxed below: more hints\n  if (x.load(std::memory_order_relaxed) == 1) {\n    f(x);\n\n"
    "    x.store(2, std::memory_order_relaxed);\n  }\n\n"
    "  return x.load(std::memory_order_acquire);  // SYNC(flag): pairs with f()\n}\n",
    "README.md": "# A title, with `code`\n\n"
    "[there](docs/x.md#over-here) [here](#a-title-with-code) [far](https://example.org)\n",
    "docs/x.md": "# Over here\n",
    "docs/guides/choosing-a-start-method.md": "# A guide\n",
    "docs/reference/shlex.md": "# A reference\n",
    "docs/internals/python-x-tests.md": "## XTestCase (2)\n\n"
    "| CPython | here |\n|---|---|\n| `test_a` | `Thing.does_this` |\n"
    "| `test_b` | none: about Windows only |\n",
    "tests/unit/base/a_test.cpp": SPDX + '#include "cohort/base/a.hpp"\n\nTEST(Thing, does_this) {}\n',
    "tests/unit/wire/c_test.cpp": SPDX + "TEST(C, works) {}\n",
    "docs/from-python.md": (HERE.parent / "docs" / "from-python.md").read_text(encoding="utf-8"),
    ".clang-format": (HERE.parent / ".clang-format").read_text(encoding="utf-8"),
}

# check, what is planted, path, text that replaces or (with +) follows the file's, what the report must say
PLANTED = [
    ("layers.py", "an upward include", "src/os/b.hpp", '+#include "wire/c.hpp"\n', "os may not use wire"),
    ("layers.py", "a sibling include", "src/wire/c.cpp", '+#include "family/x.hpp"\n', "wire may not use family"),
    ("layers.py", "an undeclared layer", "src/family/d.cpp",
     SPDX + '#include "os/b.hpp"\n', "does not name os in DEPENDS"),
    ("layers.py", "an upward dependency in CMake", "CMakeLists.txt",
     "+cohort_layer(os DEPENDS wire)\n", "may not depend"),
    ("layers.py", "an OS header outside src/os", "src/wire/c.cpp",
     "+#include <sys/mman.h>\n", "header of the operating"),
    ("layers.py", "an OS header in public", "include/cohort/base/a.hpp",
     "+#include <unistd.h>\n", "header of the operating"),
    ("layers.py", "a heavy public header", "include/cohort/base/a.hpp", "+#include <iostream>\n", "in a public header"),
    ("layers.py", "a private header in public", "include/cohort/base/a.hpp",
     '+#include "base/x.hpp"\n', "includes the private"),
    ("layers.py", "a platform condition", "src/wire/c.cpp", "+#if defined(__linux__)\n#endif\n", "platform condition"),
    ("layers.py", "the umbrella inside", "src/wire/c.cpp", '+#include "cohort/cohort.hpp"\n', "includes the umbrella"),
    ("layers.py", "an include cycle", "include/cohort/base/a.hpp", '+#include "cohort/base/a.hpp"\n', "include cycle"),
    ("layers.py", "a cycle of two", "src/os/b.hpp", '+#include "os/c.hpp"\n', "include cycle"),
    ("layers.py", "a thread of one's own", "src/wire/c.cpp",
     "+void h() { std::thread([] {}).detach(); }\n", "does not start"),
    ("layers.py", "a header that reaches too many", "include/cohort/base/h0.hpp",
     HEADER + '#include "cohort/base/h1.hpp"\n',
     "reaches 21 headers"),
    ("layers.py", "an unknown layer", "src/util/e.cpp", SPDX, "no layer 'util'"),
    ("orders.py", "an order without a tag", "src/wire/c.cpp",
     "+\nint h() { return y.load(std::memory_order_acquire); }\n", "without a SYNC"),
    ("orders.py", "relaxed without a reason", "src/wire/c.cpp",
     "+\nint h() { return y.load(std::memory_order::relaxed); }\n", "relaxed without"),
    ("orders.py", "acquire called relaxed", "src/wire/c.cpp",
     "+\n// relaxed: no\nint h() { return y.load(std::memory_order_acquire); }\n", "without a SYNC"),
    ("orders.py", "a tag that does not reach out of its block", "src/wire/c.cpp",
     "+\nvoid h() {\n  {\n    // relaxed below: here\n    f();\n  }\n\n  y.load(std::memory_order_relaxed);\n}\n",
     "relaxed without"),
    ("orders.py", "a tag that does not reach out of its function", "src/wire/c.cpp",
     "+\nvoid h() {\n  // relaxed below: here\n}\nint i() {\n  f();\n\n"
     "  return y.load(std::memory_order_relaxed);\n}\n",
     "relaxed without"),
    ("orders.py", "a tag past a blank line", "src/wire/c.cpp",
     "+\n// relaxed: far\n\nint h() { return y.load(std::memory_order_relaxed); }\n", "relaxed without"),
    ("orders.py", "a one-sided pair", "src/wire/c.cpp",
     "+\n// SYNC(lonely): -> nobody\nvoid h() { y.store(1, std::memory_order_release); }\n",
     "SYNC(lonely) has no acquire"),
    ("orders.py", "a partner that is not there", "src/wire/c.cpp",
     "+\nint h() {\n  // SYNC(flag): <- gone()\n  return y.load(std::memory_order_acquire);\n}\n",
     "names gone()"),
    ("orders.py", "a partner of another class", "src/wire/c.cpp",
     "+\nint h() {\n  // SYNC(flag): <- X::f()\n  return y.load(std::memory_order_acquire);\n}\n", "names X::f()"),
    ("orders.py", "a default order", "src/wire/c.cpp", "+std::atomic<int> n;\nint h() { return n.exchange(1); }\n",
     "exchange of n names no"),
    ("orders.py", "an order of operators", "src/wire/c.cpp", "+std::atomic<int> n;\nint h() { return ++n; }\n",
     "is used with no memory order"),
    ("orders.py", "a compared atomic", "src/wire/c.cpp",
     "+struct S { std::atomic<int> n; };\nbool h(S& s) { return s.n == 1; }\n",
     "is used with no memory order"),
    ("budget.py", "a long header", "include/cohort/base/a.hpp", "+" + "// line\n" * 350, "the limit is 350"),
    ("budget.py", "a long source", "src/wire/c.cpp", "+" + "// line\n" * 700, "the limit is 700"),
    ("budget.py", "a long function", "src/wire/c.cpp", "+void h() {\n" + "  f();\n" * 60 + "}\n", "h has 62 lines"),
    ("budget.py", "a long method after values", "src/wire/c.cpp",
     "+X::X(int a) : a_{a}, b_{} {\n" + "  f({1});\n" * 60 + "}\n", "has 62 lines"),
    ("budget.py", "a wide comment", "src/wire/c.cpp", "+// " + "x" * 118 + "\n", "121 columns"),
    ("budget.py", "a wide check", "ci/x.py", "#" * 121 + "\n", "121 columns"),
    ("budget.py", "no licence lines", "src/wire/c.cpp", "int x;\n", "SPDX"),
    ("budget.py", "no #pragma once", "src/os/b.hpp", SPDX + "// What.\n", "no #pragma once"),
    ("budget.py", "no purpose comment", "src/os/b.hpp", SPDX + "#pragma once\n", "no purpose comment"),
    ("budget.py", "a drawer", "src/os/util.hpp", HEADER, "says nothing"),
    ("budget.py", "unfinished work", "src/wire/c.cpp", "+// TODO(now): finish\n", "TODO(now)"),
    ("budget.py", "another tag for errors", "src/os/b.hpp", "+/// Throws: OsError\nvoid f();\n", "is @throws"),
    ("budget.py", "a bare public function", "include/cohort/base/a.hpp",
     "+namespace cohort {\nint bare(int);\n}\n", "no doc comment: int bare"),
    ("budget.py", "a bare public class", "include/cohort/base/a.hpp",
     "+namespace cohort {\nclass Bare {\n  int x;\n};\n}\n", "no doc comment: class Bare"),
    ("budget.py", "a bare public method", "include/cohort/base/a.hpp",
     "+namespace cohort {\n/// S.\nstruct S {\n  /// A.\n  void a();\n\n  void b();\n};\n}\n",
     "no doc comment: void b"),
    ("unused.py", "a declaration without a use", "src/os/b.hpp", "+void lonely(int x);\n", "lonely() is declared"),
    ("unused.py", "a definition is no use", "src/os/b.hpp", "+inline int lonely(int x) { return x; }\n", "lonely() is"),
    ("unused.py", "a method without a use", "src/os/b.hpp", "+class C {\n  int lonely() const;\n};\n", "lonely() is"),
    ("unused.py", "a detail without a use", "include/cohort/base/a.hpp",
     "+namespace cohort::detail {\ntemplate <class T>\nT lonely(T x);\n}\n", "lonely() is declared"),
    ("thin.py", "a thick function template", "include/cohort/base/a.hpp",
     "+template <class T>\nvoid thick() {\n" + "  f();\n" * 6 + "}\n",
     "thick has 6 statements"),
    ("thin.py", "a thick member of a class template", "include/cohort/base/a.hpp",
     "+template <class T>\nclass X {\n  void thick() {\n    if (f()) {\n" + "      f();\n" * 3 + "    }\n"
     + "    for (int i = 0; i < 3; ++i) f();\n" * 3 + "  }\n};\n", "thick has 6 statements"),
    ("thin.py", "a thick abbreviated template", "include/cohort/base/a.hpp",
     "+void thick(const auto& x) {\n" + "  run([&] { f(x); });\n" * 3 + "}\n", "thick has 6 statements"),
    ("thin.py", "a thick alternative", "include/cohort/base/a.hpp",
     "+template <class T>\nint thick() {\n  if constexpr (a<T>) {\n" + "    f();\n" * 6 + "  } else {\n  }\n}\n",
     "thick has 6 statements"),
    ("mirror.py", "a unit without a test", "src/os/linux/e.cpp", SPDX, "no test of its name: tests/unit/os/e_test.cpp"),
    ("mirror.py", "a program without a test", "src/os/linux/e/main.cpp", SPDX, "tests/unit/os/e_test.cpp"),
    ("mirror.py", "a public header without a test", "include/cohort/base/e.hpp", HEADER + "int f();\n",
     "no test of its name: tests/unit/base/e_test.cpp"),
    ("mirror.py", "a test of something else", "tests/unit/base/a_test.cpp", SPDX + "TEST(Other, works) {}\n",
     "does not include its header"),
    ("mirror.py", "a test without a test", "tests/unit/wire/c_test.cpp", SPDX, "has no test"),
    ("links.py", "a link to nowhere", "README.md", "+[x](nowhere.md)\n", "no such file"),
    ("links.py", "an anchor to nowhere", "README.md", "+[x](docs/x.md#there)\n", "no such heading"),
    ("from_python.py", "a forgotten name", "docs/from-python.md", "| `Pool` | here | x | y |\n", "Python name Barrier"),
    ("python_tests.py", "a test that is gone", "tests/unit/base/a_test.cpp",
     SPDX + "TEST(Thing, does_that) {}\n", "no test Thing.does_this"),
    ("python_tests.py", "a row too many", "docs/internals/python-x-tests.md",
     "+| `test_c` | `Thing.does_this` |\n", "has 3 rows"),
    ("python_tests.py", "a row of one cell", "docs/internals/python-x-tests.md",
     "## XTestCase (1)\n\n| `test_a` |\n", "not a row"),
    ("python_tests.py", "hardly a reason", "docs/internals/python-x-tests.md",
     "## XTestCase (1)\n\n| `test_a` | none: so |\n", "reason is missing"),
    ("python_tests.py", "a row without a test", "docs/internals/python-x-tests.md",
     "## XTestCase (1)\n\n| `test_a` | yes |\n", "names no test"),
    ("headers", "a header that lacks an include", "src/os/e.hpp",
     HEADER + "std::vector<int> f();\n", "does not compile alone"),
    ("headers", "a header without a guard", "src/os/e.hpp", SPDX + "struct D {};\n", "does not compile alone"),
    ("format", "a crooked line", "src/wire/c.cpp", "+int   crooked ( );\n", "clang-format"),
    ("flaws", "a dangerous call", "src/wire/c.cpp", "+void h(char* a) { system(a); }\n", "CWE-78"),
]

# Further files that an offence needs.
EXTRA = {
    "a cycle of two": {"src/os/c.hpp": HEADER + '#include "os/b.hpp"\n'},
    "a header that reaches too many": {
        f"include/cohort/base/h{i}.hpp": HEADER + (f'#include "cohort/base/h{i + 1}.hpp"\n' if i < 20 else "int f();\n")
        for i in range(1, 21)
    },
}

# Checks whose tool may be missing where only the tests run.
TOOLS = {"format": "clang-format-19", "flaws": "flawfinder", "headers": "g++"}

MESSAGES = [
    ("wire: bound the depth of a decoded value\n\nA deep one used up the stack.\n", None),
    ("family/blocks, wire: share the limit\n", None),
    ("fixed some stuff\n", "does not begin with a room"),
    ("wire: " + "x" * 90 + "\n", "characters, the limit"),
    ("wire: bound the depth.\n", "full stop"),
    ("wire: bound the depth\nbecause\n", "no blank line"),
]


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(check, *arguments):
    command = [sys.executable] if check.endswith(".py") else []
    return subprocess.run([*command, str(HERE / check), *arguments], capture_output=True, text=True, check=False)


def failures_of_trees(scratch):
    failures, ran = [], 0
    clean = scratch / "clean"
    write(clean, CLEAN)
    # g++ accepts what the clean tree has; its source is never compiled.
    for check in sorted({row[0] for row in PLANTED}):
        if check in TOOLS and not shutil.which(TOOLS[check]):
            continue
        done = run(check, "--root", str(clean))
        ran += 1
        if done.returncode:
            failures.append(f"{check}: the clean tree does not pass:\n{done.stdout}{done.stderr}")
    for number, (check, what, name, text, expected) in enumerate(PLANTED):
        if check in TOOLS and not shutil.which(TOOLS[check]):
            continue
        root = scratch / str(number)
        write(root, CLEAN)
        write(root, EXTRA.get(what, {}))
        write(root, {name: CLEAN.get(name, "") + text[1:] if text.startswith("+") else text})
        done = run(check, "--root", str(root))
        ran += 1
        output = done.stdout + done.stderr
        if done.returncode == 0 or expected not in output:
            failures.append(f"{check}: {what} was not found (expected '{expected}'):\n{output}")
    return failures, ran


def failures_of_messages(scratch):
    failures = []
    for message, expected in MESSAGES:
        path = scratch / "message"
        path.write_text(message, encoding="utf-8")
        done = run("commits.py", "--message", str(path))
        if (expected is None) != (done.returncode == 0) or (expected or "") not in done.stdout:
            failures.append(f"commits.py: {message!r}: expected {expected!r}, got: {done.stdout}")
    return failures, len(MESSAGES)


def main():
    with tempfile.TemporaryDirectory() as folder:
        trees, ran_trees = failures_of_trees(pathlib.Path(folder))
        messages, ran_messages = failures_of_messages(pathlib.Path(folder))
    for failure in trees + messages:
        print(failure)
    print(f"self_test: {ran_trees + ran_messages} runs, {len(trees + messages)} failures")
    sys.exit(1 if trees + messages else 0)


if __name__ == "__main__":
    main()
