# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Queue: rates and round trips."""

import multiprocessing
import time

context = multiprocessing.get_context("fork")
MIB = 1 << 20


def put_all(queue, start, message, count):
    start.wait()
    for _ in range(count):
        queue.put(message)


def get_all(queue, start, count):
    start.wait()
    for _ in range(count):
        queue.get()


def rate(size, pairs, count):
    queue = context.Queue(8192 if size < MIB else 4)
    start = context.Barrier(2 * pairs + 1)
    message = b"x" * size
    each = count // pairs
    processes = [context.Process(target=put_all, args=(queue, start, message, each)) for _ in range(pairs)]
    processes += [context.Process(target=get_all, args=(queue, start, each)) for _ in range(pairs)]
    for process in processes:
        process.start()
    start.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
    return each * pairs / (time.perf_counter() - begun)


def answer(there, back, count):
    for _ in range(count):
        back.put(there.get())


def trips(name, size, count, pause):
    there, back = context.Queue(), context.Queue()
    server = context.Process(target=answer, args=(there, back, count))
    server.start()
    each = []
    message = b"x" * size
    for _ in range(count):
        if pause:
            time.sleep(pause)
        begun = time.perf_counter_ns()
        there.put(message)
        back.get()
        each.append(time.perf_counter_ns() - begun)
    server.join()
    each.sort()
    report(f"round trip {name}, p50", "ns", each[len(each) // 2])
    report(f"round trip {name}, p99", "ns", each[len(each) * 99 // 100])


def report(name, unit, value):
    print(name, unit, value, sep="\t", flush=True)


if __name__ == "__main__":
    for name, size, count in (("8 B", 8, 24_000), ("64 B", 64, 24_000), ("4 KiB", 4096, 16_000)):
        for pairs in (1, 2, 8):
            report(f"{name}, {pairs} to {pairs}", "/s", rate(size, pairs, count))
    for name, size, count in (("1 MiB", MIB, 160), ("64 MiB", 64 * MIB, 8)):
        for pairs in (1, 2, 8):
            report(f"{name}, copied in and out, {pairs} to {pairs}", "B/s", rate(size, pairs, count) * size)
    for name, size, awake, asleep in (
        ("8 B", 8, 1500, 150),
        ("64 B", 64, 1500, 150),
        ("4 KiB", 4096, 1000, 150),
        ("1 MiB", MIB, 60, 40),
        ("64 MiB", 64 * MIB, 3, 3),
    ):
        trips(name + ", awake", size, awake, 0)
        trips(name + ", asleep", size, asleep, 0.002)
