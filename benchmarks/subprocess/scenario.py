# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario


def scenario(place):
    # The program interleaves Cohort, limit and peers itself; a small factor keeps each run short enough for the quiet filter.
    return Scenario(programs=[place.built("all", "bench_subprocess", "0.2")], rounds=4)
