# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_least, at_most


def scenario(place):
    programs = [
        place.built("cohort", "lock_cohort"),
        place.built("limit", "lock_limit"),
        place.built("posix", "lock_posix"),
        place.script("python", "python.py"),
    ]
    # A peer that was installed when this was built.
    if (place.build / "lock_boost").exists():
        programs.append(place.built("boost", "lock_boost"))
    return Scenario(
        programs=programs,
        goals={
            "lock, alone": at_most(12),
            "lock, 2 processes": at_least(30e6),
            "lock, 2 processes, slowest": at_least(0.3),
            "lock, 8 processes, slowest": at_least(0.3),
        },
        rounds=6,
    )
