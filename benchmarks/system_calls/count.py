# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""count.py PROGRAM: system calls of a pool's work, those of the same program with next to no work taken off.

Counted by perf, which does not slow the program down; else by strace, under which waits take other turns.
"""

import re
import shutil
import subprocess
import sys
import tempfile

WORK = {
    "10^6 map chunks": ("chunks", 1_000_000),
    "10^5 awake round trips": ("trips", 100_000),
    "10^6 lock pairs": ("locks", 1_000_000),
    "10^6 put and get": ("puts", 1_000_000),
    "10^6 put, get and answer": ("answers", 1_000_000),
}


def by_perf(command):
    """None where the kernel does not let us."""
    if not shutil.which("perf"):
        return None
    result = subprocess.run(
        ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", *command], capture_output=True, text=True, check=False
    )
    match = re.search(r"^(\d+),,raw_syscalls:sys_enter", result.stderr, re.MULTILINE)
    return int(match.group(1)) if match and result.returncode == 0 else None


def by_strace(command):
    with tempfile.NamedTemporaryFile("r") as table:
        subprocess.run(["strace", "-f", "-c", "-o", table.name, *command], check=True)
        return int(re.search(r"(\d+)\s+(?:\d+\s+)?total", table.read()).group(1))


def main():
    program = sys.argv[1]
    count = by_perf if by_perf(["true"]) is not None else by_strace
    for metric, (what, number) in WORK.items():
        set_up = count([program, what, "1"])
        print(metric, "calls", max(0, count([program, what, str(number)]) - set_up), sep="\t", flush=True)


main()
