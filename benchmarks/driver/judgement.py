# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Medians, spread, and whether a goal is met with what certainty."""

import dataclasses
import random
import statistics

_RESAMPLES = 300


def quantile(values, q):
    ordered = sorted(values)
    return ordered[round(q * (len(ordered) - 1))]


@dataclasses.dataclass
class Row:
    scenario: str
    metric: str
    unit: str
    cohort: float | None
    limit: float | None
    peers: dict
    spread: list  # p10 and p90 of Cohort's own values
    goal: str
    met: str  # yes, no, unclear, or empty without a goal
    quiet: bool

    @property
    def ratio(self):
        return self.cohort / self.limit if self.cohort is not None and self.limit else None

    def as_json(self):
        keys = ("scenario", "metric", "cohort", "limit", "peers", "unit", "spread", "goal", "met", "quiet")
        return {key: getattr(self, key) for key in keys}


def _judge(goal, cohort, limit):
    """Resamples both sides: a bound that lies within the middle 90 % of the outcomes is neither met nor missed."""
    generator = random.Random(1)
    verdicts = []
    for _ in range(_RESAMPLES):
        one = statistics.median(generator.choices(cohort, k=len(cohort)))
        other = statistics.median(generator.choices(limit, k=len(limit))) if limit else None
        figure = goal.figure(one, other)
        if figure is None:
            return ""
        verdicts.append(goal.holds(figure))
    share = sum(verdicts) / len(verdicts)
    return "yes" if share > 0.95 else "no" if share < 0.05 else "unclear"


def rows(name, scenario, outcome):
    result = []
    for metric, figures in outcome.metrics.items():
        middle = {variant: statistics.median(figures.values(variant)) for variant in figures.variants()}
        cohort, limit = figures.values("cohort"), figures.values("limit")
        goal = scenario.goals.get(metric)
        result.append(
            Row(
                scenario=name,
                metric=metric,
                unit=figures.unit,
                cohort=middle.get("cohort"),
                limit=middle.get("limit"),
                peers={variant: value for variant, value in middle.items() if variant not in ("cohort", "limit")},
                spread=[quantile(cohort, 0.1), quantile(cohort, 0.9)] if cohort else [],
                goal=goal.text() if goal else "",
                met=_judge(goal, cohort, limit) if goal and cohort else "",
                quiet=figures.is_quiet(),
            )
        )
    return result
