# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Queue: rates and round trips."""

import multiprocessing
import time

context = multiprocessing.get_context("fork")


def put_all(queue, start, message, count):
    start.wait()
    for _ in range(count):
        queue.put(message)


def get_all(queue, start, count):
    start.wait()
    for _ in range(count):
        queue.get()


def rate(size, producers, consumers, count):
    queue = context.Queue(8192)
    start = context.Barrier(producers + consumers + 1)
    message = b"x" * size
    processes = [context.Process(target=put_all, args=(queue, start, message, count // producers)) for _ in range(producers)]
    processes += [context.Process(target=get_all, args=(queue, start, count // consumers)) for _ in range(consumers)]
    for process in processes:
        process.start()
    start.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
    return count / (time.perf_counter() - begun)


def answer(there, back, count):
    for _ in range(count):
        back.put(there.get())


def trips(name, count, pause):
    there, back = context.Queue(), context.Queue()
    server = context.Process(target=answer, args=(there, back, count))
    server.start()
    each = []
    for _ in range(count):
        time.sleep(pause) if pause else None
        begun = time.perf_counter_ns()
        there.put(b"x" * 64)
        back.get()
        each.append(time.perf_counter_ns() - begun)
    server.join()
    each.sort()
    print(name + ", p50", "ns", each[len(each) // 2], sep="\t", flush=True)
    print(name + ", p99", "ns", each[len(each) * 99 // 100], sep="\t", flush=True)


def report(name, unit, value):
    print(name, unit, value, sep="\t", flush=True)


if __name__ == "__main__":
    report("8 B, 1 to 1", "/s", rate(8, 1, 1, 50_000))
    report("64 B, 1 to 1", "/s", rate(64, 1, 1, 50_000))
    report("4 KiB, 1 to 1", "/s", rate(4096, 1, 1, 20_000))
    report("64 B, 2 to 2", "/s", rate(64, 2, 2, 50_000))
    report("64 B, 8 to 8", "/s", rate(64, 8, 8, 40_000))
    trips("round trip 64 B, awake", 2000, 0)
    trips("round trip 64 B, asleep", 200, 0.002)
    report("1 MiB, copied in and out", "B/s", rate(1 << 20, 1, 1, 200) * (1 << 20))
    report("64 MiB, owning vectors", "B/s", rate(64 << 20, 1, 1, 6) * (64 << 20))
