# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, ratio_at_most


def scenario(place):
    goals = {"forkserver": ratio_at_most(1.25), "spawn": ratio_at_most(1.15), "fork": ratio_at_most(1.3)}
    return Scenario(
        programs=[
            place.built("cohort", "process_start_cohort"),
            place.built("limit", "process_start_limit", place.build / "process_start_cohort"),
            place.script("python", "python.py"),
        ],
        goals=goals | {f"{method} 2 GiB": goal for method, goal in goals.items()},
    )
