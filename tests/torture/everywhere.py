#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Kills at every named place, or after every instruction, until nothing is left out.

    everywhere.py points [--hits N] [--build DIR]      each crash point of the library at least N times (default 100)
    everywhere.py instructions [--build DIR]           each instruction of each operation that has a stepper

points: runs the suites of tests/crash/*_points_test.cpp, which repeat themselves until each of their points has had so
many kills (tests/crash/kill_rounds.hpp), adds up what they noted, and prints a line a point. Exits with 1 when a suite
failed, or when a point of the library has fewer kills than wanted and is not in UNREACHED.

instructions: runs each test of tests/crash/*_step_test.cpp, and those of others that step, without a limit of time, and
prints a line an operation. Exits with 1 when a test failed or left an instruction out.

JOBS sets how many run at once (default: the number of processors; twice that for points, which wait a lot).
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROCESSORS = os.cpu_count() or 2

SUITES = ["sync_points_test", "queue_points_test", "pipe_points_test", "pool_points_test",
          "family_points_test", "shared_points_test"]
# A point that no test can reach, with the reason. It is printed beside the others.
UNREACHED = {}

# The programs with steppers, and which of their tests step.
STEPPERS = {"queue_step_test": "*", "pipe_step_test": "*", "sync_step_test": "*", "family_step_test": "*",
            "pool_step_test": "*", "shared_points_test": "*instruction*"}
STEPPED = re.compile(r"stepped: (.*): (\d+) kills in ([\d.]+) s, (.*)")
NO_LIMIT = "1000000"
MOST_ATTEMPTS = 6


def run_all(jobs, folder, at_once):
    """Runs the jobs, (name, command, environment) each, so many at once. Yields (name, status, output) as they end."""
    waiting, running = list(jobs), {}
    while waiting or running:
        while waiting and len(running) < int(os.environ.get("JOBS", at_once)):
            name, command, environment = waiting.pop(0)
            output = open(folder / f"{plain(name)}.out", "w+b")
            running[name] = (subprocess.Popen(command, env=os.environ | environment, stdout=output,
                                              stderr=subprocess.STDOUT), output)
        for name, (process, output) in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            output.seek(0)
            yield name, process.returncode, output.read().decode(errors="replace")
            output.close()
        time.sleep(0.05)


def plain(name):
    return re.sub("[^A-Za-z0-9_.-]", "_", name)


def show_failure(name, status, output):
    print(f"FAILED: {name} (exit status {status})")
    print("\n".join(output.splitlines()[-40:]), flush=True)


def tests_of(program, pattern):
    listed = subprocess.run([program, "--gtest_list_tests", f"--gtest_filter={pattern}"], check=True,
                            capture_output=True, text=True).stdout
    suite, found = "", []
    for line in listed.splitlines():
        if line.startswith("  "):
            found.append(suite + line.split()[0])
        elif line.endswith("."):
            suite = line
    return found


def noted(folder, tests):
    """What the tests have noted so far: the kills at each point, which passes of it they were, and whose tests'."""
    kills, passes, reached_by = collections.Counter(), collections.defaultdict(set), collections.defaultdict(set)
    for test in tests:
        log = folder / f"{plain(test)}.log"
        for line in log.read_text().splitlines() if log.exists() else ():
            point, number = line.split()
            kills[point] += 1
            passes[point].add(int(number))
            reached_by[point].add(test)
    return kills, passes, reached_by


def run_points(build, hits, folder):
    names = subprocess.run([build / "tests/torture/crash_point_names"], check=True, capture_output=True, text=True)
    points = names.stdout.split()
    programs = {test: program for program in (build / "tests/crash" / suite for suite in SUITES)
                for test in tests_of(program, "*")}
    failed, begin = False, time.monotonic()
    tests, wanted = list(programs), hits
    # Some points are passed only when others come between, and not in every attempt: the tests that reach them go
    # again.
    for attempt in range(MOST_ATTEMPTS):
        jobs = [(test, [programs[test], "--gtest_brief=1", f"--gtest_filter={test}"],
                 {"COHORT_CRASH_HITS": str(wanted), "COHORT_CRASH_LOG": str(folder / f"{plain(test)}.log")})
                for test in tests]
        held = 0
        for test, status, output in run_all(jobs, folder, 2 * PROCESSORS):
            if status != 0:
                show_failure(test, status, output)
                failed = True
            held += status == 0
            print(f"{held:4} of {len(jobs)} tests held after {time.monotonic() - begin:4.0f} s: {test}", flush=True)
        kills, passes, reached_by = noted(folder, programs)
        few = [point for point in points if kills[point] < hits and point not in UNREACHED]
        tests = sorted({test for point in few for test in reached_by[point]})
        wanted = max((hits - kills[point] for point in few), default=0)
        if not tests or failed:
            break
    print(f"\n{'kills':>7}  point  (how many different passes of it, the latest)")
    for point in sorted(set(points) | set(kills)):
        seen = passes[point]
        note = f"({len(seen)}, {max(seen)})" if seen else UNREACHED.get(point, "")
        print(f"{kills[point]:7}  {point}  {note}")
    least = min((kills[point] for point in points if point not in UNREACHED), default=0)
    print(f"{sum(kills.values()):7}  kills at {len(points)} points, at least {least} at each of them, in "
          f"{time.monotonic() - begin:.0f} s")
    for point in few:
        print(f"FAILED: {kills[point]} kills at {point}, wanted are {hits}")
    for point in sorted(set(UNREACHED) - set(points)):
        print(f"FAILED: the table of unreached points names {point}, which is not in the library")
        failed = True
    return failed or bool(few)


def run_instructions(build, folder):
    jobs = []
    for name, pattern in STEPPERS.items():
        program = build / "tests/crash" / name
        jobs += [(test, [program, f"--gtest_filter={test}"], {"COHORT_TEST_SECONDS": NO_LIMIT})
                 for test in tests_of(program, pattern)]
    failed, total, operations = False, 0, 0
    begin = time.monotonic()
    for name, status, output in run_all(jobs, folder, PROCESSORS):
        found = STEPPED.findall(output)
        for operation, kills, seconds, how in found:
            print(f"{kills:>7} kills in {float(seconds):6.1f} s  {operation}", flush=True)
            total += int(kills)
            operations += 1
            if how != "every instruction":
                print(f"FAILED: {operation}: {how} only")
                failed = True
        if status != 0 or not found:
            show_failure(name, status, output)
            failed = True
    print(f"{total:7} kills in {time.monotonic() - begin:6.0f} s, at every instruction of {operations} operations: "
          f"{'FAILED' if failed else 'all held'}")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["points", "instructions"])
    parser.add_argument("--hits", type=int, default=100)
    parser.add_argument("--build", type=pathlib.Path)
    arguments = parser.parse_args()
    # The library with its points, or as the tests have it.
    build = arguments.build or ROOT / "build" / ("torture" if arguments.what == "points" else "test")
    with tempfile.TemporaryDirectory(prefix="cohort-torture-") as folder:
        folder = pathlib.Path(folder)
        if arguments.what == "points":
            return 1 if run_points(build, arguments.hits, folder) else 0
        return 1 if run_instructions(build, folder) else 0


if __name__ == "__main__":
    sys.exit(main())
