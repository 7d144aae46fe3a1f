# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Rows as a table for people."""


def number(value):
    """Four figures, with M and k above a million and a hundred thousand."""
    if value is None:
        return "-"
    for bound, divisor, letter in ((1e6, 1e6, " M"), (1e5, 1e3, " k")):
        if abs(value) >= bound:
            return f"{value / divisor:.4g}{letter}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cells(row):
    spread = f"{number(row.spread[0])}..{number(row.spread[1])}" if row.spread else "-"
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
    peers = ", ".join(f"{name} {number(value)}" for name, value in row.peers.items())
    met = row.met + ("" if row.quiet else " (noisy)")
    values = [number(row.cohort), spread, number(row.limit), ratio, peers]
    return [row.scenario, row.metric, row.unit, *values, row.goal, met]


HEADER = ["scenario", "metric", "unit", "cohort", "p10..p90", "limit", "ratio", "peers", "goal", "met"]
_RIGHT = {3, 4, 5, 6}


def render(rows):
    lines = [HEADER, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    for line in lines:
        cells = [cell.rjust(width) if column in _RIGHT else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(line, widths))]
        yield "  ".join(cells).rstrip()
