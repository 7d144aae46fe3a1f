# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""The same tree with multiprocessing: python.py METHOD."""

import multiprocessing
import os
import sys
import time


def leaf():
    os.write(1, b"up\n")
    time.sleep(1000)


def branch(method):
    multiprocessing.get_context(method).Process(target=leaf).start()
    os.write(1, b"up\n")
    time.sleep(1000)


if __name__ == "__main__":
    chosen = sys.argv[1]
    for _ in range(3):
        multiprocessing.get_context(chosen).Process(target=branch, args=(chosen,)).start()
    time.sleep(1000)
