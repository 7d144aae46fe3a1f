# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Pool.apply: a call and its result, one after the other, and with pauses."""

import multiprocessing
import statistics
import time


def increment(n):
    return n + 1


def timed(pool):
    start = time.perf_counter_ns()
    pool.apply(increment, (1,))
    return time.perf_counter_ns() - start


def measure(processes, suffix):
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        for _ in range(50):
            timed(pool)
        print("awake" + suffix, "ns", statistics.mean(timed(pool) for _ in range(2000)), sep="\t", flush=True)
        pauses = []
        for _ in range(150):
            time.sleep(0.003)
            pauses.append(timed(pool))
        print("asleep" + suffix, "ns", statistics.median(pauses), sep="\t", flush=True)


if __name__ == "__main__":
    measure(1, ", 1 worker")
    measure(2, "")
