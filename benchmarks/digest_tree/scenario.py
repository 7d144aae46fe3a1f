# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
import shutil

from driver.scenario import Scenario, ratio_at_least


def scenario(place):
    variants = ["cohort", *(["limit"] if shutil.which("openssl") else []), "sha256sum", "python"]
    return Scenario(
        programs=[place.script(variant, "digest.py", variant, place.build_root) for variant in variants],
        goals={"16 x 16 MiB, 1 process": ratio_at_least(0.95), "16 x 16 MiB, 2 processes": ratio_at_least(0.95)},
        rounds=4,
    )
