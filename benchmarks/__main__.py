"""The bench command: `python -m benchmarks [--costs] [--programs NAME...]`; without either, everything."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import reporting
from benchmarks.costs import costs
from benchmarks.training import TrainingFailed, measure, programs
from migrator.verify.runtimes import RuntimeAbsent, provide

RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Measures, prints, writes results.md; 0 when every goal is met, 1 when one is missed or was not measured."""
    options = _options()
    console = Console()
    everything = not options.costs and options.programs is None
    figures, speeds, failures = [], [], []
    if everything or options.costs:
        figures = costs()
        console.print(reporting.costs_table(figures))
    if everything or options.programs is not None:
        pythons = _pythons(options, console)
        for name in options.programs or programs():
            try:
                speeds.append(measure(name, pythons, options.seconds, options.turns))
            except TrainingFailed as failure:
                failures.append(name)
                console.print(f"{name}: {failure}", style="red", markup=False)
            else:
                console.print(reporting.line(speeds[-1]), markup=False)
        console.print(reporting.speeds_table(speeds))
    results = options.results or (RESULTS if everything else None)
    if results is not None:
        results.write_text(reporting.markdown(figures, speeds, failures, options.seconds), encoding="utf-8")
    met = all(figure.met for figure in figures) and all(speed.met for speed in speeds)
    return 0 if met and not failures else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--costs", action="store_true", help="only what the tool itself costs")
    parser.add_argument("--programs", nargs="*", choices=programs(), help="only training, of these fixtures or all")
    parser.add_argument("--seconds", type=float, default=5.0, help="least training time of each side (default 5)")
    parser.add_argument("--turns", type=int, default=8, help="turns that the time is divided into (default 8)")
    parser.add_argument("--legacy-python", type=Path, help="interpreter to use for the legacy programs")
    parser.add_argument("--target-python", type=Path, help="interpreter to use for the migrated programs")
    where = "where the figures are written as Markdown (default: results.md here, when everything is measured)"
    parser.add_argument("--results", type=Path, help=where)
    return parser.parse_args()


def _pythons(options: argparse.Namespace, console: Console) -> dict[str, Path]:
    given = {"legacy": options.legacy_python, "target": options.target_python}
    try:
        return {name: path or provide(name, console.print).python for name, path in given.items()}
    except RuntimeAbsent as reason:
        console.print(str(reason), style="red", markup=False)
        sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
