# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""multiprocessing.Pipe. A Lock of multiprocessing whose holder was killed is never free again: no row."""

import multiprocessing
import signal
import time

CONTEXT = multiprocessing.get_context("forkserver")
ROUNDS = 30


def keep(connection):
    connection.send(0)
    signal.pause()


def end_of_pipe():
    here, there = CONTEXT.Pipe()
    child = CONTEXT.Process(target=keep, args=(there,))
    child.start()
    there.close()
    here.recv()
    start = time.perf_counter()
    child.kill()
    try:
        here.recv()
    except EOFError:
        pass
    elapsed = (time.perf_counter() - start) * 1e6
    child.join()
    return elapsed


if __name__ == "__main__":
    each = sorted(end_of_pipe() for _ in range(ROUNDS))
    print("end of a pipe, p50", "us", each[len(each) // 2], sep="\t")
    print("end of a pipe, p99", "us", each[-1], sep="\t")
