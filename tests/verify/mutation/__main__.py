"""The command: `python -m tests.verify.mutation [--all] [--programs NAME...] [--operators NAME...] [--each N]`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fixtures.programs import NAMES

from .matrix import Bench, Cell, chosen, spread
from .operators import OPERATORS
from .sources import migrated
from .table import markdown

PUBLISHED = Path(__file__).resolve().parents[3] / "benchmarks" / "mutation.md"


def main() -> int:
    """0 when every mutant that changes behaviour is caught and nothing else is accused."""
    options = _options()
    wanted = list(chosen(options.each or None, options.programs)) if options.all else spread(options.programs)
    wanted = [mutant for mutant in wanted if mutant.operator in options.operators]
    cells: list[Cell] = []
    wrong = 0
    start = time.monotonic()
    with Bench(options.keep) as bench:
        for name in dict.fromkeys(mutant.program for mutant in wanted):
            verification = bench.verify(name, migrated(name))
            wrong += verification.status != "verified"
            print(f"{name}: {verification.status} {verification.reason}", flush=True)
        for mutant in wanted:
            cell = bench.cell(mutant)
            cells.append(cell)
            wrong += cell.kind in ("missed", "accused")
            what = f"{mutant.program} {mutant.place} {mutant.operator}: {mutant.change.what}"
            print(
                f"{cell.kind}  {what}  [{cell.judgement.figures}] {list(cell.failed)} {cell.seconds:.1f}s", flush=True
            )
            if options.reasons:
                print(f"    {cell.reason}", flush=True)
    if options.write:
        options.write.write_text(markdown(cells, NAMES, time.monotonic() - start), encoding="utf-8")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.verify.mutation", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every operator on every program, not one program each")
    parser.add_argument("--each", type=int, default=1, help="mutants per operator and program with --all; 0: every one")
    parser.add_argument("--programs", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--operators", nargs="*", choices=list(OPERATORS), default=list(OPERATORS))
    parser.add_argument("--keep", type=Path, help="a folder in which the oracle's judgements are kept between runs")
    parser.add_argument("--reasons", action="store_true", help="print why the verifier failed each mutant")
    parser.add_argument("--write", type=Path, help="the table as Markdown (default with --all: benchmarks/mutation.md)")
    options = parser.parse_args()
    whole = options.all and set(options.programs) == set(NAMES) and set(options.operators) == set(OPERATORS)
    options.write = options.write or (PUBLISHED if whole else None)
    return options


if __name__ == "__main__":
    sys.exit(main())
