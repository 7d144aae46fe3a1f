# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Lock, RLock, Semaphore: alone, and fought for."""

import multiprocessing
import time

context = multiprocessing.get_context("fork")


def alone(lock, count=300_000):
    start = time.perf_counter()
    for _ in range(count):
        lock.acquire()
        lock.release()
    return (time.perf_counter() - start) / count * 1e9


def take_turns(lock, start, seconds, turns, index):
    count = 0
    start.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(20):
            lock.acquire()
            lock.release()
        count += 20
    turns[index] = count


def fight(metric, lock, processes, seconds=0.5):
    start = context.Barrier(processes)
    turns = context.Array("q", processes, lock=False)
    children = [context.Process(target=take_turns, args=(lock, start, seconds, turns, i)) for i in range(processes)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(metric, "/s", sum(turns) / seconds, sep="\t")
    print(f"{metric}, slowest", "of mean", min(turns) * processes / sum(turns), sep="\t", flush=True)


if __name__ == "__main__":
    print("lock, alone", "ns", alone(context.Lock()), sep="\t")
    print("recursive lock, alone", "ns", alone(context.RLock()), sep="\t")
    print("semaphore, alone", "ns", alone(context.Semaphore(1)), sep="\t", flush=True)
    fight("lock, 2 processes", context.Lock(), 2)
    fight("lock, 8 processes", context.Lock(), 8)
    fight("semaphore, 2 processes", context.Semaphore(1), 2)
