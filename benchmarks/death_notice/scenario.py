# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most


def scenario(place):
    return Scenario(
        programs=[
            place.built("cohort", "death_notice_cohort"),
            place.built("limit", "death_notice_limit"),
            place.script("python", "python.py"),
        ],
        goals={
            "end of a pipe, p50": at_most(5000),
            "lock of a killed holder, p50": at_most(5000),
        },
    )
