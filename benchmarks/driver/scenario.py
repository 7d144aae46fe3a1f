# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""What a scenario is: programs that print figures, and what each figure means."""

import dataclasses
import sys
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Goal:
    """A bound on Cohort's figure: itself, its ratio to the limit, or how much it exceeds the limit."""

    of: str  # "value", "ratio" or "excess"
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, figure):
        return (self.at_most is None or figure <= self.at_most) and (self.at_least is None or figure >= self.at_least)

    def figure(self, cohort, limit):
        if self.of == "value":
            return cohort
        if limit is None:
            return None
        return cohort - limit if self.of == "excess" else (cohort / limit if limit else None)

    def text(self):
        bound = self.at_most if self.at_most is not None else self.at_least
        sign = "<=" if self.at_most is not None else ">="
        what = {"value": "", "ratio": " x limit", "excess": " over limit"}[self.of]
        return f"{sign} {bound:g}{what}" if bound < 1e5 else f"{sign} {bound / 1e6:g} M{what}"


def ratio_at_most(bound):
    return Goal("ratio", at_most=bound)


def ratio_at_least(bound):
    return Goal("ratio", at_least=bound)


def at_most(bound):
    return Goal("value", at_most=bound)


def at_least(bound):
    return Goal("value", at_least=bound)


def over_limit_at_most(bound):
    return Goal("excess", at_most=bound)


@dataclasses.dataclass(frozen=True)
class Program:
    """A command whose output lines are "metric TAB unit TAB value...".

    variant is "cohort", "limit", or the name of a peer; "all" is a program that measures all of them itself and
    prints the JSON lines of docs/internals/benchmarks.md.
    """

    variant: str
    command: list
    timeout: float = 300

    def argv(self):
        return [str(word) for word in self.command]


@dataclasses.dataclass(frozen=True)
class Scenario:
    programs: list
    goals: dict = dataclasses.field(default_factory=dict)  # of metrics; a metric without one is only shown
    rounds: int = 6


class Place:
    """Where the files of one scenario are."""

    def __init__(self, source: Path, build: Path):
        self.source = source
        self.build_root = build
        self.build = build / "benchmarks" / source.name

    def built(self, variant, name, *arguments, timeout=300):
        """A program of ours."""
        return Program(variant, [self.build / name, *arguments], timeout)

    def script(self, variant, name, *arguments, timeout=300):
        """A Python program beside the scenario."""
        return Program(variant, [sys.executable, "-B", self.source / name, *arguments], timeout)
