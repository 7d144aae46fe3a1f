# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most, ratio_at_least, ratio_at_most


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "pipe_cohort"),
            place.built("limit", "pipe_limit"),
            place.script("python", "python.py"),
        ],
        goals={
            "round trip 8 B, awake, p50": at_most(300),
            "round trip 64 B, awake, p50": at_most(300),
            "round trip 8 B, asleep, p50": ratio_at_most(1.1),
            "round trip 64 B, asleep, p50": ratio_at_most(1.1),
            "stream 64 MiB": ratio_at_least(0.85),
        },
        rounds=6,
    )
