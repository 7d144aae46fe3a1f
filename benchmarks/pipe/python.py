# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Pipe: bytes to another process and back, and one way."""

import multiprocessing
import time

# name, bytes, round trips awake and asleep, messages one way
SIZES = [
    ("8 B", 8, 5000, 150, 50000),
    ("64 B", 64, 5000, 150, 50000),
    ("4 KiB", 4096, 5000, 150, 50000),
    ("1 MiB", 1 << 20, 100, 40, 200),
    ("64 MiB", 64 << 20, 3, 3, 4),
]


def echo(connection):
    try:
        while True:
            connection.send_bytes(connection.recv_bytes())
    except EOFError:
        pass


def stream(connection, size, count):
    message = bytes(size)
    for _ in range(count):
        connection.send_bytes(message)


def show(metric, unit, value):
    print(metric, unit, value, sep="\t", flush=True)


def measure(context, name, size, awake, asleep, count):
    message = bytes(size)
    here, there = context.Pipe()
    process = context.Process(target=echo, args=(there,))
    process.start()
    there.close()

    def trip():
        start = time.perf_counter_ns()
        here.send_bytes(message)
        here.recv_bytes()
        return time.perf_counter_ns() - start

    def show_quantiles(state, each):
        each.sort()
        show(f"round trip {name}, {state}, p50", "ns", each[len(each) // 2])
        show(f"round trip {name}, {state}, p99", "ns", each[len(each) * 99 // 100])

    trip()
    show_quantiles("awake", [trip() for _ in range(awake)])
    pauses = []
    for _ in range(asleep):
        time.sleep(0.003)
        pauses.append(trip())
    show_quantiles("asleep", pauses)
    here.close()
    process.join()

    reader, writer = context.Pipe(False)
    process = context.Process(target=stream, args=(writer, size, count))
    process.start()
    writer.close()
    first = max(count // 10, 1)
    for _ in range(first):
        reader.recv_bytes()
    start = time.perf_counter_ns()
    for _ in range(count - first):
        reader.recv_bytes()
    each = (time.perf_counter_ns() - start) / (count - first)
    if size < 65536:
        show(f"stream {name}", "messages/s", 1e9 / each)
    else:
        show(f"stream {name}", "B/s", 1e9 / each * size)
    process.join()


if __name__ == "__main__":
    for case in SIZES:
        measure(multiprocessing.get_context("forkserver"), *case)
