# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Pool(2), and for a killed worker the executor of concurrent.futures, which has to be made anew."""

import concurrent.futures
import multiprocessing
import os
import signal
import statistics
import time

CONTEXT = multiprocessing.get_context("forkserver")
TASKS = 100


def busy(seed):
    state = seed + 1
    for _ in range(20_000):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return state


def report(metric, unit, value):
    print(metric, unit, value, sep="\t", flush=True)


def whole_life():
    start = time.perf_counter()
    pool = CONTEXT.Pool(2)
    pool.apply(busy, (1,))
    pool.close()
    pool.join()
    return (time.perf_counter() - start) * 1e6


def replacement():
    """multiprocessing.Pool may wait for ever after a kill: the dead worker may have held the queue's lock."""
    executor = concurrent.futures.ProcessPoolExecutor(1, CONTEXT)
    victim = executor.submit(os.getpid).result()
    start = time.perf_counter()
    os.kill(victim, signal.SIGKILL)
    while True:
        try:
            if executor.submit(os.getpid).result() != victim:
                break
        except concurrent.futures.BrokenExecutor:
            executor.shutdown()
            executor = concurrent.futures.ProcessPoolExecutor(1, CONTEXT)
    elapsed = (time.perf_counter() - start) * 1e6
    executor.shutdown()
    return elapsed


def seconds_with(workers):
    with CONTEXT.Pool(workers) as pool:
        pool.map(abs, range(4))
        start = time.perf_counter()
        pool.map(busy, range(TASKS), 1)
        return time.perf_counter() - start


if __name__ == "__main__":
    whole_life()
    report("create, first task, close, join", "us", statistics.mean(whole_life() for _ in range(10)))
    report("crash to replacement, p50", "us", statistics.median(replacement() for _ in range(10)))
    report("speed-up of 2 workers", "x", seconds_with(1) / seconds_with(2))
