# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, over_limit_at_most


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "start_up_measure", place.build / "start_up_linked"),
            place.built("limit", "start_up_measure", place.build / "start_up_plain"),
            place.script("python", "python.py"),
        ],
        goals={"start to end": over_limit_at_most(100)},
        rounds=10,
    )
