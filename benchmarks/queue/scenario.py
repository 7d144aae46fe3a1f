# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
from driver.scenario import Scenario, at_least, at_most, ratio_at_least, ratio_at_most


def scenario(place):
    programs = [
        place.built("cohort", "queue_cohort"),
        place.built("limit", "queue_limit"),
        place.script("python", "python.py"),
    ]
    # Peers that were installed when this was built.
    for peer in ("boost", "zeromq", "posix_mq"):
        if (place.build / f"queue_{peer}").exists():
            programs.append(place.built(peer, f"queue_{peer}"))
    return Scenario(
        programs=programs,
        goals={
            "64 B, 1 to 1": at_least(30e6),
            "64 B, 2 to 2": at_least(30e6),
            "64 MiB, copied in and out, 1 to 1": ratio_at_least(0.85),
            "64 B, 8 to 8, slowest": at_least(0.3),
            "64 B in batches, 1 to 1": at_least(100e6),
            "round trip 64 B, awake, p50": at_most(200),
            "round trip 64 B, asleep, p50": ratio_at_most(1.1),
            "1 MiB, copied in and out, 1 to 1": at_least(43e9),
            "1 MiB, in place": at_least(1e6),
            "64 MiB, in place": at_least(1e6),
            "64 MiB, owning vectors": ratio_at_least(0.85),
            "waiting in get": at_most(0.1),
        },
        rounds=6,
    )
