#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Runs digest_tree while it kills its own workers, and looks for anything that it leaves behind or gets wrong.

  leak_check.py build/release/examples/digest_tree [--tree DIR] [--kills N]
  leak_check.py build/release/examples/digest_tree --kill-program    the program itself is killed at work

This process is a subreaper, so an orphan anywhere below it becomes its child. It compares before and after: processes
(its children, and whoever carries the run's mark in its environment), its own descriptors, who still holds a
descriptor that the program was given, /dev/shm, and the directory for temporary files. Then the list: sha256sum agrees,
and it has exactly the files that find has.
"""
import argparse
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid

PR_SET_CHILD_SUBREAPER = 36
MARK = "COHORT_LEAK_CHECK"
failures = []


def check(holds, text):
    print(("ok      " if holds else "FAILED  ") + text)
    if not holds:
        failures.append(text)


def become_subreaper():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def processes_of_run(mark):
    """Our descendants, and all that carry the mark, as {pid: what it is}."""
    parents, found = {}, {}
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            parents[pid] = int(fields[1])
            with open(f"/proc/{pid}/environ", "rb") as file:
                marked = mark.encode() in file.read()
        except OSError:
            marked = False
        if marked:
            found[pid] = "marked"
    for pid in parents:
        ancestor = parents[pid]
        while ancestor > 1 and ancestor != os.getpid():
            ancestor = parents.get(ancestor, 0)
        if ancestor == os.getpid():
            found[pid] = "descendant"
    found.pop(os.getpid(), None)
    return found


def own_descriptors():
    result = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            result[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass  # the one that the listing itself used
    return result


def wait_until(condition, seconds=5.0):
    """How long it took, or None."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            return None
        time.sleep(0.001)
    return time.monotonic() - start


def reap_adopted():
    count = 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return count
        if pid == 0:
            return count
        count += 1


def unescaped(line):
    """The name in a line of a list."""
    name = line.lstrip(b"\\")[66:]
    if not line.startswith(b"\\"):
        return name
    return re.sub(rb"\\(.)", lambda match: {b"n": b"\n", b"r": b"\r"}.get(match[1], match[1]), name)


def start_program(arguments, scratch, mark):
    """Starts it with a pipe that only it and its processes hold; gives the process and the end to read from."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    environment = dict(os.environ, TMPDIR=scratch + "/tmp", **{MARK: mark})
    command = [arguments.program, arguments.tree, "--chaos", str(arguments.kills), "--output", scratch + "/list"]
    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=[writer],
                                   env=environment)
    finally:
        os.close(writer)
    return program, reader


def run_to_end(program, timeout):
    try:
        output, _ = program.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        program.kill()
        output, _ = program.communicate()
    check(program.returncode == 0, f"the program ended with {program.returncode}")
    return output.decode("utf-8", "replace")


def kill_at_work(program, mark):
    # Itself, the fork server and a worker at least.
    check(wait_until(lambda: len(processes_of_run(mark)) >= 3) is not None, "the program has started workers")
    program.kill()
    check(program.wait() == -signal.SIGKILL, "the program was killed at work")
    program.stdout.close()


def check_leftovers(mark, reader, shm_before, scratch):
    adopted = reap_adopted()

    def all_gone():
        nonlocal adopted
        adopted += reap_adopted()
        return not processes_of_run(mark)

    took = wait_until(all_gone)
    left = processes_of_run(mark)
    check(took is not None, f"processes left: {left}" if took is None else
          f"no process is left ({took * 1000:.0f} ms after the program's end; {adopted} adopted and reaped)")
    for pid in left:
        os.kill(pid, signal.SIGKILL)

    def end_of_pipe():
        try:
            return os.read(reader, 1) == b""
        except BlockingIOError:
            return False

    check(wait_until(end_of_pipe) is not None, "nobody holds a descriptor that the program was given")
    os.close(reader)
    # Other programs may use /dev/shm meanwhile, but not for ever.
    wait_until(lambda: not set(os.listdir("/dev/shm")) - shm_before, 5.0)
    new = set(os.listdir("/dev/shm")) - shm_before
    check(not new, f"/dev/shm is as before{': ' + ', '.join(sorted(new)) if new else ''}")
    check(not os.listdir(scratch + "/tmp"), "no temporary file is left")


def check_kills(output, kills):
    killed = re.findall(r"^  killed worker (\d+) at .* \((\d+) of (\d+) bytes read\)$", output, re.MULTILINE)
    check(f"\nkills     {kills} of {kills}\n" in output, f"the summary says {kills} of {kills} kills")
    check(len(killed) == kills, f"{len(killed)} kills are listed")
    check(len({pid for pid, _, _ in killed}) == kills, "each kill has its own worker")
    check(all(0 < int(read) < int(size) for _, read, size in killed), "each killed worker had its file partly read")


def check_list(tree, path):
    with open(path, "rb") as file:
        lines = file.read().splitlines()
    listed = [unescaped(line) for line in lines]
    found = subprocess.run(["find", "-H", tree, "-type", "f", "-print0"], stdout=subprocess.PIPE, check=True).stdout
    there = [name for name in found.split(b"\0") if name]
    check(len(listed) == len(set(listed)), f"no file is listed twice ({len(listed)} lines)")
    check(set(listed) == set(there), f"the files are those of find ({len(there)})")
    check(listed == sorted(listed), "they are in path order")
    verified = subprocess.run(["sha256sum", "--quiet", "--strict", "-c", path], check=False).returncode
    check(verified == 0, "sha256sum --quiet -c agrees")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--tree", default="/usr/include")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds")
    parser.add_argument("--kill-program", action="store_true", help="kill the program once its workers are there")
    arguments = parser.parse_args()
    become_subreaper()
    mark = str(uuid.uuid4())
    with tempfile.TemporaryDirectory() as scratch:
        os.mkdir(scratch + "/tmp")
        shm_before = set(os.listdir("/dev/shm"))
        descriptors_before = own_descriptors()
        program, reader = start_program(arguments, scratch, mark)
        if arguments.kill_program:
            kill_at_work(program, mark)
        else:
            output = run_to_end(program, arguments.timeout)
        check_leftovers(mark, reader, shm_before, scratch)
        check(own_descriptors() == descriptors_before, f"{len(descriptors_before)} descriptors here, as before")
        if not arguments.kill_program:
            check_kills("\n" + output, arguments.kills)
        if program.returncode == 0:
            check_list(arguments.tree, scratch + "/list")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
