# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Pool(2): items or tasks a second."""

import multiprocessing
import time


def increment(n):
    return n + 1


def rate(items, call):
    start = time.perf_counter()
    assert call() == items
    return items / (time.perf_counter() - start)


def report(metric, unit, value):
    print(metric, unit, value, sep="\t", flush=True)


def main():
    with multiprocessing.get_context("forkserver").Pool(2) as pool:
        pool.map(increment, range(1000))
        many = range(2_000_000)  # a fifth of Cohort's items: the rate is the same, and the wait is shorter
        report("10^7 ints, first call", "items/s", rate(len(many), lambda: len(pool.map(increment, many))))
        report("10^7 ints", "items/s", rate(len(many), lambda: len(pool.map(increment, many))))
        report("index range", "items/s", rate(1_000_000, lambda: len(pool.map(increment, range(1_000_000)))))
        few = range(20_000)
        one_by_one = rate(len(few), lambda: len(pool.map(increment, few, 1)))
        report("10^6 ints, chunk 1", "items/s", one_by_one)
        report("index range, chunk 1", "items/s", one_by_one)
        report("imap_unordered", "tasks/s", rate(len(few), lambda: sum(1 for _ in pool.imap_unordered(increment, few))))
        report(
            "apply_async",
            "tasks/s",
            rate(len(few), lambda: len([r.get() for r in [pool.apply_async(increment, (n,)) for n in few]])),
        )
        big = [b"x" * (1 << 20)] * 64
        report("64 x 1 MiB", "GB/s", rate(64, lambda: len(pool.map(len, big, 1))) * (1 << 20) / 1e9)


if __name__ == "__main__":
    main()
