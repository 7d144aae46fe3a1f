# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most


def scenario(place):
    return Scenario(
        programs=[place.script("cohort", "count.py", place.build / "system_calls_cohort")],
        goals={
            "10^6 map chunks": at_most(100),
            "10^5 awake round trips": at_most(100),
            "10^6 lock pairs": at_most(100),
            "10^6 put and get": at_most(100),
            "10^6 put, get and answer": at_most(100),
        },
    )
