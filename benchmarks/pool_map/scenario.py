# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_least


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "pool_map_cohort"),
            place.built("limit", "pool_map_limit"),
            place.script("python", "python.py"),
        ],
        goals={
            "10^7 ints": at_least(250e6),
            "10^6 ints, chunk 1": at_least(30e6),
            "index range, chunk 1": at_least(30e6),
            "imap_unordered": at_least(10e6),
            "apply_async": at_least(10e6),
            "64 x 1 MiB": at_least(40),
        },
        rounds=8,
    )
