# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, ratio_at_least, ratio_at_most


def scenario(place):
    # The program interleaves Cohort, limit and peers itself; a small factor keeps each run short enough for the quiet
    # filter.
    return Scenario(
        programs=[place.built("all", "bench_subprocess", "0.2")],
        goals={
            "run_true: time of one": ratio_at_most(1.05),
            "run_true_2gib: time of one": ratio_at_most(1.05),
            "run_true_4gib: time of one": ratio_at_most(1.05),
            "concurrent_200: 200 programs at once": ratio_at_most(1.05),
            "cat_256mib: throughput into the caller's memory": ratio_at_least(0.9),
        },
        rounds=4,
    )
