# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most, ratio_at_most


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "pool_round_trip_cohort"),
            place.built("limit", "pool_round_trip_limit"),
            place.script("python", "python.py"),
        ],
        goals={
            "awake": at_most(1000),
            "awake, 1 worker": at_most(1000),
            "asleep": ratio_at_most(1.2),
            "asleep, 1 worker": ratio_at_most(1.2),
            "idle pool": at_most(0.3),
        },
        rounds=8,
    )
