# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a command and says how much of the machine something else used meanwhile."""

import ctypes
import dataclasses
import os
import resource
import signal
import subprocess
import time

# More than this share of one core used by others spoils a round (see docs/internals/benchmarks.md).
FOREIGN_SHARE = 0.10
# The kernel counts busy time in ticks; a short run is allowed a few of them.
TICKS_ALLOWED = 3
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans come to this process, so that their processor time counts as ours."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _tick():
    return 1 / os.sysconf("SC_CLK_TCK")


def _busy():
    with open("/proc/stat") as stat:
        fields = [int(word) for word in stat.readline().split()[1:9]]
    idle, waiting = fields[3], fields[4]
    return (sum(fields) - idle - waiting) * _tick()


def _ours():
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def wait_until_quiet(seconds):
    """True when the machine is idle; False when it was not within the time."""
    end = time.monotonic() + seconds
    while True:
        busy, start = _busy(), time.monotonic()
        time.sleep(0.3)
        if (_busy() - busy) / (time.monotonic() - start) < 0.08:
            return True
        if time.monotonic() >= end:
            return False


@dataclasses.dataclass
class Run:
    output: str
    failure: str  # empty when the command succeeded
    foreign: float  # share of one core used by others
    quiet: bool


def _reap_orphans():
    for _ in range(100):
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return


def run(argv, timeout):
    busy, ours, start = _busy(), _ours(), time.monotonic()
    failure = ""
    try:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True
        )
    except OSError as error:
        return Run("", str(error), 0, True)
    try:
        output, errors = process.communicate(timeout=timeout)
        if process.returncode:
            failure = f"exit status {process.returncode}: {errors.strip()[-300:]}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        failure = f"not done after {timeout:g} s"
    _reap_orphans()
    elapsed = time.monotonic() - start
    foreign = max(0.0, (_busy() - busy) - (_ours() - ours))
    quiet = foreign <= FOREIGN_SHARE * elapsed + TICKS_ALLOWED * _tick()
    return Run(output, failure, foreign / elapsed, quiet)
