# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_most


def scenario(place):
    root = place.source.parent.parent
    return Scenario(
        programs=[place.script(variant, "compile.py", variant, root) for variant in ("cohort", "limit")],
        goals={f"{compiler} {level}": at_most(4) for compiler in ("g++", "clang++-19") for level in ("-O0", "-O2")},
        rounds=2,
    )
