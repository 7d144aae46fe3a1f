#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that docs/from-python.md names every public name of the Python modules that Cohort re-makes.

The names are those of the Python that runs this check, and of its main classes' public members."""

import re
import shlex
import subprocess
from multiprocessing import connection, managers, pool, process, queues, reduction, shared_memory, sharedctypes
from multiprocessing import synchronize
import multiprocessing

import source

MODULES = [
    multiprocessing, connection, managers, pool, queues, shared_memory, sharedctypes, synchronize, subprocess, shlex,
]  # fmt: skip
CLASSES = [
    process.BaseProcess, pool.Pool, pool.AsyncResult, pool.IMapIterator, queues.Queue, queues.JoinableQueue,
    queues.SimpleQueue, connection.Connection, connection.Listener, synchronize.Semaphore, synchronize.Condition,
    synchronize.Event, synchronize.Barrier, managers.BaseManager, managers.SyncManager, shared_memory.SharedMemory,
    shared_memory.ShareableList, subprocess.Popen, subprocess.CompletedProcess, shlex.shlex,
]  # fmt: skip
EXTRA = [
    "Finalize", "register_after_fork", "send_handle", "recv_handle", "ForkingPickler", "shutdown", "unlink", "name",
]  # fmt: skip


def names():
    found = set(EXTRA)
    for module in MODULES:
        found.update(name for name in module.__all__ if not name.startswith("_"))
    for kind in CLASSES:
        found.update(name for name in vars(kind) if not name.startswith("_"))
    return found


def check(root):
    page = root / "docs" / "from-python.md"
    # The first column holds Python's names; a word of any code span there counts.
    words = set()
    for line in page.read_text(encoding="utf-8").split("\n"):
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) > 3:
            for span in re.findall(r"`([^`]*)`", cells[1]):
                words.update(re.findall(r"\w+", span))
    return [f"docs/from-python.md: no row has the Python name {name}" for name in sorted(names() - words)]


if __name__ == "__main__":
    source.main(check, __doc__)
