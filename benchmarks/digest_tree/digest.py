# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""digest.py VARIANT BUILD: MB/s of SHA-256 over two trees, with one process and with two.

VARIANT is cohort (examples/digest_tree), limit (openssl, the same crypto library, started by xargs), sha256sum or
python.
"""

import hashlib
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

SMALL = Path("/usr/include")
LARGE_FILES, LARGE_BYTES = 16, 16 << 20


def large_tree(build):
    """16 files of 16 MiB, made once."""
    folder = build / "benchmarks" / "digest_tree" / "large"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(LARGE_FILES):
        path = folder / str(number)
        if not path.exists() or path.stat().st_size != LARGE_BYTES:
            path.write_bytes(os.urandom(LARGE_BYTES))
    return folder


def regular_files(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if not os.path.islink(path):
                yield path


def digest(path):
    with open(path, "rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest()


def by_python(folder, processes):
    with multiprocessing.get_context("forkserver").Pool(processes) as pool:
        return len(sorted(pool.imap_unordered(digest, regular_files(folder), 8)))


def by_shell(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, executable="/bin/bash")


def run(variant, build, folder, processes, files_at_once):
    find = f"find '{folder}' -type f -print0 | xargs -0 -P{processes} -n{files_at_once}"
    if variant == "cohort":
        program = build / "examples" / "digest_tree"
        subprocess.run(
            [program, folder, "--processes", str(processes), "--no-speed-up", "--output", "/dev/null"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    elif variant == "limit":
        by_shell(f"{find} openssl dgst -sha256 -r")
    elif variant == "sha256sum":
        by_shell(f"{find} sha256sum")
    else:
        by_python(folder, processes)


def main():
    variant, build = sys.argv[1], Path(sys.argv[2])
    # xargs with one process takes as many files as fit, with two it has to divide them.
    trees = [("headers", SMALL, (5000, 500)), ("16 x 16 MiB", large_tree(build), (16, 1))]
    for name, folder, at_once in trees:
        size = sum(os.path.getsize(path) for path in regular_files(folder))
        for path in regular_files(folder):
            Path(path).read_bytes()  # from the page cache, for all alike
        for processes in (1, 2):
            start = time.perf_counter()
            run(variant, build, folder, processes, at_once[processes - 1])
            rate = size / (time.perf_counter() - start) / 1e6
            print(f"{name}, {processes} process{'es'[:2 * processes - 2]}", "MB/s", rate, sep="\t", flush=True)


if __name__ == "__main__":
    main()
