"""The figures as tables, for the terminal and for results.md. Goals that were missed are marked."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence

from rich.table import Table

from benchmarks.costs import Cost
from benchmarks.training import Speeds

MISSED = "missed"


def costs_table(figures: Sequence[Cost]) -> Table:
    """The costs of the tool."""
    table = Table(title="What the tool costs (one core)")
    for heading in ("figure", "value", "", "goal", ""):
        table.add_column(heading, justify="right" if heading in ("value", "goal") else "left")
    for figure in figures:
        table.add_row(*_cost_cells(figure), style=None if figure.met else "red")
    return table


def speeds_table(speeds: Sequence[Speeds]) -> Table:
    """Training, legacy and migrated."""
    table = Table(title="Training (steps per second)")
    for heading in _SPEED_HEADINGS:
        table.add_column(heading, justify="left" if heading in ("program", "") else "right")
    for speed in speeds:
        table.add_row(*_speed_cells(speed), style=None if speed.met else "red")
    return table


def line(speed: Speeds) -> str:
    """One program in one line, for progress."""
    legacy, migrated = speed.rates
    return f"{speed.name}: {legacy:.0f} -> {migrated:.0f} steps/s, x{speed.ratio:.2f}"


def markdown(figures: Sequence[Cost], speeds: Sequence[Speeds], failures: Sequence[str], seconds: float) -> str:
    """The same as a Markdown document, with the machine in general words."""
    blocks = ["# Results of `python -m benchmarks`", _machine()]
    if figures:
        rows = _table(("figure", "value", "unit", "goal", ""), map(_cost_cells, figures))
        blocks += ["## What the tool costs", _COSTS_NOTE, rows]
    if speeds:
        note = _SPEEDS_NOTE.format(seconds=seconds)
        blocks += ["## Training, steps per second", note, _table(_SPEED_HEADINGS, map(_speed_cells, speeds))]
    if failures:
        blocks.append("Not measured, because the program did not train: " + ", ".join(failures) + ".")
    return "\n\n".join(blocks) + "\n"


_SPEED_HEADINGS = ("program", "steps", "legacy", "migrated", "ratio", "ratio by processor time", "")
_COSTS_NOTE = (
    "Processor time of one core, the least of several runs; starts by the clock, medians of starts that alternate."
)
_SPEEDS_NOTE = (
    "Both forms of a program make the same steps on batches of the same size, counted by the global step and by "
    "`optimizer.iterations`, for at least {seconds:g} s each. They take turns, one waiting while the other trains, so "
    "that what else the machine does falls on both; the ratio is the median of the turns, its goal 1. Start-up, "
    "tracing and the first steps are left out. The legacy program writes neither checkpoints nor summaries here."
)


def _cost_cells(figure: Cost) -> tuple[str, ...]:
    goal = "" if figure.goal is None else f"{'≥' if figure.least else '≤'} {figure.goal:,g}"
    return figure.name, _number(figure.value), figure.unit, goal, "" if figure.met else MISSED


def _speed_cells(speed: Speeds) -> tuple[str, ...]:
    legacy, migrated = speed.rates
    steps = sum(turn.steps for turn in speed.legacy)
    rates = (f"{steps:,}", _number(legacy), _number(migrated), f"{speed.ratio:.2f}", f"{speed.cpu_ratio:.2f}")
    return speed.name, *rates, "" if speed.met else MISSED


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {python}{load}."
