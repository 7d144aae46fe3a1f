# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most, ratio_at_least, ratio_at_most


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "pool_life_cohort"),
            place.built("limit", "pool_life_limit"),
            place.script("python", "python.py"),
        ],
        goals={
            "create, first task, close, join": ratio_at_most(1.6),
            "crash to replacement, p50": at_most(1000),
            "speed-up of 2 workers": ratio_at_least(0.98),
        },
    )
