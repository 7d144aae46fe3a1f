#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks: run.py --build DIR [NAME...] [--json]. See docs/internals/benchmarks.md."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from driver import judgement, quiet, rounds, table
from driver.scenario import Place

HERE = Path(__file__).resolve().parent


def names():
    return sorted(path.parent.name for path in HERE.glob("*/scenario.py"))


def load(name, build):
    """What scenario(place) of benchmarks/NAME/scenario.py gives."""
    spec = importlib.util.spec_from_file_location(f"scenario_{name}", HERE / name / "scenario.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.scenario(Place(HERE / name, build))


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench", description="Benchmarks, each beside its limit and its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios: " + ", ".join(names()))
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one object a line, as they come")
    parser.add_argument("--rounds", type=int, help="quiet rounds wanted (default: what the scenario says)")
    patience = "seconds to wait for a quiet machine before each program"
    parser.add_argument("--patience", type=float, default=6, help=patience)
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(names())
    if unknown:
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are: {', '.join(names())}")
    return chosen


def tell_outcome(name, outcome):
    if outcome.dropped:
        print(f"{name}: {outcome.dropped} of {outcome.runs} runs dropped: others used the machine", file=sys.stderr)
    for variant, text in outcome.failures.items():
        print(f"{name}: {variant} failed: {text}", file=sys.stderr)


def main():
    chosen = arguments()
    quiet.become_subreaper()
    progress = rounds.progress_on(sys.stderr)
    all_rows, failed = [], False
    for name in chosen.names or names():
        scenario = load(name, chosen.build.resolve())
        outcome = rounds.measure(scenario, chosen.rounds or scenario.rounds, chosen.patience, progress(name))
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        tell_outcome(name, outcome)
        failed = failed or "cohort" in outcome.failures or "limit" in outcome.failures
        rows = judgement.rows(name, scenario, outcome)
        all_rows += rows
        if chosen.json:
            for row in rows:
                print(json.dumps(row.as_json()), flush=True)
    if not chosen.json:
        for line in table.render(all_rows):
            print(line)
        if not all(row.quiet for row in all_rows):
            print("(noisy): no round was quiet; the figures compare nothing", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
