# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""An interpreter that imports multiprocessing and does nothing."""

import statistics
import subprocess
import sys
import time

each = []
for _ in range(10):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import multiprocessing"], check=True)
    each.append((time.perf_counter() - start) * 1e6)
print("start to end", "us", statistics.median(each), sep="\t")
