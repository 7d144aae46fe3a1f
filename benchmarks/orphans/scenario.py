# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
import sys

from driver.scenario import Scenario, at_most

METHODS = ["forkserver", "spawn", "fork"]


def scenario(place):
    killer = "orphans_killer"
    return Scenario(
        programs=[
            *(place.built("cohort", killer, method, place.build / "orphans_cohort", method) for method in METHODS),
            place.built("limit", killer, ",".join(METHODS), place.build / "orphans_limit"),
            *(
                place.built("python", killer, method, sys.executable, "-B", place.source / "python.py", method)
                for method in METHODS
            ),
        ],
        goals={f"{method}, left after 1 s": at_most(0) for method in METHODS},
        rounds=4,
    )
