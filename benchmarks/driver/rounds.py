# SPDX-FileCopyrightText: 2026 The Cohort authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a scenario's programs in turn, forwards and backwards, and keeps what the quiet rounds gave."""

import dataclasses
import json

from driver import quiet


@dataclasses.dataclass
class Figures:
    """All samples of one metric."""

    unit: str
    samples: dict = dataclasses.field(default_factory=dict)  # variant -> values of quiet rounds
    noisy: dict = dataclasses.field(default_factory=dict)  # variant -> values of the others

    def values(self, variant):
        """Samples of quiet rounds; of the others when there is nothing else."""
        return self.samples.get(variant) or self.noisy.get(variant) or []

    def is_quiet(self):
        return all(variant in self.samples for variant in self.noisy)

    def variants(self):
        return list(dict.fromkeys([*self.samples, *self.noisy]))


@dataclasses.dataclass
class Outcome:
    metrics: dict = dataclasses.field(default_factory=dict)  # name -> Figures
    runs: int = 0
    dropped: int = 0
    failures: dict = dataclasses.field(default_factory=dict)  # variant -> text

    def add(self, metric, unit, variant, values, is_quiet):
        figures = self.metrics.setdefault(metric, Figures(unit))
        (figures.samples if is_quiet else figures.noisy).setdefault(variant, []).extend(values)


def _read_line(outcome, variant, line, is_quiet):
    if variant == "all":
        record = json.loads(line)
        metric = f"{record['scenario']}: {record['metric']}"
        for name, value in {"cohort": record["cohort"], "limit": record["limit"], **record["peers"]}.items():
            if value is not None:
                outcome.add(metric, record["unit"], name, [value], is_quiet)
        return
    words = line.split("\t")
    if len(words) >= 3:
        outcome.add(words[0], words[1], variant, [float(word) for word in words[2:]], is_quiet)


def _run_program(outcome, program, patience):
    quiet.wait_until_quiet(patience)
    run = quiet.run(program.argv(), program.timeout)
    outcome.runs += 1
    outcome.dropped += not run.quiet
    if run.failure:
        outcome.failures[program.variant] = run.failure
    for line in run.output.splitlines():
        _read_line(outcome, program.variant, line, run.quiet)
    return run.quiet


def measure(scenario, rounds, patience, progress):
    """At most twice as many rounds as asked for, so that noisy ones can be replaced."""
    outcome = Outcome()
    good = 0
    for number in range(2 * rounds):
        order = scenario.programs if number % 2 == 0 else scenario.programs[::-1]
        results = [_run_program(outcome, program, patience) for program in order]
        good += all(results)
        progress(number + 1, good)
        if good >= rounds or (number + 1 >= rounds and good == 0):
            break
    return outcome


def progress_on(stream):
    """A line that counts the rounds, on a terminal only."""

    def show(name):
        def tell(done, good):
            if stream.isatty():
                print(f"\r{name}: round {done}, {good} quiet ", end="", file=stream, flush=True)

        return tell

    return show
