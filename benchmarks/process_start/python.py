# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Process: start and join, by each start method, from a small and from a large parent."""

import multiprocessing
import time


def nothing():
    pass


def start_and_join(context):
    process = context.Process(target=nothing)
    process.start()
    process.join()


def report(method, count, suffix=""):
    context = multiprocessing.get_context(method)
    start_and_join(context)
    start = time.perf_counter()
    for _ in range(count):
        start_and_join(context)
    print(f"{method}{suffix}", "us", (time.perf_counter() - start) / count * 1e6, sep="\t", flush=True)


if __name__ == "__main__":
    report("forkserver", 20)
    report("spawn", 8)
    report("fork", 50)
    large = bytearray(b"x") * (2 << 30)
    report("forkserver", 10, " 2 GiB")
    report("spawn", 5, " 2 GiB")
    report("fork", 3, " 2 GiB")
